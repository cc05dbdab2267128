//! Exact quantiles of large columns without sorting them whole.

use std::ops::Range;

/// Buckets per pass.
const BUCKETS: usize = 2048;
/// Bucket of undefined values.
const UNDEFINED: u16 = BUCKETS as u16 + 1;
/// 2⁵²: a number below it added to it is rounded to a whole number.
const ROUND: f64 = 4_503_599_627_370_496.0;
/// Buckets up to this many values are sorted.
const SMALL: usize = 512;
/// Passes before a column that resists bucketing is sorted.
const PASSES: u32 = 4;

/// A quantile and its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileEstimate {
    /// The quantile.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// Quantiles of type 7 (Hyndman and Fan): with h = (n − 1)p the value x₍⌊h⌋₎ + (h − ⌊h⌋)(x₍⌊h⌋₊₁₎ − x₍⌊h⌋₎).
///
/// One result per probability, in the order given. NaN values are skipped; without values, or for a
/// probability outside \[0, 1\], the result is NaN. Equal to what sorting would give.
///
/// Values are counted into equally wide buckets and only those that hold a wanted order statistic
/// are looked into.
///
/// ```
/// use influencer_matrix::stats::quantiles;
/// assert_eq!(quantiles(&[3.0, 1.0, f64::NAN, 2.0], &[0.5, 0.75]), [2.0, 2.5]);
/// ```
#[must_use]
pub fn quantiles(values: &[f64], probabilities: &[f64]) -> Vec<f64> {
    let count = values.iter().filter(|v| !v.is_nan()).count();
    quantiles_of(values, count, probabilities)
}

/// Standard error of the share of independent values below their quantile at p: √(p(1 − p)/n).
#[must_use]
pub fn level_error(p: f64, count: u64) -> f64 {
    (p * (1.0 - p) / count as f64).sqrt()
}

/// The probabilities two standard errors of its level below and above p, among so many values:
/// p ± 2√(p(1 − p)/n), held within \[0, 1\]. Between their quantiles the slope of the quantile
/// function at p is taken: wide enough that few values fix it well, narrow enough to be straight.
#[must_use]
pub fn slope_levels(p: f64, count: u64) -> [f64; 2] {
    let d = 2.0 * level_error(p, count);
    [(p - d).max(0.0), (p + d).min(1.0)]
}

/// Quantiles with their standard errors by order statistics, of independent values: the
/// [`level_error`] times the slope of the quantile function between the [`slope_levels`].
///
/// NaN values are skipped.
#[must_use]
pub fn quantiles_with_errors(values: &[f64], probabilities: &[f64]) -> Vec<QuantileEstimate> {
    let count = values.iter().filter(|v| !v.is_nan()).count();
    let wanted: Vec<f64> = probabilities
        .iter()
        .flat_map(|&p| {
            let [below, above] = slope_levels(p, count as u64);
            [p, below, above]
        })
        .collect();
    quantiles_of(values, count, &wanted)
        .chunks_exact(3)
        .zip(wanted.chunks_exact(3))
        .map(|(q, p)| QuantileEstimate {
            value: q[0],
            error: level_error(p[0], count as u64) * (q[2] - q[1]) / (p[2] - p[1]),
        })
        .collect()
}

fn quantiles_of(values: &[f64], count: usize, probabilities: &[f64]) -> Vec<f64> {
    let rank = |p: f64| {
        let h = (count as f64 - 1.0) * p;
        (h.floor() as usize, h - h.floor())
    };
    let valid = |p: &f64| count > 0 && (0.0..=1.0).contains(p);
    let mut ranks: Vec<usize> = probabilities
        .iter()
        .filter(|p| valid(p))
        .flat_map(|&p| {
            let (low, _) = rank(p);
            [low, (low + 1).min(count - 1)]
        })
        .collect();
    ranks.sort_unstable();
    ranks.dedup();
    let mut found = vec![0.0; ranks.len()];
    if !ranks.is_empty() {
        select(values, 0, &ranks, &mut found, PASSES);
    }
    let at = |rank: usize| ranks.binary_search(&rank).map_or(f64::NAN, |i| found[i]);
    probabilities
        .iter()
        .map(|p| {
            if !valid(p) {
                return f64::NAN;
            }
            let (low, share) = rank(*p);
            let (x0, x1) = (at(low), at((low + 1).min(count - 1)));
            if x0 == x1 { x0 } else { x0 + share * (x1 - x0) }
        })
        .collect()
}

/// A bucket that holds wanted ranks.
struct Wanted {
    /// Rank of its least value.
    first: usize,
    /// Which of the wanted ranks it holds.
    ranks: Range<usize>,
    /// Its values, in the order of the column.
    values: Vec<f64>,
}

