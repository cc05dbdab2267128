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
//! steps, of many creators on a sample first; how good the multipliers are decides how tight the bound is, never whether it holds. The
//! bound is summed once more with all rounding added ([`Dual::certified`]).

use std::ops::Range;

use rayon::prelude::*;

use super::rows::{Bookings, FEATURES, Features, Rows, Weights, dot};
use super::soft::{PIECE, Part, Scaled, in_pieces, judged};
use crate::model::Cancel;

/// Newton steps at one temperature.
const STEPS: usize = 12;
/// Temperatures: each is a fifth of the last.
const TEMPERATURES: usize = 10;
/// Largest row count that a step's matrix is made for.
const MOST_ROWS: usize = 400;
/// Creators from which on multipliers are found on a sample first.
const MANY: usize = 10_000;
/// Every so-many-th creator of a kind is in the sample, and counts for so many.
const STRIDE: usize = 16;
/// Kinds of at most so many creators are in the sample as they are.
const FEW: usize = 512;
/// Largest multiplier of a sample, in average gains: it may lack what all have.
const SAMPLED: f64 = 100.0;
/// Temperature at which all creators follow their sample.
const FOLLOWED: usize = 5;

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
        let judged = judged(all, objective.len());
        let scaled = rows
            .list
            .iter()
            .zip(keep)
            .map(|(row, &keep)| {
                let size = |(j, n): &(usize, f64)| n * all.weigh(&row.weights, *j).abs();
                let mean = judged.iter().map(size).sum::<f64>() / all.len().max(1) as f64;
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
        let gain = |(j, n): &(usize, f64)| n * all.weigh(objective, *j).abs();
        let size = judged.iter().map(gain).sum::<f64>() / all.len().max(1) as f64;
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
            .map(|j| self.all.weigh(&weights, j))
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

    fn pieces<T: Send>(&self, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
        in_pieces(self.all.creators(), work)
    }

    /// The smooth dual's value, and its derivatives if wanted: over all creators, or over a sample.
    fn local(
        &self,
        sample: Option<&[(usize, f64)]>,
        multipliers: &[f64],
        temperature: f64,
        derive: bool,
    ) -> Local {
        let m = self.rows.len();
        let weights = self.reduced(multipliers);
        let begin = || Part::new(self.all, &self.rows, &weights, temperature, derive);
        let parts = match sample {
            None => self.pieces(|creators| {
                let mut part = begin();
                creators.for_each(|creator| part.add(creator, 1.0));
                part.into_sums()
            }),
            Some(sample) => in_pieces(sample.len(), |places| {
                let mut part = begin();
                let own = sample[places].iter();
                own.for_each(|&(creator, times)| part.add(creator, times));
                part.into_sums()
            }),
        };
        let mut out = Local {
            value: 0.0,
            gradient: vec![0.0; if derive { m } else { 0 }],
            hessian: vec![0.0; if derive { m * m } else { 0 }],
        };
        let mut made = vec![[0.0; FEATURES]; if derive { self.objective.len() } else { 0 }];
        for (value, own, hessian) in parts {
            out.value += value;
            for (sum, own) in made.iter_mut().zip(&own) {
                sum.iter_mut().zip(own).for_each(|(a, b)| *a += b);
            }
            let pairs = out.hessian.iter_mut().zip(&hessian);
            pairs.for_each(|(a, b)| *a += b);
        }
        for (r, row) in self.rows.iter().enumerate() {
            out.value += multipliers[r] * row.bound;
            if derive {
                let used: f64 = row.weights.iter().zip(&made).map(|(w, u)| dot(w, u)).sum();
                out.gradient[r] = row.bound - used;
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
        let mut first = if start.is_some() { 4 } else { 0 };
        if first == 0 && self.all.creators() > MANY {
            let sample = self.sample();
            let most = self.most.min(SAMPLED * self.size);
            for level in 0..TEMPERATURES {
                self.descend(Some(&sample), most, &mut multipliers, level, cancel);
            }
            first = FOLLOWED;
        }
        for level in first..TEMPERATURES {
            self.descend(None, self.most, &mut multipliers, level, cancel);
            let bound = self.certified(&multipliers);
            if bound < best.1 {
                best = (multipliers.clone(), bound);
            }
            if best.1 < enough || cancel.requested() {
                break;
            }
        }
        best
    }

    /// Newton steps at one temperature.
    fn descend(
        &self,
        sample: Option<&[(usize, f64)]>,
        most: f64,
        multipliers: &mut Vec<f64>,
        level: usize,
        cancel: &Cancel,
    ) {
        let temperature = self.size * libm::pow(0.2, level as f64);
        let mut damping = 1e-9;
        for _ in 0..STEPS {
            if cancel.requested() {
                return;
            }
            let here = self.local(sample, multipliers, temperature, true);
            let value = |at: &[f64]| self.local(sample, at, temperature, false).value;
            let step = self.step(
                multipliers,
                &here,
                (temperature, most),
                &value,
                &mut damping,
            );
            let Some((next, value, moved)) = step else {
                return;
            };
            let gained = here.value - value;
            *multipliers = next;
            if gained <= 1e-7 * here.value.abs().max(self.size) || !moved {
                return;
            }
        }
    }

    /// Creators that stand for all, each with how many it counts for: every sixteenth of those with the
    /// same cells, all of a rare kind.
    fn sample(&self) -> Vec<(usize, f64)> {
        let mut kinds = vec![0_usize; self.objective.len()];
        let kind = |creator: usize| {
            let first = self.all.of_creator(creator).next();
            first.map(|j| self.all.cell[j] as usize)
        };
        let creators = 0..self.all.creators();
        creators
            .clone()
            .filter_map(kind)
            .for_each(|k| kinds[k] += 1);
        let mut seen = vec![0_usize; kinds.len()];
        let mut out = Vec::new();
        for creator in creators {
            let Some(kind) = kind(creator) else { continue };
            let (n, at) = (kinds[kind], seen[kind]);
            seen[kind] += 1;
            if n <= FEW {
                out.push((creator, 1.0));
            } else if at % STRIDE == 0 {
                out.push((creator, n as f64 / n.div_ceil(STRIDE) as f64));
            }
        }
        out
    }

    /// A projected Newton step that lowers the value: the new point and its value.
    fn step(
        &self,
        at: &[f64],
        here: &Local,
        (temperature, most): (f64, f64),
        value_at: &dyn Fn(&[f64]) -> f64,
        damping: &mut f64,
    ) -> Option<(Vec<f64>, f64, bool)> {
        let m = at.len();
        let held = |r: usize| {
            (at[r] <= 0.0 && here.gradient[r] >= 0.0) || (at[r] >= most && here.gradient[r] <= 0.0)
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
                        next[r] = (at[r] + length * d).clamp(0.0, most);
                    }
                    let moved = next != at;
                    let value = value_at(&next);
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

    /// Average sizes of the rows' coefficients.
    pub(super) fn scales(&self) -> Vec<f64> {
        self.rows.iter().map(|row| row.scale).collect()
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
