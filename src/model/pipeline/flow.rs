//! What follows from a pipeline's expectations.

use ndarray::Array2;

use super::Pipeline;
use crate::distribution::Distribution;
use crate::model::{Horizon, Origin};

/// The playbook's share of vetted among identified, contacted among vetted (20 of 30), response and partnership rate.
pub const PLAYBOOK_RATES: [f64; 4] = [0.30, 2.0 / 3.0, 0.30, 0.50];
/// The playbook's creators identified a month.
const PLAYBOOK_IDENTIFIED: f64 = 100.0;
/// The playbook's least share of partners that work again.
pub const PLAYBOOK_REPEAT: f64 = 0.70;
/// The playbook's limit of churn a month.
pub const PLAYBOOK_CHURN: f64 = 0.10;
/// The playbook's limit of weeks until the first content.
pub const PLAYBOOK_LEAD_WEEKS: f64 = 6.0;
/// Points by which steps are compared where all meet the playbook.
const POINTS: f64 = 0.10;

/// A step of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Creators found.
    Identified,
    /// Creators looked at.
    Vetted,
    /// Creators written to.
    Contacted,
    /// Creators who answer.
    Response,
    /// Those who answer and become partners.
    Partnership,
}

impl Step {
    /// All, in order.
    pub const ALL: [Self; 5] = [
        Self::Identified,
        Self::Vetted,
        Self::Contacted,
        Self::Response,
        Self::Partnership,
    ];

    /// Its key below `[pipeline]`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identified => "identified",
            Self::Vetted => "vetted",
            Self::Contacted => "contacted",
            Self::Response => "response",
            Self::Partnership => "partnership",
        }
    }

    /// The playbook's figure: a number for the identified, a rate for the others.
    #[must_use]
    pub fn target(self) -> f64 {
        match self {
            Self::Identified => PLAYBOOK_IDENTIFIED,
            Self::Vetted => PLAYBOOK_RATES[0],
            Self::Contacted => PLAYBOOK_RATES[1],
            Self::Response => PLAYBOOK_RATES[2],
            Self::Partnership => PLAYBOOK_RATES[3],
        }
    }
}

/// What a step passes on, and what it would bring to improve it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepState {
    /// Which.
    pub step: Step,
    /// Expected number identified, or expected rate.
    pub value: f64,
    /// Expected creators a month after it.
    pub after: f64,
    /// Further partners a month at the playbook's figure; 0 where it is met.
    pub gain_to_target: f64,
    /// Further partners a month with ten points more (at most all pass), or with ten percent more identified.
    pub gain_of_ten: f64,
}

impl Pipeline {
    /// The rates that are passed one after another: vetted, contacted, response, partnership.
    #[must_use]
    pub fn rates(&self) -> [Distribution; 4] {
        [self.vetted, self.contacted, self.response, self.partnership]
    }

    /// The pipeline by itself: without what a plan makes of it, where it was written and whom it begins with.
    #[must_use]
    pub fn without_plan(self) -> Self {
        Self {
            starting: Vec::new(),
            with: None,
            origin: Origin::Default,
            ..self
        }
    }

    /// The law of a step.
    #[must_use]
    pub fn of(&self, step: Step) -> &Distribution {
        match step {
            Step::Identified => &self.identified,
            Step::Vetted => &self.vetted,
            Step::Contacted => &self.contacted,
            Step::Response => &self.response,
            Step::Partnership => &self.partnership,
        }
    }

    /// Expected new partners a month once the lead time has passed: E\[N\] × the product of the expected rates.
    #[must_use]
    pub fn flow(&self) -> f64 {
        let rates = self.rates();
        self.identified.mean() * rates.iter().map(Distribution::mean).product::<f64>()
    }

    /// Partners at which as many leave as come, if everyone who has not left works in every month: flow × E\[1 / churn\]; infinite if
    /// nobody leaves, or churn may be too close to 0.
    #[must_use]
    pub fn steady_partners(&self) -> f64 {
        self.flow() * self.months_until_leaving()
    }

    /// w\[k, m\], months identified × months of first posts: the probability that one identified in month k and bound to become a partner posts
    /// first in month m. The day of identification is spread evenly over the month, the first post comes the [`Lead`](super::Lead)'s days later, averaged over its law;
    /// what is missing from one in a row comes after the horizon. Nothing is under way when the horizon begins.
    #[must_use]
    pub fn landing(&self, horizon: &Horizon) -> Array2<f64> {
        let months = horizon.months.len();
        let leads = self.lead_weeks.days();
        let starts: Vec<f64> = (0..=months)
            .map(|m| f64::from(horizon.first_day(m)))
            .collect();
        Array2::from_shape_fn((months, months), |(k, m)| {
            let days = |lead: &f64| {
                let from = (starts[k] + lead).max(starts[m]);
                let until = (starts[k + 1] + lead).min(starts[m + 1]);
                (until - from).max(0.0)
            };
            let mean = leads.iter().map(days).sum::<f64>() / leads.len() as f64;
            mean / (starts[k + 1] - starts[k])
        })
    }

    /// All steps with what they pass on.
    #[must_use]
    pub fn steps(&self) -> Vec<StepState> {
        let flow = self.flow();
        let mut after = 1.0;
        let state = |step: Step| {
            let value = self.of(step).mean();
            after *= value;
            let more = |to: f64| {
                if value > 0.0 {
                    (flow * (to / value - 1.0)).max(0.0)
                } else {
                    // The other steps at theirs.
                    let rest = Step::ALL.into_iter().filter(|&other| other != step);
                    to * rest.map(|other| self.of(other).mean()).product::<f64>()
                }
            };
            let ten = match step {
                Step::Identified => value * (1.0 + POINTS),
                _ => (value + POINTS).min(1.0),
            };
            StepState {
                step,
                value,
                after,
                gain_to_target: more(step.target()),
                gain_of_ten: more(ten),
            }
        };
        Step::ALL.into_iter().map(state).collect()
    }

    /// The step that holds the flow back most: the one whose improvement to the playbook's figure brings most further partners. Where all meet
    /// it, the rate of which ten points more bring most. (By ten percent every step brings the same: the flow is a product.)
    #[must_use]
    pub fn bottleneck(&self) -> StepState {
        let steps = self.steps();
        let most = |gain: fn(&StepState) -> f64, of: &[StepState]| {
            of.iter().copied().fold(of[0], |best, step| {
                if gain(&step) > gain(&best) {
                    step
                } else {
                    best
                }
            })
        };
        let short = most(|s| s.gain_to_target, &steps);
        // A rate written with two figures meets the playbook's 2/3.
        if short.gain_to_target > 0.01 * self.flow() {
            short
        } else {
            most(|s| s.gain_of_ten, &steps[1..])
        }
    }
}
