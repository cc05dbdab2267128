//! Plan, actuals and forecast beside each other.

use super::figures::{label, value};
use super::layout::{Grid, Page, Tone};
use crate::actuals::{Learned, VarianceRow};
use crate::engine::{PlanResult, RunResult};
use crate::model::Metric;
use crate::units::{YearMonth, listed, percent};

/// Metrics of the table, in its order.
const SHOWN: [Metric; 4] = [
    Metric::Spend,
    Metric::Revenue,
    Metric::Conversions,
    Metric::Roas,
];
/// Columns that a narrow screen does without, the first first.
const SPARE: [&str; 2] = ["P10", "P90"];
/// A factor whose expectation moved less is as it was.
const MOVED: f64 = 0.02;
/// Most factors named.
const NAMED: usize = 6;

/// A table of months, and what the months that happened say of the averages.
pub(super) fn write(page: &mut Page, result: &RunResult, found: &PlanResult) {
    let own = |row: &&VarianceRow| row.plan == found.plan.name && row.tier.is_none();
    let rows: Vec<&VarianceRow> = result.variance.iter().filter(own).collect();
    if rows.is_empty() {
        return;
    }
    let (currency, start) = (&found.model.currency, found.model.start);
    let start = start.and_then(|(y, m)| YearMonth::new(y, m));
    page.blank();
    page.sentence("Plan, actuals and forecast:");
    let mut grid = Grid::new([
        "month",
        "metric",
        "plan",
        "actual",
        "forecast",
        "P10",
        "P90",
        "difference",
        "",
    ])
    .left(1);
    for metric in SHOWN {
        for row in rows.iter().filter(|row| row.metric == metric) {
            let number = |v| value(metric, v, currency);
            let happened = row.month.is_some() && row.actual.is_some();
            let name = match (row.month, start) {
                (None, _) => "all".to_owned(),
                (Some(month), Some(start)) => u32::try_from(month - 1)
                    .ok()
                    .and_then(|months| start.plus_months(months))
                    .map_or_else(|| month.to_string(), |name| name.to_string()),
                (Some(month), None) => month.to_string(),
            };
            let range = |v| if happened { String::new() } else { number(v) };
            grid.row([
                name,
                label(metric).to_owned(),
                number(row.planned),
                row.actual.map_or_else(String::new, |v| number(Some(v))),
                number(row.forecast),
                range(row.p10),
                range(row.p90),
                number(row.difference()),
                row.relative().map_or_else(String::new, |share| {
                    let sign = if share > 0.0 { "+" } else { "" };
                    format!("{sign}{}", percent(share))
                }),
            ]);
        }
    }
    page.table(&grid.fitted(page.width(), &SPARE));
    page.sentence(
        "Plan: expected before anything had happened. Forecast: actuals where a month happened (the same in every trial, with what its posts are still to sell), and what is expected of the others now, planned again with what is left.",
    );
    let learned: Vec<&Learned> = result
        .learned
        .iter()
        .filter(|l| l.plan == found.plan.name && (l.mean - 1.0).abs() >= MOVED)
        .collect();
    says(page, learned);
}

fn says(page: &mut Page, mut learned: Vec<&Learned>) {
    if learned.is_empty() {
        page.sentence(
            "What happened is close to what was expected: no average moves by 2 % or more.",
        );
        return;
    }
    learned.sort_by(|a, b| (b.mean - 1.0).abs().total_cmp(&(a.mean - 1.0).abs()));
    let words: Vec<String> = learned
        .iter()
        .take(NAMED)
        .map(|l| {
            let whose = match (&l.tier, l.month) {
                (Some(tier), _) => format!(" of {tier}"),
                (None, Some(month)) => format!(" in month {}", month + 1),
                (None, None) => String::new(),
            };
            let change = l.mean - 1.0;
            let way = if change > 0.0 { "up" } else { "down" };
            format!(
                "{}{whose} {way} {} (between {} and {})",
                l.input.words(),
                percent(change.abs()),
                signed(l.p10 - 1.0),
                signed(l.p90 - 1.0),
            )
        })
        .collect();
    let heading = page.tone(Tone::Heading, "What it says of the averages");
    page.sentence(&format!("{heading}: {}; 80 % intervals.", listed(&words)));
}

fn signed(share: f64) -> String {
    let sign = if share > 0.0 { "+" } else { "" };
    format!("{sign}{}", percent(share))
}
