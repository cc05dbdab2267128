//! Plans of wide programs from relaxations alone, and boxes narrowed before the search.
//!
//! A dive makes one fractional count after the other whole, the dearest first, and solves again
//! each time, so that the others make up for it; rounding all at once and repairing looks at
//! every pair of columns instead.

use super::{FRACTIONAL, Open, PIVOTS, Tree};
use crate::optimizer::program::Column;
use crate::optimizer::simplex::Outcome;

/// Dives at the root.
const FIRST: usize = 2;

/// Sides that may fail before a dive is given up.
const FAILURES: usize = 8;

/// Relaxations of a dive.
const STEPS: u64 = 200;

/// Which booking is made whole next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Order {
    Dearest,
    Nearest,
    Earliest,
}

impl Order {
    pub(super) const ALL: [Self; 3] = [Self::Dearest, Self::Nearest, Self::Earliest];

    /// One after the other.
    pub(super) fn of(turn: usize) -> Self {
        Self::ALL[turn % Self::ALL.len()]
    }
}

/// What the relaxation of a program looks like.
pub(super) struct Outlook {
    /// No plan is above it.
    pub(super) bound: f64,
    /// The point.
    pub(super) x: Vec<f64>,
    /// Columns, those first that lose least by being booked.
    pub(super) order: Vec<usize>,
}

