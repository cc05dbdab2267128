//! Sheet `targets`: what was asked of the plans, and the odds.

use super::cell::{Cell, Head, Kind, Sheet, at};
use crate::engine::RunResult;
use crate::model::{Bound, Metric};
use crate::summary::ScopeKind;

const HEAD: [Head; 13] = [
    ("plan", 18.0),
    ("target", 24.0),
    ("metric", 14.0),
    ("tier", 10.0),
    ("month", 9.0),
    ("direction", 10.0),
    ("level", 13.0),
    ("expected", 13.0),
    ("expected - level", 16.0),
    ("probability wanted", 18.0),
    ("probability", 12.0),
    ("error of probability", 19.0),
    ("met", 7.0),
];
const LEVEL: usize = 6;
const EXPECTED: usize = 7;

/// One row a plan and target, and one a plan and month for the odds that the spend stays within the budget.
pub(super) fn targets(result: &RunResult) -> Sheet {
    let mut sheet = Sheet::new("targets", &HEAD, 2);
    for plan in &result.plans {
        for target in &plan.targets {
            let (direction, level) = match target.bound {
                Bound::AtLeast(level) => ("at least", level),
                Bound::AtMost(level) => ("at most", level),
            };
            let asked = Asked {
                plan: &plan.plan.name,
                key: &target.key,
                metric: target.metric,
                tier: target.tier.as_deref(),
                month: Cell::text("horizon"),
                direction,
                level,
                expected: target.expected,
                with: target.with,
                odds: (target.probability, target.probability_error),
                met: Some(target.met),
            };
            asked.put(&mut sheet);
        }
        let mine = result.summary.iter().filter(|r| {
            r.plan == plan.plan.name
                && r.scope.kind == ScopeKind::Total
                && r.metric == Metric::Spend
        });
        for row in mine {
            let Some(level) = row.estimate.target else {
                continue;
            };
            let asked = Asked {
                plan: &row.plan,
                key: "budget",
                metric: Metric::Spend,
                tier: None,
                month: row.month.map_or(Cell::text("horizon"), Cell::whole),
                direction: "at most",
                level,
                expected: row.estimate.mean,
                with: None,
                odds: (row.estimate.prob_target, row.estimate.prob_target_error),
                met: None,
            };
            asked.put(&mut sheet);
        }
    }
    sheet
}

struct Asked<'a> {
    plan: &'a str,
    key: &'a str,
    metric: Metric,
    tier: Option<&'a str>,
    month: Cell,
    direction: &'static str,
    level: f64,
    expected: Option<f64>,
    with: Option<f64>,
    odds: (Option<f64>, Option<f64>),
    met: Option<bool>,
}

impl Asked<'_> {
    fn put(self, sheet: &mut Sheet) {
        let row = sheet.next();
        let kind = Kind::of(self.metric);
        let beyond = self.expected.map(|expected| expected - self.level);
        sheet.row(vec![
            Cell::text(self.plan),
            Cell::text(self.key),
            Cell::text(self.metric.name()),
            Cell::maybe(self.tier),
            self.month,
            Cell::text(self.direction),
            Cell::number(Some(self.level), kind),
            Cell::number(self.expected, kind),
            Cell::formula(
                format!("={}-{}", at(EXPECTED, row), at(LEVEL, row)),
                beyond,
                kind,
            ),
            Cell::number(self.with, Kind::Share),
            Cell::number(self.odds.0, Kind::Share),
            Cell::number(self.odds.1, Kind::ShareError),
            Cell::maybe(self.met.map(|met| if met { "yes" } else { "no" })),
        ]);
    }
}
