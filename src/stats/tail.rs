//! The mean of the worst trials.

use super::moments::Moments;
use super::replicates::{REPLICATED, ReplicateSums};

/// The mean of the worst trials of a gain (conditional value at risk, expected shortfall).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TailMean {
    /// The mean; NaN without values.
    pub mean: f64,
    /// Where the tail begins: the lower (1 − level) quantile, an order statistic.
    pub threshold: f64,
    /// Standard error of `mean`.
    pub error: f64,
}

/// The mean of the worst 1 − `level` of a gain's trials; NaN is skipped. Of a loss take the negative
/// of the values and of the result.
///
/// With k = (1 − level)·n of n values and q the ⌈k⌉-th smallest,
///
/// `CVaR` = q − Σᵢ max(q − xᵢ, 0) / k,
///
/// the largest value of that expression over q (Rockafellar & Uryasev, *J. Banking & Finance* 26,
/// 2002, 1443–1471). Where k is not whole the value at q counts with the share of it that the tail
/// needs: (x₁ + … + x₍⌈k⌉₋₁₎ + (k − ⌈k⌉ + 1)·q)/k.
///
/// Since q is a maximum, its own error does not matter to first order: the error is that of the
/// mean of wᵢ = q − max(q − xᵢ, 0)/(1 − level) at the q found, from the replicates that take turns
/// among the trials ([`ReplicateSums::error`]), or `s_w/√n` below 512 values. Its bias, of order 1/n, makes
/// the tail look better by about s²/(2n·density) and is far below it.
///
/// ```
/// use influencer_matrix::stats::worst_mean;
/// let ten: Vec<f64> = (1..=10).map(f64::from).collect();
/// // 1, 2 and half of 3
/// assert!((worst_mean(&ten, 0.75).mean - 1.8).abs() < 1e-12);
/// let losses: Vec<f64> = ten.iter().map(|v| -v).collect();
/// assert!((-worst_mean(&losses, 0.75).mean - 9.2).abs() < 1e-12);
/// ```
#[must_use]
pub fn worst_mean(values: &[f64], level: f64) -> TailMean {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let n = sorted.len();
    if n == 0 {
        return TailMean {
            mean: f64::NAN,
            threshold: f64::NAN,
            error: f64::NAN,
        };
    }
    let share = 1.0 - level;
    // 0.1 of ten values is one of them, though 1 − 0.9 is a little less.
    let rank = ((share * n as f64 - 1e-9).ceil() as usize).clamp(1, n);
    let (below, threshold, _) = sorted.select_nth_unstable_by(rank - 1, f64::total_cmp);
    let threshold = *threshold;
    below.sort_unstable_by(f64::total_cmp);
    let short: f64 = below.iter().map(|v| threshold - v).sum();
    let weigh = |value: f64| threshold - (threshold - value).max(0.0) / share;
    let error = if n as u64 >= REPLICATED {
        let mut sums = ReplicateSums::default();
        sums.extend_by(values, weigh);
        sums.error()
    } else {
        let weighed: Vec<f64> = values.iter().map(|&v| weigh(v)).collect();
        Moments::of(&weighed).error()
    };
    TailMean {
        mean: threshold - short / (share * n as f64),
        threshold,
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::special::normal_pdf;
    use crate::stats::{REPLICATES, normal_quantile};
    use proptest::prelude::*;

    #[test]
    fn a_split_atom_counts_with_its_share() {
        let ten: Vec<f64> = (1..=10).rev().map(f64::from).collect();
        for (level, wanted) in [
            (0.75, 1.8),
            (0.9, 1.0),
            (0.7, 2.0),
            (0.65, (6.0 + 0.5 * 4.0) / 3.5),
            (0.0, 5.5),
        ] {
            let found = worst_mean(&ten, level).mean;
            assert!((found - wanted).abs() < 1e-9, "{level}: {found}");
        }
        let losses: Vec<f64> = ten.iter().map(|v| -v).collect();
        assert!((-worst_mean(&losses, 0.75).mean - 9.2).abs() < 1e-12);
        assert_eq!(worst_mean(&[f64::NAN, 4.0], 0.9).mean, 4.0);
        assert!(worst_mean(&[], 0.9).mean.is_nan());
    }

    /// Normal quantiles in an order that spreads them over the replicates.
    fn normal(n: usize) -> Vec<f64> {
        (0..n)
            .map(|i| normal_quantile((((i * 7919) % n) as f64 + 0.5) / n as f64))
            .collect()
    }

    #[test]
    fn of_a_normal_law_it_is_the_closed_form() {
        let column = normal(200_000);
        for level in [0.5, 0.8, 0.9, 0.95, 0.99] {
            let z = normal_quantile(1.0 - level);
            let found = worst_mean(&column, level);
            assert!(
                (found.mean + normal_pdf(z) / (1.0 - level)).abs() < 2e-4,
                "{level}"
            );
            assert!((found.threshold - z).abs() < 1e-3);
        }
    }

    /// Errors of many samples against how far their estimates lie from the closed form. With 400
    /// samples of independent trials the share within ± 1.96 errors is 95 % ± 1.1 %: a
    /// false alarm in 10⁴ beyond 4 sd.
    #[test]
    fn errors_cover_the_closed_form() {
        let wanted = -normal_pdf(normal_quantile(0.1)) / 0.1;
        for n in [400, 4096] {
            let mut within = 0;
            let mut state = 0x1234_5678_9ABC_DEF0_u64;
            for _ in 0..400 {
                let column: Vec<f64> = (0..n)
                    .map(|_| {
                        // xorshift64*
                        state ^= state >> 12;
                        state ^= state << 25;
                        state ^= state >> 27;
                        let bits = state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
                        normal_quantile((bits as f64 + 0.5) / 9_007_199_254_740_992.0)
                    })
                    .collect();
                let found = worst_mean(&column, 0.9);
                within += usize::from((found.mean - wanted).abs() < 1.96 * found.error);
            }
            let share = within as f64 / 400.0;
            assert!((share - 0.95).abs() < 0.044, "{n}: {share}");
        }
        assert_eq!(REPLICATES, 16);
    }

    proptest! {
        /// The mean over a sorted copy in which every value is repeated, so that the tail is whole.
        #[test]
        fn it_is_the_mean_of_a_whole_tail(column in prop::collection::vec(-1e3_f64..1e3, 1..60), parts in 1_usize..20) {
            let level = 1.0 - parts as f64 / 20.0;
            let mut repeated: Vec<f64> = column.iter().flat_map(|&v| [v; 20]).collect();
            repeated.sort_by(f64::total_cmp);
            let tail = parts * column.len();
            let slow = repeated[..tail].iter().sum::<f64>() / tail as f64;
            let found = worst_mean(&column, level).mean;
            prop_assert!((found - slow).abs() < 1e-6, "{found} {slow}");
        }
    }
}
