//! All whole plans of small models, measured by slow code.

use super::{factors, objective, rule, slow_rule, with_rules};
use crate::distribution::Distribution;
use crate::model::{
    Basis, Bound, Cancel, FactorSample, Metric, Model, Objective, PlanSettings, PlanStatus,
    RiskMeasure, RiskRule, valuation,
};
use crate::optimizer::check;
use crate::optimizer::plan_at_risk;
use crate::optimizer::tests::enumeration::{allowed, random_model};
use crate::optimizer::tests::{Random, each_month};

/// A random model with creators that differ.
fn uncertain(random: &mut Random) -> Model {
    let mut model = random_model(random);
    for tier in &mut model.tiers {
        let mean = tier.fee.mean();
        tier.fee = Distribution::lognormal_mean_sd(mean, 0.3 * mean).unwrap();
        if let Basis::Followers(f) = &mut tier.basis {
            let mean = f.followers.mean();
            f.followers = Distribution::lognormal_mean_sd(mean, 0.5 * mean).unwrap();
        }
        tier.max_creators = tier.max_creators.map(|most: f64| most.min(4.0));
        tier.min_creators = tier.min_creators.min(1.0);
    }
    model
}

/// Whole plans that keep every linear rule.
fn plans(model: &Model) -> Vec<Vec<f64>> {
    let units = valuation::units(model);
    let mut out = Vec::new();
    each_month(model, 4.0, |x| {
        if allowed(model, &units, x) {
            out.push(x.to_vec());
        }
    });
    out
}

/// A rule near what the best plan without it does.
fn biting(random: &mut Random, model: &Model, sample: &FactorSample, best: &[f64]) -> RiskRule {
    let level = [0.8, 0.9, 0.95][random.below(3)];
    let metric = [
        Metric::Revenue,
        Metric::Profit,
        Metric::Conversions,
        Metric::Spend,
        Metric::Roas,
        Metric::Cpa,
    ][random.below(6)];
    let tail = random.chance(0.6);
    let measure = if tail {
        RiskMeasure::Cvar { level }
    } else {
        RiskMeasure::Probability { with: level }
    };
    let units = valuation::units(model);
    let at = valuation::metric(&units, best, metric).unwrap_or(1.0);
    let bound = |value: f64| match metric {
        Metric::Spend | Metric::Cpa => Bound::AtMost(value),
        _ => Bound::AtLeast(value),
    };
    // By trial: a level that the best plan just misses or just keeps.
    let harder = match metric {
        Metric::Spend | Metric::Cpa => -1.0,
        _ => 1.0,
    };
    let size = at.abs().max(1.0);
    let mut share = -1.5;
    for step in 0..60 {
        share = -1.5 + 0.05 * f64::from(step);
        let own = rule(metric, measure, bound(at + harder * share * size));
        let (value, least) = slow_rule(model, sample, &own, best);
        if value < least {
            break;
        }
    }
    let share = share + random.between(-0.1, 0.12);
    rule(metric, measure, bound(at + harder * share * size))
}

#[derive(Debug, Default)]
struct Tally {
    feasible: usize,
    found: usize,
    exact: usize,
    infeasible: usize,
    said: usize,
    proven: usize,
    worst: f64,
}

