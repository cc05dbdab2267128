//! Rules of risk as values to be no less than a level, with concave stand-ins where they are not.
//!
//! σₜ = √(Σ x·vₜ) is concave in x, so tail means are not quite concave functions of a plan. With σₜ
//! replaced by a linear function of the variance they are:
//!
//! - the **chord** of the root over a range of variances lies below it, so the tail mean with it is an
//!   upper bound of the true one there: its cuts hold for every plan of that range;
//! - the **tangent** at a plan lies above it, so the tail mean with it is a lower bound, equal at that
//!   plan: what keeps a rule with it keeps the true one.

use super::field::{Field, Totals};
use super::measure::{self, Measured};

/// σₜ as a function of the variance sₜ.
#[derive(Debug, Clone)]
pub(crate) enum Spread {
    /// √sₜ.
    Root,
    /// pₜ + qₜ·sₜ.
    Line(Vec<(f64, f64)>),
}

impl Spread {
    /// σ and ∂σ/∂s of every trial.
    fn of(&self, variance: &[f64]) -> (Vec<f64>, Vec<f64>) {
        match self {
            Self::Root => {
                let sd: Vec<f64> = variance.iter().map(|v| v.sqrt()).collect();
                let largest = sd.iter().fold(0.0_f64, |m, &s| m.max(s));
                // Beside trials with spread none has exactly zero.
                let sd: Vec<f64> = sd.iter().map(|s| s.max(1e-9 * largest)).collect();
                let slope = sd
                    .iter()
                    .map(|&s| if s > 0.0 { 0.5 / s } else { 0.0 })
                    .collect();
                (sd, slope)
            }
            Self::Line(lines) => {
                let sd: Vec<f64> = variance
                    .iter()
                    .zip(lines)
                    .map(|(v, (p, q))| p + q * v)
                    .collect();
                let largest = sd.iter().fold(0.0_f64, |m, &s| m.max(s));
                let sd = sd.iter().map(|s| s.max(1e-9 * largest)).collect();
                (sd, lines.iter().map(|l| l.1).collect())
            }
        }
    }

    /// The tangent at variances.
    pub(crate) fn tangent(variance: &[f64]) -> Self {
        let largest = variance.iter().fold(0.0_f64, |m, &v| m.max(v));
        Self::Line(
            variance
                .iter()
                .map(|&v| {
                    let root = v.max(1e-12 * largest).sqrt();
                    if root > 0.0 {
                        (0.5 * root, 0.5 / root)
                    } else {
                        (0.0, 0.0)
                    }
                })
                .collect(),
        )
    }

    /// The chord over a range of variances in every trial; an end that is not finite leaves 0.
    pub(crate) fn chord(ranges: impl Iterator<Item = (f64, f64)>) -> Self {
        Self::Line(
            ranges
                .map(|(low, high)| {
                    let (low, high) = (low.max(0.0).sqrt(), high.max(0.0).sqrt());
                    let slope = 1.0 / (low + high);
                    if slope.is_finite() && high.is_finite() {
                        (low - low * low * slope, slope)
                    } else {
                        (0.0, 0.0)
                    }
                })
                .collect(),
        )
    }
}

/// How a rule measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Measure {
    /// Mean of the worst 1 − level.
    Tail(f64),
    /// The (1 − p)-quantile: no less than a where P(G ≥ a) ≥ p.
    Quantile(f64),
}

/// Measure of a gain ≥ least.
#[derive(Debug, Clone)]
pub(crate) struct Rule<'a> {
    pub(crate) field: Field<'a>,
    pub(crate) measure: Measure,
    /// In the gain's unit.
    pub(crate) least: f64,
    /// Size of the gain, for tolerances.
    pub(crate) scale: f64,
}

/// A value with its slope in the counts.
#[derive(Debug, Clone)]
pub(crate) struct Slope {
    pub(crate) value: f64,
    pub(crate) by_count: Vec<f64>,
}

impl Rule<'_> {
    pub(crate) fn is_tail(&self) -> bool {
        matches!(self.measure, Measure::Tail(_))
    }

    fn measured(&self, totals: &Totals, sd: &[f64]) -> Measured {
        let (mean, weights) = (&totals.mean, totals.weights);
        match self.measure {
            Measure::Tail(level) => measure::tail_mean(mean, sd, weights, level),
            Measure::Quantile(p) => measure::quantile(mean, sd, weights, 1.0 - p),
        }
    }

    /// The measure of a plan.
    pub(crate) fn value(&self, x: &[f64]) -> Measured {
        let totals = self.field.totals(x);
        self.measured(&totals, &Spread::Root.of(&totals.variance).0)
    }

    /// The measure with a stand-in for σ, and its slope.
    pub(crate) fn slope(&self, x: &[f64], spread: &Spread) -> Slope {
        let totals = self.field.totals(x);
        let (sd, by_variance) = spread.of(&totals.variance);
        let measured = self.measured(&totals, &sd);
        let b: Vec<f64> = measured
            .by_sd
            .iter()
            .zip(&by_variance)
            .map(|(a, b)| a * b)
            .collect();
        Slope {
            value: measured.value,
            by_count: self
                .field
                .slopes(x, &totals, (&measured.by_mean, &b, measured.by_calm)),
        }
    }

    /// P(G ≥ least) of a plan, and its standard error.
    pub(crate) fn probability(&self, x: &[f64]) -> (f64, f64) {
        let totals = self.field.totals(x);
        let sd = Spread::Root.of(&totals.variance).0;
        measure::probability(&totals.mean, &sd, totals.weights, self.least)
    }

    /// The tangent of σ at a plan.
    pub(crate) fn tangent(&self, x: &[f64]) -> Spread {
        Spread::tangent(&self.field.totals(x).variance)
    }

    /// How far a value is above the level, in sizes of the gain.
    pub(crate) fn above(&self, value: f64) -> f64 {
        (value - self.least) / self.scale
    }

    /// Whether a plan keeps the rule.
    pub(crate) fn keeps(&self, x: &[f64]) -> bool {
        self.value(x).value >= self.least
    }
}
