//! Mean, variance and mean inverse of the families.

use crate::distribution::Distribution;
use crate::distribution::curve::Curve;
use crate::stats::special::{normal_pdf, x_minus_ln_1p};

impl Distribution {
    /// Expectation E\[X\].
    #[must_use]
    pub fn mean(&self) -> f64 {
        match *self {
            Self::Certain(value) => value,
            Self::LogNormal { mu, sigma } => libm::exp(mu + 0.5 * sigma * sigma),
            Self::Beta { alpha, beta } => alpha / (alpha + beta),
            Self::Gamma { shape, scale } => shape * scale,
            Self::Pert { min, mode, max } => (min + 4.0 * mode + max) / 6.0,
            Self::Triangular { min, mode, max } => (min + mode + max) / 3.0,
            Self::Uniform { min, max } => 0.5 * (min + max),
        }
    }

    /// Variance E\[(X − E\[X\])²\].
    #[must_use]
    pub fn variance(&self) -> f64 {
        if let Some((alpha, beta, _, range)) = self.as_scaled_beta() {
            let n = alpha + beta;
            return range * range * (alpha / n) * (beta / n) / (n + 1.0);
        }
        match *self {
            Self::LogNormal { sigma, .. } => {
                let mean = self.mean();
                mean * mean * libm::expm1(sigma * sigma)
            }
            Self::Gamma { shape, scale } => shape * scale * scale,
            Self::Triangular { min, mode, max } => {
                let (a, b) = (mode - min, max - mode);
                (a * a + a * b + b * b) / 18.0
            }
            Self::Uniform { min, max } => (max - min) * (max - min) / 12.0,
            _ => 0.0,
        }
    }

    /// Standard deviation.
    #[must_use]
    pub fn sd(&self) -> f64 {
        libm::sqrt(self.variance())
    }

    /// E\[1/X\], needed where a cost-per figure is a distribution: yield per yuan is its inverse.
    ///
    /// Closed forms: lognormal exp(−mu + sigma²/2); gamma 1/(scale (shape − 1)); beta
    /// (alpha + beta − 1)/(alpha − 1); uniform ln(max/min)/(max − min); triangular from its two
    /// straight pieces. A PERT away from zero is integrated: ∫ φ(z)/Q(Φ(z)) dz by the trapezoid
    /// rule, which converges exponentially here.
    ///
    /// `None` where it is infinite or undefined: where values near zero are too likely, or
    /// possible on both sides.
    #[must_use]
    pub fn mean_of_inverse(&self) -> Option<f64> {
        match *self {
            Self::Certain(value) => (value != 0.0).then(|| 1.0 / value),
            Self::LogNormal { mu, sigma } => Some(libm::exp(0.5 * sigma * sigma - mu)),
            Self::Gamma { shape, scale } => (shape > 1.0).then(|| 1.0 / (scale * (shape - 1.0))),
            Self::Uniform { min, max } => {
                (min > 0.0 || max < 0.0).then(|| libm::log1p((max - min) / min) / (max - min))
            }
            Self::Triangular { min, mode, max } => triangular_inverse(min, mode, max),
            Self::Beta { .. } | Self::Pert { .. } => {
                let (alpha, beta, min, range) = self.as_scaled_beta()?;
                if min == 0.0 {
                    (alpha > 1.0).then(|| (alpha + beta - 1.0) / ((alpha - 1.0) * range))
                } else if min + range == 0.0 {
                    (beta > 1.0).then(|| -(alpha + beta - 1.0) / ((beta - 1.0) * range))
                } else if min > 0.0 || min + range < 0.0 {
                    Some(self.integrate(|x| 1.0 / x))
                } else {
                    None
                }
            }
        }
    }

    /// E\[f(X)\] by the trapezoid rule over z, X = Q(Φ(z)).
    fn integrate(&self, f: impl Fn(f64) -> f64) -> f64 {
        let curve = Curve::new(self);
        let (mut sum, mut weights) = (0.0, 0.0);
        for i in -268..=268_i32 {
            let z = f64::from(i) / 32.0;
            let weight = normal_pdf(z);
            sum += weight * f(curve.at(z).0);
            weights += weight;
        }
        sum / weights
    }
}

/// E\[1/X\] of a triangular distribution: 2/(b − a) × [a ψ((c − a)/a)/(c − a) + b ψ((c − b)/b)/(b − c)]
/// with ψ(x) = x − ln(1 + x), a the least, c the likeliest and b the largest value.
fn triangular_inverse(a: f64, c: f64, b: f64) -> Option<f64> {
    if a < 0.0 && b > 0.0 || a == 0.0 && c == 0.0 || b == 0.0 && c == 0.0 {
        return None;
    }
    // (c − a) − a ln(c/a) tends to c − a as a → 0, and to 0 as c → a; likewise at the other end.
    let piece = |end: f64, width: f64| {
        if end == 0.0 {
            1.0
        } else if width == 0.0 {
            0.0
        } else {
            end * x_minus_ln_1p(width / end) / width
        }
    };
    Some(2.0 / (b - a) * (piece(a, c - a) - piece(b, c - b)))
}
