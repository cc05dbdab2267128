//! What the tests of files share: a run's record, and parquet read back.

use std::fs::File;
use std::path::Path;

use polars::prelude::{DataFrame, ParquetReader, SerReader};
use serde_json::json;

use crate::export::RunRecord;

pub(super) fn record() -> RunRecord {
    RunRecord {
        scenario_hash: "ab12".to_owned(),
        resolved: json!([{ "key": "budget", "value": 100_000, "origin": "scenarios/q2.toml:6:1" }]),
        threads: 2,
    }
}

pub(super) fn read(path: &Path) -> DataFrame {
    ParquetReader::new(File::open(path).unwrap())
        .finish()
        .unwrap()
}

/// Names of columns, in their order.
pub(super) fn columns(frame: &DataFrame) -> String {
    let names: Vec<&str> = frame.columns().iter().map(|c| c.name().as_str()).collect();
    names.join(", ")
}

/// A cell of a column of text.
pub(super) fn text(frame: &DataFrame, name: &str, row: usize) -> Option<String> {
    let column = frame.column(name).unwrap().str().unwrap();
    column.get(row).map(str::to_owned)
}
