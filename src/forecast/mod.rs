//! From trials to the quarter's forecast and cash: what is booked, earned and still to come, and what is paid and received, by month.
//!
//! A month's posts cost and yield what their outcome says, whenever that comes. This room says when: sales follow posts
//! with the half-life ([`Response`](crate::model::Response)), money follows both by the terms of payment
//! ([`Payment`](crate::model::Payment)). With `T_m` the end of month m, P the share of posts that have appeared and F the share of
//! sales that are made:
//!
//! - of the fees of a month's posts, `P(T_r − n) − P(T_{r−1} − n)` is paid in month r, n days after posting
//! - of what is sold in month s, `(F(min(T_s, T_r − n)) − F(T_{s−1})) / (F(T_s) − F(T_{s−1}))` is received (or paid, of commissions) until the end
//!   of month r
//! - retainers, product and handling are paid in their month, and so is what incidents cost, where posts appear days after
//!   the booking when they do
//!
//! What falls behind the horizon is owed or due, never lost: in every trial paid + owed = spend and received + due = revenue.

mod collector;
mod flows;
mod row;
mod timing;

pub use collector::{Collector, applies};
pub use row::{CashMetric, CashRow, ForecastMetric, ForecastRow};

#[cfg(test)]
mod tests;
