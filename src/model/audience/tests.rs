//! Net reach and its expectation against closed forms, quadrature and the finite formula.

use super::*;

/// E[f(G)] for gamma-distributed G of mean µ and squared coefficient of variation v, by Simpson's rule
/// over the unit normal density of Wilson and Hilferty's variable would be approximate; so it is done on
/// the density itself, in the variable g^(1/4), over all but 1e-12 of it.
fn gamma_mean(mean: f64, variation: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (shape, scale) = (1.0 / variation, mean * variation);
    let ln_norm = libm::lgamma(shape) + shape * scale.ln();
    let most = mean * (1.0 + 12.0 * variation.sqrt() + 40.0 * variation);
    let steps = 40_000;
    let top = most.powf(0.25);
    let h = top / f64::from(steps);
    let mut sum = 0.0;
    for i in 1..=steps {
        let t = f64::from(i) * h;
        let g = t.powi(4);
        let density = ((shape - 1.0) * g.ln() - g / scale - ln_norm).exp() * 4.0 * t.powi(3);
        let weight = if i == steps {
            1.0
        } else if i % 2 == 1 {
            4.0
        } else {
            2.0
        };
        sum += weight * density * f(g);
    }
    sum * h / 3.0
}

#[test]
fn many_small_posts_reach_what_the_limit_says() {
    // Sainsbury's own formula, n posts that each reach G/n of the audience: 1 − (1 − G/(nA))^n.
    let (size, gross) = (1_000_000.0, 1_300_000.0);
    let n = 1_000_000.0_f64;
    let finite = size * (1.0 - (1.0 - gross / (n * size)).powf(n));
    assert!((net_reach(gross, size) / finite - 1.0).abs() < 1e-6);
    // and two of its halves by hand: 1 − e^(−1/2), 1 − e^(−2)
    assert!((net_reach(5.0, 10.0) - 3.934_693_402_873_666).abs() < 1e-12);
    assert!((net_reach(20.0, 10.0) - 8.646_647_167_633_873).abs() < 1e-12);
}

#[test]
fn net_reach_is_concave_and_at_most_its_two_bounds() {
    for size in [1.0, 37.5, 2e6] {
        let at = |load: f64| net_reach(load * size, size);
        let mut load = 1e-9;
        while load < 1e3 {
            let reach = at(load);
            assert!(reach <= size && reach <= load * size, "{load}");
            assert!(reach > 0.0);
            let (below, above) = (at(0.9 * load), at(1.1 * load));
            assert!(below <= reach && reach <= above, "{load}");
            assert!(below + above <= 2.0 * reach * (1.0 + 1e-14), "{load}");
            load *= 1.7;
        }
    }
}

#[test]
fn without_bound_nothing_is_lost() {
    for gross in [0.0, 1.0, 12_345.678, 3e9] {
        assert_eq!(net_share(gross, f64::INFINITY), 1.0);
        assert_eq!(net_share(gross, 1e30), 1.0);
        assert_eq!(expected_net_share(gross, 0.3, 1e30), 1.0);
        assert_eq!(expected_reach_share(gross, 0.3, 1e30), 1.0);
    }
}

#[test]
fn expectations_are_those_of_a_gamma_law() {
    let size = 1000.0;
    for load in [0.01, 0.3, 1.0, 4.0] {
        for variation in [0.01, 0.2, 0.999_999, 1.0, 1.7] {
            let mean = load * size;
            let reach = gamma_mean(mean, variation, |g| net_reach(g, size)) / mean;
            let share = gamma_mean(mean, variation, |g| net_share(g, size));
            let found = expected_reach_share(mean, variation, size);
            assert!(
                (found / reach - 1.0).abs() < 1e-7,
                "{load} {variation}: {found} {reach}"
            );
            let found = expected_net_share(mean, variation, size);
            // The density of shape below one has a spike at 0, which the rule resolves less well.
            assert!(
                (found / share - 1.0).abs() < 1e-4,
                "{load} {variation}: {found} {share}"
            );
        }
        // Certain impressions.
        let certain = net_share(load * size, size);
        for variation in [0.0, 1e-12] {
            let found = expected_net_share(load * size, variation, size);
            assert!((found / certain - 1.0).abs() < 1e-11, "{load}");
            let found = expected_reach_share(load * size, variation, size);
            assert!((found / certain - 1.0).abs() < 1e-11, "{load}");
        }
        // Jensen: the more spread, the less reach.
        assert!(expected_reach_share(load * size, 0.5, size) < certain);
    }
}
