//! What run, simulate, compare and what-if share: plan, simulate, write, print, judge.

use std::path::Path;

use influencer_matrix::batch::{self, Case, Failure, Store};
use influencer_matrix::engine::{self, PlanResult, RunResult, SimulationSettings};
use influencer_matrix::export::{self, result_json};
use influencer_matrix::judging::{self, TargetResult};
use influencer_matrix::model::{Actuals, Model, Plan, PlanSettings};
use influencer_matrix::optimizer;
use influencer_matrix::report::text::{self, ReportContext};
use influencer_matrix::scenario::Scenario;
use influencer_matrix::summary::Scopes;

use super::args::{Format, OutputArgs, ScopesArg, SolveArgs, WorkArgs};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::folder::{Folders, description};
use super::interrupt::CANCEL;

/// Trials a block of work; changes no result.
pub(crate) const BLOCK: usize = 8192;
/// Stack of a thread: solvers recurse.
const STACK: usize = 16 << 20;

/// Runs work on a pool of the threads asked for, the only one there is.
pub(crate) fn on_threads<T: Send>(
    threads: Option<usize>,
    work: impl FnOnce(usize) -> Result<T, Stop> + Send,
) -> Result<T, Stop> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0)) // 0: one for each core
        .stack_size(STACK)
        .thread_name(|index| format!("worker {index}"))
        .build()
        .map_err(|error| Stop::internal(format!("threads can't be started: {error}")))?;
    let threads = pool.current_num_threads();
    pool.install(|| work(threads))
}

/// How to plan, from the flags.
pub(crate) fn plan_settings(solve: &SolveArgs) -> PlanSettings {
    PlanSettings {
        gap: solve.gap,
        time_limit: solve.time_limit,
        ..PlanSettings::default()
    }
}

/// Refuses to look for alternatives where no plan of a scenario has any to look for. Where some have, the
/// others say that they have none.
pub(crate) fn refuse_alternatives(scenario: &Scenario, wanted: usize) -> Result<(), Stop> {
    if wanted == 0 {
        return Ok(());
    }
    let reasons: Option<Vec<String>> = scenario.models().map(optimizer::no_alternatives).collect();
    match reasons.unwrap_or_default().first() {
        Some(reason) => Err(Stop::invalid(format!(
            "{}: {reason}; leave out --alternatives",
            scenario.name
        ))),
        None => Ok(()),
    }
}

impl From<ScopesArg> for Scopes {
    fn from(scopes: ScopesArg) -> Self {
        match scopes {
            ScopesArg::All => Self::All,
            ScopesArg::Total => Self::Total,
        }
    }
}

/// One piece of work on one scenario.
pub(crate) struct Work<'a> {
    console: &'a Console,
    solve: &'a SolveArgs,
    output: &'a OutputArgs,
    format: Format,
    /// Several results follow each other on stdout: JSON takes one line each.
    pub(crate) several: bool,
    /// How many other plans to look for.
    pub(crate) alternatives: usize,
    /// Whether to write a workbook.
    pub(crate) workbook: bool,
    threads: usize,
}

