//! The uniforms of one stream block.

use std::convert::Infallible;

use rand::TryRng;
use rand::rand_core::utils::{fill_bytes_via_next_word, next_u64_via_u32};

use crate::rng::xoshiro::{LANES, Xoshiro8};
use crate::rng::{Address, philox4x32_10};

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
    rest: [f64; LANES],
    /// How many of `rest` are left, at its end.
    left: usize,
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
            rest: [0.5; LANES],
            left: 0,
        }
    }

    /// The next `out.len()` uniforms. Fills in pieces and at once give the same sequence.
    pub fn fill_uniforms(&mut self, out: &mut [f64]) {
        let first = self.left.min(out.len());
        let (head, out) = out.split_at_mut(first);
        head.copy_from_slice(&self.rest[LANES - self.left..][..first]);
        self.left -= first;

        self.generator.fill(out, uniform);
        let whole = out.len() - out.len() % LANES;
        let tail = &mut out[whole..];
        if !tail.is_empty() {
            self.rest = self.generator.next().map(uniform);
            tail.copy_from_slice(&self.rest[..tail.len()]);
            self.left = LANES - tail.len();
        }
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

/// (2k + 1)/2⁵³ with k the leading 52 bits: as the mantissa of a number in [1, 2), less 1 − 2⁻⁵³, exactly.
#[inline(always)]
pub(super) fn uniform(bits: u64) -> f64 {
    const ONE: u64 = 1.0_f64.to_bits();
    const LESS: f64 = 1.0 - 1.0 / 9_007_199_254_740_992.0;
    f64::from_bits(bits >> 12 | ONE) - LESS
}

#[cfg(test)]
mod tests;
