//! When sales come: a post sells on for days, and posts are spread over a month's or a wave's days.
//!
//! Time t is in days from the beginning of the horizon. A post made at u has sold by t ≥ u the share `1 − 2^(−(t−u)/h)`
//! of all it ever sells, h being the half-life. Posts are spread evenly over the days from a to b, so that by t
//!
//! ```text
//! P(t) = (t − a)/(b − a)                        are posted, and of their sales
//! F(t) = 1/(b − a) ∫ₐᵐⁱⁿ⁽ᵗ'ᵇ⁾ 1 − e^(−k(t−u)) du,   k = ln 2/h,
//!      = P(t) (1 − φ(k (t − a)))                 for a ≤ t ≤ b
//!      = 1 − φ(k (b − a)) e^(−k(t−b))            for t ≥ b,   φ(x) = (1 − e^(−x))/x
//! ```
//!
//! are made. With h = 0 sales are made when posts are.
//!
//! Where a partnership's terms say that its posts come days after it is booked ([`super::Terms::post_days`]), the days from a to b
//! are that much later, beyond the month and beyond the horizon too. What it yields stays booked to the month it is booked in.

use std::ops::Range;

use super::Model;
use super::cell::BookedAs;

/// When the posts of a cell in a month appear, and how their sales follow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Response {
    /// First instant of the days they are spread over, in days from the beginning of the horizon.
    pub from: f64,
    /// The instant those days end.
    pub to: f64,
    /// Days after a post by which half of its sales have come; 0: all at once.
    pub half_life: f64,
}

impl Response {
    /// Share of the posts that have appeared by `day`.
    #[must_use]
    pub fn posted_by(&self, day: f64) -> f64 {
        if day <= self.from {
            0.0
        } else if day >= self.to {
            1.0
        } else {
            (day - self.from) / (self.to - self.from)
        }
    }

    /// Share of all sales that have been made by `day`: F(t) above.
    #[must_use]
    pub fn sold_by(&self, day: f64) -> f64 {
        let posted = self.posted_by(day);
        // Posts do not sell before they appear, nor does the instant of the first one.
        if self.half_life <= 0.0 || posted <= 0.0 {
            return posted;
        }
        let k = std::f64::consts::LN_2 / self.half_life;
        if day < self.to {
            posted * (1.0 - phi(k * (day - self.from)))
        } else {
            1.0 - phi(k * (self.to - self.from)) * libm::exp(-k * (day - self.to))
        }
    }
}

/// (1 − e^(−x))/x, the mean of e^(−u) over u from 0 to x; 1 at 0.
fn phi(x: f64) -> f64 {
    if x > 0.0 { -libm::expm1(-x) / x } else { 1.0 }
}

impl Model {
    /// Days on which posts of what a cell books in a month appear, from the first of the horizon: the month's days, or the
    /// wave's in it, and as many days later as the terms say. Empty for a wave that has no day in the month.
    #[must_use]
    pub fn days_of_posts(&self, month: usize, cell: usize) -> Range<u32> {
        let horizon = &self.horizon;
        let (mut from, mut to) = (horizon.first_day(month), horizon.first_day(month + 1));
        if let BookedAs::Wave(wave) = self.cells[cell].booked_as {
            let wave = &horizon.waves[wave];
            from = wave.first_day.clamp(from, to);
            to = (wave.first_day + wave.days).clamp(from, to);
        }
        let later = self.cells[cell].terms.post_days;
        from + later..to + later
    }

    /// When the posts of what a cell books in a month appear and how their sales follow: spread evenly over
    /// [`Model::days_of_posts`].
    #[must_use]
    pub fn response(&self, month: usize, cell: usize) -> Response {
        let days = self.days_of_posts(month, cell);
        Response {
            from: f64::from(days.start),
            to: f64::from(days.end),
            half_life: self.horizon.response_half_life_days,
        }
    }

    /// Whether sales of what a cell books in a month may be made after the month.
    #[must_use]
    pub fn sells_later(&self, cell: usize) -> bool {
        self.horizon.response_half_life_days > 0.0 || self.cells[cell].terms.post_days > 0
    }

    /// Whether posts of any cell appear days after they are booked.
    #[must_use]
    pub fn posts_later(&self) -> bool {
        self.cells.iter().any(|cell| cell.terms.post_days > 0)
    }

    /// The season of what a cell books in a month: that of the days its posts appear on. Where they come later than they
    /// are booked it is the mean of the months they appear in, weighted by the share of posts in each; a month behind the
    /// horizon, of which nothing is said, has 1.
    #[must_use]
    pub fn season(&self, month: usize, cell: usize) -> f64 {
        let horizon = &self.horizon;
        let own = horizon.months.get(month).map_or(1.0, |m| m.seasonality);
        if self.cells[cell].terms.post_days == 0 {
            return own;
        }
        let posts = self.response(month, cell);
        let (mut season, mut before) = (own, 0.0);
        for later in month..self.months {
            let by = posts.posted_by(f64::from(horizon.first_day(later + 1)));
            // As differences, so that equal months give it exactly.
            season += (by - before) * (horizon.months[later].seasonality - own);
            before = by;
        }
        season + (1.0 - before) * (1.0 - own)
    }

