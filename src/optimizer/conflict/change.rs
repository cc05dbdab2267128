//! Least changes of one bound that let a set of rules hold.
//!
//! The changed bound is driven as far back as the other rules let it, as the objective of an
//! integer program: a sum directly, a ratio by Dinkelbach's method (max N − qD, q ← N/D at the
//! best point, until no point has N − qD above zero), a largest by bisection over its values, the
//! budget as a continuous unknown with every bound that is a share of it moving along.

use super::budgets;
use super::probe::{Answer, Let, Prober, excesses};
use crate::model::{BudgetScale, Constraint, ConstraintKind, Form};
use crate::optimizer::program::{Column, Row, dot, rows_asked};

/// What moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The lower bound comes down.
    Low,
    /// The upper bound goes up.
    High,
    /// The budget goes up, and what is a share of it.
    Budget,
}

/// One bound moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Change {
    pub(super) side: Side,
    pub(super) from: f64,
    pub(super) to: f64,
    /// Whether no smaller change does.
    pub(super) proven: bool,
}

impl Change {
    /// How far the bound moves.
    pub(super) fn size(&self) -> f64 {
        (self.to - self.from).abs()
    }
}

/// A bound that lies on a point must not be missed by an error of arithmetic.
pub(super) const NUDGE: f64 = 1e-9;

/// The rules with one bound moved.
pub(super) fn changed(all: &[Constraint], index: usize, change: &Change) -> Vec<Constraint> {
    let nudge = NUDGE * change.to.abs().max(1e-3);
    if change.side == Side::Budget {
        return with_budget(all, change.from, change.to + nudge);
    }
    let mut out = all.to_vec();
    if change.side == Side::Low {
        out[index].low = Some(change.to - nudge);
    } else {
        out[index].high = Some(change.to + nudge);
        if all[index].kind == ConstraintKind::Budget {
            budgets::follow(all, &mut out);
        }
    }
    out
}

/// The rules under another budget.
pub(super) fn with_budget(all: &[Constraint], from: f64, to: f64) -> Vec<Constraint> {
    let mut out = all.to_vec();
    for constraint in &mut out {
        match constraint.scales {
            Some(BudgetScale::Budget) => constraint.high = Some(to),
            Some(BudgetScale::LowShare(share)) => constraint.low = Some(share * to),
            Some(BudgetScale::PerBudget) => {
                if let Form::Largest(shares) = &mut constraint.form {
                    for share in shares {
                        *share *= from / to;
                    }
                }
            }
            None => {}
        }
    }
    out
}

/// The least change for each side of a member's bound, least first; empty if none helps.
pub(super) fn least(prober: &mut Prober, set: &[Constraint], index: usize) -> Vec<Change> {
    let member = &set[index];
    let others: Vec<Constraint> = set
        .iter()
        .enumerate()
        .filter(|&(i, _)| i != index)
        .map(|(_, c)| c.clone())
        .collect();
    if let (Some(BudgetScale::Budget), Form::Sum(costs), Some(from)) =
        (member.scales, &member.form, member.high)
    {
        return budget(prober, &others, costs, from).into_iter().collect();
    }
    let mut out = Vec::new();
    for side in [Side::Low, Side::High] {
        let Some(from) = (match side {
            Side::Low => member.low,
            _ => member.high,
        }) else {
            continue;
        };
        let mut hard = others.clone();
        let mut rest = member.clone();
        match side {
            Side::Low => rest.low = None,
            _ => rest.high = None,
        }
        if rest.low.is_some() || rest.high.is_some() {
            hard.push(rest);
        }
        let reached = match &member.form {
            Form::Sum(a) => sum(prober, &hard, a, side),
            Form::Ratio {
                numerator,
                denominator,
            } => ratio(prober, &hard, numerator, denominator, side),
            Form::Largest(a) => largest(prober, &hard, member, a),
            Form::Excess(_) => excess(prober, &hard, member),
        };
        if let Some((to, proven)) = reached {
            let to = if side == Side::Low {
                to.min(from)
            } else {
                to.max(from)
            };
            out.push(Change {
                side,
                from,
                to,
                proven,
            });
        }
    }
    out.sort_by(|a, b| a.size().total_cmp(&b.size()));
    out
}

/// +1 where the value is to be as large as it can, −1 where as small.
fn direction(side: Side) -> f64 {
    if side == Side::Low { 1.0 } else { -1.0 }
}

fn sum(prober: &mut Prober, hard: &[Constraint], a: &[f64], side: Side) -> Option<(f64, bool)> {
    let sign = direction(side);
    let rows = prober.rows(hard);
    let start = start(prober, hard)?;
    let maximize: Vec<f64> = a.iter().map(|a| sign * a).collect();
    let lets = excesses(hard);
    let mut best = prober.best(&maximize, &[], (rows.clone(), &lets), Some(&start))?;
    if prober.whole() {
        polish((&rows, &lets), &mut best.x, |x| sign * dot(a, x));
    }
    Some((dot(a, &best.x), best.proven))
}

