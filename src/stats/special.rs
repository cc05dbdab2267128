//! Special functions with the same bits on every machine.
//!
//! Built on the `libm` crate and +, −, ×, ÷ and square root only: the standard library's `exp`,
//! `ln` and friends (and crates built on them) may differ in the last bit between platforms.
//!
//! Incomplete gamma and beta functions work in a transformed variable `w` (ln x for the gamma,
//! logit x for the beta) and return logarithms of both tails, so that neither end loses relative
//! precision. In `w` both laws have log-concave densities, hence log-concave tails, and Newton's
//! method on the logarithm of a tail converges from any start.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2};

/// ½ ln 2π.
pub const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_7;
/// 1/√(2π).
const INV_SQRT_TWO_PI: f64 = 0.398_942_280_401_432_7;
/// Iterations after which a continued fraction or series is taken as converged; reached only
/// with parameters far above [`MAX_CONCENTRATION`].
const MAX_TERMS: u32 = 200_000;

/// Largest shape of a gamma and largest alpha + beta of a beta for which the functions of this
/// module keep their precision and speed.
pub const MAX_CONCENTRATION: f64 = 1e8;

/// Density of the standard normal, e^(−z²/2)/√(2π).
#[must_use]
pub fn normal_pdf(z: f64) -> f64 {
    INV_SQRT_TWO_PI * libm::exp(-0.5 * z * z)
}

/// Distribution function Φ of the standard normal, accurate in relative terms in the lower tail
/// (for the upper tail use Φ(−z)).
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// Quantile of the standard normal at `p`; −∞ at 0, ∞ at 1, NaN outside [0, 1].
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        -normal_quantile_lower(1.0 - p)
    } else {
        normal_quantile_lower(p)
    }
}

/// Quantile of the standard normal at `p` ≤ ½: the start of Abramowitz & Stegun 26.2.23 (error
/// below 4.5e-4) and two steps of Halley's method on Φ.
fn normal_quantile_lower(p: f64) -> f64 {
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if !(0.0..=0.5).contains(&p) {
        return f64::NAN;
    }
    let t = libm::sqrt(-2.0 * libm::log(p));
    let upper = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let lower = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut z = upper / lower - t;
    for _ in 0..2 {
        let e = (normal_cdf(z) - p) / normal_pdf(z);
        z -= e / (1.0 + 0.5 * z * e);
    }
    z
}

/// x − ln(1 + x) without cancellation near 0; x > −1.
#[must_use]
pub fn x_minus_ln_1p(x: f64) -> f64 {
    if x.abs() > 0.3 {
        return x - libm::log1p(x);
    }
    // ln(1 + x) = 2 atanh r with r = x/(2 + x), and x − 2r = x r.
    let r = x / (2.0 + x);
    let r2 = r * r;
    let mut sum = 0.0;
    for k in (1..=11).rev() {
        sum = sum * r2 + 1.0 / f64::from(2 * k + 1);
    }
    x * r - 2.0 * r * r2 * sum
}

/// Coefficients of Stirling's series in 1/x, 1/x³, …: B₂ₖ/(2k(2k − 1)).
const STIRLING: [f64; 7] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
];

/// Remainder δ of Stirling's formula, ln Γ(x) = (x − ½) ln x − x + ½ ln 2π + δ(x); x > 0.
#[must_use]
pub fn stirling_remainder(x: f64) -> f64 {
    if x < 10.0 {
        return libm::lgamma(x) - ((x - 0.5) * libm::log(x) - x + HALF_LN_TWO_PI);
    }
    let r = 1.0 / x;
    let r2 = r * r;
    STIRLING.iter().rev().fold(0.0, |sum, c| sum * r2 + c) * r
}

/// Logarithms of a law's two tails and of its density, at one point of the variable `w`.
#[derive(Debug, Clone, Copy)]
pub struct Tails {
    /// ln P(W ≤ w).
    pub ln_lower: f64,
    /// ln P(W > w).
    pub ln_upper: f64,
    /// ln of the density of W at w.
    pub ln_density: f64,
    /// ln of P(W ≤ w)/density: far out more precise than the difference of the two logarithms.
    pub ln_lower_ratio: f64,
    /// ln of P(W > w)/density.
    pub ln_upper_ratio: f64,
}

