//! The Lagrangian dual of a selection: a few multipliers over a hundred thousand creators.
//!
//! With rows a·x ≤ b and every creator booked at most once, for any λ ≥ 0
//!
//! ```text
//! L(λ) = λ·b + Σ_creators max(0, max_bookings (c − λ·a))
//! ```
//!
//! is at least the value of every selection, whole or fractional, and its least value is that of the
//! relaxation (Geoffrion 1974). Rows are few, so that L costs one pass over the bookings. It is
//! made smooth by the soft maximum at a temperature that falls, and minimized by projected Newton
//! steps; how good the multipliers are decides how tight the bound is, never whether it holds. The
//! bound is summed once more with all rounding added ([`Dual::certified`]).

use rayon::prelude::*;

use super::rows::{Bookings, FEATURES, Features, Rows, Weights, dot};
use crate::model::Cancel;

/// Creators of a piece of work; sums go over pieces in order, whatever the threads.
const PIECE: usize = 4096;
/// Newton steps at one temperature.
const STEPS: usize = 12;
/// Temperatures: each is a fifth of the last.
const TEMPERATURES: usize = 10;
/// Largest row count that a step's matrix is made for.
const MOST_ROWS: usize = 400;

/// The dual of one program.
#[derive(Debug)]
pub(super) struct Dual<'a> {
    all: &'a Bookings,
    objective: &'a Weights,
    /// Rows, each scaled to an average coefficient of one.
    rows: Vec<Scaled>,
    /// Average gain of a booking.
    size: f64,
    /// Largest multiplier; infinite but for questions of feasibility.
    most: f64,
}

#[derive(Debug)]
struct Scaled {
    weights: Weights,
    bound: f64,
    scale: f64,
}

/// Value, gradient and curvature of the smooth dual.
struct Local {
    value: f64,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

impl<'a> Dual<'a> {
    pub(super) fn new(
        all: &'a Bookings,
        rows: &Rows,
        keep: &[bool],
        objective: &'a Weights,
    ) -> Self {
        let scaled = rows
            .rows
            .iter()
            .zip(keep)
            .map(|(row, &keep)| {
                let mean = |w: &Weights| {
                    let n = all.len().max(1) as f64;
                    (0..all.len())
                        .map(|j| dot(&w[all.cell[j] as usize], &all.features[j]).abs())
                        .sum::<f64>()
                        / n
                };
                let mean = mean(&row.weights);
                let scale = if mean > 0.0 { mean } else { 1.0 };
                // A row that is let go keeps its place and limits nothing.
                let factor = if keep { 1.0 / scale } else { 0.0 };
                Scaled {
                    weights: row.weights.iter().map(|w| w.map(|v| v * factor)).collect(),
                    bound: row.bound * factor,
                    scale,
                }
            })
            .collect();
        let gains = (0..all.len()).map(|j| dot(&objective[all.cell[j] as usize], &all.features[j]));
        let size = gains.map(f64::abs).sum::<f64>() / all.len().max(1) as f64;
        Self {
            all,
            objective,
            rows: scaled,
            size: if size > 0.0 { size } else { 1.0 },
            most: f64::INFINITY,
        }
    }

    /// The same with multipliers of at most one: for questions of feasibility.
    pub(super) fn boxed(self) -> Self {
        Self { most: 1.0, ..self }
    }

    /// Weights of a booking's reduced gain c − λ·a.
    fn reduced(&self, multipliers: &[f64]) -> Weights {
        let mut out = self.objective.clone();
        for (row, &lambda) in self.rows.iter().zip(multipliers) {
            if lambda != 0.0 {
                for (o, w) in out.iter_mut().zip(&row.weights) {
                    for k in 0..FEATURES {
                        o[k] -= lambda * w[k];
                    }
                }
            }
        }
        out
    }

    /// Reduced gains of all bookings.
    pub(super) fn gains(&self, multipliers: &[f64]) -> Vec<f64> {
        let weights = self.reduced(multipliers);
        (0..self.all.len())
            .into_par_iter()
            .with_min_len(PIECE)
            .map(|j| dot(&weights[self.all.cell[j] as usize], &self.all.features[j]))
            .collect()
    }

