//! Plans that keep rules on random totals: planned on a sample, checked on fresh trials, tightened.

mod fresh;
mod nearest;
pub(super) mod tighten;

use std::cell::RefCell;
use std::time::Instant;

use self::fresh::{Fresh, check};
use self::nearest::{nearest, unproven};
use self::tighten::{better, loosened, shortfall, tighter, wanted};
use super::{EngineError, stop_if};
use crate::model::{
    Bound, Cancel, ConstraintKind, ConstraintState, FactorSample, Model, Plan, PlanSettings,
    PlanStatus, PriceRange, Risk, RiskMeasure, Unit,
};
use crate::optimizer;
use crate::rng::slot_hash;
use crate::simulator;

/// Most times that rules are tightened and the plan is made anew.
const ROUNDS: u64 = 6;

/// Most times that is done where every rule holds, so that it holds safely.
const SAFER: u64 = 3;

/// Most times that the plan is made anew for what the trials show that are reported.
const AGAIN: u64 = 2;

/// A model to be planned, and with what.
struct Work<'a> {
    model: &'a Model,
    sample: &'a FactorSample,
    settings: &'a PlanSettings,
    started: Instant,
    cancel: &'a Cancel,
    /// The best plan so far that keeps every rule in sample, for who stops here.
    best: RefCell<Option<Plan>>,
}

/// A plan that was chosen by fresh trials, before it is measured on others.
struct Found {
    plan: Plan,
    /// Of all programs on the way.
    seconds: f64,
    ending: Ending,
    /// The clock kept rules from being tightened further.
    clocked: bool,
    /// What to say if it does not hold after all.
    refused: Option<Plan>,
}

/// What came of a search.
enum Sought {
    /// No plan that holds, and why.
    Nothing(Box<Plan>),
    Found(Box<Found>),
}

/// Plans a model through the one door for plans with and without risk.
///
/// Four sets of trials, all derived from the scenario's seed: the run's have the seed itself, the
/// program's `seed XOR slot_hash(["risk", "program"], 0)`, those by which rules are tightened and plans are chosen
/// `seed XOR slot_hash(["risk", "check"], 0)`, and those of the figures that are reported
/// `seed XOR slot_hash(["risk", "report"], k)`, k the plans before whose own ones did not satisfy. So no plan is judged
/// by trials that shaped it.
///
/// A rule that does not hold safely on fresh trials, by [`SAFE`](crate::model::SAFE) standard errors, is tightened by what
/// the program's measure overstates, in sample − out of sample, and two standard errors more; then the
/// plan is made anew. Fixed counts are measured only. The best plan without rules of risk is measured
/// first: if it keeps them on fresh trials, no plan that keeps them is better.
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
    let work = Work {
        model,
        sample: &sample,
        settings,
        started,
        cancel,
        best: RefCell::new(None),
    };
    let planned = work.sought().and_then(|sought| match sought {
        Sought::Nothing(plan) => Ok(*plan),
        Sought::Found(found) => work.reported(*found),
    });
    match planned {
        Err(EngineError::Interrupted) => work.stopped(),
        planned => planned,
    }
}

