//! The uniforms of one stream block.

use std::convert::Infallible;

use rand::TryRng;
use rand::rand_core::utils::{fill_bytes_via_next_word, next_u64_via_u32};

use fearless_simd::{Simd, prelude::*, u64x8};

use crate::rng::xoshiro::{LANES, Xoshiro8};
use crate::rng::{Address, Path, Work, philox4x32_10};

/// Trials of one stream block: the draws of one slot and quantity for trials
/// `block × STREAM_BLOCK …` come from one [`Stream`].
pub const STREAM_BLOCK: usize = 8192;

/// A sequence of uniforms in (0, 1), determined by seed and address alone.
///
/// Seeding: Philox4x32-10 under the seed as key encrypts the sixteen counters of the address
/// (slot 64 bits, quantity 16, block 44, word 4). Words 2l and 2l + 1 give the 256-bit state of lane
/// l of an eight-lane xoshiro256++, least significant first. Philox is a bijection per key, so
/// different addresses have different states, and no linear relation ties them.
///
/// Number n of the stream is number ⌊n/8⌋ of lane n mod 8. Its leading 52 bits k give the uniform
/// (2k + 1)/2⁵³: never 0 or 1, symmetric about ½, and 1 − u is exact.
///
/// It is a generator of the `rand` crate too, so that anything written for one can draw from an
/// address: a word of 32 bits is the leading bits of the next uniform, 64 bits are two such words,
/// the first the low half.
///
/// ```
/// use influencer_matrix::rng::{Address, Stream, slot_hash};
/// use rand::RngExt as _;
///
/// let address = Address { slot: slot_hash(&["micro", "seeding"], 0), quantity: 1, block: 0 };
/// let mut stream = Stream::new(42, address);
/// let mut uniforms = [0.0; 3];
/// stream.fill_uniforms(&mut uniforms);
/// let die: u8 = stream.random_range(1..=6);
/// assert!((1..=6).contains(&die));
/// ```
#[derive(Debug, Clone)]
pub struct Stream {
    generator: Xoshiro8,
    /// Numbers drawn with the last step but not yet given out.
    rest: [u64; LANES],
    /// How many of `rest` are left, at its end.
    left: usize,
    path: Path,
}

impl Stream {
    /// The stream of an address under a seed.
    #[must_use]
    pub fn new(seed: u64, address: Address) -> Self {
        let key = [seed as u32, (seed >> 32) as u32];
        let mut word = 0;
        let mut pair = || {
            let [a, b, c, d] = philox4x32_10(address.counter(word), key);
            word += 1;
            [
                u64::from(b) << 32 | u64::from(a),
                u64::from(d) << 32 | u64::from(c),
            ]
        };
        let lanes = [(); LANES].map(|()| {
            let ([a, b], [c, d]) = (pair(), pair());
            [a, b, c, d]
        });
        Self {
            generator: Xoshiro8::new(lanes),
            rest: [0; LANES],
            left: 0,
            path: Path::best(),
        }
    }

    /// The same stream on a path: same numbers, other instructions.
    #[must_use]
    pub fn on(mut self, path: Path) -> Self {
        self.path = path;
        self
    }

    /// The path of its loops.
    pub(crate) fn path(&self) -> Path {
        self.path
    }

    /// Makes the next `count` numbers and drops them.
    pub(crate) fn skip(&mut self, count: usize) {
        let first = self.left.min(count);
        self.left -= first;
        let count = count - first;
        for _ in 0..count / LANES {
            self.generator.next();
        }
        self.cut_row(&mut [(); LANES][..count % LANES], |(), _| {});
    }

    /// The next `out.len()` uniforms. Fills in pieces and at once give the same sequence.
    pub fn fill_uniforms(&mut self, out: &mut [f64]) {
        self.path.work(Uniforms(self, out));
    }

