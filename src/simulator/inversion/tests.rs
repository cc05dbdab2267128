//! Both inversions against exact distribution functions.

use super::*;
use crate::distribution::QuantileTable;
use crate::model::valuation::OrderValue;
use crate::rng::Path;
use crate::stats::special::{LogConcave, LogGamma};
use statrs::distribution::{DiscreteCDF, Poisson};

/// Uniforms over both tails, down to 1e-9, and a fine grid between.
fn uniforms() -> Vec<f64> {
    let mut all: Vec<f64> = (1..2000).map(|i| (f64::from(i) - 0.5) / 2000.0).collect();
    for i in 0..60 {
        let t = libm::exp(-0.6 - f64::from(i) * 0.34);
        all.push(t);
        all.push(1.0 - t);
    }
    all
}

fn normals(uniforms: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; uniforms.len()];
    QuantileTable::standard_normal().fill(uniforms, &mut out);
    out
}

/// What a work fills in, which has to be the same bits on every path of this machine.
fn on_every_path(len: usize, work: impl Fn(Path, &mut [f64])) -> Vec<f64> {
    let mut all = Path::available().into_iter().map(|path| {
        let mut out = vec![f64::NAN; len];
        work(path, &mut out);
        out
    });
    let first = all.next().unwrap();
    let bits = |out: &[f64]| out.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    for other in all {
        assert_eq!(bits(&other), bits(&first));
    }
    first
}

fn poisson_at(mean: f64, uniforms: &[f64]) -> Vec<f64> {
    let (means, normals) = (vec![mean; uniforms.len()], normals(uniforms));
    on_every_path(uniforms.len(), |path, out| {
        poisson(path, &means, uniforms, &normals, out);
    })
}

/// n is the least with F(n) ≥ u, for F off by at most `slack`: F(n) ≥ u − slack, F(n − 1) < u + slack.
fn assert_inverts(mean: f64, cdf: impl Fn(u64) -> f64, slack: f64) {
    let uniforms = uniforms();
    for (&u, n) in uniforms.iter().zip(poisson_at(mean, &uniforms)) {
        assert!(n >= 0.0 && n.fract() == 0.0, "{n} orders of {mean}");
        let n = n as u64;
        let slack = slack * u.min(1.0 - u).max(1e-6);
        assert!(cdf(n) >= u - slack, "mean {mean}, u {u}: {n} is too low");
        assert!(
            n == 0 || cdf(n - 1) < u + slack,
            "mean {mean}, u {u}: {n} is too high"
        );
    }
}

#[test]
fn poisson_inverts_the_distribution_function() {
    for mean in [
        1e-12, 0.001, 0.1, 0.9, 2.5, 5.999, 6.0, 6.5, 8.0, 9.99, 10.0, 12.3, 20.0, 33.3, 77.7,
        150.0, 1e3, 4321.5,
    ] {
        let law = Poisson::new(mean).unwrap();
        assert_inverts(mean, |n| law.cdf(n), 1e-9);
    }
    assert_eq!(poisson_at(0.0, &[1e-12, 0.5, 1.0 - 1e-12]), [0.0, 0.0, 0.0]);
}

#[test]
fn poisson_inverts_far_out_too() {
    for mean in [3e4, 1e6] {
        // P(N ≤ n) = Q(n + 1, mean).
        let cdf = |n: u64| {
            let tails = LogGamma::new(n as f64 + 1.0).tails(libm::log(mean));
            libm::exp(tails.ln_upper)
        };
        assert_inverts(mean, cdf, 1e-7);
    }
    for mean in [2e9, 1e12, 1e15] {
        let found = poisson_at(mean, &[0.5, 0.841_344_746_068_543]);
        let root = f64::sqrt(mean);
        assert!((found[0] - mean).abs() < 2.0);
        assert!(((found[1] - mean) / root - 1.0).abs() < 1e-4);
    }
    let mut out = [0.0];
    poisson(Path::best(), &[f64::NAN], &[0.5], &[0.0], &mut out);
    assert!(out[0].is_nan());
}

