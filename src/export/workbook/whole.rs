//! The whole workbook.

use std::collections::HashMap;
use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use super::about::{about, assumptions};
use super::cell::Kind;
use super::charts::charts;
use super::comparison::comparison;
use super::estimates::{Line, Shown, estimates};
use super::months::months;
use super::plan::plan;
use super::targets::targets;
use super::variance::variance;
use super::writer::{Formats, add};
use crate::engine::RunResult;
use crate::export::error::ExportError;
use crate::model::Metric;
use crate::summary::{Estimate, ScopeKind, SummaryRow};
use crate::units::YearMonth;

/// What the workbook says beside the result.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorkbookRecord {
    /// The scenario's sentence for people.
    pub description: Option<String>,
    /// SHA-256 of the scenario, hexadecimal.
    pub scenario_hash: String,
    /// Key, value and origin of everything in the resolved scenario.
    pub assumptions: Vec<(String, String, String)>,
}

/// Writes the workbook of a run: sheets `plan`, `months`, `forecast`, `cash`, `charts`, `comparison`, `variance` (where months
/// happened), `targets`, `assumptions` and `about`.
///
/// # Errors
/// If the file can't be written, or a sheet would have more rows than a spreadsheet holds.
pub fn write_workbook(
    path: &Path,
    result: &RunResult,
    record: &WorkbookRecord,
) -> Result<(), ExportError> {
    let failed = |error: XlsxError| ExportError::Workbook {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut workbook = workbook(result, record).map_err(failed)?;
    workbook.save(path).map_err(failed)
}

fn workbook(result: &RunResult, record: &WorkbookRecord) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(result)?);
    let mut formats = Formats::default();
    let first = result.plans.first();
    let start = first.and_then(|p| p.model.start);
    let period = |month: usize| period(start, month);
    let single = first.is_some_and(|p| p.model.months == 1);
    let (sheet, booked, columns) = plan(result, period);
    add(&mut workbook, &mut formats, &sheet)?;
    add(
        &mut workbook,
        &mut formats,
        &months(result, &booked, columns, period),
    )?;
    let mut lines = forecast(result);
    lines.extend(by_metric(&result.forecast, |r| Row {
        plan: &r.plan,
        metric: r.metric.name(),
        additive: !r.metric.is_stock(),
        month: r.month,
        estimate: &r.estimate,
    }));
    let (sheet, shown) = estimates("forecast", &lines, single, period);
    add(&mut workbook, &mut formats, &sheet)?;
    let base = first.map_or("", |p| p.plan.name.as_str());
    let of_base = |shown: Vec<Shown>| -> Vec<Shown> {
        shown.into_iter().filter(|s| s.plan == base).collect()
    };
    let mut shown = vec![("forecast", of_base(shown))];
    if !result.cash.is_empty() {
        let lines = by_metric(&result.cash, |r| Row {
            plan: &r.plan,
            metric: r.metric.name(),
            additive: !r.metric.is_stock(),
            month: r.month,
            estimate: &r.estimate,
        });
        let (sheet, cash) = estimates("cash", &lines, single, period);
        add(&mut workbook, &mut formats, &sheet)?;
        shown.push(("cash", of_base(cash)));
    }
    let currency = first.map_or("", |p| p.model.currency.as_str());
    charts(&mut workbook, &shown, currency)?;
    add(&mut workbook, &mut formats, &comparison(result))?;
    if !result.variance.is_empty() {
        add(&mut workbook, &mut formats, &variance(result, period))?;
    }
    for sheet in [targets(result), assumptions(record), about(result, record)] {
        add(&mut workbook, &mut formats, &sheet)?;
    }
    Ok(workbook)
}

/// A fixed date: the file says nothing of when it was made.
fn properties(result: &RunResult) -> Result<DocProperties, XlsxError> {
    let date = ExcelDateTime::from_ymd(2000, 1, 1)?;
    Ok(DocProperties::new()
        .set_title(&result.scenario)
        .set_author("influencer-matrix")
        .set_creation_datetime(&date))
}

/// A month of the horizon, from 1, as people call it.
fn period(start: Option<(i16, i8)>, month: usize) -> String {
    let dated = start
        .and_then(|(year, first)| YearMonth::new(year, first))
        .and_then(|first| first.plus_months(u32::try_from(month.saturating_sub(1)).ok()?));
    dated.map_or_else(|| format!("month {month}"), |date| date.to_string())
}

/// The lines of the forecast: every metric of every plan's totals, by month where the run has months.
fn forecast(result: &RunResult) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for plan in &result.plans {
        let mine: Vec<&SummaryRow> = result
            .summary
            .iter()
            .filter(|r| r.plan == plan.plan.name && r.scope.kind == ScopeKind::Total)
            .collect();
        for metric in Metric::ALL {
            let mut months = Vec::new();
            let mut horizon = None;
            for row in mine.iter().filter(|r| r.metric == metric) {
                match row.month {
                    Some(month) => months.push((month, &row.estimate)),
                    None => horizon = Some(&row.estimate),
                }
            }
            if !months.is_empty() || horizon.is_some() {
                lines.push(Line {
                    plan: &plan.plan.name,
                    metric: metric.name(),
                    kind: Kind::of(metric),
                    // People reached in two months are one.
                    additive: metric.denominator().is_none() && metric != Metric::NetReach,
                    months,
                    horizon,
                });
            }
        }
    }
    lines
}

/// A row of amounts of money, of whatever table.
struct Row<'a> {
    plan: &'a str,
    metric: &'static str,
    additive: bool,
    month: Option<usize>,
    estimate: &'a Estimate,
}

/// Rows put together by plan and metric, in the order in which these appear.
fn by_metric<'a, T>(rows: &'a [T], of: impl Fn(&'a T) -> Row<'a>) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for row in rows.iter().map(of) {
        let place = *places.entry((row.plan, row.metric)).or_insert_with(|| {
            lines.push(Line {
                plan: row.plan,
                metric: row.metric,
                kind: Kind::Money,
                additive: row.additive,
                months: Vec::new(),
                horizon: None,
            });
            lines.len() - 1
        });
        match row.month {
            Some(month) => lines[place].months.push((month, row.estimate)),
            None => lines[place].horizon = Some(row.estimate),
        }
    }
    lines
}