impl Work<'_> {
    /// The plan of rules so tight.
    fn at(&self, tightened: &[f64]) -> Result<Plan, EngineError> {
        let left = left(self.settings, self.started);
        let mut plan =
            optimizer::plan_at_risk(self.model, self.sample, tightened, &left, self.cancel);
        for (state, &by) in plan.risks.iter_mut().zip(tightened) {
            state.tightened = by;
        }
        if plan.is_usable() && tightened.iter().all(|&by| by >= 0.0) {
            self.best.borrow_mut().get_or_insert_with(|| plan.clone());
        }
        stop_if(self.cancel)?;
        Ok(plan)
    }

    /// What a cancel leaves: the best plan until then, its risk not measured on trials of its own.
    fn stopped(&self) -> Result<Plan, EngineError> {
        let mut plan = self.best.take().ok_or(EngineError::Interrupted)?;
        for state in &mut plan.risks {
            (state.out_of_sample, state.out_of_sample_error) = (None, None);
        }
        let seconds = plan.solver.seconds;
        let mut plan = finished(self.model, plan, seconds, &Ending::Searched(0));
        plan.status = PlanStatus::Stopped;
        plan.solver.reproducible = false;
        Ok(plan)
    }

    fn check(&self, plan: &mut Plan, fresh: Fresh) -> Result<(), EngineError> {
        check(self.model, plan, fresh, self.cancel)
    }

    fn clocked(&self) -> bool {
        left(self.settings, self.started).time_limit <= 0.0
    }

    fn free(&self) -> Result<Option<Plan>, EngineError> {
        let left = left(self.settings, self.started);
        without_risk(self.model, self.sample, &left, self.cancel)
    }

    /// The plan by the trials of the program and those by which rules are tightened.
    fn sought(&self) -> Result<Sought, EngineError> {
        let risk = &self.model.risk;
        let mut free = match risk.objective {
            None => self.free()?,
            Some(_) => None,
        };
        if let Some(plan) = &free
            && plan.risks.iter().all(|state| state.safe() == Some(true))
        {
            let seconds = plan.solver.seconds;
            return Ok(found(plan.clone(), seconds, Ending::Searched(0)));
        }
        let mut tightened = vec![0.0; risk.rules.len()];
        let mut kept = free.clone().filter(|free| shortfall(free) == 0.0);
        let mut refused: Option<Plan> = None;
        let mut too_tight: Option<Vec<f64>> = None;
        // Of every rule the most it was tightened by and yet was not safe.
        let mut loosest = tightened.clone();
        let mut seconds = 0.0;
        let mut round = 0;
        loop {
            // How tight the rules should be next; `None` if they are as they should be.
            let now;
            let mut plan = self.at(&tightened)?;
            seconds += plan.solver.seconds;
            let (best, ending) = if plan.is_usable() {
                if plan.status == PlanStatus::Fixed {
                    return Ok(found(plan, seconds, Ending::Fixed));
                }
                if risk.rules.is_empty() {
                    return Ok(found(plan, seconds, Ending::Searched(0)));
                }
                self.check(&mut plan, Fresh::Tightening)?;
                now = wanted(&plan, too_tight.as_deref(), &mut loosest);
                let best = match kept {
                    Some(kept) if !better(&plan, &kept, self.model) => kept,
                    _ => plan,
                };
                (best, Ending::Searched(round))
            } else if let Some(kept) = kept {
                // Where half of the way is no way at all, that was it.
                now = tighter(&kept, Some(&tightened)).filter(|next| *next != tightened);
                too_tight = Some(tightened);
                if plan.status == PlanStatus::Infeasible {
                    (kept, Ending::NoPlan)
                } else {
                    (kept, Ending::NotFound)
                }
            } else if let Some(refused) = refused {
                return nearest(self, free, refused);
            } else if matches!(plan.status, PlanStatus::TimeLimit { .. }) {
                return Ok(Sought::Nothing(Box::new(plan)));
            } else {
                // Only here, with an objective of risk, is it of use what the best plan without risk does.
                if free.is_none() && !risk.rules.is_empty() {
                    free = self.free()?;
                }
                let Some(loose) = free.as_ref().and_then(loosened) else {
                    return nearest(self, free, plan);
                };
                (kept, refused) = (None, Some(plan));
                tightened = loose;
                round += 1;
                continue;
            };
            let clocked = self.clocked();
            let short = shortfall(&best) > 0.0;
            match now {
                Some(_) if clocked && short => {
                    return Ok(clocked_out(refused.unwrap_or(best), seconds, ending));
                }
                Some(next) if round < (if short { ROUNDS } else { SAFER }) && !clocked => {
                    tightened = next;
                }
                Some(_) if short && let Some(refused) = refused => {
                    let known = free
                        .filter(|free| shortfall(free) < shortfall(&best))
                        .or(Some(best));
                    return nearest(self, known, refused);
                }
                open => {
                    let mut best = best;
                    best.solver.reproducible &= !(clocked && open.is_some());
                    return Ok(found(best, seconds, ending));
                }
            }
            self.best.replace(Some(best.clone()));
            kept = Some(best);
            round += 1;
        }
    }

    /// A plan as it is handed out: measured on trials that shaped nothing. If a rule does not hold safely there, it is
    /// tightened by what they show, and the plan that comes of it is measured on others again.
    fn reported(&self, found: Found) -> Result<Plan, EngineError> {
        let Found {
            mut plan,
            mut seconds,
            mut ending,
            clocked,
            refused,
        } = found;
        self.best.replace(Some(plan.clone()));
        self.check(&mut plan, Fresh::Reported(0))?;
        let mut too_tight: Option<Vec<f64>> = None;
        for again in 1..=AGAIN {
            let Some(next) = tighter(&plan, too_tight.as_deref()) else {
                break;
            };
            if plan.status == PlanStatus::Fixed {
                break;
            }
            if self.clocked() {
                plan.solver.reproducible = false;
                break;
            }
            let held = shortfall(&plan) == 0.0;
            let mut other = self.at(&next)?;
            seconds += other.solver.seconds;
            if !other.is_usable() {
                if held {
                    break;
                }
                too_tight = Some(next);
                continue;
            }
            self.check(&mut other, Fresh::Reported(again))?;
            if better(&other, &plan, self.model) {
                plan = other;
                too_tight = None;
                if let Ending::Searched(rounds) = &mut ending {
                    *rounds += 1;
                }
            } else if held {
                break;
            }
        }
        let short = shortfall(&plan) > 0.0;
        if short && let Some(refused) = refused {
            return Ok(unproven(self.model, refused));
        }
        let nearest = matches!(ending, Ending::Nearest);
        let mut plan = finished(self.model, plan, seconds, &ending);
        if clocked && (short || !nearest) {
            plan.status = PlanStatus::TimeLimit { found: true };
        } else if short && nearest {
            plan.status = PlanStatus::Feasible;
        }
        plan.solver.reproducible &= !clocked;
        Ok(plan)
    }
}

fn found(plan: Plan, seconds: f64, ending: Ending) -> Sought {
    Sought::Found(Box::new(Found {
        plan,
        seconds,
        ending,
        clocked: false,
        refused: None,
    }))
}

/// A plan that the clock did not let become what the rules ask for.
fn clocked_out(mut best: Plan, seconds: f64, ending: Ending) -> Sought {
    if !best.is_usable() {
        best.solver.reproducible = false;
        return Sought::Nothing(Box::new(best));
    }
    Sought::Found(Box::new(Found {
        plan: best,
        seconds,
        ending,
        clocked: true,
        refused: None,
    }))
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
    check(&plain, &mut plan, Fresh::Tightening, cancel)?;
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
