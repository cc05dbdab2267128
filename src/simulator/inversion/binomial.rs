//! Thinning: the binomial law.

use crate::stats::special::{HALF_LN_TWO_PI, stirling_remainder, x_minus_ln_1p};

/// Expectation below which the distribution function is summed from 0.
const SEARCHED: f64 = 8.0;

/// The least k whose binomial distribution function F, of `n` tries (a whole number) of probability `p`, is at
/// least `u`; `z` is the standard normal quantile of `u`.
///
/// F(k) is that of a smooth law at k + ½, whose cumulants are the binomial's less those of a uniform number on [−½, ½]
/// (Euler and Maclaurin's sum): its Cornish–Fisher expansion gives x with F(x) = u, continued to real x, to an error
/// below a bound five times the largest found. Where a whole number is that near, F there
/// decides, by an exact sum. So k is exact but for the rounding of F.
pub(in crate::simulator) fn invert(n: f64, p: f64, u: f64, z: f64) -> f64 {
    if !(n > 0.0 && p > 0.0) {
        return 0.0;
    }
    if p >= 1.0 {
        return n;
    }
    if p > 0.5 {
        // Those that fail, from the other end.
        return n - rarer(n, 1.0 - p, 1.0 - u, -z);
    }
    rarer(n, p, u, z)
}

/// The same for p ≤ ½.
fn rarer(n: f64, p: f64, u: f64, z: f64) -> f64 {
    let q = 1.0 - p;
    let mean = n * p;
    if mean < SEARCHED {
        return search(n, p, q, u);
    }
    let variance = mean * q;
    let spread = variance - 1.0 / 12.0;
    let root = spread.sqrt();
    let skew = variance * (q - p) / (spread * root);
    let excess = (variance * (1.0 - 6.0 * p * q) + 1.0 / 120.0) / (spread * spread);
    let square = z * z;
    let w = z + skew * (square - 1.0) / 6.0 + excess * z * (square - 3.0) / 24.0
        - skew * skew * z * (2.0 * square - 5.0) / 36.0;
    let x = mean + root * w - 0.5;
    let bound = (0.03 * square * square + 0.12 * square + 0.06) / spread + 1e-7 * root;
    let nearest = x.round();
    if bound < 0.45 && (x - nearest).abs() > bound {
        return x.ceil().clamp(0.0, n);
    }
    walk(n, p, q, (u, z), nearest.clamp(0.0, n))
}

/// Sums the distribution function from 0 up.
fn search(n: f64, p: f64, q: f64, u: f64) -> f64 {
    let odds = p / q;
    let mut term = libm::exp(n * libm::log1p(-p));
    let mut below = term;
    let mut k = 0.0;
    // Rounding may keep the sum under a uniform next to 1: stop where terms no longer change it.
    while below < u && k < n && (term > 1e-18 || k < SEARCHED) {
        k += 1.0;
        term *= odds * (n - k + 1.0) / k;
        below += term;
    }
    k
}

/// From a start to the exact answer, by the distribution function there and its steps.
fn walk(n: f64, p: f64, q: f64, (u, z): (f64, f64), start: f64) -> f64 {
    let mut k = start;
    let odds = p / q;
    let mut term = pmf(k, n, p, q);
    if z < 0.0 {
        let mut below = lower_tail(k, n, odds, term);
        while below < u && k < n {
            k += 1.0;
            term *= odds * (n - k + 1.0) / k;
            below += term;
        }
        while k > 0.0 && below - term >= u {
            below -= term;
            term *= k / (odds * (n - k + 1.0));
            k -= 1.0;
        }
    } else {
        // In the upper half the complement keeps its digits.
        let v = 1.0 - u;
        let mut above = upper_tail(k, n, odds, term);
        while above > v && k < n {
            k += 1.0;
            term *= odds * (n - k + 1.0) / k;
            above -= term;
            if term < 1e-30 {
                break;
            }
        }
        while k > 0.0 && above + term <= v {
            above += term;
            term *= k / (odds * (n - k + 1.0));
            k -= 1.0;
        }
    }
    k
}

