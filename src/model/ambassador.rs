//! Ambassador levels: commitments over months.

use super::cell::Terms;
use super::origin::Origin;

/// A level of ambassadors (bronze, silver, gold): who starts stays for a term, is paid a retainer a month and
/// converts better with tenure.
///
/// In the month of tenure k (0 in the first) conversions are multiplied by
/// `1 + min(tenure_lift · k, tenure_lift_max)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Its name.
    pub name: String,
    /// Indices of the tiers it is offered to.
    pub tiers: Vec<usize>,
    /// Terms a month: the retainer is the fee amount.
    pub terms: Terms,
    /// Least months from the start; what lies beyond the horizon is committed and not in the plan.
    pub term_months: usize,
    /// Added to the factor on conversions by every month of tenure.
    pub tenure_lift: f64,
    /// Most that tenure adds.
    pub tenure_lift_max: f64,
    /// Where it was written.
    pub origin: Origin,
}

impl Level {
    /// Factor on conversions in a month of tenure, 0 being the first.
    #[must_use]
    pub fn lift(&self, tenure: usize) -> f64 {
        1.0 + (self.tenure_lift * tenure as f64).min(self.tenure_lift_max)
    }
}
