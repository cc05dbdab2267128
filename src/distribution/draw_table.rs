//! Quantile functions as packed tables for the hottest loop: one load a draw.

use fearless_simd::{Simd, prelude::*, u64x8};

use super::table::{OCTAVES, QuantileTable, SIDE_BITS, cell_width, node};
use crate::distribution::Distribution;
use crate::rng::{LANES, LESS, ONE, Stream, Work, uniform};

/// Octaves with cells of their own in full; those below repeat one line for each cell of the
/// cubic table. They reach down to probabilities of 2⁻¹⁶.
const FULL_OCTAVES: usize = 15;
/// Slots for octaves, of which one for each exponent of a number in [2⁻⁵³, 1) is used.
const OCTAVE_SLOTS: usize = 64;
/// Least probability of the range in which the choice of cells keeps errors below `LIMIT`.
const INSIDE: f64 = 1e-4;
/// Largest relative error of lines inside that 256 cells an octave may have.
const LIMIT: f64 = 9e-6;
/// Numbers drawn together before they are looked up, where that is faster.
const PIECE: usize = 256;

/// Cells an octave, as a power of two, and entries of both sides: usual tables, and those of steep
/// or widely spread distributions.
const USUAL: u32 = 8;
const USUAL_SIZE: usize = (2 * OCTAVE_SLOTS) << USUAL;
const FINE: u32 = 10;
const FINE_SIZE: usize = (2 * OCTAVE_SLOTS) << FINE;

/// A quantile function Q that turns the numbers of a stream into draws, eight at a time.
///
/// Of a number's 64 bits the leading 52, k, give f = (2k + 1)/2⁵³ in (0, 1), and the last one the
/// side: the draw is Q(f/2) or Q(1 − f/2). So each tail has the whole resolution of f. Cells are
/// addressed by the exponent and leading 8 mantissa bits of f (10 where 8 leave errors above 9e-6
/// inside), so both tails are refined octave by octave. In a cell Q is a line a + b f, the best
/// in the mean square, which keeps the cell's mean. Its two numbers share one word of 64 bits: read as a
/// number of double precision the word is a, its lower half moved up is b; each is within 2⁻²¹ of what was wanted.
///
/// Largest error of a draw relative to the exact quantile, for every family (lognormal sigma ≤ 3; alpha, beta
/// and shape ≥ 0.3): 1e-5 for p in \[1e-4, 1 − 1e-4\], 1e-3 for p in \[1e-9, 1 − 1e-9\]; of the table's mean
/// relative to the exact mean: 2e-7 (all held by tests). A certain distribution gives exactly its value.
#[derive(Debug, Clone)]
pub struct DrawTable {
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Certain(f64),
    Usual(Box<[u64; USUAL_SIZE]>),
    Fine(Box<[u64; FINE_SIZE]>),
}

impl DrawTable {
    /// The table of a distribution.
    #[must_use]
    pub fn new(distribution: &Distribution) -> Self {
        if let Distribution::Certain(value) = *distribution {
            return Self {
                form: Form::Certain(value),
            };
        }
        let smooth = QuantileTable::of_cells(distribution);
        let form = match lines::<USUAL, USUAL_SIZE>(&smooth, distribution) {
            (words, error) if error <= LIMIT => Form::Usual(words),
            _ => Form::Fine(lines::<FINE, FINE_SIZE>(&smooth, distribution).0),
        };
        Self { form }
    }

    /// What a number of a stream gives.
    #[must_use]
    pub fn value(&self, bits: u64) -> f64 {
        match &self.form {
            Form::Certain(value) => *value,
            Form::Usual(words) => line::<USUAL, USUAL_SIZE>(words, bits),
            Form::Fine(words) => line::<FINE, FINE_SIZE>(words, bits),
        }
    }

    /// `out[i]` = the draw of the stream's next number.
    pub fn fill(&self, stream: &mut Stream, out: &mut [f64]) {
        self.apply::<false>(stream, out);
    }

    /// `inout[i]` ×= the draw of the stream's next number.
    pub fn multiply(&self, stream: &mut Stream, inout: &mut [f64]) {
        self.apply::<true>(stream, inout);
    }

    fn apply<const MULTIPLY: bool>(&self, stream: &mut Stream, out: &mut [f64]) {
        match &self.form {
            Form::Certain(value) => {
                for out in out {
                    *out = if MULTIPLY { *out * value } else { *value };
                }
            }
            Form::Usual(words) => {
                stream
                    .path()
                    .work(Draw::<MULTIPLY, USUAL, USUAL_SIZE> { words, stream, out });
            }
            Form::Fine(words) => {
                stream
                    .path()
                    .work(Draw::<MULTIPLY, FINE, FINE_SIZE> { words, stream, out });
            }
        }
    }

