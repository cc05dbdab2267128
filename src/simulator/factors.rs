//! Shared factors: the doubt about averages that all creators of a trial have in common.
//!
//! U = exp(σ z − σ²/2), σ² = ln(1 + s²), has mean one and relative standard deviation s; s = 0 is
//! exactly 1 and draws nothing.
//!
//! A factor's uniforms are randomized Sobol' points in a dimension of its own, by [`dimension`].

use super::SimulationError;
use super::draws::{CHUNK, Drawn, Owners, Segment, factor};
use crate::distribution::{Distribution, QuantileTable};
use crate::rng::{SOBOL_DIMENSIONS, STREAM_BLOCK, Sobol};

/// Factors that each tier has of its own, the widest presets first.
const BY_TIER: [&str; 6] = [
    "conversion_rate",
    "benchmark",
    "click_rate",
    "engagement_rate",
    "order_value",
    "fee",
];

/// Tiers, those that budgets usually go to first.
const TIERS: [&str; 5] = ["mid", "micro", "macro", "mega", "nano"];

/// Dimensions of a month: market, platform, and every factor of every tier.
const OF_A_MONTH: usize = 2 + BY_TIER.len() * TIERS.len();

/// Months that the embedded dimensions reach for.
const MONTHS: usize = SOBOL_DIMENSIONS / OF_A_MONTH;

const _: () = assert!(MONTHS == 24);

/// The dimension of a factor, from a fixed table: month by month, in each market, platform, then
/// factor by factor the tiers. Nothing is allocated by use, so a plan's draws are the same whatever
/// else is simulated. `None` for tiers and months that the table does not know.
fn dimension(name: &str, tier: &str, month: usize) -> Option<usize> {
    let place = match name {
        "market" if tier.is_empty() => 0,
        "platform" if tier.is_empty() => 1,
        _ => {
            let factor = BY_TIER.iter().position(|&known| known == name)?;
            let tier = TIERS.iter().position(|&known| known == tier)?;
            2 + factor * TIERS.len() + tier
        }
    };
    (month < MONTHS).then_some(month * OF_A_MONTH + place)
}

/// How the shared factors are drawn. What users get is [`FactorDraws::new`]; the rest is for
/// comparisons and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorDraws {
    /// Seed of the shared factors, elsewhere the run's.
    pub seed: u64,
    /// Whether they are independent pseudo-random numbers instead of Sobol' points.
    pub plain: bool,
}

impl FactorDraws {
    /// Sobol' points under the run's seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, plain: false }
    }
}

/// A product of factors by its number; `None` is 1.
pub(super) type Product = Option<usize>;

/// The factors and products of factors that the plans of a run need.
#[derive(Debug)]
pub(super) struct Factors {
    draws: FactorDraws,
    singles: Vec<Single>,
    /// Each the product of an earlier one and a single factor.
    products: Vec<(Product, usize)>,
}

#[derive(Debug)]
struct Single {
    owner: u64,
    spread: f64,
    table: QuantileTable,
    /// Seed of its uniforms.
    seed: u64,
    /// Its points; `None` draws from the owner's stream.
    points: Option<Sobol>,
}

impl Single {
    fn new(
        owner: u64,
        spread: f64,
        table: QuantileTable,
        dimension: Option<usize>,
        seed: u64,
    ) -> Self {
        let quantity = Drawn::FactorPoints.in_month(0);
        Self {
            owner,
            spread,
            table,
            seed,
            points: dimension.map(|dimension| Sobol::new(seed, owner, quantity, dimension)),
        }
    }

    /// Its values in a segment.
    fn fill(&self, segment: &Segment, values: &mut [f64]) {
        let mut uniforms = [0.0; CHUNK];
        let own = Segment {
            seed: self.seed,
            ..*segment
        };
        let mut stream = match self.points {
            None => Some(own.stream(self.owner, Drawn::Factor.in_month(0))),
            Some(_) => None,
        };
        let mut trial = segment.first_trial();
        for part in values.chunks_mut(CHUNK) {
            let uniforms = &mut uniforms[..part.len()];
            match (&self.points, &mut stream) {
                (Some(points), _) => points.fill_uniforms(trial, uniforms),
                (None, Some(stream)) => stream.fill_uniforms(uniforms),
                (None, None) => {}
            }
            self.table.fill(uniforms, part);
            trial += part.len() as u64;
        }
    }
}

