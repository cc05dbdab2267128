//! Influencer Matrix: portfolio optimization and simulation for creator marketing.

pub mod distribution;
pub mod model;
pub mod optimizer;
pub mod rng;
pub mod scenario;
pub mod simulator;
pub mod stats;
pub mod units;
