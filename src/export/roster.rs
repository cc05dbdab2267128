//! Rosters that are parquet files, and the files of a selection.

use std::fs::File;
use std::path::Path;

use polars::prelude::{
    Column as PolarsColumn, DataFrame, DataType, ParquetReader, PolarsResult, SerReader,
};
use serde_json::{Map, Value, json};

use super::error::ExportError;
use super::manifest::{GENERATOR, Manifest, ManifestPlan, RunRecord};
use super::parquet::write_table;
use super::safe_text::unguarded;
use super::table::{Table, defined};
use super::whole::{names, write_json};
use crate::model::{ConstraintState, Creator, Metric, Model, PlanStatus, Quantity, RosterSettings};
use crate::optimizer::{Booking, Selection};
use crate::roster::{MOST_COLUMNS, MOST_ROWS, RawTable, Roster, RosterError, TextColumn, places};

const CANNOT_READ: &str = "cannot read";

/// Names of the files that only a selection has.
pub mod files {
    /// The creators booked.
    pub const SELECTION: &str = "selection.parquet";
    /// What was dropped or repaired of the roster.
    pub const ISSUES: &str = "roster_issues.parquet";
}

/// The columns of a parquet file that mean something, as text.
///
/// # Errors
/// If the file is damaged ([`ExportError::Parquet`]), or is no roster (the inner error).
pub fn read_parquet(
    path: &Path,
    settings: &RosterSettings,
) -> Result<Result<RawTable, RosterError>, ExportError> {
    let open = || File::open(path).map_err(ExportError::io(CANNOT_READ, path));
    let failed = |reason: String| ExportError::parquet(CANNOT_READ, path)(reason);
    // A damaged file can make the decoder panic; that is the file's fault, not the program's.
    let guarded = |work: &mut dyn FnMut() -> Result<DataFrame, String>| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
            .map_err(|_| "the file is damaged".to_owned())
            .and_then(|read| read)
    };
    let file = open()?;
    let mut head = || {
        let mut reader = ParquetReader::new(file.try_clone().map_err(|e| e.to_string())?);
        let rows = reader.num_rows().map_err(|e| e.to_string())?;
        let schema = reader.schema().map_err(|e| e.to_string())?;
        let names: Vec<String> = schema.iter_names().map(ToString::to_string).collect();
        Ok((rows, names))
    };
    let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut head))
        .map_err(|_| "the file is damaged".to_owned())
        .and_then(|read: Result<(usize, Vec<String>), String>| read);
    let (rows, names) = found.map_err(failed)?;
    if rows > MOST_ROWS {
        return Ok(Err(RosterError::TooManyRows(MOST_ROWS)));
    }
    if names.len() > MOST_COLUMNS {
        return Ok(Err(RosterError::TooManyColumns {
            row: 1,
            most: MOST_COLUMNS,
        }));
    }
    let places = match places(&names, settings) {
        Ok(places) => places,
        Err(error) => return Ok(Err(error)),
    };
    let wanted: Vec<String> = places.iter().flatten().map(|&i| names[i].clone()).collect();
    let file = open()?;
    let frame = guarded(&mut || {
        let file = file.try_clone().map_err(|e| e.to_string())?;
        ParquetReader::new(file)
            .with_columns(Some(wanted.clone()))
            .finish()
            .map_err(|e| e.to_string())
    })
    .map_err(|reason| ExportError::parquet(CANNOT_READ, path)(reason))?;
    let mut table = RawTable {
        read: frame.height(),
        // The header counts as row 1, as in a text file.
        rows: (2..frame.height() + 2).collect(),
        form: "parquet".to_owned(),
        ..RawTable::default()
    };
    for (field, place) in places.iter().enumerate() {
        let Some(place) = *place else { continue };
        let name = &names[place];
        let column = frame
            .column(name)
            .and_then(texts)
            .map_err(|e| ExportError::parquet(CANNOT_READ, path)(e))?;
        table.stored_numbers[field] = column.1;
        table.columns[field] = Some((name.clone(), column.0));
    }
    Ok(Ok(table))
}

/// A column's values as text, and whether they were numbers.
fn texts(column: &PolarsColumn) -> PolarsResult<(TextColumn, bool)> {
    let number = column.dtype().is_primitive_numeric();
    let text = column.cast(&DataType::String)?;
    let mut out = TextColumn::default();
    for value in text.str()?.iter() {
        out.push(value.map_or("", unguarded));
    }
    Ok((out, number))
}