impl Tails {
    /// From the ratio of the lower tail to the density.
    fn from_lower(ln_ratio: f64, ln_density: f64) -> Self {
        let ln_lower = (ln_density + ln_ratio).min(0.0);
        let ln_upper = ln_one_minus_exp(ln_lower);
        Self {
            ln_lower,
            ln_upper,
            ln_density,
            ln_lower_ratio: ln_ratio,
            ln_upper_ratio: ln_upper - ln_density,
        }
    }

    /// From the ratio of the upper tail to the density.
    fn from_upper(ln_ratio: f64, ln_density: f64) -> Self {
        let mirrored = Self::from_lower(ln_ratio, ln_density);
        Self {
            ln_lower: mirrored.ln_upper,
            ln_upper: mirrored.ln_lower,
            ln_density,
            ln_lower_ratio: mirrored.ln_upper_ratio,
            ln_upper_ratio: mirrored.ln_lower_ratio,
        }
    }
}

/// A law on the whole line with log-concave density.
pub trait LogConcave {
    /// Tails and density at `w`.
    fn tails(&self, w: f64) -> Tails;
    /// Derivative of the log density at `w`.
    fn score(&self, w: f64) -> f64;
    /// A typical value.
    fn centre(&self) -> f64;
    /// A typical spread.
    fn spread(&self) -> f64;

    /// The `w` whose lower tail (or upper tail) has logarithm `ln_tail`, by Newton's method on the
    /// log tail from `start`. Give the tail that is at most ½.
    fn solve(&self, ln_tail: f64, upper: bool, start: f64) -> f64 {
        let longest = 4.0 * self.spread() + 1.0;
        let enough = 1e-8 * self.spread().min(1.0);
        let mut w = start;
        for _ in 0..500 {
            let t = self.tails(w);
            let step = if upper {
                (t.ln_upper - ln_tail) * libm::exp(t.ln_upper_ratio)
            } else {
                (ln_tail - t.ln_lower) * libm::exp(t.ln_lower_ratio)
            };
            let step = if step.is_nan() { 0.0 } else { step };
            w += step.clamp(-longest, longest);
            // The error after a step is of the order of the step squared.
            if step.abs() <= enough {
                break;
            }
        }
        w
    }

    /// The `w` with probability `p` below and `q` = 1 − p above, both in (0, 1); the smaller of the
    /// two decides, so that neither tail loses precision.
    fn quantile(&self, p: f64, q: f64) -> f64 {
        if p <= q {
            let start = self.centre() + self.spread() * normal_quantile(p);
            self.solve(libm::log(p), false, start)
        } else {
            let start = self.centre() - self.spread() * normal_quantile(q);
            self.solve(libm::log(q), true, start)
        }
    }
}

/// The law of W = ln X, X ~ Gamma(shape, 1).
#[derive(Debug, Clone, Copy)]
pub struct LogGamma {
    shape: f64,
    constant: f64,
}

impl LogGamma {
    /// `shape` > 0.
    #[must_use]
    pub fn new(shape: f64) -> Self {
        let constant = 0.5 * libm::log(shape) - HALF_LN_TWO_PI - stirling_remainder(shape);
        Self { shape, constant }
    }
}

impl LogConcave for LogGamma {
    fn tails(&self, w: f64) -> Tails {
        let a = self.shape;
        let x = libm::exp(w);
        let d = (x - a) / a;
        let phi = if d.abs() < 0.3 {
            x_minus_ln_1p(d)
        } else {
            d - (w - libm::log(a))
        };
        let ln_density = self.constant - a * phi;
        if x < a + 1.0 {
            // P = density/a · Σ xⁿ/((a+1)…(a+n))
            let (mut term, mut sum, mut n) = (1.0, 1.0, 0);
            let mut r = a;
            while term > sum * 1e-17 && n < MAX_TERMS {
                r += 1.0;
                term *= x / r;
                sum += term;
                n += 1;
            }
            Tails::from_lower(libm::log(sum / a), ln_density)
        } else {
            // Legendre's continued fraction for Q, by Lentz's method.
            let tiny = 1e-300;
            let mut b = x + 1.0 - a;
            let mut c = 1.0 / tiny;
            let mut d = 1.0 / b;
            let mut h = d;
            for i in 1..MAX_TERMS {
                let i = f64::from(i);
                let an = -i * (i - a);
                b += 2.0;
                d = an * d + b;
                d = 1.0 / if d.abs() < tiny { tiny } else { d };
                c = b + an / c;
                c = if c.abs() < tiny { tiny } else { c };
                let delta = d * c;
                h *= delta;
                if (delta - 1.0).abs() < 2e-16 {
                    break;
                }
            }
            Tails::from_upper(libm::log(h), ln_density)
        }
    }

