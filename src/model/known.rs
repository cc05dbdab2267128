//! Creators who worked in months that happened, and what is known of them together.
//!
//! Of n creators of a tier and type the total of a stage is, relative to what is expected, exp(Σ (√v u − v/2)) over the lasting
//! parts that come in until the stage: reach, rates, costs, fees. What was seen says something of the u, together with the shared
//! factors: they stand beside those in [`FactorBelief`](super::FactorBelief), named by their input and `tier.type`.

use super::{FactorName, InputGroup, Model};

/// Stages of totals that lasting parts come into: impressions, engagements, clicks, conversions, and drawn fees.
pub const LASTING_STAGES: usize = 5;

/// Creators of a cell who were seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// How many: the first of the cell's.
    pub creators: usize,
    /// Whether the cell has these alone; those who are new have a cell of their own then.
    pub alone: bool,
    /// Lasting parts of their totals, by stage ([`LASTING_STAGES`]).
    pub parts: [Vec<LastingPart>; LASTING_STAGES],
}

/// A lasting part of the logarithm of a total.
#[derive(Debug, Clone, PartialEq)]
pub struct LastingPart {
    /// Its name in the belief.
    pub name: FactorName,
    /// Its variance a priori.
    pub variance: f64,
    /// Further variance of which nothing is known: creators who are only some of those seen differ from these.
    pub further: f64,
}

impl LastingPart {
    /// The name of the further part.
    #[must_use]
    pub fn further_name(&self) -> FactorName {
        FactorName {
            tier: format!("{} left", self.name.tier),
            ..self.name.clone()
        }
    }
}

impl FactorName {
    /// The lasting part of a tier's and type's creators that an input of theirs makes: one of the normals that make it, by its number from 0.
    #[must_use]
    pub fn lasting(input: InputGroup, (tier, partnership): (&str, &str), step: usize) -> Self {
        let part = if step > 0 {
            format!(" {}", step + 1)
        } else {
            String::new()
        };
        Self {
            input,
            tier: format!("{tier}.{partnership}{part}"),
            month: 0,
        }
    }
}

impl Model {
    /// Creators of a cell who were seen in months that happened.
    #[must_use]
    pub fn known_in(&self, cell: usize) -> Option<&Known> {
        self.known.get(cell)?.as_ref()
    }
}
