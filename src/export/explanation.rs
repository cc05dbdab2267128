//! The files of an explanation.

use std::path::Path;

use serde_json::{Value, json};

use super::error::ExportError;
use super::json::{Description, result_json};
use super::manifest::{RunRecord, manifest};
use super::parquet::write_table;
use super::table::{Table, defined};
use super::tables;
use super::whole::{names, write_json};
use crate::engine::Explanation;
use crate::sensitivity::SensitivityRow;

/// `sensitivity.parquet`.
#[must_use]
pub fn sensitivity(rows: &[SensitivityRow]) -> Table {
    Table::new()
        .text("plan", rows, |r| r.plan.as_deref())
        .text("metric", rows, |r| Some(r.metric.name()))
        .text("input", rows, |r| Some(r.inputs.name()))
        .text("tier", rows, |r| r.tier.as_deref())
        .text("measure", rows, |r| Some(r.measure.name()))
        .number("value", rows, |r| r.value)
        .number("error", rows, |r| r.error)
}

/// The explanation as one JSON object: that of a run, its rows of statistics empty, with `sensitivity`
/// (the rows of `sensitivity.parquet`) and `choice`.
#[must_use]
pub fn explanation_json(explanation: &Explanation, description: &Description) -> Value {
    let mut value = result_json(&explanation.run, description);
    let plans = &explanation.run.plans;
    let name = |i: usize| plans.get(i).map(|p| p.plan.name.as_str());
    let choice = explanation.choice.as_ref().map(|choice| {
        let profits = choice.plans.iter().zip(&choice.profits);
        let left_out: Vec<&str> = (0..plans.len())
            .filter(|i| plans[*i].plan.is_usable() && !choice.plans.contains(i))
            .filter_map(name)
            .collect();
        json!({
            "plans": profits.map(|(&i, &profit)| json!({
                "plan": name(i),
                "expected_profit": defined(Some(profit)),
            })).collect::<Vec<_>>(),
            "best": name(choice.best),
            "left_out": left_out,
        })
    });
    let inputs: Vec<&str> = explanation.inputs.iter().map(|i| i.name()).collect();
    value["inputs"] = json!(inputs);
    value["choice"] = json!(choice);
    value["sensitivity"] = json!(sensitivity(&explanation.sensitivity).json_rows());
    value
}

/// Writes all files of an explanation: its rows, the plans it explains, the object and the manifest.
///
/// # Errors
/// If a file can't be written.
pub fn write_explanation(
    folder: &Path,
    explanation: &Explanation,
    description: &Description,
    record: &RunRecord,
) -> Result<(), ExportError> {
    let run = &explanation.run;
    let parquet = [
        (names::PLAN, tables::plan(run)),
        (names::SENSITIVITY, sensitivity(&explanation.sensitivity)),
        (names::CONSTRAINTS, tables::constraints(run)),
    ];
    let mut files: Vec<&str> = parquet.iter().map(|(name, _)| *name).collect();
    for (name, table) in &parquet {
        write_table(&folder.join(name), table)?;
    }
    files.extend([names::RESULT, names::MANIFEST]);
    let json = explanation_json(explanation, description);
    write_json(&folder.join(names::RESULT), &json)?;
    write_json(
        &folder.join(names::MANIFEST),
        &manifest(run, record, &files),
    )
}
