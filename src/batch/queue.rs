//! Works through checked scenarios: plans side by side, simulations one at a time.

use std::path::PathBuf;

use rayon::prelude::*;

use super::drift::{Baseline, Drift};
use super::find::Entry;
use super::judge::{Case, Failure, plan_cases, target_cases};
use crate::engine::{self, EngineError, RunResult, SimulationSettings};
use crate::model::{Cancel, Model, NoProgress, Plan, PlanSettings, Progress, TrialSink};
use crate::scenario::{Problems, Scenario};
use crate::summary::Scopes;

/// Keeps what scenarios yield. Implemented by the command line; one scenario at a time.
pub trait Store {
    /// Makes ready for a scenario's results.
    ///
    /// # Errors
    /// When they could not be kept; the scenario is not simulated then.
    fn open(&mut self, scenario: &Scenario, planned: &[(Model, Plan)]) -> Result<(), StoreError>;
    /// Where trial rows go, if they are kept.
    fn sink(&mut self) -> Option<&mut dyn TrialSink>;
    /// Takes the results and makes them whole.
    ///
    /// # Errors
    /// When they can't be kept.
    fn keep(&mut self, scenario: &Scenario, result: &RunResult) -> Result<(), StoreError>;
    /// Forgets what was opened; nothing of it may remain.
    fn abandon(&mut self);
}

/// Why results could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What stands where they should go is not ours to replace.
    #[error("{0}")]
    InTheWay(String),
    /// Anything else: a full disk, say.
    #[error("{0}")]
    Failed(String),
}

/// How to work through a batch.
#[derive(Debug, Clone, Copy)]
pub struct BatchSettings {
    /// How to plan.
    pub plan: PlanSettings,
    /// Which scopes are summarized.
    pub scopes: Scopes,
    /// Trials a block of work; changes no result.
    pub block: usize,
    /// Scenarios planned side by side before the first of them is simulated.
    pub side_by_side: usize,
    /// Stop after the first scenario that fails.
    pub fail_fast: bool,
    /// A missed target fails its scenario (its case fails anyway).
    pub require_targets: bool,
    /// A plan that the clock stopped passes.
    pub allow_time_limit: bool,
}

/// What became of one scenario.
#[derive(Debug, Clone)]
pub struct ScenarioReport {
    /// The scenario's name; the file's path if it is not valid.
    pub name: String,
    /// File.
    pub path: PathBuf,
    /// Every question with its answer.
    pub cases: Vec<Case>,
    /// The result, if there is one and it was kept.
    pub result: Option<RunResult>,
    /// What comparing with the baseline found.
    pub drift: Option<Drift>,
    /// Whether the scenario was left out because an earlier one failed.
    pub skipped: bool,
    /// Wall time of its simulation and of keeping its results, in seconds.
    pub seconds: f64,
}

impl ScenarioReport {
    fn new(name: String, path: PathBuf) -> Self {
        Self {
            name,
            path,
            cases: Vec::new(),
            result: None,
            drift: None,
            skipped: false,
            seconds: 0.0,
        }
    }

    /// Failures that count: missed targets only if they are required.
    pub fn failures(&self, require_targets: bool) -> impl Iterator<Item = (Failure, &str)> {
        self.cases
            .iter()
            .filter_map(Case::failure)
            .filter(move |(failure, _)| require_targets || *failure != Failure::TargetMissed)
    }
}

/// A scenario with its plans, or why there are none.
type Planned = Result<Vec<(Model, Plan)>, EngineError>;

