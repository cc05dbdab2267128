//! From a model to its plan: an integer program over the counts of creators.
//!
//! - [`plan`] is the room's door;
//! - `program` writes the constraints down as linear rows, `goal` the objective;
//! - `presolve` bounds every count, `solver` solves, `backend` is the only file that names solvers;
//! - `ratio` makes ratios of sums linear;
//! - `whole` searches for the best whole-number plan, along the neighbours of `search`;
//! - `horizon` plans several months, each by itself or all in one program;
//! - `joint` plans creators that act on each other, by a sequence of such programs;
//! - `state` says what binds and what holds the budget, `price` what a bound is worth, how far, and
//!   what an unused cell lacks;
//! - `confirm` asks a second time where a search says that there is no point;
//! - `certify` recomputes bounds that others only give their word for;
//! - `alternatives` looks for other plans that are as good;
//! - `conflict` explains why there is no plan;
//! - [`plan_at_risk`] plans models with rules or objectives of risk, by cuts to such programs;
//! - [`select`] books the creators of a roster one by one;
//! - `check` holds a plan against the rules without looking at any of the above.

mod alternatives;
mod backend;
mod branch;
mod certify;
mod check;
mod confirm;
mod conflict;
mod goal;
mod horizon;
mod joint;
mod plan;
mod presolve;
mod price;
mod program;
mod ratio;
mod risk;
#[cfg(test)]
pub(crate) mod sample;
mod search;
mod select;
mod simplex;
mod solver;
mod state;
#[cfg(test)]
mod tests;
mod whole;
mod words;

pub use alternatives::{APART, no_alternatives};
pub use check::{Violation, check, check_plan};
pub use horizon::{by_month, hang_together};
pub use plan::{is_feasible, plan, plan_at_risk};
pub use select::{Booking, Selection, check_selection, select};
