//! Prices: the right derivative of the continuous relaxation's optimum as a bound moves by its
//! unit's step (budget + 1,000, a band + 1 point, supply + 1, …), found by solving again.
//!
//! The bound moved is the one that the relaxation's optimum reaches; the upper one where both
//! are; where neither is, the lower one if its step goes past the optimum's value. Any other constraint
//! has price 0: its step lets everything be. Where nothing keeps a least sum moved so (a least spend above
//! the budget), it moves the other way, and what that changes is the price with its sign turned. The budget takes along every bound that follows it, so it has
//! a price where the optimum reaches one of those, or will: more budget asks for more spend where a
//! least spend binds.

mod basis;
mod beside;
mod entry;
mod range;

pub(crate) use beside::beside;
pub(crate) use entry::{Columns, unused};
pub(crate) use range::ranges;
use range::ranges_of;

use self::basis::Side;
use crate::model::{BudgetScale, Cancel, Constraint, Form, Metric, Model, PlanSettings, Unit};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Program, Row, rows_asked, rows_of};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::solver::Solved;

/// How near the relaxation's optimum lies to a bound that it reaches, relative to the bound.
const REACHED: f64 = 1e-7;

/// What a step of a bound is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Price {
    /// Change of the optimum with the bound a step up.
    pub(crate) change: f64,
    /// Whether it is that of a step down, its sign turned.
    pub(crate) back: bool,
}

