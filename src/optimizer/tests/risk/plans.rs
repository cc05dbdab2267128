//! Plans of the maturity market at risk.

use super::{factors, normal, objective, rule, slow_rule, with_rules};
use crate::distribution::Distribution;
use crate::model::{
    Audience, Basis, Bound, Cancel, FactorSample, Metric, Model, Objective, Origin, Plan,
    PlanSettings, PlanStatus, RiskMeasure, RiskRule, Unit, valuation,
};
use crate::optimizer::tests::Random;
use crate::optimizer::{check, plan, plan_at_risk, sample};

pub(super) fn market() -> (Model, FactorSample) {
    let mut model = sample::maturity(300_000.0);
    for tier in &mut model.tiers {
        let mean = tier.fee.mean();
        if mean > 0.0 {
            tier.fee = Distribution::lognormal_mean_sd(mean, 0.4 * mean).unwrap();
        }
        if let Basis::Followers(f) = &mut tier.basis {
            let mean = f.followers.mean();
            f.followers = Distribution::lognormal_mean_sd(mean, 0.6 * mean).unwrap();
        }
    }
    let mut random = Random::new(3);
    let mut sample = factors(&model, 800, &mut random);
    // Micro creators, the best by the mean, are the wildest bet as a tier.
    for value in sample.conversions.row_mut(3) {
        *value *= (0.6 * normal(&mut random) - 0.18).exp();
    }
    (model, sample)
}

pub(super) fn at_risk(model: &Model, sample: &FactorSample, tightened: &[f64]) -> Plan {
    plan_at_risk(
        model,
        sample,
        tightened,
        &PlanSettings::default(),
        &Cancel::new(),
    )
}

pub(super) fn counts(plan: &Plan) -> Vec<f64> {
    plan.counts.row(0).to_vec()
}

const CVAR: RiskMeasure = RiskMeasure::Cvar { level: 0.9 };

pub(super) fn cvar(metric: Metric, at_least: f64) -> RiskRule {
    rule(metric, CVAR, Bound::AtLeast(at_least))
}

/// What the plan without risk reaches of a tail mean, and the plan.
pub(super) fn free(model: &Model, sample: &FactorSample, metric: Metric) -> (f64, Plan) {
    let plan = plan(model, &PlanSettings::default(), &Cancel::new());
    let own = cvar(metric, 0.0);
    (slow_rule(model, sample, &own, &counts(&plan)).0, plan)
}

#[test]
fn fixed_counts_are_measured() {
    let (mut model, sample) = market();
    let (tail, plain) = free(&model, &sample, Metric::Revenue);
    let x = counts(&plain);
    model.counts = Some(ndarray::Array2::from_shape_fn((1, x.len()), |(_, i)| x[i]));
    model.risk = with_rules(vec![cvar(Metric::Revenue, 2.0 * tail)]);
    model.risk.objective = Some(objective(1.0, 1.0, 0.9));
    let found = at_risk(&model, &sample, &[0.0]);
    assert_eq!(found.status, PlanStatus::Fixed);
    assert_eq!(counts(&found), x);
    assert_eq!(found.risks.len(), 2);
    for state in &found.risks {
        assert!((state.in_sample / tail - 1.0).abs() < 1e-9);
        assert!(state.in_sample_error > 0.0 && state.in_sample_error < 0.05 * tail);
    }
    assert_eq!(found.risks[1].key, "risk.objective");
}

