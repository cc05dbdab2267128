//! Rules and goals whose coefficients follow the factors of their cells: c(f) = still + f × moved.

use super::values::Values;
use crate::model::{Constraint, Form};

/// One coefficient a cell, as it follows the cell's factor.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) still: Vec<f64>,
    pub(super) moved: Vec<f64>,
}

impl Line {
    /// From the coefficients at factors 0 and 1.
    pub(super) fn new(none: &[f64], whole: &[f64]) -> Self {
        Self {
            still: none.to_vec(),
            moved: none.iter().zip(whole).map(|(n, w)| w - n).collect(),
        }
    }

    /// by × self.
    pub(super) fn times(&self, by: f64) -> Self {
        Self {
            still: self.still.iter().map(|c| by * c).collect(),
            moved: self.moved.iter().map(|c| by * c).collect(),
        }
    }

    /// self + by × other.
    pub(super) fn plus(&self, by: f64, other: &Self) -> Self {
        let add = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + by * b).collect();
        Self {
            still: add(&self.still, &other.still),
            moved: add(&self.moved, &other.moved),
        }
    }

    pub(super) fn at(&self, cell: usize, factor: f64) -> f64 {
        self.still[cell] + self.moved[cell] * factor
    }

    /// Least and largest coefficient for factors of a range.
    pub(super) fn range(&self, cell: usize, (low, high): (f64, f64)) -> (f64, f64) {
        let (a, b) = (self.at(cell, low), self.at(cell, high));
        (a.min(b), a.max(b))
    }

    pub(super) fn sum(&self, x: &[f64], factors: &[f64]) -> f64 {
        (0..x.len())
            .filter(|&i| x[i] != 0.0)
            .map(|i| x[i] * self.at(i, factors[i]))
            .sum()
    }
}

/// Σ cᵢ(fᵢ) xᵢ ≤ most, or, where `largest` is set, cᵢ(fᵢ) ≤ most for every cell booked. Not narrower
/// than the rule it comes from, whose tolerance is in it.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    pub(super) line: Line,
    pub(super) most: f64,
    pub(super) largest: bool,
    /// Index of the rule, and whether this is its lower bound.
    pub(super) of: (usize, bool),
}

/// A little more than how far a value may be beyond its bound.
const SLACK: f64 = 1.1 * crate::optimizer::state::TOLERANCE;

/// All rules of a model as limits.
pub(super) fn limits(values: &Values<'_>) -> Vec<Limit> {
    let cells = values.model.cells.len();
    let at = |factor: f64| values.constraints(&values.units(&vec![factor; cells]));
    let (none, whole) = (at(0.0), at(1.0));
    none.iter()
        .zip(&whole)
        .enumerate()
        .flat_map(|(index, (none, whole))| of_rule(index, none, whole))
        .collect()
}

fn of_rule(index: usize, none: &Constraint, whole: &Constraint) -> Vec<Limit> {
    let sides = [
        none.high.map(|high| (high, 1.0, false)),
        none.low.map(|low| (low, -1.0, true)),
    ];
    sides
        .into_iter()
        .flatten()
        .filter_map(|(bound, sign, lower)| {
            let slack = SLACK * bound.abs().max(1.0);
            let (line, most, largest) = match (&none.form, &whole.form) {
                (Form::Sum(a), Form::Sum(b)) => {
                    (Line::new(a, b).times(sign), sign * bound + slack, false)
                }
                (
                    Form::Ratio {
                        numerator: a,
                        denominator: c,
                    },
                    Form::Ratio {
                        numerator: b,
                        denominator: d,
                    },
                ) => {
                    let below = Line::new(c, d);
                    let line = Line::new(a, b).times(sign);
                    (line.plus(-(sign * bound + slack), &below), 0.0, false)
                }
                (Form::Largest(a), Form::Largest(b)) if !lower => {
                    (Line::new(a, b), bound + slack, true)
                }
                _ => return None,
            };
            Some(Limit {
                line,
                most,
                largest,
                of: (index, lower),
            })
        })
        .collect()
}

/// What a search makes as large as it can: Σ aᵢxᵢ, or Σ aᵢxᵢ / Σ bᵢxᵢ with b ≥ 0.
#[derive(Debug, Clone)]
pub(super) struct Aim {
    pub(super) above: Line,
    pub(super) below: Option<Line>,
}

impl Aim {
    /// A rule's own value, or, for an upper bound, the value below zero.
    pub(super) fn of_rule(values: &Values<'_>, index: usize, lower: bool) -> Option<Self> {
        let cells = values.model.cells.len();
        let at = |factor: f64| {
            let mut all = values.constraints(&values.units(&vec![factor; cells]));
            all.swap_remove(index).form
        };
        let sign = if lower { 1.0 } else { -1.0 };
        match (at(0.0), at(1.0)) {
            (Form::Sum(a), Form::Sum(b)) => Some(Self {
                above: Line::new(&a, &b).times(sign),
                below: None,
            }),
            (
                Form::Ratio {
                    numerator: a,
                    denominator: c,
                },
                Form::Ratio {
                    numerator: b,
                    denominator: d,
                },
            ) => Some(Self {
                above: Line::new(&a, &b).times(sign),
                below: Some(Line::new(&c, &d)),
            }),
            _ => None,
        }
    }

    pub(super) fn value(&self, x: &[f64], factors: &[f64]) -> f64 {
        let above = self.above.sum(x, factors);
        match &self.below {
            None => above,
            Some(below) => crate::optimizer::goal::ratio(above, below.sum(x, factors)),
        }
    }
}
