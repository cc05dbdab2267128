//! Shared factors: the doubt about averages that all creators of a trial have in common.
//!
//! U = exp(σ z − σ²/2), σ² = ln(1 + s²), has mean one and relative standard deviation s; s = 0 is
//! exactly 1 and draws nothing. The latent normal z = shift + Σ wⱼ zⱼ is a sum over independent normals, each
//! addressed by its name (input, tier, month): [`belief`](crate::model::FactorBelief) says which and how much of
//! them, a priori (tiers correlated, months an AR(1)) or after something was seen.
//!
//! An independent normal's uniforms are randomized Sobol' points in a dimension of its own, by [`dimension`].

use super::SimulationError;
use super::draws::{CHUNK, Drawn, Owners, Segment, factor};
use super::kernel::NORMAL;
use crate::distribution::{Distribution, QuantileTable, ZTable};
use crate::model::{
    BY_TIER, Dependence, FactorBelief, FactorName, InputGroup, Model, TIERS, prior,
};
use crate::rng::{SOBOL_DIMENSIONS, STREAM_BLOCK, Sobol};

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

/// What a plan believes of the shared factors in a month.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubt<'a> {
    /// Between tiers.
    pub(super) dependence: &'a Dependence,
    /// AR(1) coefficient from month to month.
    pub(super) persistence: f64,
    /// What was seen, if anything.
    pub(super) belief: Option<&'a FactorBelief>,
    /// Month, from 0.
    pub(super) month: usize,
}

impl<'a> Doubt<'a> {
    /// A model's in a month.
    pub(super) fn of(model: &'a Model, month: usize) -> Self {
        Self {
            dependence: &model.dependence,
            persistence: model.horizon.market_persistence,
            belief: model.belief.as_ref(),
            month,
        }
    }

    /// The latent normal of a factor: shift, weights on independent ones, and whether it is one of them, so that its
    /// factor is drawn by the quantile of its uniform.
    fn latent(&self, name: &FactorName) -> (f64, Vec<(FactorName, f64)>, bool) {
        if let Some(belief) = self.belief
            && let Some(place) = belief.place(name)
        {
            let row = belief.factors.iter().zip(belief.factor.row(place));
            let weights = row
                .filter(|(_, weight)| **weight != 0.0)
                .map(|(name, &weight)| (name.clone(), weight))
                .collect();
            return (belief.mean[place], weights, false);
        }
        let weights = prior(name, self.dependence, self.persistence);
        // Correlated tiers go by their normals even where they are one of them.
        let alone = name.tier.is_empty()
            || self.dependence.tiers <= 0.0
            || !TIERS.contains(&name.tier.as_str());
        let plain = alone && weights.len() == 1 && weights[0].1 == 1.0;
        (0.0, weights, plain)
    }
}

/// The factors and products of factors that the plans of a run need.
#[derive(Debug)]
pub(super) struct Factors {
    /// Seed of the points.
    seed: u64,
    sources: Vec<Source>,
    singles: Vec<Single>,
    /// Each the product of an earlier one and a single factor.
    products: Vec<(Product, usize)>,
}

/// One factor.
#[derive(Debug)]
struct Single {
    latent: Latent,
    table: Table,
}

/// What decides a factor's values.
#[derive(Debug, PartialEq)]
struct Latent {
    /// Which inputs' doubt it is.
    input: InputGroup,
    /// Relative standard deviation a priori.
    spread: f64,
    shift: f64,
    /// Weights on the normals of sources.
    weights: Vec<(usize, f64)>,
    /// Whether it is one source's, unchanged.
    plain: bool,
}

/// Its quantile over the uniform's axis or the normal's.
#[derive(Debug)]
enum Table {
    Plain(QuantileTable),
    Normal(ZTable),
}

/// Where the uniforms of one independent normal come from.
#[derive(Debug)]
struct Source {
    name: FactorName,
    owner: u64,
    /// Its points; `None` for what the table of dimensions does not know.
    points: Option<Sobol>,
}

impl Single {
    /// Its values in a segment; `normals` are those of the sources that any single mixes.
    fn fill(
        &self,
        segment: &Segment<'_>,
        sources: &[Source],
        normals: &[Vec<f64>],
        values: &mut [f64],
    ) {
        match &self.table {
            Table::Plain(table) => {
                sources[self.latent.weights[0].0].fill(segment, values);
                for part in values.chunks_mut(CHUNK) {
                    let mut uniforms = [0.0; CHUNK];
                    let uniforms = &mut uniforms[..part.len()];
                    uniforms.copy_from_slice(part);
                    table.fill_on(segment.path, uniforms, part);
                }
            }
            Table::Normal(table) => {
                let mut latent = vec![0.0; values.len()];
                for &(source, weight) in &self.latent.weights {
                    for (latent, normal) in latent.iter_mut().zip(&normals[source]) {
                        *latent += weight * normal;
                    }
                }
                table.fill(&latent, values);
                // Not added to the normal: tables end where a priori nothing is, and what was seen may lie beyond.
                if self.latent.shift != 0.0 {
                    let sigma = libm::sqrt(libm::log1p(self.latent.spread * self.latent.spread));
                    let moved = libm::exp(sigma * self.latent.shift);
                    for value in values.iter_mut() {
                        *value *= moved;
                    }
                }
            }
        }
    }
}

