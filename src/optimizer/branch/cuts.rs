//! Rows that every whole point keeps and the relaxation's point does not.
//!
//! Gomory's mixed-integer cuts (1960) of the counts and sums that ought to be whole: where β + Σ aⱼtⱼ is whole for t ≥ 0, some of
//! them whole, Σ γⱼtⱼ ≥ 1 with γ of the fractions of β and a. The sum is made afresh from the rows for the
//! multipliers of the basis, as bounds are, so that it holds for whatever they are; the cut then gives way by more than
//! rounding can put it off.

use super::{FRACTIONAL, PIVOTS, Tree};
use crate::optimizer::simplex::Outcome;

/// Rounds of cuts, and of programs of more columns.
const ROUNDS: [(usize, usize); 2] = [(0, 4), (400, 10)];

/// Rows of limits added at a node.
const LIMITS: usize = 20;

/// How far a limit may be passed and no row be added for it.
const PASSED: f64 = 1e-8;

/// Cuts of a round.
const CUTS: usize = 30;

/// How near to a whole number a sum may be and still give a cut.
const NEAR: f64 = 0.02;

/// How far a cut gives way, of 1.
const GIVES: f64 = 1e-6;

/// Largest coefficient beside the least of a cut.
const RANGE: f64 = 1e5;

/// Least distance that a cut puts between itself and the point cut off.
const DEPTH: f64 = 1e-4;

/// Largest cosine of two cuts of a round.
const ALIKE: f64 = 0.9;

/// Share of the bound's fall so far that a round has to bring to be worth another.
const WORTH: f64 = 0.01;

/// Rounds in a row that may bring less.
const PATIENCE: usize = 4;

/// Share of the search's work that cuts may take.
const SHARE: f64 = 0.1;

/// Σ aⱼxⱼ ≥ low.
struct Cut {
    a: Vec<f64>,
    low: f64,
    depth: f64,
}