#[test]
fn a_tail_mean_is_bought_with_a_little_of_the_mean() {
    for (fractional, goal) in [
        (true, Objective::Revenue),
        (false, Objective::Revenue),
        (false, Objective::Roas),
    ] {
        let (mut model, sample) = market();
        model.objective = goal;
        model.fractional_counts = fractional;
        let (tail, plain) = free(&model, &sample, Metric::Revenue);
        let best = plain.objective.unwrap();
        // Halfway to the most that the search for a level out of reach names.
        model.risk = with_rules(vec![cvar(Metric::Revenue, 10.0 * tail)]);
        let beyond = at_risk(&model, &sample, &[])
            .conflict
            .expect("out of reach");
        let most = beyond.members[0].changed_to.unwrap().max(tail);
        let level = (0.5 * (tail + most)).min((1.0 - 1e-4) * most);
        let step = 0.25 * (most - tail);
        model.risk = with_rules(vec![cvar(Metric::Revenue, level)]);
        let found = at_risk(&model, &sample, &[]);
        assert!(found.is_usable(), "{goal:?}: {:?}", found.status);
        assert!(found.risks[0].in_sample >= level, "{goal:?}");
        let x = counts(&found);
        let (value, least) = slow_rule(&model, &sample, &model.risk.rules[0], &x);
        assert!(value >= least * (1.0 - 1e-9));
        assert!(check(&model, &x).is_empty());
        let own = found.objective.unwrap();
        assert!(own <= best * 1.001, "{own} {best}");
        let gap = found.gap.unwrap();
        assert!(gap.relative < 0.05, "{goal:?}: {gap:?}");
        // Asked for more than the plan keeps anyway, the tail rises; asked for less, it may fall.
        let more = at_risk(&model, &sample, &[step]);
        if more.is_usable() {
            assert!(more.risks[0].in_sample >= level + step);
            assert_eq!(more.risks[0].tightened, step);
        }
        let less = at_risk(&model, &sample, &[-0.5 * tail]);
        assert!(less.objective.unwrap() >= own * 0.999);
        assert_eq!(
            found,
            Plan {
                solver: found.solver.clone(),
                ..at_risk(&model, &sample, &[])
            }
        );
    }
}

#[test]
fn what_is_out_of_reach_says_what_is_within() {
    let (mut model, sample) = market();
    let (tail, _) = free(&model, &sample, Metric::Revenue);
    for fractional in [true, false] {
        model.fractional_counts = fractional;
        model.risk = with_rules(vec![cvar(Metric::Revenue, 3.0 * tail)]);
        let found = at_risk(&model, &sample, &[]);
        assert_eq!(found.status, PlanStatus::Infeasible);
        let conflict = found.conflict.unwrap();
        let member = &conflict.members[0];
        assert_eq!(member.constraint, "risk.cvar");
        assert!(
            conflict.sentences[0].contains("the best plan found reaches ¥"),
            "{:?}",
            conflict.sentences
        );
        let level = member.changed_to.unwrap();
        assert!(level < 3.0 * tail && level >= 0.99 * tail);
        assert!((member.least_change.unwrap() - (3.0 * tail - level)).abs() < 1e-6);
        model.risk = with_rules(vec![cvar(Metric::Revenue, 0.9999 * level)]);
        assert!(at_risk(&model, &sample, &[]).is_usable());
    }
    // A ratio's own level; a probability's.
    model.fractional_counts = false;
    model.risk = with_rules(vec![cvar(Metric::Roas, 50.0)]);
    let found = at_risk(&model, &sample, &[]);
    assert_eq!(found.status, PlanStatus::Infeasible, "{:?}", found.status);
    let level = found.conflict.unwrap().members[0].changed_to.unwrap();
    model.risk = with_rules(vec![cvar(Metric::Roas, 0.999 * level)]);
    assert!(at_risk(&model, &sample, &[]).is_usable());
    let never = RiskMeasure::Probability { with: 0.8 };
    model.risk = with_rules(vec![rule(Metric::Revenue, never, Bound::AtLeast(1e9))]);
    let found = at_risk(&model, &sample, &[]);
    assert_eq!(found.status, PlanStatus::Infeasible, "{:?}", found.status);
    assert_eq!(found.conflict.unwrap().members[0].unit, Unit::Share);
    // Without its risk rules the model has no plan: that is what is said.
    model.rules.min_creators = Some(1e6);
    model.rules.max_creators = Some(10.0);
    let found = at_risk(&model, &sample, &[]);
    assert_eq!(found.status, PlanStatus::Infeasible);
    let names = found.conflict.unwrap();
    assert!(
        names
            .members
            .iter()
            .all(|m| !m.constraint.starts_with("risk"))
    );
}

