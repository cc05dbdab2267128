//! What is found where the program has no plan: plans of looser rules, measured on fresh trials.

use super::fresh::Fresh;
use super::tighten::{better, overstated, safe, shortfall};
use super::{Ending, Found, Sought, Work};
use crate::engine::EngineError;
use crate::model::{
    Conflict, ConstraintKind, Model, Plan, PlanStatus, RiskMeasure, RiskState, joint,
};
use crate::units;

/// Halvings in search of rules that are just loose enough.
const HALVINGS: u64 = 4;

/// Standard errors by which the only plan there is may be short on the trials that plans are chosen by; those that
/// are reported decide.
const DOUBT: f64 = 2.0;

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

/// What to take where the program has no plan (`refused` says why) and `known`, if any, is the best one found in other
/// ways: of the plans of rules as little looser as it takes the first that keeps every rule as written on fresh trials.
/// Where creators act on each other the program proves nothing: then the plan that falls short least is
/// taken, to be flagged.
pub(super) fn nearest(
    work: &Work<'_>,
    known: Option<Plan>,
    refused: Plan,
) -> Result<Sought, EngineError> {
    let model = work.model;
    let Some(mut best) = known else {
        return Ok(Sought::Nothing(Box::new(unproven(model, refused))));
    };
    let together = joint::applies(model);
    let rules = best.risks.iter().filter(|state| state.bound.is_some());
    let full: Vec<f64> = rules.map(|state| loosest(state, together)).collect();
    let mut seconds = refused.solver.seconds;
    // Shares of that at which there is no plan, and at which there is one that may be worse than need be.
    let (mut none, mut some) = (0.0, 1.0);
    let mut share = if together { 0.5 } else { 1.0 };
    let mut clocked = false;
    for _ in 0..=HALVINGS {
        clocked = work.clocked();
        if clocked || full.iter().all(|&by| by == 0.0) || safe(&best) {
            break;
        }
        let by: Vec<f64> = full.iter().map(|by| share * by).collect();
        let mut plan = work.at(&by)?;
        seconds += plan.solver.seconds;
        if plan.is_usable() {
            work.check(&mut plan, Fresh::Tightening)?;
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
    if shortfall(&best) > DOUBT && !together {
        return Ok(Sought::Nothing(Box::new(unproven(model, refused))));
    }
    Ok(Sought::Found(Box::new(Found {
        plan: best,
        seconds,
        ending: Ending::Nearest,
        clocked,
        refused: (!together).then_some(refused),
    })))
}

/// A program of risk looks at audiences and shocks at the averages of a plan: that it has no plan is no
/// proof there.
pub(super) fn unproven(model: &Model, mut plan: Plan) -> Plan {
    let of_risk = |conflict: &Conflict| {
        let mut members = conflict
            .members
            .iter()
            .chain(conflict.others.iter().flatten());
        members.any(|m| m.kind == ConstraintKind::Risk)
    };
    if joint::applies(model)
        && plan.status == PlanStatus::Infeasible
        && plan.conflict.as_ref().is_some_and(of_risk)
    {
        let rules: Vec<String> = model
            .risk
            .rules
            .iter()
            .map(|rule| rule.key.clone())
            .collect();
        plan.status = PlanStatus::Failed {
            reason: format!(
                "no plan was found that keeps {}; with audiences or shocks to the brand that is no proof that there is none",
                units::listed(&rules),
            ),
        };
        plan.conflict = None;
    }
    plan
}
