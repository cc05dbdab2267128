//! Families against statrs and closed forms.

use super::*;
use crate::stats::special::{normal_cdf, normal_pdf};
use statrs::distribution::{self as reference, ContinuousCDF};

#[test]
fn beta_intervals_have_their_quantiles() {
    let grid = [
        1e-6, 1e-4, 0.001, 0.01, 0.03, 0.1, 0.2, 0.25, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 0.999,
        0.9999,
    ];
    for (i, &a) in grid.iter().enumerate() {
        for &b in &grid[i + 1..] {
            let d = Distribution::beta_interval(a, b).unwrap();
            close(d.quantile(0.05), a, 1e-9, &format!("{a} {b} {d:?}"));
            close(d.quantile(0.95), b, 1e-9, &format!("{a} {b} {d:?}"));
        }
        // Narrow intervals, which near 0 and 1 would need a beta beyond the range.
        if !(0.1..=0.9).contains(&a) {
            continue;
        }
        for width in [1.001, 1.01, 1.1] {
            let b = (a * width).min(a + (1.0 - a) * (width - 1.0));
            let d = Distribution::beta_interval(a, b).unwrap();
            close(d.quantile(0.05), a, 1e-9, &format!("{a} {b} {d:?}"));
            close(d.quantile(0.95), b, 1e-9, &format!("{a} {b} {d:?}"));
        }
    }
}

#[test]
fn lognormal_interval_has_its_quantiles() {
    for (a, b) in [(1e3, 1e4), (200.0, 1000.0), (1e-3, 50.0), (5.0, 5.000_01)] {
        let d = Distribution::lognormal_interval(a, b).unwrap();
        close(d.quantile(0.05), a, 1e-13, "p5");
        close(d.quantile(0.95), b, 1e-13, "p95");
    }
}

#[test]
fn means_and_sds_are_those_asked_for() {
    for (mean, sd) in [(0.3, 0.1), (0.02, 0.02), (0.9, 0.2), (0.5, 0.499)] {
        for d in [
            Distribution::beta_mean_sd(mean, sd),
            Distribution::lognormal_mean_sd(mean, sd),
            Distribution::gamma_mean_sd(mean, sd),
        ] {
            let d = d.unwrap();
            close(d.mean(), mean, 1e-14, "mean");
            close(d.sd(), sd, 1e-13, "sd");
        }
    }
    for d in [
        Distribution::beta_mean_sd(0.3, 0.0),
        Distribution::lognormal_mean_sd(0.3, 0.0),
        Distribution::gamma_mean_sd(0.3, 0.0),
        Distribution::beta_interval(0.3, 0.3),
        Distribution::lognormal_interval(0.3, 0.3),
        Distribution::uniform(0.3, 0.3),
        Distribution::pert(0.3, 0.3, 0.3),
        Distribution::triangular(0.3, 0.3, 0.3),
    ] {
        assert_eq!(d, Ok(Distribution::Certain(0.3)));
    }
}

/// Mean, variance and distribution function of statrs.
fn against<R>(d: Distribution, r: &R, min: f64, range: f64)
where
    R: ContinuousCDF<f64, f64> + statrs::statistics::Distribution<f64>,
{
    close(d.mean(), min + range * r.mean().unwrap(), 1e-13, "mean");
    close(
        d.variance(),
        range * range * r.variance().unwrap(),
        1e-12,
        "variance",
    );
    for p in [1e-9, 1e-4, 0.01, 0.3, 0.5, 0.8, 0.99, 1.0 - 1e-4] {
        let x = d.quantile(p);
        let cdf = r.cdf((x - min) / range);
        assert!((cdf - p).abs() < 1e-10 * p + 1e-13, "{d:?}: {p} {cdf}");
        assert!((d.cdf(x) - p).abs() < 1e-11 * p + 1e-15, "{d:?}: {p}");
        // Its own quantiles are coarse in the tails.
        if (0.01..=0.99).contains(&p) {
            let inverse = min + range * r.inverse_cdf(p);
            close(x, inverse, 1e-6, "quantile");
        }
    }
}

