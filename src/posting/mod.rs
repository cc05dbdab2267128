//! The posting calendar: who posts on which day and at what time, from a model and its plan.
//!
//! A pure function, without chance: [`calendar`] deals a plan's posts to creators, days and times.
//!
//! - *How many.* Let n be a cell's count in a month and p its posts a month. Up to the end of each month the calendar has
//!   `⌊Σ n p + ½⌋` posts of the cell: exactly the plan's where counts and posts are whole, within half a post of it otherwise.
//! - *Who.* The creators 1 … ⌈n⌉ of the cell take turns, month after month, so that with whole numbers each has p posts a month.
//! - *Which day.* Posts of open cells and of ambassadors are spread evenly over the days of their month, all cells together.
//!   Posts of a wave are spread over the wave's days of their month as its
//!   [schedule](crate::model::WaveSchedule) says. What a plan books in a month without such days is posted on the nearest one.
//!   Where the terms say that content comes days after the booking ([`post_days`](crate::model::Terms::post_days)), those are the days
//!   it is booked and its product shipped on; the post is as much later, behind the month, the wave and the horizon too.
//! - *When.* Every half hour of the slots 19–22 (prime), 12–13, 7–9 and 22–24 h is filled once, in this order, before one is
//!   filled again. Higher tiers come first; on a day of a wave tiers follow each other from mega down.
//!
//! Nobody posts twice at one time. Creators have numbers within their cell, from 1; the i-th creator of an
//! open cell is the same in all months.

mod dates;
mod days;
mod deal;
mod post;
mod times;
mod whole;

pub use dates::{date, weekday};
pub use post::{MOST_A_MONTH, MOST_POSTS, Post, Slot, TooManyPosts};
pub use whole::calendar;

#[cfg(test)]
mod tests;