    fn score(&self, w: f64) -> f64 {
        self.shape - libm::exp(w)
    }

    fn centre(&self) -> f64 {
        libm::log(self.shape) - 0.5 / self.shape
    }

    fn spread(&self) -> f64 {
        rough_root_trigamma(self.shape, f64::INFINITY)
    }
}

/// The law of W = ln(X/(1 − X)), X ~ Beta(alpha, beta).
#[derive(Debug, Clone, Copy)]
pub struct LogitBeta {
    alpha: f64,
    beta: f64,
    constant: f64,
}

impl LogitBeta {
    /// `alpha`, `beta` > 0.
    #[must_use]
    pub fn new(alpha: f64, beta: f64) -> Self {
        let n = alpha + beta;
        let constant = 0.5 * (libm::log(alpha) + libm::log(beta / n)) - HALF_LN_TWO_PI
            + stirling_remainder(n)
            - stirling_remainder(alpha)
            - stirling_remainder(beta);
        Self {
            alpha,
            beta,
            constant,
        }
    }
}

impl LogConcave for LogitBeta {
    fn tails(&self, w: f64) -> Tails {
        let (a, b) = (self.alpha, self.beta);
        let n = a + b;
        let (x, y, ln_x, ln_y) = logistic(w);
        // The density by its saddle point: relative to its height at x0 = a/n it is
        // exp(−a φ(x/x0) − b φ(y/y0)), φ(λ) = λ − 1 − ln λ, without cancellation for large n.
        let (x0, y0) = (a / n, b / n);
        let difference = if x < 0.5 { x - x0 } else { y0 - y };
        let phi = |d: f64, ln: f64, at: f64| {
            if d.abs() < 0.3 {
                x_minus_ln_1p(d)
            } else {
                d - (ln - libm::log(at))
            }
        };
        let ln_density = self.constant
            - a * phi(difference / x0, ln_x, x0)
            - b * phi(-difference / y0, ln_y, y0);
        if x < (a + 1.0) / (n + 2.0) {
            Tails::from_lower(libm::log(beta_fraction(a, b, x) / a), ln_density)
        } else {
            Tails::from_upper(libm::log(beta_fraction(b, a, y) / b), ln_density)
        }
    }

    fn score(&self, w: f64) -> f64 {
        let (x, y, _, _) = logistic(w);
        self.alpha * y - self.beta * x
    }

    fn centre(&self) -> f64 {
        libm::log(self.alpha / self.beta)
    }

    fn spread(&self) -> f64 {
        rough_root_trigamma(self.alpha, self.beta)
    }
}

/// x = 1/(1 + e^−w), 1 − x, and their logarithms, each to full relative precision.
#[must_use]
pub fn logistic(w: f64) -> (f64, f64, f64, f64) {
    let e = libm::exp(-w.abs());
    let (small, large) = (e / (1.0 + e), 1.0 / (1.0 + e));
    let ln_large = -libm::log1p(e);
    let ln_small = ln_large - w.abs();
    if w < 0.0 {
        (small, large, ln_small, ln_large)
    } else {
        (large, small, ln_large, ln_small)
    }
}

/// ln(1 − e^l) for l ≤ 0.
fn ln_one_minus_exp(l: f64) -> f64 {
    if l > -LN_2 {
        libm::log(-libm::expm1(l))
    } else {
        libm::log1p(-libm::exp(l))
    }
}

/// √(ψ′(a) + ψ′(b)) to a factor of about one: the spread of a log gamma or logit beta.
fn rough_root_trigamma(a: f64, b: f64) -> f64 {
    libm::sqrt(1.0 / a + 1.0 / b + 1.0 / (a * a) + 1.0 / (b * b))
}

/// Continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let tiny = 1e-300;
    let guard = |v: f64| if v.abs() < tiny { tiny } else { v };
    let (qab, qap, qam) = (a + b, a + 1.0, a - 1.0);
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - qab * x / qap);
    let mut h = d;
    for m in 1..MAX_TERMS {
        let m = f64::from(m);
        let m2 = 2.0 * m;
        let even = m * (b - m) * x / ((qam + m2) * (a + m2));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (qab + m) * x / ((a + m2) * (qap + m2));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let delta = d * c;
        h *= delta;
        if (delta - 1.0).abs() < 4e-16 {
            break;
        }
    }
    h
}

