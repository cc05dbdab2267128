//! What a plan's rules cost, what its unused cells lack, and plans that are as good.

use super::figures::{label, objective, partnerships, signed, value};
use super::layout::{Grid, Page};
use ndarray::Array2;

use super::plan::{booked_names, is_one_month, is_ratio_of_months, is_same, month_name, month_of};
use crate::model::{
    CellKey, ConstraintState, Metric, Model, Plan, PlanStatus, Unit, UnusedCell, valuation,
};
use crate::units::{count, currency_sign, fixed, money, percent};

/// Rules and cells that are worth a line.
const LINES: usize = 3;

/// Rows of a table of plans' differences by month.
const MONTHS: usize = 16;

/// A change of a figure by less is none.
const AS_GOOD: f64 = 0.000_5;

/// The dearest rules, and how far it would pay to move them.
pub(super) fn rules(page: &mut Page, model: &Model, plan: &Plan) {
    let one = is_one_month(model, plan);
    let first = || {
        let all = plan.constraints.iter();
        all.filter(|c| !one || c.month == Some(0))
    };
    let mut dearest: Vec<(&ConstraintState, f64)> = first()
        .filter_map(|c| Some((c, c.range.cost?)))
        .filter(|&(_, cost)| says_something(&amount(model, cost)))
        .collect();
    dearest.sort_by(|a, b| b.1.total_cmp(&a.1));
    // Each rule once, in its dearest month.
    let mut told: Vec<&ConstraintState> = Vec::new();
    dearest.retain(|(c, _)| {
        let new = !told.iter().any(|told| is_same(told, c));
        told.push(c);
        new
    });
    dearest.truncate(LINES);
    let budget = first().filter(|c| c.name == "budget" && c.range.cost.is_none());
    let (name, _) = objective(model.objective);
    let lines: Vec<String> = budget
        .take(LINES)
        .filter_map(|c| {
            let farther = farther(model, c)?;
            Some(format!("{}{}: {farther}", month_of(one, c), c.name))
        })
        .chain(dearest.iter().map(|&(c, cost)| {
            let costs = format!(
                "{}{}{} costs {} of expected {name}",
                month_of(one, c),
                c.name,
                stated(c).map_or_else(String::new, |(word, at)| {
                    let to = c.range.to.unwrap_or(at);
                    format!(" ({word} {})", bound_beside(model, c.unit, at, to))
                }),
                amount(model, cost)
            );
            match farther(model, c) {
                Some(farther) => format!("{costs}; {farther}"),
                None => costs,
            }
        }))
        .collect();
    if lines.is_empty() {
        return;
    }
    page.sentence(if is_ratio_of_months(model, plan) {
        "What a rule of one month costs (in the plan with fractional counts; ROAS is the horizon's):"
    } else if one {
        "What the rules cost a month (in the plan with fractional counts):"
    } else {
        "What the rules cost (in the plan with fractional counts):"
    });
    for line in lines {
        page.item(&line);
    }
}

/// An amount of the objective.
fn amount(model: &Model, amount: f64) -> String {
    let (_, metric) = objective(model.objective);
    if metric == Metric::Roas {
        fixed(amount, 3)
    } else {
        value(metric, Some(amount), &model.currency)
    }
}

fn says_something(text: &str) -> bool {
    text.bytes().any(|b| (b'1'..=b'9').contains(&b))
}

/// A bound in its unit.
fn bound(model: &Model, unit: Unit, bound: f64) -> String {
    match unit {
        Unit::Money => money(bound, &model.currency),
        Unit::Share => percent(bound),
        Unit::Count | Unit::Plain => partnerships(bound),
        Unit::Hours if bound == 1.0 => "1 hour".to_owned(),
        Unit::Hours => format!("{} hours", partnerships(bound)),
        Unit::Metric(metric) => {
            format!(
                "{} {}",
                label(metric),
                value(metric, Some(bound), &model.currency)
            )
        }
    }
}

