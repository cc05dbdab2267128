//! Targets: judged after simulation, or enforced in the program.

use super::metric::Metric;
use super::origin::Origin;

/// A level a metric should reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Which metric.
    pub metric: Metric,
    /// Of what.
    pub scope: TargetScope,
    /// Level and direction.
    pub bound: Bound,
    /// Wanted probability of meeting it in a trial; without it the ratio of expected totals decides.
    pub with: Option<f64>,
    /// A constraint of the program, on ratios of expected totals.
    pub enforce: bool,
    /// Key path, e.g. `targets.roas` or `tiers.mid.targets.cpa`.
    pub key: String,
    /// Where it was written.
    pub origin: Origin,
}

/// What a target speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetScope {
    /// The whole plan.
    Total,
    /// One tier, by index.
    Tier(usize),
}

/// A level with its direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Met when the value is no less.
    AtLeast(f64),
    /// Met when the value is no more.
    AtMost(f64),
}

impl Bound {
    /// The level.
    #[must_use]
    pub fn value(self) -> f64 {
        match self {
            Self::AtLeast(v) | Self::AtMost(v) => v,
        }
    }

    /// Whether a value meets the bound; NaN (undefined) never does.
    #[must_use]
    pub fn met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(v) => value >= v,
            Self::AtMost(v) => value <= v,
        }
    }
}
