//! What holds for any parameters.

use super::*;
use crate::stats::special::{normal_cdf, normal_pdf};
use proptest::prelude::*;

fn any_distribution() -> impl Strategy<Value = Distribution> {
    let shape = (-1.5_f64..3.0).prop_map(|e| libm::pow(10.0, e));
    prop_oneof![
        (-5.0..15.0, 0.001..3.0_f64).prop_map(|(mu, sigma)| Distribution::LogNormal { mu, sigma }),
        (shape.clone(), shape.clone()).prop_map(|(alpha, beta)| Distribution::Beta { alpha, beta }),
        (shape, 0.1..100.0).prop_map(|(shape, scale)| Distribution::Gamma { shape, scale }),
        (0.0..5.0, 0.0..5.0, 0.1..5.0).prop_map(|(min, a, b)| Distribution::Pert {
            min,
            mode: min + a,
            max: min + a + b
        }),
        (0.0..5.0, 0.0..5.0, 0.1..5.0).prop_map(|(min, a, b)| Distribution::Triangular {
            min,
            mode: min + a,
            max: min + a + b
        }),
        (-5.0..5.0, 0.1..5.0).prop_map(|(min, b)| Distribution::Uniform { min, max: min + b }),
    ]
}

proptest! {
    #[test]
    fn cdf_undoes_quantile(d in any_distribution(), e in 0.31_f64..12.0, upper: bool) {
        let t = libm::pow(10.0, -e);
        let p = if upper { 1.0 - t } else { t };
        let x = d.quantile(p);
        let (low, high) = d.support();
        // Near a bound other than 0 the value itself has too few digits left to tell p.
        let room = (x - low).min(high - x);
        let near_zero = low == 0.0 && !upper && high - x > 1e-6 * x;
        prop_assume!(x > 1e-290 && (near_zero || room > 1e-6 * x.abs()));
        prop_assert!((d.cdf(x) - p).abs() <= 1e-9 * p.min(1.0 - p) + 1e-13, "{} {}", d.cdf(x), p);
    }

    #[test]
    fn quantiles_never_fall(d in any_distribution(), a in 0.0..1.0, b in 0.0..1.0) {
        let (x, y) = (d.quantile(f64::min(a, b)), d.quantile(f64::max(a, b)));
        prop_assert!(x <= y * (1.0 + 1e-12 * y.signum()), "{x} {y}");
    }

    #[test]
    fn moments_match_the_table(d in any_distribution()) {
        prop_assume!(!matches!(d, Distribution::LogNormal { sigma, .. } if sigma > 1.5));
        // The table's mean is stated for parameters from 0.05 on.
        prop_assume!(!matches!(d, Distribution::Beta { alpha, beta } if alpha.min(beta) < 0.05));
        let (table, z_table) = (d.table(), d.z_table());
        prop_assert!((table.mean() - d.mean()).abs() <= 1e-7 * d.mean().abs(), "{} {}", table.mean(), d.mean());
        // The variance by the midpoint rule in z.
        let (mut sum, mut weights) = (0.0, 0.0);
        for i in -670..=670_i32 {
            let z = f64::from(i) / 80.0;
            let deviation = z_table.value(z) - d.mean();
            sum += normal_pdf(z) * deviation * deviation;
            weights += normal_pdf(z);
            if i % 67 == 0 && i.abs() < 402 {
                let x = d.quantile_of_tails(normal_cdf(z), normal_cdf(-z));
                prop_assert!((x - z_table.value(z)).abs() <= 1e-3 * x.abs() + 1e-7 * d.mean().abs());
            }
        }
        prop_assert!((sum / weights / d.variance() - 1.0).abs() < 1e-3);
    }

    #[test]
    fn any_rate_interval_is_met_or_refused(a in 0.0..1.0, b in 0.0..1.0) {
        let (a, b) = (f64::min(a, b), f64::max(a, b));
        if let Ok(d) = Distribution::beta_interval(a, b) {
            prop_assert!((d.quantile(0.05) - a).abs() <= 1e-9 * a);
            prop_assert!((d.quantile(0.95) - b).abs() <= 1e-9 * b);
        } else {
            prop_assert!(b - a < 1e-3);
        }
    }

    #[test]
    fn no_parameters_panic(a: f64, b: f64, c: f64) {
        let _ = Distribution::certain(a);
        for d in [
            Distribution::lognormal_mean_sd(a, b),
            Distribution::lognormal_interval(a, b),
            Distribution::beta_mean_sd(a, b),
            Distribution::beta_shape(a, b),
            Distribution::beta_interval(a, b),
            Distribution::gamma_mean_sd(a, b),
            Distribution::pert(a, b, c),
            Distribution::triangular(a, b, c),
            Distribution::uniform(a, b),
        ].into_iter().flatten() {
            let _ = (d.quantile(0.3), d.cdf(c), d.mean_of_inverse(), d.sd());
        }
    }
}