    /// The next `out.len()` probabilities at which a table that draws
    /// ([`DrawTable`](crate::distribution::DrawTable)) would draw: f/2 or 1 − f/2 by a number's last bit, f
    /// the uniform of its leading bits. Creators whose qualities depend on each other draw at the same
    /// probabilities as others.
    pub fn fill_sided(&mut self, out: &mut [f64]) {
        self.path.work(Sided(self, out));
    }

    /// Turns the next numbers into values, one for each of `out`, which `put` combines with what
    /// stands there: eight at a time by `row`, those that do not fill a row by `one`.
    #[inline(always)]
    pub(crate) fn rows<S: Simd, T>(
        &mut self,
        simd: S,
        out: &mut [T],
        mut row: impl FnMut(&mut [T; LANES], u64x8<S>),
        mut one: impl FnMut(&mut T, u64),
    ) {
        let first = self.left.min(out.len());
        let (head, out) = out.split_at_mut(first);
        for (out, &bits) in head.iter_mut().zip(&self.rest[LANES - self.left..]) {
            one(out, bits);
        }
        self.left -= first;
        let (rows, tail) = out.as_chunks_mut();
        self.generator.rows(simd, rows.iter_mut(), &mut row);
        self.cut_row(tail, one);
    }

    /// The next `out.len()` numbers as they are.
    #[inline(always)]
    pub(crate) fn fill_bits<S: Simd>(&mut self, simd: S, out: &mut [u64]) {
        let row = |out: &mut [u64; LANES], bits: u64x8<S>| bits.store_slice(out);
        self.rows(simd, out, row, |out, bits| *out = bits);
    }

    /// The numbers of the next row as far as they go; the others are kept.
    fn cut_row<T>(&mut self, out: &mut [T], mut one: impl FnMut(&mut T, u64)) {
        if !out.is_empty() {
            self.rest = self.generator.next();
            self.left = LANES - out.len();
            for (out, &bits) in out.iter_mut().zip(&self.rest) {
                one(out, bits);
            }
        }
    }
}

/// Fills uniforms.
struct Uniforms<'a>(&'a mut Stream, &'a mut [f64]);

impl Work for Uniforms<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let row = |out: &mut [f64; LANES], bits: u64x8<S>| {
            let number =
                (bits >> 12 | u64x8::splat(simd, ONE)).bitcast::<fearless_simd::f64x8<S>>();
            (number - LESS).store_slice(out);
        };
        self.0
            .rows(simd, self.1, row, |out, bits| *out = uniform(bits));
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut next = [0.0];
        self.fill_uniforms(&mut next);
        // 32 whole bits of a number below 1.
        Ok((next[0] * 4_294_967_296.0) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        next_u64_via_u32(self)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fill_bytes_via_next_word(bytes, || self.try_next_u32())
    }
}

/// Fills probabilities by side.
struct Sided<'a>(&'a mut Stream, &'a mut [f64]);

impl Work for Sided<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let row = |out: &mut [f64; LANES], bits: u64x8<S>| {
            let mut numbers = [0; LANES];
            bits.store_slice(&mut numbers);
            for (out, bits) in out.iter_mut().zip(numbers) {
                *out = sided(bits);
            }
        };
        self.0
            .rows(simd, self.1, row, |out, bits| *out = sided(bits));
    }
}

/// f/2 for an even number, 1 − f/2 for an odd one.
#[inline(always)]
fn sided(bits: u64) -> f64 {
    let half = 0.5 * uniform(bits);
    if bits & 1 == 0 { half } else { 1.0 - half }
}

/// Exponent of numbers in [1, 2).
pub(crate) const ONE: u64 = 1.0_f64.to_bits();
/// 1 − 2⁻⁵³.
pub(crate) const LESS: f64 = 1.0 - 1.0 / 9_007_199_254_740_992.0;

/// (2k + 1)/2⁵³ with k the leading 52 bits: as the mantissa of a number in [1, 2), less 1 − 2⁻⁵³, exactly.
#[inline(always)]
pub(crate) fn uniform(bits: u64) -> f64 {
    f64::from_bits(bits >> 12 | ONE) - LESS
}

#[cfg(test)]
mod tests;
