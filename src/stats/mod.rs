//! Statistics over trials: pure functions with stated shapes and treatment of undefined values.
//!
//! A value that is undefined in a trial is NaN. Moments, quantiles and sketches skip undefined
//! values and say how many they used; plain sums do not skip them.
//!
//! Sums and moments run over granules of [`GRANULE`] values in a fixed order, merged in granule
//! order, so that their bits depend on the values alone and not on blocks or threads.

mod correlation;
mod count_law;
mod decision;
mod indices;
mod moments;
mod quadrature;
mod quantiles;
mod replicates;
mod selection;
mod sketch;
pub mod special;
mod tail;

pub use correlation::{Matrix, cholesky, eigen, nearest_correlation};
pub use count_law::{CountLaw, binomial};
pub use decision::{normal_expectation, regret, unit_normal_loss};
pub use indices::{SobolIndices, SobolMoments};
pub use moments::{GRANULE, Moments, PairMoments, mean_error, probability_error, total};
pub use quadrature::gauss_hermite;
pub use quantiles::{
    QuantileEstimate, level_error, quantiles, quantiles_with_errors, slope_levels,
};
pub use replicates::{
    LevelCounts, REPLICATED, REPLICATES, ReplicateSums, T_OVER_Z, replicated_probability_error,
};
pub use selection::{Rival, Selection, Standing, error_share, select};
pub use sketch::Sketch;
pub use special::{normal_cdf, normal_quantile, student_t_quantile};
pub use tail::{TailMean, worst_mean};
