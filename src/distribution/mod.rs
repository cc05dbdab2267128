//! Families of distributions: validated parameters, moments, quantiles, and tables of the quantile
//! function for the simulator's block kernel.
//!
//! `"a to b"` in a scenario is a central 90 % interval: its 5 % quantile is a and its 95 % quantile
//! b. For amounts it is lognormal, for rates beta.
//!
//! Every function here that feeds a simulation uses `libm` and the five exact operations only, so
//! that tables have the same bits on every machine.

mod curve;
mod draw_table;
mod error;
mod family;
mod interval;
mod moments;
mod quantile;
mod table;
mod z_table;

pub use draw_table::DrawTable;
pub use error::DistributionError;
pub use family::Distribution;
pub use table::QuantileTable;
pub use z_table::ZTable;

#[cfg(test)]
mod tests;
