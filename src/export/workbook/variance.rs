//! Sheet `variance`: plan, actuals and forecast, where months happened.

use super::cell::{Cell, Head, Kind, Sheet, at};
use crate::actuals::VarianceRow;
use crate::engine::RunResult;

const HEAD: [Head; 12] = [
    ("plan", 18.0),
    ("month", 9.0),
    ("period", 10.0),
    ("tier", 10.0),
    ("metric", 14.0),
    ("planned", 14.0),
    ("actual", 14.0),
    ("forecast", 14.0),
    ("forecast P10 (not additive)", 26.0),
    ("forecast P90 (not additive)", 26.0),
    ("forecast - planned", 18.0),
    ("difference in %", 15.0),
];
const PLANNED: usize = 5;
const FORECAST: usize = 7;
const DIFFERENCE: usize = 10;

/// One row a plan, tier (none: all), month and metric, as in `variance.parquet`; those of the horizon stand out.
pub(super) fn variance(result: &RunResult, period: impl Fn(usize) -> String) -> Sheet {
    let mut sheet = Sheet::new("variance", &HEAD, 5);
    for found in &result.variance {
        let row = sheet.next();
        let cells = cells(found, row, &period);
        if found.month.is_some() {
            sheet.row(cells);
        } else {
            sheet.total(cells);
        }
    }
    sheet
}

fn cells(found: &VarianceRow, row: usize, period: impl Fn(usize) -> String) -> Vec<Cell> {
    let kind = Kind::of(found.metric);
    let number = |value| Cell::number(value, kind);
    vec![
        Cell::text(&found.plan),
        found
            .month
            .map_or_else(|| Cell::text("horizon"), Cell::whole),
        found
            .month
            .map_or(Cell::Empty, |month| Cell::text(period(month))),
        Cell::maybe(found.tier.as_deref()),
        Cell::text(found.metric.name()),
        number(found.planned),
        number(found.actual),
        number(found.forecast),
        number(found.p10),
        number(found.p90),
        Cell::formula(
            format!("={}-{}", at(FORECAST, row), at(PLANNED, row)),
            found.difference(),
            kind,
        ),
        // Of what may be a loss.
        Cell::formula(
            format!("={}/ABS({})", at(DIFFERENCE, row), at(PLANNED, row)),
            found.relative(),
            Kind::Share,
        ),
    ]
}
