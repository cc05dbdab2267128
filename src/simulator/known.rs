//! Creators who were seen in months that happened: what is known of them together.

use super::SimulationError;
use super::factors::{Doubt, Product};
use super::job::Shared;
use super::recipe::{Recipe, Source, Step};
use crate::model::{InputGroup, LASTING_STAGES, Model, valuation};

/// The first creators of a group, whose sums over creators are known up to factors.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pool {
    /// How many.
    pub(super) creators: usize,
    /// Factors on what is expected of their sums, by stage.
    products: [Product; LASTING_STAGES],
    /// What is expected of one creator, before posts, factors and delivery.
    means: [f64; LASTING_STAGES],
}

/// A sum of a recipe whose size is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownSum {
    /// Which.
    pub(super) sum: usize,
    /// Factor on what is expected.
    pub(super) product: Product,
    /// What is expected of one creator.
    pub(super) mean: f64,
}

impl Pool {
    /// That of a cell; `None` where nobody was seen.
    pub(super) fn new(
        model: &Model,
        cell: usize,
        shared: &mut Shared,
    ) -> Result<Option<Self>, SimulationError> {
        let Some(known) = model.known_in(cell) else {
            return Ok(None);
        };
        let doubt = Doubt::of(model, 0);
        let mut products = [None; LASTING_STAGES];
        for (product, parts) in products.iter_mut().zip(&known.parts) {
            for part in parts {
                let further = (part.further_name(), part.further);
                for (name, variance) in [(part.name.clone(), part.variance), further] {
                    let spread = libm::sqrt(libm::expm1(variance.max(0.0)));
                    let of: (InputGroup, &str) = (name.input, &name.tier);
                    let Shared {
                        factors, owners, ..
                    } = &mut *shared;
                    *product = factors.times(owners, *product, of, spread, &doubt)?;
                }
            }
        }
        let law = valuation::law(model, cell);
        let (unit, believed) = (law.expected(), law.believed);
        let appears = law.incidents.kept() * law.terms.delivery * law.terms.posts;
        let stage = law.stage_factors();
        let of = |value: Option<f64>, believed: f64, stage: usize, factor: &[f64; 4]| {
            value.map_or(f64::NAN, |v| v / (believed * appears * factor[stage]))
        };
        let means = [
            of(unit.impressions, believed.impressions, 0, &stage),
            of(unit.engagements, believed.engagements, 1, &stage),
            of(unit.clicks, believed.clicks, 2, &stage),
            of(Some(unit.conversions), believed.conversions, 3, &stage),
            law.fee.mean(),
        ];
        Ok(Some(Self {
            creators: known.creators,
            products,
            means: means.map(|mean| if mean.is_finite() { mean } else { 0.0 }),
        }))
    }

    /// Sums that are drawn creator by creator and known together.
    pub(super) fn sums(&self, recipe: &Recipe) -> Vec<KnownSum> {
        let mut out: Vec<KnownSum> = Vec::new();
        let stages = recipe.stages.iter().enumerate();
        let stages = stages.filter_map(|(stage, total)| Some((stage, (*total)?)));
        // The fee first: on the benchmark basis it is in the sums of stages too.
        for (stage, total) in std::iter::once((LASTING_STAGES - 1, recipe.fee)).chain(stages) {
            let Source::Sum(sum) = total.source else {
                continue;
            };
            let drawn = |step: &Step| matches!(step, Step::Add(_, own) if *own == sum);
            let new = out.iter().all(|known| known.sum != sum);
            let mean = self.means[stage] / total.constant;
            if new && recipe.steps.iter().any(drawn) && mean.is_finite() && mean > 0.0 {
                out.push(KnownSum {
                    sum,
                    product: self.products[stage],
                    mean,
                });
            }
        }
        out
    }
}
