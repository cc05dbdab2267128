//! Quantiles and distribution functions of the families.

use crate::distribution::Distribution;
use crate::stats::special::{
    LogConcave, LogGamma, LogitBeta, logistic, normal_cdf, normal_quantile,
};

impl Distribution {
    /// Quantile: the least x with P(X ≤ x) ≥ p. The ends of the support at 0 and 1, NaN outside.
    ///
    /// Relative error below 1e-12 for p in [1e-12, 1 − 1e-12] and parameters of moderate size
    /// (concentration up to 10⁴); above p = ½ the error of 1 − p itself limits it.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        self.quantile_of_tails(p, 1.0 - p)
    }

    /// The value with probability `p` below and `q` above; the smaller one decides.
    pub(super) fn quantile_of_tails(&self, p: f64, q: f64) -> f64 {
        if !(0.0..=1.0).contains(&p) {
            return f64::NAN;
        }
        if let Self::Certain(value) = *self {
            return value;
        }
        let (low, high) = self.support();
        if p == 0.0 {
            return low;
        }
        if q == 0.0 {
            return high;
        }
        if let Some((alpha, beta, min, range)) = self.as_scaled_beta() {
            let w = LogitBeta::new(alpha, beta).quantile(p, q);
            let (x, y, _, _) = logistic(w);
            return if x < 0.5 {
                min + range * x
            } else {
                (min + range) - range * y
            };
        }
        match *self {
            Self::LogNormal { mu, sigma } => {
                let z = if p < q {
                    normal_quantile(p)
                } else {
                    -normal_quantile(q)
                };
                libm::exp(mu + sigma * z)
            }
            Self::Gamma { shape, scale } => scale * libm::exp(LogGamma::new(shape).quantile(p, q)),
            Self::Uniform { min, max } => {
                if p < q {
                    min + (max - min) * p
                } else {
                    max - (max - min) * q
                }
            }
            Self::Triangular { min, mode, max } => {
                let range = max - min;
                let (rise, fall) = (mode - min, max - mode);
                if p * range <= rise {
                    min + libm::sqrt(p * range * rise)
                } else if p < q {
                    // 1 − √(1 − r) without cancellation, r the share of the falling side passed.
                    let r = (p * range - rise) / fall;
                    mode + fall * r / (1.0 + libm::sqrt(1.0 - r))
                } else {
                    max - libm::sqrt(q * range * fall)
                }
            }
            _ => f64::NAN,
        }
    }

    /// Of a uniform or triangular distribution: quantile at t, or at 1 − t for the upper side, and its
    /// derivative with respect to t.
    pub(super) fn quantile_and_slope(&self, t: f64, upper: bool) -> (f64, f64) {
        let sign = if upper { -1.0 } else { 1.0 };
        let (p, q) = if upper { (1.0 - t, t) } else { (t, 1.0 - t) };
        let density = match *self {
            Self::Uniform { min, max } => 1.0 / (max - min),
            _ => self.triangular_pdf_at_tails(p, q),
        };
        (self.quantile_of_tails(p, q), sign / density)
    }

    /// Density of a triangular distribution where the tails are `p` and `q`.
    pub(super) fn triangular_pdf_at_tails(&self, p: f64, q: f64) -> f64 {
        let Self::Triangular { min, mode, max } = *self else {
            return f64::NAN;
        };
        let range = max - min;
        if p * range <= mode - min {
            2.0 * libm::sqrt(p / (range * (mode - min)))
        } else {
            2.0 * libm::sqrt(q / (range * (max - mode)))
        }
    }

    /// P(X ≤ x); NaN for NaN.
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        let (low, high) = self.support();
        if x >= high {
            return 1.0;
        }
        if x <= low {
            return 0.0;
        }
        if let Some((alpha, beta, min, range)) = self.as_scaled_beta() {
            let w = libm::log((x - min) / (min + range - x));
            return libm::exp(LogitBeta::new(alpha, beta).tails(w).ln_lower);
        }
        match *self {
            Self::LogNormal { mu, sigma } => normal_cdf((libm::log(x) - mu) / sigma),
            Self::Gamma { shape, scale } => {
                libm::exp(LogGamma::new(shape).tails(libm::log(x / scale)).ln_lower)
            }
            Self::Uniform { min, max } => (x - min) / (max - min),
            Self::Triangular { min, mode, max } => {
                let range = max - min;
                if x <= mode {
                    (x - min) / range * ((x - min) / (mode - min))
                } else {
                    1.0 - (max - x) / range * ((max - x) / (max - mode))
                }
            }
            _ => f64::NAN,
        }
    }
}
