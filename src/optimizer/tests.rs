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
mod structured;
mod tight;
mod worth;

use super::sample;
use crate::model::{Model, Tier};

/// Whether a value lies within bounds, rounding aside.
pub(super) fn within(value: f64, low: f64, high: f64) -> bool {
    let slack = 1e-9 * value.abs().max(1.0);
    value >= low - slack && value <= high + slack
}

/// A dear tier and a cheap one.
pub(super) fn two_tiers(random: &mut Random) -> Vec<Tier> {
    let mut tier = |name, fee: (f64, f64), followers: (f64, f64), engagement| {
        let fee = random.between(fee.0, fee.1);
        let followers = random.between(followers.0, followers.1);
        sample::tier(name, fee, followers, engagement)
    };
    vec![
        tier("mid", (800.0, 3_000.0), (10_000.0, 90_000.0), 0.07),
        tier("micro", (150.0, 900.0), (1_000.0, 10_000.0), 0.15),
    ]
}

/// All whole counts of a month within the tiers' supply, or up to `most` where it has no end.
pub(super) fn each_month(model: &Model, most: f64, mut look: impl FnMut(&[f64])) {
    let supply = |cell: usize| model.tiers[model.cells[cell].tier].max_creators;
    let most: Vec<f64> = (0..model.cells.len())
        .map(|cell| supply(cell).unwrap_or(most).floor())
        .collect();
    let mut x = vec![0.0; most.len()];
    loop {
        look(&x);
        let Some(next) = (0..x.len()).find(|&i| x[i] < most[i]) else {
            return;
        };
        x[next] += 1.0;
        x[..next].fill(0.0);
    }
}

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
