//! Tables against exact quantiles, and draws from tables and streams.

use super::*;
use crate::rng::{Address, Path, STREAM_BLOCK, Stream, slot_hash};
use crate::stats::special::{normal_cdf, normal_quantile};

/// Relative errors a distribution's tables keep: of the table and of the z table over
/// p in [1e-9, 1 − 1e-9], and of the table's mean.
type Limits = [f64; 3];

/// Typical distributions of every family.
fn zoo() -> Vec<(Distribution, Limits)> {
    let closed = [1e-14, 1e-6, 1e-15];
    let solved = [1e-7, 5e-5, 5e-9];
    let smooth = [1e-7, 1e-6, 5e-9];
    [
        (
            Distribution::lognormal_interval(1e3, 1e4),
            [2e-8, 1e-9, 5e-9],
        ),
        (
            Distribution::lognormal_mean_sd(1.0, 0.1),
            [2e-8, 1e-9, 5e-9],
        ),
        (
            Distribution::lognormal_mean_sd(25_203.0, 40_000.0),
            [5e-8, 1e-9, 5e-9],
        ),
        (
            Distribution::lognormal_interval(1.0, 2e4),
            [5e-7, 2e-8, 2e-7],
        ),
        (Distribution::beta_interval(0.01, 0.03), smooth),
        (Distribution::beta_interval(0.1, 0.2), smooth),
        (Distribution::beta_interval(0.2, 0.3), smooth),
        (Distribution::beta_mean_sd(0.3, 0.001), smooth),
        (Distribution::beta_shape(0.3, 0.3), solved),
        (Distribution::beta_shape(0.5, 30.0), solved),
        (Distribution::beta_shape(1.0, 1.0), smooth),
        (Distribution::beta_shape(40.0, 0.4), solved),
        (Distribution::gamma_mean_sd(150.0, 60.0), smooth),
        (Distribution::gamma_mean_sd(1.0, 1.0), smooth),
        (Distribution::gamma_mean_sd(10.0, 18.0), solved),
        (Distribution::gamma_mean_sd(100.0, 0.1), smooth),
        (Distribution::pert(0.0, 1.0, 10.0), smooth),
        (Distribution::pert(10.0, 10.0, 11.0), smooth),
        (Distribution::triangular(0.0, 0.0, 1.0), [1e-6, 1e-6, 1e-14]),
        (
            Distribution::triangular(1.0, 2.0, 5.0),
            [1e-14, 1e-4, 1e-14],
        ),
        (
            Distribution::triangular(0.0, 0.01, 1.0),
            [1e-12, 1e-4, 1e-14],
        ),
        (Distribution::triangular(0.0, 1.0, 1.0), closed),
        (Distribution::uniform(200.0, 1_000.0), closed),
        (Distribution::uniform(0.0, 1.0), closed),
        (Distribution::certain(0.1), [0.0, 0.0, 0.0]),
    ]
    .into_iter()
    .map(|(d, limits)| (d.unwrap(), limits))
    .collect()
}

/// Probabilities from both ends: tails by octaves at odd places, and the middle.
fn probabilities() -> Vec<f64> {
    let mut out = Vec::new();
    for i in 0..900 {
        let t = libm::exp2(-1.0 - f64::from(i) * 0.032_111);
        out.push(t);
        out.push(1.0 - t);
    }
    for i in 1..1000 {
        out.push((f64::from(i) + 0.123) / 1001.0);
    }
    out.retain(|p| (1e-9..=1.0 - 1e-9).contains(p));
    out
}

/// z of p; above ½ from the complement.
fn z_of(p: f64) -> f64 {
    if p < 0.5 {
        normal_quantile(p)
    } else {
        -normal_quantile(1.0 - p)
    }
}

fn uniforms(quantity: u16, blocks: u64) -> Vec<f64> {
    let mut out = vec![0.0; STREAM_BLOCK * usize::try_from(blocks).unwrap()];
    for (block, part) in (0..).zip(out.chunks_mut(STREAM_BLOCK)) {
        let slot = slot_hash(&["test"], 0);
        Stream::new(
            20_260_401,
            Address {
                slot,
                quantity,
                block,
            },
        )
        .fill_uniforms(part);
    }
    out
}

