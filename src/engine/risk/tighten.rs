//! How tight rules should be, and which of two plans is the better one, from what fresh trials say of them.

use crate::model::{Model, Plan, RiskState};

/// Standard errors by which a rule is tightened beyond what the program overstates it.
const AIM: f64 = 2.0;

/// Share of what is maximized that it may cost to keep rules by [`SAFE`](crate::model::SAFE) errors and not just so.
const LITTLE: f64 = 0.005;

/// By how many standard errors the rule that is shortest falls short on fresh trials; 0 if all hold.
pub(super) fn shortfall(plan: &Plan) -> f64 {
    let short = plan.risks.iter().filter(|s| s.held() == Some(false));
    short
        .filter_map(|state| Some(-state.margin(state.out_of_sample?)? / state.out_of_sample_error?))
        .fold(0.0, f64::max)
}

/// Whether every rule holds by [`SAFE`](crate::model::SAFE) errors.
pub(super) fn safe(plan: &Plan) -> bool {
    plan.risks.iter().all(|state| state.safe() != Some(false))
}

/// Whether a plan is to be taken in another's place: it falls short by less, or, both keeping every rule on fresh
/// trials, more of what is maximized is measured of it; safety is worth a little of that.
pub(in crate::engine) fn better(plan: &Plan, than: &Plan, model: &Model) -> bool {
    let (own, other) = (shortfall(plan), shortfall(than));
    if own > 0.0 || other > 0.0 {
        return own < other;
    }
    let value = |plan: &Plan| {
        let mean = plan.objective.unwrap_or(f64::NEG_INFINITY);
        match (&model.risk.objective, plan.risks.last()) {
            (Some(weights), Some(tail)) => weights.mean * mean + weights.cvar * tail.in_sample,
            _ => mean,
        }
    };
    let (own, other) = (value(plan), value(than));
    let little = LITTLE * other.abs();
    match (safe(plan), safe(than)) {
        (true, false) => own >= other - little,
        (false, true) => own > other + little,
        _ => own > other,
    }
}

/// How tight the rules should be after a plan: those that are not safe by what the program overstates them; those
/// that are although they need not be so tight by that too, at most halfway back to where they were not. `None` if
/// nothing changes. What is not safe is noted in `loosest`.
pub(in crate::engine) fn wanted(
    plan: &Plan,
    too_tight: Option<&[f64]>,
    loosest: &mut [f64],
) -> Option<Vec<f64>> {
    if let Some(next) = tighter(plan, too_tight) {
        let rules = plan.risks.iter().filter(|state| state.bound.is_some());
        for (state, loosest) in rules.zip(loosest) {
            if state.safe() == Some(false) {
                *loosest = loosest.max(state.tightened);
            }
        }
        return Some(next);
    }
    let mut any = false;
    let rules = plan.risks.iter().filter(|state| state.bound.is_some());
    let next = rules.zip(loosest).map(|(state, loosest)| {
        let by = state.tightened;
        let error = state.out_of_sample_error.unwrap_or(0.0);
        let enough = overstated(state)
            .unwrap_or(by)
            .max(*loosest + 0.5 * (by - *loosest));
        // Less than the figure's own error is no reason to begin again.
        if by > 0.0 && enough < by - error {
            any = true;
            enough
        } else {
            by
        }
    });
    let next = next.collect();
    any.then_some(next)
}

/// How tight the rules should be after a plan that is not safe, at most halfway to what left no plan;
/// `None` if it is.
pub(super) fn tighter(plan: &Plan, too_tight: Option<&[f64]>) -> Option<Vec<f64>> {
    let mut any = false;
    let rules = plan.risks.iter().filter(|state| state.bound.is_some());
    let next = rules.enumerate().map(|(i, state)| {
        let by = state.tightened;
        let half = too_tight.map_or(f64::INFINITY, |tight| by + (tight[i] - by) / 2.0);
        let open = state.safe() == Some(false);
        let wanted = overstated(state).filter(|wanted| open && *wanted > by);
        any |= wanted.is_some();
        wanted.unwrap_or(by).min(half)
    });
    let next = next.collect();
    any.then_some(next)
}

/// By how much the program overstates a rule, and [`AIM`] standard errors more.
pub(super) fn overstated(state: &RiskState) -> Option<f64> {
    let inside = state.margin(state.in_sample)?;
    let outside = state.margin(state.out_of_sample?)?;
    Some(inside - outside + AIM * state.out_of_sample_error?).filter(|by| by.is_finite())
}

/// How much looser rules may be where the program has no plan, if it is too strict with the best plan
/// without them: it takes the sums of few creators with long tails for normal. Whether a plan of the looser
/// rules holds, fresh trials say.
pub(super) fn loosened(free: &Plan) -> Option<Vec<f64>> {
    let rules = free.risks.iter().filter(|state| state.bound.is_some());
    let loose: Vec<f64> = rules
        .map(|state| overstated(state).map_or(0.0, |by| by.min(0.0)))
        .collect();
    loose.iter().any(|&by| by < 0.0).then_some(loose)
}
