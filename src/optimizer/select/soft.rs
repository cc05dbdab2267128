//! The sums of a smooth dual: creators one by one, in pieces side by side.

use std::ops::Range;

use rayon::prelude::*;

use super::rows::{Bookings, FEATURES, Features, Weights, dot};

/// Creators of a piece of work; sums go over pieces in order, whatever the threads.
pub(super) const PIECE: usize = 4096;
/// Temperatures between a creator's two best choices from which on the better one is all there is:
/// e⁻⁴⁰ of the other is below the last digit.
const FAR: f64 = 40.0;
/// Bookings of a cell by which a row's size is judged.
const JUDGED: usize = 256;

/// A row, scaled to an average coefficient of one.
#[derive(Debug)]
pub(super) struct Scaled {
    pub(super) weights: Weights,
    pub(super) bound: f64,
    pub(super) scale: f64,
}

/// Some of the smooth dual's creators, added up.
pub(super) struct Part<'a> {
    all: &'a Bookings,
    rows: &'a [Scaled],
    weights: &'a Weights,
    temperature: f64,
    derive: bool,
    value: f64,
    /// Features of what is booked, cell by cell.
    made: Weights,
    hessian: Vec<f64>,
    shares: Vec<(usize, f64)>,
    mean: Vec<f64>,
    row: Vec<f64>,
}

impl<'a> Part<'a> {
    pub(super) fn new(
        all: &'a Bookings,
        rows: &'a [Scaled],
        weights: &'a Weights,
        temperature: f64,
        derive: bool,
    ) -> Self {
        let m = rows.len();
        Self {
            all,
            rows,
            weights,
            temperature,
            derive,
            value: 0.0,
            made: vec![[0.0; FEATURES]; if derive { weights.len() } else { 0 }],
            hessian: vec![0.0; if derive { m * m } else { 0 }],
            shares: Vec::new(),
            mean: vec![0.0; m],
            row: vec![0.0; m],
        }
    }

    /// Value, what is booked cell by cell, and curvature.
    pub(super) fn into_sums(self) -> (f64, Weights, Vec<f64>) {
        (self.value, self.made, self.hessian)
    }

    /// Adds a creator so many times.
    pub(super) fn add(&mut self, creator: usize, times: f64) {
        let all = self.all;
        self.shares.clear();
        // Nobody is booked for nothing.
        let (mut top, mut second, mut first) = (0.0, f64::NEG_INFINITY, None);
        for j in all.of_creator(creator) {
            let gain = dot(&self.weights[all.cell[j] as usize], &all.features[j]);
            if gain > top {
                (second, top, first) = (top, gain, Some(j));
            } else if gain > second {
                second = gain;
            }
            self.shares.push((j, gain));
        }
        if top - second > FAR * self.temperature {
            self.value += times * top;
            if let Some(j) = first.filter(|_| self.derive) {
                book(
                    &mut self.made[all.cell[j] as usize],
                    &all.features[j],
                    times,
                );
            }
            return;
        }
        let mut total = libm::exp(-top / self.temperature);
        for (_, gain) in &mut self.shares {
            let z = (*gain - top) / self.temperature;
            *gain = if z < -FAR { 0.0 } else { libm::exp(z) };
            total += *gain;
        }
        self.value += times * (top + self.temperature * libm::log(total));
        if self.derive {
            self.curve(total, times);
        }
    }

    /// Adds the derivatives of a creator whose choice is open.
    fn curve(&mut self, total: f64, times: f64) {
        let m = self.mean.len();
        let all = self.all;
        self.mean.fill(0.0);
        for &(j, weight) in &self.shares {
            let share = weight / total;
            if share < 1e-14 {
                continue;
            }
            let cell = all.cell[j] as usize;
            book(&mut self.made[cell], &all.features[j], times * share);
            for (a, r) in self.row.iter_mut().zip(self.rows) {
                *a = dot(&r.weights[cell], &all.features[j]);
            }
            for r in 0..m {
                if self.row[r] == 0.0 {
                    continue;
                }
                self.mean[r] += share * self.row[r];
                let scaled = times * share * self.row[r] / self.temperature;
                let line = &mut self.hessian[r * m..][..=r];
                for (h, a) in line.iter_mut().zip(&self.row) {
                    *h += scaled * a;
                }
            }
        }
        for r in 0..m {
            if self.mean[r] != 0.0 {
                let scaled = times * self.mean[r] / self.temperature;
                let line = &mut self.hessian[r * m..][..=r];
                for (h, a) in line.iter_mut().zip(&self.mean) {
                    *h -= scaled * a;
                }
            }
        }
    }
}

fn book(sum: &mut Features, booking: &Features, times: f64) {
    for (sum, u) in sum.iter_mut().zip(booking) {
        *sum += times * u;
    }
}

/// Work on so many things in pieces, side by side; the answers in order.
pub(super) fn in_pieces<T: Send>(n: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    (0..n.div_ceil(PIECE))
        .into_par_iter()
        .map(|piece| work(piece * PIECE..((piece + 1) * PIECE).min(n)))
        .collect()
}

/// Bookings that stand for all of their cell, each with how many it counts for.
pub(super) fn judged(all: &Bookings, cells: usize) -> Vec<(usize, f64)> {
    let mut by_cell: Vec<Vec<usize>> = vec![Vec::new(); cells];
    for (j, &cell) in all.cell.iter().enumerate() {
        by_cell[cell as usize].push(j);
    }
    let some = |own: Vec<usize>| {
        let stride = own.len().div_ceil(JUDGED).max(1);
        let times = own.len() as f64 / own.len().div_ceil(stride).max(1) as f64;
        own.into_iter().step_by(stride).map(move |j| (j, times))
    };
    by_cell.into_iter().flat_map(some).collect()
}
