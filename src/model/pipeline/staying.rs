//! How long partners stay.
//!
//! The repeat rate ρ is drawn once a trial and holds in all its months. So who is there after k months is an expectation over ρ of the
//! whole power, which is more than the power of the mean: E\[((1 − c) ρ)^k\] ≥ ((1 − c) E\[ρ\])^k.

use super::Pipeline;
use super::law::trapezoid;
use crate::distribution::Distribution;

/// Step of the repeat rate's normal score.
const STEP: f64 = 0.02;

impl Pipeline {
    /// Expected probability that a partner of one month works in the next: (1 − churn) E\[repeat\].
    #[must_use]
    pub fn stay(&self) -> f64 {
        (1.0 - self.churn) * self.repeat.mean()
    }

    /// Expected probability that a partner works in each of the next k months, for k from 0 to `months`:
    /// E\[((1 − churn) repeat)^k\], with one repeat rate for all months.
    #[must_use]
    pub fn staying(&self, months: usize) -> Vec<f64> {
        let kept = 1.0 - self.churn;
        let mut powers = vec![0.0; months + 1];
        for (weight, repeat) in self.repeats() {
            let mut power = weight;
            for sum in &mut powers {
                *sum += power;
                power *= kept * repeat;
            }
        }
        powers[0] = 1.0;
        powers
    }

    /// Partners expected at work at which as many stop as come, per month: flow × E\[1 / (1 − (1 − churn) repeat)\]; infinite if
    /// that expectation is, because nobody leaves and too many work again for ever.
    #[must_use]
    pub fn steady_active(&self) -> f64 {
        let (churn, kept) = (self.churn, 1.0 - self.churn);
        let months = match self.endless() {
            Some(months) if churn <= 0.0 => months,
            // What stops in so many words: no difference of numbers that are nearly equal.
            _ => self
                .repeats()
                .iter()
                .map(|(weight, repeat)| weight / (churn + kept * (1.0 - repeat)))
                .sum(),
        };
        self.flow() * months
    }

    /// E\[1 / (1 − repeat)\] where repeat has a density up to 1; with a density ∝ (1 − x)^(β − 1) there it is finite if β > 1.
    fn endless(&self) -> Option<f64> {
        let of = |alpha: f64, beta: f64| {
            if beta > 1.0 {
                (alpha + beta - 1.0) / (beta - 1.0)
            } else {
                f64::INFINITY
            }
        };
        match self.repeat {
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

    /// Weights and values of the repeat rate.
    fn repeats(&self) -> Vec<(f64, f64)> {
        if self.repeat.is_certain() {
            return vec![(1.0, self.repeat.mean())];
        }
        trapezoid(&self.repeat, STEP)
            .into_iter()
            .map(|(weight, repeat)| (weight, repeat.clamp(0.0, 1.0)))
            .collect()
    }
}
