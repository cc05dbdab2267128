//! Conversions: the Poisson law.

use super::coefficients::{POISSON_0, POISSON_1, POISSON_2};
use super::polynomial;
use crate::stats::special::{HALF_LN_TWO_PI, stirling_remainder, x_minus_ln_1p};

/// Expectation below which the distribution function is summed from 0.
const SEARCHED: f64 = 6.0;
/// Range of s in which the expansion is fitted.
const REACH: (f64, f64) = (-1.1, 1.3);
/// Adding and subtracting it rounds numbers below it to whole ones.
const WHOLE: f64 = 4_503_599_627_370_496.0;
/// Expectation from which on a number that the expansion leaves open is the nearest, since sums
/// grow long: at most 1e-7 in u.
const HUGE: f64 = 1e9;

/// `out[i]` = the least n whose Poisson(`expected[i]`) distribution function F is at least
/// `uniforms[i]`; `normals` are the standard normal quantiles of the uniforms.
///
/// F continued to real n by incomplete gamma functions has the real solution x of F(x − 1) = u, and
/// n = ⌊x⌋. Temme's expansion gives x to a small error; where a whole number lies within its
/// bound, F at that number decides, by an exact sum. So n is exact but for the rounding of F: tests
/// hold it to 1e-9 × min(u, 1 − u) in u up to expectations of 4,000, and to 1e-7 × that up to 1e6, where
/// the distribution function that they compare with is no better.
pub(in crate::simulator) fn invert(
    expected: &[f64],
    uniforms: &[f64],
    normals: &[f64],
    out: &mut [f64],
) {
    let draws = || expected.iter().zip(uniforms.iter().zip(normals));
    let most = expected
        .iter()
        .fold(0.0, |most, &m| if m > most { m } else { most });
    if most >= SEARCHED {
        for (out, (&mean, (_, &z))) in out.iter_mut().zip(draws()) {
            *out = expansion(mean, z);
        }
    }
    for (out, (&mean, (&u, &z))) in out.iter_mut().zip(draws()) {
        if mean < SEARCHED {
            *out = search(mean, u);
        } else if mean.is_nan() {
            *out = mean;
        } else if *out < 0.0 {
            *out = outside(mean, u, z);
        }
    }
}

/// Bound on the error of the expansion, normal quantiles being off by up to 2e-8.
#[inline(always)]
#[expect(clippy::inline_always, reason = "part of the hot loop")]
fn bound(mean: f64, root: f64) -> f64 {
    1e-3 + 1e-7 * root + 4e-15 * mean
}

/// ⌊x⌋ if the expansion decides it, else −1.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the body of the hot loop")]
fn expansion(mean: f64, z: f64) -> f64 {
    let root = mean.sqrt();
    let s = z / root;
    let r = 1.0 / mean;
    let x = mean * (1.0 + s + s * s * polynomial(&POISSON_0, s))
        + (polynomial(&POISSON_1, s) + r * polynomial(&POISSON_2, s));
    let nearest = (x + WHOLE) - WHOLE;
    let off = x - nearest;
    let clear = off.abs() > bound(mean, root) && s > REACH.0 && s < REACH.1;
    let below = nearest - if off < 0.0 { 1.0 } else { 0.0 };
    if clear { below } else { -1.0 }
}

/// Where the expansion does not decide.
#[cold]
fn outside(mean: f64, u: f64, z: f64) -> f64 {
    let s = z / mean.sqrt();
    if s <= REACH.0 || s >= REACH.1 {
        return walk(mean, u, z);
    }
    let r = 1.0 / mean;
    let x = mean * (1.0 + s + s * s * polynomial(&POISSON_0, s))
        + (polynomial(&POISSON_1, s) + r * polynomial(&POISSON_2, s));
    // x is next to the whole number n: it is n or n − 1.
    let n = (x + WHOLE) - WHOLE;
    if mean >= HUGE {
        return n;
    }
    let last = n - 1.0;
    let at = pmf(last, mean);
    let reached = if z < 0.0 {
        lower_tail(last, mean, at) >= u
    } else {
        upper_tail(last, mean, at) <= 1.0 - u
    };
    if reached { last } else { n }
}

/// Sums the distribution function from 0 up.
fn search(mean: f64, u: f64) -> f64 {
    let mut term = libm::exp(-mean);
    let mut below = term;
    let mut n = 0.0;
    // Rounding may keep the sum under a uniform next to 1: stop where terms no longer change it.
    while below < u && term > 1e-18 {
        n += 1.0;
        term *= mean / n;
        below += term;
    }
    n
}

/// From a normal start to the exact answer, by the distribution function there and its steps.
/// For the tails, where the start is near.
fn walk(mean: f64, u: f64, z: f64) -> f64 {
    let root = mean.sqrt();
    let start = mean + root * z + (z * z + 2.0) / 6.0;
    let mut n = if start > 0.0 { start.floor() } else { 0.0 };
    let mut term = pmf(n, mean);
    if z < 0.0 {
        let mut below = lower_tail(n, mean, term);
        while below < u {
            n += 1.0;
            term *= mean / n;
            below += term;
        }
        while n > 0.0 && below - term >= u {
            below -= term;
            term *= n / mean;
            n -= 1.0;
        }
    } else {
        // In the upper half the complement keeps its digits.
        let v = 1.0 - u;
        let mut above = upper_tail(n, mean, term);
        while above > v {
            n += 1.0;
            term *= mean / n;
            above -= term;
            if term < 1e-30 {
                break;
            }
        }
        while n > 0.0 && above + term <= v {
            above += term;
            term *= n / mean;
            n -= 1.0;
        }
    }
    n
}

/// P(N = n) by Loader's saddle point form.
fn pmf(n: f64, mean: f64) -> f64 {
    if n == 0.0 {
        return libm::exp(-mean);
    }
    let d = (mean - n) / n;
    let deviance = n * x_minus_ln_1p(d);
    libm::exp(-deviance - stirling_remainder(n) - HALF_LN_TWO_PI) / n.sqrt()
}

/// P(N ≤ n), given P(N = n).
fn lower_tail(n: f64, mean: f64, at: f64) -> f64 {
    let (mut term, mut sum, mut k) = (at, at, n);
    while k > 0.0 && term > sum * 1e-17 {
        term *= k / mean;
        sum += term;
        k -= 1.0;
    }
    sum
}

/// P(N > n), given P(N = n).
fn upper_tail(n: f64, mean: f64, at: f64) -> f64 {
    let (mut term, mut sum, mut k) = (at, 0.0, n);
    loop {
        k += 1.0;
        term *= mean / k;
        sum += term;
        if k > mean && term <= sum * 1e-17 {
            return sum;
        }
    }
}