impl Source {
    /// Its uniforms in a segment.
    fn fill(&self, segment: &Segment<'_>, values: &mut [f64]) {
        let points = self.points.as_ref().filter(|_| segment.quasi);
        let mut stream = points
            .is_none()
            .then(|| segment.factor_stream(self.name.input, self.owner, self.name.month));
        let mut trial = segment.first_trial();
        for part in values.chunks_mut(CHUNK) {
            if let Some(points) = points {
                points.fill_uniforms(trial, part);
            } else if let Some(stream) = &mut stream {
                stream.fill_uniforms(part);
            }
            trial += part.len() as u64;
        }
    }
}

impl Factors {
    /// None yet, for the points of a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            sources: Vec::new(),
            singles: Vec::new(),
            products: Vec::new(),
        }
    }

    /// The number of the source of an independent normal.
    fn source(&mut self, owners: &mut Owners, name: FactorName) -> Result<usize, SimulationError> {
        if let Some(known) = self.sources.iter().position(|source| source.name == name) {
            return Ok(known);
        }
        let owner = factor(name.input.name(), &name.tier);
        owners.register(owner, || {
            let input = name.input.name();
            if name.tier.is_empty() {
                format!("the factor {input}")
            } else {
                format!("the factor {input} of {}", name.tier)
            }
        })?;
        let quantity = Drawn::FactorPoints.in_month(name.month);
        let points = |dimension| Sobol::new(self.seed, owner, quantity, dimension);
        self.sources.push(Source {
            owner,
            points: dimension(name.input, &name.tier, name.month).map(points),
            name,
        });
        Ok(self.sources.len() - 1)
    }

    /// The number of `before` × the factor of an input and tier with relative standard deviation
    /// `spread`; `before` itself if that is 0.
    pub(super) fn times(
        &mut self,
        owners: &mut Owners,
        before: Product,
        (input, tier): (InputGroup, &str),
        spread: f64,
        doubt: &Doubt<'_>,
    ) -> Result<Product, SimulationError> {
        if spread == 0.0 {
            return Ok(before);
        }
        let (shift, names, plain) = doubt.latent(&FactorName::new(input, tier, doubt.month));
        let mut weights = Vec::with_capacity(names.len());
        for (name, weight) in names {
            weights.push((self.source(owners, name)?, weight));
        }
        let latent = Latent {
            input,
            spread,
            shift,
            weights,
            plain,
        };
        let known = self.singles.iter().position(|s| s.latent == latent);
        let single = if let Some(single) = known {
            single
        } else {
            let law = Distribution::lognormal_mean_sd(1.0, spread).map_err(|source| {
                SimulationError::Factor {
                    factor: input.name(),
                    source,
                }
            })?;
            let table = if plain {
                Table::Plain(law.table())
            } else {
                Table::Normal(law.z_table())
            };
            self.singles.push(Single { latent, table });
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
        self.sources.len()
    }

    /// The values of all products in a segment, into buffers that are used again.
    pub(super) fn fill(&self, segment: &Segment<'_>, values: &mut FactorValues) {
        let FactorValues {
            normals,
            singles,
            products,
        } = values;
        let buffer = || vec![0.0; STREAM_BLOCK];
        normals.resize_with(normals.len().max(self.sources.len()), buffer);
        singles.resize_with(singles.len().max(self.singles.len()), buffer);
        products.resize_with(products.len().max(self.products.len()), buffer);
        let mixed = |source: usize| {
            let mut mixing = self.singles.iter().filter(|single| !single.latent.plain);
            mixing.any(|single| single.latent.weights.iter().any(|&(s, _)| s == source))
        };
        let mut uniforms = vec![0.0; segment.len];
        for (number, (source, normals)) in self.sources.iter().zip(&mut *normals).enumerate() {
            if mixed(number) {
                source.fill(segment, &mut uniforms);
                NORMAL.fill_on(segment.path, &uniforms, &mut normals[..segment.len]);
            }
        }
        for (single, values) in self.singles.iter().zip(&mut *singles) {
            single.fill(segment, &self.sources, normals, &mut values[..segment.len]);
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
    /// Of sources that are mixed.
    normals: Vec<Vec<f64>>,
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