/// One price a constraint; `None` where the program with the bound moved has no optimum.
pub(crate) fn prices(
    program: &Program,
    goal: &Goal,
    constraints: &[Constraint],
    at: (&[f64], f64),
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Vec<Option<Price>> {
    prices_of(
        constraints.len(),
        program,
        goal,
        constraints,
        at,
        settings,
        cancel,
    )
}

/// The same of the first few constraints.
fn prices_of(
    first: usize,
    program: &Program,
    goal: &Goal,
    constraints: &[Constraint],
    (relaxed, optimum): (&[f64], f64),
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Vec<Option<Price>> {
    let size = optimum.abs().max(f64::MIN_POSITIVE);
    (0..first)
        .map(|i| {
            let step = constraints[i].unit.price_step();
            let side = if constraints[i].scales == Some(BudgetScale::Budget) {
                let follows = |c: &&Constraint| c.scales.is_some();
                let bound = |c: &Constraint| {
                    let by = match c.scales {
                        Some(BudgetScale::LowShare(share)) => share * step,
                        _ => 0.0,
                    };
                    reached(c, relaxed).is_some() || passed(c, relaxed, by)
                };
                constraints
                    .iter()
                    .filter(follows)
                    .any(bound)
                    .then_some(Side::High)
            } else {
                let low = || passed(&constraints[i], relaxed, step).then_some(Side::Low);
                reached(&constraints[i], relaxed).or_else(low)
            };
            let Some(side) = side else {
                return Some(Price {
                    change: 0.0,
                    back: false,
                });
            };
            let by = |step: f64| {
                let moved = moved(constraints, i, side, step);
                let program = Program {
                    rows: rows_in(program, constraints, &moved),
                    ..program.clone()
                };
                let solved = solve_wholly(program, &moved, goal, settings, cancel);
                solved.found().then(|| {
                    let change = solved.objective - optimum;
                    // Below the solver's accuracy a change is none.
                    if change.abs() <= 1e-10 * size {
                        0.0
                    } else {
                        change
                    }
                })
            };
            let price = |step: f64, back: bool| {
                let change = by(step)?;
                let change = if back { 0.0 - change } else { change };
                Some(Price { change, back })
            };
            let sum = matches!(constraints[i].form, Form::Sum(_));
            let back = || price(-step, true).filter(|_| sum && side == Side::Low);
            price(step, false).or_else(back)
        })
        .collect()
}

/// More of an excess's sums for one program.
const ROUNDS: usize = 60;

/// The relaxation's optimum under all sums of those rules that are an excess.
fn solve_wholly(
    mut program: Program,
    rules: &[Constraint],
    goal: &Goal,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Solved {
    let mut solved = solve_relaxed(&program, goal, settings, cancel);
    for _ in 0..ROUNDS {
        let before = program.rows.len();
        if solved.found() {
            let width = program.columns.len();
            let asked = rules.iter().filter_map(|rule| rows_asked(rule, &solved.x));
            program.rows.extend(asked.map(|mut row| {
                row.coefficients.resize(width, 0.0);
                row
            }));
        }
        if program.rows.len() == before {
            break;
        }
        solved = solve_relaxed(&program, goal, settings, cancel);
    }
    solved
}

/// The rows of a program whose first ones came from `constraints`, with those taken from `moved`;
/// columns that are no cells and rows that are no rules stay as they are.
fn rows_in(program: &Program, constraints: &[Constraint], moved: &[Constraint]) -> Vec<Row> {
    let rows = |of: &[Constraint]| -> Vec<Row> {
        of.iter().flat_map(|c| rows_of(c, c.low, c.high)).collect()
    };
    let mut out = rows(moved);
    for row in &mut out {
        row.coefficients.resize(program.columns.len(), 0.0);
    }
    let own = rows(constraints).len();
    out.extend(program.rows.iter().skip(own).cloned());
    out
}

fn reached(constraint: &Constraint, x: &[f64]) -> Option<Side> {
    if let Form::Largest(a) = &constraint.form {
        // Its rows close cells; one that is closed may be wanted.
        let closes = |h: f64| a.iter().any(|&a| a > h);
        return constraint.high.is_some_and(closes).then_some(Side::High);
    }
    let value = constraint.form.value(x)?;
    // Of a bound of nothing a part of one creator's is near.
    let one = match &constraint.form {
        Form::Sum(a) => a.iter().fold(1.0, |most: f64, a| most.max(a.abs())),
        _ => 1.0,
    };
    let scale = |bound: f64| {
        if bound == 0.0 {
            one
        } else {
            bound.abs().max(1.0)
        }
    };
    let at = |bound: f64| (value - bound).abs() <= REACHED * scale(bound);
    if constraint.high.is_some_and(at) {
        Some(Side::High)
    } else if constraint.low.is_some_and(at) {
        Some(Side::Low)
    } else {
        None
    }
}

/// Whether a lower bound raised by so much leaves the value behind.
fn passed(constraint: &Constraint, x: &[f64], by: f64) -> bool {
    let value = constraint.form.value(x);
    let both = constraint.low.zip(value);
    both.is_some_and(|(low, value)| value < low + by)
}

/// The constraints with one bound moved; all that follow the budget move with it.
fn moved(constraints: &[Constraint], i: usize, side: Side, step: f64) -> Vec<Constraint> {
    let mut out = constraints.to_vec();
    if out[i].scales == Some(BudgetScale::Budget) {
        let before = out[i].high.unwrap_or(0.0);
        let after = before + step;
        for constraint in &mut out {
            match constraint.scales {
                Some(BudgetScale::Budget) => constraint.high = Some(after),
                Some(BudgetScale::LowShare(share)) => constraint.low = Some(share * after),
                Some(BudgetScale::PerBudget) => {
                    if let Form::Largest(a) | Form::Sum(a) = &mut constraint.form {
                        for a in a.iter_mut() {
                            *a *= before / after;
                        }
                    }
                }
                None => {}
            }
        }
        return out;
    }
    let bound = match side {
        Side::High => &mut out[i].high,
        Side::Low => &mut out[i].low,
    };
    *bound = bound.map(|b| b + step);
    out
}

/// What a plan's price is per, e.g. `revenue per 1000 CNY`; with an objective of risk it is one of
/// both that is weighed.
pub(crate) fn plan_price_unit(model: &Model, unit: Unit) -> String {
    let weighed = model.risk.objective.as_ref().is_some_and(|o| o.cvar > 0.0);
    let objective = model.objective.name();
    if weighed {
        let objective = format!("{objective} (mean and worst trials weighed)");
        per(&objective, model, unit)
    } else {
        per(objective, model, unit)
    }
}

/// What a price of the expected objective is per.
pub(crate) fn price_unit(model: &Model, unit: Unit) -> String {
    per(model.objective.name(), model, unit)
}

fn per(objective: &str, model: &Model, unit: Unit) -> String {
    let currency = &model.currency;
    match unit {
        Unit::Money | Unit::Metric(Metric::Spend | Metric::Revenue | Metric::Profit) => {
            format!("{objective} per 1000 {currency}")
        }
        Unit::Share => format!("{objective} per point"),
        Unit::Count => format!("{objective} per creator"),
        Unit::Hours => format!("{objective} per hour"),
        Unit::Metric(metric @ (Metric::Roas | Metric::Roi)) => {
            format!("{objective} per 0.1 {}", metric.name())
        }
        Unit::Metric(metric) if metric.is_money() => {
            format!("{objective} per {currency} of {}", metric.name())
        }
        Unit::Metric(metric) => format!("{objective} per unit of {}", metric.name()),
        Unit::Plain => format!("{objective} per unit"),
    }
}
