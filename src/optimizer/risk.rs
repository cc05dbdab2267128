//! Plans that promise more than a mean: tail means, probabilities, objectives of risk.
//!
//! Given the shared factors of trial t, a plan's gain is a sum over independent creators, about normal
//! with mean Σ x·mₜ and variance Σ x·vₜ ([`crate::model::conditional`]); over trials it is a mixture.
//!
//! - `measure` has the tail mean, quantile and probability of such a mixture with their slopes;
//! - `field` turns counts into means and variances of all trials, and slopes back into those of counts;
//! - `rules` are measures with their levels, and concave stand-ins above and below them;
//! - `planes` solves continuous programs by cuts, `search` finds plans and bounds, `climb` improves
//!   whole counts, `every` looks at all plans of a small program;
//! - `quantile` bounds what plans that keep rules of probability reach, or shows that there is none;
//! - `onward` starts from a plan that is known to keep every rule;
//! - `most` bounds the probability that any plan reaches, `story` says what a rule that cannot be kept could reach.

mod branched;
mod climb;
mod every;
mod field;
mod measure;
mod most;
mod onward;
mod planes;
mod quantile;
mod rules;
mod search;
mod story;

pub(crate) use climb::Climb;
pub(crate) use planes::{Case, Worth};
pub(crate) use rules::{Measure, Rule, Spread};
pub(crate) use search::{Found, Run};
pub(crate) use story::{beyond, stated, tightness};

use self::field::{Field, Shocks};
use crate::model::conditional::{CreatorMoments, Gain, GainMoments, creators};
use crate::model::{FactorSample, Model, RiskMeasure, RiskRule, RiskState, joint, valuation};
use crate::optimizer::program::dot;

/// Probabilities wanted after tightening stay below one.
const MOST: f64 = 1.0 - 1e-9;

/// A model's risk over a sample: makes its rules.
pub(crate) struct Sampled<'a> {
    model: &'a Model,
    sample: &'a FactorSample,
    creators: Vec<CreatorMoments>,
    /// What the plan's audiences leave of every cell's conversions.
    factors: Vec<f64>,
    /// Creators whose incidents are not shocking, and what audiences leave then; where there can be shocks.
    still: Option<(Vec<CreatorMoments>, Vec<f64>)>,
}

impl<'a> Sampled<'a> {
    /// In audiences as a plan of these counts saturates them; without counts none does. Shocks are those of
    /// whatever plan is measured.
    pub(crate) fn new(model: &'a Model, sample: &'a FactorSample, counts: Option<&[f64]>) -> Self {
        let effects = joint::Effects::new(model);
        let ones = || vec![1.0; model.cells.len()];
        let (factors, calm) = match counts {
            Some(counts) if joint::applies(model) => {
                (effects.net_shares(counts), effects.calm_net_shares(counts))
            }
            _ => (ones(), ones()),
        };
        let still = model.incidents.shocks().then(|| {
            let still = Model {
                incidents: model.incidents.in_calm(1.0),
                ..model.clone()
            };
            (creators(&still), calm)
        });
        Self {
            model,
            sample,
            creators: creators(model),
            factors,
            still,
        }
    }