/// Does work as a command's flags say, on a pool of the threads asked for.
pub(crate) fn with_flags<T: Send>(
    console: &Console,
    flags: &WorkArgs,
    work: impl FnOnce(Work<'_>) -> Result<T, Stop> + Send,
) -> Result<T, Stop> {
    on_threads(flags.solve.threads, |threads| {
        work(Work {
            console,
            solve: &flags.solve,
            output: &flags.output,
            format: flags.format,
            several: false,
            alternatives: 0,
            workbook: false,
            threads,
        })
    })
}

impl Work<'_> {
    /// Where this work's results go.
    pub(crate) fn folders(&self) -> Folders {
        let OutputArgs { out, no_trials, .. } = self.output;
        let mut folders = Folders::new(out, !no_trials, self.threads);
        folders.workbook = self.workbook;
        folders
    }

    /// Plans and simulates models on a scenario's seed and trials, writes, prints and judges.
    pub(crate) fn carry_out(
        &self,
        scenario: &Scenario,
        models: Vec<Model>,
        actuals: Option<&Actuals>,
    ) -> Result<Exit, Stop> {
        let mut folders = self.folders();
        let result = match actuals {
            Some(actuals) => self.forecast(scenario, models, actuals, &mut folders)?,
            None => self.result(scenario, models, &mut folders)?,
        };
        self.print(scenario, &result)?;
        if let Some(folder) = &folders.written {
            self.console.note(&format!("wrote {}", shown(folder)));
        }
        Ok(self.judge(&result))
    }

    fn result(
        &self,
        scenario: &Scenario,
        models: Vec<Model>,
        folders: &mut Folders,
    ) -> Result<RunResult, Stop> {
        let bar = &self.console.bar;
        let begun = std::time::Instant::now();
        let plan = PlanSettings {
            alternatives: self.alternatives,
            ..plan_settings(self.solve)
        };
        let mut planned = engine::plan_models(models, &plan, bar, &CANCEL)?;
        engine::find_remedies(scenario, &mut planned, &plan, &CANCEL)?;
        let planning = begun.elapsed().as_secs_f64();
        folders.open(scenario, &planned)?;
        let settings = self.simulation(scenario);
        let mut result = engine::simulate_plans(
            &scenario.name,
            planned,
            &settings,
            folders.sink(),
            bar,
            &CANCEL,
        )?;
        preceded(&mut result, scenario, planning);
        result.warnings.extend(export::calendar_warnings(&result));
        folders.keep(scenario, &result)?;
        Ok(result)
    }

    fn simulation(&self, scenario: &Scenario) -> SimulationSettings {
        SimulationSettings {
            seed: scenario.seed,
            trials: scenario.trials,
            scopes: self.output.scopes.into(),
            block: BLOCK,
        }
    }

    /// The same after months that happened.
    fn forecast(
        &self,
        scenario: &Scenario,
        models: Vec<Model>,
        actuals: &Actuals,
        folders: &mut Folders,
    ) -> Result<RunResult, Stop> {
        let bar = &self.console.bar;
        let begun = std::time::Instant::now();
        let plan = plan_settings(self.solve);
        let replanned = engine::replan(models, actuals, &plan, bar, &CANCEL)?;
        let planning = begun.elapsed().as_secs_f64();
        let planned: Vec<(Model, Plan)> = replanned.iter().map(|r| r.now.clone()).collect();
        folders.open(scenario, &planned)?;
        let mut result = engine::simulate_replanned(
            &scenario.name,
            &replanned,
            actuals,
            &self.simulation(scenario),
            (folders.sink(), bar),
            &CANCEL,
        )?;
        preceded(&mut result, scenario, planning);
        folders.keep(scenario, &result)?;
        Ok(result)
    }

    fn print(&self, scenario: &Scenario, result: &RunResult) -> Result<(), Stop> {
        let console = self.console;
        let json = || result_json(result, &description(scenario));
        if self.several && self.format == Format::Json {
            return console.result(&format!("{}\n", json()));
        }
        let text = || text::summary(result, &context(scenario, console));
        console.show(self.format, text, json)
    }

    /// Says what failed, and how bad that is.
    fn judge(&self, result: &RunResult) -> Exit {
        let mut cases = batch::plan_cases(result, true);
        if self.output.require_targets {
            cases.extend(batch::target_cases(result));
        }
        tell_failures(&result.scenario, &cases, self.console)
    }
}

/// Puts what went before the trials in front: the seconds of planning, and what the scenario's reader warned of.
pub(crate) fn preceded(result: &mut RunResult, scenario: &Scenario, planning: f64) {
    result.seconds.insert(0, ("planning", planning));
    let warnings = scenario.warnings.iter().cloned();
    result.warnings.splice(0..0, warnings);
}

/// Prints failed cases, a line each, and returns the worst.
pub(crate) fn tell_failures(scenario: &str, cases: &[Case], console: &Console) -> Exit {
    let mut exit = Exit::Done;
    for case in cases {
        let Some((failure, message)) = case.failure() else {
            continue;
        };
        exit = exit.max(failure.into());
        let first = message.lines().next().unwrap_or_default();
        let name = &case.name;
        console.error(&match failure {
            Failure::Infeasible => format!("{scenario}: {name} is infeasible: {first}"),
            Failure::TargetMissed => format!("{scenario}: {name} is missed: {first}"),
            _ => format!("{scenario}: {name}: {first}"),
        });
    }
    exit
}

/// A result without estimates: plans only.
pub(crate) fn plans_only(scenario: &Scenario, planned: &[(Model, Plan)]) -> RunResult {
    RunResult {
        plans: planned
            .iter()
            .map(|(model, plan)| PlanResult {
                targets: expected_targets(model, plan),
                model: model.clone(),
                plan: plan.clone(),
                histograms: Vec::new(),
            })
            .collect(),
        warnings: scenario.warnings.clone(),
        ..RunResult::empty(&scenario.name, scenario.seed)
    }
}

/// The targets that expected totals decide; the others need trials.
fn expected_targets(model: &Model, plan: &Plan) -> Vec<TargetResult> {
    if !plan.is_usable() {
        return Vec::new();
    }
    // Who leaves is known to trials alone.
    if model.horizon.pipeline.is_some() {
        return Vec::new();
    }
    let mut targets = judging::judge(model, plan, &[]);
    targets.retain(|target| target.with.is_none());
    targets
}

/// What a report says beside the result, and how wide.
pub(crate) fn context(scenario: &Scenario, console: &Console) -> ReportContext {
    ReportContext {
        description: scenario.description.clone(),
        assumed_terms: scenario.assumed_terms().to_vec(),
        color: console.stdout_colors,
        width: console.width,
    }
}

/// A folder with a slash behind it.
pub(crate) fn shown(folder: &Path) -> String {
    format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR)
}
