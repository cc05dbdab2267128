//! Why a result varies, and what is worth learning.
//!
//! - [`inputs`]: which groups of inputs are random in a plan;
//! - [`IndexCollector`]: Sobol' indices, from simulated trials;
//! - [`tornado`]: every input low and high, from expectations;
//! - [`information`]: what knowing an input before choosing a plan is worth.
//!
//! The last two use that a plan's expected totals, given some of the inputs, are sums over cells of
//! products of factors: they are computed from [`valuation`](crate::model::valuation), without
//! noise where one factor decides. `docs/design/sensitivity.md` has the reasons.

mod collector;
mod creators;
mod information;
mod inputs;
mod parts;
mod row;
mod tornado;

pub use collector::{Columns, IndexCollector};
pub use information::{Choice, information};
pub use inputs::{inputs, tiers_of};
pub use row::{Inputs, METRICS, Measure, SensitivityRow, Subject};
pub use tornado::tornado;

#[cfg(test)]
mod tests;
