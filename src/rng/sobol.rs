//! Randomized Sobol' points: uniforms that fill the unit cube more evenly than independent ones.

use std::sync::LazyLock;

use crate::rng::stream::uniform;
use crate::rng::{Address, philox4x32_10};

/// Independent randomizations that take turns: trial t belongs to replicate t mod 16.
pub const REPLICATES: usize = 16;

/// Dimensions whose direction numbers are embedded.
pub const SOBOL_DIMENSIONS: usize = 768;

/// Bits of a point's number: a replicate repeats itself after 2⁴⁸ points.
const COLUMNS: usize = 48;

/// Leading bits of a point that are scrambled, as many as a uniform has.
const BITS: u32 = 52;

/// Philox counters of one replicate: a word of 64 bits for every column and one for the shift.
const COUNTERS: u64 = (COLUMNS as u64 + 1).div_ceil(2);

/// Counters that one block of an address holds.
const WORDS: u64 = 16;

/// Direction numbers of all embedded dimensions, most significant bit first.
static DIRECTIONS: LazyLock<Vec<[u64; COLUMNS]>> = LazyLock::new(|| {
    // The first dimension, van der Corput's, has no polynomial.
    let first = std::array::from_fn(|column| 1 << (63 - column));
    let text = include_str!("sobol/new-joe-kuo-6.768.txt");
    let others = text.lines().filter(|line| !line.starts_with('#'));
    std::iter::once(first)
        .chain(others.map(directions))
        .collect()
});

