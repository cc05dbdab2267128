//! A gain over all trials of a sample: means and variances given a plan, and their slopes.
//!
//! Creators of a tier differ by coefficients only, so trials are gone through once a tier, whatever
//! the number of cells, and no table of cells × trials is kept.

use crate::model::FactorSample;
use crate::model::conditional::{
    GainMoments, MEANS, VARIANCES, mean_monomials, variance_monomials,
};

/// A linear gain, cell by cell.
#[derive(Debug, Clone)]
pub(crate) struct Field<'a> {
    sample: &'a FactorSample,
    /// Tier of each cell.
    tiers: Vec<usize>,
    /// Moments of one creator of each cell.
    moments: Vec<GainMoments>,
}

/// µₜ and sₜ = σₜ² of a plan.
#[derive(Debug, Clone)]
pub(crate) struct Totals {
    pub(crate) mean: Vec<f64>,
    pub(crate) variance: Vec<f64>,
}

impl<'a> Field<'a> {
    pub(crate) fn new(
        sample: &'a FactorSample,
        tiers: Vec<usize>,
        moments: Vec<GainMoments>,
    ) -> Self {
        Self {
            sample,
            tiers,
            moments,
        }
    }

    pub(crate) fn trials(&self) -> usize {
        self.sample.conversions.ncols()
    }

    /// The first cell without finite moments.
    pub(crate) fn first_infinite(&self) -> Option<usize> {
        self.moments.iter().position(|m| !m.is_finite())
    }

    /// u, o, f of a tier, trial by trial.
    fn factors(&self, tier: usize) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        let rows = (
            self.sample.conversions.row(tier),
            self.sample.order.row(tier),
            self.sample.fee.row(tier),
        );
        (0..self.trials()).map(move |t| (rows.0[t], rows.1[t], rows.2[t]))
    }

    /// Mean and variance in every trial.
    pub(crate) fn totals(&self, x: &[f64]) -> Totals {
        let trials = self.trials();
        let mut out = Totals {
            mean: vec![0.0; trials],
            variance: vec![0.0; trials],
        };
        for tier in 0..self.sample.conversions.nrows() {
            let mut mean = [0.0; MEANS];
            let mut variance = [0.0; VARIANCES];
            let mut booked = false;
            for ((moments, &of), &x) in self.moments.iter().zip(&self.tiers).zip(x) {
                if of == tier && x != 0.0 {
                    booked = true;
                    for (sum, c) in mean.iter_mut().zip(&moments.mean) {
                        *sum += x * c;
                    }
                    for (sum, c) in variance.iter_mut().zip(&moments.variance) {
                        *sum += x * c;
                    }
                }
            }
            if !booked {
                continue;
            }
            for (t, (u, o, f)) in self.factors(tier).enumerate() {
                let m = mean_monomials(u, o, f);
                out.mean[t] += mean.iter().zip(m).map(|(c, m)| c * m).sum::<f64>();
                let v = variance_monomials(u, o, f);
                let sum = variance.iter().zip(v).map(|(c, v)| c * v).sum::<f64>();
                out.variance[t] += sum.max(0.0);
            }
        }
        out
    }

    /// Σₜ (aₜ mₜᵢ + bₜ vₜᵢ), one a cell.
    pub(crate) fn slopes(&self, a: &[f64], b: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.moments.len()];
        for tier in 0..self.sample.conversions.nrows() {
            let mut mean = [0.0; MEANS];
            let mut variance = [0.0; VARIANCES];
            for (t, (u, o, f)) in self.factors(tier).enumerate() {
                for (sum, m) in mean.iter_mut().zip(mean_monomials(u, o, f)) {
                    *sum += a[t] * m;
                }
                if b[t] != 0.0 {
                    for (sum, v) in variance.iter_mut().zip(variance_monomials(u, o, f)) {
                        *sum += b[t] * v;
                    }
                }
            }
            for ((out, moments), &of) in out.iter_mut().zip(&self.moments).zip(&self.tiers) {
                if of == tier {
                    let by_mean: f64 = moments.mean.iter().zip(&mean).map(|(c, s)| c * s).sum();
                    let by_variance: f64 = moments
                        .variance
                        .iter()
                        .zip(&variance)
                        .map(|(c, s)| c * s)
                        .sum();
                    *out = by_mean + by_variance;
                }
            }
        }
        out
    }

    /// One creator's mean and variance with all factors at one, a cell each.
    pub(crate) fn plain(&self) -> Vec<(f64, f64)> {
        self.moments
            .iter()
            .map(|m| m.given(1.0, 1.0, 1.0))
            .collect()
    }

    /// For every trial the least and largest ratio over cells of a creator's variance to its plain one;
    /// 0 and infinity where a cell of no plain variance has one.
    pub(crate) fn variance_ratios(&self, usable: &[bool]) -> Vec<(f64, f64)> {
        let mut out = vec![(f64::INFINITY, 0.0_f64); self.trials()];
        let plain = self.plain();
        for (cell, moments) in self.moments.iter().enumerate() {
            let known = plain[cell].1;
            if !usable[cell] || moments.variance.iter().all(|&c| c == 0.0) {
                continue;
            }
            for (out, (u, o, f)) in out.iter_mut().zip(self.factors(self.tiers[cell])) {
                let v = moments.given(u, o, f).1;
                let (low, high) = if known > 0.0 {
                    (v / known, v / known)
                } else {
                    (0.0, f64::INFINITY)
                };
                *out = (out.0.min(low), out.1.max(high));
            }
        }
        out
    }

    /// Mean and variance of one creator of a cell, trial by trial.
    pub(crate) fn cell(&self, cell: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        let moments = &self.moments[cell];
        self.factors(self.tiers[cell])
            .map(|(u, o, f)| moments.given(u, o, f))
    }
}
