//! What knowing an input before choosing a plan is worth.

use super::inputs::{inputs, tiers_of};
use super::parts::Parts;
use super::row::{Inputs, Measure, SensitivityRow, Subject};
use crate::model::{InputGroup, Metric, Model, Pipeline};
use crate::rng::{Address, STREAM_BLOCK, Stream, slot_hash};
use crate::stats::{Moments, normal_expectation, normal_quantile, regret};

/// Stream blocks of draws where several factors decide together.
const BLOCKS: u64 = 8;

/// The choice between plans.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Plans to choose from, by their number among the subjects.
    pub plans: Vec<usize>,
    /// The one of largest expected profit, by its number among the subjects.
    pub best: usize,
    /// Expected profits of `plans`.
    pub profits: Vec<f64>,
}

impl Choice {
    /// The choice between the first plan and the others that differ from it in what can be decided.
    /// Plans whose market differs (yields of a tier, order value, margin, audiences, doubt, dependence, who leaves and who is found) are other worlds, not
    /// other decisions, and left out.
    #[must_use]
    pub fn of(subjects: &[Subject<'_>]) -> Option<Self> {
        let first = subjects.first()?;
        let plans: Vec<usize> = (0..subjects.len())
            .filter(|&i| same_world(first.model, subjects[i].model))
            .collect();
        let profits: Vec<f64> = plans
            .iter()
            .map(|&i| Parts::new(&subjects[i]).expected().profit)
            .collect();
        // The first of equals.
        let best = (0..plans.len()).fold(
            0,
            |best, i| if profits[i] > profits[best] { i } else { best },
        );
        Some(Self {
            best: plans[best],
            plans,
            profits,
        })
    }

    /// Whether there is anything to decide.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.plans.len() > 1
    }

    /// What the best plan of a trial is above the one that is best in expectation: its mean is the value of
    /// knowing everything. One slice of profits a subject.
    #[must_use]
    pub fn regrets(&self, profits: &[&[f64]]) -> Vec<f64> {
        let trials = profits.first().map_or(0, |column| column.len());
        let chosen = self.chosen();
        let mut values = vec![0.0; self.plans.len()];
        (0..trials)
            .map(|trial| {
                for (value, &plan) in values.iter_mut().zip(&self.plans) {
                    *value = profits[plan][trial];
                }
                regret(&values, chosen)
            })
            .collect()
    }

    /// Place of the best among `plans`.
    fn chosen(&self) -> usize {
        self.plans
            .iter()
            .position(|&plan| plan == self.best)
            .unwrap_or(0)
    }
}

/// Whether two models buy from the same market.
fn same_world(a: &Model, b: &Model) -> bool {
    let tiers = a.tiers.iter().all(|tier| {
        let other = b.tiers.iter().find(|other| other.name == tier.name);
        other.is_none_or(|other| other.basis == tier.basis)
    });
    let doubt = a.uncertainty == b.uncertainty && a.dependence == b.dependence;
    let risks = a.audiences == b.audiences && a.incidents == b.incidents;
    let flow = |model: &Model| model.horizon.pipeline.clone().map(Pipeline::without_plan);
    tiers && doubt && risks && a.order == b.order && flow(a) == flow(b)
}

