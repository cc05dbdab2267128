//! Paired differences of one metric between two plans, trial by trial.

use crate::model::Metric;
use crate::stats::{self, Moments, REPLICATED, ReplicateSums, Sketch};

use super::estimate::defined;
use super::row::ScopeKey;
use super::stream::Quantities;

/// Estimates of plan − baseline over trials in which both are defined.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DifferenceEstimate {
    /// Mean difference.
    pub mean: Option<f64>,
    /// Its error, by the replicates as in a summary.
    pub mc_error: Option<f64>,
    /// 5 % quantile, median and 95 % quantile.
    pub quantiles: [Option<f64>; 3],
    /// P(better) + ½ P(tie); `None` for spend and frequency.
    pub prob_better: Option<f64>,
    /// Its error, likewise.
    pub prob_better_error: Option<f64>,
}

/// A difference of one metric of one scope.
#[derive(Debug, Clone, PartialEq)]
pub struct DifferenceRow {
    /// Index of the plan.
    pub plan: usize,
    /// Month from 1; `None` for the whole horizon.
    pub month: Option<usize>,
    /// Total or tier.
    pub scope: ScopeKey,
    /// Metric.
    pub metric: Metric,
    /// Estimates.
    pub estimate: DifferenceEstimate,
}

/// Running statistics of one metric's differences.
#[derive(Debug, Clone)]
pub(super) struct DifferenceStream {
    metric: Metric,
    moments: Moments,
    replicates: ReplicateSums,
    scores: ReplicateSums,
    /// Trials in which the plan is better.
    better: u64,
    /// Trials in which the two are equal.
    ties: u64,
    sketch: Option<Sketch>,
    /// All differences, while they are kept.
    values: Option<Vec<f64>>,
}

impl DifferenceStream {
    pub(super) fn new(metric: Metric, exact: bool) -> Self {
        Self {
            metric,
            moments: Moments::default(),
            replicates: ReplicateSums::default(),
            scores: ReplicateSums::default(),
            better: 0,
            ties: 0,
            sketch: (!exact).then(Sketch::default),
            values: exact.then(Vec::new),
        }
    }

    /// Takes further trials; a metric that one side does not define has no differences.
    pub(super) fn push(&mut self, plan: &Quantities<'_>, baseline: &Quantities<'_>) {
        let (Some(mine), Some(theirs)) = (plan.metric(self.metric), baseline.metric(self.metric))
        else {
            return;
        };
        let values: Vec<f64> = mine.iter().zip(theirs.iter()).map(|(a, b)| a - b).collect();
        self.moments.extend(&values);
        self.replicates.extend(&values);
        let sign = if self.metric.lower_is_better() {
            -1.0
        } else {
            1.0
        };
        if self.metric != Metric::Spend {
            for &value in &values {
                let gain = sign * value;
                self.better += u64::from(gain > 0.0);
                self.ties += u64::from(gain == 0.0);
            }
            self.scores.extend_by(&values, |value| {
                let gain = sign * value;
                if gain > 0.0 {
                    1.0
                } else if gain == 0.0 {
                    0.5
                } else if gain < 0.0 {
                    0.0
                } else {
                    f64::NAN
                }
            });
        }
        if let Some(sketch) = &mut self.sketch {
            sketch.extend(&values);
        }
        if let Some(kept) = &mut self.values {
            kept.extend_from_slice(&values);
        }
    }

    pub(super) fn estimate(&self) -> DifferenceEstimate {
        const PROBABILITIES: [f64; 3] = [0.05, 0.50, 0.95];
        let n = self.moments.count();
        let mut out = DifferenceEstimate {
            mean: defined(self.moments.mean()),
            mc_error: defined(if n < REPLICATED {
                self.moments.error()
            } else {
                self.replicates.error()
            }),
            ..DifferenceEstimate::default()
        };
        if n == 0 {
            return out;
        }
        let found = match (&self.values, &self.sketch) {
            (Some(values), _) => stats::quantiles(values, &PROBABILITIES),
            (None, Some(sketch)) => PROBABILITIES.iter().map(|&p| sketch.quantile(p)).collect(),
            (None, None) => Vec::new(),
        };
        for (quantile, value) in out.quantiles.iter_mut().zip(found) {
            *quantile = defined(value);
        }
        if !matches!(self.metric, Metric::Spend | Metric::Frequency) {
            let probability = (2 * self.better + self.ties) as f64 / (2 * n) as f64;
            out.prob_better = Some(probability);
            let independent = score_error(probability, self.ties, n);
            out.prob_better_error = Some(if n < REPLICATED {
                independent
            } else {
                // Where replicates agree, what independent trials that agree leave open.
                let least = independent.min(stats::probability_error(0.0, n));
                self.scores.error().max(least)
            });
        }
        out
    }
}

/// Standard error of P(better) + ½ P(tie), the mean of 1, ½ and 0. A tie scores ½ for certain, so
/// the variance is that of a share less ties/(4n); n + 1 keeps the error of nothing but ties above
/// zero, as [`stats::probability_error`] does where all trials agree.
fn score_error(probability: f64, ties: u64, trials: u64) -> f64 {
    let n = trials as f64;
    let share = stats::probability_error(probability, trials);
    (share * share - ties as f64 / (4.0 * n * (n + 1.0)))
        .max(0.0)
        .sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_take_nothing_from_the_certainty_of_a_score() {
        let n = 10_000_u64;
        for (better, ties) in [
            (0_u64, 0_u64),
            (3_000, 0),
            (2_000, 6_000),
            (100, 9_000),
            (0, 9_999),
        ] {
            let p = (better as f64 + 0.5 * ties as f64) / n as f64;
            let variance = (better as f64 + 0.25 * ties as f64) / n as f64 - p * p;
            let exact = (variance / n as f64).sqrt();
            let found = score_error(p, ties, n);
            assert!(
                (found - exact).abs() <= 0.01 * exact + 1.0 / n as f64,
                "{better} {ties}: {found} {exact}"
            );
        }
        let alike = score_error(0.5, n, n);
        assert!(0.0 < alike && alike < 1.0 / n as f64, "{alike}");
    }
}
