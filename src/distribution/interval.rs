//! The beta distribution of two quantiles.

use crate::stats::special::{LogConcave, LogitBeta, MAX_CONCENTRATION, logistic};

/// 95 % quantile of the standard normal.
pub(super) const Z95: f64 = 1.644_853_626_951_472_2;

/// alpha and beta of the beta with 5 % quantile `p5` and 95 % quantile `p95`, 0 < p5 < p95 < 1.
///
/// Newton's method on (ln alpha, ln beta) for the two logit quantiles, with step halving; each
/// residual is measured against the width of the interval. `None` where it does not converge or
/// the concentration leaves the range of the special functions.
pub(super) fn beta(p5: f64, p95: f64) -> Option<(f64, f64)> {
    let logit = |x: f64| libm::log(x) - libm::log1p(-x);
    let (low, high) = (logit(p5), logit(p95));
    let width = high - low;
    let residual = |v: [f64; 2]| {
        let law = LogitBeta::new(libm::exp(v[0]), libm::exp(v[1]));
        [
            (law.quantile(0.05, 0.95) - low) / width,
            (law.quantile(0.95, 0.05) - high) / width,
        ]
    };
    let norm = |r: [f64; 2]| r[0] * r[0] + r[1] * r[1];
    let most = libm::log(MAX_CONCENTRATION);
    let inside = |v: [f64; 2]| v.iter().all(|v| (-10.0..most).contains(v));

    let mut v = start(low, width);
    if !inside(v) {
        return None;
    }
    let mut r = residual(v);
    for _ in 0..100 {
        if norm(r) < 1e-26 {
            break;
        }
        let h = 1e-5;
        let (along_alpha, along_beta) = (residual([v[0] + h, v[1]]), residual([v[0], v[1] + h]));
        let j = [
            [(along_alpha[0] - r[0]) / h, (along_beta[0] - r[0]) / h],
            [(along_alpha[1] - r[1]) / h, (along_beta[1] - r[1]) / h],
        ];
        let determinant = j[0][0] * j[1][1] - j[0][1] * j[1][0];
        let step = [
            (r[1] * j[0][1] - r[0] * j[1][1]) / determinant,
            (r[0] * j[1][0] - r[1] * j[0][0]) / determinant,
        ];
        if !(step[0].is_finite() && step[1].is_finite()) {
            return None;
        }
        let longest = step[0].abs().max(step[1].abs());
        let mut share = (2.0 / longest).min(1.0);
        let mut moved = false;
        for _ in 0..40 {
            let next = [v[0] + share * step[0], v[1] + share * step[1]];
            if inside(next) {
                let at = residual(next);
                if norm(at) < norm(r) {
                    (v, r, moved) = (next, at, true);
                    break;
                }
            }
            share *= 0.5;
        }
        if !moved {
            break;
        }
    }
    // What is left is rounding: 1e-10 of the width is far inside 1e-9 of either quantile unless
    // the interval is very wide, so it is checked against the quantiles themselves.
    let worst = r[0].abs().max(r[1].abs()) * width;
    (worst < 5e-10).then(|| (libm::exp(v[0]), libm::exp(v[1])))
}

/// First guess: the logit of a beta has variance ψ′(alpha) + ψ′(beta), about 1/alpha + 1/beta for
/// narrow intervals, and exponential tails of rates alpha and beta for wide ones.
fn start(low: f64, width: f64) -> [f64; 2] {
    let (x, y, _, _) = logistic(low + 0.5 * width);
    let spread = width / (2.0 * Z95);
    let concentration = 1.0 / (spread * spread * x * y) + 1.0 / spread;
    [
        libm::log((concentration * x).max(2e-3)),
        libm::log((concentration * y).max(2e-3)),
    ]
}
