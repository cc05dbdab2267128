//! Eight independent xoshiro256++ generators in step (Blackman and Vigna, "Scrambled linear
//! pseudorandom number generators", 2021).

/// Lanes that advance together.
pub(super) const LANES: usize = 8;
/// Lanes computed at a time.
const HALF: usize = LANES / 2;

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
        let mut out = [0; LANES];
        self.fill(&mut out, |bits| bits);
        out
    }

    /// The next numbers, lane by lane in turn, as far as they fill `out` in whole rows of lanes.
    ///
    /// Four lanes go at a time: their state fits the sixteen vector registers of every machine.
    #[inline]
    pub(super) fn fill<T>(&mut self, out: &mut [T], convert: impl Fn(u64) -> T) {
        for half in [0, HALF] {
            let mut state = [[0; HALF]; 4];
            for (word, all) in state.iter_mut().zip(&self.state) {
                word.copy_from_slice(&all[half..half + HALF]);
            }
            for row in out.chunks_exact_mut(LANES) {
                let numbers = step(&mut state);
                for (out, bits) in row[half..half + HALF].iter_mut().zip(numbers) {
                    *out = convert(bits);
                }
            }
            for (word, all) in state.iter().zip(&mut self.state) {
                all[half..half + HALF].copy_from_slice(word);
            }
        }
    }
}

/// One step of four lanes.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the state must stay in registers")]
fn step(state: &mut [[u64; HALF]; 4]) -> [u64; HALF] {
    let [s0, s1, s2, s3] = state;
    let mut out = [0; HALF];
    for i in 0..HALF {
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_state_of_zeros_is_not_kept() {
        let mut generator = Xoshiro8::new([[0; 4]; LANES]);
        generator.next();
        assert_ne!(generator.next(), [0; LANES]);
    }
}