    /// Whether two months of the horizon have the same season, also for what is posted days after it is booked.
    #[must_use]
    pub fn same_season(&self, a: usize, b: usize) -> bool {
        let months = &self.horizon.months;
        let later = |cell: &usize| self.cells[*cell].terms.post_days > 0;
        let of = |month: usize, cell: usize| self.season(month, cell).to_bits();
        months[a].seasonality.to_bits() == months[b].seasonality.to_bits()
            && (0..self.cells.len())
                .filter(later)
                .all(|cell| of(a, cell) == of(b, cell))
    }

    /// Shares of the sales of what a cell posts in a month by the month they are made in: one for each month from
    /// `month` to the last, and one for all that comes after the horizon. They add up to 1.
    ///
    /// Orders are independent of each other given their expectation, so that thinning a Poisson number of them by these
    /// shares gives independent Poisson numbers.
    #[must_use]
    pub fn response_shares(&self, month: usize, cell: usize) -> Vec<f64> {
        let response = self.response(month, cell);
        let mut sold = 0.0;
        let mut shares: Vec<f64> = (month..self.months)
            .map(|later| {
                let by = response.sold_by(f64::from(self.horizon.first_day(later + 1)));
                let share = by - sold;
                sold = by;
                share
            })
            .collect();
        shares.push(1.0 - sold);
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::model::Horizon;

    /// Every post by itself, at the middle of small steps.
    fn slowly(r: &Response, day: f64) -> f64 {
        let steps = 20_000;
        let step = (r.to - r.from) / f64::from(steps);
        let of = |i: i32| {
            let posted = r.from + (f64::from(i) + 0.5) * step;
            if day <= posted {
                0.0
            } else {
                1.0 - 2_f64.powf(-(day - posted) / r.half_life)
            }
        };
        (0..steps).map(of).sum::<f64>() / f64::from(steps)
    }

    #[test]
    fn sales_are_the_sum_over_posts() {
        for (from, to, half_life) in [
            (0.0, 30.0, 10.0),
            (31.0, 59.0, 0.5),
            (5.0, 12.0, 90.0),
            (0.0, 31.0, 1e6),
            (40.0, 41.0, 3.0),
        ] {
            let response = Response {
                from,
                to,
                half_life,
            };
            for day in [0.0, 5.5, 12.0, 30.0, 40.25, 59.0, 61.0, 120.0, 3000.0] {
                let (found, slow) = (response.sold_by(day), slowly(&response, day));
                assert!(
                    (found - slow).abs() < 1e-4,
                    "{response:?} {day}: {found} {slow}"
                );
            }
        }
    }

    /// A post in an instant is the adstock of the textbooks: geometric from day to day.
    #[test]
    fn posts_of_one_instant_decay_geometrically() {
        let response = Response {
            from: 3.0,
            to: 3.0,
            half_life: 7.0,
        };
        assert_eq!(response.sold_by(3.0), 0.0);
        for day in 1..60 {
            let left = |days: i32| 1.0 - response.sold_by(3.0 + f64::from(days));
            let rate = left(day) / left(day - 1);
            assert!((rate - 2_f64.powf(-1.0 / 7.0)).abs() < 1e-12, "{day}");
        }
        assert!((response.sold_by(10.0) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn extreme_half_lives() {
        let at_once = Response {
            from: 10.0,
            to: 20.0,
            half_life: 0.0,
        };
        assert_eq!(at_once.sold_by(10.0), 0.0);
        assert_eq!(at_once.sold_by(15.0), 0.5);
        assert_eq!(at_once.sold_by(20.0), 1.0);
        let near = Response {
            half_life: 1e-9,
            ..at_once
        };
        assert!((near.sold_by(15.0) - 0.5).abs() < 1e-9);
        let never = Response {
            half_life: 1e300,
            ..at_once
        };
        assert!((0.0..1e-15).contains(&never.sold_by(1e4)));
        assert_eq!(never.sold_by(f64::INFINITY), 1.0);
    }

    #[test]
    fn shares_add_up_and_follow_months_and_waves() {
        let mut model = fixture::model("base", false);
        model.months = 3;
        model.horizon = Horizon::equal(3);
        for (month, days) in model.horizon.months.iter_mut().zip([31, 28, 31]) {
            month.days = days;
        }
        assert_eq!(model.response_shares(0, 0), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(model.response_shares(2, 0), [1.0, 0.0]);
        model.horizon.response_half_life_days = 10.0;
        model.horizon.waves = vec![fixture::wave(25, 10)];
        model.cells[1].booked_as = BookedAs::Wave(0);
        let days = |month, cell| {
            let r = model.response(month, cell);
            (r.from, r.to)
        };
        assert_eq!(days(1, 0), (31.0, 59.0));
        assert_eq!(days(0, 1), (25.0, 31.0));
        assert_eq!(days(1, 1), (31.0, 35.0));
        for month in 0..3 {
            let shares = model.response_shares(month, 0);
            assert_eq!(shares.len(), 4 - month);
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-15);
            assert!(shares.iter().all(|&s| s > 0.0));
        }
        // January by hand: 1/k = 10/ln 2 days, 31 days' mean of what is left.
        let tau = 10.0 / std::f64::consts::LN_2;
        let left = tau / 31.0 * (1.0 - 2_f64.powf(-3.1));
        let shares = model.response_shares(0, 0);
        assert!((shares[0] - (1.0 - left)).abs() < 1e-14);
        assert!((shares[1] - left * (1.0 - 2_f64.powf(-2.8))).abs() < 1e-14);
        assert!((shares[3] - left * 2_f64.powf(-5.9)).abs() < 1e-14);
    }

    /// Posts that come later are posts of later days, behind the month and the horizon too.
    #[test]
    fn later_posts_sell_later() {
        let mut model = fixture::model("base", false);
        model.months = 3;
        model.horizon = Horizon::equal(3);
        model.horizon.waves = vec![fixture::wave(25, 10)];
        model.cells[1].booked_as = BookedAs::Wave(0);
        assert!(!model.posts_later() && !model.sells_later(0));
        for cell in &mut model.cells[..2] {
            cell.terms.post_days = 20;
        }
        assert!(model.posts_later() && model.sells_later(0) && !model.sells_later(2));
        assert_eq!(model.days_of_posts(0, 0), 20..50);
        assert_eq!(model.days_of_posts(2, 0), 80..110);
        assert_eq!(model.days_of_posts(0, 1), 45..50);
        assert_eq!(model.days_of_posts(1, 1), 50..55);
        assert_eq!(model.days_of_posts(0, 2), 0..30);
        let near = |found: Vec<f64>, wanted: &[f64]| {
            assert_eq!(found.len(), wanted.len());
            for (found, wanted) in found.iter().zip(wanted) {
                assert!((found - wanted).abs() < 1e-15, "{found} {wanted}");
            }
        };
        // Ten of thirty days in the month, the rest in the next.
        near(
            model.response_shares(0, 0),
            &[1.0 / 3.0, 2.0 / 3.0, 0.0, 0.0],
        );
        near(model.response_shares(2, 0), &[1.0 / 3.0, 2.0 / 3.0]);
        near(model.response_shares(0, 1), &[0.0, 1.0, 0.0, 0.0]);
        model.horizon.response_half_life_days = 10.0;
        let (now, later) = (model.response(0, 2), model.response(0, 0));
        for day in [0.0, 19.0, 27.5, 40.0, 55.0, 300.0] {
            assert_eq!(later.sold_by(day + 20.0), now.sold_by(day));
        }
        model.cells[0].terms.post_days = 3650;
        assert_eq!(model.response_shares(0, 0), [0.0, 0.0, 0.0, 1.0]);
    }

    /// The season is that of the days posts appear on, day by day; behind the horizon it is 1.
    #[test]
    fn the_season_is_that_of_the_post() {
        let mut model = fixture::model("base", false);
        model.months = 3;
        model.horizon = Horizon::equal(3);
        for (month, (days, season)) in
            model
                .horizon
                .months
                .iter_mut()
                .zip([(31, 1.0), (28, 1.0), (31, 2.5)])
        {
            (month.days, month.seasonality) = (days, season);
        }
        let on = |day: u32| if (59..90).contains(&day) { 2.5 } else { 1.0 };
        for later in [0, 1, 14, 40, 75, 200] {
            model.cells[0].terms.post_days = later;
            for month in 0..3 {
                let days = model.days_of_posts(month, 0);
                let slow = days.clone().map(on).sum::<f64>() / days.len() as f64;
                let found = model.season(month, 0);
                assert!(
                    (found - slow).abs() < 1e-12,
                    "{later} {month}: {found} {slow}"
                );
                assert_eq!(found, model.conversion_factor(month, 0));
                assert_eq!(
                    model.season(month, 1),
                    model.horizon.months[month].seasonality
                );
            }
            // Of January and February, none in March or all behind it.
            assert_eq!(model.same_season(0, 1), matches!(later, 0 | 200));
        }
        for month in &mut model.horizon.months {
            month.seasonality = 1.0;
        }
        model.cells[0].terms.post_days = 17;
        assert!((0..3).all(|month| model.season(month, 0) == 1.0));
        assert!(model.same_season(0, 2));
    }
}
