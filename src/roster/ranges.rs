//! Where tiers begin, for creators whose tier is told by their followers.

use crate::distribution::Distribution;
use crate::model::{Basis, Model};

/// Where tiers begin that state no followers: the playbook's ranges.
const STARTS: [(&str, f64); 5] = [
    ("mega", 500_000.0),
    ("macro", 100_000.0),
    ("mid", 10_000.0),
    ("micro", 1_000.0),
    ("nano", 100.0),
];

/// A tier with its least followers.
pub(super) struct Range {
    /// Index into the model's tiers.
    pub(super) tier: usize,
    /// Least followers.
    pub(super) from: f64,
}

/// Where each tier begins. Neighbouring tiers with stated followers meet halfway, on a logarithmic
/// scale, between the larger one's 5 % quantile and the smaller one's 95 % quantile.
pub(super) fn ranges(model: &Model) -> Vec<Range> {
    let spread = |tier: usize| -> Option<(f64, f64)> {
        match &model.tiers[tier].basis {
            Basis::Followers(f) => match f.followers {
                Distribution::Certain(_) => None,
                d => Some((d.quantile(0.05), d.quantile(0.95))),
            },
            Basis::Benchmark(_) => None,
        }
    };
    let mut ranges: Vec<Range> = Vec::new();
    for (tier, t) in model.tiers.iter().enumerate() {
        let preset = STARTS.iter().find(|s| s.0 == t.name).map_or(0.0, |s| s.1);
        let own = spread(tier);
        let below = (tier + 1 < model.tiers.len())
            .then(|| spread(tier + 1))
            .flatten();
        let from = match (own, below) {
            (Some((low, _)), Some((_, high))) => libm::sqrt(low * high),
            (Some((low, _)), None) => low,
            (None, _) => preset,
        };
        // Quantiles of an interval are its ends but for rounding.
        let rounded = from.round();
        let from = if (from - rounded).abs() < 1e-6 * rounded {
            rounded
        } else {
            from
        };
        ranges.push(Range { tier, from });
    }
    ranges
}
