//! What can be typed.

#![expect(clippy::doc_markdown, reason = "the help would print the backticks")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::values;

mod parts;

pub(crate) use parts::*;

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 internal failure, 2 wrong usage or invalid scenario, 3 infeasible, \
4 targets missed (--require-targets), 5 drift beyond the tolerance (--baseline), 130 interrupted. \
The worst wins, in the order 130, 1, 2, 3, 4, 5.

Results go to stdout, everything else to stderr. NO_COLOR turns colours off.";

const RUN_FORMAT: &str = "What to print: the summary, or the result as JSON (as in result.json; with several files \
                          one line for each)";

/// Plans and simulates creator campaigns: budget in, plan, distributions and odds out.
#[derive(Debug, Parser)]
#[command(name = "imatrix", version, after_help = AFTER_HELP, max_term_width = 100)]
#[command(arg_required_else_help = true, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArgs),
    Optimize(OptimizeArgs),
    Simulate(SimulateArgs),
    Compare(CompareArgs),
    WhatIf(WhatIfArgs),
    Explain(ExplainArgs),
    Frontier(FrontierArgs),
    Batch(BatchArgs),
    Calendar(CalendarArgs),
    Select(SelectArgs),
    Pipeline(PipelineArgs),
    Show(ShowArgs),
    Check(CheckArgs),
    /// Print the JSON Schema of scenario files
    Schema,
    New(NewArgs),
}

/// Plan, simulate and compare; print the summary and write the outputs
///
/// Plans the base and every what-if of each scenario, simulates them on the same draws, compares
/// them, prints the summary and writes DIR/<scenario name>/.
///
/// All files are checked first: if any is invalid, or two have one name, nothing runs and nothing
/// is written.
#[derive(Debug, Args)]
#[command(mut_arg("format", |arg| arg.help(RUN_FORMAT)))]
pub(crate) struct RunArgs {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) set: SetArgs,
    #[command(flatten)]
    pub(crate) actuals: ActualsArg,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
    #[command(flatten)]
    pub(crate) alternatives: AlternativesArg,
    /// Write a workbook too: <scenario name>.xlsx with plan, forecast by month, comparison, targets,
    /// assumptions and charts
    #[arg(long)]
    pub(crate) xlsx: bool,
}

/// Plan only; write nothing
///
/// The base and every what-if are planned and the plans printed. Nothing is simulated or written.
#[derive(Debug, Args)]
pub(crate) struct OptimizeArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArgs,
    #[command(flatten)]
    pub(crate) actuals: ActualsArg,
    #[command(flatten)]
    pub(crate) solve: SolveArgs,
    #[command(flatten)]
    pub(crate) alternatives: AlternativesArg,
    /// What to print: the plans as text, or as JSON (the form of result.json without estimates)
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Simulate the base plan: the scenario's fixed counts, or its optimum
///
/// Simulates the base plan alone, without the what-ifs: the scenario's fixed counts, or its optimum
/// where it has none. Prints the summary and writes DIR/<scenario name>/.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArgs,
    #[command(flatten)]
    pub(crate) actuals: ActualsArg,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

/// Plan several scenarios and compare all their plans, paired
///
/// Plans several scenarios, bases and what-ifs, and simulates all plans on the same draws. Plans are
/// named scenario/plan; the first file's seed, trials and base plan serve all. Writes
/// DIR/<first scenario's name>-compare/.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Scenario files; the first one's base plan is what the others are compared with
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Refused with what to do instead
    #[arg(long, value_name = "FILE.csv", hide = true)]
    pub(crate) actuals: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) set: SetArgs,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

