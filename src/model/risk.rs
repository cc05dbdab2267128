//! What a plan must promise beyond its mean, and how far it keeps that.

use ndarray::Array2;

use super::metric::Metric;
use super::origin::Origin;
use super::target::Bound;

/// The `[risk]` table of a scenario, and `budget.with`.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// Rules that a plan must keep; the budget's, if random costs may exceed it with some probability, last.
    pub rules: Vec<RiskRule>,
    /// What is maximized instead of the expected objective alone.
    pub objective: Option<RiskObjective>,
    /// Trials of the sampled program.
    pub trials: usize,
    /// The scenario's seed; the trials of the program and of the check after it are other ones than the run's.
    pub seed: u64,
}

impl Risk {
    /// Nothing beyond the mean.
    pub const NONE: Self = Self {
        rules: Vec::new(),
        objective: None,
        trials: 10_000,
        seed: 0,
    };

    /// Whether plans have to look at risk.
    #[must_use]
    pub fn applies(&self) -> bool {
        !self.rules.is_empty() || self.objective.is_some()
    }
}

/// A bound on a measure of a random total.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskRule {
    /// Of what. Ratios enter as linear gains: ROAS ≥ a is R − a·S ≥ 0, CPA ≤ a is a·N − S ≥ 0.
    pub metric: Metric,
    /// How it is measured.
    pub measure: RiskMeasure,
    /// The level.
    pub bound: Bound,
    /// Key path, e.g. `risk.cvar` or `budget`.
    pub key: String,
    /// Where it was written.
    pub origin: Origin,
}

/// A measure of a random total over trials.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RiskMeasure {
    /// Mean of the worst 1 − `level` of a gain, of the largest of a loss (spend, the cost-per metrics).
    Cvar {
        /// In (0, 1).
        level: f64,
    },
    /// Probability of meeting the bound at least `with`.
    Probability {
        /// In (0, 1).
        with: f64,
    },
}

/// mean · E\[G\] + cvar · `CVaR`(G) of the scenario's objective G.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskObjective {
    /// Weight of the mean.
    pub mean: f64,
    /// Weight of the mean of the worst 1 − `level`.
    pub cvar: f64,
    /// In (0, 1).
    pub level: f64,
    /// Where it was written.
    pub origin: Origin,
}

/// Shared factors of trials, by tier: all that creators of a trial have in common. Each is the
/// product of the factors named, mean one.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorSample {
    /// On expected conversions: platform, market, and the tier's own; tiers × trials.
    pub conversions: Array2<f64>,
    /// On the order value; tiers × trials.
    pub order: Array2<f64>,
    /// On drawn fees; tiers × trials.
    pub fee: Array2<f64>,
}

/// One risk rule (or the objective's risk part) in a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskState {
    /// Key path.
    pub key: String,
    /// Of what.
    pub metric: Metric,
    /// How it is measured.
    pub measure: RiskMeasure,
    /// What is wanted; `None` for the objective's.
    pub bound: Option<Bound>,
    /// The measured value over the trials of the program: a probability, or a tail mean in the
    /// metric's unit (for ratios: the linear gain's).
    pub in_sample: f64,
    /// Standard error of `in_sample` as an estimate.
    pub in_sample_error: f64,
    /// The same over fresh trials of the whole simulator; `None` until it was measured.
    pub out_of_sample: Option<f64>,
    /// Its standard error.
    pub out_of_sample_error: Option<f64>,
    /// By how much the bound was tightened in the program so that it holds out of sample.
    pub tightened: f64,
}
