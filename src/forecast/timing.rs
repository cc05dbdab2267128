//! When money moves, as shares by month.

use crate::model::{Horizon, Response};

/// Shares of an amount by the month it is paid or received in; what is missing from 1 comes after the horizon.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Shares(pub(super) Vec<(usize, f64)>);

impl Shares {
    /// From the share that has moved by the end of each month, from `month` on.
    fn of(month: usize, moved: impl Iterator<Item = f64>) -> Self {
        let mut before = 0.0;
        let mut shares = Vec::new();
        for (month, by) in (month..).zip(moved) {
            if by > before {
                shares.push((month, by - before));
                before = by;
            }
        }
        Self(shares)
    }

    /// Shares of the fees of a month's posts that are paid `days` after each post.
    pub(super) fn of_posts(horizon: &Horizon, month: usize, posts: &Response, days: f64) -> Self {
        let ends = month..horizon.months.len();
        Self::of(month, ends.map(|m| posts.posted_by(end(horizon, m) - days)))
    }

    /// Shares of what posts sell in one month that move `days` after each sale.
    pub(super) fn of_sales(horizon: &Horizon, sold_in: usize, posts: &Response, days: f64) -> Self {
        let last = end(horizon, sold_in);
        let before = posts.sold_by(f64::from(horizon.first_day(sold_in)));
        let all = posts.sold_by(last) - before;
        let months = sold_in..horizon.months.len();
        Self::of(
            sold_in,
            months.map(|m| {
                let until = end(horizon, m) - days;
                if until >= last {
                    1.0
                } else if all > 0.0 {
                    ((posts.sold_by(until) - before) / all).clamp(0.0, 1.0)
                } else {
                    0.0
                }
            }),
        )
    }
}

fn end(horizon: &Horizon, month: usize) -> f64 {
    f64::from(horizon.first_day(month + 1))
}
