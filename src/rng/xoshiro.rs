//! Eight independent xoshiro256++ generators in step (Blackman and Vigna, "Scrambled linear
//! pseudorandom number generators", 2021).

use fearless_simd::{Simd, prelude::*, u64x8};

/// Lanes that advance together.
pub(crate) const LANES: usize = 8;

/// The state of all lanes, word by word, so that each operation is one vector operation.
#[derive(Debug, Clone)]
pub(super) struct Xoshiro8 {
    state: [[u64; LANES]; 4],
}

impl Xoshiro8 {
    /// From the 256-bit states of the lanes; a state of all zeros, which the generator cannot
    /// leave, becomes one with a single word of mixed bits.
    pub(super) fn new(lanes: [[u64; 4]; LANES]) -> Self {
        let mut state = [[0; LANES]; 4];
        for (lane, mut words) in lanes.into_iter().enumerate() {
            if words == [0; 4] {
                words[0] = 0x9E37_79B9_7F4A_7C15;
            }
            for (word, value) in words.into_iter().enumerate() {
                state[word][lane] = value;
            }
        }
        Self { state }
    }

    /// The next number of every lane.
    pub(super) fn next(&mut self) -> [u64; LANES] {
        let [s0, s1, s2, s3] = &mut self.state;
        let mut out = [0; LANES];
        for i in 0..LANES {
            out[i] = s0[i]
                .wrapping_add(s3[i])
                .rotate_left(23)
                .wrapping_add(s0[i]);
            let t = s1[i] << 17;
            s2[i] ^= s0[i];
            s3[i] ^= s1[i];
            s1[i] ^= s2[i];
            s0[i] ^= s3[i];
            s2[i] ^= t;
            s3[i] = s3[i].rotate_left(45);
        }
        out
    }

    /// Gives each item the next number of every lane.
    #[inline(always)]
    pub(super) fn rows<S: Simd, T>(
        &mut self,
        simd: S,
        items: impl Iterator<Item = T>,
        mut take: impl FnMut(T, u64x8<S>),
    ) {
        let [mut s0, mut s1, mut s2, mut s3] =
            self.state.map(|word| u64x8::from_slice(simd, &word));
        for item in items {
            let numbers = rotate_left(s0 + s3, 23) + s0;
            let t = s1 << 17;
            s2 ^= s0;
            s3 ^= s1;
            s1 ^= s2;
            s0 ^= s3;
            s2 ^= t;
            s3 = rotate_left(s3, 45);
            take(item, numbers);
        }
        for (word, value) in self.state.iter_mut().zip([s0, s1, s2, s3]) {
            value.store_slice(word);
        }
    }
}

#[inline(always)]
fn rotate_left<S: Simd>(words: u64x8<S>, by: u32) -> u64x8<S> {
    (words << by) | (words >> (64 - by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Path, Work};

    /// The published reference: first outputs of the state 1, 2, 3, 4.
    #[test]
    fn every_lane_follows_the_reference() {
        let reference = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
            14_011_001_112_246_962_877,
            12_406_186_145_184_390_807,
            15_849_039_046_786_891_736,
            10_450_023_813_501_588_000_u64,
        ];
        for lane in 0..LANES {
            let mut states = [[9, 8, 7, 6]; LANES];
            states[lane] = [1, 2, 3, 4];
            let mut generator = Xoshiro8::new(states);
            for value in reference {
                assert_eq!(generator.next()[lane], value);
            }
        }
    }

    /// Vectors of every path of this machine give what the plain loop gives.
    #[test]
    fn rows_are_the_same_on_every_path() {
        struct Rows<'a>(&'a mut Xoshiro8, &'a mut [u64]);
        impl Work for Rows<'_> {
            type Output = ();

            #[inline(always)]
            fn run<S: Simd>(self, simd: S) {
                let rows = self.1.chunks_exact_mut(LANES);
                self.0
                    .rows(simd, rows, |row, numbers| numbers.store_slice(row));
            }
        }
        let start = Xoshiro8::new(std::array::from_fn(|lane| [lane as u64 + 1, 2, 3, 4]));
        let mut plain = start.clone();
        let wanted: Vec<u64> = (0..100).flat_map(|_| plain.next()).collect();
        for path in Path::available() {
            let mut generator = start.clone();
            let mut found = vec![0; wanted.len()];
            path.work(Rows(&mut generator, &mut found));
            assert_eq!(found, wanted, "{path:?}");
            assert_eq!(generator.state, plain.state);
        }
    }

    #[test]
    fn a_state_of_zeros_is_not_kept() {
        let mut generator = Xoshiro8::new([[0; 4]; LANES]);
        generator.next();
        assert_ne!(generator.next(), [0; LANES]);
    }
}