/// Compare the base plan with one what-if from the command line
///
/// Plans and simulates the base beside one what-if, named what-if, that is given here; the file's
/// own what-ifs are left out. Prints the comparison and writes DIR/<scenario name>/.
#[derive(Debug, Args)]
pub(crate) struct WhatIfArgs {
    /// Scenario file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What changes: a key path of the scenario file and its value (TOML, else a string), e.g.
    /// diversity.tier_budget_share.micro=40%
    #[arg(long = "set", value_name = "KEY=VALUE", required = true, value_parser = values::key_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Further changes of the same what-if
    #[arg(value_name = "KEY=VALUE", value_parser = values::key_value)]
    pub(crate) more: Vec<(String, String)>,
    /// Refused with what to do instead
    #[arg(long, value_name = "FILE.csv", hide = true)]
    pub(crate) actuals: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

/// Explain why results vary, and what is worth learning before deciding
///
/// Plans the base and every what-if and says which inputs their results' spread comes from (Sobol'
/// indices), where each input takes the result when it is low or high, and what it is worth, in
/// currency, to know each input before choosing between the plans. Prints the findings and writes
/// DIR/<scenario name>-explain/.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArgs,
    /// Trials of each set of draws; there are two sets and one more for each input
    #[arg(long, value_name = "N", default_value = "16384", value_parser = values::trials, allow_negative_numbers = true)]
    pub(crate) trials: u64,
    #[command(flatten)]
    pub(crate) seed: SeedArg,
    #[command(flatten)]
    pub(crate) solve: SolveArgs,
    /// Folder that the outputs are written to, in a folder named after the scenario
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub(crate) out: PathBuf,
    /// What to print: the findings, or JSON (as in result.json)
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Show what plans yield over a range of the budget, the risk or any key
///
/// Plans and simulates the scenario at several values of one key, all on the same draws, and says what the
/// next bit more brings and where it stops being worth it. Values without a plan are shown with the reason.
/// With --least-budget it looks for the least budget that meets the targets with their probability (exit
/// code 4 if there is none in the range). Writes DIR/<scenario name>-frontier/. Exit code 3 only if no value
/// has a plan.
#[derive(Debug, Args)]
pub(crate) struct FrontierArgs {
    /// Scenario file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What to walk over: budget (25 % to 200 % of the file's), budget=FROM..TO, risk (weights of CVaR
    /// beside the mean), risk=FROM..TO, or KEY=FROM..TO, e.g.
    /// diversity.tier_budget_share.micro=20%..40%
    #[arg(long, value_name = "WHAT", default_value = "budget", value_parser = values::range)]
    pub(crate) by: values::Range,
    /// How many values, evenly spread [default: 15; 8 by risk]
    #[arg(long, value_name = "N", value_parser = values::points, allow_negative_numbers = true)]
    pub(crate) points: Option<usize>,
    /// Look for the least budget that meets every target that names a probability
    #[arg(long)]
    pub(crate) least_budget: bool,
    /// A target to meet, instead of the file's, e.g. roas=3
    #[arg(long, value_name = "METRIC=LEVEL", value_parser = values::key_value, requires = "least_budget")]
    pub(crate) target: Option<(String, String)>,
    /// The probability to meet it with [default: 80%]
    #[arg(long, value_name = "SHARE", value_parser = values::share, requires = "target", allow_hyphen_values = true)]
    pub(crate) with: Option<f64>,
    #[command(flatten)]
    pub(crate) set: SetArgs,
    /// Trials of every plan
    #[arg(long, value_name = "N", default_value = "10_000", value_parser = values::trials, allow_negative_numbers = true)]
    pub(crate) trials: u64,
    #[command(flatten)]
    pub(crate) seed: SeedArg,
    #[command(flatten)]
    pub(crate) solve: SolveArgs,
    /// Folder that the outputs are written to, in a folder of the scenario's name and "-frontier"
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub(crate) out: PathBuf,
    /// What to print: tables and pictures, or JSON (as in result.json)
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Run every scenario of a folder
///
/// Runs every *.toml below a folder (hidden ones left out), each into its own folder below --out,
/// and writes all their rows to one summary.parquet there. One bad file never stops the others; two
/// files of one scenario name stop the batch before anything runs.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct BatchArgs {
    /// Folder of scenario files
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) draws: DrawArgs,
    #[command(flatten)]
    pub(crate) solve: SolveArgs,
    /// Folder that the outputs are written to, each scenario's in a folder of its name
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub(crate) out: PathBuf,
    /// Write trials.parquet too
    #[arg(long)]
    pub(crate) trial_rows: bool,
    /// Exit with 4 when a target of a base plan is missed
    #[arg(long)]
    pub(crate) require_targets: bool,
    /// Which scopes to summarize
    #[arg(long, value_enum, default_value_t)]
    pub(crate) scopes: ScopesArg,
    /// Write a JUnit file: a suite for each scenario, cases `valid`, `plan <name>`, `target <key>`
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Stop after the first scenario that fails; a file that is not valid stops all
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Compare with the summary.parquet of an earlier batch (or of the runs below DIR); exit with 5
    /// on drift
    #[arg(long, value_name = "DIR")]
    pub(crate) baseline: Option<PathBuf>,
    /// Drift to let pass beyond four standard errors: a share of the baseline's value; for
    /// probabilities in points
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = values::share, allow_hyphen_values = true)]
    pub(crate) tolerance: f64,
    /// Let plans pass that the time limit stopped, though another run may find others
    #[arg(long)]
    pub(crate) allow_time_limit: bool,
    /// What to print: a table, or JSON
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Print the posting calendar: who posts on which day and at what time
///
/// Plans the scenario (or takes its fixed counts) and deals the plan's posts to creators, days and times of
/// the day. Nothing is simulated or written. For all plans and as files see run, which writes
/// calendar.csv, calendar.ics and calendar.parquet for scenarios with several months or waves.
#[derive(Debug, Args)]
pub(crate) struct CalendarArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArgs,
    /// Whose posts: base, or the name of a what-if
    #[arg(long, value_name = "NAME", default_value = "base")]
    pub(crate) plan: String,
    #[command(flatten)]
    pub(crate) solve: SolveArgs,
    /// What to print: a table, CSV, or iCalendar (which needs dates: start = "2026-08" in the file)
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: CalendarFormat,
}

