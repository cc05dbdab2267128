//! The files of a selection.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::error::ExportError;
use super::json::{Description, number, target};
use super::manifest::{RunRecord, manifest};
use super::parquet::write_table;
use super::quarter;
use super::table::Table;
use super::tables::{self, PlanRow, plan_columns};
use super::whole::{names, write_json};
use crate::engine::{RunResult, SelectedPlan};
use crate::model::{CellKey, Conflict, Creator, Metric, PlanStatus, Quantity};
use crate::optimizer::Booking;
use crate::roster::Roster;

/// Names of the files that only a selection has.
pub mod files {
    /// The creators booked.
    pub const SELECTION: &str = "selection.parquet";
    /// What was dropped or repaired of the roster.
    pub const ISSUES: &str = "roster_issues.parquet";
}

/// What a selection is written from.
#[derive(Debug, Clone, Copy)]
pub struct Selected<'a> {
    /// The roster as the base scenario reads it.
    pub roster: &'a Roster,
    /// The selections: the base scenario's first.
    pub selected: &'a [SelectedPlan],
    /// What their simulation found.
    pub run: &'a RunResult,
}

struct Row<'a> {
    plan: &'a str,
    booking: &'a Booking,
    creator: &'a Creator,
    key: CellKey,
}

/// `selection.parquet`: one row a booking, plan by plan, in the order of the roster.
#[must_use]
pub fn selection(of: &Selected<'_>) -> Table {
    let rows: Vec<Row<'_>> = of
        .selected
        .iter()
        .flat_map(|found| {
            found.selection.bookings.iter().map(|booking| Row {
                plan: &found.model.name,
                booking,
                creator: &found.creators[booking.creator],
                key: found.model.key(booking.cell),
            })
        })
        .collect();
    let quantity = |q: Quantity| move |r: &Row<'_>| r.booking.value.get(q);
    Table::new()
        .text("plan", &rows, |r| Some(r.plan))
        .text("id", &rows, |r| Some(&r.creator.id))
        .text("name", &rows, |r| r.creator.name.as_deref())
        .text("tier", &rows, |r| Some(&r.key.tier))
        .text("partnership", &rows, |r| Some(&r.key.partnership))
        .text("category", &rows, |r| r.key.category.as_deref())
        .text("region", &rows, |r| r.key.region.as_deref())
        .number("followers", &rows, |r| r.creator.followers)
        .number("fee", &rows, |r| r.creator.fee)
        .number("engagement_rate", &rows, |r| r.creator.engagement_rate)
        .number("spend", &rows, quantity(Quantity::Spend))
        .number("impressions", &rows, quantity(Quantity::Impressions))
        .number("engagements", &rows, quantity(Quantity::Engagements))
        .number("clicks", &rows, quantity(Quantity::Clicks))
        .number("conversions", &rows, quantity(Quantity::Conversions))
        .number("revenue", &rows, quantity(Quantity::Revenue))
        .number("profit", &rows, quantity(Quantity::Profit))
        .number("hours", &rows, |r| Some(r.booking.value.hours))
        .whole("roster_row", &rows, |r| Some(r.creator.row))
}

/// `roster_issues.parquet`: what was dropped or repaired, in the order of the file.
#[must_use]
pub fn issues(roster: &Roster) -> Table {
    let rows = &roster.issues;
    Table::new()
        .whole("row", rows, |i| Some(i.row))
        .text("column", rows, |i| i.column.as_deref())
        .text("text", rows, |i| Some(&i.text))
        .text("action", rows, |i| Some(i.action.name()))
        .text("reason", rows, |i| Some(&i.reason))
}

/// `plan.parquet`: the columns of a run's, unit figures being means over those booked.
#[must_use]
pub fn plan(of: &Selected<'_>) -> Table {
    let mut rows = Vec::new();
    for found in of.selected.iter().filter(|f| f.selection.plan.is_usable()) {
        let model = &found.model;
        let mut cells = vec![(0.0, 0.0, 0.0); model.cells.len()];
        for booking in &found.selection.bookings {
            let (count, spend, revenue) = &mut cells[booking.cell];
            *count += 1.0;
            *spend += booking.value.spend;
            *revenue += booking.value.revenue;
        }
        let month_spend = cells.iter().map(|c| c.1).sum();
        for month in 0..model.months {
            for (cell, &(count, spend, revenue)) in cells.iter().enumerate() {
                let band = &model.rules.tier_budget_share[model.cells[cell].tier];
                let each = |sum: f64| (count > 0.0).then(|| sum / count);
                rows.push(PlanRow {
                    plan: &model.name,
                    month: month + 1,
                    key: model.key(cell),
                    count,
                    unit_cost: each(spend),
                    unit_revenue: each(revenue),
                    spend,
                    revenue,
                    month_spend,
                    band: band.as_ref().map(|b| (b.low, b.high)),
                    unused: None,
                });
            }
        }
    }
    plan_columns(&rows)
}

