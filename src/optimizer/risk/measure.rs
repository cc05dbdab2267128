//! Measures of a mixture of normals: trial t of a sample gives N(µₜ, σₜ²), all trials alike.
//!
//! The tail mean at level α of a gain G is the largest value over η of
//!
//! ```text
//! η − mean over t of E[(η − Gₜ)⁺] / (1 − α),   E[(η − G)⁺] = (η − µ) Φ(z) + σ φ(z),   z = (η − µ)/σ
//! ```
//!
//! (Rockafellar and Uryasev 2000), reached at the (1 − α)-quantile of the mixture. Where all σ are 0 it is
//! a discrete sample and the atom at the quantile is split.
//!
//! Where shocks strike the whole plan every trial has two laws ([`Weights`]): without a shock, with the probability
//! that the plan has none, and with one.

use crate::stats::special::{normal_cdf, normal_pdf};

/// Steps of the search for a quantile; Newton's take ten.
const STEPS: usize = 200;

/// How much each of the laws of a mixture counts, in trials: one a trial; or first one a trial of weight
/// `calm` and then one a trial of weight 1 − `calm`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Weights {
    pub(crate) trials: usize,
    pub(crate) calm: f64,
    /// 1 − calm, without its cancellation.
    pub(crate) struck: f64,
}

impl Weights {
    /// All of `trials` alike.
    pub(crate) fn alike(trials: usize) -> Self {
        Self {
            trials,
            calm: 1.0,
            struck: 0.0,
        }
    }

    fn of(&self, t: usize) -> f64 {
        if t < self.trials {
            self.calm
        } else {
            self.struck
        }
    }

    /// One figure a trial from one a law.
    fn mixed(&self, each: &[f64]) -> Vec<f64> {
        if each.len() == self.trials {
            return each.to_vec();
        }
        let (calm, struck) = each.split_at(self.trials);
        let pairs = calm.iter().zip(struck);
        pairs
            .map(|(c, s)| self.calm * c + self.struck * s)
            .collect()
    }

    /// Σ of the laws without a shock less those with one; 0 where there are none.
    fn difference(&self, each: &[f64]) -> f64 {
        if each.len() == self.trials {
            return 0.0;
        }
        let (calm, struck) = each.split_at(self.trials);
        calm.iter().sum::<f64>() - struck.iter().sum::<f64>()
    }
}

/// A measure with its derivatives by the laws' means and standard deviations.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// The measure.
    pub(crate) value: f64,
    /// Standard error, were the trials drawn independently.
    pub(crate) error: f64,
    /// ∂/∂µₜ.
    pub(crate) by_mean: Vec<f64>,
    /// ∂/∂σₜ.
    pub(crate) by_sd: Vec<f64>,
    /// ∂/∂ the probability of no shock.
    pub(crate) by_calm: f64,
}

/// sd/√n of so many values.
fn standard_error(values: impl Iterator<Item = f64> + Clone, n: usize) -> f64 {
    let n = n as f64;
    let mean = values.clone().sum::<f64>() / n;
    let squares: f64 = values.map(|v| (v - mean) * (v - mean)).sum();
    if n > 1.0 {
        (squares / (n - 1.0) / n).sqrt()
    } else {
        0.0
    }
}

/// Mean of the worst 1 − `level` of a gain.
pub(crate) fn tail_mean(mu: &[f64], sd: &[f64], weights: Weights, level: f64) -> Measured {
    let n = weights.trials;
    let tail = 1.0 - level;
    if discrete(sd) {
        return discrete_tail(mu, weights, tail);
    }
    let eta = quantile_of(mu, sd, weights, tail);
    let per = 1.0 / (tail * n as f64);
    let mut out = Measured {
        value: 0.0,
        error: 0.0,
        by_mean: Vec::with_capacity(mu.len()),
        by_sd: Vec::with_capacity(mu.len()),
        by_calm: 0.0,
    };
    let mut losses = Vec::with_capacity(mu.len());
    for (t, (&mu, &sd)) in mu.iter().zip(sd).enumerate() {
        let z = (eta - mu) / sd;
        let (below, density) = (normal_cdf(z), normal_pdf(z));
        losses.push((eta - mu) * below + sd * density);
        let per = per * weights.of(t);
        out.by_mean.push(per * below);
        out.by_sd.push(-per * density);
    }
    out.by_calm = -per * weights.difference(&losses);
    let losses = weights.mixed(&losses);
    out.value = eta - per * losses.iter().sum::<f64>();
    out.error = standard_error(losses.iter().copied(), n) / tail;
    out
}

fn discrete(sd: &[f64]) -> bool {
    sd.iter().all(|&s| s == 0.0)
}

/// Laws from the least gain on; of equals the first.
fn ordered(mu: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..mu.len()).collect();
    order.sort_by(|&a, &b| mu[a].total_cmp(&mu[b]));
    order
}