/// Quantile of Student's t with `freedom` > 0 degrees of freedom at `p` in (0, 1).
///
/// With x = ν/(ν + t²), the two-sided tail is `I_x(ν/2, ½)`. Above 10⁷ degrees the normal quantile
/// is returned (they differ by less than 1e-6 relative).
#[must_use]
pub fn student_t_quantile(p: f64, freedom: f64) -> f64 {
    if !(p > 0.0 && p < 1.0 && freedom > 0.0) {
        return f64::NAN;
    }
    if freedom > 1e7 {
        return normal_quantile(p);
    }
    if p == 0.5 {
        return 0.0;
    }
    let two_sided = 2.0 * p.min(1.0 - p);
    // W = logit x; t² = ν (1 − x)/x = ν e^−w.
    let w = LogitBeta::new(0.5 * freedom, 0.5).quantile(two_sided, 1.0 - two_sided);
    let t = libm::sqrt(freedom * libm::exp(-w));
    if p < 0.5 { -t } else { t }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn close(a: f64, b: f64, relative: f64) {
        assert!(
            (a - b).abs() <= relative * b.abs().max(1e-300),
            "{a} is not {b}"
        );
    }

    #[test]
    fn normal_quantile_inverts_the_cdf() {
        for p in [1e-300, 1e-16, 1e-12, 1e-6, 0.01, 0.05, 0.2, 0.4, 0.5] {
            close(normal_cdf(normal_quantile(p)), p, 1e-13 * 40.0);
        }
        close(normal_quantile(0.975), 1.959_963_984_540_054, 1e-15);
        close(normal_quantile(1e-12), -7.034_483_825_301_131, 1e-14);
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(1.5).is_nan());
    }

    #[test]
    fn x_minus_ln_1p_is_smooth_across_its_switch() {
        for x in [-0.3, -0.299_999, 0.299_999, 0.3] {
            close(x_minus_ln_1p(x), x - libm::log1p(x), 1e-14);
        }
        close(x_minus_ln_1p(1e-8), 0.5e-16 - 1e-24 / 3.0, 1e-15);
    }

    #[test]
    fn stirling_remainder_is_smooth_across_its_switch() {
        close(
            stirling_remainder(9.999_999_999),
            stirling_remainder(10.0),
            1e-9,
        );
        close(stirling_remainder(1.0), 1.0 - HALF_LN_TWO_PI, 1e-14);
    }

    #[test]
    fn gamma_tails_have_their_closed_forms() {
        // Shape 1 is exponential; shape 2 has P = 1 − (1 + x) e^−x.
        for x in [1e-6, 0.1, 1.0, 5.0, 50.0] {
            let t = LogGamma::new(1.0).tails(libm::log(x));
            close(t.ln_upper, -x, 1e-13);
            let t = LogGamma::new(2.0).tails(libm::log(x));
            close(t.ln_upper, libm::log1p(x) - x, 1e-9);
        }
    }

    #[test]
    fn beta_tails_have_their_closed_forms() {
        // Beta(a, 1) has F = x^a, Beta(1, b) has S = y^b.
        for a in [0.05, 0.5, 1.0, 3.0, 400.0] {
            for w in [-30.0, -3.0, -0.1, 0.0, 2.0, 8.0] {
                let (_, _, ln_x, ln_y) = logistic(w);
                close(LogitBeta::new(a, 1.0).tails(w).ln_lower, a * ln_x, 1e-10);
                close(LogitBeta::new(1.0, a).tails(w).ln_upper, a * ln_y, 1e-10);
            }
        }
    }

    #[test]
    fn student_t_has_its_closed_forms() {
        // One degree of freedom is Cauchy, two have t = (2p − 1)/√(2p(1 − p)).
        for p in [0.001, 0.05, 0.3, 0.9, 0.999] {
            close(student_t_quantile(p, 1.0), libm::tan(PI * (p - 0.5)), 1e-11);
            close(
                student_t_quantile(p, 2.0),
                (2.0 * p - 1.0) / libm::sqrt(2.0 * p * (1.0 - p)),
                1e-11,
            );
        }
        close(
            student_t_quantile(0.975, 30.0),
            2.042_272_456_301_238,
            1e-12,
        );
    }
}
