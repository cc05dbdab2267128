//! Influencer Matrix: portfolio optimization and simulation for creator marketing.

pub mod stats;
pub mod units;
