//! Rules on random totals: measured on fresh trials, tightened, flagged.

use statrs::distribution::{Discrete, DiscreteCDF, Poisson};

use crate::engine::plan_models;
use crate::model::{
    Bound, Cancel, ConstraintKind, Metric, Model, NoProgress, Origin, Plan, PlanSettings,
    PlanStatus, RiskMeasure, RiskRule, RiskState,
};
use crate::scenario::{self, Overrides};

fn model(text: &str) -> Model {
    let text = format!("schema = 1\nname = \"risk\"\n{text}");
    match scenario::read_text("risk.toml", &text, &Overrides::default()) {
        Ok(scenario) => scenario.base,
        Err(problems) => panic!("{problems}"),
    }
}

fn planned(model: Model) -> Plan {
    let settings = PlanSettings::default();
    let mut plans = plan_models(vec![model], &settings, &NoProgress, &Cancel::new()).unwrap();
    plans.remove(0).1
}

fn rule(metric: Metric, measure: RiskMeasure, bound: Bound) -> RiskRule {
    RiskRule {
        metric,
        measure,
        bound,
        key: "risk.rule".to_owned(),
        origin: Origin::Default,
    }
}

/// Ten creators of whom all but the orders is certain: 60 conversions a month on average.
const CERTAIN: &str = "budget = 20_000\nuncertainty = \"none\"\ncounts = { \"mid.sponsored\" = 10 }\n\
    order = { value = { mean = 100, sd = 0 }, margin = 1 }\n\
    tiers.use = [\"mid\"]\npartnerships.use = [\"sponsored\"]\npartnerships.sponsored.delivery = 1\n\
    tiers.mid = { followers = 50_000, fee = 2_000, engagement_rate = 0.08 }\n";

/// Conversions are Poisson: shares and tail means on fresh trials against its closed forms. Eight
/// figures within 4.5 errors: a false alarm in 20,000.
#[test]
fn figures_on_fresh_trials_are_those_of_the_law() {
    let law = Poisson::new(60.0).unwrap();
    let share = |p: f64| RiskMeasure::Probability { with: p };
    let tail = RiskMeasure::Cvar { level: 0.9 };
    let mut model = model(CERTAIN);
    let spend = 20_000.0;
    model.risk.rules = vec![
        rule(Metric::Conversions, share(0.5), Bound::AtLeast(55.0)),
        // 100 × N ≥ 0.25 × 20,000
        rule(Metric::Roas, share(0.5), Bound::AtLeast(0.25)),
        rule(Metric::Cpa, share(0.5), Bound::AtMost(spend / 52.0)),
        rule(Metric::Profit, share(0.5), Bound::AtLeast(-14_500.0)),
        rule(Metric::Conversions, tail, Bound::AtLeast(1.0)),
        rule(Metric::Revenue, tail, Bound::AtLeast(1.0)),
        rule(Metric::Roas, tail, Bound::AtLeast(0.25)),
        rule(Metric::Spend, tail, Bound::AtMost(spend)),
    ];
    // The worst tenth of the law, its atom split.
    let q = law.inverse_cdf(0.1);
    let below: f64 = (0..q).map(|k| k as f64 * law.pmf(k)).sum();
    let worst = (below + (0.1 - law.cdf(q - 1)) * q as f64) / 0.1;
    let wanted = [
        law.sf(54),
        law.sf(49),
        law.sf(51),
        law.sf(54),
        worst,
        100.0 * worst,
        100.0 * worst - 0.25 * spend,
        spend,
    ];
    let plan = planned(model);
    assert_eq!(plan.status, PlanStatus::Fixed);
    for (state, wanted) in plan.risks.iter().zip(wanted) {
        let (value, error) = (
            state.out_of_sample.unwrap(),
            state.out_of_sample_error.unwrap(),
        );
        let off = (value - wanted).abs();
        let name = (state.metric, state.measure);
        assert!(
            off <= 4.5 * error + 1e-9 * wanted.abs(),
            "{name:?}: {value} ± {error}, {wanted}"
        );
        assert!(error < 0.02 * wanted.abs(), "{name:?}: {error}");
    }
    assert_eq!(plan.risks.len(), 8);
}

#[test]
fn rules_that_given_counts_break_are_flagged_and_have_rows() {
    let text = format!("{CERTAIN}risk.cvar = {{ metric = \"revenue\", at_least = 5_500 }}\n");
    let plan = planned(model(&text));
    assert_eq!(plan.risks[0].held(), Some(false));
    assert_eq!(plan.risks[0].tightened, 0.0);
    assert_eq!(
        plan.warnings,
        ["these counts do not keep risk.cvar on fresh trials"]
    );
    let row = plan.constraints.last().unwrap();
    assert_eq!(
        (row.name.as_str(), row.kind),
        ("risk.cvar", ConstraintKind::Risk)
    );
    assert_eq!(
        (row.low, row.value),
        (Some(5_500.0), plan.risks[0].out_of_sample)
    );
    let kept = planned(model(&text.replace("5_500", "4_000")));
    assert_eq!(kept.risks[0].held(), Some(true));
    assert!(kept.warnings.is_empty(), "{:?}", kept.warnings);
}

/// Free to trade fees against commissions.
const FREE: &str = "budget = 60_000\ntiers.use = [\"mid\", \"micro\"]\n\
    partnerships.use = [\"sponsored\", \"affiliate\"]\ndiversity.min_spend = 0.2\n\
    uncertainty = { market = 0.3 }\n";

/// A program of so few trials is wrong about the tail, and which way depends on the seed.
fn few_trials(seed: u64) -> (Model, Plan) {
    let mut model = model(
        &format!("{FREE}seed = {seed}\nbudget.with = 0.9\n")
            .replace("budget = 60_000", "budget.amount = 60_000"),
    );
    model.risk.trials = 64;
    let plan = planned(model.clone());
    (model, plan)
}

