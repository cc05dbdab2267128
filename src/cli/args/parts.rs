//! What several commands take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::values;

#[derive(Debug, Clone, Args)]
pub(crate) struct ActualsArg {
    /// What happened in the first months (CSV: month, tier, partnership, spend, conversions, revenue and, if
    /// known, impressions, engagements, clicks, count): they stand as they were, the rest is planned again
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) actuals: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct SetArgs {
    /// Change a key of the scenario before anything else: a key path and its value (TOML, else a
    /// string)
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = values::key_value)]
    pub(crate) set: Vec<(String, String)>,
}

/// What the commands read that take one scenario.
#[derive(Debug, Clone, Args)]
pub(crate) struct ScenarioArgs {
    /// Scenario file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) set: SetArgs,
}

/// The flags of the commands that plan, simulate and write.
#[derive(Debug, Args)]
pub(crate) struct WorkArgs {
    #[command(flatten)]
    pub(crate) draws: DrawArgs,
    #[command(flatten)]
    pub(crate) solve: SolveArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// What to print: the summary, or the result as JSON (as in result.json)
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DrawArgs {
    /// Trials, instead of the scenario's
    #[arg(long, value_name = "N", value_parser = values::positive, allow_negative_numbers = true)]
    pub(crate) trials: Option<u64>,
    #[command(flatten)]
    pub(crate) seed: SeedArg,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SeedArg {
    /// Seed of all draws, instead of the scenario's
    #[arg(long, value_name = "N", value_parser = values::whole, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SolveArgs {
    /// Threads; changes no result [default: one for each core]
    #[arg(long, value_name = "N", value_parser = values::threads, allow_negative_numbers = true)]
    pub(crate) threads: Option<usize>,
    /// Seconds that planning may take, for each plan; a backstop that can change plans
    #[arg(long, value_name = "S", default_value = "30", value_parser = values::seconds, allow_negative_numbers = true)]
    pub(crate) time_limit: f64,
    /// Proven gap at which a plan counts as optimal, e.g. 0.001 or 0.1%
    #[arg(long, value_name = "SHARE", default_value = "0.1%", value_parser = values::share, allow_hyphen_values = true)]
    pub(crate) gap: f64,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct AlternativesArg {
    /// Show up to N (at most 20) other plans for each, as good within --gap, that differ in at least
    /// a tenth of their partnerships
    #[arg(long, value_name = "N", value_parser = values::alternatives, allow_negative_numbers = true)]
    pub(crate) alternatives: Option<usize>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct OutputArgs {
    /// Folder that the outputs are written to, in a folder of the scenario's name
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub(crate) out: PathBuf,
    /// Leave out trials.parquet
    #[arg(long)]
    pub(crate) no_trials: bool,
    /// Exit with 4 when a target of a base plan is missed
    #[arg(long)]
    pub(crate) require_targets: bool,
    /// Which scopes to summarize
    #[arg(long, value_enum, default_value_t)]
    pub(crate) scopes: ScopesArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum CalendarFormat {
    /// For people
    #[default]
    Text,
    /// For spreadsheets
    Csv,
    /// For calendar programs
    Ics,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ScopesArg {
    /// Totals, tiers, partnership types, categories, regions and cells
    #[default]
    All,
    /// Totals only
    Total,
}