/// Plans, simulates, keeps and judges checked scenarios, in the order given. One that fails does
/// not stop the others unless `fail_fast`; then a file that is not valid stops them all before
/// anything is planned, and the rest are reported as skipped.
///
/// # Errors
/// [`EngineError::Interrupted`] if cancelled; what was kept until then stays.
pub fn run(
    entries: Vec<Entry>,
    settings: &BatchSettings,
    baseline: Option<&Baseline>,
    store: &mut dyn Store,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Vec<ScenarioReport>, EngineError> {
    let mut stopped = settings.fail_fast && entries.iter().any(|entry| entry.scenario.is_err());
    let total = entries.len();
    let mut reports = Vec::with_capacity(total);
    let mut rest = entries.into_iter().peekable();
    while rest.peek().is_some() {
        let window: Vec<Entry> = rest.by_ref().take(settings.side_by_side.max(1)).collect();
        let mut planned = if stopped {
            Vec::new()
        } else {
            let done = reports.len();
            let phase = format!(
                "planning scenarios {} to {} of {total}",
                done + 1,
                done + window.len()
            );
            plan_window(&window, settings, &phase, progress, cancel)?
        }
        .into_iter();
        for entry in window {
            let plans = planned.next().flatten();
            let label = format!("{} of {total}", reports.len() + 1);
            let report = match (entry.scenario, plans) {
                (Err(problems), _) => invalid(entry.path, &problems),
                (Ok(scenario), Some(plans)) if !stopped => {
                    let progress = Labelled {
                        label: format!("{label}, {}", scenario.name),
                        progress,
                    };
                    one(
                        &scenario, entry.path, plans, settings, baseline, store, &progress, cancel,
                    )?
                }
                (Ok(scenario), _) => skipped(&scenario, entry.path),
            };
            stopped |=
                settings.fail_fast && report.failures(settings.require_targets).next().is_some();
            reports.push(report);
        }
    }
    Ok(reports)
}

/// Plans a window's valid scenarios side by side.
fn plan_window(
    window: &[Entry],
    settings: &BatchSettings,
    phase: &str,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Vec<Option<Planned>>, EngineError> {
    progress.start(phase, window.len() as u64);
    let planned: Vec<Option<Planned>> = window
        .par_iter()
        .map(|entry| {
            let scenario = entry.scenario.as_ref().ok()?;
            let models = scenario.models().cloned().collect();
            let plans = engine::plan_models(models, &settings.plan, &NoProgress, cancel);
            let plans = plans.and_then(|mut plans| {
                engine::find_remedies(scenario, &mut plans, &settings.plan, cancel)?;
                Ok(plans)
            });
            progress.advance(1);
            Some(plans)
        })
        .collect();
    progress.finish();
    if cancel.requested() {
        return Err(EngineError::Interrupted);
    }
    Ok(planned)
}

fn invalid(path: PathBuf, problems: &Problems) -> ScenarioReport {
    let mut report = ScenarioReport::new(path.display().to_string(), path);
    let message = problems.render(false);
    report
        .cases
        .push(Case::failed("valid", Failure::Invalid, message));
    report
}

fn skipped(scenario: &Scenario, path: PathBuf) -> ScenarioReport {
    let reason = "an earlier scenario failed (--fail-fast)";
    let mut report = ScenarioReport::new(scenario.name.clone(), path);
    report.cases.push(Case::passed("valid"));
    report.skipped = true;
    for model in scenario.models() {
        let name = format!("plan {}", model.name);
        report.cases.push(Case::skipped(&name, reason));
    }
    for target in &scenario.base.targets {
        let name = format!("target {}", target.key);
        report.cases.push(Case::skipped(&name, reason));
    }
    for rule in &scenario.base.risk.rules {
        let name = format!("rule {}", rule.key);
        report.cases.push(Case::skipped(&name, reason));
    }
    report
}

/// Simulates, keeps and judges one scenario.
#[expect(
    clippy::too_many_arguments,
    reason = "the loop's state, handed on once"
)]
fn one(
    scenario: &Scenario,
    path: PathBuf,
    planned: Planned,
    settings: &BatchSettings,
    baseline: Option<&Baseline>,
    store: &mut dyn Store,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<ScenarioReport, EngineError> {
    let begun = std::time::Instant::now();
    let mut report = ScenarioReport::new(scenario.name.clone(), path);
    report.cases.push(Case::passed("valid"));
    let result = planned.map_err(Trouble::Engine).and_then(|planned| {
        store.open(scenario, &planned).map_err(Trouble::Store)?;
        let simulation = SimulationSettings {
            seed: scenario.seed,
            trials: scenario.trials,
            scopes: settings.scopes,
            block: settings.block,
        };
        let mut result = engine::simulate_plans(
            &scenario.name,
            planned,
            &simulation,
            store.sink(),
            progress,
            cancel,
        )
        .map_err(Trouble::Engine)?;
        result
            .warnings
            .splice(0..0, scenario.warnings.iter().cloned());
        store.keep(scenario, &result).map_err(Trouble::Store)?;
        Ok(result)
    });
    match result {
        Ok(result) => {
            judge(&mut report, &result, settings, baseline);
            report.result = Some(result);
        }
        Err(trouble) => {
            store.abandon();
            let (failure, message) = match trouble {
                Trouble::Engine(EngineError::Interrupted) => return Err(EngineError::Interrupted),
                Trouble::Engine(error) => (Failure::Internal, error.to_string()),
                Trouble::Store(StoreError::InTheWay(text)) => (Failure::Invalid, text),
                Trouble::Store(StoreError::Failed(text)) => (Failure::Internal, text),
            };
            report
                .cases
                .push(Case::failed("plan base", failure, message));
        }
    }
    report.seconds = begun.elapsed().as_secs_f64();
    Ok(report)
}

enum Trouble {
    Engine(EngineError),
    Store(StoreError),
}

fn judge(
    report: &mut ScenarioReport,
    result: &RunResult,
    settings: &BatchSettings,
    baseline: Option<&Baseline>,
) {
    report
        .cases
        .extend(plan_cases(result, settings.allow_time_limit));
    report.cases.extend(target_cases(result));
    if let Some(baseline) = baseline {
        let drift = baseline.compare(&result.scenario, &result.summary);
        report.cases.push(if drift.rows.is_empty() {
            Case::passed("baseline")
        } else {
            let rows: Vec<String> = drift.rows.iter().map(ToString::to_string).collect();
            Case::failed("baseline", Failure::Drift, rows.join("\n"))
        });
        report.drift = Some(drift);
    }
}

/// Says which scenario a phase belongs to.
struct Labelled<'a> {
    label: String,
    progress: &'a dyn Progress,
}

impl Progress for Labelled<'_> {
    fn start(&self, phase: &str, steps: u64) {
        self.progress
            .start(&format!("{}: {phase}", self.label), steps);
    }

    fn advance(&self, steps: u64) {
        self.progress.advance(steps);
    }

    fn finish(&self) {
        self.progress.finish();
    }
}
