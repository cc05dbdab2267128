//! Audiences: whom a plan's posts can reach, and how many of them they reach.
//!
//! # Net reach
//!
//! Sainsbury's method, or random duplication: whether a person sees one post says nothing about
//! whether they see another. Posts of reach r₁ … rₙ (shares of the audience) then reach 1 − ∏(1 − rᵢ)
//! of it (J. M. Caffyn and M. Sagovsky, *Net audiences of British newspapers: a comparison of
//! the Agostini and Sainsbury methods*, Journal of Advertising Research 3(1), 1963). With many small posts, Σrᵢ
//! = G/A held, that tends to
//!
//! R(G) = A (1 − exp(−G/A)),
//!
//! A people that can be reached, G gross impressions, R people reached at least once. The **net
//! share** s = R/G, in (0, 1], is that of impressions that reach somebody for the first time, and
//! G/R = 1/s the average frequency. R is increasing and concave in G, and at most min(G, A).
//!
//! # Its expectation
//!
//! G is random and R concave, so E\[R(G)\] < R(E\[G\]): see [`Saturation`].

mod saturation;

pub use saturation::Saturation;

use super::cell::Cell;
use super::origin::Origin;

/// People that can be reached: those of a category and region, where the scenario has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Audience {
    /// Index into `Model::categories`; `None` exactly when the scenario has no categories.
    pub category: Option<usize>,
    /// Index into `Model::regions`; `None` exactly when the scenario has no regions.
    pub region: Option<usize>,
    /// People, above 0.
    pub size: f64,
    /// Where the size was written.
    pub origin: Origin,
}

impl Audience {
    /// Whether a cell's posts go to this audience.
    #[must_use]
    pub fn holds(&self, cell: &Cell) -> bool {
        cell.category == self.category && cell.region == self.region
    }
}

/// (1 − e^(−y))/y, 1 at 0; decreasing, for all y.
fn mean_decay(y: f64) -> f64 {
    if y == 0.0 { 1.0 } else { -libm::expm1(-y) / y }
}

/// Share of `gross` impressions on an audience of `size` people that reach somebody for the first
/// time: R/G = (1 − exp(−G/A)) A/G, exactly 1 without impressions and for an audience without bound.
#[must_use]
pub fn net_share(gross: f64, size: f64) -> f64 {
    mean_decay(gross / size)
}

/// People of an audience of `size` that `gross` impressions reach at least once: A (1 − exp(−G/A)).
///
/// ```
/// use influencer_matrix::model::audience::net_reach;
///
/// // As many impressions as people reach 1 − 1/e of them.
/// assert!((net_reach(1_000_000.0, 1_000_000.0) - 632_120.56).abs() < 0.01);
/// assert_eq!(net_reach(0.0, 1_000_000.0), 0.0);
/// ```
#[must_use]
pub fn net_reach(gross: f64, size: f64) -> f64 {
    // Rounding may lead an ulp beyond.
    (gross * net_share(gross, size)).min(size)
}

/// Which cells are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All; for a cell without partnerships as it would be for the first.
    All,
    /// Those with partnerships; the others get 1.
    Booked,
}

/// What a plan's impressions on one audience come to in expectation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reached {
    /// Expected gross impressions.
    pub impressions: f64,
    /// Expected net reach, in people.
    pub net_reach: f64,
}

#[cfg(test)]
mod tests;
