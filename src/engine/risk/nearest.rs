//! What is found where the program has no plan: plans of looser rules, measured on fresh trials.

use std::time::Instant;

use super::fresh::check;
use super::{Ending, ROUNDS, better, finished, left, overstated, shortfall, unproven};
use crate::engine::{EngineError, stop_if};
use crate::model::{
    Cancel, FactorSample, Model, Plan, PlanSettings, PlanStatus, RiskMeasure, RiskState, joint,
};
use crate::optimizer;

/// Halvings in search of rules that are just loose enough.
const HALVINGS: u64 = 4;

/// What the normal law may take from a probability.
const POINTS: f64 = 0.05;

/// Share of a tail mean that it may take.
const SHARE: f64 = 0.25;

/// How much looser a rule may be: so much that the plan keeps it. Where only the normal law of creators' sums is in
/// doubt, no more than that could be wrong.
fn loosest(state: &RiskState, all: bool) -> f64 {
    // A hair more than what is measured.
    let to_plan = state.margin(state.in_sample).unwrap_or(0.0).min(0.0) * (1.0 + 1e-6);
    let doubt = match (state.measure, state.wanted()) {
        _ if all => f64::INFINITY,
        (RiskMeasure::Probability { .. }, _) => POINTS,
        // The level of a ratio's gain is 0, which says nothing of its size.
        _ if state.metric.denominator().is_some() => f64::INFINITY,
        (RiskMeasure::Cvar { .. }, wanted) => wanted.map_or(0.0, |b| SHARE * b.value().abs()),
    };
    to_plan.max(-doubt.max(-overstated(state).unwrap_or(0.0)))
}

/// What to hand out where the program has no plan (`refused` says why) and `known`, if any, is the best one found in other
/// ways: of the plans of rules as little looser as it takes the first that keeps every rule as written on fresh trials.
/// Where creators act on each other the program proves nothing: then the plan that falls short least is
/// handed out, flagged.
pub(super) fn nearest(
    model: &Model,
    sample: &FactorSample,
    (known, refused): (Option<Plan>, Plan),
    (settings, started): (&PlanSettings, Instant),
    cancel: &Cancel,
) -> Result<Plan, EngineError> {
    let Some(mut best) = known else {
        return Ok(unproven(model, refused));
    };
    let together = joint::applies(model);
    let rules = best.risks.iter().filter(|state| state.bound.is_some());
    let full: Vec<f64> = rules.map(|state| loosest(state, together)).collect();
    let mut seconds = refused.solver.seconds;
    // Shares of that at which there is no plan, and at which there is one that may be worse than need be.
    let (mut none, mut some) = (0.0, 1.0);
    let mut share = if together { 0.5 } else { 1.0 };
    let mut clocked = false;
    for step in 0..=HALVINGS {
        let left = left(settings, started);
        clocked = left.time_limit <= 0.0;
        if clocked || full.iter().all(|&by| by == 0.0) || shortfall(&best) == 0.0 {
            break;
        }
        let by: Vec<f64> = full.iter().map(|by| share * by).collect();
        let mut plan = optimizer::plan_at_risk(model, sample, &by, &left, cancel);
        stop_if(cancel)?;
        seconds += plan.solver.seconds;
        if plan.is_usable() {
            for (state, &by) in plan.risks.iter_mut().zip(&by) {
                state.tightened = by;
            }
            check(model, &mut plan, ROUNDS + 1 + step, cancel)?;
            if better(&plan, &best, model) {
                best = plan;
            }
            some = share;
        } else if share < 1.0 {
            none = share;
        } else {
            break;
        }
        share = 0.5 * (none + some);
    }
    let short = shortfall(&best) > 0.0;
    if short && !together {
        return Ok(unproven(model, refused));
    }
    let mut best = finished(model, best, seconds, &Ending::Nearest);
    if short && clocked {
        best.status = PlanStatus::TimeLimit { found: true };
    } else if short {
        best.status = PlanStatus::Feasible;
    }
    best.solver.reproducible &= !clocked;
    Ok(best)
}