#[test]
fn a_budget_is_kept_with_the_probability_asked() {
    let (mut model, sample) = market();
    let within = RiskMeasure::Probability { with: 0.95 };
    for fractional in [true, false] {
        model.fractional_counts = fractional;
        model.rules.min_spend = 0.5;
        model.risk = with_rules(vec![RiskRule {
            key: "budget".to_owned(),
            ..rule(Metric::Spend, within, Bound::AtMost(300_000.0))
        }]);
        let found = at_risk(&model, &sample, &[]);
        assert!(found.is_usable(), "{:?}", found.status);
        let state = &found.risks[0];
        assert!(state.in_sample >= 0.95, "{state:?}");
        // And not much more: what is left unspent is worth having.
        assert!(state.in_sample < 0.96, "{state:?}");
        assert!(found.unspent > 0.0);
        assert!(
            found
                .unspent_held_by
                .iter()
                .any(|h| h.constraint == "budget")
        );
        let x = counts(&found);
        let (value, _) = slow_rule(&model, &sample, &model.risk.rules[0], &x);
        assert!((value - state.in_sample).abs() < 1e-9);
        assert!(check(&model, &x).is_empty());
        // Tightened by points of probability.
        let more = at_risk(&model, &sample, &[0.02]);
        assert!(more.risks[0].in_sample >= 0.97);
        assert!(more.objective.unwrap() < found.objective.unwrap());
    }
}

#[test]
fn an_objective_of_risk_gives_mean_for_tail() {
    let (mut model, sample) = market();
    model.objective = Objective::Profit;
    let mut last: Option<(f64, f64)> = None;
    for weight in [0.0, 0.5, 2.0] {
        model.risk.objective = Some(objective(1.0, weight, 0.9));
        let found = at_risk(&model, &sample, &[]);
        assert!(found.is_usable(), "{:?}", found.status);
        let (mean, tail) = (found.objective.unwrap(), found.risks[0].in_sample);
        let units = valuation::units(&model);
        let own = valuation::objective(&units, &counts(&found), Objective::Profit);
        assert_eq!(own, Some(mean));
        assert!(found.gap.unwrap().relative < 0.01, "{:?}", found.gap);
        if let Some((before, less)) = last {
            let room = 0.002 * before.abs();
            assert!(
                mean <= before + room && tail >= less - room,
                "{mean} {tail} {last:?}"
            );
        }
        last = Some((mean, tail));
    }
}

#[test]
fn a_plan_whose_creators_act_on_each_other_keeps_its_rules() {
    let (mut model, sample) = market();
    model.audiences = vec![Audience {
        category: None,
        region: None,
        size: 1_500_000.0,
        origin: Origin::Default,
    }];
    let plain = plan(&model, &PlanSettings::default(), &Cancel::new());
    let revenue = plain.objective.unwrap();
    model.risk = with_rules(vec![cvar(Metric::Revenue, 0.5 * revenue)]);
    let found = at_risk(&model, &sample, &[]);
    assert!(found.is_usable(), "{:?}", found.status);
    assert!(found.risks[0].in_sample >= 0.5 * revenue);
    assert!(check(&model, &counts(&found)).is_empty());
    assert!(
        found
            .warnings
            .iter()
            .any(|w| w.contains("act on each other"))
    );
    // Rules of risk only take plans away.
    let (own, all) = (found.gap.unwrap().bound, plain.gap.unwrap().bound);
    assert!((own - all).abs() <= 1e-9 * all, "{own} {all}");
}

#[test]
fn the_clock_and_a_cancel_end_the_search() {
    let (mut model, sample) = market();
    let (tail, _) = free(&model, &sample, Metric::Revenue);
    model.risk = with_rules(vec![cvar(Metric::Revenue, 1.005 * tail)]);
    let hurried = PlanSettings {
        time_limit: 0.0,
        gap: 0.0,
        ..PlanSettings::default()
    };
    let found = plan_at_risk(&model, &sample, &[], &hurried, &Cancel::new());
    assert!(
        matches!(found.status, PlanStatus::TimeLimit { .. }),
        "{:?}",
        found.status
    );
    assert!(!found.solver.reproducible);
    let cancel = Cancel::new();
    cancel.request();
    let found = plan_at_risk(&model, &sample, &[], &PlanSettings::default(), &cancel);
    assert!(!found.is_usable(), "{:?}", found.status);
}
