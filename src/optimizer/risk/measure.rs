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

use crate::stats::special::{normal_cdf, normal_pdf};

/// Steps of the search for a quantile; Newton's take ten.
const STEPS: usize = 200;

/// A measure with its derivatives by the trials' means and standard deviations.
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
pub(crate) fn tail_mean(mu: &[f64], sd: &[f64], level: f64) -> Measured {
    let n = mu.len();
    let tail = 1.0 - level;
    if discrete(sd) {
        return discrete_tail(mu, tail);
    }
    let eta = quantile_of(mu, sd, tail);
    let per = 1.0 / (tail * n as f64);
    let mut out = Measured {
        value: 0.0,
        error: 0.0,
        by_mean: Vec::with_capacity(n),
        by_sd: Vec::with_capacity(n),
    };
    let mut losses = Vec::with_capacity(n);
    for (&mu, &sd) in mu.iter().zip(sd) {
        let z = (eta - mu) / sd;
        let (below, density) = (normal_cdf(z), normal_pdf(z));
        losses.push((eta - mu) * below + sd * density);
        out.by_mean.push(per * below);
        out.by_sd.push(-per * density);
    }
    out.value = eta - per * losses.iter().sum::<f64>();
    out.error = standard_error(losses.iter().copied(), n) / tail;
    out
}

fn discrete(sd: &[f64]) -> bool {
    sd.iter().all(|&s| s == 0.0)
}

/// Trials from the least gain on; of equals the first.
fn ordered(mu: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..mu.len()).collect();
    order.sort_by(|&a, &b| mu[a].total_cmp(&mu[b]));
    order
}

fn discrete_tail(mu: &[f64], tail: f64) -> Measured {
    let n = mu.len();
    let order = ordered(mu);
    let size = tail * n as f64;
    let mut left = size;
    let mut by_mean = vec![0.0; n];
    let mut value = 0.0;
    let mut eta = mu[order[n - 1]];
    for &t in &order {
        let weight = left.min(1.0);
        if weight <= 0.0 {
            break;
        }
        by_mean[t] = weight / size;
        value += weight / size * mu[t];
        eta = mu[t];
        left -= 1.0;
    }
    let losses = mu.iter().map(move |m| (eta - m).max(0.0));
    Measured {
        value,
        error: standard_error(losses, n) / tail,
        by_mean,
        by_sd: vec![0.0; n],
    }
}

/// The p-quantile of a gain.
pub(crate) fn quantile(mu: &[f64], sd: &[f64], p: f64) -> Measured {
    let n = mu.len();
    if discrete(sd) {
        let order = ordered(mu);
        // So many lie below it; a hair off a whole number is that number.
        let below = (p * n as f64 + 1e-9).floor() as usize;
        let t = order[below.min(n - 1)];
        let mut by_mean = vec![0.0; n];
        by_mean[t] = 1.0;
        return Measured {
            value: mu[t],
            error: 0.0,
            by_mean,
            by_sd: vec![0.0; n],
        };
    }
    let eta = quantile_of(mu, sd, p);
    let mut by_mean = Vec::with_capacity(n);
    let mut by_sd = Vec::with_capacity(n);
    let mut total = 0.0;
    for (&mu, &sd) in mu.iter().zip(sd) {
        let z = (eta - mu) / sd;
        let density = normal_pdf(z) / sd;
        total += density;
        by_mean.push(density);
        by_sd.push(density * z);
    }
    if total > 0.0 {
        for w in by_mean.iter_mut().chain(&mut by_sd) {
            *w /= total;
        }
    }
    Measured {
        value: eta,
        error: 0.0,
        by_mean,
        by_sd,
    }
}

/// P(G ≥ a) and its standard error.
pub(crate) fn probability(mu: &[f64], sd: &[f64], a: f64) -> (f64, f64) {
    let at = |(&mu, &sd): (&f64, &f64)| {
        if sd > 0.0 {
            normal_cdf((mu - a) / sd)
        } else {
            f64::from(u8::from(mu >= a))
        }
    };
    let each: Vec<f64> = mu.iter().zip(sd).map(at).collect();
    let n = each.len();
    (
        each.iter().sum::<f64>() / n as f64,
        standard_error(each.iter().copied(), n),
    )
}

/// η with mean Φ((η − µₜ)/σₜ) = p, all σ above 0, by Newton's steps within a bracket.
fn quantile_of(mu: &[f64], sd: &[f64], p: f64) -> f64 {
    let n = mu.len() as f64;
    let mean = mu.iter().sum::<f64>() / n;
    let within: f64 = sd.iter().map(|s| s * s).sum::<f64>() / n;
    let between: f64 = mu.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / n;
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
        for (mu, sd) in mu.iter().zip(sd) {
            let z = (eta - mu) / sd;
            below += normal_cdf(z);
            density += normal_pdf(z) / sd;
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
        let gain = tail_mean(&values, &zero, 0.75);
        assert!((gain.value - 1.8).abs() < 1e-12, "{}", gain.value);
        let losses: Vec<f64> = values.iter().map(|v| -v).collect();
        let loss = tail_mean(&losses, &zero, 0.75);
        assert!((loss.value + 9.2).abs() < 1e-12, "{}", loss.value);
        assert!((gain.by_mean.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((gain.by_mean[2] - 0.2).abs() < 1e-12);
        // Spread that vanishes leads to the same.
        let little = vec![1e-7; 10];
        let near = tail_mean(&values, &little, 0.75);
        assert!((near.value - 1.8).abs() < 1e-5, "{}", near.value);
    }

    /// One normal: tail mean µ − σ φ(z)/(1 − α), quantile µ − zσ.
    #[test]
    fn one_normal_has_its_closed_form() {
        let (mu, sd) = ([100.0; 3], [20.0; 3]);
        for level in [0.5, 0.9, 0.99] {
            let z = crate::stats::special::normal_quantile(level);
            let wanted = 100.0 - 20.0 * normal_pdf(z) / (1.0 - level);
            let found = tail_mean(&mu, &sd, level);
            assert!((found.value - wanted).abs() < 1e-9, "{}", found.value);
            let at = quantile(&mu, &sd, 1.0 - level).value;
            assert!((at - (100.0 - 20.0 * z)).abs() < 1e-8);
            assert!((probability(&mu, &sd, at).0 - level).abs() < 1e-9);
        }
    }

    /// Derivatives against differences over small steps.
    #[test]
    fn derivatives_are_those_of_differences() {
        let mu = [1.0, 4.0, 2.5, 7.0, 3.0];
        let sd = [0.5, 1.0, 0.2, 2.0, 0.7];
        for of in [tail_mean, |m: &[f64], s: &[f64], p| quantile(m, s, 1.0 - p)] {
            let at = of(&mu, &sd, 0.7);
            for t in 0..mu.len() {
                let step = 1e-5;
                let difference = |by: f64, mean: bool| {
                    let (mut m, mut s) = (mu, sd);
                    if mean {
                        m[t] += by;
                    } else {
                        s[t] += by;
                    }
                    of(&m, &s, 0.7).value
                };
                for (mean, found) in [(true, at.by_mean[t]), (false, at.by_sd[t])] {
                    let wanted = (difference(step, mean) - difference(-step, mean)) / (2.0 * step);
                    assert!((found - wanted).abs() < 1e-5, "{found} {wanted}");
                }
            }
        }
    }
}
