//! Results → files: parquet tables, result.json, manifest.json, posting calendars, workbooks, `JUnit` XML, and the folder they stand in.
//!
//! The only place that names polars. Every table is built once as a [`Table`]; parquet columns and JSON rows both come
//! from it, so that they cannot differ in names or values. `docs/outputs.md` documents every column.
//!
//! Undefined numbers (`None`, NaN, infinities) are null everywhere. The files, `manifest.json` aside, hold nothing that
//! differs between two runs of one input.
//!
//! - *Tables*: `tables` has those of every run; `quarter`, `variance`, `trials`, `calendar`, `explanation`, `frontier` and
//!   [`selection`] their own.
//! - *Forms*: `parquet`, `json`, `csv`, `ics`, `workbook`, [`junit`]; `safe_text` is for all that spreadsheets open.
//! - *Folders*: `folder` puts one in place when it is whole, `whole` and the rooms of single commands fill it, `manifest` says
//!   what was run.

pub mod batch;
mod calendar;
mod csv;
mod error;
mod explanation;
mod folder;
mod frontier;
mod ics;
mod json;
pub mod junit;
mod manifest;
mod parquet;
mod quarter;
mod recruiting;
pub mod roster;
mod safe_text;
pub mod selection;
mod table;
pub mod tables;
mod trials;
mod variance;
mod whole;
mod workbook;

pub use calendar::{
    PlanPosts, calendar, calendar_csv, calendar_ics, calendar_warnings, has_calendar,
};
pub use error::ExportError;
pub use explanation::{explanation_json, sensitivity, write_explanation};
pub use folder::OutputFolder;
pub use frontier::{frontier, frontier_json, write_frontier};
pub use json::{Description, result_json};
pub use manifest::{GENERATOR, Manifest, ManifestPlan, RunRecord, manifest};
pub use parquet::write_table;
pub use quarter::{cash, forecast};
pub use recruiting::pipeline_json;
pub use table::{Column, Table, Values};
pub use trials::TrialWriter;
pub use whole::{names, write_files};
pub use workbook::{WorkbookRecord, write_workbook};

#[cfg(test)]
mod tests;