    /// An upper bound on the value of every selection, rounding included: each reduced gain is off by at most
    /// (rows + 32) ε times the sum of its terms' sizes, and so is every sum.
    pub(super) fn certified(&self, multipliers: &[f64]) -> f64 {
        let weights = self.reduced(multipliers);
        let mut sizes: Weights = self.objective.iter().map(|w| w.map(f64::abs)).collect();
        for (row, &lambda) in self.rows.iter().zip(multipliers) {
            for (s, w) in sizes.iter_mut().zip(&row.weights) {
                for k in 0..FEATURES {
                    s[k] += lambda * w[k].abs();
                }
            }
        }
        let unit = (self.rows.len() + 32) as f64 * f64::EPSILON;
        let parts = self.pieces(|creators| {
            let (mut sum, mut size) = (0.0, 0.0);
            for creator in creators {
                let mut best: f64 = 0.0;
                for j in self.all.of_creator(creator) {
                    let cell = self.all.cell[j] as usize;
                    let u = &self.all.features[j];
                    let magnitude = dot(&sizes[cell], &u.map(f64::abs));
                    best = best.max(dot(&weights[cell], u) + unit * magnitude);
                }
                sum += best;
                size += best;
            }
            (sum, size)
        });
        let (mut sum, mut size) = (0.0, 0.0);
        for (s, m) in parts {
            sum += s;
            size += m;
        }
        for (row, &lambda) in self.rows.iter().zip(multipliers) {
            sum += lambda * row.bound;
            size += (lambda * row.bound).abs();
        }
        let terms = (PIECE + self.all.creators() / PIECE + self.rows.len() + 8) as f64;
        sum + 2.0 * terms * f64::EPSILON * size
    }

    fn pieces<T: Send>(&self, work: impl Fn(std::ops::Range<usize>) -> T + Sync) -> Vec<T> {
        let n = self.all.creators();
        (0..n.div_ceil(PIECE))
            .into_par_iter()
            .map(|piece| work(piece * PIECE..((piece + 1) * PIECE).min(n)))
            .collect()
    }

    /// The smooth dual's value, and its derivatives if wanted.
    fn local(&self, multipliers: &[f64], temperature: f64, derive: bool) -> Local {
        let m = self.rows.len();
        let weights = self.reduced(multipliers);
        let parts = self.pieces(|creators| {
            let mut local = Local {
                value: 0.0,
                gradient: vec![0.0; if derive { m } else { 0 }],
                hessian: vec![0.0; if derive { m * m } else { 0 }],
            };
            let mut shares: Vec<(usize, f64)> = Vec::new();
            let mut mean = vec![0.0; m];
            let mut row = vec![0.0; m];
            for creator in creators {
                let range = self.all.of_creator(creator);
                shares.clear();
                let mut top: f64 = 0.0;
                for j in range {
                    let gain = dot(&weights[self.all.cell[j] as usize], &self.all.features[j]);
                    top = top.max(gain);
                    shares.push((j, gain));
                }
                // Far from every other choice, nothing is soft.
                let mut total = libm::exp(-top / temperature);
                for (_, gain) in &mut shares {
                    let z = (*gain - top) / temperature;
                    *gain = if z < -40.0 { 0.0 } else { libm::exp(z) };
                    total += *gain;
                }
                local.value += top + temperature * libm::log(total);
                if !derive {
                    continue;
                }
                let soft = shares
                    .iter()
                    .any(|s| s.1 > 0.0 && s.1 < total * (1.0 - 1e-12));
                if soft {
                    mean.fill(0.0);
                }
                for &(j, weight) in &shares {
                    let share = weight / total;
                    if share < 1e-14 {
                        continue;
                    }
                    let cell = self.all.cell[j] as usize;
                    for (a, r) in row.iter_mut().zip(&self.rows) {
                        *a = dot(&r.weights[cell], &self.all.features[j]);
                    }
                    for (g, a) in local.gradient.iter_mut().zip(&row) {
                        *g -= share * a;
                    }
                    if soft {
                        for r in 0..m {
                            if row[r] == 0.0 {
                                continue;
                            }
                            mean[r] += share * row[r];
                            let scaled = share * row[r] / temperature;
                            let line = &mut local.hessian[r * m..r * m + r + 1];
                            for (h, a) in line.iter_mut().zip(&row) {
                                *h += scaled * a;
                            }
                        }
                    }
                }
                if soft {
                    for r in 0..m {
                        if mean[r] != 0.0 {
                            let scaled = mean[r] / temperature;
                            let line = &mut local.hessian[r * m..r * m + r + 1];
                            for (h, a) in line.iter_mut().zip(&mean) {
                                *h -= scaled * a;
                            }
                        }
                    }
                }
            }
            local
        });
        let mut out = Local {
            value: 0.0,
            gradient: vec![0.0; if derive { m } else { 0 }],
            hessian: vec![0.0; if derive { m * m } else { 0 }],
        };
        for part in parts {
            out.value += part.value;
            out.gradient
                .iter_mut()
                .zip(&part.gradient)
                .for_each(|(a, b)| *a += b);
            out.hessian
                .iter_mut()
                .zip(&part.hessian)
                .for_each(|(a, b)| *a += b);
        }
        for (r, row) in self.rows.iter().enumerate() {
            out.value += multipliers[r] * row.bound;
            if derive {
                out.gradient[r] += row.bound;
            }
        }
        out
    }