/// A bound with as many decimals as it takes to tell it from another one.
fn bound_beside(model: &Model, unit: Unit, at: f64, other: f64) -> String {
    let plain = bound(model, unit, at);
    if at == other || plain != bound(model, unit, other) {
        return plain;
    }
    let finer = |at: f64, decimals: usize| match unit {
        Unit::Money => finer_money(at, decimals, &model.currency),
        Unit::Share => format!("{} %", trimmed(100.0 * at, decimals)),
        Unit::Count | Unit::Plain => trimmed(at, decimals),
        Unit::Hours => format!("{} hours", trimmed(at, decimals)),
        Unit::Metric(metric) => {
            let figure = if metric.is_money() {
                finer_money(at, decimals, &model.currency)
            } else {
                trimmed(at, decimals)
            };
            format!("{} {figure}", label(metric))
        }
    };
    (1..FINEST)
        .find(|&decimals| finer(at, decimals) != finer(other, decimals))
        .map_or_else(|| finer(at, FINEST), |decimals| finer(at, decimals))
}

/// Most decimals of a bound.
const FINEST: usize = 9;

fn finer_money(at: f64, decimals: usize, currency: &str) -> String {
    let sign = if at < 0.0 { "-" } else { "" };
    let figure = trimmed(at.abs(), decimals);
    format!("{sign}{}{figure}", currency_sign(currency))
}

