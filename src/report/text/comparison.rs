//! Plans against the baseline: paired differences, and what moves.

use super::estimates::total;
use super::figures::{
    error, label, partnerships, plan_name, probability, probability_with_error, signed,
    signed_money, signed_ratio, value,
};
use super::layout::{Grid, Page};
use crate::comparison::ComparisonRow;
use crate::engine::RunResult;
use crate::model::Metric;
use crate::rebalancing::RebalancingRow;
use crate::summary::{Estimate, ScopeKind};
use crate::units::{money, percent};

/// The comparison of a plan in sentences and a table; nothing if it is not compared.
pub(super) fn write(page: &mut Page, result: &RunResult, plan: &str, currency: &str) {
    let rows: Vec<&ComparisonRow> = Metric::HEADLINE
        .iter()
        .filter_map(|metric| {
            result.comparison.iter().find(|r| {
                r.plan == plan
                    && r.month.is_none()
                    && r.scope.kind == ScopeKind::Total
                    && r.metric == *metric
            })
        })
        .collect();
    let Some(first) = rows.first() else { return };
    let baseline = first.baseline.as_str();
    let (this, that) = (plan_name(plan), plan_name(baseline));
    page.heading(&format!("{this} against {that}"));
    for text in sentences(result, &rows, plan, baseline, currency) {
        page.sentence(&text);
    }
    page.blank();
    let mut grid = Grid::new([
        "",
        baseline,
        plan,
        "difference",
        "± error",
        "P5",
        "P95",
        "better",
    ]);
    for row in &rows {
        let metric = row.metric;
        let of = |plan: &str| total(result, plan, metric).and_then(Estimate::headline);
        grid.row([
            label(metric).to_owned(),
            value(metric, of(baseline), currency),
            value(metric, of(plan), currency),
            signed(metric, row.mean_difference, currency),
            error(metric, row.mc_error, currency),
            signed(metric, row.p05, currency),
            signed(metric, row.p95, currency),
            if metric == Metric::Spend {
                String::new()
            } else {
                probability(row.prob_better)
            },
        ]);
    }
    page.table(&grid.fitted(page.width(), &["± error", baseline, plan]));
    let apart = |row: &&&ComparisonRow| {
        let of = |plan: &str| total(result, plan, row.metric).and_then(Estimate::headline);
        let shown = of(plan).zip(of(baseline)).map(|(to, from)| to - from);
        let show = |v| signed(row.metric, v, currency);
        shown.zip(row.mean_difference).is_some_and(|(a, b)| {
            (a - b).abs() > 0.05 * a.abs().max(b.abs()) && show(Some(a)) != show(Some(b))
        })
    };
    let apart: Vec<&str> = rows.iter().filter(apart).map(|r| label(r.metric)).collect();
    if let Some((last, others)) = apart.split_last() {
        let names = if others.is_empty() {
            (*last).to_owned()
        } else {
            format!("{} and {last}", others.join(", "))
        };
        page.sentence(&format!(
            "{names} of the plans: ratios of expected totals; the difference: the mean of the trials' own differences, so it is not \
             that of the two columns."
        ));
    }
}

