//! Ambassador levels: commitments over months.

use ndarray::Array2;

use super::Model;
use super::cell::{BookedAs, Terms};
use super::origin::Origin;
use super::valuation;

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

/// What a plan's ambassadors of a cell are owed after the horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Commitment {
    /// Index into [`Model::cells`]: a level from its start.
    pub cell: usize,
    /// Partnerships in the last month.
    pub count: f64,
    /// Months of their term that lie after the horizon.
    pub months: usize,
    /// Expected cost of those months, each as the last month of the horizon, in currency.
    pub spend: f64,
}

/// What terms that end after the horizon owe, cell by cell: partnerships of the last month × months left × their expected cost in that month.
/// It is in no month's budget. `counts` are months × cells.
#[must_use]
pub fn commitments_beyond(model: &Model, counts: &Array2<f64>) -> Vec<Commitment> {
    let Some(last) = counts.nrows().checked_sub(1) else {
        return Vec::new();
    };
    let row = counts.row(last).to_vec();
    let units = valuation::units_in_month(model, last, &row);
    let owed = |cell: usize| {
        let BookedAs::Level { level, start } = model.cells[cell].booked_as else {
            return None;
        };
        let ends = start + model.horizon.levels[level].term_months;
        let months = ends.saturating_sub(last + 1);
        (row[cell] > 0.0 && months > 0).then(|| Commitment {
            cell,
            count: row[cell],
            months,
            spend: row[cell] * months as f64 * units[cell].spend,
        })
    };
    (0..model.cells.len()).filter_map(owed).collect()
}
