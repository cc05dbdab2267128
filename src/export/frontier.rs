//! The files of a walk over a key.

use std::path::Path;

use serde_json::{Value, json};

use super::error::ExportError;
use super::json::{Description, result_json};
use super::manifest::{RunRecord, manifest};
use super::parquet::write_table;
use super::table::{Table, defined};
use super::tables;
use super::whole::{names, write_json};
use crate::engine::Frontier;
use crate::frontier::{FrontierRow, Knee, Least, Pays, Point, Verdict};
use crate::model::{Metric, Plan};

/// A row with its point.
struct Line<'a> {
    row: &'a FrontierRow,
    key: &'a str,
    point: &'a Point,
    plan: &'a Plan,
}

/// `frontier.parquet`.
#[must_use]
pub fn frontier(found: &Frontier) -> Table {
    let rows: Vec<Line<'_>> = found
        .rows
        .iter()
        .map(|row| Line {
            row,
            key: &found.axis.key,
            point: &found.points[row.point],
            plan: &found.run.plans[row.point].plan,
        })
        .collect();
    Table::new()
        .whole("point", &rows, |r| Some(r.row.point + 1))
        .text("key", &rows, |r| Some(r.key))
        .number("value", &rows, |r| Some(r.point.value))
        .flag("refined", &rows, |r| r.point.refined)
        .text("plan", &rows, |r| Some(&r.plan.name))
        .text("status", &rows, |r| Some(r.plan.status.name()))
        .text("reason", &rows, |r| r.point.reason.as_deref())
        .text("metric", &rows, |r| r.row.metric.map(Metric::name))
        .number("expected", &rows, |r| r.row.expected)
        .number("mean", &rows, |r| r.row.estimate.mean)
        .number("ratio_of_means", &rows, |r| r.row.estimate.ratio_of_means)
        .number("sd", &rows, |r| r.row.estimate.sd)
        .number("mc_error", &rows, |r| r.row.estimate.mc_error)
        .number("ratio_of_means_error", &rows, |r| {
            r.row.estimate.ratio_of_means_error
        })
        .number("p05", &rows, |r| r.row.estimate.p05())
        .number("p50", &rows, |r| r.row.estimate.p50())
        .number("p95", &rows, |r| r.row.estimate.p95())
        .number("p05_error", &rows, |r| r.row.estimate.quantile_errors[0])
        .number("p50_error", &rows, |r| r.row.estimate.quantile_errors[1])
        .number("p95_error", &rows, |r| r.row.estimate.quantile_errors[2])
        .number("cvar", &rows, |r| r.row.tail.map(|t| t.0))
        .number("cvar_error", &rows, |r| r.row.tail.map(|t| t.1))
        .number("target", &rows, |r| r.row.estimate.target)
        .number("prob_target", &rows, |r| r.row.estimate.prob_target)
        .number("prob_target_error", &rows, |r| {
            r.row.estimate.prob_target_error
        })
        .number("marginal", &rows, |r| r.row.marginal)
        .number("marginal_simulated", &rows, |r| {
            r.row.marginal_simulated.map(|m| m.0)
        })
        .number("marginal_error", &rows, |r| {
            r.row.marginal_simulated.map(|m| m.1)
        })
        .number("slope", &rows, |r| r.row.slope)
}

/// The walk as one JSON object: that of a run, a plan a point, with `axis`, `points`, `knees`, `least` and
/// `frontier` (the rows of `frontier.parquet`).
#[must_use]
pub fn frontier_json(found: &Frontier, description: &Description) -> Value {
    let mut value = result_json(&found.run, description);
    let points = &found.points;
    let axis = &found.axis;
    value["axis"] = json!({
        "by": axis.by.name(),
        "key": axis.key,
        "own": defined(axis.own),
        "cvar_level": axis.level,
    });
    value["points"] = points
        .iter()
        .zip(&found.run.plans)
        .map(|(point, plan)| {
            json!({
                "plan": plan.plan.name,
                "value": point.value,
                "refined": point.refined,
                "status": plan.plan.status.name(),
                "reason": point.reason,
                "same_as": point.same_as.map(|i| &found.run.plans[i].plan.name),
            })
        })
        .collect();
    value["knees"] = found.knees.iter().map(|pays| knee(found, pays)).collect();
    value["least"] = found
        .least
        .as_ref()
        .map_or(Value::Null, |answer| least(found, answer));
    value["frontier"] = json!(frontier(found).json_rows());
    value
}

fn knee(found: &Frontier, pays: &Pays) -> Value {
    let (verdict, until, marginal) = match pays.knee {
        Knee::Everywhere { last } => ("everywhere", None, last),
        Knee::Nowhere { first } => ("nowhere", None, first),
        Knee::Until { point, next, .. } => ("until", Some(found.points[point].value), next),
    };
    json!({
        "worth": if pays.target { "target" } else { "cost" },
        "least_marginal": defined(Some(pays.threshold)),
        "verdict": verdict,
        "until": until,
        "marginal": defined(Some(marginal)),
    })
}

fn least(found: &Frontier, answer: &Least) -> Value {
    let value = |point: Option<usize>| point.map(|i| found.points[i].value);
    let (point, below) = match answer.verdict {
        Verdict::Found { point, below } => (Some(point), below),
        Verdict::None => (None, None),
    };
    json!({
        "verdict": if point.is_some() { "found" } else { "none" },
        "value": value(point),
        "plan": point.map(|i| &found.run.plans[i].plan.name),
        "missed_at": value(below),
        "possibly_from": value(answer.possibly),
        "surely_from": value(answer.surely),
        "lost_again_at": value(answer.lost_again),
    })
}

/// Writes all files of a walk: its rows, the points' plans, summaries and constraints, the object and the
/// manifest.
///
/// # Errors
/// If a file can't be written.
pub fn write_frontier(
    folder: &Path,
    found: &Frontier,
    description: &Description,
    record: &RunRecord,
) -> Result<(), ExportError> {
    let run = &found.run;
    let parquet = [
        (names::FRONTIER, frontier(found)),
        (names::PLAN, tables::plan(run)),
        (names::SUMMARY, tables::summary(&run.summary)),
        (names::CONSTRAINTS, tables::constraints(run)),
    ];
    let mut files: Vec<&str> = parquet.iter().map(|(name, _)| *name).collect();
    for (name, table) in &parquet {
        write_table(&folder.join(name), table)?;
    }
    files.extend([names::RESULT, names::MANIFEST]);
    write_json(
        &folder.join(names::RESULT),
        &frontier_json(found, description),
    )?;
    write_json(
        &folder.join(names::MANIFEST),
        &manifest(run, record, &files),
    )
}