#[test]
fn a_plan_that_keeps_its_rule_in_sample_only_is_tightened_until_it_holds() {
    let plans: Vec<(Model, Plan)> = (1..=6).map(few_trials).collect();
    let states: Vec<&RiskState> = plans.iter().map(|(_, plan)| &plan.risks[0]).collect();
    let tightened = states.iter().filter(|state| state.tightened > 0.0).count();
    assert!(tightened > 0, "{states:?}");
    for (model, plan) in &plans {
        let state = &plan.risks[0];
        assert_eq!(state.held(), Some(true), "{state:?}");
        assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
        // In sample it keeps the tighter rule.
        let inside = state.margin(state.in_sample).unwrap();
        assert!(inside >= state.tightened - 1e-9, "{state:?}");
        // Trials of another seed altogether agree: 0.9 is short by no more than their error allows.
        let mut again = model.clone();
        again.risk.seed ^= 0xABCD_EF01;
        again.counts = Some(plan.counts.clone());
        let other = &planned(again).risks[0];
        let (one, two) = (
            state.out_of_sample_error.unwrap(),
            other.out_of_sample_error.unwrap(),
        );
        let apart = (state.out_of_sample.unwrap() - other.out_of_sample.unwrap()).abs();
        assert!(apart < 4.5 * one.hypot(two), "{state:?} {other:?}");
    }
}

#[test]
fn a_lifted_rule_leaves_the_plan_as_it_was() {
    let plain = planned(model(FREE));
    let lifted = planned(model(&format!("{FREE}risk = \"none\"\n")));
    assert_eq!(lifted.counts, plain.counts);
    assert!(lifted.risks.is_empty());
}

/// One creator's orders are Poisson with mean 6 and lean to the right: their worst tenth averages
/// 2.18 and not the 1.70 of a normal law.
#[test]
fn a_rule_that_the_program_rates_too_low_is_held_against_fresh_trials() {
    let text = CERTAIN
        .replace("budget = 20_000", "budget = 2_000")
        .replace("counts = { \"mid.sponsored\" = 10 }\n", "")
        .replace("tiers.mid = { ", "tiers.mid = { max_creators = 1, ");
    let with = |level: f64| {
        let rule = format!("risk.cvar = {{ metric = \"revenue\", at_least = {level} }}\n");
        planned(model(&format!("{text}{rule}")))
    };
    // The plan without the rule keeps it, whatever the program says.
    let plain = with(200.0);
    assert_eq!(plain.counts.sum(), 1.0);
    assert_eq!(plain.risks[0].held(), Some(true));
    assert_eq!(plain.risks[0].tightened, 0.0);
    // An objective of risk has no such plan.
    let text = format!("{text}risk.objective = {{ mean = 1, cvar = 0.1 }}\n");
    let held = {
        let rule = "risk.cvar = { metric = \"revenue\", at_least = 200 }\n";
        planned(model(&format!("{text}{rule}")))
    };
    assert_eq!(held.counts.sum(), 1.0);
    let state = &held.risks[0];
    assert_eq!(state.held(), Some(true), "{state:?}");
    assert!(
        state.tightened <= 0.0 && state.in_sample < 200.0,
        "{state:?}"
    );
    assert!(
        (state.out_of_sample.unwrap() - 218.0).abs() < 5.0,
        "{state:?}"
    );
    assert!(held.warnings.is_empty(), "{:?}", held.warnings);
    // What is out of reach stays so.
    let none = with(300.0);
    assert_eq!(none.status, PlanStatus::Infeasible);
    assert!(none.conflict.is_some() && none.risks.is_empty());
}

/// Shocks to the whole brand, affiliates whose commissions are random, and a market that moves all.
const SHOCKED: &str = "seed = 5\nbudget = { amount = 12_000, with = 0.9 }\ntiers.use = [\"mid\", \"micro\"]\n\
    partnerships.use = [\"affiliate\"]\n\
    incidents = { probability = 0.08, shock_probability = 0.4, shock = 0.5, yield_lost = 1, cleanup_cost = 500 }\n\
    uncertainty = { market = 0.15 }\n";

fn shocked(level: f64, counts: &str) -> Model {
    model(&format!(
        "{SHOCKED}{counts}risk.cvar = {{ metric = \"revenue\", level = 0.9, at_least = {level} }}\n\
         risk.probability = {{ metric = \"revenue\", at_least = {level}, with = 0.9 }}\n"
    ))
}

/// The program's figures of plans that shocks can strike are those of the whole simulator: with the average of shocks in
/// every trial they were a tenth too good. Nine figures at five errors (a false alarm in 190,000), and 2 % of the figure
/// for the normal law of a few dozen creators.
#[test]
fn shocks_are_in_the_programs_trials() {
    for counts in [[12.0, 15.0], [3.0, 60.0], [20.0, 0.0]] {
        let text = format!(
            "counts = {{ \"mid.affiliate\" = {}, \"micro.affiliate\" = {} }}\n",
            counts[0], counts[1]
        );
        let plan = planned(shocked(4_000.0, &text));
        assert_eq!(plan.risks.len(), 3);
        for state in &plan.risks {
            let (fresh, error) = (
                state.out_of_sample.unwrap(),
                state.out_of_sample_error.unwrap(),
            );
            let off = (state.in_sample - fresh).abs();
            let allowed = 5.0 * error.hypot(state.in_sample_error) + 0.02 * fresh.abs();
            println!(
                "{counts:?} {} {} {fresh} {error}",
                state.key, state.in_sample
            );
            assert!(off <= allowed, "{counts:?} {state:?}");
        }
    }
}