    /// Multipliers near the dual's least point, and the best bound met. Stops as soon as the bound is
    /// below `enough`.
    pub(super) fn minimize(
        &self,
        start: Option<&[f64]>,
        enough: f64,
        cancel: &Cancel,
    ) -> (Vec<f64>, f64) {
        let m = self.rows.len();
        let mut multipliers = start.map_or_else(|| vec![0.0; m], <[f64]>::to_vec);
        let mut best = (multipliers.clone(), self.certified(&multipliers));
        if m > MOST_ROWS {
            return best;
        }
        let warm = if start.is_some() { 4 } else { 0 };
        for level in warm..TEMPERATURES {
            let temperature = self.size * libm::pow(0.2, level as f64);
            let mut damping = 1e-9;
            for _ in 0..STEPS {
                if cancel.requested() {
                    return best;
                }
                let here = self.local(&multipliers, temperature, true);
                let Some((next, value, moved)) =
                    self.step(&multipliers, &here, temperature, &mut damping)
                else {
                    break;
                };
                let gained = here.value - value;
                multipliers = next;
                if gained <= 1e-7 * here.value.abs().max(self.size) || !moved {
                    break;
                }
            }
            let bound = self.certified(&multipliers);
            if bound < best.1 {
                best = (multipliers.clone(), bound);
            }
            if best.1 < enough {
                break;
            }
        }
        best
    }

    /// A projected Newton step that lowers the value: the new point and its value.
    fn step(
        &self,
        at: &[f64],
        here: &Local,
        temperature: f64,
        damping: &mut f64,
    ) -> Option<(Vec<f64>, f64, bool)> {
        let m = at.len();
        let held = |r: usize| {
            (at[r] <= 0.0 && here.gradient[r] >= 0.0)
                || (at[r] >= self.most && here.gradient[r] <= 0.0)
        };
        let free: Vec<usize> = (0..m)
            .filter(|&r| !held(r) && self.rows[r].weights.iter().flatten().any(|&w| w != 0.0))
            .collect();
        if free.is_empty() {
            return None;
        }
        let largest = free
            .iter()
            .map(|&r| here.hessian[r * m + r])
            .fold(0.0, f64::max)
            .max(1e-6 / temperature);
        for _ in 0..12 {
            let n = free.len();
            let mut matrix = vec![0.0; n * n];
            for (i, &r) in free.iter().enumerate() {
                for (k, &s) in free.iter().enumerate().take(i + 1) {
                    matrix[i * n + k] = here.hessian[r.max(s) * m + r.min(s)];
                }
                matrix[i * n + i] += *damping * largest;
            }
            let right: Vec<f64> = free.iter().map(|&r| -here.gradient[r]).collect();
            if let Some(direction) = solve(&mut matrix, right, n) {
                let mut length = 1.0;
                for _ in 0..6 {
                    let mut next = at.to_vec();
                    for (&r, d) in free.iter().zip(&direction) {
                        next[r] = (at[r] + length * d).clamp(0.0, self.most);
                    }
                    let moved = next != at;
                    let value = self.local(&next, temperature, false).value;
                    if value < here.value {
                        *damping = (*damping * 0.2).max(1e-12);
                        return Some((next, value, moved));
                    }
                    length *= 0.25;
                }
            }
            *damping = (*damping * 30.0).max(1e-8);
            if *damping > 1e6 {
                break;
            }
        }
        None
    }

    /// Multipliers of the rows as they are, not as they were scaled.
    pub(super) fn unscaled(&self, multipliers: &[f64]) -> Vec<f64> {
        multipliers
            .iter()
            .zip(&self.rows)
            .map(|(lambda, row)| lambda / row.scale)
            .collect()
    }
}

/// Solves a symmetric positive definite system by Cholesky's factors (lower half given).
fn solve(matrix: &mut [f64], mut right: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    for i in 0..n {
        for k in 0..=i {
            let mut sum = matrix[i * n + k];
            for l in 0..k {
                sum -= matrix[i * n + l] * matrix[k * n + l];
            }
            if i == k {
                if sum <= 0.0 || !sum.is_finite() {
                    return None;
                }
                matrix[i * n + i] = sum.sqrt();
            } else {
                matrix[i * n + k] = sum / matrix[k * n + k];
            }
        }
    }
    for i in 0..n {
        let mut sum = right[i];
        for k in 0..i {
            sum -= matrix[i * n + k] * right[k];
        }
        right[i] = sum / matrix[i * n + i];
    }
    for i in (0..n).rev() {
        let mut sum = right[i];
        for k in i + 1..n {
            sum -= matrix[k * n + i] * right[k];
        }
        right[i] = sum / matrix[i * n + i];
    }
    right.iter().all(|v| v.is_finite()).then_some(right)
}

/// The booking of each creator with the largest gain above zero, if any.
pub(super) fn best_choices(all: &Bookings, gains: &[f64]) -> Vec<Option<usize>> {
    (0..all.creators())
        .map(|creator| {
            let mut best = (0.0, None);
            for j in all.of_creator(creator) {
                if gains[j] > best.0 {
                    best = (gains[j], Some(j));
                }
            }
            best.1
        })
        .collect()
}

/// Features are nine numbers so that a booking is two cache lines at most.
const _: () = assert!(size_of::<Features>() <= 128);
