//! What keeps plans from being simulated.

use thiserror::Error;

use crate::distribution::DistributionError;

/// Why plans cannot be simulated.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SimulationError {
    /// Counts do not fit the model.
    #[error(
        "plan {plan}: counts are for {found_months} months × {found_cells} cells; the model has {months} × {cells}"
    )]
    Shape {
        /// Name of the plan.
        plan: String,
        /// Months of the model.
        months: usize,
        /// Cells of the model.
        cells: usize,
        /// Rows of the counts.
        found_months: usize,
        /// Columns of the counts.
        found_cells: usize,
    },
    /// A count that no plan can have.
    #[error(
        "plan {plan}: the count of {cell} is {count}; it must be a number from 0 to 10 million"
    )]
    Count {
        /// Name of the plan.
        plan: String,
        /// Key of the cell.
        cell: String,
        /// The count.
        count: f64,
    },
    /// More months than addresses of draws can tell apart.
    #[error("plan {plan}: the horizon is {months} months; at most {most} can be simulated")]
    Months {
        /// Name of the plan.
        plan: String,
        /// Months of the model.
        months: usize,
        /// The most there can be.
        most: usize,
    },
    /// A belief about shared factors that is no law of them.
    #[error("plan {plan}: what is believed of the shared factors is unusable: {reason}")]
    Belief {
        /// Name of the plan.
        plan: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A spread of a shared factor that no lognormal of mean one has.
    #[error("uncertainty.{factor}: {source}")]
    Factor {
        /// Key of the factor.
        factor: &'static str,
        /// What is wrong with it.
        source: DistributionError,
    },
    /// Two owners of draws whose hashes are equal: their draws would be, too.
    #[error(
        "the random streams of {first} and {second} coincide; rename one of their tiers, categories or regions"
    )]
    EqualHashes {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
}
