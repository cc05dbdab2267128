//! A gain over all trials of a sample: means and variances given a plan, and their slopes.
//!
//! Creators of a tier differ by coefficients only, so trials are gone through once a tier, whatever
//! the number of cells, and no table of cells × trials is kept.

use super::measure::Weights;
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
    /// Moments of one creator of each cell; without a shock where there can be some.
    moments: Vec<GainMoments>,
    shocks: Option<Shocks>,
}

/// Shocks to the whole plan, in trials that a shock strikes: what it leaves of conversions is in the moments.
///
/// With P the probability that no partnership is shocking, A a plan's gain whatever its incidents and C its gain given
/// that none is shocking, both at the conversions that a shock leaves, r = P/(1 − P) and δ = E\[A\] − E\[C\], a struck trial has
///
/// ```text
/// mean      E[A] + r δ
/// variance  Var A + r (Var A − Var C) − r (1 + r) δ²
/// ```
///
/// for E\[A\] = P·E\[C\] + (1 − P)·E\[A | shock\], and likewise of the squares. No normal law is assumed for that, and none
/// of the creators' dependence, given that one of them is shocking, is lost.
#[derive(Debug, Clone)]
pub(crate) struct Shocks {
    /// Probability of a shocking incident, of one partnership.
    pub(crate) rate: f64,
    /// Moments of one creator of each cell whatever its incident.
    pub(crate) any: Vec<GainMoments>,
    /// Given that its incident, if any, is not shocking.
    pub(crate) still: Vec<GainMoments>,
}

/// µₜ and sₜ = σₜ² of a plan: one law a trial; with shocks all those without one, then all those with one.
#[derive(Debug, Clone)]
pub(crate) struct Totals {
    pub(crate) mean: Vec<f64>,
    pub(crate) variance: Vec<f64>,
    pub(crate) weights: Weights,
    /// δ and Var A − Var C of trials that are struck.
    struck: Vec<(f64, f64)>,
}

impl Totals {
    /// r of [`Shocks`].
    fn odds(&self) -> f64 {
        if self.weights.struck > 0.0 {
            self.weights.calm / self.weights.struck
        } else {
            0.0
        }
    }
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
            shocks: None,
        }
    }

    /// With shocks.
    pub(crate) fn struck(self, shocks: Shocks) -> Self {
        Self {
            shocks: Some(shocks),
            ..self
        }
    }

    /// Whether trials can be struck by shocks.
    pub(crate) fn has_shocks(&self) -> bool {
        self.shocks.is_some()
    }

    pub(crate) fn trials(&self) -> usize {
        self.sample.conversions.ncols()
    }

    /// What one look takes, in trials of one law each.
    pub(crate) fn work(&self) -> usize {
        self.trials() * if self.has_shocks() { 3 } else { 1 }
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
        let (mut mean, mut variance) = self.sums(&self.moments, x);
        let mut weights = Weights::alike(trials);
        let mut struck = Vec::new();
        if let Some(shocks) = &self.shocks {
            // ln P = Σ ln (1 − rate·w) over partnerships of weight w
            let whole = libm::log1p(-shocks.rate);
            let log: f64 = x
                .iter()
                .filter(|&&x| x > 0.0)
                .map(|x| {
                    let wholes = if x.floor() > 0.0 {
                        x.floor() * whole
                    } else {
                        0.0
                    };
                    wholes + libm::log1p(-shocks.rate * (x - x.floor()))
                })
                .sum();
            weights.calm = libm::exp(log);
            weights.struck = -libm::expm1(log);
            let (any, any_variance) = self.sums(&shocks.any, x);
            let (still, still_variance) = self.sums(&shocks.still, x);
            let mut totals = Totals {
                mean,
                variance,
                weights,
                struck: Vec::with_capacity(trials),
            };
            let r = totals.odds();
            for t in 0..trials {
                let delta = any[t] - still[t];
                let apart = any_variance[t] - still_variance[t];
                let spread = any_variance[t] + r * apart - r * (1.0 + r) * delta * delta;
                totals.mean.push(any[t] + r * delta);
                totals.variance.push(spread.max(0.0));
                totals.struck.push((delta, apart));
            }
            (mean, variance, struck) = (totals.mean, totals.variance, totals.struck);
        }
        Totals {
            mean,
            variance,
            weights,
            struck,
        }
    }

    /// Σ x·m and Σ x·v in every trial.
    fn sums(&self, moments: &[GainMoments], x: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let trials = self.trials();
        let mut out = (vec![0.0; trials], vec![0.0; trials]);
        for tier in 0..self.sample.conversions.nrows() {
            let mut mean = [0.0; MEANS];
            let mut variance = [0.0; VARIANCES];
            let mut booked = false;
            for ((moments, &of), &x) in moments.iter().zip(&self.tiers).zip(x) {
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
                out.0[t] += mean.iter().zip(m).map(|(c, m)| c * m).sum::<f64>();
                let v = variance_monomials(u, o, f);
                let sum = variance.iter().zip(v).map(|(c, v)| c * v).sum::<f64>();
                out.1[t] += sum.max(0.0);
            }
        }
        out
    }

    /// The slope in the counts of a plan, one a cell, of what has the slopes given in the means, variances and the
    /// probability of no shock.
    pub(crate) fn slopes(
        &self,
        x: &[f64],
        totals: &Totals,
        (by_mean, by_variance, by_calm): (&[f64], &[f64], f64),
    ) -> Vec<f64> {
        let trials = self.trials();
        let mut out = self.summed(&self.moments, &by_mean[..trials], &by_variance[..trials]);
        let Some(shocks) = &self.shocks else {
            return out;
        };
        let Weights { calm, struck, .. } = totals.weights;
        if struck <= 0.0 {
            return out;
        }
        let r = totals.odds();
        let own = by_mean[trials..].iter().zip(&by_variance[trials..]);
        let mut by_odds = 0.0;
        let (mut any, mut still) = (Vec::new(), Vec::new());
        let (mut any_variance, mut still_variance) = (Vec::new(), Vec::new());
        for ((&a, &b), &(delta, apart)) in own.zip(&totals.struck) {
            let both = r * (a - 2.0 * b * (1.0 + r) * delta);
            any.push(a + both);
            still.push(-both);
            any_variance.push((1.0 + r) * b);
            still_variance.push(-r * b);
            by_odds += a * delta + b * (apart - (1.0 + 2.0 * r) * delta * delta);
        }
        let by_calm = by_calm + by_odds / (struck * struck);
        let parts = [
            self.summed(&shocks.any, &any, &any_variance),
            self.summed(&shocks.still, &still, &still_variance),
        ];
        for (i, out) in out.iter_mut().enumerate() {
            let part = x[i] - x[i].floor();
            let fall = calm * shocks.rate / (1.0 - shocks.rate * part);
            *out += parts[0][i] + parts[1][i] - by_calm * if fall.is_finite() { fall } else { 0.0 };
        }
        out
    }

    /// Σₜ (aₜ mₜᵢ + bₜ vₜᵢ), one a cell.
    fn summed(&self, moments: &[GainMoments], a: &[f64], b: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; moments.len()];
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
            for ((out, moments), &of) in out.iter_mut().zip(moments).zip(&self.tiers) {
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