/// Small and large expectations, and none, side by side in one row.
#[test]
fn poisson_of_mixed_expectations_is_that_of_each() {
    let uniforms = uniforms();
    let means = [0.0, 5.999, 6.0, 0.3, 1e3, 2.0, 80.0, 1e-9, 4.0, 7.5, 12.0];
    let expected: Vec<f64> = means.into_iter().cycle().take(uniforms.len()).collect();
    let normals = normals(&uniforms);
    let mixed = on_every_path(uniforms.len(), |path, out| {
        poisson(path, &expected, &uniforms, &normals, out);
    });
    for (place, mean) in means.into_iter().enumerate() {
        let alone = poisson_at(mean, &uniforms);
        for i in (place..uniforms.len()).step_by(means.len()) {
            assert_eq!(mixed[i], alone[i], "mean {mean}, u {}", uniforms[i]);
        }
    }
}

/// The uniform decides at each jump of the law: just below F(n) gives n, just above gives n + 1.
#[test]
fn poisson_turns_at_its_jumps() {
    for mean in [0.7, 3.0, 6.0, 9.5, 17.0, 64.0, 400.0] {
        let law = Poisson::new(mean).unwrap();
        let reach = (mean + 6.0 * mean.sqrt() + 4.0) as u64;
        for n in 0..reach {
            let jump = law.cdf(n);
            if !(1e-9..1.0 - 1e-9).contains(&jump) {
                continue;
            }
            let by = 1e-9 * jump.min(1.0 - jump).max(1e-4);
            let found = poisson_at(mean, &[jump - by, jump + by]);
            assert_eq!(found, [n as f64, n as f64 + 1.0], "mean {mean}, n {n}");
        }
    }
}

/// Largest |quantile/exact − 1| over the grid, p in [1e-9, 1 − 1e-9].
fn gamma_error(shape: f64, orders: f64) -> f64 {
    let sd = 100.0 / shape.sqrt();
    let law = OrderTables::default().law(OrderValue { mean: 100.0, sd });
    let uniforms = uniforms();
    let (orders_each, normals) = (vec![orders; uniforms.len()], normals(&uniforms));
    let out = on_every_path(uniforms.len(), |path, out| {
        law.revenue(path, &orders_each, &uniforms, &normals, out);
    });
    let exact = LogGamma::new(shape * orders);
    uniforms
        .iter()
        .zip(out)
        .map(|(&u, found)| {
            let quantile = libm::exp(exact.quantile(u, 1.0 - u)) * 100.0 / shape;
            (found / quantile - 1.0).abs()
        })
        .fold(0.0, f64::max)
}

#[test]
fn gamma_keeps_its_error_bound() {
    for (shape, orders) in [
        (6.25, 2.0),
        (6.25, 3.0),
        (10.0, 1.0),
        (1.0, 10.0),
        (1.0, 11.0),
        (0.5, 25.0),
        (1.0, 100.0),
        (6.25, 1e3),
        (6.25, 1e5),
        (400.0, 7.0),
    ] {
        let error = gamma_error(shape, orders);
        assert!(error < 1e-7, "shape {shape} × {orders}: {error:e}");
    }
    for (shape, orders) in [
        (6.25, 1.0),
        (1.0, 1.0),
        (1.0, 5.0),
        (0.3, 1.0),
        (0.3, 9.0),
        (2.0, 4.0),
    ] {
        let error = gamma_error(shape, orders);
        assert!(error < 1e-6, "shape {shape} × {orders}: {error:e}");
    }
}

#[test]
fn wide_orders_leave_the_tables() {
    // 0.01 × 300 is past the last table, and below the expansion.
    assert!(gamma_error(0.01, 300.0) < 1e-7);
}

#[test]
fn certain_orders_and_no_orders_are_exact() {
    let mut out = [f64::NAN; 3];
    let (u, z) = ([0.3, 0.5, 0.9], [-0.5, 0.0, 1.3]);
    let certain = OrderTables::default().law(OrderValue {
        mean: 150.0,
        sd: 0.0,
    });
    certain.revenue(Path::best(), &[0.0, 1.0, 7.0], &u, &z, &mut out);
    assert_eq!(out, [0.0, 150.0, 1050.0]);
    let spread = OrderTables::default().law(OrderValue {
        mean: 150.0,
        sd: 60.0,
    });
    spread.revenue(Path::best(), &[0.0, 0.0, 1e4], &u, &z, &mut out);
    assert_eq!(out[..2], [0.0, 0.0]);
    assert!((out[2] / 1.5e6 - 1.0).abs() < 0.02);
}