    /// Mean of the tabulated values: the expectation of a simulation that uses the table.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match &self.form {
            Form::Certain(value) => *value,
            Form::Usual(words) => mean::<USUAL, USUAL_SIZE>(words),
            Form::Fine(words) => mean::<FINE, FINE_SIZE>(words),
        }
    }
}

/// The loop, for one size of table.
struct Draw<'a, const MULTIPLY: bool, const BITS: u32, const SIZE: usize> {
    words: &'a [u64; SIZE],
    stream: &'a mut Stream,
    out: &'a mut [f64],
}

impl<const MULTIPLY: bool, const BITS: u32, const SIZE: usize> Work
    for Draw<'_, MULTIPLY, BITS, SIZE>
{
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { words, stream, out } = self;
        if <S::f64s as SimdBase<S>>::LEN == LANES {
            // One register holds a row: the compiler gathers in a plain loop over many numbers.
            let mut bits = [0; PIECE];
            for out in out.chunks_mut(PIECE) {
                let bits = &mut bits[..out.len()];
                stream.fill_bits(simd, bits);
                if MULTIPLY {
                    multiply::<BITS, SIZE>(words, bits, out);
                } else {
                    fill::<BITS, SIZE>(words, bits, out);
                }
            }
            return;
        }
        let row = |out: &mut [f64; LANES], bits: u64x8<S>| {
            let value = row::<S, BITS, SIZE>(simd, words, bits);
            if MULTIPLY {
                (fearless_simd::f64x8::from_slice(simd, out) * value).store_slice(out);
            } else {
                value.store_slice(out);
            }
        };
        stream.rows(simd, out, row, |out, bits| {
            let value = line::<BITS, SIZE>(words, bits);
            *out = if MULTIPLY { *out * value } else { value };
        });
    }
}

#[inline(always)]
fn fill<const BITS: u32, const SIZE: usize>(words: &[u64; SIZE], bits: &[u64], out: &mut [f64]) {
    for (out, &bits) in out.iter_mut().zip(bits) {
        *out = line::<BITS, SIZE>(words, bits);
    }
}

#[inline(always)]
fn multiply<const BITS: u32, const SIZE: usize>(
    words: &[u64; SIZE],
    bits: &[u64],
    out: &mut [f64],
) {
    for (out, &bits) in out.iter_mut().zip(bits) {
        *out *= line::<BITS, SIZE>(words, bits);
    }
}

/// Mask of a place but for its last bit, the side.
const fn even<const SIZE: usize>() -> u64 {
    SIZE as u64 - 2
}

/// Value of a number's line.
#[inline(always)]
fn line<const BITS: u32, const SIZE: usize>(words: &[u64; SIZE], bits: u64) -> f64 {
    let f = uniform(bits);
    let place = f.to_bits() >> (51 - BITS) & even::<SIZE>() | bits & 1;
    let word = words[place as usize];
    f64::from_bits(word) + f64::from_bits(word << 32) * f
}

/// The same of eight numbers.
#[inline(always)]
fn row<S: Simd, const BITS: u32, const SIZE: usize>(
    simd: S,
    words: &[u64; SIZE],
    bits: u64x8<S>,
) -> fearless_simd::f64x8<S> {
    let all = |word| u64x8::splat(simd, word);
    let f = ((bits >> 12) | all(ONE)).bitcast::<fearless_simd::f64x8<S>>() - LESS;
    let place = ((f.bitcast::<u64x8<S>>() >> (51 - BITS)) & all(even::<SIZE>())) | (bits & all(1));
    let mut places = [0; LANES];
    place.store_slice(&mut places);
    // The mask changes nothing: it shows that the place is inside.
    let word = places.map(|place| words[place as usize & (SIZE - 1)]);
    let word = u64x8::from_slice(simd, &word);
    word.bitcast::<fearless_simd::f64x8<S>>()
        + (word << 32).bitcast::<fearless_simd::f64x8<S>>() * f
}

/// A cubic c₀ + c₁ d + c₂ d² + c₃ d³ of the distance d from the middle of a cell of probabilities.
type Middle = [f64; 4];

/// The best line of a cubic in the mean square over d in [−w, w]: value in the middle, slope, and a
/// bound on its error.
fn best_line([c0, c1, c2, c3]: Middle, w: f64) -> (f64, f64, f64) {
    let error = w * w * (c2.abs() * (2.0 / 3.0) + w * c3.abs() * 0.4);
    (c0 + c2 * (w * w / 3.0), c1 + c3 * (0.6 * w * w), error)
}

