//! Which unknown to branch on: by trial at first, by experience then.

use super::{FRACTIONAL, Open, Step, Tree, WIDE};
use crate::optimizer::simplex::Outcome;

/// Candidates tried at a node.
const TRIALS: usize = 8;

/// The same where nodes are cheap, of programs over months that are not wide.
const MORE_TRIALS: usize = 32;

/// Pivots of a trial.
const TRIAL_PIVOTS: usize = 40;

/// Observations in a direction after which experience is trusted.
const RELIABLE: f64 = 4.0;

impl Tree<'_> {
    /// Unknowns that ought to be whole and are not, with their values.
    pub(super) fn candidates(&self, x: &[f64]) -> Vec<(usize, f64)> {
        let n = x.len();
        self.whole
            .iter()
            .filter_map(|&v| {
                let value = if v < n {
                    x[v]
                } else {
                    let members = &self.groups[v - self.first_group];
                    members.iter().map(|&(j, a)| a * x[j]).sum()
                };
                let fraction = value - value.floor();
                let (low, high) = (self.simplex.low[v], self.simplex.high[v]);
                let open = value > low && value < high;
                (open && fraction > FRACTIONAL && fraction < 1.0 - FRACTIONAL).then_some((v, value))
            })
            .collect()
    }

    /// Every count is whole but a row is off by a hair: the widest box is parted.
    pub(super) fn halve(&mut self, x: &[f64], bound: f64) -> Step {
        let width = |&v: &usize| self.simplex.high[v] - self.simplex.low[v];
        let columns = (0..x.len()).filter(|&v| self.program.columns[v].integer);
        let widest = columns.reduce(|a, b| if width(&b) > width(&a) { b } else { a });
        let Some(v) = widest.filter(|v| width(v) > 0.0) else {
            // A single point, which was offered if it keeps the rows: proven only as the bound says.
            let single: Vec<f64> = self.simplex.low[..x.len()].to_vec();
            let point = self.near.point(single.clone());
            if self.near.violation(&point) > 0.0 {
                return Step::Left(f64::NEG_INFINITY);
            }
            let value = self.goal.value(&single);
            self.offer(single);
            return Step::Left(value.min(bound));
        };
        let (low, high) = (self.simplex.low[v], self.simplex.high[v]);
        let at = x[v].round().clamp(low, high - 1.0);
        Step::Into((v, low, at), (v, at + 1.0, high), bound)
    }

    pub(super) fn expected(&self, v: usize, up: usize, distance: f64, average: f64) -> f64 {
        let e = self.experience[v][up];
        let unit = if e.number > 0.0 {
            e.sum / e.number
        } else {
            average
        };
        unit * distance
    }

    /// The candidate whose children's bounds fall most.
    pub(super) fn choose(
        &mut self,
        node: &mut Open,
        x: &[f64],
        candidates: &[(usize, f64)],
        bound: f64,
        cutoff: f64,
    ) -> Step {
        let seen = self.experience.iter().flatten().filter(|e| e.number > 0.0);
        let (sum, number) = seen.fold((0.0, 0.0), |s, e| (s.0 + e.sum / e.number, s.1 + 1.0));
        let average = if number > 0.0 { sum / number } else { 1.0 };
        let floor = 1e-6 * bound.abs().max(1e-6);
        let score = |down: f64, up: f64| down.max(floor) * up.max(floor);
        let mut ranked: Vec<(f64, f64, f64, usize, f64)> = candidates
            .iter()
            .map(|&(v, value)| {
                let down = self.expected(v, 0, value - value.floor(), average);
                let up = self.expected(v, 1, value.ceil() - value, average);
                (score(down, up), down, up, v, value)
            })
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.3.cmp(&b.3)));
        let few = self.structure.is_none() || x.len() >= WIDE;
        let usual = if few { TRIALS } else { MORE_TRIALS };
        let trials = if number == 0.0 { ranked.len() } else { usual };
        let saved = self.simplex.save();
        let mut best: Option<(f64, f64, f64, usize, f64)> = None;
        let (mut tried, mut vain) = (0, 0);
        for &(guess, down, up, v, value) in &ranked {
            let sure = self.experience[v].iter().all(|e| e.number >= RELIABLE);
            if !sure && tried < trials && vain < usual / 2 + trials / 8 {
                tried += 1;
                let mut falls = [0.0; 2];
                for (up, fall) in falls.iter_mut().enumerate() {
                    let (low, high) = (self.simplex.low[v], self.simplex.high[v]);
                    if up == 0 {
                        self.simplex.high[v] = value.floor();
                    } else {
                        self.simplex.low[v] = value.ceil();
                    }
                    let (outcome, below) = self.relax(cutoff, TRIAL_PIVOTS);
                    self.simplex.low[v] = low;
                    self.simplex.high[v] = high;
                    self.simplex.restore(&saved);
                    if matches!(outcome, Outcome::Empty | Outcome::Cut) {
                        // That side is done: the node goes on without it.
                        let change = if up == 0 {
                            (v, value.ceil(), high)
                        } else {
                            (v, low, value.floor())
                        };
                        node.changes.push(change);
                        if outcome == Outcome::Cut {
                            self.left = self.left.max(below);
                        }
                        return Step::Again;
                    }
                    let distance = if up == 0 {
                        value - value.floor()
                    } else {
                        value.ceil() - value
                    };
                    *fall = (bound - below).max(0.0);
                    let e = &mut self.experience[v][up];
                    e.sum += *fall / distance;
                    e.number += 1.0;
                }
                let real = score(falls[0], falls[1]);
                if best.is_none_or(|b| real > b.0) {
                    best = Some((real, falls[0], falls[1], v, value));
                    vain = 0;
                } else {
                    vain += 1;
                }
            } else if best.is_none_or(|b| guess > b.0) {
                best = Some((guess, down, up, v, value));
            }
        }
        let Some((_, down, up, v, value)) = best else {
            return self.halve(x, bound);
        };
        let (low, high) = (self.simplex.low[v], self.simplex.high[v]);
        let (below, above) = ((v, low, value.floor()), (v, value.ceil(), high));
        if down <= up {
            Step::Into(below, above, bound)
        } else {
            Step::Into(above, below, bound)
        }
    }
}
