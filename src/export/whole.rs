//! All files of one run.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::calendar::write_calendar;
use super::error::ExportError;
use super::json::{Description, result_json};
use super::manifest::{RunRecord, manifest};
use super::parquet::{CANNOT_WRITE, write_table};
use super::{quarter, tables};
use crate::engine::RunResult;

/// Names of the files in an output folder.
pub mod names {
    /// Counts, costs and shares of every offered cell.
    pub const PLAN: &str = "plan.parquet";
    /// Statistics over trials.
    pub const SUMMARY: &str = "summary.parquet";
    /// Paired differences of plans.
    pub const COMPARISON: &str = "comparison.parquet";
    /// What moves from plan to plan.
    pub const REBALANCING: &str = "rebalancing.parquet";
    /// How much hangs on individual creators.
    pub const DEPENDENCY: &str = "dependency.parquet";
    /// Why results vary, and what is worth learning.
    pub const SENSITIVITY: &str = "sensitivity.parquet";
    /// What plans yield at each value of a key.
    pub const FRONTIER: &str = "frontier.parquet";
    /// Other plans that are as good.
    pub const ALTERNATIVES: &str = "alternatives.parquet";
    /// Trial rows.
    pub const TRIALS: &str = "trials.parquet";
    /// Every constraint's value and price.
    pub const CONSTRAINTS: &str = "constraints.parquet";
    /// Plan, actuals and forecast; of runs after months that happened.
    pub const VARIANCE: &str = "variance.parquet";
    /// What plans promise beyond their means; of scenarios with such rules.
    pub const RISK: &str = "risk.parquet";
    /// Revenue by month, as booked and as it comes; of scenarios with several months or terms of time.
    pub const FORECAST: &str = "forecast.parquet";
    /// Money paid and received by month; likewise.
    pub const CASH: &str = "cash.parquet";
    /// Every post with its day and time; of scenarios with several months or waves.
    pub const CALENDAR: &str = "calendar.parquet";
    /// The same as text.
    pub const CALENDAR_CSV: &str = "calendar.csv";
    /// The first plan's for calendar programs, where there are dates.
    pub const CALENDAR_ICS: &str = "calendar.ics";
    /// Ending of the workbook's name, which is the scenario's.
    pub const WORKBOOK_ENDING: &str = ".xlsx";
    /// The result in one object.
    pub const RESULT: &str = "result.json";
    /// What was run.
    pub const MANIFEST: &str = "manifest.json";
}

/// Writes all files of a run but the trial rows, which a [`super::TrialWriter`] has written to the folder before if they
/// were wanted, and the [workbook](super::write_workbook), likewise. Tables of a run without a usable plan are written too, with their columns and no rows.
///
/// # Errors
/// If a file can't be written.
pub fn write_files(
    folder: &Path,
    result: &RunResult,
    description: &Description,
    record: &RunRecord,
) -> Result<(), ExportError> {
    let mut parquet = vec![
        (names::PLAN, tables::plan(result)),
        (names::SUMMARY, tables::summary(&result.summary)),
        (names::COMPARISON, tables::comparison(&result.comparison)),
        (names::REBALANCING, tables::rebalancing(&result.rebalancing)),
        (names::CONSTRAINTS, tables::constraints(result)),
        (names::DEPENDENCY, tables::dependency(&result.dependency)),
    ];
    if result.plans.iter().any(|plan| plan.model.risk.applies()) {
        parquet.push((names::RISK, tables::risk(&result.plans)));
    }
    if !result.variance.is_empty() {
        parquet.push((names::VARIANCE, tables::variance(&result.variance)));
    }
    if result.plans.iter().any(|p| !p.plan.alternatives.is_empty()) {
        parquet.push((names::ALTERNATIVES, tables::alternatives(result)));
    }
    parquet.extend(
        quarter::tables(result)
            .into_iter()
            .map(|(name, _, table)| (name, table)),
    );
    let mut files: Vec<&str> = parquet.iter().map(|(name, _)| *name).collect();
    for (name, table) in &parquet {
        write_table(&folder.join(name), table)?;
    }
    files.extend(write_calendar(folder, result)?);
    if folder.join(names::TRIALS).exists() {
        files.push(names::TRIALS);
    }
    let workbook = format!("{}{}", result.scenario, names::WORKBOOK_ENDING);
    if folder.join(&workbook).exists() {
        files.push(&workbook);
    }
    files.extend([names::RESULT, names::MANIFEST]);
    write_json(
        &folder.join(names::RESULT),
        &result_json(result, description),
    )?;
    let manifest = manifest(result, record, &files);
    write_json(&folder.join(names::MANIFEST), &manifest)
}

pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), ExportError> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(std::io::Error::from)
        .map_err(ExportError::io(CANNOT_WRITE, path))?;
    text.push(b'\n');
    fs::write(path, text).map_err(ExportError::io(CANNOT_WRITE, path))
}