/// Without zeros behind the last digit that says something.
fn trimmed(at: f64, decimals: usize) -> String {
    let text = fixed(at, decimals);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The end of a rule that costs, as it stands: the one that its bound moves away from; and how it is
/// said.
fn stated(state: &ConstraintState) -> Option<(&'static str, f64)> {
    match (state.low, state.high, state.range.to) {
        (Some(low), Some(high), _) if low == high => Some(("exactly", low)),
        (Some(low), Some(_), Some(to)) if to < low => Some(("at least", low)),
        (Some(low), None, _) => Some(("at least", low)),
        (None, Some(high), _) | (Some(_), Some(high), Some(_)) => Some(("at most", high)),
        _ => None,
    }
}

/// Where a bound would pay to move, and what comes of it: "at 42 % it would cost ¥3,000 less, and
/// from there … limits".
fn farther(model: &Model, state: &ConstraintState) -> Option<String> {
    let (to, gain) = (state.range.to?, state.range.gain?);
    let gain = amount(model, gain);
    if !says_something(&gain) {
        return None;
    }
    let from = stated(state).map_or(to, |(_, at)| at);
    let to = bound_beside(model, state.unit, to, from);
    Some(match &state.range.then_binds {
        Some(rule) => format!("at {to} the plan brings {gain} more, and from there {rule} limits"),
        None => format!("at {to} the plan brings {gain} more, and beyond that no more"),
    })
}

/// The unused cells that lack least.
pub(super) fn cells(page: &mut Page, model: &Model, plan: &Plan) {
    if plan.status == PlanStatus::Fixed {
        return;
    }
    let lacks = |u: &UnusedCell| {
        let fee = u.fee_factor.map_or(f64::INFINITY, |f| 1.0 - f);
        fee.min(u.conversion_factor.map_or(f64::INFINITY, |f| f - 1.0))
    };
    let mut nearest: Vec<(&UnusedCell, f64)> = plan
        .unused
        .iter()
        .map(|u| (u, lacks(u)))
        // Of many months' cells those that lack more than as much again are not near.
        .filter(|(unused, lack)| lack.is_finite() && (unused.month.is_none() || *lack <= 1.0))
        .collect();
    if nearest.is_empty() {
        return;
    }
    nearest.sort_by(|a, b| a.1.total_cmp(&b.1));
    // Each cell once, in the month in which it lacks least; a level's starts are one.
    let mut told: Vec<CellKey> = Vec::new();
    nearest.retain(|(unused, _)| {
        let mut key = model.key(unused.cell);
        key.booked_as = key
            .booked_as
            .map(|(name, start)| (name, start.and(Some(0))));
        let new = !told.contains(&key);
        told.push(key);
        new
    });
    page.sentence("Not booked, and nearest to it:");
    for (unused, lack) in nearest.into_iter().take(LINES) {
        let key = model.key(unused.cell);
        let first = unused.month.unwrap_or(0);
        let key = match (unused.month, unused.until) {
            (Some(_), Some(until)) => format!("{key} until month {}", until + 1),
            (Some(month), None) => format!("{key} in month {}", month + 1),
            (None, _) => key.to_string(),
        };
        if lack < AS_GOOD {
            page.item(&format!("{key}: as good as what is booked in its place"));
            continue;
        }
        let months = first..=unused.until.unwrap_or(first);
        let cost: f64 = months
            .map(|month| {
                let law = valuation::law_in(model, month, unused.cell);
                law.expected().spend
            })
            .sum();
        let fee = unused
            .fee_factor
            .zip(unused.enters_at_unit_cost)
            .map(|(factor, at)| {
                if factor == 0.0 {
                    "without a fee".to_owned()
                } else {
                    format!(
                        "at a fee {} lower (a partnership then costs {} instead of {})",
                        percent(1.0 - factor),
                        money(at, &model.currency),
                        money(cost, &model.currency)
                    )
                }
            });
        let conversions = unused
            .conversion_factor
            .map(|factor| format!("with {} more conversions", percent(factor - 1.0)));
        let ways: Vec<String> = fee.into_iter().chain(conversions).collect();
        page.item(&format!("{key}: {}", ways.join(", or ")));
    }
}

/// Plans that are as good, beside this one.
pub(super) fn alternatives(page: &mut Page, model: &Model, plan: &Plan) {
    if plan.alternatives.is_empty() {
        return;
    }
    let (name, metric) = objective(model.objective);
    page.blank();
    page.sentence(if plan.alternatives.len() == 1 {
        "Another plan that is as good within the gap:"
    } else {
        "Other plans that are as good within the gap:"
    });
    for (i, other) in plan.alternatives.iter().enumerate() {
        let difference = plan.objective.map_or_else(String::new, |best| {
            let change = other.objective - best;
            let words = signed(metric, Some(change), &model.currency);
            if says_something(&words) {
                format!(", expected {name} {words}")
            } else {
                format!(", expected {name} the same")
            }
        });
        page.item(&format!(
            "alternative {}: {} of the partnerships differ{difference}",
            i + 1,
            percent(other.moved)
        ));
    }
    page.blank();
    if plan.alternatives.iter().any(|a| a.counts.nrows() > 1) {
        let all = std::iter::once(&plan.counts).chain(plan.alternatives.iter().map(|a| &a.counts));
        let all: Vec<&Array2<f64>> = all.collect();
        let by_month = differences_over_months(model, &all, true);
        if by_month.rows() <= MONTHS {
            page.table(&by_month);
        } else {
            page.table(&differences_over_months(model, &all, false));
            page.sentence("(All months together; each month's counts are in result.json.)");
        }
        page.blank();
        return;
    }
    let of = |counts: &Array2<f64>| counts.row(0).to_vec();
    let first = of(&plan.counts);
    let others: Vec<Vec<f64>> = plan.alternatives.iter().map(|a| of(&a.counts)).collect();
    let columns: Vec<&[f64]> = std::iter::once(&first[..])
        .chain(others.iter().map(|counts| &counts[..]))
        .collect();
    page.table(&differences(model, &columns));
    page.blank();
}

/// Counts of plans over several months where they differ, by tier, type and how it is booked, and by month or all
/// months together.
fn differences_over_months(model: &Model, plans: &[&Array2<f64>], by_month: bool) -> Grid {
    let mut groups: Vec<(Vec<String>, Vec<usize>)> = Vec::new();
    for cell in 0..model.cells.len() {
        let names = booked_names(model, cell);
        match groups.iter_mut().find(|(known, _)| *known == names) {
            Some((_, cells)) => cells.push(cell),
            None => groups.push((names, vec![cell])),
        }
    }
    let booked = groups.iter().any(|(names, _)| !names[2].is_empty());
    let labels = if booked { 3 } else { 2 };
    let header = ["tier", "type", "booked as"].into_iter().take(labels);
    let header = header.chain(by_month.then_some("month")).chain(["plan"]);
    let others: Vec<String> = (1..plans.len()).map(|i| format!("alt. {i}")).collect();
    let header = header.chain(others.iter().map(String::as_str));
    let left = labels - 1 + usize::from(by_month);
    let mut grid = (1..=left).fold(Grid::new(header), Grid::left);
    let months = plans[0].nrows();
    let spans: Vec<std::ops::Range<usize>> = if by_month {
        (0..months).map(|month| month..month + 1).collect()
    } else {
        std::iter::once(0..months).collect()
    };
    for span in spans {
        for (names, cells) in &groups {
            let own = |counts: &&Array2<f64>| -> f64 {
                let months = span.clone();
                months
                    .flat_map(|month| cells.iter().map(move |&cell| counts[[month, cell]]))
                    .sum()
            };
            let counts: Vec<f64> = plans.iter().map(own).collect();
            if counts.iter().all(|&n| n == counts[0]) {
                continue;
            }
            let row = names[..labels].iter().cloned();
            let row = row.chain(by_month.then(|| month_name(model, span.start)));
            grid.row(row.chain(counts.into_iter().map(count)));
        }
    }
    grid
}

/// Counts of a plan and its alternatives where they differ: by tier and type, or cell by cell where
/// most of what differs are categories and regions.
fn differences(model: &Model, columns: &[&[f64]]) -> Grid {
    let differ = |counts: &[f64]| counts.iter().any(|&n| n != counts[0]);
    let of_cell = |i: usize| -> Vec<f64> { columns.iter().map(|x| x[i]).collect() };
    let of_group = |t: usize, p: usize| -> Vec<f64> {
        let own = |x: &&[f64]| {
            let cells = model.cells.iter().zip(x.iter());
            let own = cells.filter(|(c, _)| c.tier == t && c.partnership == p);
            own.map(|(_, n)| n).sum()
        };
        columns.iter().map(own).collect()
    };
    let cells = 0..model.cells.len();
    let off = |all: &[Vec<f64>], other: usize| -> f64 {
        all.iter()
            .map(|counts| (counts[other] - counts[0]).abs())
            .sum()
    };
    let by_cell: Vec<Vec<f64>> = cells.clone().map(of_cell).collect();
    let types = model.partnerships.len();
    let pairs = (0..model.tiers.len()).flat_map(|t| (0..types).map(move |p| (t, p)));
    let by_group: Vec<Vec<f64>> = pairs.map(|(t, p)| of_group(t, p)).collect();
    // Most of a difference that only categories and regions show is shown there.
    let finer = (1..columns.len()).any(|i| 2.0 * off(&by_group, i) < off(&by_cell, i));
    let names = ["tier", "type", "category", "region"].map(str::to_owned);
    let wanted = [
        true,
        true,
        finer && !model.categories.is_empty(),
        finer && !model.regions.is_empty(),
    ];
    let named = |names: [String; 4]| {
        let names = names.into_iter().zip(wanted);
        names.filter(|(_, wanted)| *wanted).map(|(name, _)| name)
    };
    let header: Vec<String> = named(names)
        .chain(["plan".to_owned()])
        .chain((1..columns.len()).map(|i| format!("alt. {i}")))
        .collect();
    let left = wanted.iter().filter(|wanted| **wanted).count() - 1;
    let mut grid = (1..=left).fold(Grid::new(header.iter().map(String::as_str)), Grid::left);
    let mut add = |names: [String; 4], counts: Vec<f64>| {
        if differ(&counts) {
            let counts = counts.iter().map(|&n| count(n));
            grid.row(named(names).chain(counts).collect::<Vec<_>>());
        }
    };
    if finer {
        for i in cells {
            let key = model.key(i);
            let segment = |name: Option<String>| name.unwrap_or_default();
            let names = [
                key.tier,
                key.partnership,
                segment(key.category),
                segment(key.region),
            ];
            add(names, of_cell(i));
        }
        return grid;
    }
    for (t, tier) in model.tiers.iter().enumerate() {
        for (p, partnership) in model.partnerships.iter().enumerate() {
            let names = [
                tier.name.clone(),
                partnership.name.clone(),
                String::new(),
                String::new(),
            ];
            add(names, of_group(t, p));
        }
    }
    grid
}