/// The expected value of perfect information about each shared factor for a choice, and about all of
/// them together: `E[max over plans of E[profit | X]] − max over plans of E[profit]`, in currency.
///
/// E[profit | X] is known in closed form, so nothing is nested and no maximum of noisy means is taken:
/// what is averaged is [`regret`], never negative. One factor alone is integrated over its latent
/// normal by [`normal_expectation`], error 0; several (a kind with a factor for each of several tiers, and all together) are
/// drawn 65,536 times, with the standard error of the mean. Where tiers are correlated
/// (`dependence.tiers`), so are the draws, and one tier tells of the others.
///
/// Empty unless the choice is open.
#[must_use]
pub fn information(subjects: &[Subject<'_>], choice: &Choice, seed: u64) -> Vec<SensitivityRow> {
    if !choice.is_open() {
        return Vec::new();
    }
    let plans: Vec<Subject<'_>> = choice.plans.iter().map(|&i| subjects[i]).collect();
    let factors: Vec<(InputGroup, String)> = InputGroup::ALL
        .into_iter()
        .filter(|&input| input.is_shared() && plans.iter().any(|p| inputs(p).contains(&input)))
        .flat_map(|input| {
            let tiers = if input.is_per_tier() {
                tiers_of(&plans, input)
            } else {
                vec![String::new()]
            };
            tiers.into_iter().map(move |tier| (input, tier))
        })
        .collect();
    let value = Value {
        parts: plans.iter().map(Parts::new).collect(),
        chosen: choice.chosen(),
        seed,
    };
    let row = |inputs, tier: Option<&str>, (value, error): (f64, f64)| SensitivityRow {
        plan: None,
        metric: Metric::Profit,
        inputs,
        tier: tier.map(str::to_owned),
        measure: Measure::Evppi,
        value: Some(value),
        error: Some(error),
    };
    let mut rows = Vec::new();
    for input in InputGroup::ALL {
        let own: Vec<(InputGroup, String)> =
            factors.iter().filter(|f| f.0 == input).cloned().collect();
        if own.is_empty() {
            continue;
        }
        rows.push(row(Inputs::One(input), None, value.of(&own)));
        if own.len() > 1 {
            for factor in own {
                let alone = value.of(std::slice::from_ref(&factor));
                rows.push(row(Inputs::One(input), Some(&factor.1), alone));
            }
        }
    }
    if !factors.is_empty() {
        rows.push(row(Inputs::Shared, None, value.of(&factors)));
    }
    rows
}

/// What is needed to value knowledge.
struct Value {
    parts: Vec<Parts>,
    chosen: usize,
    seed: u64,
}

impl Value {
    /// Value of knowing some factors, with its error.
    fn of(&self, factors: &[(InputGroup, String)]) -> (f64, f64) {
        if let [(input, tier)] = factors {
            let mean = normal_expectation(|z| {
                self.regret(|other, name, parts| {
                    if other == *input {
                        parts.factor_given(other, name, tier, z)
                    } else {
                        1.0
                    }
                })
            });
            return (mean, 0.0);
        }
        let mut moments = Moments::default();
        for block in 0..BLOCKS {
            let normals: Vec<Vec<f64>> = factors
                .iter()
                .map(|(input, tier)| self.normals(*input, tier, block))
                .collect();
            let regrets: Vec<f64> = (0..STREAM_BLOCK)
                .map(|trial| {
                    self.regret(|other, name, parts| {
                        let known = factors.iter().position(|(input, tier)| {
                            *input == other && (tier.is_empty() || tier == name)
                        });
                        known.map_or(1.0, |i| parts.factor(other, normals[i][trial]))
                    })
                })
                .collect();
            moments.extend(&regrets);
        }
        (moments.mean(), moments.error())
    }

    /// Latent normals of a factor. Tiers whose factors are correlated have, in part, normals in common.
    fn normals(&self, input: InputGroup, tier: &str, block: u64) -> Vec<f64> {
        let mut normals = self.independent(&["information", input.name(), tier], block);
        let rho = self.parts.first().map_or(0.0, |parts| parts.tiers);
        if rho > 0.0 && !tier.is_empty() {
            let common = self.independent(&["information", "tiers", input.name()], block);
            let (own, shared) = (libm::sqrt(1.0 - rho), libm::sqrt(rho));
            for (normal, common) in normals.iter_mut().zip(common) {
                *normal = shared * common + own * *normal;
            }
        }
        normals
    }

    fn independent(&self, names: &[&str], block: u64) -> Vec<f64> {
        let address = Address {
            slot: slot_hash(names, 0),
            quantity: 0,
            block,
        };
        let mut normals = vec![0.0; STREAM_BLOCK];
        Stream::new(self.seed, address).fill_uniforms(&mut normals);
        for normal in &mut normals {
            *normal = normal_quantile(*normal);
        }
        normals
    }

    /// What the best plan is above the chosen one, given factors.
    fn regret(&self, factor: impl Fn(InputGroup, &str, &Parts) -> f64) -> f64 {
        let profits: Vec<f64> = self
            .parts
            .iter()
            .map(|parts| {
                parts
                    .totals(|input, tier| factor(input, tier, parts))
                    .profit
            })
            .collect();
        regret(&profits, self.chosen)
    }
}