fn discrete_tail(mu: &[f64], weights: Weights, tail: f64) -> Measured {
    let n = weights.trials;
    let order = ordered(mu);
    let size = tail * n as f64;
    let mut left = size;
    let mut by_mean = vec![0.0; mu.len()];
    let mut value = 0.0;
    let mut eta = mu[order[mu.len() - 1]];
    for &t in &order {
        if left <= 0.0 {
            break;
        }
        let weight = left.min(weights.of(t));
        if weight <= 0.0 {
            continue;
        }
        by_mean[t] = weight / size;
        value += weight / size * mu[t];
        eta = mu[t];
        left -= weights.of(t);
    }
    let losses: Vec<f64> = mu.iter().map(|m| (eta - m).max(0.0)).collect();
    let mixed = weights.mixed(&losses);
    Measured {
        value,
        error: standard_error(mixed.iter().copied(), n) / tail,
        by_mean,
        by_sd: vec![0.0; mu.len()],
        by_calm: -weights.difference(&losses) / size,
    }
}

/// The p-quantile of a gain.
pub(crate) fn quantile(mu: &[f64], sd: &[f64], weights: Weights, p: f64) -> Measured {
    if discrete(sd) {
        let order = ordered(mu);
        // So many lie below it; a hair off a whole number is that number.
        let below = p * weights.trials as f64 + 1e-9;
        let mut passed = 0.0;
        let at = order.iter().position(|&t| {
            passed += weights.of(t);
            passed > below
        });
        let t = at.map_or(order[mu.len() - 1], |at| order[at]);
        let mut by_mean = vec![0.0; mu.len()];
        by_mean[t] = 1.0;
        return Measured {
            value: mu[t],
            error: 0.0,
            by_mean,
            by_sd: vec![0.0; mu.len()],
            by_calm: 0.0,
        };
    }
    let eta = quantile_of(mu, sd, weights, p);
    let mut by_mean = Vec::with_capacity(mu.len());
    let mut by_sd = Vec::with_capacity(mu.len());
    let mut total = 0.0;
    for (t, (&mu, &sd)) in mu.iter().zip(sd).enumerate() {
        let z = (eta - mu) / sd;
        let density = weights.of(t) * normal_pdf(z) / sd;
        total += density;
        by_mean.push(density);
        by_sd.push(density * z);
    }
    let mut by_calm = 0.0;
    if total > 0.0 {
        for w in by_mean.iter_mut().chain(&mut by_sd) {
            *w /= total;
        }
        if mu.len() > weights.trials {
            let below = mu
                .iter()
                .zip(sd)
                .map(|(mu, sd)| normal_cdf((eta - mu) / sd));
            by_calm = -weights.difference(&below.collect::<Vec<f64>>()) / total;
        }
    }
    Measured {
        value: eta,
        error: 0.0,
        by_mean,
        by_sd,
        by_calm,
    }
}

/// P(G ≥ a) and its standard error.
pub(crate) fn probability(mu: &[f64], sd: &[f64], weights: Weights, a: f64) -> (f64, f64) {
    let at = |(&mu, &sd): (&f64, &f64)| {
        if sd > 0.0 {
            normal_cdf((mu - a) / sd)
        } else {
            f64::from(u8::from(mu >= a))
        }
    };
    let each: Vec<f64> = mu.iter().zip(sd).map(at).collect();
    let each = weights.mixed(&each);
    let n = each.len();
    (
        each.iter().sum::<f64>() / n as f64,
        standard_error(each.iter().copied(), n),
    )
}

