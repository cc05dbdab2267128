//! Scenario → plans → outcomes → summaries → comparisons.
//!
//! [`plan_models`] and [`simulate_plans`] are the way of a run. Beside it:
//!
//! - `risk` plans what must keep rules on random totals, `remedy` finds settings that give an infeasible scenario a plan;
//! - `stop` says when there are enough trials, `dependency` how much hangs on individuals, `supply` where assumed terms limit;
//! - `replan` is the way after months that happened, `selecting` that of a roster's creators, `explain` and `frontier` those
//!   of their commands.

mod dependency;
mod explain;
mod frontier;
mod remedy;
mod replan;
mod risk;
mod selecting;
mod stop;
mod supply;

use std::time::Instant;

use rayon::prelude::*;

pub use self::explain::{Explanation, explain_plans};
pub use self::frontier::{Frontier, ModelAt, Walk, walk};
pub use self::remedy::find_remedies;
pub use self::replan::{Replanned, replan, simulate_replanned};
pub use self::selecting::{SelectedPlan, simulate_selections};
use crate::actuals::{Learned, NothingLeft, Past, VarianceRow};
use crate::comparison::{self, ComparisonRow};
pub use crate::judging::TargetResult;
pub use crate::summary::Scopes;

use self::stop::{Stop, missed_precision, undecided};
use self::supply::assumed_at_supply;
use crate::forecast::{self, CashRow, ForecastRow};
use crate::individuals::DependencyRow;
use crate::judging;
use crate::model::{
    Cancel, Model, Plan, PlanSettings, Progress, SinkError, TrialBlock, TrialSink, Trials,
};
use crate::optimizer;
use crate::ranking::BestPlan;
use crate::rebalancing::{self, RebalancingRow};
use crate::simulator::{PlanInput, SimulationError, Simulator};
use crate::stats::GRANULE;
use crate::summary::{Collector, Histogram, Planned, SummaryRow};

