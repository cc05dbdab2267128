//! Trials of the shared factors alone: all that a plan's creators have in common.

use ndarray::Array2;

use super::draws::Segment;
use super::factors::{Doubt, FactorValues, Product};
use super::job::Shared;
use super::{Seeds, SimulationError};
use crate::model::{Basis, FactorSample, InputGroup, Model};
use crate::rng::Path;

/// The shared factors of trials 0 to `trials`, tier by tier: those that a [`Simulator`](super::Simulator)
/// of the same seed draws, so a plan that is chosen on a sample must be checked with another seed.
///
/// With U the mean-one factors of a trial:
///
/// - conversions: `U_platform · U_market` × `U_eng · U_click · U_conv` of the tier (followers basis) or
///   `U_benchmark` (benchmark basis);
/// - order: the tier's `U_order`; fee: the tier's `U_fee`, which multiplies drawn fees only.
///
/// # Errors
/// If a factor's spread is out of range, or two factors have the same hash.
///
/// ```
/// use influencer_matrix::simulator;
///
/// # use influencer_matrix::scenario::{self, Overrides};
/// # let text = "schema = 1\nname = \"march\"\nbudget = 60_000\ntiers.use = [\"mid\", \"micro\"]\n";
/// # let model = scenario::read_text("march.toml", text, &Overrides::default()).unwrap().base;
/// // `model` is read from a scenario
/// let sample = simulator::factor_sample(&model, 7, 4096)?;
/// assert_eq!(sample.conversions.dim(), (2, 4096));
/// let mean = sample.fee.row(0).mean().unwrap();
/// assert!((mean - 1.0).abs() < 0.001);
/// # Ok::<(), influencer_matrix::simulator::SimulationError>(())
/// ```
pub fn factor_sample(
    model: &Model,
    seed: u64,
    trials: usize,
) -> Result<FactorSample, SimulationError> {
    factor_sample_in(model, 0, seed, trials)
}

/// The same in a month of the horizon, from 0; the samples of several months go together, trial by trial.
///
/// # Errors
/// As [`factor_sample`].
pub fn factor_sample_in(
    model: &Model,
    month: usize,
    seed: u64,
    trials: usize,
) -> Result<FactorSample, SimulationError> {
    let mut shared = Shared::new(seed);
    let Shared {
        factors, owners, ..
    } = &mut shared;
    let u = &model.uncertainty;
    let mut products: Vec<[Product; 3]> = Vec::new();
    for tier in &model.tiers {
        let doubt = Doubt::of(model, month);
        let mut times = |before, input, tier: &str, spread| {
            factors.times(owners, before, (input, tier), spread, &doubt)
        };
        let name = tier.name.as_str();
        let mut conversions = times(None, InputGroup::Platform, "", u.platform)?;
        let own: &[(InputGroup, f64)] = match tier.basis {
            Basis::Followers(_) => &[
                (InputGroup::EngagementRate, u.engagement_rate),
                (InputGroup::ClickRate, u.click_rate),
                (InputGroup::ConversionRate, u.conversion_rate),
            ],
            Basis::Benchmark(_) => &[(InputGroup::Benchmark, u.benchmark)],
        };
        for &(input, spread) in own {
            conversions = times(conversions, input, name, spread)?;
        }
        let conversions = times(conversions, InputGroup::Market, "", u.market)?;
        let order = times(None, InputGroup::OrderValue, name, u.order_value)?;
        let fee = times(None, InputGroup::Fee, name, u.fee)?;
        products.push([conversions, order, fee]);
    }
    let empty = || Array2::from_elem((model.tiers.len(), trials), 1.0);
    let mut out = FactorSample {
        conversions: empty(),
        order: empty(),
        fee: empty(),
    };
    let seeds = Seeds::all(seed);
    let mut values = FactorValues::default();
    let mut at = 0;
    for segment in Segment::cut(&seeds, (Path::best(), true), 0, trials) {
        shared.factors.fill(&segment, &mut values);
        for (tier, products) in products.iter().enumerate() {
            let kinds = [&mut out.conversions, &mut out.order, &mut out.fee];
            for (kind, &product) in kinds.into_iter().zip(products) {
                if let Some(from) = values.of(product) {
                    for (trial, value) in from[..segment.len].iter().enumerate() {
                        kind[[tier, at + trial]] = *value;
                    }
                }
            }
        }
        at += segment.len;
    }
    Ok(out)
}