#[test]
#[expect(clippy::too_many_lines, reason = "one case after the other")]
fn small_models_agree_with_all_their_plans() {
    let mut random = Random::new(20_261_123);
    let mut tally = Tally::default();
    for case in 0..320 {
        let mut model = uncertain(&mut random);
        let sample = factors(&model, 60, &mut random);
        let units = valuation::units(&model);
        let value = |x: &[f64]| {
            valuation::objective(&units, x, model.objective).unwrap_or(f64::NEG_INFINITY)
        };
        let all = plans(&model);
        let Some(free) = all.iter().max_by(|a, b| value(a).total_cmp(&value(b))) else {
            continue;
        };
        let mut rules = vec![biting(&mut random, &model, &sample, free)];
        if random.chance(0.3) {
            rules.push(biting(&mut random, &model, &sample, free));
        }
        let keeps = |x: &[f64], slack: f64| {
            rules.iter().all(|rule| {
                let (value, least) = slow_rule(&model, &sample, rule, x);
                value >= least - slack * least.abs().max(1.0)
            })
        };
        let best = all
            .iter()
            .filter(|x| keeps(x, -1e-9))
            .map(|x| value(x))
            .fold(f64::NEG_INFINITY, f64::max);
        let some = all.iter().any(|x| keeps(x, 1e-9));
        let tails_only = rules
            .iter()
            .all(|r| matches!(r.measure, RiskMeasure::Cvar { .. }));
        let rules = rules.clone();
        model.risk = with_rules(rules);
        let found = plan_at_risk(
            &model,
            &sample,
            &[],
            &PlanSettings::default(),
            &Cancel::new(),
        );
        if found.status == PlanStatus::Infeasible {
            assert!(!some, "case {case}: {:?}", found.conflict);
            let conflict = found.conflict.as_ref().expect("reasons");
            assert!(!conflict.sentences.is_empty());
        }
        if !some {
            tally.infeasible += 1;
            tally.said += usize::from(found.status == PlanStatus::Infeasible);
            assert!(!found.is_usable(), "case {case}");
            continue;
        }
        if best == f64::NEG_INFINITY {
            continue;
        }
        tally.feasible += 1;
        if !found.is_usable() {
            continue;
        }
        tally.found += 1;
        let x = found.counts.row(0).to_vec();
        assert!(check(&model, &x).is_empty(), "case {case}");
        for (own, state) in model.risk.rules.iter().zip(&found.risks) {
            let (value, least) = slow_rule(&model, &sample, own, &x);
            assert!(value >= least - 1e-7 * least.abs().max(1.0), "case {case}");
            let said = match (own.measure, own.bound) {
                (RiskMeasure::Cvar { .. }, Bound::AtMost(_)) if own.metric == Metric::Spend => {
                    -state.in_sample
                }
                _ => state.in_sample,
            };
            let size = value.abs().max(1.0);
            assert!(
                (said - value).abs() < 1e-6 * size,
                "case {case}: {said} {value}"
            );
        }
        let at = value(&x);
        let size = best.abs().max(1e-9);
        assert!(at <= best + 1e-9 * size, "case {case}: {at} above {best}");
        let gap = found.gap.expect("a bound");
        assert!(
            gap.bound >= best - 1e-7 * size,
            "case {case}: {gap:?} {best}"
        );
        let behind = (best - at) / size;
        tally.exact += usize::from(behind < 1e-9);
        if tails_only {
            tally.proven += usize::from(found.status == PlanStatus::Optimal);
            assert!(
                found.status != PlanStatus::Optimal || behind <= 0.001,
                "case {case}: {behind}"
            );
        }
        tally.worst = tally.worst.max(behind);
    }
    assert!(tally.feasible > 40 && tally.infeasible > 5, "{tally:?}");
    assert!(
        tally.found as f64 >= 0.97 * tally.feasible as f64,
        "{tally:?}"
    );
    // Infeasible models are nearly always shown to be so, and not only left without a plan.
    assert!(
        tally.said as f64 >= 0.8 * tally.infeasible as f64,
        "{tally:?}"
    );
    assert!(
        tally.exact as f64 >= 0.9 * tally.feasible as f64,
        "{tally:?}"
    );
}

