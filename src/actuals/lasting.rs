//! Creators' lasting parts from month to month.
//!
//! Creators are booked in their order: of two months of one tier and type the one with fewer has some of the other's. The mean of
//! the first n of creators with variance c² each has variance c²/n, and covariance c²/max(n, n') with that of the first n': so the
//! logarithms' lasting parts with variances v have covariance min(v, v'), as a sum of steps up to v, each of a normal of its own. Where
//! partners leave and others come, the covariance is min(v, v') sᵏ for months k apart, s the share who stay.

use ndarray::Array2;

use super::linear::cholesky;
use super::observe::{Part, alike, booked};
use super::spread::{Lasting, Spread};
use crate::model::{Actuals, Model, valuation};

/// Steps and shares that differ less from none, or from all, are none, or all.
const TINY: f64 = 1e-9;

/// Weights of normals in each lasting part of each row.
#[derive(Debug, Clone, Default)]
pub(super) struct Weights {
    rows: Vec<(Part, usize, Vec<f64>)>,
}

impl Weights {
    /// Of all rows of actuals.
    pub(super) fn new(model: &Model, counts: &Array2<f64>, actuals: &Actuals) -> Self {
        let mut known: Vec<(Part, Vec<(usize, f64)>)> = Vec::new();
        for row in &actuals.rows {
            let cells = booked(model, counts, row);
            let Some(&(first, _)) = cells.iter().find(|(_, count)| *count > 0.0) else {
                continue;
            };
            let mut month = counts.row(row.month).to_vec();
            for &(cell, count) in &cells {
                month[cell] = count;
            }
            let units = valuation::units_in_month(model, row.month, &month);
            let spread = Spread::of(model, &model.cells[first], alike(&cells, &units));
            for (kind, variance) in spread.all() {
                let part = Part::new(kind, row.tier, row.partnership);
                match known.iter_mut().find(|(own, _)| *own == part) {
                    Some((_, months)) => months.push((row.month, variance)),
                    None => known.push((part, vec![(row.month, variance)])),
                }
            }
        }
        let pipeline = model.horizon.pipeline.as_ref();
        let stay = pipeline.map_or(1.0, crate::model::Pipeline::stay);
        let mut rows = Vec::new();
        for (part, months) in known {
            let weights = weights(&months, stay);
            let months = months.into_iter().zip(weights);
            rows.extend(months.map(|((month, _), weights)| (part, month, weights)));
        }
        Self { rows }
    }

    /// Normals and weights of a part in a month.
    pub(super) fn of(&self, kind: Lasting, of: (usize, usize), month: usize) -> Vec<(Part, f64)> {
        let part = Part::new(kind, of.0, of.1);
        let own = self.rows.iter().find(|(p, m, _)| (*p, *m) == (part, month));
        let steps = own
            .map_or(&[][..], |(.., weights)| weights)
            .iter()
            .enumerate();
        steps
            .filter(|(_, weight)| **weight != 0.0)
            .map(|(step, &weight)| (Part { step, ..part }, weight))
            .collect()
    }
}

/// Weights, month by month, of normals that make the covariances of parts of these variances.
fn weights(months: &[(usize, f64)], stay: f64) -> Vec<Vec<f64>> {
    if stay < 1.0 - TINY {
        let n = months.len();
        let covariance = Array2::from_shape_fn((n, n), |(a, b)| {
            let ((m, v), (k, w)) = (months[a], months[b]);
            v.min(w) * stay.powf(m.abs_diff(k) as f64)
        });
        return cholesky(&covariance)
            .rows()
            .into_iter()
            .map(|row| row.to_vec())
            .collect();
    }
    let mut levels: Vec<f64> = Vec::new();
    let mut variances: Vec<f64> = months.iter().map(|(_, v)| *v).collect();
    variances.sort_by(f64::total_cmp);
    for v in variances {
        if v - levels.last().copied().unwrap_or(0.0) > TINY * v {
            levels.push(v);
        }
    }
    let steps = |v: f64| {
        let mut below = 0.0;
        let mut out = Vec::new();
        for &level in &levels {
            if level > v * (1.0 + 2.0 * TINY) {
                break;
            }
            out.push(libm::sqrt(level - below));
            below = level;
        }
        out
    };
    months.iter().map(|(_, v)| steps(*v)).collect()
}

#[cfg(test)]
mod tests {
    use super::weights;

    #[test]
    fn weights_make_the_covariances() {
        for stay in [1.0, 0.7] {
            let months = [(0, 0.3), (1, 0.1), (2, 0.3), (3, 0.2), (4, 0.1)];
            let found = weights(&months, stay);
            for (a, (m, v)) in months.iter().enumerate() {
                for (b, (k, w)) in months.iter().enumerate() {
                    let covariance: f64 = found[a].iter().zip(&found[b]).map(|(x, y)| x * y).sum();
                    let wanted = v.min(*w) * f64::powf(stay, usize::abs_diff(*m, *k) as f64);
                    assert!(
                        (covariance - wanted).abs() < 1e-12,
                        "{stay} {a} {b}: {covariance} {wanted}"
                    );
                }
            }
        }
    }
}
