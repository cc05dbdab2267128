//! Statistics over trials: what `summary.parquet` and the headline hold.
//!
//! A [`Collector`] takes blocks of trials in order and keeps, for every scope of every plan, either all
//! trials (quantiles are then exact, type 7) or, beyond a fixed number of trials, moments and
//! a sketch with fixed bins. Which of the two depends on the number of trials alone. Moments are merged granule by
//! granule, so no figure depends on threads or block sizes.
//!
//! Trials take turns among sixteen independent replicates of the points of the shared factors; errors
//! come from the spread of the replicates, not from an assumption that trials are independent.

mod collector;
mod difference;
mod estimate;
mod row;
mod scopes;
mod series;
mod store;
mod stream;

pub use collector::{Collector, Planned, kept_a_month, kept_of_totals};
pub use difference::{DifferenceEstimate, DifferenceRow};
pub use row::{Estimate, Histogram, QUANTILES, ScopeKey, ScopeKind, SummaryRow};
pub use scopes::Scopes;
pub use series::Series;

// Trials take turns among the replicates of the points that they are drawn from.
const _: () = assert!(crate::rng::REPLICATES == crate::stats::REPLICATES);
