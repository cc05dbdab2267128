//! Sheet `comparison`: each plan beside its baseline, over the horizon.

use super::cell::{Cell, Head, Kind, Sheet, at, quotient};
use crate::comparison::ComparisonRow;
use crate::engine::RunResult;
use crate::model::Metric;
use crate::summary::{ScopeKind, SummaryRow};

const HEAD: [Head; 12] = [
    ("plan", 18.0),
    ("baseline", 18.0),
    ("metric", 14.0),
    ("baseline expected", 18.0),
    ("plan expected", 14.0),
    ("difference", 14.0),
    ("difference in %", 15.0),
    ("P5 of difference (not additive)", 30.0),
    ("P50 of difference (not additive)", 31.0),
    ("P95 of difference (not additive)", 31.0),
    ("odds that the plan is better", 27.0),
    ("error of odds", 13.0),
];
const FROM: usize = 3;
const TO: usize = 4;
const DIFFERENCE: usize = 5;

/// One row a compared plan and metric. Expected figures of ratios are ratios of expected totals.
pub(super) fn comparison(result: &RunResult) -> Sheet {
    let mut sheet = Sheet::new("comparison", &HEAD, 3);
    let whole = |r: &&ComparisonRow| r.month.is_none() && r.scope.kind == ScopeKind::Total;
    for compared in result.comparison.iter().filter(whole) {
        let row = sheet.next();
        let kind = Kind::of(compared.metric);
        let from = headline(&result.summary, &compared.baseline, compared.metric);
        let to = headline(&result.summary, &compared.plan, compared.metric);
        let difference = from.zip(to).map(|(from, to)| to - from);
        let relative = difference.zip(from).and_then(|(d, from)| quotient(d, from));
        let paired = |value| Cell::number(value, kind);
        sheet.row(vec![
            Cell::text(&compared.plan),
            Cell::text(&compared.baseline),
            Cell::text(compared.metric.name()),
            Cell::number(from, kind),
            Cell::number(to, kind),
            Cell::formula(
                format!("={}-{}", at(TO, row), at(FROM, row)),
                difference,
                kind,
            ),
            Cell::formula(
                format!("={}/{}", at(DIFFERENCE, row), at(FROM, row)),
                relative,
                Kind::Share,
            ),
            paired(compared.p05),
            paired(compared.p50),
            paired(compared.p95),
            Cell::number(compared.prob_better, Kind::Share),
            Cell::number(compared.prob_better_error, Kind::ShareError),
        ]);
    }
    sheet
}

fn headline(rows: &[SummaryRow], plan: &str, metric: Metric) -> Option<f64> {
    let is_it = |r: &&SummaryRow| {
        r.plan == plan
            && r.metric == metric
            && r.month.is_none()
            && r.scope.kind == ScopeKind::Total
    };
    rows.iter().find(is_it)?.estimate.headline()
}