/// What a selection is written from.
#[derive(Debug, Clone, Copy)]
pub struct Selected<'a> {
    /// Scenario name.
    pub scenario: &'a str,
    /// The scenario's model.
    pub model: &'a Model,
    /// The roster.
    pub roster: &'a Roster,
    /// The selection.
    pub selection: &'a Selection,
    /// Sentences that qualify the result.
    pub warnings: &'a [String],
    /// The file's `description`.
    pub description: Option<&'a str>,
}

/// `selection.parquet`: one row a booking, in the order of the roster.
#[must_use]
pub fn selection(of: &Selected<'_>) -> Table {
    let model = of.model;
    let creators = &of.roster.creators;
    let rows: Vec<(&Booking, &Creator)> = of
        .selection
        .bookings
        .iter()
        .map(|b| (b, &creators[b.creator]))
        .collect();
    let cell = |r: &(&Booking, &Creator)| &model.cells[r.0.cell];
    let quantity = |q: Quantity| move |r: &(&Booking, &Creator)| r.0.value.get(q);
    Table::new()
        .text("id", &rows, |r| Some(&r.1.id))
        .text("name", &rows, |r| r.1.name.as_deref())
        .text("tier", &rows, |r| Some(&model.tiers[cell(r).tier].name))
        .text("partnership", &rows, |r| {
            Some(&model.partnerships[cell(r).partnership].name)
        })
        .text("category", &rows, |r| {
            cell(r).category.map(|i| model.categories[i].name.as_str())
        })
        .text("region", &rows, |r| {
            cell(r).region.map(|i| model.regions[i].name.as_str())
        })
        .number("followers", &rows, |r| r.1.followers)
        .number("fee", &rows, |r| r.1.fee)
        .number("engagement_rate", &rows, |r| r.1.engagement_rate)
        .number("spend", &rows, quantity(Quantity::Spend))
        .number("impressions", &rows, quantity(Quantity::Impressions))
        .number("engagements", &rows, quantity(Quantity::Engagements))
        .number("clicks", &rows, quantity(Quantity::Clicks))
        .number("conversions", &rows, quantity(Quantity::Conversions))
        .number("revenue", &rows, quantity(Quantity::Revenue))
        .number("profit", &rows, quantity(Quantity::Profit))
        .number("hours", &rows, |r| Some(r.0.value.hours))
        .whole("roster_row", &rows, |r| Some(r.1.row))
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

struct CellRow<'a> {
    model: &'a Model,
    cell: usize,
    count: f64,
    spend: f64,
    revenue: f64,
    all_spend: f64,
}

/// `plan.parquet`: the columns of a run's, unit figures being means over those booked.
#[must_use]
pub fn plan(of: &Selected<'_>) -> Table {
    let model = of.model;
    let all_spend = of.selection.total(Quantity::Spend).unwrap_or(0.0);
    let mut rows: Vec<CellRow<'_>> = (0..model.cells.len())
        .map(|cell| CellRow {
            model,
            cell,
            count: 0.0,
            spend: 0.0,
            revenue: 0.0,
            all_spend,
        })
        .collect();
    for booking in &of.selection.bookings {
        let row = &mut rows[booking.cell];
        row.count += 1.0;
        row.spend += booking.value.spend;
        row.revenue += booking.value.revenue;
    }
    if !of.selection.plan.is_usable() {
        rows.clear();
    }
    let cell = |r: &CellRow<'_>| &model.cells[r.cell];
    let band = |r: &CellRow<'_>| model.rules.tier_budget_share[cell(r).tier].clone();
    Table::new()
        .text("plan", &rows, |r| Some(&r.model.name))
        .month("month", &rows, |_| Some(1))
        .text("tier", &rows, |r| Some(&model.tiers[cell(r).tier].name))
        .text("partnership", &rows, |r| {
            Some(&model.partnerships[cell(r).partnership].name)
        })
        .text("category", &rows, |r| {
            cell(r).category.map(|i| model.categories[i].name.as_str())
        })
        .text("region", &rows, |r| {
            cell(r).region.map(|i| model.regions[i].name.as_str())
        })
        .number("count", &rows, |r| Some(r.count))
        .number("unit_cost", &rows, |r| Some(r.spend / r.count))
        .number("unit_revenue", &rows, |r| Some(r.revenue / r.count))
        .number("spend", &rows, |r| Some(r.spend))
        .number("revenue", &rows, |r| Some(r.revenue))
        .number("budget_share", &rows, |r| Some(r.spend / r.all_spend))
        .number("share_low", &rows, |r| band(r).map(|b| b.low))
        .number("share_high", &rows, |r| band(r).map(|b| b.high))
}

