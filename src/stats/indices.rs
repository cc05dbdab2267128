//! Sobol' indices: which share of a result's variance comes from which input.

use super::moments::PairMoments;

/// A variance below (this × the centre)² is rounding.
const ROUNDING: f64 = 1e-10;

/// Sobol' indices of one input, with standard errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SobolIndices {
    /// Var(E[Y | X])/Var(Y): the share of the variance that goes away when X is known.
    pub first: f64,
    /// Its standard error.
    pub first_error: f64,
    /// E[Var(Y | all but X)]/Var(Y): the share that is left when all but X is known.
    pub total: f64,
    /// Its standard error.
    pub total_error: f64,
}

/// First-order and total Sobol' index of an input X from three columns of a result Y: `a` and `b` from
/// independent draws of all inputs, `ab` from the draws of `a` but for X, which is drawn as in `b`.
///
/// - Var(E[Y | X]) ≈ mean of (b − c)(ab − a), unbiased whatever the centre c (Saltelli et al.,
///   Computer Physics Communications 181 (2010) 259, table 2 (b), here centred: c near
///   the mean makes the error least);
/// - E[Var(Y | others)] ≈ mean of ½ (a − ab)² (Jansen, Computer Physics Communications 117 (1999) 35);
/// - Var(Y) ≈ mean of ½ ((a − c)² + (b − c)²), c the mean of both.
///
/// Errors are those of ratios of means over independent trials, by the delta method; they shrink with
/// the index, so that small indices are known well. A trial in which one of the three is NaN
/// is skipped. Granules merge as in [`PairMoments`].
///
/// ```
/// use influencer_matrix::stats::SobolMoments;
///
/// // Y = 3 x + z with x, z = ±1: nine tenths of the variance are x's.
/// let y = |x: f64, z: f64| 3.0 * x + z;
/// let mut moments = SobolMoments::default();
/// let signs = [1.0, -1.0];
/// let all: Vec<[f64; 4]> = (0..16)
///     .map(|i| [0, 1, 2, 3].map(|bit| signs[i >> bit & 1]))
///     .collect();
/// let a: Vec<f64> = all.iter().map(|s| y(s[0], s[1])).collect();
/// let b: Vec<f64> = all.iter().map(|s| y(s[2], s[3])).collect();
/// let ab: Vec<f64> = all.iter().map(|s| y(s[2], s[1])).collect();
/// moments.extend(0.0, &a, &b, &ab);
/// let found = moments.indices(0.0).unwrap();
/// assert_eq!((found.first, found.total), (0.9, 0.9));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SobolMoments {
    first: PairMoments,
    total: PairMoments,
}

impl SobolMoments {
    /// Adds columns of equal length under a centre, the same in all calls.
    pub fn extend(&mut self, centre: f64, a: &[f64], b: &[f64], ab: &[f64]) {
        let square = |x: f64| x * x;
        let trials = || a.iter().zip(b).zip(ab);
        let variance: Vec<f64> = trials()
            .map(|((a, b), _)| 0.5 * (square(a - centre) + square(b - centre)))
            .collect();
        let first: Vec<f64> = trials()
            .map(|((a, b), ab)| (b - centre) * (ab - a))
            .collect();
        let total: Vec<f64> = trials()
            .map(|((a, b), ab)| 0.5 * square(a - ab) + 0.0 * b)
            .collect();
        self.first.extend(&first, &variance);
        self.total.extend(&total, &variance);
    }