/// Select individual creators from a roster
///
/// Reads a roster of creators (CSV in any common form, or parquet), selects whom to book as what under
/// the rules of the scenario, for the base and every what-if, and simulates them, each creator by its own
/// figures. Prints who is selected and writes DIR/<scenario name>-select/, with every row that was dropped
/// or repaired.
#[derive(Debug, Args)]
pub(crate) struct SelectArgs {
    /// Roster of creators: CSV or parquet
    #[arg(value_name = "ROSTER")]
    pub(crate) roster: PathBuf,
    #[command(flatten)]
    pub(crate) scenario: ScenarioArgs,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

/// Say what recruiting delivers, where it is narrow and how many contacts it takes
///
/// Says how many new partners the scenario's [pipeline] brings by month (expected, P10 and P90), which step
/// holds it back, how many contacts a wanted number of partners takes, and which of the playbook's targets
/// it meets. The base is planned to show what its plan books. Nothing is simulated or written.
#[derive(Debug, Args)]
pub(crate) struct PipelineArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArgs,
    /// New partners wanted
    #[arg(long, value_name = "N", default_value = "5", value_parser = values::positive, allow_negative_numbers = true)]
    pub(crate) want: u64,
    /// Probability to get them with
    #[arg(long, value_name = "P", default_value = "80%", value_parser = values::share, allow_hyphen_values = true)]
    pub(crate) with: f64,
    /// Leave out what the plan books
    #[arg(long)]
    pub(crate) no_plan: bool,
    #[command(flatten)]
    pub(crate) solve: SolveArgs,
    /// What to print: the report, or JSON
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Print the resolved scenario, each value with its origin
///
/// Prints every value of the resolved scenario with where it came from.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArgs,
    /// What to print: a table, or JSON
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Check scenario files without planning
///
/// Checks scenario files: one line on stdout for each valid file, all problems of the others on
/// stderr.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) set: SetArgs,
}

/// Write a commented starter scenario to NAME.toml
///
/// The file is written to the current folder; one that exists is left alone.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The scenario's name: a-z, 0-9 and -
    #[arg(value_name = "NAME", value_parser = values::scenario_name)]
    pub(crate) name: String,
    /// Print it and write no file (in a pipe it is printed anyway)
    #[arg(long)]
    pub(crate) stdout: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_well_formed() {
        super::Cli::command().debug_assert();
    }
}
