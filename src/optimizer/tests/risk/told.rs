//! What is said of plans at risk: prices, what is out of reach, the clock.

use std::time::Instant;

use super::plans::{at_risk, counts, cvar, free, market};
use super::{objective, rule, slow_rule, with_rules};
use crate::model::{
    Bound, Cancel, Metric, Plan, PlanSettings, PlanStatus, RiskMeasure, RiskRule, constraints,
    valuation,
};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::program_of;
use crate::optimizer::risk::{Case, Run, Sampled};
use crate::optimizer::{check, plan_at_risk};

fn probability(metric: Metric, at_least: f64, with: f64) -> RiskRule {
    rule(
        metric,
        RiskMeasure::Probability { with },
        Bound::AtLeast(at_least),
    )
}

fn budget_price(plan: &Plan) -> Option<f64> {
    let budget = plan.constraints.iter().find(|c| c.name == "budget");
    budget.expect("a row of the budget").shadow_price
}

#[test]
fn a_price_of_the_weighed_objective_says_so() {
    let (mut model, sample) = market();
    model.fractional_counts = true;
    model.risk.objective = Some(objective(1.0, 2.0, 0.9));
    let found = at_risk(&model, &sample, &[]);
    let row = found.constraints.iter().find(|c| c.name == "budget");
    assert_eq!(
        row.unwrap().price_unit,
        "revenue (mean and worst trials weighed) per 1000 CNY"
    );
    // It is what the slow code finds for two plans with and without 1,000 more.
    let weighed = |budget: f64| {
        let mut model = model.clone();
        model.rules.budget = budget;
        let found = at_risk(&model, &sample, &[]);
        let tail = slow_rule(
            &model,
            &sample,
            &cvar(Metric::Revenue, 0.0),
            &counts(&found),
        );
        found.objective.unwrap() + 2.0 * tail.0
    };
    let by = weighed(model.rules.budget + 1_000.0) - weighed(model.rules.budget);
    let price = budget_price(&found).unwrap();
    assert!((price / by - 1.0).abs() < 0.05, "{price} {by}");
    // With no weight on the tail it is one of the mean.
    model.risk.objective = Some(objective(1.0, 0.0, 0.9));
    let found = at_risk(&model, &sample, &[]);
    let row = found.constraints.iter().find(|c| c.name == "budget");
    assert_eq!(row.unwrap().price_unit, "revenue per 1000 CNY");
}

#[test]
fn a_budget_with_a_probability_has_no_price() {
    let (mut model, sample) = market();
    model.rules.min_spend = 0.5;
    let within = RiskMeasure::Probability { with: 0.95 };
    let mut own = rule(Metric::Spend, within, Bound::AtMost(model.rules.budget));
    own.key = "budget".to_owned();
    model.risk = with_rules(vec![own.clone()]);
    let found = at_risk(&model, &sample, &[]);
    assert!(found.is_usable(), "{:?}", found.status);
    assert_eq!(budget_price(&found), None);
    // A rule on spend of its own does not move with the budget.
    own.key = "risk.probability".to_owned();
    model.risk = with_rules(vec![own]);
    assert!(budget_price(&at_risk(&model, &sample, &[])).is_some());
}

/// In no trial does any plan come near, though affiliates by themselves would.
#[test]
fn a_ratio_far_out_of_reach_is_shown_to_be() {
    let (mut model, sample) = market();
    let free = free(&model, &sample, Metric::Revenue).1;
    let units = valuation::units(&model);
    let roas = valuation::metric(&units, &counts(&free), Metric::Roas).unwrap();
    model.risk = with_rules(vec![probability(Metric::Roas, 5.0 * roas, 0.8)]);
    let found = at_risk(&model, &sample, &[]);
    assert_eq!(found.status, PlanStatus::Infeasible, "{:?}", found.status);
    // One that the free plan keeps is not.
    let rule = probability(Metric::Roas, 0.9 * roas, 0.1);
    let (at, least) = slow_rule(&model, &sample, &rule, &counts(&free));
    assert!(at >= least);
    model.risk = with_rules(vec![rule]);
    assert!(at_risk(&model, &sample, &[]).is_usable());
}

