//! The program of concave pieces around a point.

use super::values::Values;
use crate::model::Constraint;
use crate::model::audience::net_share;
use crate::optimizer::program::{Column, Program, Row, dot, program_of};

/// Loads (gross impressions by people) at which net reach has a tangent from the start. Between two of
/// them, a and b, the pieces lie above the curve by at most (b − a)² e^(−a)/8 of the audience:
/// 0.3 % of it here; every point visited adds its own tangent, so that the error at the answer is none.
pub(super) const PIECES: [f64; 16] = [
    0.0, 0.1, 0.25, 0.4, 0.55, 0.7, 0.9, 1.1, 1.3, 1.55, 1.8, 2.1, 2.5, 3.0, 4.0, 6.0,
];

/// Loads so close share a tangent.
const SAME: f64 = 1e-9;

/// The tangents of each audience.
pub(super) struct Pieces {
    sizes: Vec<f64>,
    loads: Vec<Vec<f64>>,
}

impl Pieces {
    pub(super) fn new(values: &Values<'_>) -> Self {
        let audiences = &values.model.audiences;
        Self {
            sizes: audiences.iter().map(|a| a.size).collect(),
            loads: vec![PIECES.to_vec(); audiences.len()],
        }
    }

    /// Adds the tangents at a point.
    pub(super) fn touch(&mut self, values: &Values<'_>, point: &[f64]) {
        for ((gross, loads), size) in values.gross().iter().zip(&mut self.loads).zip(&self.sizes) {
            let load = dot(gross, point) / size;
            if loads.iter().all(|l| (l - load).abs() > SAME * load) {
                loads.push(load);
            }
        }
    }

    /// The continuous program around a point: a column a cell, then one an audience, its net reach by its
    /// size, and the rules as they stand in it. Its last rows are those of the pieces.
    pub(super) fn program(&self, values: &Values<'_>, point: &[f64]) -> (Program, Vec<Constraint>) {
        let cells = values.model.cells.len();
        let factors = values.factors(point);
        let units = values.units(&factors);
        let rules = values.constraints(&units);
        let mut program = program_of(values.model, &units, &rules);
        let (still, moved, _) = values.around(point);
        let mut maximize: Vec<f64> = (0..cells)
            .map(|i| still[i] + moved[i] * factors[i])
            .collect();
        let mut people = Vec::new();
        let mut tail = Vec::new();
        for (index, (gross, &size)) in values.gross().iter().zip(&self.sizes).enumerate() {
            let at = dot(gross, point);
            let share = net_share(at, size);
            let worth: f64 = (0..cells)
                .filter(|&i| gross[i] > 0.0)
                .map(|i| point[i] * moved[i] * factors[i])
                .sum();
            // By impression; a value that falls with reach is left linear.
            let each = if at > 0.0 { (worth / at).max(0.0) } else { 0.0 };
            for (value, gross) in maximize.iter_mut().zip(gross) {
                *value -= each * gross;
            }
            people.push(each / share * size);
            for &load in &self.loads[index] {
                let slope = libm::exp(-load);
                let mut coefficients: Vec<f64> = gross.iter().map(|g| -slope * g / size).collect();
                coefficients.resize(cells + self.sizes.len(), 0.0);
                coefficients[cells + index] = 1.0;
                tail.push(Row {
                    coefficients,
                    low: None,
                    high: Some(1.0 - slope - load * slope),
                });
            }
        }
        let shocks = values.shock_slopes(point, &moved);
        for (value, slope) in maximize.iter_mut().zip(shocks) {
            *value += slope;
        }
        maximize.extend(people);
        program.maximize = maximize;
        for column in &mut program.columns {
            column.integer = false;
        }
        program.columns.resize(
            cells + self.sizes.len(),
            Column {
                low: 0.0,
                high: 1.0,
                integer: false,
            },
        );
        for row in &mut program.rows {
            row.coefficients.resize(cells + self.sizes.len(), 0.0);
        }
        program.rows.extend(tail);
        (program, rules)
    }

    /// The model's value that an optimum of the program stands for.
    pub(super) fn value(values: &Values<'_>, point: &[f64], objective: f64) -> f64 {
        let (_, moved, constant) = values.around(point);
        let shocks = values.shock_slopes(point, &moved);
        objective + constant - dot(&shocks, point)
    }
}
