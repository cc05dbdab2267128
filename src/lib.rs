//! Influencer Matrix: portfolio optimization and simulation for creator marketing.

pub mod distribution;
pub mod rng;
pub mod stats;
pub mod units;
