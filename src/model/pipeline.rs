//! The pipeline: how new partners come about, and how partners leave.

mod contacts;
mod flow;
mod law;
mod lead;
mod staying;
#[cfg(test)]
mod tests;

use super::origin::Origin;
use crate::distribution::Distribution;

pub use flow::{
    PLAYBOOK_CHURN, PLAYBOOK_LEAD_WEEKS, PLAYBOOK_RATES, PLAYBOOK_REPEAT, Step, StepState,
};
pub use law::PipelineLaw;
pub use lead::{Lead, LeadStep};

/// Recruiting, a month's flow: identified × vetted × contacted × response × partnership. What is not a certain number is drawn
/// once a trial; people pass each step independently of each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// Creators identified a month.
    pub identified: Distribution,
    /// Share of the identified that are vetted.
    pub vetted: Distribution,
    /// Share of the vetted that are contacted.
    pub contacted: Distribution,
    /// Share of the contacted that respond.
    pub response: Distribution,
    /// Share of those who respond that become partners.
    pub partnership: Distribution,
    /// Share of partners that work again in the next month when they are asked to.
    pub repeat: Distribution,
    /// Weeks from being identified to the first post.
    pub lead_weeks: Lead,
    /// Probability that a partner leaves at the end of a month.
    pub churn: Distribution,
    /// Partners at the beginning, one a cell of the model; an expectation where they are those of [`Self::before`] who stay.
    pub starting: Vec<f64>,
    /// Partners of the month before the first, where that happened; `None`: those at the beginning are certain.
    pub before: Option<Before>,
    /// Probability with which the plan's new partnerships must be there, month by month; `None`: in expectation.
    pub with: Option<f64>,
    /// Where it was written.
    pub origin: Origin,
}

/// Partners of the month before the first: who of them stays is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// How many, one a cell of the model.
    pub partners: Vec<f64>,
    /// Whether they are asked to work again, by cell, so that each stays with (1 − churn) × repeat; bound by a term, with 1 − churn.
    pub asked: Vec<bool>,
}

impl Before {
    /// Expected partners who stay, one a cell.
    #[must_use]
    pub fn stay(&self, churn: f64, repeat: f64) -> Vec<f64> {
        let cells = self.partners.iter().zip(&self.asked);
        let stay =
            |(n, asked): (&f64, &bool)| n * (1.0 - churn) * if *asked { repeat } else { 1.0 };
        cells.map(stay).collect()
    }
}