#[test]
fn table_error_is_as_documented() {
    for (d, [limit, z_limit, mean_limit]) in zoo() {
        let (table, z_table) = (d.table(), d.z_table());
        let (mut worst, mut z_worst, mut inside): (f64, f64, f64) = (0.0, 0.0, 0.0);
        for p in probabilities() {
            let exact = d.quantile(p);
            let error = (table.value(p) - exact).abs() / exact.abs();
            worst = worst.max(error);
            if (1e-4..=1.0 - 1e-4).contains(&p) {
                inside = inside.max(error);
            }
            z_worst = z_worst.max((z_table.value(z_of(p)) - exact).abs() / exact.abs());
        }
        let mean = (table.mean() - d.mean()).abs() / d.mean();
        assert!(worst <= limit, "{d:?}: table off by {worst:e}");
        assert!(inside <= 1e-5, "{d:?}: table off by {inside:e} inside");
        assert!(z_worst <= z_limit, "{d:?}: z table off by {z_worst:e}");
        assert!(mean <= mean_limit, "{d:?}: mean off by {mean:e}");
    }
}

#[test]
fn u_shaped_tables_are_off_only_where_nothing_is() {
    for shape in [0.05, 0.1, 0.2] {
        let d = Distribution::beta_shape(shape, shape).unwrap();
        let table = d.table();
        for p in probabilities() {
            let exact = d.quantile(p);
            let error = (table.value(p) - exact).abs();
            assert!(error <= 1e-3 * exact, "{shape} {p}: {error:e} of {exact:e}");
            assert!(error <= 1e-4, "{shape} {p}: {error:e}");
        }
        close(table.mean(), 0.5, 1e-12, "mean");
    }
}

#[test]
fn normal_table() {
    let table = QuantileTable::standard_normal();
    for p in probabilities() {
        assert!((table.value(p) - z_of(p)).abs() < 1e-8, "{p}");
    }
    assert!(table.mean().abs() < 1e-15);
}

#[test]
fn fill_multiply_and_value_agree() {
    let u = uniforms(0, 1);
    for (d, _) in zoo() {
        let (table, z_table) = (d.table(), d.z_table());
        let z: Vec<f64> = u.iter().map(|&u| z_of(u)).collect();
        let mut out = vec![f64::NAN; u.len()];
        table.fill(&u, &mut out);
        let mut product = vec![2.0; u.len()];
        table.multiply(&u, &mut product);
        let mut z_out = vec![f64::NAN; u.len()];
        z_table.fill(&z, &mut z_out);
        let mut z_product = vec![2.0; u.len()];
        z_table.multiply(&z, &mut z_product);
        for i in 0..u.len() {
            assert_eq!(out[i], table.value(u[i]));
            assert_eq!(product[i], 2.0 * out[i]);
            assert_eq!(z_out[i], z_table.value(z[i]));
            assert_eq!(z_product[i], 2.0 * z_out[i]);
        }
    }
}

#[test]
fn certain_is_exact() {
    let d = Distribution::certain(0.1).unwrap();
    for u in [1e-16, 0.3, 0.999] {
        assert_eq!(d.table().value(u), 0.1);
        assert_eq!(d.z_table().value(u * 20.0 - 10.0), 0.1);
        assert_eq!(d.quantile(u), 0.1);
    }
    assert_eq!((d.mean(), d.variance()), (0.1, 0.0));
}

