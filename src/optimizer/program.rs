//! The linear program of a month: max c·x subject to rows, columns being counts.
//!
//! A ratio Σ aᵢxᵢ / Σ bᵢxᵢ ≤ h becomes Σ (aᵢ − h·bᵢ) xᵢ ≤ 0, a largest { aᵢ : xᵢ > 0 } ≤ h
//! becomes Σ { xᵢ : aᵢ > h } ≤ 0, which with x ≥ 0 closes those cells.

use crate::model::valuation::{self, UnitValue};
use crate::model::{Constraint, Excess, Form, Model};

/// One unknown: the count of a cell, or an auxiliary amount.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Column {
    /// Least value, finite.
    pub(crate) low: f64,
    /// Largest value; infinity where only the rows limit it.
    pub(crate) high: f64,
    /// Whether it must be whole.
    pub(crate) integer: bool,
}

/// low ≤ Σ aᵢxᵢ ≤ high.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// One a column.
    pub(crate) coefficients: Vec<f64>,
    /// Least value of the sum.
    pub(crate) low: Option<f64>,
    /// Largest value of the sum.
    pub(crate) high: Option<f64>,
}

impl Row {
    /// The sum at a point.
    pub(crate) fn value(&self, x: &[f64]) -> f64 {
        dot(&self.coefficients, x)
    }
}

/// max c·x over columns and rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Program {
    /// c, one a column.
    pub(crate) maximize: Vec<f64>,
    /// The unknowns.
    pub(crate) columns: Vec<Column>,
    /// The rules.
    pub(crate) rows: Vec<Row>,
}

/// Σ aᵢxᵢ.
pub(crate) fn dot(a: &[f64], x: &[f64]) -> f64 {
    a.iter().zip(x).map(|(a, x)| a * x).sum()
}

/// The program with integers made continuous.
pub(crate) fn relax(program: &Program) -> Program {
    let mut relaxed = program.clone();
    for column in &mut relaxed.columns {
        column.integer = false;
    }
    relaxed
}

/// The linear rows that hold a constraint's value within the bounds given, which need not be its own.
pub(crate) fn rows_of(constraint: &Constraint, low: Option<f64>, high: Option<f64>) -> Vec<Row> {
    match &constraint.form {
        Form::Sum(a) => vec![Row {
            coefficients: a.clone(),
            low,
            high,
        }],
        Form::Ratio {
            numerator,
            denominator,
        } => {
            let less = |bound: f64| -> Vec<f64> {
                numerator
                    .iter()
                    .zip(denominator)
                    .map(|(a, b)| a - bound * b)
                    .collect()
            };
            match (low, high) {
                (Some(low), Some(high)) if low == high => vec![Row {
                    coefficients: less(low),
                    low: Some(0.0),
                    high: Some(0.0),
                }],
                _ => {
                    let least = low.map(|bound| Row {
                        coefficients: less(bound),
                        low: Some(0.0),
                        high: None,
                    });
                    let most = high.map(|bound| Row {
                        coefficients: less(bound),
                        low: None,
                        high: Some(0.0),
                    });
                    least.into_iter().chain(most).collect()
                }
            }
        }
        Form::Largest(a) => high
            .map(|bound| Row {
                coefficients: a
                    .iter()
                    .map(|&a| if a > bound { 1.0 } else { 0.0 })
                    .collect(),
                low: None,
                high: Some(0.0),
            })
            .into_iter()
            .collect(),
        Form::Excess(excess) => high
            .map(|high| {
                let sets = excess.sets().iter();
                sets.map(|set| row_of(excess, set, high)).collect()
            })
            .unwrap_or_default(),
    }
}

/// The row that holds the sum over a set of an excess's parts within a bound.
fn row_of(excess: &Excess, set: &[usize], high: f64) -> Row {
    let (coefficients, constant) = excess.sum_of(set);
    Row {
        coefficients,
        low: None,
        high: Some(high + constant),
    }
}

/// How far an excess may lie beyond its bound, relative to it (at least to 1).
const BEYOND: f64 = 1e-7;

/// The set that a point asks a rule's program to hold: where the rule is an excess above its bound.
fn asked_at(constraint: &Constraint, x: &[f64]) -> Option<Vec<usize>> {
    let (Form::Excess(excess), Some(high)) = (&constraint.form, constraint.high) else {
        return None;
    };
    (excess.value(x) > high + BEYOND * high.abs().max(1.0)).then(|| excess.set_at(x))
}

/// The row that a point asks a rule's program for: none unless the rule is an excess above its bound.
pub(crate) fn rows_asked(constraint: &Constraint, x: &[f64]) -> Option<Row> {
    let set = asked_at(constraint, x)?;
    match (&constraint.form, constraint.high) {
        (Form::Excess(excess), Some(high)) => Some(row_of(excess, &set, high)),
        _ => None,
    }
}

/// Has rules hold the sets that a point breaks; whether there are any that they did not hold.
pub(crate) fn hold_broken(constraints: &mut [Constraint], x: &[f64]) -> bool {
    let mut new = false;
    for constraint in constraints {
        if let (Some(set), Form::Excess(excess)) = (asked_at(constraint, x), &mut constraint.form) {
            new |= excess.hold(set);
        }
    }
    new
}

/// What the objective adds up, one coefficient a cell: the total itself, or for ROAS the
/// revenue (its ratio is no linear objective). A quantity that a cell does not define counts 0.
pub(crate) fn objective_of(model: &Model, units: &[UnitValue]) -> Vec<f64> {
    let quantity = valuation::objective_metric(model.objective).numerator();
    units
        .iter()
        .map(|unit| unit.get(quantity).unwrap_or(0.0))
        .collect()
}

/// The program of a month: one column a cell, non-negative, whole unless the model says
/// otherwise, without upper bounds of its own (supply is a row; the solver derives finite ones).
pub(crate) fn program_of(
    model: &Model,
    units: &[UnitValue],
    constraints: &[Constraint],
) -> Program {
    Program {
        maximize: objective_of(model, units),
        columns: vec![
            Column {
                low: 0.0,
                high: f64::INFINITY,
                integer: !model.fractional_counts,
            };
            model.cells.len()
        ],
        rows: constraints
            .iter()
            .flat_map(|c| rows_of(c, c.low, c.high))
            .collect(),
    }
}