#[test]
fn rules_that_conflict_are_not_told_as_kept() {
    let (mut model, sample) = market();
    let (_, free) = free(&model, &sample, Metric::Revenue);
    let most = free.objective.unwrap();
    // The least spend leaves no such revenue, each by itself can be kept.
    model.rules.min_spend = 0.0;
    let cheap = rule(
        Metric::Spend,
        RiskMeasure::Probability { with: 0.9 },
        Bound::AtMost(0.3 * model.rules.budget),
    );
    let mut rich = probability(Metric::Revenue, 0.9 * most, 0.5);
    rich.key = "risk.probability[2]".to_owned();
    model.risk = with_rules(vec![cheap, rich]);
    let found = at_risk(&model, &sample, &[]);
    // Neither is convex; rows that all plans keep which keep them show that there is none.
    assert_eq!(found.status, PlanStatus::Infeasible);
    let conflict = found.conflict.expect("reasons");
    let names: Vec<&str> = conflict
        .members
        .iter()
        .map(|m| m.constraint.as_str())
        .collect();
    assert_eq!(names, ["risk.probability", "risk.probability[2]"]);
    // Each is named with what is left of it beside the other one.
    for (member, rule) in conflict.members.iter().zip(&model.risk.rules) {
        let level = member.changed_to.expect("a level");
        let RiskMeasure::Probability { with } = rule.measure else {
            panic!("no probability")
        };
        assert!(level < with, "{level} {with}");
    }
}

/// What one creator more breaks is the rule as it is written, or the sentence says that it is tighter.
#[test]
fn a_tightened_rule_is_not_told_as_the_one_written() {
    let (mut model, sample) = market();
    model.fractional_counts = true;
    let within = RiskMeasure::Probability { with: 0.9 };
    let mut own = rule(Metric::Spend, within, Bound::AtMost(model.rules.budget));
    own.key = "budget".to_owned();
    model.risk = with_rules(vec![own.clone()]);
    for by in [0.0, 0.06] {
        let found = at_risk(&model, &sample, &[by]);
        let held =
            |h: &&crate::model::HeldBy| h.constraint == "budget" && h.reason.contains("break");
        let Some(held) = found.unspent_held_by.iter().find(held) else {
            panic!("{by}: {:?} {:?}", found.unspent, found.unspent_held_by)
        };
        assert_eq!(
            held.reason.contains("tightened by"),
            by > 0.0,
            "{}",
            held.reason
        );
        // It is as tight in truth.
        let (at, _) = slow_rule(&model, &sample, &own, &counts(&found));
        assert!(at >= 0.9 + by - 1e-6, "{at}");
    }
}

#[test]
fn a_plan_that_keeps_every_rule_is_gone_on_from() {
    let (mut model, sample) = market();
    let (tail, free) = free(&model, &sample, Metric::Revenue);
    let kept = counts(&free);
    model.risk = with_rules(vec![cvar(Metric::Revenue, 0.9 * tail)]);
    let units = valuation::units(&model);
    let rules = constraints(&model, &units);
    let program = program_of(&model, &units, &rules);
    let goal = Goal::of(&model, &units);
    let settings = PlanSettings::default();
    let cancel = Cancel::new();
    let sampled = Sampled::new(&model, &sample, None);
    let case = Case {
        program: &program,
        goal: &goal,
        rules: sampled.rules(&[], &kept).unwrap(),
        worth: None,
        relaxations: &settings,
        cancel: &cancel,
        clock: (Instant::now(), f64::INFINITY),
    };
    // One creator less of the cell with the most: worse, but it keeps the rules.
    let mut start = kept.clone();
    let largest = (0..start.len()).max_by(|&a, &b| start[a].total_cmp(&start[b]));
    start[largest.unwrap()] -= 1.0;
    assert!(case.keeps(&start));
    let run = Run {
        case: &case,
        settings: &settings,
        fractional: false,
    };
    let found = run.onward(&start).solved;
    assert!(found.found());
    assert!(case.keeps(&found.x) && check(&model, &found.x).is_empty());
    assert!(found.objective > case.value(&start));
    assert!(found.bound.unwrap() >= case.value(&kept) * (1.0 - 1e-9));
}

/// No more is said of a plan that the clock ended than that it did.
#[test]
fn without_time_nothing_is_explained() {
    let (mut model, sample) = market();
    let hurried = PlanSettings {
        time_limit: 0.0,
        ..PlanSettings::default()
    };
    model.risk = with_rules(vec![
        probability(Metric::Roas, 1e-3, 0.9),
        probability(Metric::Revenue, 1e9, 0.8),
    ]);
    let found = plan_at_risk(&model, &sample, &[], &hurried, &Cancel::new());
    assert_eq!(found.status, PlanStatus::TimeLimit { found: false });
    assert!(!found.solver.reproducible);
    assert_eq!(found.conflict, None);
}
