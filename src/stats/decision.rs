//! What it is worth to know something before deciding.

use super::special::{normal_cdf, normal_pdf};

/// Half the width of the range that [`normal_expectation`] covers.
const REACH: f64 = 9.0;
/// Steps of [`normal_expectation`].
const STEPS: i32 = 4096;

/// E[f(Z)], Z standard normal, by the trapezoidal rule over [−9, 9] with 4,096 steps.
///
/// For f smooth within the steps' width it is exact to rounding; a kink of f, with slopes that
/// differ by s, adds at most 10⁻⁶ s. f must grow slower than exp(z²/2) by far: exp(3 z) is fine.
///
/// ```
/// use influencer_matrix::stats::normal_expectation;
/// assert!((normal_expectation(|z| z * z) - 1.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn normal_expectation(f: impl Fn(f64) -> f64) -> f64 {
    let step = 2.0 * REACH / f64::from(STEPS);
    // Inwards from both ends: small terms first.
    let half = STEPS / 2;
    let mut sum = 0.0;
    for i in (1..=half).rev() {
        let z = f64::from(i) * step;
        sum += (f(-z) + f(z)) * normal_pdf(z);
    }
    step * (sum + f(0.0) * normal_pdf(0.0))
}

/// The unit normal loss integral E[max(Z − k, 0)] = φ(k) − k (1 − Φ(k)).
///
/// Of two options whose difference is normal with mean m and standard deviation s, knowing
/// the difference beforehand is worth s L(|m|/s) (Raiffa and Schlaifer, Applied Statistical Decision
/// Theory, 1961).
///
/// ```
/// use influencer_matrix::stats::unit_normal_loss;
/// assert!((unit_normal_loss(0.0) - 0.398_942_280_401_432_7).abs() < 1e-15);
/// assert!((unit_normal_loss(1.0) - 0.083_315_470_586_863).abs() < 1e-12);
/// ```
#[must_use]
pub fn unit_normal_loss(k: f64) -> f64 {
    (normal_pdf(k) - k * normal_cdf(-k)).max(0.0)
}

/// What the best of several options is above the one at `chosen`, 0 if that is the best.
///
/// Its mean over what might be learned is the expected value of perfect information, where the
/// options' values are their expectations given what was learned and `chosen` is best without it.
/// NaN if an option's value is.
#[must_use]
pub fn regret(values: &[f64], chosen: usize) -> f64 {
    let own = values[chosen];
    values.iter().fold(0.0, |most: f64, value| {
        let more = value - own;
        if more.is_nan() || more > most {
            more
        } else {
            most
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_of_smooth_functions_are_exact() {
        assert!((normal_expectation(|_| 1.0) - 1.0).abs() < 1e-14);
        assert!((normal_expectation(|z| z.powi(4)) - 3.0).abs() < 1e-12);
        // E[exp(s z)] = exp(s²/2).
        for s in [0.05, 0.2, 1.0, 2.0] {
            let found = normal_expectation(|z| (s * z).exp());
            assert!((found / (0.5 * s * s).exp() - 1.0).abs() < 1e-10, "{s}");
        }
    }

    #[test]
    fn kinks_cost_little() {
        for k in [-2.0, -0.3, 0.0, 0.001, 1.234, 3.0] {
            let found = normal_expectation(|z| (z - k).max(0.0));
            assert!((found - unit_normal_loss(k)).abs() < 1e-6, "{k}: {found}");
        }
    }

    #[test]
    fn a_call_on_a_lognormal_has_black_and_scholes_value() {
        // E[max(a U − b, 0)] = a Φ(d) − b Φ(d − s), d = ln(a/b)/s + s/2, U lognormal of mean one.
        for (a, b, s) in [(100.0, 100.0, 0.2), (100.0, 120.0, 0.15), (80.0, 50.0, 0.4)] {
            let d = f64::ln(a / b) / s + 0.5 * s;
            let exact = a * normal_cdf(d) - b * normal_cdf(d - s);
            let found = normal_expectation(|z| (a * (s * z - 0.5 * s * s).exp() - b).max(0.0));
            assert!((found - exact).abs() < 1e-4, "{a} {b} {s}: {found} {exact}");
        }
    }

    #[test]
    fn regret_is_what_the_best_is_above_the_chosen() {
        assert_eq!(regret(&[3.0, 5.0, 4.0], 0), 2.0);
        assert_eq!(regret(&[3.0, 5.0, 4.0], 1), 0.0);
        assert_eq!(regret(&[3.0], 0), 0.0);
        assert!(regret(&[3.0, f64::NAN], 0).is_nan());
    }
}