/// How far up a bound on an excess has to go.
fn excess(prober: &mut Prober, hard: &[Constraint], member: &Constraint) -> Option<(f64, bool)> {
    let mut point = start(prober, hard)?;
    let cells = prober.cells();
    // The extra column is the bound.
    let none = Constraint {
        high: Some(0.0),
        ..member.clone()
    };
    let mut rows = prober.rows(hard);
    for mut row in prober.rows([&none]).into_iter().skip(1) {
        row.coefficients.resize(cells + 1, 0.0);
        row.coefficients[cells] = -1.0;
        rows.push(row);
    }
    let mut lets = excesses(hard);
    lets.push((none, Some(cells)));
    let column = Column {
        low: 0.0,
        high: f64::INFINITY,
        integer: false,
    };
    let mut maximize = vec![0.0; cells];
    maximize.push(-1.0);
    point.push(member.form.value(&point)?);
    let best = prober.best(&maximize, &[column], (rows, &lets), Some(&point))?;
    Some((member.form.value(&best.x[..cells])?, best.proven))
}

/// A plan that keeps the rules.
fn start(prober: &mut Prober, hard: &[Constraint]) -> Option<Vec<f64>> {
    match prober.feasible(hard) {
        Answer::Point(x) => Some(x),
        Answer::Nothing | Answer::Open => None,
    }
}

/// Steps of Dinkelbach's method; it converges faster than linearly.
const STEPS: usize = 30;

fn ratio(
    prober: &mut Prober,
    hard: &[Constraint],
    numerator: &[f64],
    denominator: &[f64],
    side: Side,
) -> Option<(f64, bool)> {
    let sign = direction(side);
    let rows = prober.rows(hard);
    let lets = excesses(hard);
    let mut x = start(prober, hard)?;
    if dot(denominator, &x) <= 0.0 {
        x = prober
            .best(denominator, &[], (rows.clone(), &lets), Some(&x))?
            .x;
    }
    if dot(denominator, &x) <= 0.0 {
        return None;
    }
    let value_at = |x: &[f64]| {
        let below = dot(denominator, x);
        if below > 0.0 {
            dot(numerator, x) / below
        } else {
            -sign * f64::INFINITY
        }
    };
    let whole = prober.whole();
    let improve = |x: &mut Vec<f64>| {
        if whole {
            polish((&rows, &lets), x, |x| sign * value_at(x));
        }
        value_at(x)
    };
    let mut value = improve(&mut x);
    for _ in 0..STEPS {
        // The optimum nears zero, where a relative gap means nothing: a constant keeps it away.
        let constant = Column {
            low: 1.0,
            high: 1.0,
            integer: false,
        };
        let mut maximize: Vec<f64> = numerator
            .iter()
            .zip(denominator)
            .map(|(n, d)| sign * (n - value * d))
            .collect();
        maximize.push(dot(denominator, &x) * value.abs().max(1e-3));
        let from: Vec<f64> = x.iter().copied().chain([1.0]).collect();
        let all = (rows.clone(), &lets[..]);
        let Some(mut best) = prober.best(&maximize, &[constant], all, Some(&from)) else {
            return Some((value, false));
        };
        best.x.pop();
        let next = improve(&mut best.x);
        if sign * (next - value) <= 1e-9 * value.abs().max(1e-9) {
            return Some((value, best.proven));
        }
        value = next;
        x = best.x;
    }
    Some((value, false))
}

/// Most trial moves of a polish.
const MOVES: usize = 400_000;

/// Climbs `value` by adding creators to a cell, taking some away, or swapping some of one for
/// some of another: a solver's last few yuan, which branch and bound finds late.
fn polish((rows, lets): (&[Row], &[Let]), x: &mut Vec<f64>, value: impl Fn(&[f64]) -> f64) {
    let cells = x.len();
    // how many creators one cell gains or loses at most
    let stride = match cells {
        0..=15 => 10,
        16..=40 => 3,
        _ => 1,
    };
    let keeps = |x: &[f64]| {
        rows.iter().all(|row| {
            let sum = dot(&row.coefficients, x);
            let slack = |bound: f64| 1e-9 * bound.abs().max(1e-3);
            row.low.is_none_or(|l| sum >= l - slack(l))
                && row.high.is_none_or(|h| sum <= h + slack(h))
        }) && lets.iter().all(|(rule, _)| rows_asked(rule, x).is_none())
    };
    if !keeps(x) {
        return;
    }
    let mut current = value(x);
    let mut left = MOVES / rows.len().max(1);
    loop {
        let before = current;
        for more in 0..cells {
            for less in 0..=cells {
                for (gain, loss) in (0..=stride).flat_map(|g| (0..=stride).map(move |l| (g, l))) {
                    // the place behind the last cell stands for none
                    let skip = (less == cells) != (loss == 0) || gain == 0 && loss == 0;
                    if skip || more == less {
                        continue;
                    }
                    if left == 0 {
                        return;
                    }
                    left -= 1;
                    let mut moved = x.clone();
                    moved[more] += f64::from(gain);
                    if less < cells {
                        moved[less] -= f64::from(loss);
                        if moved[less] < 0.0 {
                            continue;
                        }
                    }
                    let next = value(&moved);
                    if next > current + 1e-12 * current.abs() && keeps(&moved) {
                        *x = moved;
                        current = next;
                    }
                }
            }
        }
        if current <= before {
            return;
        }
    }
}