    fn field(&self, gain: Gain, tiers: Vec<usize>) -> Field<'a> {
        let moments = |creators: &[CreatorMoments], factors: &[f64], left: f64| {
            let pairs = creators.iter().zip(factors);
            pairs
                .map(|(creator, &factor)| creator.gain(gain).in_plan(left * factor))
                .collect::<Vec<GainMoments>>()
        };
        let Some((still, calm)) = &self.still else {
            return Field::new(
                self.sample,
                tiers,
                moments(&self.creators, &self.factors, 1.0),
            );
        };
        let incidents = &self.model.incidents;
        let left = 1.0 - incidents.shock;
        Field::new(self.sample, tiers, moments(still, calm, 1.0)).struck(Shocks {
            rate: incidents.probability * incidents.shock_probability,
            any: moments(&self.creators, &self.factors, left),
            still: moments(still, calm, left),
        })
    }

    fn rule(&self, gain: Gain, measure: Measure, least: f64, around: &[f64]) -> Rule<'a> {
        let tiers = self.model.cells.iter().map(|cell| cell.tier).collect();
        let field = self.field(gain, tiers);
        let sizes: Vec<f64> = field.plain().iter().map(|(mean, _)| mean.abs()).collect();
        let size = dot(&sizes, around);
        Rule {
            field,
            measure,
            least,
            scale: if size > 0.0 { size } else { 1.0 },
        }
    }

    /// A rule of the model, tightened, sized around a plan; the reason where it cannot be measured.
    pub(crate) fn of(
        &self,
        rule: &RiskRule,
        tightened: f64,
        around: &[f64],
    ) -> Result<Rule<'a>, String> {
        let margin = self.model.order.margin;
        let Some((gain, level)) = Gain::bounded(rule.metric, rule.bound, margin) else {
            return Err(format!(
                "{}: the risk of {} is not planned",
                rule.key,
                rule.metric.name()
            ));
        };
        let (measure, least) = match rule.measure {
            RiskMeasure::Cvar { level: at } => (Measure::Tail(at), level + tightened),
            RiskMeasure::Probability { with } => (
                Measure::Quantile((with + tightened).clamp(0.0, MOST)),
                level,
            ),
        };
        let out = self.rule(gain, measure, least, around);
        self.finite(&out, &rule.key)?;
        Ok(out)
    }

    fn finite(&self, rule: &Rule<'_>, key: &str) -> Result<(), String> {
        match rule.field.first_infinite() {
            None => Ok(()),
            Some(cell) => Err(format!(
                "{key}: what a creator of {} yields has no finite spread",
                self.model.key(cell)
            )),
        }
    }

    /// All rules of the model.
    pub(crate) fn rules(&self, tightened: &[f64], around: &[f64]) -> Result<Vec<Rule<'a>>, String> {
        self.model
            .risk
            .rules
            .iter()
            .enumerate()
            .map(|(i, rule)| self.of(rule, tightened.get(i).copied().unwrap_or(0.0), around))
            .collect()
    }

    /// The objective of risk, if the model has one.
    pub(crate) fn worth(&self, around: &[f64]) -> Result<Option<Worth<'a>>, String> {
        let Some(objective) = &self.model.risk.objective else {
            return Ok(None);
        };
        let metric = valuation::objective_metric(self.model.objective);
        let Some(gain) = Gain::of_total(metric, self.model.order.margin, 1.0) else {
            return Err(format!("the risk of {} is not planned", metric.name()));
        };
        let tail = self.rule(gain, Measure::Tail(objective.level), 0.0, around);
        self.finite(&tail, "risk.objective")?;
        Ok(Some(Worth {
            mean: objective.mean,
            cvar: objective.cvar,
            tail,
        }))
    }

    /// How far a plan keeps every rule, and what its objective's tail is.
    pub(crate) fn states(&self, tightened: &[f64], x: &[f64]) -> Vec<RiskState> {
        let mut out: Vec<RiskState> = Vec::new();
        for (i, rule) in self.model.risk.rules.iter().enumerate() {
            let tightened = tightened.get(i).copied().unwrap_or(0.0);
            let Ok(own) = self.of(rule, 0.0, x) else {
                continue;
            };
            let (in_sample, in_sample_error) = match rule.measure {
                RiskMeasure::Cvar { .. } => {
                    let measured = own.value(x);
                    (sign(rule) * measured.value, measured.error)
                }
                RiskMeasure::Probability { .. } => own.probability(x),
            };
            out.push(RiskState {
                key: rule.key.clone(),
                month: None,
                metric: rule.metric,
                measure: rule.measure,
                bound: Some(rule.bound),
                in_sample,
                in_sample_error,
                out_of_sample: None,
                out_of_sample_error: None,
                tightened,
            });
        }
        if let (Some(objective), Ok(Some(worth))) = (&self.model.risk.objective, self.worth(x)) {
            let measured = worth.tail.value(x);
            out.push(RiskState {
                key: "risk.objective".to_owned(),
                month: None,
                metric: valuation::objective_metric(self.model.objective),
                measure: RiskMeasure::Cvar {
                    level: objective.level,
                },
                bound: None,
                in_sample: measured.value,
                in_sample_error: measured.error,
                out_of_sample: None,
                out_of_sample_error: None,
                tightened: 0.0,
            });
        }
        out
    }
}

/// What turns a gain's value into the metric's: −1 for totals that are to stay below their bound.
pub(crate) fn sign(rule: &RiskRule) -> f64 {
    let ratio = rule.metric.denominator().is_some();
    match rule.bound {
        crate::model::Bound::AtMost(_) if !ratio => -1.0,
        _ => 1.0,
    }
}

/// Rules made by hand, for tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::{Field, Measure, Rule};
    use crate::model::FactorSample;
    use crate::model::conditional::GainMoments;

    pub(crate) fn rule(
        sample: &FactorSample,
        tiers: Vec<usize>,
        moments: Vec<GainMoments>,
        (measure, least, scale): (Measure, f64, f64),
    ) -> Rule<'_> {
        Rule {
            field: Field::new(sample, tiers, moments),
            measure,
            least,
            scale,
        }
    }
}
