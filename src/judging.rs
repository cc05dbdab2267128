//! Judges a plan's targets: met or not, by expected totals or by probability.

use crate::model::{Bound, Metric, Model, Plan, Target, TargetScope, valuation};
use crate::summary::{ScopeKey, SummaryRow};

/// A target, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetResult {
    /// Key path, e.g. `targets.roas`.
    pub key: String,
    /// Metric.
    pub metric: Metric,
    /// Tier name; `None` for the whole plan.
    pub tier: Option<String>,
    /// Level and direction.
    pub bound: Bound,
    /// Wanted probability; without it the ratio of expected totals decides.
    pub with: Option<f64>,
    /// Whether the program enforced it.
    pub enforced: bool,
    /// Ratio of expected totals (or the expected total), in closed form.
    pub expected: Option<f64>,
    /// Share of trials that meet the bound.
    pub probability: Option<f64>,
    /// Standard error of `probability`.
    pub probability_error: Option<f64>,
    /// Whether it is met: by probability if `with` is given, else by `expected`.
    pub met: bool,
}

/// Relative slack in judging a closed-form figure, so that a target stated at the very figure is met.
const SLACK: f64 = 1e-9;

/// All targets of a plan, in the order of the file.
#[must_use]
pub fn judge(model: &Model, plan: &Plan, summary: &[SummaryRow]) -> Vec<TargetResult> {
    let units = valuation::units_of_plan(model, &plan.counts);
    let counts: Vec<f64> = (0..model.cells.len())
        .map(|cell| plan.counts.column(cell).sum())
        .collect();
    judge_by(model, plan, summary, |target| {
        valuation::target_value(model, &units, &counts, target)
    })
}

/// The same with expected figures of the caller's.
#[must_use]
pub fn judge_by(
    model: &Model,
    plan: &Plan,
    summary: &[SummaryRow],
    expected: impl Fn(&Target) -> Option<f64>,
) -> Vec<TargetResult> {
    model
        .targets
        .iter()
        .map(|target| {
            let tier = match target.scope {
                TargetScope::Total => None,
                TargetScope::Tier(tier) => Some(model.tiers[tier].name.clone()),
            };
            let scope = tier.as_deref().map_or_else(ScopeKey::total, ScopeKey::tier);
            let estimate = summary
                .iter()
                .find(|row| {
                    row.month.is_none()
                        && row.plan == plan.name
                        && row.scope == scope
                        && row.metric == target.metric
                })
                .map(|row| row.estimate);
            let expected = expected(target);
            let probability = estimate.and_then(|e| e.prob_target);
            TargetResult {
                key: target.key.clone(),
                metric: target.metric,
                tier,
                bound: target.bound,
                with: target.with,
                enforced: target.enforce,
                expected,
                probability,
                probability_error: estimate.and_then(|e| e.prob_target_error),
                met: met(target, expected, probability),
            }
        })
        .collect()
}

fn met(target: &Target, expected: Option<f64>, probability: Option<f64>) -> bool {
    match (target.with, expected, probability) {
        (Some(with), _, Some(probability)) => probability >= with,
        (None, Some(expected), _) => {
            let slack = SLACK * target.bound.value().abs();
            match target.bound {
                Bound::AtLeast(v) => expected >= v - slack,
                Bound::AtMost(v) => expected <= v + slack,
            }
        }
        _ => false,
    }
}
