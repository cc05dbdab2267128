//! What a plan must promise beyond its mean, and how far it keeps that.

use ndarray::Array2;

use super::metric::Metric;
use super::origin::Origin;
use super::target::Bound;
use crate::rng::STREAM_BLOCK;

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

    /// Fresh trials on which a plan's rules are measured while they are tightened: 65,536, or as many as
    /// the program's, in whole blocks.
    #[must_use]
    pub fn tightening_trials(&self) -> usize {
        (8 * STREAM_BLOCK).max(self.trials.next_multiple_of(STREAM_BLOCK))
    }

    /// Fresh trials that shaped no plan, on which the rules of the one that is handed out are measured: 131,072, or as
    /// many as the program's, in whole blocks.
    #[must_use]
    pub fn check_trials(&self) -> usize {
        (16 * STREAM_BLOCK).max(self.trials.next_multiple_of(STREAM_BLOCK))
    }

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

impl RiskMeasure {
    /// Name in the outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cvar { .. } => "cvar",
            Self::Probability { .. } => "probability",
        }
    }
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
    /// The month, from 0; `None` where all months are alike.
    pub month: Option<usize>,
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

/// Standard errors by which a fresh figure is to be better than what is wanted, where that costs little.
pub const SAFE: f64 = 1.0;

/// Relative size of what is mere rounding.
const ROUNDING: f64 = 1e-9;

impl RiskState {
    /// What is wanted of the measured value: a probability, the tail mean's bound, or a linear gain of
    /// at least 0 where the metric is a ratio. `None` for the objective's.
    #[must_use]
    pub fn wanted(&self) -> Option<Bound> {
        let bound = self.bound?;
        Some(match self.measure {
            RiskMeasure::Probability { with } => Bound::AtLeast(with),
            RiskMeasure::Cvar { .. } if self.metric.denominator().is_some() => Bound::AtLeast(0.0),
            RiskMeasure::Cvar { .. } => bound,
        })
    }

    /// By how much a value is better than what is wanted, below 0 if it is worse. `None` for the
    /// objective's.
    #[must_use]
    pub fn margin(&self, value: f64) -> Option<f64> {
        Some(match self.wanted()? {
            Bound::AtLeast(wanted) => value - wanted,
            Bound::AtMost(wanted) => wanted - value,
        })
    }

    /// In a word, for the outputs: `held`, `missed`, or `measured` where nothing is wanted or nothing
    /// fresh was measured.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        match self.held() {
            Some(true) => "held",
            Some(false) => "missed",
            None => "measured",
        }
    }

    /// Whether the rule holds out of sample: the fresh figure itself is no worse than what is wanted. `None` for
    /// the objective's, and before it was measured.
    #[must_use]
    pub fn held(&self) -> Option<bool> {
        self.clear_by(0.0)
    }

    /// Whether it would hold even if the figure were [`SAFE`] standard errors worse. `None` as of
    /// [`held`](Self::held).
    #[must_use]
    pub fn safe(&self) -> Option<bool> {
        self.clear_by(SAFE * self.out_of_sample_error.unwrap_or(0.0))
    }

    fn clear_by(&self, room: f64) -> Option<bool> {
        let found = self.out_of_sample?;
        Some(self.margin(found)? >= room - ROUNDING * found.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(metric: Metric, measure: RiskMeasure, bound: Bound) -> RiskState {
        RiskState {
            key: "risk.cvar".to_owned(),
            month: None,
            metric,
            measure,
            bound: Some(bound),
            in_sample: 0.0,
            in_sample_error: 0.0,
            out_of_sample: None,
            out_of_sample_error: Some(1.0),
            tightened: 0.0,
        }
    }

    #[test]
    fn a_rule_holds_if_the_fresh_figure_itself_keeps_it() {
        let tail = RiskMeasure::Cvar { level: 0.9 };
        let measured = |state: &RiskState, value| RiskState {
            out_of_sample: Some(value),
            ..state.clone()
        };
        let both = |state: &RiskState, value| {
            let state = measured(state, value);
            (state.held().unwrap(), state.safe().unwrap())
        };
        let gain = state(Metric::Revenue, tail, Bound::AtLeast(100.0));
        assert_eq!(both(&gain, 99.9), (false, false));
        assert_eq!(both(&gain, 100.0 - 1e-9), (true, false));
        assert_eq!(both(&gain, 100.9), (true, false));
        assert_eq!(both(&gain, 101.1), (true, true));
        let loss = state(Metric::Spend, tail, Bound::AtMost(100.0));
        assert_eq!(both(&loss, 100.1), (false, false));
        assert_eq!(both(&loss, 98.9), (true, true));
        // a ratio's tail is that of R − 3 S
        let ratio = state(Metric::Roas, tail, Bound::AtLeast(3.0));
        assert_eq!(both(&ratio, -0.1), (false, false));
        assert_eq!(both(&ratio, 0.1), (true, false));
        let share = RiskState {
            out_of_sample_error: Some(0.01),
            ..state(
                Metric::Roas,
                RiskMeasure::Probability { with: 0.8 },
                Bound::AtLeast(3.0),
            )
        };
        assert_eq!(both(&share, 0.7999), (false, false));
        assert_eq!(both(&share, 0.805), (true, false));
        assert_eq!(both(&share, 0.815), (true, true));
        assert_eq!(gain.held(), None);
        let objective = RiskState {
            bound: None,
            ..gain
        };
        let found = measured(&objective, 5.0);
        assert_eq!((objective.margin(5.0), found.held()), (None, None));
    }
}