/// What a run found.
#[derive(Debug, Clone)]
pub struct RunResult {
    /// Scenario name; the output folder's name.
    pub scenario: String,
    /// Seed used.
    pub seed: u64,
    /// Trials run.
    pub trials: u64,
    /// The base plan first, then the what-ifs in file order.
    pub plans: Vec<PlanResult>,
    /// Rows of `summary.parquet`.
    pub summary: Vec<SummaryRow>,
    /// Rows of `comparison.parquet`.
    pub comparison: Vec<ComparisonRow>,
    /// Rows of `rebalancing.parquet`.
    pub rebalancing: Vec<RebalancingRow>,
    /// Rows of `dependency.parquet`.
    pub dependency: Vec<DependencyRow>,
    /// Rows of `forecast.parquet`; empty where a scenario has one month and says nothing about time.
    pub forecast: Vec<ForecastRow>,
    /// Rows of `cash.parquet`; likewise.
    pub cash: Vec<CashRow>,
    /// The choice among the plans, if `trials.best` asked for one.
    pub best: Option<BestPlan>,
    /// Rows of `variance.parquet`, where months happened.
    pub variance: Vec<VarianceRow>,
    /// What the months that happened say of the shared factors.
    pub learned: Vec<Learned>,
    /// Sentences that qualify the result.
    pub warnings: Vec<String>,
    /// Wall times by phase, in seconds; for the manifest only.
    pub seconds: Vec<(&'static str, f64)>,
}

impl RunResult {
    /// A result that holds nothing yet: no plans, no trials, no rows.
    #[must_use]
    pub fn empty(scenario: &str, seed: u64) -> Self {
        Self {
            scenario: scenario.to_owned(),
            seed,
            trials: 0,
            plans: Vec::new(),
            summary: Vec::new(),
            comparison: Vec::new(),
            rebalancing: Vec::new(),
            dependency: Vec::new(),
            forecast: Vec::new(),
            cash: Vec::new(),
            best: None,
            variance: Vec::new(),
            learned: Vec::new(),
            warnings: Vec::new(),
            seconds: Vec::new(),
        }
    }
}

/// One plan with what belongs to it alone.
#[derive(Debug, Clone)]
pub struct PlanResult {
    /// The model it was made for.
    pub model: Model,
    /// The plan.
    pub plan: Plan,
    /// Its targets, judged. Empty if there is no plan.
    pub targets: Vec<TargetResult>,
    /// Small pictures of the headline metrics' distributions (ROAS, revenue, CPA …).
    pub histograms: Vec<Histogram>,
}

/// Why a run stopped without a result.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Stopped on request.
    #[error("interrupted")]
    Interrupted,
    /// Nothing is left to plan after the months that happened.
    #[error(transparent)]
    Actuals(#[from] NothingLeft),
    /// Trial rows could not be kept.
    #[error("trial rows could not be written: {0}")]
    Sink(#[from] SinkError),
    /// The simulation could not be set up.
    #[error("the simulation could not be set up: {0}")]
    Simulation(String),
}

/// How to simulate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulationSettings {
    /// Seed of all draws.
    pub seed: u64,
    /// How many trials.
    pub trials: Trials,
    /// Which scopes are summarized.
    pub scopes: Scopes,
    /// Trials a block of work; changes no result.
    pub block: usize,
}

/// Plans all models side by side on the current thread pool, in the order given. What a plan must
/// promise beyond its mean ([`Model::risk`]) is planned on a sample of trials, measured again on fresh
/// ones of the whole simulator, and tightened until it holds there.
///
/// # Errors
/// [`EngineError::Interrupted`] if cancelled, [`EngineError::Simulation`] if a plan's risk can't be
/// measured.
pub fn plan_models(
    models: Vec<Model>,
    settings: &PlanSettings,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Vec<(Model, Plan)>, EngineError> {
    let planned = plans_so_far(models, settings, progress, cancel)?;
    stop_if(cancel)?;
    Ok(planned)
}

/// [`plan_models`] for those who want what a cancel leaves: each model with the best plan found
/// until then (`PlanStatus::Stopped`), or a failed one where none was. Models whose risk was still
/// to be measured are left out.
///
/// # Errors
/// [`EngineError::Simulation`] if a plan's risk can't be measured.
pub fn plans_so_far(
    models: Vec<Model>,
    settings: &PlanSettings,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Vec<(Model, Plan)>, EngineError> {
    progress.start("planning", models.len() as u64);
    let planned = models
        .into_par_iter()
        .filter_map(|model| {
            let none = (settings.alternatives > 0)
                .then(|| crate::optimizer::no_alternatives(&model))
                .flatten();
            // A plan made without regard to what rules them out must not look for any either.
            let own = PlanSettings {
                alternatives: if none.is_some() {
                    0
                } else {
                    settings.alternatives
                },
                ..*settings
            };
            let mut plan = match planned(&model, &own, cancel) {
                Ok(plan) => plan,
                Err(EngineError::Interrupted) => return None,
                Err(error) => return Some(Err(error)),
            };
            plan.warnings.extend(none);
            progress.advance(1);
            Some(Ok((model, plan)))
        })
        .collect();
    progress.finish();
    planned
}

/// The plan of a model. What is promised of random totals is promised of every month.
fn planned(model: &Model, settings: &PlanSettings, cancel: &Cancel) -> Result<Plan, EngineError> {
    if model.months > 1 && model.risk.applies() {
        if optimizer::hang_together(model) {
            // The reader refuses such scenarios.
            return Err(EngineError::Simulation(
                "rules on random totals are planned month by month, and this horizon's months hang together"
                    .to_owned(),
            ));
        }
        return optimizer::by_month(model, settings, |month, settings| {
            risk::plan(month, settings, cancel)
        });
    }
    risk::plan(model, settings, cancel)
}

/// Simulates the usable plans on common random numbers, trial by trial, and summarizes, compares
/// and judges them. Plans that are not usable (infeasible, failed) are kept in the result without
/// estimates. The first plan is the baseline of comparisons.
///
/// # Errors
/// [`EngineError::Interrupted`] if cancelled, [`EngineError::Sink`] if the sink fails,
/// [`EngineError::Simulation`] if the draws can't be set up.
pub fn simulate_plans(
    scenario: &str,
    planned: Vec<(Model, Plan)>,
    settings: &SimulationSettings,
    sink: Option<&mut dyn TrialSink>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<RunResult, EngineError> {
    let usable = usable(&planned);
    let inputs: Vec<PlanInput<'_>> = usable
        .iter()
        .map(|&i| PlanInput {
            model: &planned[i].0,
            counts: planned[i].1.counts.view(),
        })
        .collect();
    let simulator = Simulator::new(&inputs, settings.seed).map_err(|error| unsimulated(&error))?;
    let mut drawn = draw(
        scenario,
        &planned,
        &Source::from(&simulator),
        settings,
        (sink, progress),
        cancel,
    )?;
    // Comparisons speak of the base plan; without it there is nothing to compare with.
    if usable.first() == Some(&0) {
        drawn.result.rebalancing = usable[1..]
            .iter()
            .flat_map(|&i| {
                let (base, other) = (&planned[0], &planned[i]);
                rebalancing::rebalancing((&base.0, &base.1), (&other.0, &other.1))
            })
            .collect();
    }
    drawn.judged(
        planned,
        |_, model, plan, summary| judging::judge(model, plan, summary),
        cancel,
    )
}

fn usable(planned: &[(Model, Plan)]) -> Vec<usize> {
    (0..planned.len())
        .filter(|&i| planned[i].1.is_usable())
        .collect()
}

fn unsimulated(error: &SimulationError) -> EngineError {
    EngineError::Simulation(error.to_string())
}

/// Where trials come from.
struct Source<'a> {
    simulator: &'a Simulator<'a>,
    /// One a plan where months happened, else none at all.
    pasts: &'a [Past],
}

impl<'a> From<&'a Simulator<'a>> for Source<'a> {
    fn from(simulator: &'a Simulator<'a>) -> Self {
        Self {
            simulator,
            pasts: &[],
        }
    }
}

impl Source<'_> {
    fn block(&self, first: u64, trials: usize) -> TrialBlock {
        let mut block = self.simulator.block(first, trials);
        for (past, plan) in self.pasts.iter().zip(&mut block.plans) {
            past.complete(plan, trials);
        }
        block
    }
}

/// Everything of a result but its plans, and the pictures of each plan.
struct Drawn {
    result: RunResult,
    pictures: Vec<Vec<Histogram>>,
}

/// Simulates the usable plans, which a simulator has been prepared for in this order.
fn draw(
    scenario: &str,
    planned: &[(Model, Plan)],
    source: &Source<'_>,
    settings: &SimulationSettings,
    ports: (Option<&mut dyn TrialSink>, &dyn Progress),
    cancel: &Cancel,
) -> Result<Drawn, EngineError> {
    let start = Instant::now();
    let usable = usable(planned);
    let mut result = RunResult::empty(scenario, settings.seed);
    let mut pictures = vec![Vec::new(); planned.len()];
    if !usable.is_empty() {
        let stop = Stop::new(settings.trials, planned, &usable);
        result
            .warnings
            .extend(stop.nothing_to_choose(settings.trials));
        let Collected {
            summary: collector,
            forecast,
            stop,
            dependency,
        } = collect((planned, &usable), source, settings, stop, ports, cancel)?;
        result
            .seconds
            .push(("simulation", start.elapsed().as_secs_f64()));
        let start = Instant::now();
        result.trials = collector.trials();
        result
            .warnings
            .extend(missed_precision(&collector, settings.trials));
        result.best = stop.best();
        result
            .warnings
            .extend(result.best.as_ref().and_then(undecided));
        result.summary = collector.summary();
        result.dependency = dependency;
        result.forecast = forecast.forecast();
        result.cash = forecast.cash();
        if usable[0] == 0 {
            result.comparison = comparison::rows(&collector, |i| &planned[usable[i]].1.name);
        }
        for (index, &plan) in usable.iter().enumerate() {
            pictures[plan] = collector.histograms(index);
        }
        result
            .seconds
            .push(("summary", start.elapsed().as_secs_f64()));
    }
    Ok(Drawn { result, pictures })
}

impl Drawn {
    /// The whole result, its plans judged.
    fn judged(
        self,
        planned: Vec<(Model, Plan)>,
        judge: impl Fn(usize, &Model, &Plan, &[SummaryRow]) -> Vec<TargetResult>,
        cancel: &Cancel,
    ) -> Result<RunResult, EngineError> {
        let Self {
            mut result,
            pictures,
        } = self;
        for (index, ((model, plan), histograms)) in planned.into_iter().zip(pictures).enumerate() {
            for warning in &plan.warnings {
                result
                    .warnings
                    .push(format!("plan {}: {warning}", plan.name));
            }
            result.warnings.extend(assumed_at_supply(&model, &plan));
            let targets = if plan.is_usable() {
                judge(index, &model, &plan, &result.summary)
            } else {
                Vec::new()
            };
            result.plans.push(PlanResult {
                model,
                plan,
                targets,
                histograms,
            });
        }
        // Nothing has been kept yet.
        stop_if(cancel)?;
        Ok(result)
    }
}

/// What the trials of a run have been gathered into.
struct Collected {
    summary: Collector,
    forecast: forecast::Collector,
    stop: Stop,
    dependency: Vec<DependencyRow>,
}

/// Runs the trials of the usable plans, block by block.
fn collect(
    (planned, usable): (&[(Model, Plan)], &[usize]),
    source: &Source<'_>,
    settings: &SimulationSettings,
    mut stop: Stop,
    (mut sink, progress): (Option<&mut dyn TrialSink>, &dyn Progress),
    cancel: &Cancel,
) -> Result<Collected, EngineError> {
    let subjects: Vec<Planned<'_>> = usable
        .iter()
        .map(|&i| Planned {
            model: &planned[i].0,
            plan: &planned[i].1,
        })
        .collect();
    let mut collector = Collector::new(&subjects, settings.scopes);
    let mut forecast = forecast::Collector::new(&subjects);
    let block = settings.block.max(1).div_ceil(GRANULE) * GRANULE;
    progress.start("simulating", stop.most());
    let mut checkpoint = stop.first();
    loop {
        while collector.trials() < checkpoint {
            stop_if(cancel)?;
            let blocks = next_blocks(source, collector.trials(), checkpoint, block);
            collector.absorb(&blocks);
            forecast.absorb(&blocks);
            for block in &blocks {
                if let Stop::Best(ranking, _) = &mut stop {
                    ranking.absorb(block);
                }
                if let Some(sink) = sink.as_deref_mut() {
                    sink.write(block)?;
                }
            }
            progress.advance(blocks.iter().map(|b| b.trials as u64).sum());
        }
        if stop.reached(&collector) || checkpoint >= stop.most() {
            break;
        }
        checkpoint = (checkpoint * 2).min(stop.most());
    }
    progress.finish();
    stop_if(cancel)?;
    let plans: Vec<&Plan> = usable.iter().map(|&i| &planned[i].1).collect();
    let dependency = if source.pasts.is_empty() {
        let trials = collector.trials();
        dependency::dependency(source.simulator, &plans, trials, progress, cancel)?
    } else {
        Vec::new()
    };
    Ok(Collected {
        summary: collector,
        forecast,
        stop,
        dependency,
    })
}

/// Ends the work if that was asked for.
fn stop_if(cancel: &Cancel) -> Result<(), EngineError> {
    if cancel.requested() {
        Err(EngineError::Interrupted)
    } else {
        Ok(())
    }
}

/// The next blocks up to a checkpoint, two a thread, computed side by side.
fn next_blocks(source: &Source<'_>, from: u64, checkpoint: u64, block: usize) -> Vec<TrialBlock> {
    let wave = 2 * rayon::current_num_threads() as u64;
    (0..wave)
        .map(|i| from + i * block as u64)
        .take_while(|&first| first < checkpoint)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|first| source.block(first, (checkpoint - first).min(block as u64) as usize))
        .collect()
}

#[cfg(test)]
mod tests;