#[test]
fn tables_keep_to_the_support_and_never_fall() {
    let least = 1.0 / 9_007_199_254_740_992.0;
    let mut p: Vec<f64> = probabilities();
    p.extend([
        least,
        3.0 * least,
        1.0 - least,
        0.5,
        0.5 - least,
        0.5 + least,
    ]);
    p.sort_by(f64::total_cmp);
    for (d, _) in zoo() {
        let (table, z_table) = (d.table(), d.z_table());
        let (low, high) = d.support();
        let (mut last, mut z_last) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for &p in &p {
            let (value, z_value) = (table.value(p), z_table.value(z_of(p)));
            for v in [value, z_value] {
                assert!(
                    v >= low * (1.0 - 1e-15) && v <= high * (1.0 + 1e-15),
                    "{d:?} {p} {v}"
                );
            }
            assert!(value >= last * (1.0 - 1e-15), "{d:?} {p}");
            assert!(z_value >= z_last * (1.0 - 1e-15), "{d:?} {p}");
            (last, z_last) = (value, z_value);
        }
        // Outside the documented range: held, never a panic.
        for u in [0.0, 1.0, -1.0, 2.0, f64::NAN, f64::INFINITY] {
            let _ = table.value(u);
            let _ = z_table.value(u * 1e300);
        }
    }
}

/// Kolmogorov–Smirnov of 65,536 draws from table and stream: √n D above 2.6 has probability
/// 2 exp(−2 × 2.6²) = 3e-6 for each of some fifty checks, at fixed addresses.
#[test]
fn draws_follow_the_distribution() {
    for (quantity, (d, _)) in (0..).zip(zoo()) {
        if d.is_certain() {
            continue;
        }
        let u = uniforms(quantity, 8);
        let z: Vec<f64> = u.iter().map(|&u| z_of(u)).collect();
        let mut draws = [vec![0.0; u.len()], vec![0.0; u.len()]];
        d.table().fill(&u, &mut draws[0]);
        d.z_table().fill(&z, &mut draws[1]);
        for draws in &mut draws {
            draws.sort_by(f64::total_cmp);
            let n = draws.len() as f64;
            let worst = (0_u32..).zip(draws.iter()).fold(0.0_f64, |worst, (i, &x)| {
                let (cdf, i) = (d.cdf(x), f64::from(i));
                worst.max(cdf - i / n).max((i + 1.0) / n - cdf)
            });
            assert!(worst * n.sqrt() < 2.6, "{d:?}: {}", worst * n.sqrt());
        }
    }
}

/// Spearman's correlation of a Gaussian copula is (6/π) asin(ρ/2). Its sd over 131,072 pairs is
/// below 0.0028; five of them.
#[test]
fn copula_has_its_rank_correlation() {
    let (followers, fee) = (
        Distribution::lognormal_interval(1e3, 1e4).unwrap(),
        Distribution::gamma_mean_sd(500.0, 300.0).unwrap(),
    );
    let normal = QuantileTable::standard_normal();
    let rho = 0.6_f64;
    let (mut z, mut e) = (uniforms(100, 16), uniforms(101, 16));
    for column in [&mut z, &mut e] {
        let u = column.clone();
        normal.fill(&u, column);
    }
    let (a, b) = (followers.z_table(), fee.z_table());
    let mut sum = 0.0;
    for (z, e) in z.iter().zip(&e) {
        let other = rho * z + (1.0 - rho * rho).sqrt() * e;
        sum += (followers.cdf(a.value(*z)) - 0.5) * (fee.cdf(b.value(other)) - 0.5);
    }
    let spearman = 12.0 * sum / z.len() as f64;
    let expected = 6.0 / std::f64::consts::PI * libm::asin(rho / 2.0);
    assert!((spearman - expected).abs() < 0.014, "{spearman} {expected}");
}

#[test]
fn curves_are_exact_between_their_knots() {
    for (a, b) in [
        (0.05, 0.05),
        (0.3, 40.0),
        (1.0, 1.0),
        (9.2, 479.0),
        (6e4, 1.5e5),
    ] {
        let beta = Distribution::beta_shape(a, b).unwrap();
        let gamma = Distribution::Gamma {
            shape: a,
            scale: 2.0,
        };
        let limit = if a < 0.3 { 5e-6 } else { 1e-8 };
        for d in [beta, gamma] {
            let curve = curve::Curve::new(&d);
            for i in 0..=160 {
                let z = -8.2 + 16.4 * f64::from(i) / 160.0;
                let exact = d.quantile_of_tails(normal_cdf(z), normal_cdf(-z));
                if exact > 1e-290 {
                    close(curve.at(z).0, exact, limit, &format!("{d:?} at {z}"));
                }
                // The slope against a difference quotient.
                let h = 1e-4;
                let chord = (curve.at(z + h).0 - curve.at(z - h).0) / (2.0 * h);
                let slope = curve.at(z).1;
                assert!((slope - chord).abs() <= 1e-4 * slope + 1e-9, "{d:?} at {z}");
            }
        }
    }
}