#[test]
fn families_agree_with_statrs() {
    for (a, b) in [
        (0.4, 0.4),
        (2.0, 5.0),
        (9.2, 479.0),
        (1.0, 3.0),
        (300.0, 20.0),
    ] {
        let d = Distribution::beta_shape(a, b).unwrap();
        against(d, &reference::Beta::new(a, b).unwrap(), 0.0, 1.0);
    }
    for (shape, scale) in [(0.5, 2.0), (6.25, 24.0), (1.0, 1.0), (900.0, 0.1)] {
        let d = Distribution::Gamma { shape, scale };
        against(
            d,
            &reference::Gamma::new(shape, 1.0 / scale).unwrap(),
            0.0,
            1.0,
        );
    }
    for (mu, sigma) in [(8.0, 0.7), (-3.0, 0.1), (0.0, 2.0)] {
        let d = Distribution::LogNormal { mu, sigma };
        against(d, &reference::LogNormal::new(mu, sigma).unwrap(), 0.0, 1.0);
    }
    let d = Distribution::pert(2.0, 3.0, 12.0).unwrap();
    against(d, &reference::Beta::new(1.4, 4.6).unwrap(), 2.0, 10.0);
    for (min, mode, max) in [(0.0, 1.0, 3.0), (1.0, 1.0, 2.0), (-2.0, 5.0, 5.0)] {
        let d = Distribution::triangular(min, mode, max).unwrap();
        against(
            d,
            &reference::Triangular::new(min, max, mode).unwrap(),
            0.0,
            1.0,
        );
    }
    let d = Distribution::uniform(200.0, 1000.0).unwrap();
    against(
        d,
        &reference::Uniform::new(200.0, 1000.0).unwrap(),
        0.0,
        1.0,
    );
}

#[test]
fn deep_tails_have_their_closed_forms() {
    // Beta(a, 1): Q = p^(1/a). Exponential: Q = −ln(1 − p).
    for p in [1e-12, 1e-7, 0.1, 0.9, 1.0 - 1e-7] {
        for a in [0.2, 1.0, 7.0] {
            let d = Distribution::beta_shape(a, 1.0).unwrap();
            close(d.quantile(p), libm::pow(p, 1.0 / a), 1e-12, "beta");
        }
        let d = Distribution::Gamma {
            shape: 1.0,
            scale: 3.0,
        };
        close(d.quantile(p), -3.0 * libm::log1p(-p), 1e-12, "gamma");
    }
    let d = Distribution::beta_shape(2.0, 3.0).unwrap();
    assert_eq!((d.quantile(0.0), d.quantile(1.0)), (0.0, 1.0));
    assert!(d.quantile(-0.1).is_nan() && d.quantile(f64::NAN).is_nan());
    assert_eq!(
        (d.cdf(-1.0), d.cdf(0.0), d.cdf(1.0), d.cdf(7.0)),
        (0.0, 0.0, 1.0, 1.0)
    );
    assert!(d.cdf(f64::NAN).is_nan());
}

#[test]
fn mean_of_inverse_matches_an_integral() {
    for (d, error) in [
        (Distribution::lognormal_mean_sd(40.0, 30.0), 1e-10),
        (Distribution::gamma_mean_sd(40.0, 15.0), 1e-10),
        (Distribution::beta_mean_sd(0.3, 0.1), 1e-10),
        (Distribution::uniform(20.0, 60.0), 1e-10),
        (Distribution::uniform(-3.0, -1.0), 1e-10),
        (Distribution::pert(20.0, 40.0, 90.0), 1e-9),
        (Distribution::pert(-9.0, -4.0, -2.0), 1e-9),
        (Distribution::pert(0.0, 40.0, 90.0), 1e-6),
        (Distribution::triangular(20.0, 40.0, 90.0), 1e-4),
        (Distribution::triangular(20.0, 20.0, 90.0), 1e-4),
        (Distribution::triangular(20.0, 90.0, 90.0), 1e-4),
        (Distribution::triangular(-9.0, -4.0, -2.0), 1e-4),
        (Distribution::triangular(100.0, 100.001, 100.002), 1e-9),
        (Distribution::certain(4.0), 1e-14),
    ] {
        let d = d.unwrap();
        let (mut sum, mut weights) = (0.0, 0.0);
        for i in -1060..=1060 {
            let z = f64::from(i) / 128.0;
            let weight = normal_pdf(z);
            let x = d.quantile_of_tails(normal_cdf(z), normal_cdf(-z));
            sum += weight / x;
            weights += weight;
        }
        close(
            d.mean_of_inverse().unwrap(),
            sum / weights,
            error,
            &format!("{d:?}"),
        );
    }
    // A triangle from zero: 2/b × (1 + ln(b/c) b/(b − c) − 1) = 2 ln(b/c)/(b − c).
    let d = Distribution::triangular(0.0, 1.0, 3.0).unwrap();
    close(
        d.mean_of_inverse().unwrap(),
        libm::log(3.0),
        1e-14,
        "triangle from 0",
    );
    for d in [
        Distribution::certain(0.0),
        Distribution::uniform(0.0, 1.0),
        Distribution::uniform(-1.0, 1.0),
        Distribution::triangular(0.0, 0.0, 1.0),
        Distribution::triangular(-1.0, 0.0, 1.0),
        Distribution::pert(-1.0, 0.0, 1.0),
        Distribution::pert(0.0, 0.0, 1.0),
        Distribution::gamma_mean_sd(1.0, 1.0),
        Distribution::beta_shape(1.0, 2.0),
    ] {
        let d = d.unwrap();
        assert_eq!(d.mean_of_inverse(), None, "{d:?}");
    }
}

