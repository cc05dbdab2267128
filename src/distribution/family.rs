//! The families and their construction.

use crate::distribution::{DistributionError, DrawTable, QuantileTable, ZTable, interval};
use crate::stats::special::MAX_CONCENTRATION;

/// Least shape of a gamma and least alpha and beta of a beta: below it a table of 2⁻⁵³ resolution
/// no longer shows the distribution.
const MIN_SHAPE: f64 = 1e-3;

/// A distribution of one quantity. Build it with the constructors, which check its parameters.
///
/// ```
/// use influencer_matrix::distribution::Distribution;
///
/// // "1k to 10k" followers: a central 90 % interval.
/// let followers = Distribution::lognormal_interval(1_000.0, 10_000.0)?;
/// assert!((followers.quantile(0.05) - 1_000.0).abs() < 1e-6);
/// assert!((followers.quantile(0.95) - 10_000.0).abs() < 1e-5);
/// assert!((followers.mean() - 4_040.0).abs() < 0.1);
/// # Ok::<(), influencer_matrix::distribution::DistributionError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distribution {
    /// One value with probability one.
    Certain(f64),
    /// exp(mu + sigma Z), Z standard normal.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Density ∝ x^(alpha−1) (1−x)^(beta−1) on [0, 1].
    Beta {
        /// Exponent at 0, above 0.
        alpha: f64,
        /// Exponent at 1, above 0.
        beta: f64,
    },
    /// Density ∝ x^(shape−1) e^(−x/scale).
    Gamma {
        /// Shape, above 0.
        shape: f64,
        /// Scale, above 0, in the unit of the values.
        scale: f64,
    },
    /// A beta on [min, max] with alpha = 1 + 4 (mode − min)/(max − min) and beta = 6 − alpha.
    Pert {
        /// Least value.
        min: f64,
        /// Likeliest value.
        mode: f64,
        /// Largest value.
        max: f64,
    },
    /// Density rising linearly from min to mode and falling linearly to max.
    Triangular {
        /// Least value.
        min: f64,
        /// Likeliest value.
        mode: f64,
        /// Largest value.
        max: f64,
    },
    /// Constant density on [min, max].
    Uniform {
        /// Least value.
        min: f64,
        /// Largest value.
        max: f64,
    },
}

fn finite(what: &'static str, value: f64) -> Result<(), DistributionError> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(DistributionError::NotFinite { what, value })
    }
}

fn positive(what: &'static str, family: &'static str, value: f64) -> Result<(), DistributionError> {
    finite(what, value)?;
    if value > 0.0 {
        Ok(())
    } else {
        Err(DistributionError::NotPositive {
            what,
            family,
            value,
        })
    }
}

fn spread(sd: f64) -> Result<(), DistributionError> {
    finite("sd", sd)?;
    if sd < 0.0 {
        return Err(DistributionError::NegativeSd { value: sd });
    }
    Ok(())
}

