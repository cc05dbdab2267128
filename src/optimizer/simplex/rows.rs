//! Rows that come and go, and what a basis says of them.

use super::dictionary::{ASLEEP, NOWHERE};
use super::{FEASIBLE, Simplex};

impl Simplex {
    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.m
    }

    /// A row's coefficients.
    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.matrix[row * self.n..(row + 1) * self.n]
    }

    /// How far beyond its box a row's sum may lie.
    pub(crate) fn slack(&self, row: usize) -> f64 {
        self.slack[row]
    }

    /// An unknown's value at the last optimum.
    pub(crate) fn value(&self, unknown: usize) -> f64 {
        self.state.value[unknown]
    }

    /// Adds the row Σ aⱼxⱼ ≥ low, of coefficients near one; its box.
    pub(crate) fn add(&mut self, a: Vec<f64>, low: f64) -> (f64, f64) {
        let reach = |(j, a): (usize, &f64)| (a * self.low[j]).abs().max((a * self.high[j]).abs());
        let most: f64 = a.iter().enumerate().map(reach).sum();
        self.low.push(low);
        let high = most.max(low) + 1.0;
        self.high.push(high);
        self.slack.push(0.0);
        self.wide.push((f64::NAN, f64::NAN));
        self.matrix.extend(a);
        self.m += 1;
        self.state.row_of.push(ASLEEP);
        self.state.value.push(low);
        (low, high)
    }

    /// Has a row limit nothing from now on, if the last optimum keeps it with room; whether it does.
    pub(crate) fn lets_go(&mut self, row: usize) -> bool {
        let unknown = self.n + row;
        let basic = !matches!(self.state.row_of[unknown], NOWHERE | ASLEEP);
        let goes = basic && self.state.value[unknown] > self.low[unknown] + FEASIBLE;
        if goes {
            self.wide[row] = (f64::NEG_INFINITY, f64::INFINITY);
        }
        goes
    }

    /// A count, or a sum of counts that `sum` gives for it, as a combination of the nonbasic unknowns.
    pub(crate) fn row_over_nonbasic<'a>(
        &self,
        unknown: usize,
        sum: impl Fn(usize) -> &'a [(usize, f64)],
    ) -> Vec<(usize, f64)> {
        let n = self.n;
        let own = [(unknown, 1.0)];
        let members = if unknown < n { &own[..] } else { sum(unknown) };
        let mut out = vec![0.0; n];
        let places: Vec<(usize, usize)> = self.state.nonbasic.iter().copied().zip(0..).collect();
        for &(j, times) in members {
            match self.state.row_of[j] {
                NOWHERE | ASLEEP => {
                    for &(_, at) in places.iter().filter(|&&(v, _)| v == j) {
                        out[at] += times;
                    }
                }
                row => {
                    let line = &self.state.dictionary[row * n..(row + 1) * n];
                    for (out, a) in out.iter_mut().zip(line) {
                        *out += times * a;
                    }
                }
            }
        }
        places.into_iter().map(|(v, at)| (v, out[at])).collect()
    }
}