#[test]
fn errors_say_what_is_possible() {
    let messages: Vec<String> = [
        Distribution::certain(f64::NAN),
        Distribution::lognormal_mean_sd(0.0, 1.0),
        Distribution::lognormal_mean_sd(1.0, -1.0),
        Distribution::lognormal_mean_sd(1.0, 1e5),
        Distribution::lognormal_interval(-1.0, 2.0),
        Distribution::lognormal_interval(3.0, 2.0),
        Distribution::lognormal_interval(1e-9, 2.0),
        Distribution::beta_mean_sd(1.2, 0.1),
        Distribution::beta_mean_sd(0.1, 0.3),
        Distribution::beta_shape(0.0, 1.0),
        Distribution::beta_shape(1e9, 1.0),
        Distribution::beta_interval(0.0, 0.5),
        Distribution::beta_interval(0.2, 1.5),
        Distribution::beta_interval(0.3, 0.300_000_01),
        Distribution::gamma_mean_sd(1.0, 100.0),
        Distribution::pert(0.0, 3.0, 2.0),
        Distribution::uniform(2.0, 1.0),
        Distribution::uniform(f64::NEG_INFINITY, 1.0),
        Distribution::uniform(f64::MIN, f64::MAX),
    ]
    .into_iter()
    .map(|d| d.unwrap_err().to_string())
    .collect();
    insta::assert_snapshot!(messages.join("\n"), @r#"
    value is NaN; it must be a finite number
    mean of a lognormal distribution is 0; it must be above 0
    sd is -1; a standard deviation must be 0 or more
    sd 100000 of a lognormal distribution of mean 1 is out of range: the sd can be at most 1,000 times the mean
    p5 of a lognormal distribution is -1; it must be above 0
    p5 3 is above p95 2; the order must be p5 ≤ p95
    the interval 0.000000001 to 2 of a lognormal distribution is out of range: p95 can be at most 100,000 times p5
    mean of a beta distribution is 1.2; it must lie between 0 and 1
    no beta distribution has mean 0.1 and sd 0.3; with this mean the sd must be below 0.3000
    alpha of a beta distribution is 0; it must be above 0
    a beta distribution with alpha 1000000000 and beta 1 is out of range: alpha and beta must be at least 0.001 and their sum at most 100,000,000; for a narrower spread give one number
    no beta distribution has its 5 % quantile at 0 and its 95 % quantile at 0.5; both must lie strictly between 0 and 1
    p95 of a beta distribution is 1.5; it must lie between 0 and 1
    the interval 0.3 to 0.30000001 of a beta distribution is out of range: it is too narrow or too wide; for a narrower one give one number, for a wider one bounds further from 0 and 1
    sd 100 of a gamma distribution of mean 1 is out of range: the sd must lie between 0.0001 and 30 times the mean; for a narrower spread give one number
    mode 3 is above max 2; the order must be min ≤ mode ≤ max
    min 2 is above max 1; the order must be min ≤ max
    min is -inf; it must be a finite number
    max − min is inf; it must be a finite number
    "#);
}
