//! Shared factors: the doubt about averages that all creators of a trial have in common.
//!
//! U = exp(σ z − σ²/2), σ² = ln(1 + s²), has mean one and relative standard deviation s; s = 0 is
//! exactly 1 and draws nothing.

use super::SimulationError;
use super::draws::{CHUNK, Owners, Segment, factor};
use crate::distribution::{Distribution, QuantileTable};
use crate::model::InputGroup;
use crate::rng::STREAM_BLOCK;

/// A product of factors by its number; `None` is 1.
pub(super) type Product = Option<usize>;

/// The factors and products of factors that the plans of a run need.
#[derive(Debug, Default)]
pub(super) struct Factors {
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
}

impl Factors {
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
            self.singles.push(Single {
                input,
                owner,
                spread,
                table: law.table(),
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
        let mut uniforms = [0.0; CHUNK];
        for (single, values) in self.singles.iter().zip(&mut *singles) {
            let mut stream = segment.factor_stream(single.input, single.owner);
            for part in values[..segment.len].chunks_mut(CHUNK) {
                let uniforms = &mut uniforms[..part.len()];
                stream.fill_uniforms(uniforms);
                single.table.fill(uniforms, part);
            }
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