/// Two numbers in one word: see [`DrawTable`]. `value` is the line's at `middle`.
fn pack(value: f64, slope: f64, middle: f64) -> u64 {
    let low = (slope.to_bits() + (1 << 31)) >> 32;
    let constant = value - f64::from_bits(low << 32) * middle;
    let high = (constant.to_bits().saturating_sub(low) + (1 << 31)) >> 32;
    high << 32 | low
}

/// Least f of a cell by the octave of f below 2⁻ᵒᶜᵗᵃᵛᵉ, and the cell's place, side aside.
fn place<const BITS: u32, const SIZE: usize>(octave: usize, cell: usize) -> (f64, usize) {
    let least = f64::from_bits((1022 - octave as u64) << 52 | (cell as u64) << (52 - BITS));
    let place = least.to_bits() >> (51 - BITS) & even::<SIZE>();
    (least, place as usize)
}

/// All lines, and the largest relative error of the lines inside.
fn lines<const BITS: u32, const SIZE: usize>(
    smooth: &QuantileTable,
    distribution: &Distribution,
) -> (Box<[u64; SIZE]>, f64) {
    let mut words = vec![0; SIZE];
    let mut worst: f64 = 0.0;
    let per_cell = 1 << (BITS - SIDE_BITS);
    for side in 0..2 {
        for octave in 0..OCTAVES {
            for coarse in 0..1 << SIDE_BITS {
                let index = ((OCTAVES - 1 - octave) << SIDE_BITS) + coarse;
                let from = node(index as u64);
                let parts = if octave < FULL_OCTAVES { per_cell } else { 1 };
                let w = 0.5 * cell_width(index) / parts as f64;
                for part in 0..parts {
                    let middle = from + w * (2 * part + 1) as f64;
                    let cubic = match closed(distribution, side, middle, w) {
                        Some(cubic) => cubic,
                        None => about(smooth.cubic(side, index), middle - from),
                    };
                    let (value, slope, error) = best_line(cubic, w);
                    if middle - w >= INSIDE {
                        let least = (value.abs() - (slope * w).abs()).max(f64::MIN_POSITIVE);
                        worst = worst.max(error / least);
                    }
                    let word = pack(value, 0.5 * slope, 2.0 * middle);
                    for copy in 0..per_cell / parts {
                        let cell = coarse * per_cell + part + copy;
                        words[place::<BITS, SIZE>(octave, cell).1 | side] = word;
                    }
                }
            }
        }
        // f = 2⁻⁵³ alone: half of the least tabulated probability.
        let end = smooth.cubic(side, 0)[0];
        let (_, first) = place::<BITS, SIZE>(OCTAVES, 0);
        words[first | side] = pack(end, 0.0, 0.0);
    }
    let words = words.into_boxed_slice().try_into();
    (
        words.unwrap_or_else(|_| unreachable!("the length was just set")),
        worst,
    )
}

/// A cubic of the distance from a node, about a point `at` from there.
fn about([c0, c1, c2, c3]: [f64; 4], at: f64) -> Middle {
    [
        c0 + at * (c1 + at * (c2 + at * c3)),
        c1 + at * (2.0 * c2 + at * 3.0 * c3),
        c2 + at * 3.0 * c3,
        c3,
    ]
}

/// The cubic that agrees in value and slope at both ends of a cell of probabilities with a
/// distribution whose quantiles are cheap. Triangular ones bend too sharply at their mode for the wider
/// cells of the cubic table.
fn closed(distribution: &Distribution, side: usize, middle: f64, w: f64) -> Option<Middle> {
    if !matches!(
        distribution,
        Distribution::Uniform { .. } | Distribution::Triangular { .. }
    ) {
        return None;
    }
    let at = |t: f64| distribution.quantile_and_slope(t, side == 1);
    let ((f0, d0), (f1, d1)) = (at(middle - w), at(middle + w));
    let (rise, bend) = (f1 - f0, d1 - d0);
    let c3 = (w * (d0 + d1) - rise) / (4.0 * w * w * w);
    Some([
        0.5 * (f0 + f1) - 0.25 * w * bend,
        0.5 * rise / w - c3 * w * w,
        0.25 * bend / w,
        c3,
    ])
}

fn mean<const BITS: u32, const SIZE: usize>(words: &[u64; SIZE]) -> f64 {
    let mut sum = 0.0;
    for octave in (0..OCTAVES).rev() {
        for cell in 0..1 << BITS {
            let (least, place) = place::<BITS, SIZE>(octave, cell);
            let width = f64::from_bits(((1022 - octave as u64) - u64::from(BITS)) << 52);
            for side in 0..2 {
                let word = words[place | side];
                let middle = least + 0.5 * width;
                let value = f64::from_bits(word) + f64::from_bits(word << 32) * middle;
                sum += 0.5 * width * value;
            }
        }
    }
    sum
}