/// `constraints.parquet`, as of a run.
#[must_use]
pub fn constraints(of: &Selected<'_>) -> Table {
    let states = &of.selection.plan.constraints;
    let rows: Vec<(&str, &ConstraintState)> = states
        .iter()
        .map(|state| (of.model.name.as_str(), state))
        .collect();
    Table::new()
        .text("plan", &rows, |r| Some(r.0))
        .month("month", &rows, |r| Some(r.1.month + 1))
        .text("constraint", &rows, |r| Some(&r.1.name))
        .text("kind", &rows, |r| Some(r.1.kind.name()))
        .number("low", &rows, |r| r.1.low)
        .number("value", &rows, |r| r.1.value)
        .number("high", &rows, |r| r.1.high)
        .flag("binding", &rows, |r| r.1.binding)
        .number("shadow_price", &rows, |r| r.1.shadow_price)
        .text("unit", &rows, |r| Some(&r.1.price_unit))
}

fn number(value: Option<f64>) -> Value {
    defined(value).map_or(Value::Null, Value::from)
}

/// result.json of a selection: no wall times, so that the same input gives the same text.
#[must_use]
pub fn selection_json(of: &Selected<'_>) -> Value {
    let Selected {
        model,
        roster,
        selection: found,
        ..
    } = *of;
    let plan = &found.plan;
    let usable = plan.is_usable();
    let expected: Map<String, Value> = Metric::ALL
        .into_iter()
        .map(|m| (m.name().to_owned(), number(found.metric(m))))
        .collect();
    let columns: Map<String, Value> = roster
        .columns
        .iter()
        .map(|(field, name)| (field.name().to_owned(), Value::from(name.as_str())))
        .collect();
    json!({
        "scenario": of.scenario,
        "description": of.description,
        "currency": model.currency,
        "roster": {
            "form": roster.form,
            "columns": columns,
            "rows": roster.read,
            "creators": roster.creators.len(),
            "dropped": roster.dropped(),
            "repaired": roster.repaired(),
        },
        "status": plan.status.name(),
        "reason": match &plan.status {
            PlanStatus::Failed { reason } => Some(reason.as_str()),
            _ => None,
        },
        "maximizes": model.objective.name(),
        "objective": number(plan.objective),
        "bound": number(plan.gap.map(|g| g.bound)),
        "gap": number(plan.gap.map(|g| g.relative)),
        "gap_certified": plan.gap.map(|g| g.certified),
        "booked": found.bookings.len(),
        "expected": if usable { Value::Object(expected) } else { Value::Null },
        "unspent": if usable { number(Some(plan.unspent)) } else { Value::Null },
        "selection": selection(of).json_rows(),
        "plan": self::plan(of).json_rows(),
        "constraints": constraints(of).json_rows(),
        "conflict": plan.conflict.as_ref().map(|conflict| json!({
            "sentences": conflict.sentences,
            "members": conflict.members.iter().map(|m| json!({
                "constraint": m.constraint,
                "kind": m.kind.name(),
                "origin": m.origin.to_string(),
                "stated": m.stated,
            })).collect::<Vec<_>>(),
        })),
        "warnings": of.warnings,
    })
}

/// Writes all files of a selection.
///
/// # Errors
/// If a file can't be written.
pub fn write_selection(
    folder: &Path,
    of: &Selected<'_>,
    seed: u64,
    record: &RunRecord,
) -> Result<(), ExportError> {
    let tables = [
        (files::SELECTION, selection(of)),
        (files::ISSUES, issues(of.roster)),
        (names::PLAN, plan(of)),
        (names::CONSTRAINTS, constraints(of)),
    ];
    for (name, table) in &tables {
        write_table(&folder.join(name), table)?;
    }
    write_json(&folder.join(names::RESULT), &selection_json(of))?;
    let solver = &of.selection.plan.solver;
    let written = tables.iter().map(|(name, _)| *name);
    let files = written.chain([names::RESULT, names::MANIFEST]);
    let manifest = Manifest {
        generator: GENERATOR,
        version: env!("CARGO_PKG_VERSION"),
        scenario: of.scenario.to_owned(),
        scenario_hash: record.scenario_hash.clone(),
        seed,
        trials: 0,
        reproducible: solver.reproducible,
        solver: vec![ManifestPlan {
            plan: of.selection.plan.name.clone(),
            status: of.selection.plan.status.name(),
            solver: solver.solver.clone(),
            nodes: solver.nodes,
            seconds: solver.seconds,
            reproducible: solver.reproducible,
        }],
        seconds: Map::from_iter([("selection".to_owned(), json!(solver.seconds))]),
        threads: record.threads,
        files: files.map(str::to_owned).collect(),
        resolved_scenario: record.resolved.clone(),
    };
    write_json(&folder.join(names::MANIFEST), &manifest)
}
