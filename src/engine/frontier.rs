//! A walk over one key: plans at every value, simulated on common draws, and the least value that is enough.

use std::cmp::Ordering;
use std::time::Instant;

use super::{
    EngineError, PlanResult, RunResult, SimulationSettings, plan_models, simulate_plans, stop_if,
};
use crate::frontier::{
    Axis, Evidence, FrontierRow, Least, Pays, Point, Totals, Verdict, between, knees, least, rows,
};
use crate::judging::TargetResult;
use crate::model::{Cancel, Model, Plan, PlanSettings, PlanStatus, Progress};

/// Rounds of narrowing down.
const ROUNDS: usize = 8;
/// Values a round.
const A_ROUND: usize = 4;
/// Values that halve the range downwards, where its lower end is enough already.
const HALVINGS: i32 = 6;
/// The answer is narrowed down to this share of itself.
const NARROW: f64 = 1e-3;
/// Errors to either side of a figure that its 95 % interval takes.
const INTERVAL: f64 = 1.96;

/// What a walk found.
#[derive(Debug, Clone)]
pub struct Frontier {
    /// The points' plans in the order of their values, their summaries and warnings.
    pub run: RunResult,
    /// What was walked over.
    pub axis: Axis,
    /// The points, one a plan of `run.plans`.
    pub points: Vec<Point>,
    /// Rows of `frontier.parquet`.
    pub rows: Vec<FrontierRow>,
    /// Where more stops being worth it; of walks over the budget.
    pub knees: Vec<Pays>,
    /// The least value that is enough, if it was asked for.
    pub least: Option<Least>,
}

/// How to walk.
#[derive(Debug, Clone, Copy)]
pub struct Walk<'a> {
    /// How to plan.
    pub planning: &'a PlanSettings,
    /// How to simulate; the number of trials must be fixed for points to be comparable.
    pub simulation: &'a SimulationSettings,
    /// Whether to look for the least value that meets every target that names a probability.
    pub least: bool,
    /// Whether to go on below the first value if it is enough already.
    pub below: bool,
    /// Whether values between must be whole.
    pub whole: bool,
}

/// Gives the model at a value, for values that only the search asks for.
pub type ModelAt<'a, E> = dyn FnMut(f64) -> Result<Model, E> + 'a;

/// Plans every point, simulates all plans on common draws and says what the next bit more brings. Points
/// without a plan are kept, with their reason. With [`Walk::least`], `model_at` is asked for more values until
/// the least one that is enough is known to a thousandth.
///
/// # Errors
/// [`EngineError`] as of [`simulate_plans`], or what `model_at` says.
pub fn walk<E: From<EngineError>>(
    scenario: &str,
    axis: Axis,
    models: Vec<(f64, Model)>,
    model_at: &mut ModelAt<'_, E>,
    how: &Walk<'_>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Frontier, E> {
    let mut found = Found::new(scenario, how.simulation.seed);
    found.add(models, false, how, progress, cancel)?;
    if how.least {
        narrow(&mut found, model_at, how, progress, cancel)?;
    }
    stop_if(cancel)?;
    Ok(found.finish(axis, how.least))
}

fn narrow<E: From<EngineError>>(
    found: &mut Found,
    model_at: &mut ModelAt<'_, E>,
    how: &Walk<'_>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<(), E> {
    let first = found.least().verdict;
    if let Verdict::Found { below: None, .. } = first
        && how.below
    {
        let end = found.stops[0].value;
        let values = (1..=HALVINGS).map(|i| end * 0.5_f64.powi(i));
        let values = values.map(|v| if how.whole { v.ceil() } else { v });
        let mut values: Vec<f64> = values.filter(|&v| v < end).collect();
        values.dedup();
        found.ask(values, model_at, how, progress, cancel)?;
    }
    for _ in 0..ROUNDS {
        let Verdict::Found {
            point,
            below: Some(below),
        } = found.least().verdict
        else {
            break;
        };
        let (low, high) = (found.stops[below].value, found.stops[point].value);
        if high - low <= NARROW * high.abs() {
            break;
        }
        let values = between(low, high, A_ROUND, how.whole);
        if values.is_empty() {
            break;
        }
        found.ask(values, model_at, how, progress, cancel)?;
    }
    Ok(())
}

/// One value in the making.
struct Stop {
    value: f64,
    refined: bool,
    result: PlanResult,
    simulated: Option<usize>,
}

/// What has been found so far, stops in the order of their values.
struct Found {
    stops: Vec<Stop>,
    totals: Totals,
    run: RunResult,
}

impl Found {
    fn new(scenario: &str, seed: u64) -> Self {
        Self {
            stops: Vec::new(),
            totals: Totals::new(Vec::new()),
            run: RunResult::empty(scenario, seed),
        }
    }

    fn ask<E: From<EngineError>>(
        &mut self,
        values: Vec<f64>,
        model_at: &mut ModelAt<'_, E>,
        how: &Walk<'_>,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<(), E> {
        let mut models = Vec::with_capacity(values.len());
        for value in values {
            models.push((value, model_at(value)?));
        }
        Ok(self.add(models, true, how, progress, cancel)?)
    }

