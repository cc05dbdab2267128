//! Paired comparison of plans: differences within trials on common random numbers.

use crate::model::Metric;
use crate::summary::{Collector, ScopeKey};

/// One row of `comparison.parquet`: plan − baseline, trial by trial.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonRow {
    /// Plan name.
    pub plan: String,
    /// Name of the plan it is compared with.
    pub baseline: String,
    /// Month from 1; `None` for the whole horizon.
    pub month: Option<usize>,
    /// Total or tier.
    pub scope: ScopeKey,
    /// Metric.
    pub metric: Metric,
    /// Mean of plan − baseline over trials in which both are defined.
    pub mean_difference: Option<f64>,
    /// Its error, by the replicates as in a summary.
    pub mc_error: Option<f64>,
    /// 5 % quantile of the difference.
    pub p05: Option<f64>,
    /// Median difference.
    pub p50: Option<f64>,
    /// 95 % quantile of the difference.
    pub p95: Option<f64>,
    /// P(better) + ½ P(tie); lower is better for the cost-per metrics; `None` for spend.
    pub prob_better: Option<f64>,
    /// Its error, by the replicates as in a summary.
    pub prob_better_error: Option<f64>,
}

/// Rows of all plans against the first, by plan, month (the horizon first), scope (total, then tiers) and metric.
pub fn rows<'a>(collector: &Collector, name: impl Fn(usize) -> &'a String) -> Vec<ComparisonRow> {
    collector
        .differences()
        .into_iter()
        .map(|row| (row.estimate, row))
        .map(|(estimate, row)| ComparisonRow {
            plan: name(row.plan).clone(),
            baseline: name(0).clone(),
            month: row.month,
            scope: row.scope,
            metric: row.metric,
            mean_difference: estimate.mean,
            mc_error: estimate.mc_error,
            p05: estimate.quantiles[0],
            p50: estimate.quantiles[1],
            p95: estimate.quantiles[2],
            prob_better: estimate.prob_better,
            prob_better_error: estimate.prob_better_error,
        })
        .collect()
}
