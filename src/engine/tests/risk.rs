//! Rules on random totals: measured on fresh trials, tightened, flagged.

use statrs::distribution::{Discrete, DiscreteCDF, Poisson};

use crate::engine::plan_models;
use crate::engine::risk::tighten::{better, wanted};
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

/// Shocks to the whole brand, and affiliates whose commissions are random.
const SHOCKED: &str = "seed = 5\nbudget = { amount = 60_000, with = 0.9 }\ntiers.use = [\"mid\", \"micro\"]\n\
    partnerships.use = [\"sponsored\", \"affiliate\"]\n\
    incidents = { probability = 0.03, shock_probability = 0.4, shock = 0.5, yield_lost = 1, cleanup_cost = 500 }\n";

fn shocked(level: f64, counts: &str) -> Model {
    model(&format!(
        "{SHOCKED}{counts}risk.cvar = {{ metric = \"revenue\", level = 0.9, at_least = {level} }}\n"
    ))
}

fn affiliates(mid: f64, micro: f64) -> String {
    format!("counts = {{ \"mid.affiliate\" = {mid}, \"micro.affiliate\" = {micro} }}\n")
}

/// The program's figures of plans that shocks can strike are those of the whole simulator: with the average of shocks in
/// every trial tail means were an eighth too good. Six figures at five errors (a false alarm in 290,000), and
/// 2.5 % of the figure for the normal law of creators' sums.
#[test]
fn shocks_are_in_the_programs_trials() {
    for (mid, micro) in [(50.0, 107.0), (39.0, 162.0), (0.0, 200.0)] {
        let plan = planned(shocked(4_000.0, &affiliates(mid, micro)));
        assert_eq!(plan.risks.len(), 2);
        for state in &plan.risks {
            let (fresh, error) = (
                state.out_of_sample.unwrap(),
                state.out_of_sample_error.unwrap(),
            );
            let off = (state.in_sample - fresh).abs();
            let allowed = 5.0 * error.hypot(state.in_sample_error) + 0.025 * fresh.abs();
            assert!(off <= allowed, "{mid} {micro} {state:?}");
        }
    }
}

/// Brute force: of a grid of given plans, measured on fresh trials, some keep the budget and a tail mean just below the
/// most of them; then so does the plan, and it is within 1 % of the best of those.
#[test]
fn a_plan_under_shocks_is_found_where_there_is_one() {
    let mut grid = Vec::new();
    for mid in [10.0, 25.0, 40.0, 55.0] {
        for micro in [60.0, 110.0, 160.0, 210.0] {
            grid.push(planned(shocked(1.0, &affiliates(mid, micro))));
        }
    }
    let figure = |plan: &Plan, k: usize| plan.risks[k].out_of_sample.unwrap();
    let within: Vec<&Plan> = grid.iter().filter(|plan| figure(plan, 1) >= 0.9).collect();
    let most = within
        .iter()
        .map(|plan| figure(plan, 0))
        .fold(0.0, f64::max);
    let level = 0.99 * most;
    let best = within
        .iter()
        .filter(|plan| figure(plan, 0) >= level)
        .filter_map(|plan| plan.objective)
        .fold(0.0, f64::max);
    let found = planned(shocked(level, ""));
    assert!(within.len() > 3 && best > 0.0);
    assert!(found.is_usable(), "{:?}", found.status);
    assert!(
        found.risks.iter().all(|state| state.held() == Some(true)),
        "{:?}",
        found.risks
    );
    assert!(found.objective.unwrap() >= 0.99 * best);
}

/// What is called held is still so on 400,000 trials of another seed, within two of their errors. Each of 10 checks fails by
/// luck in one of 300: the plan aims at two errors of 65,536 trials, which are about five of these.
#[test]
fn what_is_held_stays_so_on_more_trials() {
    let text = "budget = { amount = 300_000, with = 0.95 }\nstage = \"maturity\"\n\
                tiers.use = [\"macro\", \"mid\", \"micro\"]\n";
    for seed in 1..=10 {
        let mut model = model(&format!("{text}seed = {seed}\n"));
        let plan = planned(model.clone());
        assert_eq!(plan.risks[0].held(), Some(true), "{:?}", plan.risks);
        assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
        model.counts = Some(plan.counts.clone());
        model.risk.seed ^= 0x1234_5678;
        model.risk.trials = 400_000;
        let again = &planned(model).risks[0];
        let margin = again.margin(again.out_of_sample.unwrap()).unwrap();
        let error = again.out_of_sample_error.unwrap();
        assert!(error < 0.001 && margin >= -2.0 * error, "{seed}: {again:?}");
    }
}

