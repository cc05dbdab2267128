//! Net reach and its expectation against closed forms, quadrature and the finite formula.

use super::*;

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
            assert!(
                reach <= size && reach <= load * size * (1.0 + 1e-15),
                "{load}"
            );
            assert!(reach > 0.0);
            let (below, above) = (at(0.9 * load), at(1.1 * load));
            // An ulp is rounding, where nobody is left to reach.
            let ulp = 1.0 + 1e-15;
            assert!(below <= reach * ulp && reach <= above * ulp, "{load}");
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
    }
}
