//! Models and counts in, outcomes trial by trial out.
//!
//! The law is that of [`valuation`](crate::model::valuation): a creator of a cell draws followers, rates, fee and delivery
//! once; a cell's conversions are Poisson with the sum of its creators' expectations, its revenue
//! the gamma law of so many orders; shared factors of mean one carry the doubt about averages.
//!
//! - [`Simulator`] is the way in; `job` is what one plan books in one cell, `group` the creators
//!   that jobs of several plans share, and `recipe` how sums over them come about.
//! - `draws` gives every random number its address, so that plans share what they have in common
//!   and any range of trials can be computed anywhere.
//! - `kernel` runs one creator × one quantity at a time over a block of trials; `finish` turns sums
//!   over creators into a cell's columns.
//! - `joint` draws the conversions of plans whose creators act on each other.
//! - `turnover` says who is there: leavers, and whom the pipeline delivers.
//! - `sample` draws the shared factors alone, for plans that look at risk.
//! - `individual` simulates selections: creators of a roster, each with its own law.
//! - `inversion` inverts the two laws of a cell's totals.

mod copula;
mod creators;
mod draws;
mod error;
mod factors;
mod finish;
mod group;
mod individual;
mod inversion;
mod job;
mod joint;
mod kernel;
mod known;
mod recipe;
mod sample;
mod seeds;
mod simulate;
mod tables;
mod turnover;

pub use error::SimulationError;
pub use individual::{OwnBooking, SelectionInput};
pub use sample::{factor_sample, factor_sample_in};
pub use seeds::Seeds;
pub use simulate::{PlanInput, Simulator};

#[cfg(test)]
mod tests;