/// What is known of one selection. Of the base scenario's these keys stand at the top of result.json, too.
fn found(found: &SelectedPlan) -> Map<String, Value> {
    let plan = &found.selection.plan;
    let usable = plan.is_usable();
    let expected: Map<String, Value> = Metric::ALL
        .into_iter()
        .map(|m| (m.name().to_owned(), number(found.selection.metric(m))))
        .collect();
    let reason = match &plan.status {
        PlanStatus::Failed { reason } => Some(reason.as_str()),
        _ => None,
    };
    let object = json!({
        "status": plan.status.name(),
        "reason": reason,
        "maximizes": found.model.objective.name(),
        "objective": number(plan.objective),
        "bound": number(plan.gap.map(|g| g.bound)),
        "gap": number(plan.gap.map(|g| g.relative)),
        "gap_certified": plan.gap.map(|g| g.certified),
        "booked": found.selection.bookings.len(),
        "expected": if usable { Value::Object(expected) } else { Value::Null },
        "unspent": if usable { number(Some(plan.unspent)) } else { Value::Null },
        "conflict": plan.conflict.as_ref().map(conflict),
    });
    match object {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn conflict(conflict: &Conflict) -> Value {
    json!({
        "sentences": conflict.sentences,
        "members": conflict.members.iter().map(|m| json!({
            "constraint": m.constraint,
            "kind": m.kind.name(),
            "origin": m.origin.to_string(),
            "stated": m.stated,
            "least_change": m.least_change.map(|v| number(Some(v))),
            "changed_to": m.changed_to.map(|v| number(Some(v))),
            "enough_alone": m.enough_alone,
            "words": m.words,
        })).collect::<Vec<_>>(),
    })
}

/// result.json of a selection: no wall times, so that the same input gives the same text.
#[must_use]
pub fn selection_json(of: &Selected<'_>, description: &Description) -> Value {
    let (roster, run) = (of.roster, of.run);
    let columns: Map<String, Value> = roster
        .columns
        .iter()
        .map(|(field, name)| (field.name().to_owned(), Value::from(name.as_str())))
        .collect();
    let mut out = json!({
        "scenario": run.scenario,
        "description": description.description,
        "currency": of.selected.first().map(|base| base.model.currency.as_str()),
        "seed": run.seed,
        "trials": run.trials,
        "roster": {
            "form": roster.form,
            "columns": columns,
            "rows": roster.read,
            "creators": roster.creators.len(),
            "dropped": roster.dropped(),
            "repaired": roster.repaired(),
        },
        "plans": of.selected.iter().zip(&run.plans).map(|(one, judged)| {
            let mut object = found(one);
            object.insert("name".to_owned(), Value::from(one.model.name.as_str()));
            let targets = judged.targets.iter().map(target).collect();
            object.insert("targets".to_owned(), Value::Array(targets));
            Value::Object(object)
        }).collect::<Vec<_>>(),
        "selection": selection(of).json_rows(),
        "plan": plan(of).json_rows(),
        "summary": tables::summary(&run.summary).json_rows(),
        "comparison": tables::comparison(&run.comparison).json_rows(),
        "constraints": tables::constraints(run).json_rows(),
        "dependency": tables::dependency(&run.dependency).json_rows(),
        "warnings": run.warnings,
    });
    if let (Some(base), Value::Object(object)) = (of.selected.first(), &mut out) {
        object.extend(found(base));
    }
    for (_, key, table) in quarter::tables(run) {
        out[key] = table.json_rows().into();
    }
    out
}

/// Writes all files of a selection but the trial rows, which a [`super::TrialWriter`] has written
/// before if they were wanted.
///
/// # Errors
/// If a file can't be written.
pub fn write_selection(
    folder: &Path,
    of: &Selected<'_>,
    description: &Description,
    record: &RunRecord,
) -> Result<(), ExportError> {
    let mut tables = vec![
        (files::SELECTION, selection(of)),
        (files::ISSUES, issues(of.roster)),
        (names::PLAN, plan(of)),
        (names::SUMMARY, tables::summary(&of.run.summary)),
        (names::COMPARISON, tables::comparison(&of.run.comparison)),
        (names::CONSTRAINTS, tables::constraints(of.run)),
        (names::DEPENDENCY, tables::dependency(&of.run.dependency)),
    ];
    let quarter = quarter::tables(of.run).into_iter();
    tables.extend(quarter.map(|(name, _, table)| (name, table)));
    let mut written: Vec<&str> = tables.iter().map(|(name, _)| *name).collect();
    for (name, table) in &tables {
        write_table(&folder.join(name), table)?;
    }
    if folder.join(names::TRIALS).exists() {
        written.push(names::TRIALS);
    }
    written.extend([names::RESULT, names::MANIFEST]);
    let result = selection_json(of, description);
    write_json(&folder.join(names::RESULT), &result)?;
    let manifest = manifest(of.run, record, &written);
    write_json(&folder.join(names::MANIFEST), &manifest)
}