impl Factors {
    /// None yet, to be drawn so.
    pub(super) fn new(draws: FactorDraws) -> Self {
        Self {
            draws,
            singles: Vec::new(),
            products: Vec::new(),
        }
    }

    /// The number of `before` × the factor of a name and tier with relative standard deviation
    /// `spread`; `before` itself if that is 0.
    pub(super) fn times(
        &mut self,
        owners: &mut Owners,
        before: Product,
        name: &'static str,
        tier: &str,
        spread: f64,
    ) -> Result<Product, SimulationError> {
        if spread == 0.0 {
            return Ok(before);
        }
        let owner = factor(name, tier);
        let single = self
            .singles
            .iter()
            .position(|s| s.owner == owner && s.spread == spread);
        let single = if let Some(single) = single {
            single
        } else {
            owners.register(owner, || {
                if tier.is_empty() {
                    format!("the factor {name}")
                } else {
                    format!("the factor {name} of {tier}")
                }
            })?;
            let law = Distribution::lognormal_mean_sd(1.0, spread).map_err(|source| {
                SimulationError::Factor {
                    factor: name,
                    source,
                }
            })?;
            let dimension = if self.draws.plain {
                None
            } else {
                dimension(name, tier, 0)
            };
            let seed = self.draws.seed;
            self.singles
                .push(Single::new(owner, spread, law.table(), dimension, seed));
            self.singles.len() - 1
        };
        let product = (before, single);
        let known = self.products.iter().position(|&p| p == product);
        Ok(Some(known.unwrap_or_else(|| {
            self.products.push(product);
            self.products.len() - 1
        })))
    }

    /// The values of all products in a segment, into buffers that are used again.
    pub(super) fn fill(&self, segment: &Segment, values: &mut FactorValues) {
        let FactorValues { singles, products } = values;
        let buffer = || vec![0.0; STREAM_BLOCK];
        singles.resize_with(singles.len().max(self.singles.len()), buffer);
        products.resize_with(products.len().max(self.products.len()), buffer);
        for (single, values) in self.singles.iter().zip(&mut *singles) {
            single.fill(segment, &mut values[..segment.len]);
        }
        for (number, &(before, single)) in self.products.iter().enumerate() {
            let (earlier, later) = products.split_at_mut(number);
            let values = &mut later[0][..segment.len];
            values.copy_from_slice(&singles[single][..segment.len]);
            if let Some(before) = before {
                for (value, before) in values.iter_mut().zip(&earlier[before]) {
                    *value *= before;
                }
            }
        }
    }
}

/// Values of all products, one a trial of a segment.
#[derive(Debug, Default)]
pub(super) struct FactorValues {
    singles: Vec<Vec<f64>>,
    products: Vec<Vec<f64>>,
}

impl FactorValues {
    /// Values of a product in the segment's trials; `None` if it is 1.
    pub(super) fn of(&self, product: Product) -> Option<&[f64]> {
        product.map(|p| self.products[p].as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_factor_has_a_dimension_of_its_own() {
        let mut seen = HashSet::new();
        for month in 0..MONTHS {
            let mut names = vec![("market", ""), ("platform", "")];
            names.extend(
                BY_TIER
                    .iter()
                    .flat_map(|&name| TIERS.map(|tier| (name, tier))),
            );
            for (name, tier) in names {
                let dimension = dimension(name, tier, month).unwrap();
                assert!(dimension < SOBOL_DIMENSIONS && dimension / OF_A_MONTH == month);
                assert!(seen.insert(dimension), "{name} {tier} {month}");
            }
        }
        assert_eq!(seen.len(), SOBOL_DIMENSIONS);
        // Part of the meaning of a seed: never to change.
        assert_eq!(dimension("market", "", 0), Some(0));
        assert_eq!(dimension("conversion_rate", "micro", 0), Some(3));
        assert_eq!(dimension("fee", "nano", 23), Some(767));
        assert_eq!(dimension("fee", "giant", 0), None);
        assert_eq!(dimension("fee", "mid", 24), None);
    }
}
