//! What a program maximizes: a sum, or a ratio of sums.

use crate::model::valuation::UnitValue;
use crate::model::{Model, Objective};
use crate::optimizer::program::{dot, objective_of};

/// The objective as a function of counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Goal {
    /// Σ cᵢxᵢ.
    Sum(Vec<f64>),
    /// Σ rᵢxᵢ / Σ sᵢxᵢ, s ≥ 0.
    Ratio {
        /// rᵢ.
        above: Vec<f64>,
        /// sᵢ.
        below: Vec<f64>,
    },
}

impl Goal {
    /// The goal of a model.
    pub(crate) fn of(model: &Model, units: &[UnitValue]) -> Self {
        let above = objective_of(model, units);
        if model.objective == Objective::Roas {
            Self::Ratio {
                above,
                below: units.iter().map(|u| u.spend).collect(),
            }
        } else {
            Self::Sum(above)
        }
    }

    /// Value at counts; minus infinity for a ratio without denominator.
    pub(crate) fn value(&self, x: &[f64]) -> f64 {
        match self {
            Self::Sum(c) => dot(c, x),
            Self::Ratio { above, below } => ratio(dot(above, x), dot(below, x)),
        }
    }

    /// Both sums at counts; the lower one is 1 for a plain sum.
    pub(crate) fn sums(&self, x: &[f64]) -> (f64, f64) {
        match self {
            Self::Sum(c) => (dot(c, x), 1.0),
            Self::Ratio { above, below } => (dot(above, x), dot(below, x)),
        }
    }

    /// What one creator of a cell adds to [`Goal::sums`].
    pub(crate) fn unit(&self, cell: usize) -> (f64, f64) {
        match self {
            Self::Sum(c) => (c[cell], 0.0),
            Self::Ratio { above, below } => (above[cell], below[cell]),
        }
    }
}

/// above / below; minus infinity without a denominator.
pub(crate) fn ratio(above: f64, below: f64) -> f64 {
    if below > 0.0 {
        above / below
    } else {
        f64::NEG_INFINITY
    }
}

/// Solvers close gaps no further than this.
const CLOSED: f64 = 1e-8;

/// Whether a bound proves an objective within a relative gap.
pub(crate) fn within_gap(bound: f64, objective: f64, gap: f64) -> bool {
    bound - objective <= gap.max(CLOSED) * objective.abs()
}
