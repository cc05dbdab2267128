//! Means of the tails of a sample.

use super::moments::Moments;
use super::replicates::{REPLICATED, ReplicateSums};

/// Which end of a sample is the bad one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tail {
    /// The lowest values: of a gain.
    Lowest,
    /// The largest values: of a loss.
    Largest,
}

/// Conditional value at risk of a sample: the mean of its worst share 1 − `level`, and its error.
///
/// With n defined values and k = (1 − level)·n, the worst ⌊k⌋ values count whole and the next one with the
/// part k − ⌊k⌋: an atom at the edge is split. The error is that of the mean of q ∓ (q − x)₊/(1 − level) at
/// the edge q (Rockafellar and Uryasev, 2000), by the replicates as [`ReplicateSums::error`]; below
/// [`REPLICATED`] values that of independent ones. Undefined values (NaN) are skipped; `None` without a
/// value or with a level outside [0, 1).
///
/// ```
/// use influencer_matrix::stats::{Tail, tail_mean};
/// let dice: Vec<f64> = (1..=10).map(f64::from).collect();
/// assert!((tail_mean(&dice, 0.75, Tail::Lowest).unwrap().0 - 1.8).abs() < 1e-12);
/// assert!((tail_mean(&dice, 0.75, Tail::Largest).unwrap().0 - 9.2).abs() < 1e-12);
/// ```
#[must_use]
pub fn tail_mean(values: &[f64], level: f64, tail: Tail) -> Option<(f64, f64)> {
    let sign = match tail {
        Tail::Lowest => 1.0,
        Tail::Largest => -1.0,
    };
    let gains: Vec<f64> = values.iter().map(|v| sign * v).collect();
    let mut sorted: Vec<f64> = gains.iter().copied().filter(|v| !v.is_nan()).collect();
    if sorted.is_empty() || !(0.0..1.0).contains(&level) {
        return None;
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let share = 1.0 - level;
    let mass = share * sorted.len() as f64;
    // Rounding of 1 − level must not split an atom that is whole.
    let whole = ((mass + 1e-9).floor() as usize).min(sorted.len());
    let part = (mass - whole as f64).max(0.0);
    let edge = sorted[whole.min(sorted.len() - 1)];
    let mean = (sorted[..whole].iter().sum::<f64>() + part * edge) / (whole as f64 + part);

    let parts: Vec<f64> = gains
        .iter()
        .map(|&x| {
            if x.is_nan() {
                x
            } else {
                edge - (edge - x).max(0.0) / share
            }
        })
        .collect();
    let error = if (sorted.len() as u64) < REPLICATED {
        Moments::of(&parts).error()
    } else {
        let mut sums = ReplicateSums::default();
        sums.extend(&parts);
        sums.error()
    };
    Some((sign * mean, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{normal_cdf, normal_quantile};

    #[test]
    fn an_atom_at_the_edge_is_split() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        for (level, low, high) in [
            (0.75, 1.8, 9.2),
            (0.9, 1.0, 10.0),
            (0.95, 1.0, 10.0),
            (0.0, 5.5, 5.5),
        ] {
            let (found, _) = tail_mean(&values, level, Tail::Lowest).unwrap();
            assert!((found - low).abs() < 1e-9, "{level}: {found}");
            let (found, _) = tail_mean(&values, level, Tail::Largest).unwrap();
            assert!((found - high).abs() < 1e-9, "{level}: {found}");
        }
        assert_eq!(tail_mean(&[f64::NAN], 0.9, Tail::Lowest), None);
        assert_eq!(tail_mean(&[1.0], 1.0, Tail::Lowest), None);
        let some = [f64::NAN, 3.0, 1.0, f64::NAN];
        assert_eq!(tail_mean(&some, 0.5, Tail::Lowest).unwrap().0, 1.0);
    }

    /// The mean of the worst tenth of a standard normal is −φ(z)/0.1.
    #[test]
    fn the_normals_tail_is_found_within_its_error() {
        let n = 64_000;
        // Every quantile once, in an order that spreads them over the replicates.
        let values: Vec<f64> = (0..n)
            .map(|i| normal_quantile(((i * 27_941 % n) as f64 + 0.5) / n as f64))
            .collect();
        let z = normal_quantile(0.1);
        let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let (found, error) = tail_mean(&values, 0.9, Tail::Lowest).unwrap();
        assert!((found + density / 0.1).abs() < 1e-3, "{found}");
        assert!((normal_cdf(z) - 0.1).abs() < 1e-9);
        assert!(error.is_finite() && error < 0.02);
    }
}