impl Tree<'_> {
    /// Boxes of the columns outside which no plan is better than the best one by the gap; what
    /// lies beyond is in `left`.
    pub(super) fn narrowed(&mut self) -> Vec<Column> {
        let mut node = Open {
            bound: f64::INFINITY,
            id: 0,
            changes: Vec::new(),
        };
        let n = self.program.columns.len();
        self.simplex.low.clone_from(&self.root.0);
        self.simplex.high.clone_from(&self.root.1);
        for _ in 0..FIRST {
            if self.out_of_means(u64::MAX) {
                break;
            }
            let (outcome, bound) = self.relax(self.cutoff(), PIVOTS);
            if outcome != Outcome::Optimal {
                break;
            }
            let x: Vec<f64> = self.simplex.counts()[..n].to_vec();
            self.dive(&x);
            let cutoff = self.cutoff();
            if bound <= cutoff {
                break;
            }
            self.tighten(&mut node, bound, cutoff);
        }
        // The best plan stays inside, so that the search goes on from it.
        let best = self.best.as_ref().map(|b| &b.1);
        (0..n)
            .map(|j| Column {
                low: best.map_or(self.simplex.low[j], |x| x[j].min(self.simplex.low[j])),
                high: best.map_or(self.simplex.high[j], |x| x[j].max(self.simplex.high[j])),
                ..self.program.columns[j]
            })
            .collect()
    }

    /// Solves the relaxation and takes a plan near its point. None where it has none.
    pub(super) fn outlook(&mut self) -> Option<Outlook> {
        let n = self.program.columns.len();
        let (outcome, bound) = self.relax(f64::NEG_INFINITY, PIVOTS);
        if outcome != Outcome::Optimal {
            return None;
        }
        let x: Vec<f64> = self.simplex.counts()[..n].to_vec();
        let charge: Vec<f64> = self.simplex.costs[..n].to_vec();
        if self.best.is_none()
            && let Some(x) = self.near.round(&x)
        {
            self.offer(x);
        }
        self.dive(&x);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| charge[b].total_cmp(&charge[a]).then(a.cmp(&b)));
        Some(Outlook { bound, x, order })
    }

    /// Makes one count after the other whole, from the relaxation's point in the present boxes,
    /// for a plan better than the best one.
    pub(super) fn dive(&mut self, x: &[f64]) {
        let saved = self.simplex.save();
        let costs = self.simplex.costs.clone();
        let boxes = (self.simplex.low.clone(), self.simplex.high.clone());
        let mut x = x.to_vec();
        let mut failures = 0;
        let last = self.nodes + STEPS;
        while failures < FAILURES && self.nodes < last {
            let Some((v, value)) = self.dearest(&x) else {
                let whole: Vec<f64> = x.iter().map(|x| x.round()).collect();
                let point = self.near.point(whole);
                if self.near.violation(&point) == 0.0 {
                    let better = self.near.polish(point).x;
                    self.offer(better);
                }
                break;
            };
            let to = value.round();
            if !self.fix(v, to) {
                failures += 1;
                let other = if to > value { to - 1.0 } else { to + 1.0 };
                if !self.fix(v, other) {
                    break;
                }
            }
            for (x, value) in x.iter_mut().zip(self.simplex.counts()) {
                *x = *value;
            }
        }
        self.simplex.restore(&saved);
        self.simplex.costs = costs;
        (self.simplex.low, self.simplex.high) = boxes;
    }

    /// Makes the bookings that last whole in the same way, and gives the relaxation's point then. None where that fails.
    pub(super) fn lasting(&mut self, x: &[f64], order: Order) -> Option<Vec<f64>> {
        let structure = self.structure?;
        let saved = self.simplex.save();
        let costs = self.simplex.costs.clone();
        let boxes = (self.simplex.low.clone(), self.simplex.high.clone());
        let n = x.len();
        let mut x = x.to_vec();
        let mut out = None;
        for _ in 0..n {
            let open = (0..n).filter(|&j| structure.parts[j].lasts);
            let fraction = |j: usize| (x[j] - x[j].round()).abs();
            let next = open.filter(|&j| fraction(j) > FRACTIONAL).max_by(|&a, &b| {
                let first = |j: usize| match order {
                    Order::Dearest => self.program.maximize[j],
                    Order::Nearest => -fraction(j),
                    Order::Earliest => -(structure.parts[j].months.start as f64),
                };
                first(a).total_cmp(&first(b)).then(b.cmp(&a))
            });
            let Some(j) = next else {
                for (j, x) in x.iter_mut().enumerate() {
                    if structure.parts[j].lasts {
                        *x = x.round();
                    }
                }
                out = Some(x);
                break;
            };
            let to = x[j].round();
            let other = if to > x[j] { to - 1.0 } else { to + 1.0 };
            if !self.fix(j, to) && !self.fix(j, other) {
                break;
            }
            x.copy_from_slice(&self.simplex.counts()[..n]);
        }
        self.simplex.restore(&saved);
        self.simplex.costs = costs;
        (self.simplex.low, self.simplex.high) = boxes;
        out
    }

    /// The relaxation's point with no booking that lasts.
    pub(super) fn without_lasting(&mut self) -> Option<Vec<f64>> {
        let structure = self.structure?;
        let n = self.program.columns.len();
        let boxes = (self.simplex.low.clone(), self.simplex.high.clone());
        for j in (0..n).filter(|&j| structure.parts[j].lasts) {
            self.simplex.high[j] = self.simplex.low[j];
        }
        let (outcome, _) = self.relax(f64::NEG_INFINITY, PIVOTS);
        (self.simplex.low, self.simplex.high) = boxes;
        (outcome == Outcome::Optimal).then(|| self.simplex.counts()[..n].to_vec())
    }

    /// Fixes a count and solves again; its box stays as it was where that leaves nothing better
    /// than the best plan.
    fn fix(&mut self, v: usize, to: f64) -> bool {
        let (low, high) = (self.simplex.low[v], self.simplex.high[v]);
        if to < low || to > high {
            return false;
        }
        (self.simplex.low[v], self.simplex.high[v]) = (to, to);
        let best = self.best.as_ref().map_or(f64::NEG_INFINITY, |b| b.0);
        if self.relax(best, PIVOTS).0 == Outcome::Optimal {
            return true;
        }
        (self.simplex.low[v], self.simplex.high[v]) = (low, high);
        false
    }

    /// The fractional count whose creators are worth most on average, of equals the first.
    fn dearest(&self, x: &[f64]) -> Option<(usize, f64)> {
        let n = x.len();
        let worth = |v: usize| {
            if v < n {
                return self.program.maximize[v].abs();
            }
            let members = &self.groups[v - self.first_group];
            let sum: f64 = members
                .iter()
                .map(|&(j, _)| self.program.maximize[j].abs())
                .sum();
            sum / members.len() as f64
        };
        let mut best: Option<(f64, usize, f64)> = None;
        for (v, value) in self.candidates(x) {
            let worth = worth(v);
            if best.is_none_or(|b| worth > b.0) {
                best = Some((worth, v, value));
            }
        }
        best.map(|(_, v, value)| (v, value))
    }
}