/// A number of a stream whose draw is at probability t, or 1 − t for the upper side, and the t it
/// really has.
fn number_at(t: f64, upper: bool) -> (u64, f64) {
    let k = (((2.0 * t) * 2_f64.powi(52)) as u64).min((1 << 52) - 1);
    (
        k << 12 | u64::from(upper),
        (2 * k + 1) as f64 / 2_f64.powi(54),
    )
}

#[test]
fn draw_table_error_is_as_documented() {
    for (d, [_, _, _]) in zoo() {
        let table = d.draw_table();
        let (mut worst, mut inside): (f64, f64) = (0.0, 0.0);
        for p in probabilities() {
            let upper = p > 0.5;
            let (number, t) = number_at(if upper { 1.0 - p } else { p }, upper);
            let exact = if upper {
                d.quantile_of_tails(1.0 - t, t)
            } else {
                d.quantile(t)
            };
            let error = (table.value(number) / exact - 1.0).abs();
            worst = worst.max(error);
            if (1e-4..=1.0 - 1e-4).contains(&p) {
                inside = inside.max(error);
            }
        }
        let mean = (table.mean() / d.mean() - 1.0).abs();
        assert!(inside <= 1e-5, "{d:?}: off by {inside:e} inside");
        assert!(worst <= 1e-3, "{d:?}: off by {worst:e}");
        assert!(mean <= 2e-7, "{d:?}: mean off by {mean:e}");
    }
}

/// Fills, products and single values of draws, on every path, from odd places of the stream.
#[test]
fn draws_are_the_same_on_every_path() {
    let address = Address {
        slot: 3,
        quantity: 1,
        block: 0,
    };
    for (d, _) in zoo() {
        let table = d.draw_table();
        for path in Path::available() {
            let mut stream = Stream::new(5, address).on(path);
            let mut whole = vec![0.0; 700];
            table.fill(&mut stream.clone(), &mut whole);
            let mut pieces = vec![2.0; 700];
            for part in pieces.chunks_mut(37) {
                table.multiply(&mut stream, part);
            }
            let mut plain = vec![0.0; 700];
            d.draw_table()
                .fill(&mut Stream::new(5, address).on(Path::Baseline), &mut plain);
            assert_eq!(whole, plain, "{d:?} on {path:?}");
            let halves: Vec<f64> = pieces.iter().map(|x| 0.5 * x).collect();
            assert_eq!(halves, plain, "{d:?} on {path:?}");
        }
    }
}

/// Kolmogorov–Smirnov of 2¹⁷ draws of every distribution through generator and table. √n D beyond 2.4
/// happens by luck with 2 exp(−2·2.4²) = 2e-5 each, and the streams are fixed.
#[test]
fn draws_follow_their_distribution() {
    let laws: Vec<_> = zoo().into_iter().filter(|(d, _)| !d.is_certain()).collect();
    for (number, (d, _)) in laws.iter().enumerate() {
        let table = d.draw_table();
        let mut draws = vec![0.0; STREAM_BLOCK * 16];
        for (block, part) in (0..).zip(draws.chunks_mut(STREAM_BLOCK)) {
            let address = Address {
                slot: slot_hash(&["draws"], number as u64),
                quantity: 0,
                block,
            };
            table.fill(&mut Stream::new(20_260_401, address), part);
        }
        draws.sort_by(f64::total_cmp);
        let n = draws.len() as f64;
        let mut distance: f64 = 0.0;
        for (i, &x) in draws.iter().enumerate() {
            let p = d.cdf(x);
            distance = distance.max((p - i as f64 / n).max((i + 1) as f64 / n - p));
        }
        assert!(distance * n.sqrt() < 2.4, "{d:?}: {}", distance * n.sqrt());
    }
}