fn ordered(
    (low_name, low): (&'static str, f64),
    (high_name, high): (&'static str, f64),
    order: &'static str,
) -> Result<(), DistributionError> {
    finite(low_name, low)?;
    finite(high_name, high)?;
    if low > high {
        return Err(DistributionError::Order {
            low_name,
            low,
            high_name,
            high,
            order,
        });
    }
    Ok(())
}

impl Distribution {
    /// The value `value`, always.
    ///
    /// # Errors
    /// If it is not finite.
    pub fn certain(value: f64) -> Result<Self, DistributionError> {
        finite("value", value)?;
        Ok(Self::Certain(value))
    }

    /// Lognormal of a mean and standard deviation: sigma² = ln(1 + (sd/mean)²),
    /// mu = ln mean − sigma²/2. `sd` 0 is certain.
    ///
    /// # Errors
    /// If the mean is not above 0, or the sd below 0 or more than 1,000 times the mean.
    pub fn lognormal_mean_sd(mean: f64, sd: f64) -> Result<Self, DistributionError> {
        positive("mean", "lognormal", mean)?;
        spread(sd)?;
        if sd == 0.0 {
            return Ok(Self::Certain(mean));
        }
        let ratio = sd / mean;
        if ratio > 1e3 {
            return Err(DistributionError::OutOfRange {
                what: format!("sd {sd} of a lognormal distribution of mean {mean}"),
                hint: "the sd can be at most 1,000 times the mean",
            });
        }
        let variance = libm::log1p(ratio * ratio);
        Ok(Self::LogNormal {
            mu: libm::log(mean) - 0.5 * variance,
            sigma: libm::sqrt(variance),
        })
    }

    /// Lognormal with 5 % quantile `p5` and 95 % quantile `p95`. Equal quantiles are certain.
    ///
    /// # Errors
    /// If they are not above 0 and in order, or p95 is more than 10⁵ times p5.
    pub fn lognormal_interval(p5: f64, p95: f64) -> Result<Self, DistributionError> {
        positive("p5", "lognormal", p5)?;
        positive("p95", "lognormal", p95)?;
        ordered(("p5", p5), ("p95", p95), "p5 ≤ p95")?;
        if p5 == p95 {
            return Ok(Self::Certain(p5));
        }
        if p95 / p5 > 1e5 {
            return Err(DistributionError::OutOfRange {
                what: format!("the interval {p5} to {p95} of a lognormal distribution"),
                hint: "p95 can be at most 100,000 times p5",
            });
        }
        let (low, high) = (libm::log(p5), libm::log(p95));
        Ok(Self::LogNormal {
            mu: 0.5 * (low + high),
            sigma: 0.5 * libm::log(p95 / p5) / interval::Z95,
        })
    }

    /// Beta of a mean and standard deviation: alpha + beta = mean (1 − mean)/sd² − 1. `sd` 0 is
    /// certain.
    ///
    /// # Errors
    /// If the mean is outside [0, 1], or sd² is not below mean (1 − mean).
    pub fn beta_mean_sd(mean: f64, sd: f64) -> Result<Self, DistributionError> {
        finite("mean", mean)?;
        spread(sd)?;
        if !(0.0..=1.0).contains(&mean) {
            return Err(DistributionError::NotInUnit {
                what: "mean",
                value: mean,
            });
        }
        if sd == 0.0 {
            return Ok(Self::Certain(mean));
        }
        let most = mean * (1.0 - mean);
        // A rounding error's width below the limit is the limit.
        if sd * sd >= most * (1.0 - 1e-12) {
            return Err(DistributionError::SdTooLarge {
                mean,
                sd,
                limit: libm::sqrt(most),
            });
        }
        let concentration = most / (sd * sd) - 1.0;
        Self::beta_shape(mean * concentration, (1.0 - mean) * concentration)
    }

    /// Beta of its two exponents.
    ///
    /// # Errors
    /// If one is below 0.001, or their sum above 10⁸.
    pub fn beta_shape(alpha: f64, beta: f64) -> Result<Self, DistributionError> {
        positive("alpha", "beta", alpha)?;
        positive("beta", "beta", beta)?;
        if alpha.min(beta) < MIN_SHAPE || alpha + beta > MAX_CONCENTRATION {
            return Err(DistributionError::OutOfRange {
                what: format!("a beta distribution with alpha {alpha} and beta {beta}"),
                hint: "alpha and beta must be at least 0.001 and their sum at most 100,000,000; \
                       for a narrower spread give one number",
            });
        }
        Ok(Self::Beta { alpha, beta })
    }

    /// The beta with 5 % quantile `p5` and 95 % quantile `p95`, to 1e-9 relative. There is one for
    /// every 0 < p5 < p95 < 1. Equal quantiles are certain.
    ///
    /// # Errors
    /// If they are not in order or touch 0 or 1, or alpha or beta leave their range.
    pub fn beta_interval(p5: f64, p95: f64) -> Result<Self, DistributionError> {
        for (what, value) in [("p5", p5), ("p95", p95)] {
            finite(what, value)?;
            if !(0.0..=1.0).contains(&value) {
                return Err(DistributionError::NotInUnit { what, value });
            }
        }
        ordered(("p5", p5), ("p95", p95), "p5 ≤ p95")?;
        if p5 == p95 {
            return Ok(Self::Certain(p5));
        }
        if p5 == 0.0 || p95 == 1.0 {
            return Err(DistributionError::IntervalAtEnds { p5, p95 });
        }
        let (alpha, beta) =
            interval::beta(p5, p95).ok_or_else(|| DistributionError::OutOfRange {
                what: format!("the interval {p5} to {p95} of a beta distribution"),
                hint: "it is too narrow or too wide; for a narrower one give one number, for a \
                       wider one bounds further from 0 and 1",
            })?;
        Self::beta_shape(alpha, beta)
    }

    /// Gamma of a mean and standard deviation: shape = (mean/sd)², scale = sd²/mean. `sd` 0 is
    /// certain.
    ///
    /// # Errors
    /// If the mean is not above 0, or the sd below 0 or outside 0.0001 to 30 times the mean.
    pub fn gamma_mean_sd(mean: f64, sd: f64) -> Result<Self, DistributionError> {
        positive("mean", "gamma", mean)?;
        spread(sd)?;
        if sd == 0.0 {
            return Ok(Self::Certain(mean));
        }
        let ratio = mean / sd;
        let shape = ratio * ratio;
        if !(MIN_SHAPE..=MAX_CONCENTRATION).contains(&shape) {
            return Err(DistributionError::OutOfRange {
                what: format!("sd {sd} of a gamma distribution of mean {mean}"),
                hint: "the sd must lie between 0.0001 and 30 times the mean; for a narrower \
                       spread give one number",
            });
        }
        Ok(Self::Gamma {
            shape,
            scale: mean / shape,
        })
    }

    /// PERT: a beta on [min, max] whose mean is (min + 4 mode + max)/6. `min` = `max` is certain.
    ///
    /// # Errors
    /// Unless min ≤ mode ≤ max.
    pub fn pert(min: f64, mode: f64, max: f64) -> Result<Self, DistributionError> {
        Self::check_three(min, mode, max)?;
        Ok(if min == max {
            Self::Certain(min)
        } else {
            Self::Pert { min, mode, max }
        })
    }

    /// Triangular. `min` = `max` is certain.
    ///
    /// # Errors
    /// Unless min ≤ mode ≤ max.
    pub fn triangular(min: f64, mode: f64, max: f64) -> Result<Self, DistributionError> {
        Self::check_three(min, mode, max)?;
        Ok(if min == max {
            Self::Certain(min)
        } else {
            Self::Triangular { min, mode, max }
        })
    }

    /// Uniform on [min, max]. `min` = `max` is certain.
    ///
    /// # Errors
    /// Unless min ≤ max.
    pub fn uniform(min: f64, max: f64) -> Result<Self, DistributionError> {
        ordered(("min", min), ("max", max), "min ≤ max")?;
        Self::check_range(min, max)?;
        Ok(if min == max {
            Self::Certain(min)
        } else {
            Self::Uniform { min, max }
        })
    }

    fn check_three(min: f64, mode: f64, max: f64) -> Result<(), DistributionError> {
        let order = "min ≤ mode ≤ max";
        ordered(("min", min), ("mode", mode), order)?;
        ordered(("mode", mode), ("max", max), order)?;
        Self::check_range(min, max)
    }

    fn check_range(min: f64, max: f64) -> Result<(), DistributionError> {
        finite("max − min", max - min)
    }

    /// Name of the family, as in scenario files.
    #[must_use]
    pub fn family(&self) -> &'static str {
        match self {
            Self::Certain(_) => "certain",
            Self::LogNormal { .. } => "lognormal",
            Self::Beta { .. } => "beta",
            Self::Gamma { .. } => "gamma",
            Self::Pert { .. } => "pert",
            Self::Triangular { .. } => "triangular",
            Self::Uniform { .. } => "uniform",
        }
    }

    /// Whether there is no spread.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        matches!(self, Self::Certain(_))
    }

    /// Least and largest possible value; infinite where there is none.
    #[must_use]
    pub fn support(&self) -> (f64, f64) {
        match *self {
            Self::Certain(value) => (value, value),
            Self::LogNormal { .. } | Self::Gamma { .. } => (0.0, f64::INFINITY),
            Self::Beta { .. } => (0.0, 1.0),
            Self::Pert { min, max, .. }
            | Self::Triangular { min, max, .. }
            | Self::Uniform { min, max } => (min, max),
        }
    }

    /// A beta or PERT as alpha, beta, min and range.
    pub(super) fn as_scaled_beta(&self) -> Option<(f64, f64, f64, f64)> {
        match *self {
            Self::Beta { alpha, beta } => Some((alpha, beta, 0.0, 1.0)),
            Self::Pert { min, mode, max } => {
                let range = max - min;
                Some((
                    1.0 + 4.0 * ((mode - min) / range),
                    1.0 + 4.0 * ((max - mode) / range),
                    min,
                    range,
                ))
            }
            _ => None,
        }
    }

    /// The quantile function tabulated over (0, 1).
    #[must_use]
    pub fn table(&self) -> QuantileTable {
        QuantileTable::new(self)
    }

    /// The quantile function as a table that draws from a stream.
    #[must_use]
    pub fn draw_table(&self) -> DrawTable {
        DrawTable::new(self)
    }

    /// The quantile at Φ(z) tabulated over z, for the Gaussian copula.
    #[must_use]
    pub fn z_table(&self) -> ZTable {
        ZTable::new(self)
    }
}
