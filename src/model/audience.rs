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
//! G is random, so E\[R(G)\] < R(E\[G\]). With G ~ gamma of mean µ and squared coefficient of
//! variation v,
//!
//! E\[R\] = A (1 − (1 + v µ/A)^(−1/v)),
//!
//! the reach of the negative binomial model of exposures; v → 0 gives R(µ). What is a gamma law
//! for the sum of a plan's impressions is an approximation, of third order in its spread: mean
//! and variance are exact.

use super::cell::Cell;
use super::origin::Origin;
use super::valuation::{self, ImpressionMoments};
use super::{Basis, Model};

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

/// E\[R(G)\] / E\[G\] for gamma-distributed gross impressions of mean µ and squared coefficient of
/// variation v: the net share of the negative binomial model, [`net_share`] where v = 0.
///
/// With x = v µ/A and y = (1/v − 1) … the power is taken by logarithms, so that nothing is lost where v
/// or µ/A is small: A (1 − (1 + x)^(−1/v)) / µ = φ(ln(1 + x)/v) ln(1 + x)/x, φ(y) = (1 − e^(−y))/y.
#[must_use]
pub fn expected_reach_share(mean: f64, variation: f64, size: f64) -> f64 {
    let load = mean / size;
    let x = variation * load;
    if x == 0.0 {
        return mean_decay(load);
    }
    let slope = libm::log1p(x) / x;
    mean_decay(load * slope) * slope
}