/// What is promised of every month is told of every month.
#[test]
fn months_have_figures_of_their_own() {
    let text = "months = 3\nbudget = { months = [30_000, 25_000, 30_000], with = 0.9 }\n\
                tiers.use = [\"mid\", \"micro\"]\npartnerships.use = [\"sponsored\", \"affiliate\"]\n";
    let plan = planned(model(text));
    let months: Vec<Option<usize>> = plan.risks.iter().map(|state| state.month).collect();
    assert_eq!(months, [Some(0), Some(1), Some(2)]);
    let budgets: Vec<f64> = plan
        .risks
        .iter()
        .filter_map(|s| Some(s.bound?.value()))
        .collect();
    assert_eq!(budgets, [30_000.0, 25_000.0, 30_000.0]);
    assert!(plan.risks.iter().all(|state| state.held() == Some(true)));
    let figure = |month: usize| plan.risks[month].out_of_sample;
    assert!(figure(0) == figure(2) && figure(0) != figure(1));
    let alike = planned(model(&text.replace("25_000", "30_000")));
    assert_eq!(alike.risks.len(), 1);
    assert_eq!(alike.risks[0].month, None);
}

/// A plan that holds by an error is worth half a percent of what is maximized, but none that holds is worth one that
/// does not.
#[test]
fn safety_is_worth_a_little() {
    let text = format!("{CERTAIN}risk.cvar = {{ metric = \"revenue\", at_least = 4_000 }}\n");
    let model = model(&text);
    let plan = planned(model.clone());
    let with = |objective: f64, fresh: f64| {
        let mut plan = plan.clone();
        plan.objective = Some(objective);
        plan.risks[0].out_of_sample = Some(fresh);
        plan.risks[0].out_of_sample_error = Some(5.0);
        plan
    };
    let (safe, just, short) = (4_006.0, 4_004.0, 3_999.0);
    assert!(better(&with(996.0, safe), &with(1000.0, just), &model));
    assert!(!better(&with(994.0, safe), &with(1000.0, just), &model));
    assert!(!better(&with(1004.0, just), &with(1000.0, safe), &model));
    assert!(better(&with(1006.0, just), &with(1000.0, safe), &model));
    assert!(better(&with(1001.0, just), &with(1000.0, just), &model));
    assert!(better(&with(1.0, just), &with(1000.0, short), &model));
    assert!(!better(&with(1000.0, short), &with(1.0, just), &model));
}

/// A rule that holds with room to spare gives back what it was tightened too much, at most halfway to where it
/// fell short.
#[test]
fn rules_tightened_too_much_are_loosened() {
    let text = format!("{CERTAIN}risk.cvar = {{ metric = \"revenue\", at_least = 4_000 }}\n");
    let mut plan = planned(model(&text));
    let state = &mut plan.risks[0];
    (state.in_sample, state.out_of_sample) = (4_310.0, Some(4_300.0));
    state.out_of_sample_error = Some(5.0);
    let mut next = |tightened: f64, loosest: f64| {
        plan.risks[0].tightened = tightened;
        wanted(&plan, None, &mut [loosest])
    };
    // The program overstates by 10; with two errors that makes 20.
    assert_eq!(next(30.0, 0.0), Some(vec![20.0]));
    assert_eq!(next(300.0, 0.0), Some(vec![150.0]));
    assert_eq!(next(300.0, 100.0), Some(vec![200.0]));
    // As it should be, within its error, or never tightened.
    assert_eq!(next(23.0, 0.0), None);
    assert_eq!(next(0.0, 0.0), None);
    assert_eq!(next(-7.0, 0.0), None);
}
