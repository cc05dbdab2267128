//! How long partners stay.
//!
//! Churn c and the repeat rate ρ are drawn once a trial and hold in all its months. So who is there after k months is an expectation over both of
//! the whole power, which is more than the power of the mean: E\[((1 − c) ρ)^k\] = E\[(1 − c)^k\] E\[ρ^k\] ≥ ((1 − E\[c\]) E\[ρ\])^k.

use super::Pipeline;
use super::law::trapezoid;
use crate::distribution::Distribution;

/// Step of either rate's normal score.
const STEP: f64 = 0.02;

impl Pipeline {
    /// Expected probability that a partner of one month works in the next: (1 − E\[churn\]) E\[repeat\].
    #[must_use]
    pub fn stay(&self) -> f64 {
        self.kept() * self.repeat.mean()
    }

    /// Expected probability that a partner does not leave at the end of a month.
    #[must_use]
    pub fn kept(&self) -> f64 {
        1.0 - self.churn.mean()
    }

    /// Expected probability that a partner works in each of the next k months, for k from 0 to `months`:
    /// E\[((1 − churn) repeat)^k\], with one churn and one repeat rate for all months.
    #[must_use]
    pub fn staying(&self, months: usize) -> Vec<f64> {
        let kept = if self.churn.is_certain() {
            self.kept()
        } else {
            1.0
        };
        let mut powers = powers(&values_of(&self.repeat), kept, months);
        if !self.churn.is_certain() {
            let kept: Vec<(f64, f64)> = values_of(&self.churn)
                .into_iter()
                .map(|(weight, churn)| (weight, 1.0 - churn))
                .collect();
            let all = self::powers(&kept, 1.0, months);
            powers.iter_mut().zip(all).for_each(|(a, b)| *a *= b);
        }
        powers[0] = 1.0;
        powers
    }

    /// Partners expected at work at which as many stop as come, per month: flow × E\[1 / (1 − (1 − churn) repeat)\]; infinite if
    /// that expectation is, because nobody leaves and too many work again for ever.
    #[must_use]
    pub fn steady_active(&self) -> f64 {
        let certain = |law: &Distribution, value: f64| law.is_certain() && law.mean() == value;
        let months = match endless(&self.repeat) {
            Some(months) if certain(&self.churn, 0.0) => months,
            _ if certain(&self.repeat, 1.0) => self.months_until_leaving(),
            _ => {
                let repeats = values_of(&self.repeat);
                let stops = |&(weight, churn): &(f64, f64)| {
                    // What stops in so many words: no difference of numbers that are nearly equal.
                    let over =
                        |&(w, repeat): &(f64, f64)| w / (churn + (1.0 - churn) * (1.0 - repeat));
                    weight * repeats.iter().map(over).sum::<f64>()
                };
                values_of(&self.churn).iter().map(stops).sum()
            }
        };
        self.flow() * months
    }

    /// E\[1 / churn\]: months until a partner leaves who is asked again and again; infinite if that expectation is.
    pub(super) fn months_until_leaving(&self) -> f64 {
        let least = |value: f64| (1.0 - value).clamp(0.0, 1.0);
        // Who never comes back leaves as who is never kept: the law of 1 − churn.
        let kept = match self.churn {
            Distribution::Beta { alpha, beta } => Distribution::Beta {
                alpha: beta,
                beta: alpha,
            },
            Distribution::Pert { min, mode, max } => Distribution::Pert {
                min: least(max),
                mode: least(mode),
                max: least(min),
            },
            Distribution::Uniform { min, max } => Distribution::Uniform {
                min: least(max),
                max: least(min),
            },
            Distribution::Triangular { min, mode, max } => Distribution::Triangular {
                min: least(max),
                mode: least(mode),
                max: least(min),
            },
            other => other,
        };
        endless(&kept).unwrap_or_else(|| {
            let over = |(weight, churn): (f64, f64)| weight / churn;
            values_of(&self.churn).into_iter().map(over).sum()
        })
    }
}

/// E\[1 / (1 − ρ)\] of a law that has a density up to 1; with a density ∝ (1 − x)^(β − 1) there it is finite if β > 1.
fn endless(law: &Distribution) -> Option<f64> {
    let of = |alpha: f64, beta: f64| {
        if beta > 1.0 {
            (alpha + beta - 1.0) / (beta - 1.0)
        } else {
            f64::INFINITY
        }
    };
    match *law {
        Distribution::Beta { alpha, beta } => Some(of(alpha, beta)),
        Distribution::Pert { min, mode, max } if max >= 1.0 && min < max => {
            let alpha = 1.0 + 4.0 * (mode - min) / (max - min);
            Some(of(alpha, 6.0 - alpha) / (max - min))
        }
        Distribution::Uniform { min, max } if max >= 1.0 && min < max => Some(f64::INFINITY),
        Distribution::Triangular { mode, max, .. } if max >= 1.0 && mode >= max => {
            Some(f64::INFINITY)
        }
        _ => None,
    }
}

/// Σ w (kept v)^k over weights and values, for k from 0 to `months`.
fn powers(values: &[(f64, f64)], kept: f64, months: usize) -> Vec<f64> {
    let mut powers = vec![0.0; months + 1];
    for &(weight, value) in values {
        let mut power = weight;
        for sum in &mut powers {
            *sum += power;
            power *= kept * value;
        }
    }
    powers
}

/// Weights and values of a rate.
fn values_of(rate: &Distribution) -> Vec<(f64, f64)> {
    if rate.is_certain() {
        return vec![(1.0, rate.mean())];
    }
    trapezoid(rate, STEP)
        .into_iter()
        .map(|(weight, value)| (weight, value.clamp(0.0, 1.0)))
        .collect()
}