/// `found[i]` = the order statistic `ranks[i]` (sorted, without repeats), where the defined values of
/// `values` have ranks from `first` on.
fn select(values: &[f64], first: usize, ranks: &[usize], found: &mut [f64], passes: u32) {
    let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
    for &v in values {
        // NaN compares false.
        min = if v < min { v } else { min };
        max = if v > max { v } else { max };
    }
    if min == max {
        found.fill(min);
        return;
    }
    let scale = BUCKETS as f64 / (max - min);
    if values.len() <= SMALL || passes == 0 || !scale.is_normal() || !(max - min).is_finite() {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        for (found, rank) in found.iter_mut().zip(ranks) {
            *found = sorted[rank - first];
        }
        return;
    }

    // Subtraction, multiplication and rounding are monotone in floating point too, so buckets are
    // in order: 0 to BUCKETS, and NaN in one more. Adding 2⁵² leaves the rounded number in the
    // low bits.
    let index: Vec<u16> = values
        .iter()
        .map(|&v| {
            let place = ((v - min) * scale + ROUND).to_bits() as u16;
            if v.is_nan() { UNDEFINED } else { place }
        })
        .collect();
    let mut counts = vec![0_usize; BUCKETS + 2];
    for &bucket in &index {
        counts[usize::from(bucket)] += 1;
    }

    // Which buckets hold wanted ranks, and where their values and ranks begin.
    let mut slot = [0_u16; BUCKETS + 2];
    let mut wanted: Vec<Wanted> = Vec::new();
    let (mut below, mut next) = (first, 0);
    for (i, &count) in counts[..=BUCKETS].iter().enumerate() {
        let start = next;
        while next < ranks.len() && ranks[next] < below + count {
            next += 1;
        }
        if next > start {
            wanted.push(Wanted {
                first: below,
                ranks: start..next,
                values: Vec::with_capacity(count),
            });
            // At most as many as buckets.
            slot[i] = u16::try_from(wanted.len()).unwrap_or(u16::MAX);
        }
        below += count;
    }
    for (&v, &bucket) in values.iter().zip(&index) {
        let slot = slot[usize::from(bucket)];
        if slot > 0 {
            wanted[usize::from(slot) - 1].values.push(v);
        }
    }
    for w in wanted {
        select(
            &w.values,
            w.first,
            &ranks[w.ranks.clone()],
            &mut found[w.ranks],
            passes - 1,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::normal_quantile;
    use proptest::prelude::*;

    const LEVELS: [f64; 7] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95];

    fn by_sorting(values: &[f64], p: f64) -> f64 {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        sorted.sort_by(f64::total_cmp);
        let h = (sorted.len() as f64 - 1.0) * p;
        let low = h.floor() as usize;
        let (x0, x1) = (sorted[low], sorted[(low + 1).min(sorted.len() - 1)]);
        if x0 == x1 {
            x0
        } else {
            x0 + (h - h.floor()) * (x1 - x0)
        }
    }

    /// Columns of shapes that strain bucketing.
    fn columns(n: usize) -> Vec<Vec<f64>> {
        // A low-discrepancy sequence, shuffled enough for the purpose.
        let u = |i: usize| {
            let x = i as f64 * 0.618_033_988_749_895 + 0.5 / n as f64;
            x - x.floor()
        };
        let from = |f: &dyn Fn(f64) -> f64| (0..n).map(|i| f(u(i))).collect::<Vec<f64>>();
        vec![
            from(&|u| u),
            from(&|u| libm::exp(4.0 * normal_quantile(u.clamp(1e-9, 1.0 - 1e-9)))),
            from(&|u| libm::pow(10.0, 600.0 * u - 300.0)),
            from(&|u| if u < 0.6 { 0.0 } else { (u * 10.0).floor() }),
            from(&|u| if u < 0.3 { f64::NAN } else { -u }),
            from(&|u| if u < 0.01 { f64::INFINITY } else { u }),
            from(&|u| 1e15 + (u * 7.0).floor()),
            from(&|u| {
                if u < 0.001 {
                    1e300 * (0.5 - u * 1000.0) * 3.0
                } else {
                    u
                }
            }),
            from(&|_| 42.0),
        ]
    }

    #[test]
    fn equal_to_sorting() {
        let mut levels = LEVELS.to_vec();
        levels.extend([0.0, 1.0, 0.5, 0.001, 0.333_3]);
        for n in [1, 2, 7, 513, 40_000] {
            for column in columns(n) {
                if column.iter().all(|v| v.is_nan()) {
                    continue;
                }
                let expected: Vec<f64> = levels.iter().map(|&p| by_sorting(&column, p)).collect();
                assert_eq!(
                    format!("{:?}", quantiles(&column, &levels)),
                    format!("{expected:?}")
                );
            }
        }
    }

    #[test]
    fn nothing_defined_is_nan() {
        assert!(quantiles(&[], &[0.5])[0].is_nan());
        assert!(quantiles(&[f64::NAN; 2000], &[0.5])[0].is_nan());
        assert!(quantiles(&[1.0], &[1.5])[0].is_nan());
        let estimate = quantiles_with_errors(&[f64::NAN], &[0.5])[0];
        assert!(estimate.value.is_nan() && estimate.error.is_nan());
    }

    #[test]
    fn error_of_a_uniform_column_is_known() {
        // Density 1: the error is √(p(1 − p)/n).
        let column = &columns(100_000)[0];
        for (p, q) in LEVELS.iter().zip(quantiles_with_errors(column, &LEVELS)) {
            let expected = (p * (1.0 - p) / 1e5).sqrt();
            assert!((q.value - p).abs() < 1e-4);
            assert!(
                (q.error / expected - 1.0).abs() < 0.05,
                "{} {expected}",
                q.error
            );
        }
    }

    proptest! {
        #[test]
        fn any_column(
            column in prop::collection::vec(
                prop_oneof![-1e3..1e3, Just(0.0), Just(f64::NAN), -1e-300..1e300, Just(7.0)], 1..2000),
            p in 0.0..=1.0,
        ) {
            prop_assume!(column.iter().any(|v: &f64| !v.is_nan()));
            prop_assert_eq!(quantiles(&column, &[p])[0], by_sorting(&column, p));
        }
    }
}
