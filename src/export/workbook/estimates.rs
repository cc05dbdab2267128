//! Sheets of estimates by month: `forecast`, `cash`.

use super::cell::{Cell, Head, Kind, Sheet, at};
use crate::summary::Estimate;

const HEAD: [Head; 10] = [
    ("plan", 18.0),
    ("metric", 14.0),
    ("month", 9.0),
    ("period", 10.0),
    ("P10 (not additive)", 18.0),
    ("P50 (not additive)", 18.0),
    ("P90 (not additive)", 18.0),
    ("P90 - P10", 14.0),
    ("expected", 14.0),
    ("error of expected", 17.0),
];
pub(super) const PERIOD: usize = 3;
pub(super) const P10: usize = 4;
pub(super) const P50: usize = 5;
pub(super) const P90: usize = 6;
pub(super) const BAND: usize = 7;
const EXPECTED: usize = 8;

/// What is estimated of one metric of one plan.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    pub(super) plan: &'a str,
    pub(super) metric: &'static str,
    pub(super) kind: Kind,
    /// Whether the horizon's expected value is the sum of its months'.
    pub(super) additive: bool,
    /// By month, from 1.
    pub(super) months: Vec<(usize, &'a Estimate)>,
    /// Of the horizon.
    pub(super) horizon: Option<&'a Estimate>,
}

/// Rows of the sheet that a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub(super) plan: String,
    pub(super) metric: &'static str,
    pub(super) kind: Kind,
    /// Rows of the months, from 1, first and last.
    pub(super) rows: (usize, usize),
}

/// One row a plan, metric and month, and one of the horizon. A horizon of a single month is that month.
pub(super) fn estimates(
    name: &'static str,
    lines: &[Line<'_>],
    single: bool,
    period: impl Fn(usize) -> String,
) -> (Sheet, Vec<Shown>) {
    let mut sheet = Sheet::new(name, &HEAD, 4);
    let mut shown = Vec::new();
    for line in lines {
        let first = sheet.next();
        let mut months = line.months.clone();
        let mut horizon = line.horizon;
        if months.is_empty() && single {
            months.extend(horizon.take().map(|estimate| (1, estimate)));
        }
        let mut sum = Some(0.0);
        for &(month, estimate) in &months {
            let expected = estimate.headline();
            sum = sum.zip(expected).map(|(sum, e)| sum + e);
            let when = [Cell::whole(month), Cell::text(period(month))];
            let row = row(
                &sheet,
                line,
                when,
                estimate,
                Cell::number(expected, line.kind),
            );
            sheet.row(row);
        }
        let last = sheet.next() - 1;
        let has_band = |e: &Estimate| e.quantiles[1].is_some() && e.quantiles[5].is_some();
        if last >= first && months.iter().all(|(_, e)| has_band(e)) {
            shown.push(Shown {
                plan: line.plan.to_owned(),
                metric: line.metric,
                kind: line.kind,
                rows: (first, last),
            });
        }
        if let Some(estimate) = horizon {
            let expected = if line.additive && last >= first {
                let text = format!("=SUM({}:{})", at(EXPECTED, first), at(EXPECTED, last));
                Cell::formula(text, sum, line.kind)
            } else {
                Cell::number(estimate.headline(), line.kind)
            };
            let when = [Cell::text("horizon"), Cell::Empty];
            let row = row(&sheet, line, when, estimate, expected);
            sheet.total(row);
        }
    }
    (sheet, shown)
}

fn row(
    sheet: &Sheet,
    line: &Line<'_>,
    when: [Cell; 2],
    estimate: &Estimate,
    expected: Cell,
) -> Vec<Cell> {
    let row = sheet.next();
    let [p10, p50, p90] = [1, 3, 5].map(|i| estimate.quantiles[i]);
    let band = p90.zip(p10).map(|(high, low)| high - low);
    let error = if estimate.ratio_of_means.is_some() {
        estimate.ratio_of_means_error
    } else {
        estimate.mc_error
    };
    let [month, period] = when;
    vec![
        Cell::text(line.plan),
        Cell::text(line.metric),
        month,
        period,
        Cell::number(p10, line.kind),
        Cell::number(p50, line.kind),
        Cell::number(p90, line.kind),
        Cell::formula(
            format!("={}-{}", at(P90, row), at(P10, row)),
            band,
            line.kind,
        ),
        expected,
        Cell::number(
            error,
            if line.kind == Kind::Ratio {
                Kind::Small
            } else {
                line.kind
            },
        ),
    ]
}