/// Values of a largest above its bound, ascending, each once.
pub(super) fn steps(values: &[f64], bound: f64) -> Vec<f64> {
    let mut above: Vec<f64> = values.iter().copied().filter(|&v| v > bound).collect();
    above.sort_by(f64::total_cmp);
    above.dedup();
    above
}

fn largest(
    prober: &mut Prober,
    hard: &[Constraint],
    member: &Constraint,
    values: &[f64],
) -> Option<(f64, bool)> {
    let steps = steps(values, member.high?);
    let (mut low, mut high) = (0, steps.len());
    let mut proven = true;
    // the first step that is enough lies in low..=high, high itself meaning none
    while low < high {
        let middle = low + (high - low) / 2;
        let raised = Constraint {
            high: Some(steps[middle]),
            ..member.clone()
        };
        match prober.feasible(hard.iter().chain([&raised])) {
            Answer::Point(_) => high = middle,
            answer => {
                proven &= answer == Answer::Nothing;
                low = middle + 1;
            }
        }
    }
    steps.get(low).map(|&to| (to, proven))
}

/// The least budget above `from` under which the rules hold.
///
/// A cap on one partnership's share of the budget opens cells as the budget grows: between two
/// openings the open cells are known, and the program is linear in counts and budget.
fn budget(prober: &mut Prober, others: &[Constraint], costs: &[f64], from: f64) -> Option<Change> {
    let caps: Vec<(&Vec<f64>, f64)> = others
        .iter()
        .filter(|c| c.scales == Some(BudgetScale::PerBudget))
        .filter_map(|c| match &c.form {
            Form::Largest(shares) => c.high.map(|high| (shares, high)),
            _ => None,
        })
        .collect();
    // budgets at which another cell opens
    let mut openings = vec![from];
    for (shares, high) in &caps {
        openings.extend(steps(shares, *high).iter().map(|share| share * from / high));
    }
    openings.sort_by(f64::total_cmp);
    openings.dedup();
    let mut best: Option<(f64, bool)> = None;
    for opening in openings {
        if best.is_some_and(|(to, _)| to <= opening) {
            break;
        }
        let moved = with_budget(others, from, opening * (1.0 + NUDGE));
        let (scaled, fixed): (Vec<_>, Vec<_>) = moved
            .iter()
            .partition(|c| matches!(c.scales, Some(BudgetScale::LowShare(_))));
        let lets = excesses(fixed.iter().copied());
        let mut rows = prober.rows(fixed);
        rows.push(spend_row(costs, -1.0, None, Some(0.0)));
        for constraint in scaled {
            if let Some(BudgetScale::LowShare(share)) = constraint.scales {
                rows.push(spend_row(costs, -share, Some(0.0), None));
            }
        }
        let column = Column {
            low: opening,
            high: f64::INFINITY,
            integer: false,
        };
        let mut maximize = vec![0.0; prober.cells()];
        maximize.push(-1.0);
        let Some(mut from_point) = start(prober, &moved) else {
            // nothing holds even if the budget itself were no limit
            continue;
        };
        let spend = dot(costs, &from_point);
        from_point.push(spend.max(opening));
        let all = (rows.clone(), &lets[..]);
        if let Some(mut found) = prober.best(&maximize, &[column], all, Some(&from_point)) {
            let mut to = found.x[prober.cells()];
            if prober.whole() {
                // with the budget at its spend a plan keeps every share of it that it must spend
                let fixed: Vec<Row> = rows
                    .into_iter()
                    .filter(|row| row.coefficients.len() == prober.cells())
                    .collect();
                found.x.truncate(prober.cells());
                if dot(costs, &found.x) >= opening {
                    polish((&fixed, &lets), &mut found.x, |x| {
                        let spend = dot(costs, x);
                        if spend < opening {
                            f64::NEG_INFINITY
                        } else {
                            -spend
                        }
                    });
                    to = dot(costs, &found.x);
                }
            }
            if best.is_none_or(|(least, _)| to < least) {
                best = Some((to, found.proven));
            }
        }
    }
    best.map(|(to, proven)| Change {
        side: Side::Budget,
        from,
        to,
        proven,
    })
}

/// Σ costᵢxᵢ + share × budget, the budget being the last column.
fn spend_row(costs: &[f64], share: f64, low: Option<f64>, high: Option<f64>) -> Row {
    Row {
        coefficients: costs.iter().copied().chain([share]).collect(),
        low,
        high,
    }
}