/// E\[s(G)\] for gamma-distributed gross impressions: ∫₀¹ (1 + t v µ/A)^(−1/v) dt, which is
/// φ((1/v − 1) ln(1 + x)) ln(1 + x)/x with x = v µ/A and φ(y) = (1 − e^(−y))/y.
#[must_use]
pub fn expected_net_share(mean: f64, variation: f64, size: f64) -> f64 {
    let load = mean / size;
    let x = variation * load;
    if x == 0.0 {
        return mean_decay(load);
    }
    let log = libm::log1p(x);
    let slope = log / x;
    // (1/v − 1) ln(1 + x) as a difference of two numbers of the same size as the load
    mean_decay(load * slope - log) * slope
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

/// A model's audiences with what decides the spread of impressions on them.
#[derive(Debug, Clone)]
pub struct Saturation {
    audiences: Vec<Group>,
    /// Squared relative sd of the factor shared by all impressions.
    platform: f64,
    /// Of each tier: squared relative sd of its own factor on impressions.
    tiers: Vec<f64>,
    /// Whether counts may be fractions, whose weights spread less.
    fractional: bool,
}

#[derive(Debug, Clone)]
struct Group {
    size: f64,
    /// Cell, its tier and the moments of one of its creators' impressions.
    cells: Vec<(usize, usize, ImpressionMoments)>,
}

/// Impressions of a tier on an audience, shared factors aside.
#[derive(Debug, Clone, Copy, Default)]
struct TierSum {
    mean: f64,
    variance: f64,
}

/// Mean and squared coefficient of variation.
type Spread = (f64, f64);

impl Saturation {
    /// The audiences of a model; none if it has none.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let group = |audience: &Audience| Group {
            size: audience.size,
            cells: (0..model.cells.len())
                .filter(|&cell| audience.holds(&model.cells[cell]))
                .filter_map(|cell| {
                    let moments = valuation::law(model, cell).impression_moments()?;
                    Some((cell, model.cells[cell].tier, moments))
                })
                .collect(),
        };
        Self {
            audiences: model.audiences.iter().map(group).collect(),
            platform: square(model.uncertainty.platform),
            tiers: model
                .tiers
                .iter()
                .map(|tier| match tier.basis {
                    Basis::Followers(_) => 0.0,
                    Basis::Benchmark(_) => square(model.uncertainty.benchmark),
                })
                .collect(),
            fractional: model.fractional_counts,
        }
    }

    /// The expected net share of every cell's conversions in a month of these counts, 1 for cells
    /// of no audience: E\[λ s(G)\] / E\[λ\], λ being the cell's own conversions.
    ///
    /// λ and G vary together (a platform that does well does so for both, a creator's followers
    /// are in both): trials with many conversions are more saturated. That is exact in mean
    /// and, for lognormal quantities, in variance of G as weighted by λ.
    #[must_use]
    pub fn conversion_shares(&self, counts: &[f64], which: Which) -> Vec<f64> {
        let mut shares = vec![1.0; counts.len()];
        for group in &self.audiences {
            let sums = self.sums(group, counts);
            for (cell, tier, moments) in &group.cells {
                if which == Which::Booked && counts[*cell] == 0.0 {
                    continue;
                }
                let (mean, variation) = self.weighted(&sums, *tier, moments, counts[*cell]);
                shares[*cell] = expected_net_share(mean, variation, group.size);
            }
        }
        shares
    }

    /// Expected gross impressions and net reach of every audience in a month of these counts.
    #[must_use]
    pub fn reached(&self, counts: &[f64]) -> Vec<Reached> {
        self.audiences
            .iter()
            .map(|group| {
                let (mean, variation) = self.spread(&self.sums(group, counts));
                Reached {
                    impressions: mean,
                    net_reach: mean * expected_reach_share(mean, variation, group.size),
                }
            })
            .collect()
    }

    /// Sums of squared weights of a cell's creators: the last may be a fraction.
    fn squares(&self, count: f64) -> f64 {
        if self.fractional {
            let whole = count.floor();
            whole + square(count - whole)
        } else {
            count
        }
    }

    fn sums(&self, group: &Group, counts: &[f64]) -> Vec<TierSum> {
        let mut sums = vec![TierSum::default(); self.tiers.len()];
        for (cell, tier, moments) in &group.cells {
            let count = counts[*cell];
            let sum = &mut sums[*tier];
            sum.mean += count * moments.mean;
            sum.variance += self.squares(count) * (moments.square - square(moments.mean));
        }
        sums
    }

    /// Of all impressions on an audience: with U the platform's factor and B a tier's,
    /// G = U Σ B_t X_t, all independent.
    fn spread(&self, sums: &[TierSum]) -> Spread {
        let (mut mean, mut variance) = (0.0, 0.0);
        for (sum, tier) in sums.iter().zip(&self.tiers) {
            mean += sum.mean;
            variance += tier * square(sum.mean) + (1.0 + tier) * sum.variance;
        }
        let variation = relative(variance, mean);
        (mean, self.platform + (1.0 + self.platform) * variation)
    }

    /// The same with trials weighted by the conversions of a cell, of `count` creators.
    ///
    /// Its factors and one creator of it then have their size-biased laws: U (mean one, squared
    /// spread p) has mean 1 + p and, being lognormal, the same coefficient of variation; the creator has the mean
    /// E\[xy\]/E\[y\] and the coefficient of variation that it has when its content appears.
    fn weighted(
        &self,
        sums: &[TierSum],
        own: usize,
        moments: &ImpressionMoments,
        count: f64,
    ) -> Spread {
        let share = if count > 0.0 {
            self.squares(count) / count
        } else {
            // The next one to be booked.
            1.0
        };
        let (mut mean, mut variance) = (0.0, 0.0);
        for (index, (sum, tier)) in sums.iter().zip(&self.tiers).enumerate() {
            let (mut sum, mut size) = (*sum, 1.0);
            if index == own {
                let biased = moments.with_conversions;
                let spread = square(biased) * moments.variation_delivered;
                sum.mean += share * (biased - moments.mean);
                sum.variance += share * (spread - (moments.square - square(moments.mean)));
                size = 1.0 + tier;
            }
            mean += size * sum.mean;
            variance +=
                square(size) * (tier * square(sum.mean) + (1.0 + tier) * sum.variance.max(0.0));
        }
        let variation = relative(variance, mean);
        (
            (1.0 + self.platform) * mean,
            self.platform + (1.0 + self.platform) * variation,
        )
    }
}

fn square(x: f64) -> f64 {
    x * x
}

/// variance / mean², 0 at a mean of 0.
fn relative(variance: f64, mean: f64) -> f64 {
    if mean > 0.0 {
        variance / square(mean)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests;
