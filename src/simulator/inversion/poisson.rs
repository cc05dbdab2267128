//! Conversions: the Poisson law.

use fearless_simd::{Simd, f64x8, prelude::*};

use super::coefficients::{POISSON_0, POISSON_1, POISSON_2};
use super::polynomial;
use crate::rng::{LANES, Path, Work};
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
    path: Path,
    expected: &[f64],
    uniforms: &[f64],
    normals: &[f64],
    out: &mut [f64],
) {
    for (((out, expected), uniforms), normals) in out
        .chunks_mut(PIECE)
        .zip(expected.chunks(PIECE))
        .zip(uniforms.chunks(PIECE))
        .zip(normals.chunks(PIECE))
    {
        piece(path, expected, uniforms, normals, out);
    }
}

/// Trials that are looked at together for what they need.
const PIECE: usize = 128;

fn piece(path: Path, expected: &[f64], uniforms: &[f64], normals: &[f64], out: &mut [f64]) {
    let (least, most) = path.run(
        #[inline(always)]
        move || range(expected),
    );
    out.fill(f64::NAN);
    if most >= SEARCHED {
        let out = &mut *out;
        path.run(
            #[inline(always)]
            move || expand(expected, normals, out),
        );
    }
    if least < SEARCHED {
        path.work(Search {
            expected,
            uniforms,
            out,
        });
    }
    // What is not a number is handled with what is open.
    if out.iter().fold(false, |open, n| open | n.is_nan()) {
        for (((out, &mean), &u), &z) in out.iter_mut().zip(expected).zip(uniforms).zip(normals) {
            if out.is_nan() {
                *out = if mean.is_nan() {
                    mean
                } else {
                    outside(mean, u, z)
                };
            }
        }
    }
}

/// Least and largest of the numbers.
#[inline(always)]
fn range(numbers: &[f64]) -> (f64, f64) {
    let (mut least, mut most) = ([f64::INFINITY; LANES], [0.0; LANES]);
    let mut row = |numbers: &[f64]| {
        for ((least, most), &x) in least.iter_mut().zip(&mut most).zip(numbers) {
            *least = if x < *least { x } else { *least };
            *most = if x > *most { x } else { *most };
        }
    };
    numbers.chunks(LANES).for_each(&mut row);
    let both = least.into_iter().zip(most);
    both.fold((f64::INFINITY, 0.0), |(low, high), (least, most)| {
        (
            if least < low { least } else { low },
            if most > high { most } else { high },
        )
    })
}

#[inline(always)]
fn expand(expected: &[f64], normals: &[f64], out: &mut [f64]) {
    for (out, (&mean, &z)) in out.iter_mut().zip(expected.iter().zip(normals)) {
        *out = expansion(mean, z);
    }
}

/// Sums the distribution function from 0 up, eight trials at a time, where the expectation is
/// small. Others are left as they are.
struct Search<'a> {
    expected: &'a [f64],
    uniforms: &'a [f64],
    out: &'a mut [f64],
}

impl Work for Search<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let rows = self.expected.chunks(LANES).zip(self.uniforms.chunks(LANES));
        for (out, (expected, uniforms)) in self.out.chunks_mut(LANES).zip(rows) {
            // What fills up a last row is certain to be done at once.
            let (mut mean, mut u) = ([0.0; LANES], [0.0; LANES]);
            for ((mean, u), (&m, &uniform)) in mean
                .iter_mut()
                .zip(&mut u)
                .zip(expected.iter().zip(uniforms))
            {
                let small = m < SEARCHED;
                *mean = if small { m } else { 0.0 };
                *u = if small { uniform } else { 0.0 };
            }
            let first = mean.map(exp_of_minus);
            let [mean, u, first] = [mean, u, first].map(|row| f64x8::from_slice(simd, &row));
            let (mut term, mut below) = (first, first);
            let mut n = f64x8::splat(simd, 0.0);
            let (mut next, zero) = (0.0, f64x8::splat(simd, 0.0));
            loop {
                // Rounding may keep the sum under a uniform next to 1: stop where terms no longer
                // change it.
                let open = below.simd_lt(u) & term.simd_gt(f64x8::splat(simd, 1e-18));
                if !open.any_true() {
                    break;
                }
                next += 1.0;
                term *= mean * (1.0 / next);
                below += open.select(term, zero);
                n = open.select(f64x8::splat(simd, next), n);
            }
            let mut found = [0.0; LANES];
            n.store_slice(&mut found);
            for (out, (&m, found)) in out.iter_mut().zip(expected.iter().zip(found)) {
                *out = if m < SEARCHED { found } else { *out };
            }
        }
    }
}

/// exp(−x) for x in [0, 6], relative error below 4·2⁻⁵²: 2ᵏ e^r with |r| ≤ ½ ln 2, e^r by its
/// series.
#[inline(always)]
fn exp_of_minus(x: f64) -> f64 {
    const SERIES: [f64; 14] = {
        let mut series = [1.0; 14];
        let mut k = 1;
        while k < 14 {
            series[k] = series[k - 1] / k as f64;
            k += 1;
        }
        series
    };
    /// ln 2 in two parts; a multiple of the first by a small whole number is exact.
    const LN_2: (f64, f64) = (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10);
    // Whole numbers of this size stand in the low bits of 1.5 · 2⁵².
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let shifted = SHIFT - x * std::f64::consts::LOG2_E;
    let k = shifted - SHIFT;
    let r = (-x - k * LN_2.0) - k * LN_2.1;
    let power = shifted.to_bits().wrapping_add(1023) << 52;
    polynomial(&SERIES, r) * f64::from_bits(power)
}

/// Bound on the error of the expansion, normal quantiles being off by up to 2e-8.
#[inline(always)]
fn bound(mean: f64, root: f64) -> f64 {
    1e-3 + 1e-7 * root + 4e-15 * mean
}

/// ⌊x⌋ if the expansion decides it, else NaN.
#[inline(always)]
#[expect(
    clippy::needless_bitwise_bool,
    reason = "straight code becomes vectors"
)]
fn expansion(mean: f64, z: f64) -> f64 {
    let root = mean.sqrt();
    let r = 1.0 / mean;
    let s = z * (root * r);
    let x = mean * (1.0 + s + s * s * polynomial(&POISSON_0, s))
        + (polynomial(&POISSON_1, s) + r * polynomial(&POISSON_2, s));
    let nearest = (x + WHOLE) - WHOLE;
    let off = x - nearest;
    let clear = (off.abs() > bound(mean, root)) & (s > REACH.0) & (s < REACH.1);
    let below = nearest - if off < 0.0 { 1.0 } else { 0.0 };
    if clear { below } else { f64::NAN }
}

/// Where the expansion does not decide.
#[cold]
fn outside(mean: f64, u: f64, z: f64) -> f64 {
    let r = 1.0 / mean;
    let s = z * (mean.sqrt() * r);
    if s <= REACH.0 || s >= REACH.1 {
        return walk(mean, u, z);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_exact_to_the_last_places() {
        for i in 0..=60_000 {
            let x = f64::from(i) * 1e-4;
            let error = exp_of_minus(x) / libm::exp(-x) - 1.0;
            assert!(error.abs() < 4.0 * f64::EPSILON, "{x}: {error:e}");
        }
        assert_eq!(exp_of_minus(0.0), 1.0);
    }
}