/// η with mean Φ((η − µₜ)/σₜ) = p, all σ above 0, by Newton's steps within a bracket.
fn quantile_of(mu: &[f64], sd: &[f64], weights: Weights, p: f64) -> f64 {
    let n = weights.trials as f64;
    let over = |f: &dyn Fn(usize) -> f64| -> f64 {
        (0..mu.len()).map(|t| weights.of(t) * f(t)).sum::<f64>() / n
    };
    let mean = over(&|t| mu[t]);
    let within = over(&|t| sd[t] * sd[t]);
    let between = over(&|t| (mu[t] - mean) * (mu[t] - mean));
    let spread = (within + between).sqrt();
    let ends = mu
        .iter()
        .zip(sd)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (m, s)| {
            (low.min(m - 9.0 * s), high.max(m + 9.0 * s))
        });
    let (mut low, mut high) = ends;
    let mut eta = (mean + crate::stats::special::normal_quantile(p) * spread).clamp(low, high);
    for _ in 0..STEPS {
        let (mut below, mut density) = (0.0, 0.0);
        for (t, (mu, sd)) in mu.iter().zip(sd).enumerate() {
            let z = (eta - mu) / sd;
            let weight = weights.of(t);
            below += weight * normal_cdf(z);
            density += weight * normal_pdf(z) / sd;
        }
        let off = below / n - p;
        if off > 0.0 {
            high = eta;
        } else {
            low = eta;
        }
        let step = off * n / density;
        let next = eta - step;
        let inside = next > low && next < high;
        let after = if inside { next } else { 0.5 * (low + high) };
        if (after - eta).abs() <= 1e-11 * spread || high - low <= 1e-12 * spread {
            return after;
        }
        eta = after;
    }
    eta
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published example of a split atom: the mean of the largest quarter of 1..10 is
    /// (10 + 9 + ½ · 8)/2.5 = 9.2, of the smallest (1 + 2 + ½ · 3)/2.5 = 1.8.
    #[test]
    fn an_atom_at_the_quantile_is_split() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        let zero = vec![0.0; 10];
        let gain = tail_mean(&values, &zero, Weights::alike(10), 0.75);
        assert!((gain.value - 1.8).abs() < 1e-12, "{}", gain.value);
        let losses: Vec<f64> = values.iter().map(|v| -v).collect();
        let loss = tail_mean(&losses, &zero, Weights::alike(10), 0.75);
        assert!((loss.value + 9.2).abs() < 1e-12, "{}", loss.value);
        assert!((gain.by_mean.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((gain.by_mean[2] - 0.2).abs() < 1e-12);
        // Spread that vanishes leads to the same.
        let little = vec![1e-7; 10];
        let near = tail_mean(&values, &little, Weights::alike(10), 0.75);
        assert!((near.value - 1.8).abs() < 1e-5, "{}", near.value);
    }

    /// One normal: tail mean µ − σ φ(z)/(1 − α), quantile µ − zσ.
    #[test]
    fn one_normal_has_its_closed_form() {
        let (mu, sd) = ([100.0; 3], [20.0; 3]);
        for level in [0.5, 0.9, 0.99] {
            let z = crate::stats::special::normal_quantile(level);
            let wanted = 100.0 - 20.0 * normal_pdf(z) / (1.0 - level);
            let found = tail_mean(&mu, &sd, Weights::alike(3), level);
            assert!((found.value - wanted).abs() < 1e-9, "{}", found.value);
            let at = quantile(&mu, &sd, Weights::alike(3), 1.0 - level).value;
            assert!((at - (100.0 - 20.0 * z)).abs() < 1e-8);
            assert!((probability(&mu, &sd, Weights::alike(3), at).0 - level).abs() < 1e-9);
        }
    }

    /// Derivatives against differences over small steps, of five trials and of three with two laws each.
    #[test]
    fn derivatives_are_those_of_differences() {
        let mu = [1.0, 4.0, 2.5, 7.0, 3.0, 2.0];
        let sd = [0.5, 1.0, 0.2, 2.0, 0.7, 0.9];
        let two = |calm: f64| Weights {
            trials: 3,
            calm,
            struck: 1.0 - calm,
        };
        let step = 1e-5;
        for of in [tail_mean, |m: &[f64], s: &[f64], w, p| {
            quantile(m, s, w, 1.0 - p)
        }] {
            for weights in [Weights::alike(6), two(0.8)] {
                let at = of(&mu, &sd, weights, 0.7);
                for t in 0..mu.len() {
                    let difference = |by: f64, mean: bool| {
                        let (mut m, mut s) = (mu, sd);
                        if mean {
                            m[t] += by;
                        } else {
                            s[t] += by;
                        }
                        of(&m, &s, weights, 0.7).value
                    };
                    for (mean, found) in [(true, at.by_mean[t]), (false, at.by_sd[t])] {
                        let wanted =
                            (difference(step, mean) - difference(-step, mean)) / (2.0 * step);
                        assert!((found - wanted).abs() < 1e-5, "{found} {wanted}");
                    }
                }
            }
            let moved = |calm| of(&mu, &sd, two(calm), 0.7).value;
            let wanted = (moved(0.8 + step) - moved(0.8 - step)) / (2.0 * step);
            let found = of(&mu, &sd, two(0.8), 0.7).by_calm;
            assert!((found - wanted).abs() < 1e-4, "{found} {wanted}");
        }
    }

    /// Weights that are whole numbers of equal trials: the sample written out says the same.
    #[test]
    fn two_laws_a_trial_are_a_sample_of_both() {
        let (mu, sd) = ([5.0, 7.0, 1.0, 2.0], [0.3, 0.5, 0.2, 0.6]);
        let weights = Weights {
            trials: 2,
            calm: 0.75,
            struck: 0.25,
        };
        // Three of the laws without a shock, one of those with one.
        let written = |of: &[f64; 4]| [of[0], of[0], of[0], of[1], of[1], of[1], of[2], of[3]];
        let (long, spread) = (written(&mu), written(&sd));
        for (sd, spread) in [(sd, spread), ([0.0; 4], [0.0; 8])] {
            let same = Weights::alike(8);
            for level in [0.6, 0.8, 0.9] {
                let found = tail_mean(&mu, &sd, weights, level).value;
                let wanted = tail_mean(&long, &spread, same, level).value;
                assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
                let found = quantile(&mu, &sd, weights, 1.0 - level).value;
                let wanted = quantile(&long, &spread, same, 1.0 - level).value;
                assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
            }
            let found = probability(&mu, &sd, weights, 4.0).0;
            let wanted = probability(&long, &spread, same, 4.0).0;
            assert!((found - wanted).abs() < 1e-12, "{found} {wanted}");
        }
    }
}
