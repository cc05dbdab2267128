//! Judges a plan's targets: met or not, by expected totals or by probability.

use crate::model::{Bound, Metric, Model, Plan, Target, TargetScope, valuation};
use crate::summary::{Estimate, ScopeKey, SummaryRow};

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
    /// Ratio of expected totals (or the expected total): in closed form, or by the trials' means if `simulated`.
    pub expected: Option<f64>,
    /// Whether `expected` is of the trials: where partners come and go, since the closed form is of booked places that
    /// are all filled.
    pub simulated: bool,
    /// Share of trials that meet the bound.
    pub probability: Option<f64>,
    /// Standard error of `probability`.
    pub probability_error: Option<f64>,
    /// Whether it is met: by probability if `with` is given, else by `expected`.
    pub met: bool,
}

/// Relative slack in judging a closed-form figure, so that a target stated at the very figure is met.
const SLACK: f64 = 1e-9;

/// All targets of a plan, in the order of the file. Where partners come and go, trials judge if there are any: the plan's
/// expected totals are those of booked places that are all filled.
#[must_use]
pub fn judge(model: &Model, plan: &Plan, summary: &[SummaryRow]) -> Vec<TargetResult> {
    if model.horizon.pipeline.is_some() && !summary.is_empty() {
        let mut targets = judge_by(model, plan, summary, |target| {
            estimate(model, plan, summary, target)?.headline()
        });
        for target in &mut targets {
            target.simulated = true;
        }
        return targets;
    }
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
            let estimate = estimate(model, plan, summary, target);
            let expected = expected(target);
            let probability = estimate.and_then(|e| e.prob_target);
            TargetResult {
                key: target.key.clone(),
                metric: target.metric,
                tier: tier(model, target).map(str::to_owned),
                bound: target.bound,
                with: target.with,
                enforced: target.enforce,
                expected,
                simulated: false,
                probability,
                probability_error: estimate.and_then(|e| e.prob_target_error),
                met: met(target, expected, probability),
            }
        })
        .collect()
}

fn tier<'a>(model: &'a Model, target: &Target) -> Option<&'a str> {
    match target.scope {
        TargetScope::Total => None,
        TargetScope::Tier(tier) => Some(&model.tiers[tier].name),
    }
}

/// What trials say of a target's metric over the horizon.
fn estimate<'a>(
    model: &Model,
    plan: &Plan,
    summary: &'a [SummaryRow],
    target: &Target,
) -> Option<&'a Estimate> {
    let scope = tier(model, target).map_or_else(ScopeKey::total, ScopeKey::tier);
    let own = |row: &&SummaryRow| {
        row.month.is_none()
            && row.plan == plan.name
            && row.scope == scope
            && row.metric == target.metric
    };
    summary.iter().find(own).map(|row| &row.estimate)
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