/// Direction numbers from a line `d s a m₁ … mₛ`: vⱼ = mⱼ/2ʲ, and beyond s by the recurrence of the
/// primitive polynomial (Bratley and Fox 1988), vⱼ = a₁vⱼ₋₁ ⊕ … ⊕ aₛ₋₁vⱼ₋ₛ₊₁ ⊕ vⱼ₋ₛ ⊕ vⱼ₋ₛ/2ˢ.
fn directions(line: &str) -> [u64; COLUMNS] {
    let mut numbers = line
        .split_ascii_whitespace()
        .map(|word| word.parse::<u64>().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    let (_, degree, coefficients) = (next(), next() as usize, next());
    let mut out = [0; COLUMNS];
    for j in 0..COLUMNS {
        out[j] = if j < degree {
            next() << (63 - j)
        } else {
            let mut v = out[j - degree] ^ out[j - degree] >> degree;
            for k in 1..degree {
                if coefficients >> (degree - 1 - k) & 1 == 1 {
                    v ^= out[j - k];
                }
            }
            v
        };
    }
    out
}

/// One coordinate of sixteen independently scrambled Sobol' sequences that take turns: trial t is
/// point ⌊t/16⌋ of replicate t mod 16.
///
/// The points are those of Joe and Kuo's direction numbers (`new-joe-kuo-6`, 2008) in Gray code
/// order (Antonov and Saleev 1979). Each replicate is scrambled on its own by Matoušek's random
/// linear scramble and a digital shift (1998): the 52 leading bits are multiplied by a random lower
/// triangular matrix of ones and zeros with a diagonal of ones, and a random word is added. So every
/// coordinate is uniform, every replicate keeps the equidistribution of the sequence, and the mean of
/// any integrand over a replicate is unbiased. Matrix and shift are Philox4x32-10 of the address
/// (slot, quantity; block = 2 × replicate and the next) under the seed.
///
/// Uniforms are (2k + 1)/2⁵³ with k the 52 scrambled bits, as those of
/// [`Stream`](crate::rng::Stream). A trial's uniform is a pure function of its number: any range can
/// be computed anywhere, and fewer trials are the first of more.
///
/// ```
/// use influencer_matrix::rng::{Sobol, slot_hash};
/// let points = Sobol::new(42, slot_hash(&["factor", "market"], 0), 0, 0);
/// let mut u = vec![0.0; 16 * 8];
/// points.fill_uniforms(0, &mut u);
/// // Eight points of each replicate: one in every eighth of the unit interval.
/// let mut cells: Vec<_> = u.iter().skip(3).step_by(16).map(|u| (8.0 * u) as usize).collect();
/// cells.sort_unstable();
/// assert_eq!(cells, [0, 1, 2, 3, 4, 5, 6, 7]);
/// ```
#[derive(Debug, Clone)]
pub struct Sobol {
    /// Scrambled direction numbers, a row of replicates for each bit of a point's number.
    columns: Box<[[u64; REPLICATES]; COLUMNS]>,
    shift: [u64; REPLICATES],
}

impl Sobol {
    /// The points of a dimension, from 0, scrambled by the seed and the address.
    ///
    /// # Panics
    /// If the dimension is [`SOBOL_DIMENSIONS`] or more.
    #[must_use]
    pub fn new(seed: u64, slot: u64, quantity: u16, dimension: usize) -> Self {
        let directions = &DIRECTIONS[dimension];
        let mut columns = Box::new([[0; REPLICATES]; COLUMNS]);
        let mut shift = [0; REPLICATES];
        for replicate in 0..REPLICATES {
            let words = random_words(seed, slot, quantity, replicate as u64);
            // Column c of the matrix: one at place c, random below.
            let matrix: [u64; COLUMNS] = std::array::from_fn(|c| {
                let one = 1 << (63 - c);
                one | words[c] & (one - 1) & !(u64::MAX >> BITS)
            });
            for (column, direction) in columns.iter_mut().zip(directions) {
                let bits = (0..COLUMNS).filter(|c| direction >> (63 - c) & 1 == 1);
                column[replicate] = bits.fold(0, |sum, c| sum ^ matrix[c]);
            }
            shift[replicate] = words[COLUMNS];
        }
        Self { columns, shift }
    }

    /// The uniforms of trials from `first` on.
    pub fn fill_uniforms(&self, first: u64, out: &mut [f64]) {
        let mut number = first / REPLICATES as u64;
        let skip = (first % REPLICATES as u64) as usize;
        let mut points = self.points(number);
        let mut advance = |points: &mut [u64; REPLICATES]| {
            number += 1;
            let column = (number.trailing_zeros() as usize).min(COLUMNS - 1);
            for (point, direction) in points.iter_mut().zip(&self.columns[column]) {
                *point ^= direction;
            }
        };
        let (head, out) = out.split_at_mut(if skip == 0 {
            0
        } else {
            out.len().min(REPLICATES - skip)
        });
        if !head.is_empty() {
            for (out, &point) in head.iter_mut().zip(&points[skip..]) {
                *out = uniform(point);
            }
            advance(&mut points);
        }
        let mut rows = out.chunks_exact_mut(REPLICATES);
        for row in &mut rows {
            for (out, &point) in row.iter_mut().zip(&points) {
                *out = uniform(point);
            }
            advance(&mut points);
        }
        for (out, &point) in rows.into_remainder().iter_mut().zip(&points) {
            *out = uniform(point);
        }
    }

    /// Point `number` of every replicate: the sum of the columns of its Gray code, shifted.
    fn points(&self, number: u64) -> [u64; REPLICATES] {
        let number = number & ((1 << COLUMNS) - 1);
        let gray = number ^ number >> 1;
        let mut points = self.shift;
        for (bit, column) in self.columns.iter().enumerate() {
            if gray >> bit & 1 == 1 {
                for (point, direction) in points.iter_mut().zip(column) {
                    *point ^= direction;
                }
            }
        }
        points
    }
}

/// The random words of one replicate.
fn random_words(seed: u64, slot: u64, quantity: u16, replicate: u64) -> [u64; COLUMNS + 1] {
    let key = [seed as u32, (seed >> 32) as u32];
    let blocks = COUNTERS.div_ceil(WORDS);
    let mut out = [0; COLUMNS + 1];
    for (counter, pair) in (0_u64..).zip(out.chunks_mut(2)) {
        let address = Address {
            slot,
            quantity,
            block: replicate * blocks + counter / WORDS,
        };
        let [a, b, c, d] = philox4x32_10(address.counter((counter % WORDS) as u32), key);
        let both = [[a, b], [c, d]].map(|[low, high]| u64::from(high) << 32 | u64::from(low));
        pair.copy_from_slice(&both[..pair.len()]);
    }
    out
}

#[cfg(test)]
mod tests;
