//! Plans at risk against slow and independent answers.

mod assets;
mod brute;
mod plans;
mod told;

use ndarray::Array2;

use super::Random;
use crate::model::conditional::{self, Gain};
use crate::model::{
    Bound, FactorSample, Metric, Model, Origin, Risk, RiskMeasure, RiskObjective, RiskRule,
};
use crate::stats::special::{normal_cdf, normal_pdf, normal_quantile};

fn normal(random: &mut Random) -> f64 {
    normal_quantile(random.between(1e-12, 1.0 - 1e-12))
}

/// Mean-one lognormal factors, in part shared by all tiers.
fn factors(model: &Model, trials: usize, random: &mut Random) -> FactorSample {
    let mut out = FactorSample {
        conversions: Array2::ones((model.tiers.len(), trials)),
        order: Array2::ones((model.tiers.len(), trials)),
        fee: Array2::ones((model.tiers.len(), trials)),
    };
    let factor = |s: f64, z: f64| (s * z - 0.5 * s * s).exp();
    for t in 0..trials {
        let market = normal(random);
        for tier in 0..model.tiers.len() {
            out.conversions[[tier, t]] = factor(0.15, market) * factor(0.2, normal(random));
            out.order[[tier, t]] = factor(0.05, normal(random));
            out.fee[[tier, t]] = factor(0.06, normal(random));
        }
    }
    out
}

fn rule(metric: Metric, measure: RiskMeasure, bound: Bound) -> RiskRule {
    RiskRule {
        metric,
        measure,
        bound,
        key: match measure {
            RiskMeasure::Cvar { .. } => "risk.cvar".to_owned(),
            RiskMeasure::Probability { .. } => "risk.probability".to_owned(),
        },
        origin: Origin::Default,
    }
}

fn with_rules(rules: Vec<RiskRule>) -> Risk {
    Risk {
        rules,
        ..Risk::NONE
    }
}

fn objective(mean: f64, cvar: f64, level: f64) -> RiskObjective {
    RiskObjective {
        mean,
        cvar,
        level,
        origin: Origin::Default,
    }
}

/// The trials of a plan as normals: mean and standard deviation, creator by creator.
fn mixture(model: &Model, sample: &FactorSample, gain: Gain, x: &[f64]) -> Vec<(f64, f64)> {
    let creators = conditional::creators(model);
    (0..sample.conversions.ncols())
        .map(|t| {
            let (mut mean, mut variance) = (0.0, 0.0);
            for (i, &x) in x.iter().enumerate() {
                let tier = model.cells[i].tier;
                let (m, v) = creators[i].gain(gain).given(
                    sample.conversions[[tier, t]],
                    sample.order[[tier, t]],
                    sample.fee[[tier, t]],
                );
                mean += x * m;
                variance += x * v;
            }
            (mean, variance.sqrt())
        })
        .collect()
}

/// The mean of the worst 1 − level, as E[G; G ≤ η] at the quantile η found by halving.
fn slow_tail(trials: &[(f64, f64)], level: f64) -> f64 {
    let tail = 1.0 - level;
    let n = trials.len() as f64;
    let below = |eta: f64| -> f64 {
        let at = |&(m, s): &(f64, f64)| normal_cdf((eta - m) / s);
        trials.iter().map(at).sum::<f64>() / n
    };
    let ends = trials.iter().fold((f64::MAX, f64::MIN), |(a, b), (m, s)| {
        (a.min(m - 10.0 * s), b.max(m + 10.0 * s))
    });
    let (mut low, mut high) = ends;
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if below(middle) < tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    let part = |&(m, s): &(f64, f64)| {
        let z = (low - m) / s;
        m * normal_cdf(z) - s * normal_pdf(z)
    };
    trials.iter().map(part).sum::<f64>() / n / tail
}

/// P(G ≥ a).
fn slow_probability(trials: &[(f64, f64)], a: f64) -> f64 {
    let at = |&(m, s): &(f64, f64)| normal_cdf((m - a) / s);
    trials.iter().map(at).sum::<f64>() / trials.len() as f64
}

/// What a rule measures of a plan, larger being safer, and what it must reach.
fn slow_rule(model: &Model, sample: &FactorSample, rule: &RiskRule, x: &[f64]) -> (f64, f64) {
    let a = rule.bound.value();
    let (revenue, conversions, spend, least) = match (rule.metric, rule.bound) {
        (Metric::Revenue, Bound::AtLeast(_)) => (1.0, 0.0, 0.0, a),
        (Metric::Profit, Bound::AtLeast(_)) => (model.order.margin, 0.0, -1.0, a),
        (Metric::Conversions, Bound::AtLeast(_)) => (0.0, 1.0, 0.0, a),
        (Metric::Spend, Bound::AtMost(_)) => (0.0, 0.0, -1.0, -a),
        (Metric::Roas, Bound::AtLeast(_)) => (1.0, 0.0, -a, 0.0),
        (Metric::Cpa, Bound::AtMost(_)) => (0.0, a, -1.0, 0.0),
        other => panic!("{other:?}"),
    };
    let gain = Gain {
        revenue,
        conversions,
        spend,
    };
    let trials = mixture(model, sample, gain, x);
    match rule.measure {
        RiskMeasure::Cvar { level } => (slow_tail(&trials, level), least),
        RiskMeasure::Probability { with } => (slow_probability(&trials, least), with),
    }
}