#[test]
fn objectives_of_risk_agree_with_all_plans() {
    let mut random = Random::new(77);
    let (mut cases, mut exact, mut worst) = (0, 0, 0.0_f64);
    for case in 0..120 {
        let mut model = uncertain(&mut random);
        model.objective = [
            Objective::Revenue,
            Objective::Profit,
            Objective::Conversions,
        ][random.below(3)];
        let sample = factors(&model, 60, &mut random);
        let (mean, cvar, level) = (
            [0.0, 1.0, 0.5][random.below(3)],
            random.between(0.3, 1.5),
            [0.7, 0.9][random.below(2)],
        );
        model.risk.objective = Some(objective(mean, cvar, level));
        let units = valuation::units(&model);
        let metric = valuation::objective_metric(model.objective);
        let own = rule(metric, RiskMeasure::Cvar { level }, Bound::AtLeast(0.0));
        let value = |x: &[f64]| {
            mean * valuation::objective(&units, x, model.objective).unwrap()
                + cvar * slow_rule(&model, &sample, &own, x).0
        };
        let best = plans(&model)
            .iter()
            .map(|x| value(x))
            .fold(f64::NEG_INFINITY, f64::max);
        let found = plan_at_risk(
            &model,
            &sample,
            &[],
            &PlanSettings::default(),
            &Cancel::new(),
        );
        if best == f64::NEG_INFINITY {
            assert!(!found.is_usable(), "case {case}");
            continue;
        }
        cases += 1;
        assert!(found.is_usable(), "case {case}: {:?}", found.status);
        let x = found.counts.row(0).to_vec();
        assert!(check(&model, &x).is_empty(), "case {case}");
        let at = value(&x);
        let size = best.abs().max(1.0);
        assert!(at <= best + 1e-7 * size, "case {case}");
        let gap = found.gap.unwrap();
        assert!(
            gap.bound >= best - 1e-6 * size,
            "case {case}: {gap:?} {best}"
        );
        let behind = (best - at) / size;
        assert!(
            found.status != PlanStatus::Optimal || behind < 0.001,
            "case {case}: {behind}"
        );
        exact += usize::from(behind < 1e-9);
        worst = worst.max(behind);
        let state = found.risks.last().unwrap();
        assert_eq!(state.key, "risk.objective");
        let tail = slow_rule(&model, &sample, &own, &x).0;
        assert!((state.in_sample - tail).abs() < 1e-6 * tail.abs().max(1.0));
    }
    assert!(cases > 40, "{cases}");
    assert!(
        exact as f64 >= 0.9 * f64::from(cases),
        "{exact} of {cases}, {worst}"
    );
    assert!(worst < 0.05, "{worst}");
}

/// Counts in parts, only probabilities: no program of whole plans lends its bound. It is nowhere below a whole plan that keeps
/// the rules, where it says that there is none there is none, and it can be far below that of the linear rules.
#[test]
fn probabilities_bound_what_plans_reach() {
    let mut random = Random::new(4_711);
    let (mut cases, mut nearer, mut empty) = (0, 0, 0);
    for case in 0..150 {
        let mut model = uncertain(&mut random);
        let sample = factors(&model, 60, &mut random);
        let units = valuation::units(&model);
        let value = |x: &[f64]| {
            valuation::objective(&units, x, model.objective).unwrap_or(f64::NEG_INFINITY)
        };
        let all = plans(&model);
        let Some(free) = all.iter().max_by(|a, b| value(a).total_cmp(&value(b))) else {
            continue;
        };
        let mut rules = Vec::new();
        for _ in 0..=random.below(2) {
            let mut own = biting(&mut random, &model, &sample, free);
            own.measure = RiskMeasure::Probability {
                with: [0.8, 0.9][random.below(2)],
            };
            rules.push(own);
        }
        let best = all
            .iter()
            .filter(|x| {
                rules.iter().all(|rule| {
                    let (value, least) = slow_rule(&model, &sample, rule, x);
                    value >= least + 1e-9
                })
            })
            .map(|x| value(x))
            .fold(f64::NEG_INFINITY, f64::max);
        model.fractional_counts = true;
        let plan = |model: &Model| {
            let settings = PlanSettings::default();
            plan_at_risk(model, &sample, &[], &settings, &Cancel::new())
        };
        let linear = plan(&model).gap;
        model.risk = with_rules(rules);
        let found = plan(&model);
        if found.status == PlanStatus::Infeasible {
            empty += 1;
            assert!(
                best == f64::NEG_INFINITY,
                "case {case}: {:?}",
                found.conflict
            );
        }
        let (Some(gap), Some(linear)) = (found.gap, linear) else {
            continue;
        };
        cases += 1;
        let size = best.abs().max(1e-9);
        assert!(
            gap.bound >= best - 1e-7 * size,
            "case {case}: {gap:?} {best}"
        );
        let at = found.objective.unwrap();
        assert!(
            gap.bound >= at - 1e-7 * at.abs(),
            "case {case}: {gap:?} {at}"
        );
        nearer += usize::from(gap.bound - at < 0.5 * (linear.bound - at));
    }
    // Most rules hardly bind, so that there is nothing to lower.
    assert!(
        cases > 30 && nearer > 0 && empty > 0,
        "{cases} {nearer} {empty}"
    );
}