impl Tree<'_> {
    /// Adds cuts to the relaxation of the whole program.
    pub(super) fn cut(&mut self) {
        let Some(work) = self.structure.map(|s| s.work) else {
            return;
        };
        let n = self.program.columns.len();
        let last = self.simplex.work as f64 + SHARE * work;
        let rounds = ROUNDS.iter().rev().find(|(columns, _)| n >= *columns);
        let rounds = rounds.map_or(0, |(_, rounds)| *rounds);
        let first_cut = self.simplex.rows();
        let (mut top, mut before, mut vain) = (None, f64::INFINITY, 0);
        for _ in 0..rounds {
            self.simplex.low.clone_from(&self.root.0);
            self.simplex.high.clone_from(&self.root.1);
            let (outcome, bound) = self.relax_within();
            self.top = self.top.min(bound);
            let top = *top.get_or_insert(bound);
            vain = if before - bound < WORTH * (top - bound) {
                vain + 1
            } else {
                0
            };
            let little = vain >= PATIENCE;
            if outcome == Outcome::Optimal {
                for row in first_cut..self.simplex.rows() {
                    if self.simplex.lets_go(row) {
                        let open = (f64::NEG_INFINITY, f64::INFINITY);
                        (self.root.0[n + row], self.root.1[n + row]) = open;
                    }
                }
            }
            if outcome != Outcome::Optimal || little || self.simplex.work as f64 > last {
                break;
            }
            before = bound;
            let x: Vec<f64> = self.simplex.counts()[..n].to_vec();
            let mut found: Vec<Cut> = self
                .candidates(&x)
                .into_iter()
                .filter_map(|(v, _)| self.gomory(v, &x))
                .collect();
            found.sort_by(|a, b| b.depth.total_cmp(&a.depth));
            let mut chosen: Vec<Cut> = Vec::new();
            for cut in found {
                let other = |c: &Cut| cosine(&c.a, &cut.a) <= ALIKE;
                if chosen.len() < CUTS && chosen.iter().all(other) {
                    chosen.push(cut);
                }
            }
            if chosen.is_empty() {
                break;
            }
            for cut in chosen {
                let (low, high) = self.simplex.add(cut.a, cut.low);
                self.root.0.push(low);
                self.root.1.push(high);
            }
        }
    }

    /// Solves the relaxation, with rows added for the limits that its point passes.
    pub(super) fn relax_within(&mut self) -> (Outcome, f64) {
        let mut answer = self.relax(self.cutoff(), PIVOTS);
        let Some(structure) = self.structure else {
            return answer;
        };
        for _ in 0..LIMITS {
            if answer.0 != Outcome::Optimal {
                break;
            }
            let n = self.program.columns.len();
            let x = &self.simplex.counts()[..n];
            let passed = structure.limits.iter().filter_map(|(excess, high)| {
                let scale = high.abs().max(1.0);
                (excess.value(x) > high + PASSED * scale).then(|| {
                    let (a, c) = excess.sum_of(&excess.set_at(x));
                    (a, c + high + 2e-9 * scale)
                })
            });
            let rows: Vec<(Vec<f64>, f64)> = passed.collect();
            if rows.is_empty() {
                break;
            }
            for (a, most) in rows {
                let largest = a.iter().fold(0.0_f64, |m, a| m.max(a.abs()));
                if largest > 0.0 {
                    let a = a.iter().map(|a| -a / largest).collect();
                    let (low, high) = self.simplex.add(a, -most / largest);
                    self.root.0.push(low);
                    self.root.1.push(high);
                }
            }
            let (outcome, bound) = self.relax(self.cutoff(), PIVOTS);
            answer = (outcome, bound.min(answer.1));
        }
        answer
    }

    /// The cut of a count or sum that is not whole at the relaxation's point.
    fn gomory(&mut self, v: usize, x: &[f64]) -> Option<Cut> {
        let n = x.len();
        let row = self.simplex.row_over_nonbasic(v, |at| {
            let members = self.groups.get(at.wrapping_sub(self.first_group));
            members.map_or(&[], |sum| &sum[..])
        });
        // Σⱼ wⱼxⱼ = Σⱼ hⱼxⱼ + Σᵢ yᵢsᵢ for whatever y; h is what y leaves.
        let mut h = vec![0.0; n];
        if v < n {
            h[v] = 1.0;
        } else {
            for &(j, times) in &self.groups[v - self.first_group] {
                h[j] = times;
            }
        }
        let rows: Vec<(usize, f64)> = row
            .into_iter()
            .filter(|&(u, y)| u >= n && y.abs() > 1e-11)
            .collect();
        for &(u, y) in &rows {
            for (h, a) in h.iter_mut().zip(self.simplex.row(u - n)) {
                *h -= y * a;
            }
        }
        let simplex = &self.simplex;
        let upper = |u: usize| {
            let value = simplex.value(u);
            value - simplex.low[u] > simplex.high[u] - value
        };
        let whole = |u: usize| u < n || self.groups.len() > u.wrapping_sub(self.first_group);
        let terms: Vec<(usize, f64)> = (0..n)
            .filter(|&j| h[j] != 0.0)
            .map(|j| (j, h[j]))
            .chain(rows)
            .collect();
        let end = |u: usize| {
            if upper(u) {
                simplex.high[u]
            } else {
                simplex.low[u]
            }
        };
        let beta: f64 = terms.iter().map(|&(u, a)| a * end(u)).sum();
        let f0 = beta - beta.floor();
        if !(NEAR..=1.0 - NEAR).contains(&f0) {
            return None;
        }
        // The sum is β + Σ ±a t; moved to one side, the coefficient of t is ∓a.
        let (mut a, mut low) = (vec![0.0; n], 1.0 - GIVES);
        for &(u, h) in &terms {
            let up = upper(u);
            let c = if up { h } else { -h };
            let gamma = if whole(u) {
                let f = c - c.floor();
                if f <= f0 {
                    f / f0
                } else {
                    (1.0 - f) / (1.0 - f0)
                }
            } else if c > 0.0 {
                c / f0
            } else {
                -c / (1.0 - f0)
            };
            if gamma == 0.0 {
                continue;
            }
            let sign = if up { -1.0 } else { 1.0 };
            low += sign * gamma * end(u);
            if u < n {
                a[u] += sign * gamma;
            } else {
                low -= gamma * simplex.slack(u - n);
                for (a, own) in a.iter_mut().zip(simplex.row(u - n)) {
                    *a += sign * gamma * own;
                }
            }
        }
        let largest = a.iter().fold(0.0_f64, |m, a| m.max(a.abs()));
        for (j, a) in a.iter_mut().enumerate() {
            if a.abs() * RANGE < largest && *a != 0.0 {
                low -= (*a * simplex.high[j]).max(*a * simplex.low[j]);
                *a = 0.0;
            }
        }
        let norm = a.iter().map(|a| a * a).sum::<f64>().sqrt();
        let at: f64 = a.iter().zip(x).map(|(a, x)| a * x).sum();
        let depth = (low - at) / norm;
        (norm.is_finite() && norm > 0.0 && depth > DEPTH.max(FRACTIONAL)).then(|| Cut {
            a: a.iter().map(|a| a / largest).collect(),
            low: low / largest,
            depth,
        })
    }
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
