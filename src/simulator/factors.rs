//! Shared factors: the doubt about averages that all creators of a trial have in common.
//!
//! U = exp(σ z − σ²/2), σ² = ln(1 + s²), has mean one and relative standard deviation s; s = 0 is
//! exactly 1 and draws nothing.
//!
//! A factor's uniforms are randomized Sobol' points in a dimension of its own, by [`dimension`].

use super::SimulationError;
use super::draws::{CHUNK, Drawn, Owners, Segment, factor};
use crate::distribution::{Distribution, QuantileTable};
use crate::model::InputGroup;
use crate::rng::{SOBOL_DIMENSIONS, STREAM_BLOCK, Sobol};

/// Factors that each tier has of its own, the widest presets first.
const BY_TIER: [InputGroup; 6] = [
    InputGroup::ConversionRate,
    InputGroup::Benchmark,
    InputGroup::ClickRate,
    InputGroup::EngagementRate,
    InputGroup::OrderValue,
    InputGroup::Fee,
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
fn dimension(factor: InputGroup, tier: &str, month: usize) -> Option<usize> {
    let place = match factor {
        InputGroup::Market if tier.is_empty() => 0,
        InputGroup::Platform if tier.is_empty() => 1,
        _ => {
            let factor = BY_TIER.iter().position(|&known| known == factor)?;
            let tier = TIERS.iter().position(|&known| known == tier)?;
            2 + factor * TIERS.len() + tier
        }
    };
    (month < MONTHS).then_some(month * OF_A_MONTH + place)
}

/// A product of factors by its number; `None` is 1.
pub(super) type Product = Option<usize>;

/// The factors and products of factors that the plans of a run need.
#[derive(Debug)]
pub(super) struct Factors {
    /// Seed of the points.
    seed: u64,
    singles: Vec<Single>,
    /// Each the product of an earlier one and a single factor.
    products: Vec<(Product, usize)>,
}

#[derive(Debug)]
struct Single {
    input: InputGroup,
    owner: u64,
    spread: f64,
    table: QuantileTable,
    /// Its points; `None` for what the table of dimensions does not know.
    points: Option<Sobol>,
}

impl Single {
    /// Its values in a segment.
    fn fill(&self, segment: &Segment<'_>, values: &mut [f64]) {
        let mut uniforms = [0.0; CHUNK];
        let points = self.points.as_ref().filter(|_| segment.quasi);
        let mut stream = points
            .is_none()
            .then(|| segment.factor_stream(self.input, self.owner));
        let mut trial = segment.first_trial();
        for part in values.chunks_mut(CHUNK) {
            let uniforms = &mut uniforms[..part.len()];
            if let Some(points) = points {
                points.fill_uniforms(trial, uniforms);
            } else if let Some(stream) = &mut stream {
                stream.fill_uniforms(uniforms);
            }
            self.table.fill(uniforms, part);
            trial += part.len() as u64;
        }
    }
}

impl Factors {
    /// None yet, for the points of a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            singles: Vec::new(),
            products: Vec::new(),
        }
    }

    /// The number of `before` × the factor of an input and tier with relative standard deviation
    /// `spread`; `before` itself if that is 0.
    pub(super) fn times(
        &mut self,
        owners: &mut Owners,
        before: Product,
        input: InputGroup,
        tier: &str,
        spread: f64,
    ) -> Result<Product, SimulationError> {
        let name = input.name();
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
            let quantity = Drawn::FactorPoints.in_month(0);
            let points = |dimension| Sobol::new(self.seed, owner, quantity, dimension);
            self.singles.push(Single {
                input,
                owner,
                spread,
                table: law.table(),
                points: dimension(input, tier, 0).map(points),
            });
            self.singles.len() - 1
        };
        let product = (before, single);
        let known = self.products.iter().position(|&p| p == product);
        Ok(Some(known.unwrap_or_else(|| {
            self.products.push(product);
            self.products.len() - 1
        })))
    }

    /// Uniforms of one trial.
    pub(super) fn draws(&self) -> usize {
        self.singles.len()
    }

    /// The values of all products in a segment, into buffers that are used again.
    pub(super) fn fill(&self, segment: &Segment<'_>, values: &mut FactorValues) {
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
            let mut names = vec![(InputGroup::Market, ""), (InputGroup::Platform, "")];
            names.extend(
                BY_TIER
                    .iter()
                    .flat_map(|&name| TIERS.map(|tier| (name, tier))),
            );
            for (name, tier) in names {
                let dimension = dimension(name, tier, month).unwrap();
                assert!(dimension < SOBOL_DIMENSIONS && dimension / OF_A_MONTH == month);
                assert!(seen.insert(dimension), "{name:?} {tier} {month}");
            }
        }
        assert_eq!(seen.len(), SOBOL_DIMENSIONS);
        // Part of the meaning of a seed: never to change.
        assert_eq!(dimension(InputGroup::Market, "", 0), Some(0));
        assert_eq!(dimension(InputGroup::ConversionRate, "micro", 0), Some(3));
        assert_eq!(dimension(InputGroup::Fee, "nano", 23), Some(767));
        assert_eq!(dimension(InputGroup::Fee, "giant", 0), None);
        assert_eq!(dimension(InputGroup::Fee, "mid", 24), None);
    }
}