/// P(K = k) by Loader's saddle point form.
fn pmf(k: f64, n: f64, p: f64, q: f64) -> f64 {
    if k == 0.0 {
        return libm::exp(n * libm::log1p(-p));
    }
    let rest = n - k;
    if rest == 0.0 {
        return libm::exp(n * libm::log(p));
    }
    let deviance = |x: f64, mean: f64| x * x_minus_ln_1p((mean - x) / x);
    let exponent = stirling_remainder(n)
        - stirling_remainder(k)
        - stirling_remainder(rest)
        - deviance(k, n * p)
        - deviance(rest, n * q);
    libm::exp(exponent - HALF_LN_TWO_PI) * (n / (k * rest)).sqrt()
}

/// P(K ≤ k), given P(K = k).
fn lower_tail(k: f64, n: f64, odds: f64, at: f64) -> f64 {
    let (mut term, mut sum, mut j) = (at, at, k);
    while j > 0.0 && term > sum * 1e-17 {
        term *= j / (odds * (n - j + 1.0));
        sum += term;
        j -= 1.0;
    }
    sum
}

/// P(K > k), given P(K = k).
fn upper_tail(k: f64, n: f64, odds: f64, at: f64) -> f64 {
    let (mut term, mut sum, mut j) = (at, 0.0, k);
    while j < n {
        j += 1.0;
        term *= odds * (n - j + 1.0) / j;
        sum += term;
        if j > n * odds / (1.0 + odds) && term <= sum * 1e-17 {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats;
    use statrs::distribution::{Binomial, DiscreteCDF};

    /// k is the least with F(k) ≥ u, for F off by 1e-9 of u or 1 − u, against another library's F.
    #[test]
    fn numbers_invert_the_distribution_function() {
        for n in [1_u64, 2, 7, 40, 100, 333, 2_000, 30_000] {
            for p in [1e-4, 0.01, 0.08, 0.3, 0.5, 0.61, 0.93, 0.9999] {
                let law = Binomial::new(p, n).unwrap();
                for i in 0..400 {
                    let u = match i {
                        0..300 => (f64::from(i) + 0.5) / 300.0,
                        300..350 => libm::exp(-0.4 * f64::from(i - 299)),
                        _ => 1.0 - libm::exp(-0.4 * f64::from(i - 349)),
                    };
                    let found = invert(n as f64, p, u, stats::normal_quantile(u));
                    assert!((0.0..=n as f64).contains(&found) && found.fract() == 0.0);
                    let k = found as u64;
                    let slack = 1e-9 * u.min(1.0 - u).max(1e-6);
                    assert!(law.cdf(k) >= u - slack, "{n} {p} {u}: {k} is too low");
                    let low = k == 0 || law.cdf(k - 1) < u + slack;
                    assert!(low, "{n} {p} {u}: {k} is too high");
                }
            }
        }
        assert_eq!(invert(5.0, 0.0, 0.7, 0.5), 0.0);
        assert_eq!(invert(5.0, 1.0, 0.7, 0.5), 5.0);
        assert_eq!(invert(0.0, 0.4, 0.7, 0.5), 0.0);
    }

    /// A million tries, against quantiles of scipy 1.16 (`binom.ppf`; statrs' F is off by 5e-5 there), none of which
    /// is nearer to a step than 2 % of it.
    #[test]
    fn a_million_tries_are_inverted_too() {
        let known = [
            (0.0001, [(1e-6, 56), (0.003, 74), (0.445, 98), (0.8, 108)]),
            (
                0.01,
                [
                    (1e-6, 9_531),
                    (0.25, 9_933),
                    (0.8, 10_084),
                    (0.9995, 10_329),
                ],
            ),
            (
                0.3,
                [
                    (1e-6, 297_823),
                    (0.25, 299_691),
                    (0.445, 299_937),
                    (0.9995, 301_509),
                ],
            ),
            (
                0.5,
                [
                    (0.003, 498_626),
                    (0.25, 499_663),
                    (0.8, 500_421),
                    (0.9995, 501_645),
                ],
            ),
            (
                0.61,
                [
                    (1e-6, 607_681),
                    (0.003, 608_660),
                    (0.445, 609_933),
                    (0.9995, 611_605),
                ],
            ),
            (
                0.9999,
                [
                    (1e-6, 999_849),
                    (0.25, 999_893),
                    (0.8, 999_908),
                    (0.9995, 999_931),
                ],
            ),
        ];
        for (p, quantiles) in known {
            for (u, k) in quantiles {
                let found = invert(1e6, p, u, stats::normal_quantile(u));
                assert_eq!(found, f64::from(k), "{p} {u}");
            }
        }
    }
}