fn sentences(
    result: &RunResult,
    rows: &[&ComparisonRow],
    plan: &str,
    baseline: &str,
    currency: &str,
) -> Vec<String> {
    let (this, that) = (plan_name(plan), plan_name(baseline));
    let mut out = Vec::new();
    let of = |metric: Metric| rows.iter().find(|r| r.metric == metric);
    if let Some(row) = of(Metric::Revenue) {
        let Some(mean) = row.mean_difference.filter(|v| v.is_finite()) else {
            return out;
        };
        if same_everywhere(row) {
            out.push(format!(
                "{this} brings the same revenue as {that} in every trial."
            ));
        } else {
            let base = total(result, baseline, Metric::Revenue).and_then(|e| e.mean);
            let relative = base
                .filter(|b| *b != 0.0)
                .map_or_else(String::new, |b| format!(" ({})", percent((mean / b).abs())));
            let direction = if mean < 0.0 { "less" } else { "more" };
            out.push(format!(
                "On average {this} brings {}{relative} {direction} revenue than {that} ({}). In nine trials of \
                 ten the difference lies between {} and {}.",
                money(mean.abs(), currency),
                error(Metric::Revenue, row.mc_error, currency),
                signed(Metric::Revenue, row.p05, currency),
                signed(Metric::Revenue, row.p95, currency),
            ));
        }
    }
    let odds: Vec<String> = [
        (Metric::Revenue, "more revenue"),
        (Metric::Profit, "more profit"),
        (Metric::Roas, "a higher ROAS"),
        (Metric::Cpa, "a lower CPA"),
    ]
    .into_iter()
    .filter_map(|(metric, words)| {
        let row = of(metric)?;
        row.prob_better?;
        if same_everywhere(row) {
            return None;
        }
        let odds = probability_with_error(row.prob_better, row.prob_better_error);
        Some(format!("{words} with probability {odds}"))
    })
    .collect();
    if let Some((last, others)) = odds.split_last() {
        let list = if others.is_empty() {
            last.clone()
        } else {
            format!("{}, and {last}", others.join(", "))
        };
        out.push(format!("It has {list}."));
    }
    out
}

/// Whether the two plans never differ.
fn same_everywhere(row: &ComparisonRow) -> bool {
    row.mean_difference == Some(0.0) && row.p05 == Some(0.0) && row.p95 == Some(0.0)
}

#[derive(Default, Clone, Copy)]
struct Move {
    count: [f64; 2],
    spend: [f64; 2],
    revenue: f64,
    roas: Option<f64>,
}

impl Move {
    fn add(&mut self, row: &RebalancingRow) {
        self.count[0] += row.count_from;
        self.count[1] += row.count_to;
        self.spend[0] += row.spend_from;
        self.spend[1] += row.spend_to;
        self.revenue += row.revenue_contribution;
        self.roas = match (self.roas, row.roas_contribution) {
            (Some(a), Some(b)) => Some(a + b),
            (one, other) => one.or(other),
        };
    }
}

/// What moves tier by tier from the baseline to a plan, and what each move contributes.
pub(super) fn rebalancing(page: &mut Page, result: &RunResult, plan: &str, currency: &str) {
    let rows: Vec<&RebalancingRow> = result
        .rebalancing
        .iter()
        .filter(|r| r.plan == plan)
        .collect();
    let Some(first) = rows.first() else { return };
    page.heading(&format!(
        "What moves from {} to {}",
        plan_name(&first.baseline),
        plan_name(plan)
    ));
    let mut tiers: Vec<(&str, Move)> = Vec::new();
    let mut whole = Move::default();
    for row in &rows {
        whole.add(row);
        if let Some((_, sums)) = tiers.iter_mut().find(|t| t.0 == row.tier) {
            sums.add(row);
        } else {
            let mut sums = Move::default();
            sums.add(row);
            tiers.push((&row.tier, sums));
        }
    }
    let mut grid = Grid::new(["tier", "spend", "change", "partnerships", "revenue", "ROAS"]);
    for (name, sums) in tiers.iter().copied().chain([("total", whole)]) {
        let [from, to] = sums.spend;
        grid.row([
            name.to_owned(),
            format!("{} → {}", money(from, currency), money(to, currency)),
            signed_money(to - from, currency),
            format!(
                "{} → {}",
                partnerships(sums.count[0]),
                partnerships(sums.count[1])
            ),
            signed_money(sums.revenue, currency),
            signed_ratio(sums.roas),
        ]);
    }
    page.table(&grid.fitted(page.width(), &["change"]));
    let filled = result
        .plans
        .iter()
        .any(|p| p.model.horizon.pipeline.is_some());
    let values = if filled {
        "Expected values as planned, every booked place filled"
    } else {
        "Expected values"
    };
    page.sentence(&format!(
        "{values}; the last two columns are each tier's contribution to the change of the whole and add up to it.",
    ));
}
