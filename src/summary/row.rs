//! Rows of a summary: one metric of one scope of one plan, with every estimate's error.

use crate::model::Metric;

/// What part of a plan a row speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScopeKind {
    /// The whole plan.
    Total,
    /// One tier.
    Tier,
    /// One partnership type.
    Partnership,
    /// One category.
    Category,
    /// One region.
    Region,
    /// One booked cell.
    Cell,
}

impl ScopeKind {
    /// Name in the outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Tier => "tier",
            Self::Partnership => "partnership",
            Self::Category => "category",
            Self::Region => "region",
            Self::Cell => "cell",
        }
    }
}

/// A scope with the names that identify it; names not part of the scope are `None`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeKey {
    /// Kind of scope.
    pub kind: ScopeKind,
    /// Tier name, of tiers and cells.
    pub tier: Option<String>,
    /// Partnership type name, of partnerships and cells.
    pub partnership: Option<String>,
    /// Category name, of categories and cells.
    pub category: Option<String>,
    /// Region name, of regions and cells.
    pub region: Option<String>,
    /// Of cells booked in a wave or as a level of ambassadors: its name, and behind `+` the month they start in.
    pub booked_as: Option<String>,
}

impl ScopeKey {
    /// The whole plan.
    #[must_use]
    pub fn total() -> Self {
        Self {
            kind: ScopeKind::Total,
            tier: None,
            partnership: None,
            category: None,
            region: None,
            booked_as: None,
        }
    }

    /// One tier.
    #[must_use]
    pub fn tier(name: &str) -> Self {
        Self {
            kind: ScopeKind::Tier,
            tier: Some(name.to_owned()),
            ..Self::total()
        }
    }
}

/// One row of `summary.parquet`. `None` is null: not defined.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryRow {
    /// Plan name.
    pub plan: String,
    /// Month from 1; `None` for the whole horizon.
    pub month: Option<usize>,
    /// Scope.
    pub scope: ScopeKey,
    /// Metric.
    pub metric: Metric,
    /// Estimates over trials.
    pub estimate: Estimate,
}

/// Estimates of one metric over trials, undefined trials skipped.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimate {
    /// Mean over trials.
    pub mean: Option<f64>,
    /// E(numerator)/E(denominator) × factor; `None` for metrics that are no ratios.
    pub ratio_of_means: Option<f64>,
    /// Standard deviation over trials, n − 1.
    pub sd: Option<f64>,
    /// Error of `mean`: that of the sixteen replicates, × t₀.₉₇₅(15)/z₀.₉₇₅, so that ± 1.96 of them are a
    /// 95 % interval; sd/√n below [`REPLICATED`](crate::stats::REPLICATED) defined trials.
    pub mc_error: Option<f64>,
    /// Error of `ratio_of_means`, likewise; by the delta method for few trials.
    pub ratio_of_means_error: Option<f64>,
    /// Quantiles at [`QUANTILES`], type 7.
    pub quantiles: [Option<f64>; 7],
    /// Errors of the 5 %, 50 % and 95 % quantiles: that of the share of trials below, likewise, times
    /// the slope of the quantile function.
    pub quantile_errors: [Option<f64>; 3],
    /// Level of the target, if there is one.
    pub target: Option<f64>,
    /// Share of all trials that meet the target; an undefined ratio is a miss.
    pub prob_target: Option<f64>,
    /// Error of `prob_target`, likewise; above 0 where all trials agree.
    pub prob_target_error: Option<f64>,
    /// Share of trials in which the metric is undefined.
    pub undefined_share: f64,
}

/// Probabilities of the reported quantiles.
pub const QUANTILES: [f64; 7] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95];

impl Estimate {
    /// The 5 % quantile.
    #[must_use]
    pub fn p05(&self) -> Option<f64> {
        self.quantiles[0]
    }

    /// The median.
    #[must_use]
    pub fn p50(&self) -> Option<f64> {
        self.quantiles[3]
    }

    /// The 95 % quantile.
    #[must_use]
    pub fn p95(&self) -> Option<f64> {
        self.quantiles[6]
    }

    /// The figure that headlines and targets use: the ratio of means of a ratio, else the mean.
    #[must_use]
    pub fn headline(&self) -> Option<f64> {
        self.ratio_of_means.or(self.mean)
    }
}

/// Counts of trials in equal bins between two values, for a small picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Metric.
    pub metric: Metric,
    /// Left edge of the first bin (about the 0.5 % quantile); smaller values count in the first bin.
    pub low: f64,
    /// Right edge of the last bin (about the 99.5 % quantile); larger values count in the last bin.
    pub high: f64,
    /// Trials a bin.
    pub counts: Vec<u64>,
}
