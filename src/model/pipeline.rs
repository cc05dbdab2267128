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
    /// Partners at the beginning, one a cell of the model.
    pub starting: Vec<f64>,
    /// Probability with which the plan's new partnerships must be there, month by month; `None`: in expectation.
    pub with: Option<f64>,
    /// Where it was written.
    pub origin: Origin,
}
