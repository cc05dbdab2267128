//! Tests of the room as a whole.

#[cfg(feature = "highs")]
mod agreement;
mod branching;
mod certified;
mod enumeration;
mod every_kind;
mod horizon;
mod joint;
mod mknap;
mod plans;
mod prices;
mod risk;
mod solving;
mod stress;
mod worth;

/// A small generator of its own, so that the tests depend on nothing below.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform in [0, 1), by `SplitMix64`.
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }
}
