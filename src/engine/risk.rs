//! Plans that keep rules on random totals: planned on a sample, checked on fresh trials, tightened.

mod fresh;
mod nearest;

use std::time::Instant;

use self::fresh::check;
use self::nearest::nearest;
use super::{EngineError, stop_if};
use crate::model::{
    Bound, Cancel, Conflict, ConstraintKind, ConstraintState, FactorSample, Model, Plan,
    PlanSettings, PlanStatus, PriceRange, Risk, RiskMeasure, RiskState, Unit, joint,
};
use crate::optimizer;
use crate::rng::slot_hash;
use crate::simulator;
use crate::units;

/// Most times that rules are tightened and the plan is made anew.
const ROUNDS: u64 = 6;

/// Plans a model through the one door for plans with and without risk.
///
/// Three sets of trials, all derived from the scenario's seed: the run's have the seed itself, the
/// program's `seed XOR slot_hash(["risk", "program"], 0)`, and the check's after `r` tightenings
/// `seed XOR slot_hash(["risk", "check"], r)`, so that no plan is judged by trials that shaped it.
///
/// A rule that falls short on fresh trials by more than two standard errors is tightened by what the
/// program's measure overstates, in sample − out of sample, and one standard error more; then the
/// plan is made anew. Fixed counts are measured only. The best plan without rules of risk is measured
/// first: if it keeps them on fresh trials, no plan that keeps them is better.
#[expect(
    clippy::too_many_lines,
    reason = "one round of tightening after the other"
)]
pub(super) fn plan(
    model: &Model,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Result<Plan, EngineError> {
    if !model.risk.applies() {
        return Ok(optimizer::plan(model, settings, cancel));
    }
    let risk = &model.risk;
    let started = Instant::now();
    let seed = risk.seed ^ slot_hash(&["risk", "program"], 0);
    let sample = simulator::factor_sample(model, seed, risk.trials)
        .map_err(|error| EngineError::Simulation(error.to_string()))?;
    stop_if(cancel)?;
    let mut free = match risk.objective {
        None => without_risk(model, &sample, &left(settings, started), cancel)?,
        Some(_) => None,
    };
    if let Some(plan) = &free
        && plan.risks.iter().all(|state| state.held() == Some(true))
    {
        let seconds = plan.solver.seconds;
        return Ok(finished(model, plan.clone(), seconds, &Ending::Searched(0)));
    }
    let mut tightened = vec![0.0; risk.rules.len()];
    let mut kept: Option<Plan> = None;
    let mut refused: Option<Plan> = None;
    let mut too_tight: Option<Vec<f64>> = None;
    // Of every rule the most it was tightened by and yet fell short.
    let mut loosest = vec![0.0; risk.rules.len()];
    let mut seconds = 0.0;
    let mut round = 0;
    loop {
        let left = left(settings, started);
        // How tight the rules should be next; `None` if they are as they should be.
        let now;
        let mut plan = optimizer::plan_at_risk(model, &sample, &tightened, &left, cancel);
        stop_if(cancel)?;
        seconds += plan.solver.seconds;
        let (best, ending) = if plan.is_usable() {
            for (state, &by) in plan.risks.iter_mut().zip(&tightened) {
                state.tightened = by;
            }
            check(model, &mut plan, round, cancel)?;
            if plan.status == PlanStatus::Fixed {
                return Ok(finished(model, plan, seconds, &Ending::Fixed));
            }
            now = wanted(&plan, too_tight.as_deref(), &mut loosest);
            let best = match kept {
                Some(kept) if !better(&plan, &kept, model) => kept,
                _ => plan,
            };
            (best, Ending::Searched(round))
        } else if let Some(kept) = kept {
            now = tighter(&kept, Some(&tightened));
            too_tight = Some(tightened);
            if plan.status == PlanStatus::Infeasible {
                (kept, Ending::NoPlan)
            } else {
                (kept, Ending::NotFound)
            }
        } else if let Some(refused) = refused {
            return nearest(model, &sample, (free, refused), (settings, started), cancel);
        } else if matches!(plan.status, PlanStatus::TimeLimit { .. }) {
            return Ok(plan);
        } else {
            // Only here, with an objective of risk, is it of use what the best plan without risk does.
            if free.is_none() && !risk.rules.is_empty() {
                free = without_risk(model, &sample, &left, cancel)?;
            }
            let Some(loose) = free.as_ref().and_then(loosened) else {
                return nearest(model, &sample, (free, plan), (settings, started), cancel);
            };
            (kept, refused) = (None, Some(plan));
            tightened = loose;
            round += 1;
            continue;
        };
        let clocked = started.elapsed().as_secs_f64() >= settings.time_limit;
        let short = shortfall(&best) > 0.0;
        match now {
            Some(_) if clocked && short => {
                return Ok(clocked_out(
                    model,
                    refused.unwrap_or(best),
                    seconds,
                    &ending,
                ));
            }
            Some(next) if round < ROUNDS && !clocked => tightened = next,
            Some(_) if short && let Some(refused) = refused => {
                let found = free
                    .filter(|free| shortfall(free) < shortfall(&best))
                    .or(Some(best));
                return nearest(
                    model,
                    &sample,
                    (found, refused),
                    (settings, started),
                    cancel,
                );
            }
            open => {
                let mut best = finished(model, best, seconds, &ending);
                best.solver.reproducible &= !(clocked && open.is_some());
                return Ok(best);
            }
        }
        kept = Some(best);
        round += 1;
    }
}

/// A plan that the clock did not let become what the rules ask for.
fn clocked_out(model: &Model, best: Plan, seconds: f64, ending: &Ending) -> Plan {
    let mut best = best;
    if best.is_usable() {
        best = finished(model, best, seconds, ending);
        best.status = PlanStatus::TimeLimit { found: true };
    }
    best.solver.reproducible = false;
    best
}

/// The settings with the time that is left of theirs.
fn left(settings: &PlanSettings, started: Instant) -> PlanSettings {
    let left = settings.time_limit - started.elapsed().as_secs_f64();
    PlanSettings {
        time_limit: left.max(0.0),
        ..*settings
    }
}

/// The best plan without rules of risk, these measured in sample and on fresh trials; `None` if
/// there is none, or counts are fixed.
fn without_risk(
    model: &Model,
    sample: &FactorSample,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Result<Option<Plan>, EngineError> {
    if model.counts.is_some() {
        return Ok(None);
    }
    let mut plain = Model {
        risk: Risk::NONE,
        ..model.clone()
    };
    let mut plan = optimizer::plan(&plain, settings, cancel);
    stop_if(cancel)?;
    if !plan.is_usable() {
        return Ok(None);
    }
    plain.risk = model.risk.clone();
    plain.counts = Some(plan.counts.clone());
    plan.risks = optimizer::plan_at_risk(&plain, sample, &[], settings, cancel).risks;
    check(&plain, &mut plan, u64::MAX, cancel)?;
    // A budget with a probability bounds two things; one price cannot speak of both.
    if model.risk.rules.iter().any(|rule| rule.key == "budget") {
        for state in &mut plan.constraints {
            if state.name == "budget" {
                state.shadow_price = None;
            }
        }
    }
    Ok(Some(plan))
}

/// A program of risk looks at audiences and shocks at the averages of a plan: that it has no plan is no
/// proof there.
fn unproven(model: &Model, mut plan: Plan) -> Plan {
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

/// How much looser rules may be where the program has no plan, if it is too strict with the best plan
/// without them: it takes the sums of few creators with long tails for normal. Whether a plan of the looser
/// rules holds, fresh trials say.
fn loosened(free: &Plan) -> Option<Vec<f64>> {
    let rules = free.risks.iter().filter(|state| state.bound.is_some());
    let loose: Vec<f64> = rules
        .map(|state| overstated(state).map_or(0.0, |by| by.min(0.0)))
        .collect();
    loose.iter().any(|&by| by < 0.0).then_some(loose)
}

/// By how many standard errors the rule that is shortest falls short on fresh trials; 0 if all hold.
fn shortfall(plan: &Plan) -> f64 {
    let short = plan.risks.iter().filter(|s| s.held() == Some(false));
    short
        .filter_map(|state| Some(-state.margin(state.out_of_sample?)? / state.out_of_sample_error?))
        .fold(0.0, f64::max)
}

/// Why the tightening ended.
enum Ending {
    /// Counts are given.
    Fixed,
    /// No plan keeps the rules any tighter.
    NoPlan,
    /// None was found that does.
    NotFound,
    /// The program has no plan; this is the best one of looser rules.
    Nearest,
    /// Every rule holds, or so many rounds were enough.
    Searched(u64),
}

/// Whether a plan is to be taken in another's place: it falls short by less, or, both keeping every rule on fresh
/// trials, more of what is maximized is measured of it.
fn better(plan: &Plan, than: &Plan, model: &Model) -> bool {
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
    value(plan) > value(than)
}

/// How tight the rules should be after a plan: those that fall short by what the program overstates them; those
/// that hold although they need not be so tight by that too, at most halfway back to where they fell short. `None` if
/// nothing changes. What falls short is noted in `loosest`.
pub(super) fn wanted(
    plan: &Plan,
    too_tight: Option<&[f64]>,
    loosest: &mut [f64],
) -> Option<Vec<f64>> {
    if let Some(next) = tighter(plan, too_tight) {
        let rules = plan.risks.iter().filter(|state| state.bound.is_some());
        for (state, loosest) in rules.zip(loosest) {
            if state.held() == Some(false) {
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

/// How tight the rules should be after a plan that falls short, at most halfway to what left no plan;
/// `None` if it does not fall short.
fn tighter(plan: &Plan, too_tight: Option<&[f64]>) -> Option<Vec<f64>> {
    let mut any = false;
    let rules = plan.risks.iter().filter(|state| state.bound.is_some());
    let next = rules.enumerate().map(|(i, state)| {
        let by = state.tightened;
        let half = too_tight.map_or(f64::INFINITY, |tight| by + (tight[i] - by) / 2.0);
        let short = state.held() == Some(false);
        let wanted = overstated(state).filter(|wanted| short && *wanted > by);
        any |= wanted.is_some();
        wanted.unwrap_or(by).min(half)
    });
    let next = next.collect();
    any.then_some(next)
}

/// By how much the program overstates a rule, and one standard error more.
fn overstated(state: &RiskState) -> Option<f64> {
    let inside = state.margin(state.in_sample)?;
    let outside = state.margin(state.out_of_sample?)?;
    Some(inside - outside + state.out_of_sample_error?).filter(|by| by.is_finite())
}

/// The plan as it is handed out: with a row for each rule, and a sentence for each that does not
/// hold.
fn finished(model: &Model, mut plan: Plan, seconds: f64, ending: &Ending) -> Plan {
    plan.solver.seconds = seconds;
    let rows: Vec<ConstraintState> = plan
        .risks
        .iter()
        .zip(&model.risk.rules)
        .map(|(state, rule)| {
            let wanted = state.wanted();
            let inside = state.margin(state.in_sample).unwrap_or(f64::NAN);
            ConstraintState {
                month: Some(0),
                name: state.key.clone(),
                kind: ConstraintKind::Risk,
                low: match wanted {
                    Some(Bound::AtLeast(low)) => Some(low),
                    _ => None,
                },
                value: state.out_of_sample,
                high: match wanted {
                    Some(Bound::AtMost(high)) => Some(high),
                    _ => None,
                },
                binding: inside - state.tightened <= state.in_sample_error,
                shadow_price: None,
                price_is_back: false,
                range: PriceRange::default(),
                unit: match state.measure {
                    RiskMeasure::Probability { .. } => Unit::Share,
                    RiskMeasure::Cvar { .. } if state.metric.denominator().is_some() => Unit::Money,
                    RiskMeasure::Cvar { .. } => Unit::Metric(state.metric),
                },
                price_unit: String::new(),
                words: String::new(),
                origin: rule.origin.clone(),
            }
        })
        .collect();
    plan.constraints.extend(rows);
    let short: Vec<String> = plan
        .risks
        .iter()
        .filter(|state| state.held() == Some(false))
        .map(|state| state.key.clone())
        .collect();
    for key in short {
        let but = |why: &str| {
            format!(
                "{key} holds in the trials that the plan was made on, but not on fresh ones{why}"
            )
        };
        plan.warnings.push(match ending {
            Ending::Fixed => format!("these counts do not keep {key} on fresh trials"),
            Ending::NoPlan => but(", and no plan keeps it tighter"),
            Ending::NotFound => but(", and no plan was found that keeps it tighter"),
            Ending::Nearest => format!(
                "{key} does not hold on fresh trials; no plan that keeps every rule was found, this one comes nearest"
            ),
            Ending::Searched(0) => format!("{key} does not hold on fresh trials"),
            Ending::Searched(1) => but(", although it was tightened once"),
            Ending::Searched(times) => but(&format!(", although it was tightened {times} times")),
        });
    }
    plan
}
