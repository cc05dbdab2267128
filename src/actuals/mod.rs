//! Months that happened: what they say about the shared factors, what is left to plan, and how plan, actuals and forecast differ.
//!
//! - `update` conditions the shared factors on actual totals: a Gaussian posterior in closed form, from observations that `observe`
//!   makes of the file's rows and `spread` weighs;
//! - `remaining` is the problem of the months to come: their budgets, waves, commitments, and what is believed by then; `there` says who
//!   was booked, `known` what is carried on of them, `over` moves the rules over the whole horizon;
//! - `past` puts the actual totals in front of what is simulated, the same in every trial;
//! - `doubts` names rows that can hardly be what they say, and `later` counts months in sentences from the first;
//! - `variance` sets plan, actuals and forecast beside each other.
//!
//! The model is in docs/design/actuals.md.

mod doubts;
mod known;
mod lasting;
mod later;
mod linear;
mod observe;
mod over;
mod past;
mod remaining;
mod spread;
mod there;
mod update;
mod variance;

#[cfg(test)]
mod tests;

pub use later::count_from_the_first;
pub use past::Past;
pub use remaining::{NothingLeft, Remaining, closed, remaining};
pub use update::{Learned, learned, posterior};
pub use variance::{VarianceRow, variance};
