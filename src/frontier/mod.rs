//! A walk over one key of a scenario: what plans yield at each value, and what the next bit more brings.
//!
//! Every value is a point with a plan of its own, all simulated on common draws. Of two neighbouring points
//! with expected totals R, S and R′, S′ of revenue and spend the **marginal** revenue is
//!
//! ```text
//! (R′ − R)/(S′ − S)
//! ```
//!
//! the revenue that the next unit of currency brings (marginal ROAS), and likewise for the other totals; the
//! **slope** is (R′ − R)/(v′ − v), per unit of the key. The simulated counterpart of a marginal is the ratio
//! of the mean differences over trials, Σ(R′ₜ − Rₜ)/Σ(S′ₜ − Sₜ), with the error of that ratio.

mod collector;
mod knee;
mod least;
mod row;
mod values;

pub use collector::Totals;
pub use knee::{Knee, Pays, dominated, knees};
pub use least::{Evidence, Least, Verdict, least};
pub use row::{FrontierRow, Point, rows};
pub use values::{Axis, By, between, spread, weights};