    /// Plans and simulates further values. A plan's trials do not depend on which plans run beside it.
    fn add(
        &mut self,
        models: Vec<(f64, Model)>,
        refined: bool,
        how: &Walk<'_>,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<(), EngineError> {
        let (values, models): (Vec<f64>, Vec<Model>) = models.into_iter().unzip();
        let begun = Instant::now();
        let planned = plan_models(models, how.planning, progress, cancel)?;
        self.spent("planning", begun.elapsed().as_secs_f64());
        let margins: Vec<f64> = planned
            .iter()
            .filter(|(_, plan)| plan.is_usable())
            .map(|(model, _)| model.order.margin)
            .collect();
        let mut next = self.run_of_totals();
        let mut totals = Totals::new(margins);
        let scenario = self.run.scenario.clone();
        let run = simulate_plans(
            &scenario,
            planned,
            how.simulation,
            Some(&mut totals),
            progress,
            cancel,
        )?;
        self.totals.extend(totals);
        for (phase, seconds) in run.seconds {
            self.spent(phase, seconds);
        }
        self.run.trials = self.run.trials.max(run.trials);
        self.run.summary.extend(run.summary);
        for (value, result) in values.into_iter().zip(run.plans) {
            let simulated = result.plan.is_usable().then(|| {
                next += 1;
                next - 1
            });
            self.stops.push(Stop {
                value,
                refined,
                result,
                simulated,
            });
        }
        for warning in run.warnings {
            if !self.run.warnings.contains(&warning) {
                self.run.warnings.push(warning);
            }
        }
        self.stops
            .sort_by(|a, b| a.value.partial_cmp(&b.value).unwrap_or(Ordering::Equal));
        Ok(())
    }

    fn run_of_totals(&self) -> usize {
        self.stops.iter().filter(|s| s.simulated.is_some()).count()
    }

    fn spent(&mut self, phase: &'static str, seconds: f64) {
        match self.run.seconds.iter_mut().find(|(p, _)| *p == phase) {
            Some((_, all)) => *all += seconds,
            None => self.run.seconds.push((phase, seconds)),
        }
    }

    fn least(&self) -> Least {
        let evidence: Vec<Option<Evidence>> = self
            .stops
            .iter()
            .map(|stop| stop.simulated.and_then(|_| evidence(&stop.result.targets)))
            .collect();
        least(&evidence)
    }

    fn finish(mut self, axis: Axis, wanted: bool) -> Frontier {
        let least = wanted.then(|| self.least());
        let mut points: Vec<Point> = Vec::with_capacity(self.stops.len());
        for (number, stop) in self.stops.iter().enumerate() {
            let counts = &stop.result.plan.counts;
            let usable = stop.simulated.is_some();
            let same_as = (0..number).find(|&i| {
                let other = &self.stops[i];
                usable && other.simulated.is_some() && other.result.plan.counts == counts
            });
            points.push(Point {
                value: stop.value,
                refined: stop.refined,
                simulated: stop.simulated,
                reason: reason(&stop.result.plan),
                same_as,
            });
        }
        let plans: Vec<(&Model, &Plan)> = self
            .stops
            .iter()
            .map(|stop| (&stop.result.model, &stop.result.plan))
            .collect();
        let rows = rows(&axis, &points, &plans, &self.run.summary, &self.totals);
        let knees = match (axis.by, plans.first()) {
            (crate::frontier::By::Budget, Some((model, _))) => knees(model, &points, &rows),
            _ => Vec::new(),
        };
        let order: Vec<String> = plans.iter().map(|(_, p)| p.name.clone()).collect();
        let place = |name: &str| order.iter().position(|n| n == name);
        self.run.summary.sort_by_key(|row| place(&row.plan));
        self.run.plans = self.stops.into_iter().map(|stop| stop.result).collect();
        Frontier {
            run: self.run,
            axis,
            points,
            rows,
            knees,
            least,
        }
    }
}

/// Whether every target with a probability is met; `None` if there is no such target.
fn evidence(targets: &[TargetResult]) -> Option<Evidence> {
    let mut all: Option<Evidence> = None;
    for target in targets {
        let (Some(with), Some(probability)) = (target.with, target.probability) else {
            continue;
        };
        let margin = INTERVAL * target.probability_error.unwrap_or(0.0);
        let so_far = all.unwrap_or(Evidence {
            met: true,
            surely: true,
            possibly: true,
        });
        all = Some(Evidence {
            met: so_far.met && target.met,
            surely: so_far.surely && probability - margin >= with,
            possibly: so_far.possibly && probability + margin >= with,
        });
    }
    all
}

/// Why there is no plan, in a line.
fn reason(plan: &Plan) -> Option<String> {
    match &plan.status {
        _ if plan.is_usable() => None,
        PlanStatus::Failed { reason } if plan.status.is_open() => Some(reason.clone()),
        PlanStatus::Failed { reason } => Some(format!("the solvers failed: {reason}")),
        PlanStatus::TimeLimit { .. } => {
            Some("the time limit ended the search before a plan was found".to_owned())
        }
        _ => Some(
            plan.conflict
                .as_ref()
                .and_then(|conflict| conflict.sentences.first())
                .and_then(|sentence| sentence.lines().next())
                .unwrap_or("no plan keeps every rule")
                .to_owned(),
        ),
    }
}
