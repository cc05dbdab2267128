//! Influencer Matrix: portfolio optimization and simulation for creator marketing.

pub mod batch;
pub mod comparison;
pub mod distribution;
pub mod engine;
pub mod export;
#[cfg(test)]
mod fixture;
pub mod judging;
pub mod model;
pub mod optimizer;
pub mod rebalancing;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod simulator;
pub mod stats;
pub mod summary;
pub mod units;