    /// These trials followed by those of `other`, under the same centre.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        Self {
            first: self.first.merged(&other.first),
            total: self.total.merged(&other.total),
        }
    }

    /// Variance of the result; NaN without trials.
    #[must_use]
    pub fn variance(&self) -> f64 {
        self.first.means()[1]
    }

    /// Whether a variance about a centre is nothing but rounding; so is NaN.
    #[must_use]
    pub fn is_rounding(variance: f64, centre: f64) -> bool {
        let floor = ROUNDING * centre.abs();
        let varies = variance > floor * floor;
        !varies
    }

    /// The indices; `None` below two trials or where the result does not vary by more than rounding.
    #[must_use]
    pub fn indices(&self, centre: f64) -> Option<SobolIndices> {
        let varies = !Self::is_rounding(self.variance(), centre) && self.first.count() >= 2;
        varies.then(|| SobolIndices {
            first: self.first.ratio_of_means(),
            first_error: self.first.ratio_of_means_error(),
            total: self.total.ratio_of_means(),
            total_error: self.total.ratio_of_means_error(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::rng::{Address, Stream, slot_hash};

    /// Independent uniforms: column `input` of matrix `matrix`.
    fn uniforms(matrix: &str, input: usize, n: usize) -> Vec<f64> {
        let address = Address {
            slot: slot_hash(&["indices", matrix], input as u64),
            quantity: 0,
            block: 0,
        };
        let mut out = vec![0.0; n];
        Stream::new(2010, address).fill_uniforms(&mut out);
        out
    }

    /// Indices of every input of a function of `inputs` uniforms, in pieces of 8,192 trials.
    fn indices(inputs: usize, n: usize, y: impl Fn(&[f64]) -> f64) -> Vec<SobolIndices> {
        let draws = |matrix| -> Vec<Vec<f64>> {
            (0..inputs)
                .map(|input| uniforms(matrix, input, n))
                .collect()
        };
        let (a, b) = (draws("a"), draws("b"));
        let values = |swapped: Option<usize>, from: &[Vec<f64>], other: &[Vec<f64>]| -> Vec<f64> {
            (0..n)
                .map(|trial| {
                    let row: Vec<f64> = (0..inputs)
                        .map(|i| {
                            if swapped == Some(i) {
                                other[i][trial]
                            } else {
                                from[i][trial]
                            }
                        })
                        .collect();
                    y(&row)
                })
                .collect()
        };
        let (at_a, at_b) = (values(None, &a, &b), values(None, &b, &a));
        let centre = (at_a.iter().sum::<f64>() + at_b.iter().sum::<f64>()) / (2 * n) as f64;
        (0..inputs)
            .map(|input| {
                let ab = values(Some(input), &a, &b);
                let mut moments = SobolMoments::default();
                for ((a, b), ab) in at_a
                    .chunks(8192)
                    .zip(at_b.chunks(8192))
                    .zip(ab.chunks(8192))
                {
                    moments.extend(centre, a, b, ab);
                }
                moments.indices(centre).unwrap()
            })
            .collect()
    }

    /// Each index within four standard errors of the truth: checks of one function fail by luck in
    /// about 6 of 100,000 seeds an index. Errors must also be small enough to say something.
    fn assert_known(found: &[SobolIndices], first: &[f64], total: &[f64]) {
        for (input, index) in found.iter().enumerate() {
            for (estimate, error, truth) in [
                (index.first, index.first_error, first[input]),
                (index.total, index.total_error, total[input]),
            ] {
                assert!(error < 0.01, "input {input}: error {error}");
                assert!(
                    (estimate - truth).abs() <= 4.0 * error + 1e-12,
                    "input {input}: {estimate} ± {error}, truth {truth}"
                );
            }
        }
    }

    #[test]
    fn ishigamis_function_has_its_indices() {
        // sin x₁ + 7 sin² x₂ + 0.1 x₃⁴ sin x₁ on [−π, π]³: Var = a²/8 + bπ⁴/5 + b²π⁸/18 + ½
        // (Ishigami and Homma 1990).
        let (a, b) = (7.0, 0.1);
        let p4 = PI.powi(4);
        let v1 = 0.5 * (1.0 + b * p4 / 5.0).powi(2);
        let v2 = a * a / 8.0;
        let v13 = b * b * p4 * p4 * (1.0 / 18.0 - 1.0 / 50.0);
        let v = v1 + v2 + v13;
        let found = indices(3, 65_536, |u| {
            let x: Vec<f64> = u.iter().map(|u| PI * (2.0 * u - 1.0)).collect();
            x[0].sin() + a * x[1].sin().powi(2) + b * x[2].powi(4) * x[0].sin()
        });
        assert_known(
            &found,
            &[v1 / v, v2 / v, 0.0],
            &[(v1 + v13) / v, v2 / v, v13 / v],
        );
        // The published figures: 0.3139, 0.4424, 0; 0.5576, 0.4424, 0.2437.
        assert!((v1 / v - 0.3139).abs() < 5e-5 && (v13 / v - 0.2437).abs() < 5e-5);
    }

    #[test]
    fn sobols_g_function_has_its_indices() {
        // Π (|4u − 2| + a)/(1 + a): Vᵢ = 1/(3 (1 + aᵢ)²), Var = Π (1 + Vᵢ) − 1, total Vᵢ Π_{j≠i} (1 + Vⱼ)
        // (Saltelli and Sobol' 1995).
        let a = [0.0, 1.0, 4.5, 9.0, 99.0];
        let v: Vec<f64> = a
            .iter()
            .map(|a| 1.0 / (3.0 * (1.0 + a) * (1.0 + a)))
            .collect();
        let product: f64 = v.iter().map(|v| 1.0 + v).product();
        let variance = product - 1.0;
        let first: Vec<f64> = v.iter().map(|v| v / variance).collect();
        let total: Vec<f64> = v
            .iter()
            .map(|v| v * product / (1.0 + v) / variance)
            .collect();
        let found = indices(a.len(), 65_536, |u| {
            u.iter()
                .zip(a)
                .map(|(u, a)| ((4.0 * u - 2.0).abs() + a) / (1.0 + a))
                .product()
        });
        assert_known(&found, &first, &total);
    }

    #[test]
    fn errors_cover_the_truth_as_often_as_they_say() {
        // Y = X₁ + 2 X₂ + X₁ X₂ of centred uniforms of variance 1/12, 2,000 trials at a time. The truth
        // is within two standard errors in 95.4 % of 400 repetitions if errors are right; outside
        // [0.91, 0.99] with a chance below 1 in 5,000 an index.
        let v = 1.0 / 12.0;
        let variance = v + 4.0 * v + v * v;
        let truth = [[v, v + v * v], [4.0 * v, 4.0 * v + v * v]].map(|t| t.map(|t| t / variance));
        let n = 2000;
        let draws: Vec<Vec<f64>> = (0..4)
            .map(|i| {
                uniforms("coverage", i, 400 * n)
                    .iter()
                    .map(|u| u - 0.5)
                    .collect()
            })
            .collect();
        let y = |x: f64, z: f64| x + 2.0 * z + x * z;
        let mut covered = [[0; 2]; 2];
        for repetition in 0..400 {
            let rows = repetition * n..(repetition + 1) * n;
            let column = |f: &dyn Fn(usize) -> f64| rows.clone().map(f).collect::<Vec<f64>>();
            let d = &draws;
            let a = column(&|i| y(d[0][i], d[1][i]));
            let b = column(&|i| y(d[2][i], d[3][i]));
            let swapped = [
                column(&|i| y(d[2][i], d[1][i])),
                column(&|i| y(d[0][i], d[3][i])),
            ];
            let centre = (a.iter().sum::<f64>() + b.iter().sum::<f64>()) / (2 * n) as f64;
            for (input, ab) in swapped.iter().enumerate() {
                let mut moments = SobolMoments::default();
                moments.extend(centre, &a, &b, ab);
                let found = moments.indices(centre).unwrap();
                let near = |estimate: f64, error: f64, truth: f64| {
                    usize::from((estimate - truth).abs() <= 2.0 * error)
                };
                covered[input][0] += near(found.first, found.first_error, truth[input][0]);
                covered[input][1] += near(found.total, found.total_error, truth[input][1]);
            }
        }
        for share in covered
            .iter()
            .flatten()
            .map(|&hits| f64::from(u32::try_from(hits).unwrap()) / 400.0)
        {
            assert!((0.91..=0.99).contains(&share), "{covered:?}");
        }
    }

    #[test]
    fn what_does_not_vary_has_no_indices() {
        let certain = vec![1.0e6 / 3.0; 100];
        let mut moments = SobolMoments::default();
        assert!(moments.indices(0.0).is_none());
        // The centre is a mean and may be off in its last digits.
        let centre = 1.0e6 / 3.0 * (1.0 + 1e-15);
        moments.extend(centre, &certain, &certain, &certain);
        assert!(moments.indices(centre).is_none());
    }

    #[test]
    fn undefined_trials_are_skipped() {
        let a = [1.0, 2.0, f64::NAN, 4.0, 5.0];
        let b = [2.0, f64::NAN, 3.0, 1.0, 0.0];
        let ab = [2.0, 2.0, 2.0, f64::NAN, 1.0];
        let (mut all, mut defined) = (SobolMoments::default(), SobolMoments::default());
        all.extend(2.0, &a, &b, &ab);
        defined.extend(2.0, &[1.0, 5.0], &[2.0, 0.0], &[2.0, 1.0]);
        assert_eq!(all.indices(2.0), defined.indices(2.0));
        let mut nothing = SobolMoments::default();
        nothing.extend(2.0, &[f64::NAN; 3], &b, &ab);
        assert!(nothing.indices(2.0).is_none());
    }
}
