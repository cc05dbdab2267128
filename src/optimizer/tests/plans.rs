//! Whole plans: statuses, words, fixed counts, fractional counts, repetition.

use crate::model::{Cancel, CellPattern, Objective, Origin, Plan, PlanSettings, PlanStatus};
use crate::model::{UserAmount, UserRule};
use crate::optimizer::{plan, sample};

fn run(model: &crate::model::Model) -> Plan {
    plan(model, &PlanSettings::default(), &Cancel::new())
}

/// Two cells, mid at ¥2,000 and micro at ¥500, sponsored only.
fn pair(budget: f64) -> crate::model::Model {
    let types = [("sponsored", sample::sponsored())];
    sample::model(
        vec![
            sample::tier("mid", 2_000.0, 40_000.0, 0.08),
            sample::tier("micro", 500.0, 5_000.0, 0.15),
        ],
        &types,
        budget,
        |_, _| true,
    )
}

#[test]
fn fractional_counts_reach_the_known_vertex() {
    // Revenue a creator: mid 720, micro 168.75; a yuan of mid yields more. With micro at 40 % of
    // spend the vertex is 3 mid and 8 micro on 10,000.
    let mut model = pair(10_000.0);
    model.fractional_counts = true;
    model.rules.tier_budget_share[1] = sample::band(0.4, 1.0);
    let found = run(&model);
    assert_eq!(found.status, PlanStatus::Optimal);
    assert!((found.counts[[0, 0]] - 3.0).abs() < 1e-7);
    assert!((found.counts[[0, 1]] - 8.0).abs() < 1e-7);
    assert!(found.unspent.abs() < 1e-4);
    assert!(found.unspent_held_by.is_empty());
    assert!((found.objective.unwrap_or(0.0) - (3.0 * 720.0 + 8.0 * 168.75)).abs() < 1e-4);
}

#[test]
fn infeasible_is_a_status_with_every_constraint_listed() {
    let mut model = pair(400.0);
    model.rules.min_spend = 0.9;
    let found = run(&model);
    assert_eq!(found.status, PlanStatus::Infeasible);
    assert!(found.counts.iter().all(|&x| x == 0.0));
    assert!(found.objective.is_none() && found.gap.is_none());
    assert_eq!(found.constraints.len(), 3);
    assert!(
        found
            .constraints
            .iter()
            .all(|c| c.value.is_none() && !c.binding)
    );
}

#[test]
fn infeasible_in_whole_numbers_only_is_confirmed_too() {
    // 45 to 47.5 % of spend on mid: 2,000 a / (2,000 a + 500 b) with at most three creators.
    let mut model = pair(9_000.0);
    model.rules.tier_budget_share[0] = sample::band(0.45, 0.475);
    model.rules.max_creators = Some(3.0);
    assert_eq!(run(&model).status, PlanStatus::Infeasible);
    model.fractional_counts = true;
    assert_eq!(run(&model).status, PlanStatus::Optimal);
}

#[test]
fn a_free_cell_without_supply_is_named() {
    let mut model = pair(9_000.0);
    model.cells[1].terms.fee = 0.0;
    let found = run(&model);
    let PlanStatus::Failed { reason } = &found.status else {
        panic!("{:?}", found.status);
    };
    assert_eq!(
        reason,
        "revenue grows without limit: no rule limits micro.sponsored"
    );
    model.tiers[1].max_creators = Some(5.0);
    assert_eq!(run(&model).status, PlanStatus::Optimal);
}

#[test]
fn roas_needs_a_least_spend() {
    let mut model = pair(9_000.0);
    model.cells[1].terms.fee = 0.0;
    model.tiers[1].max_creators = Some(5.0);
    model.objective = Objective::Roas;
    let found = run(&model);
    assert!(matches!(&found.status, PlanStatus::Failed { reason } if reason.contains("min_spend")));
    model.rules.min_spend = 0.5;
    let found = run(&model);
    assert_eq!(found.status, PlanStatus::Optimal);
    // Five free micro creators and mid from 4,500 to 9,000: three mid, the least.
    assert_eq!(found.counts.row(0).to_vec(), [3.0, 5.0]);
}

#[test]
fn fixed_counts_are_kept_and_their_violations_told() {
    let mut model = pair(9_000.0);
    model.rules.tier_budget_share[0] = sample::band(0.0, 0.1);
    model.counts = Some(ndarray::array![[4.0, 4.0]]);
    let found = run(&model);
    assert_eq!(found.status, PlanStatus::Fixed);
    assert_eq!(found.counts.row(0).to_vec(), [4.0, 4.0]);
    let revenue = 4.0 * 720.0 + 4.0 * 168.75;
    assert!((found.objective.unwrap_or(0.0) - revenue).abs() < 1e-9);
    assert_eq!(found.unspent, -1_000.0);
    assert_eq!(
        found.warnings,
        [
            "budget is ¥10,000, above its ¥9,000",
            "diversity.tier_budget_share.mid is 80 %, above its 10 %",
        ]
    );
    assert!(found.gap.is_none() && found.is_usable());
    model.counts = Some(ndarray::array![[0.0, 0.0]]);
    let found = run(&model);
    assert_eq!(found.constraints[2].value, None);
    assert_eq!(found.constraints[0].value, Some(0.0));
    assert_eq!(
        found.warnings,
        ["at least one partnership is 0, below its 1"]
    );
}

#[test]
fn what_is_left_says_what_holds_it() {
    // 4 mid on 9,000 leaves 1,000; micro is capped by its share.
    let mut model = pair(9_000.0);
    model.rules.tier_budget_share[1] = sample::band(0.0, 0.05);
    let found = run(&model);
    assert_eq!(found.counts.row(0).to_vec(), [4.0, 0.0]);
    assert_eq!(found.unspent, 1_000.0);
    assert_eq!(found.unspent_held_by.len(), 1);
    assert_eq!(
        found.unspent_held_by[0].reason,
        "the next micro creator (micro.sponsored) costs ¥500 and would exceed \
         diversity.tier_budget_share.micro (5 %); shares of a creator would spend it"
    );
    model.rules.tier_budget_share[1] = None;
    model.rules.budget = 9_300.0;
    let found = run(&model);
    assert_eq!(found.counts.row(0).to_vec(), [4.0, 2.0]);
    assert_eq!(
        found.unspent_held_by[0].reason,
        "counts are whole, and the cheapest further creator (micro.sponsored) costs ¥500"
    );
    // At margin 0.6 no creator earns its fee: only what must be booked is.
    model.objective = Objective::Profit;
    let found = run(&model);
    assert_eq!(found.counts.row(0).to_vec(), [0.0, 1.0]);
    assert_eq!(found.unspent_held_by[0].constraint, "objective");
    // That is so whatever rule the next creator would break as well.
    model.tiers[1].max_creators = Some(1.0);
    let losing = run(&model);
    assert_eq!(losing.counts.row(0).to_vec(), [0.0, 1.0]);
    let held: Vec<(&str, &str)> = losing
        .unspent_held_by
        .iter()
        .map(|h| (h.constraint.as_str(), h.reason.as_str()))
        .collect();
    // By hand: a mid brings 720 of revenue, so 432 of margin, for 2,000; a micro 101.25 for 500.
    let words = "further partnerships lose money: of the best of them (mid.sponsored) one costs ¥2,000 and brings \
                 ¥432 of margin";
    assert_eq!(held, [("objective", words)]);
}

#[test]
fn a_rule_holds_what_would_earn_and_the_objective_the_rest() {
    // At margin 1 and four times the conversions mid earns and is short; micro does not.
    let mut model = pair(60_000.0);
    model.objective = Objective::Profit;
    model.order.margin = 1.0;
    model.cells[0].terms.conversion_lift = 4.0;
    model.tiers[0].max_creators = Some(3.0);
    let found = run(&model);
    assert_eq!(found.counts.row(0).to_vec(), [3.0, 0.0]);
    let held: Vec<&str> = found
        .unspent_held_by
        .iter()
        .map(|h| h.reason.as_str())
        .collect();
    assert_eq!(
        held,
        [
            "the next mid creator (mid.sponsored) costs ¥2,000 and would exceed tiers.mid.max_creators (3)",
            "other partnerships lose money: of the best of them (micro.sponsored) one costs ¥500 and brings ¥169 of margin",
        ]
    );
}

#[test]
fn a_lower_end_of_nothing_binds_nobody() {
    // Micro loses money and its share may be nothing; it lies at 0 because it is not worth booking.
    let mut model = pair(10_000.0);
    model.fractional_counts = true;
    model.rules.min_spend = 0.5;
    model.cells[1].terms.conversion_lift = 0.01;
    model.rules.tier_budget_share = vec![sample::band(0.0, 1.0), sample::band(0.0, 0.4)];
    let user = |name: &str, coefficient: f64, min: Option<f64>, max: Option<f64>| UserRule {
        name: name.to_owned(),
        amount: UserAmount::Count,
        terms: vec![(
            CellPattern {
                tier: Some("micro".to_owned()),
                ..CellPattern::default()
            },
            coefficient,
        )],
        min,
        max,
        origin: Origin::Default,
    };
    model.rules.user = vec![
        user("no fewer than no micro", 1.0, Some(0.0), None),
        user("nothing of nothing", 0.0, None, Some(0.0)),
        user("said the other way", -1.0, None, Some(0.0)),
    ];
    for fractional in [true, false] {
        model.fractional_counts = fractional;
        let found = run(&model);
        assert_eq!(found.counts[[0, 0]].round(), 5.0);
        assert_eq!(found.counts[[0, 1]], 0.0);
        let binding: Vec<&str> = found
            .constraints
            .iter()
            .filter(|c| c.binding)
            .map(|c| c.name.as_str())
            .collect();
        assert_eq!(binding, ["budget"]);
        let idle = |name: &str| !["budget", "diversity.min_spend"].contains(&name);
        for state in &found.constraints {
            assert!(
                !idle(&state.name) || state.range.cost == Some(0.0),
                "{state:?}"
            );
            assert!(
                state
                    .range
                    .then_binds
                    .as_deref()
                    .is_none_or(|then| !idle(then)),
                "{state:?}"
            );
        }
    }
}

#[test]
fn binding_constraints_are_told_in_words() {
    let mut model = pair(10_300.0);
    model.rules.user.push(UserRule {
        name: "no more than three mid".to_owned(),
        amount: UserAmount::Count,
        terms: vec![(
            CellPattern {
                tier: Some("mid".to_owned()),
                ..CellPattern::default()
            },
            1.0,
        )],
        min: None,
        max: Some(3.0),
        origin: Origin::Default,
    });
    model.rules.tier_budget_share[1] = sample::band(0.0, 0.4);
    let found = run(&model);
    assert_eq!(found.counts.row(0).to_vec(), [3.0, 8.0]);
    let words: Vec<&str> = found
        .constraints
        .iter()
        .filter(|c| c.binding)
        .map(|c| c.words.as_str())
        .collect();
    assert_eq!(
        words,
        [
            "diversity.tier_budget_share.micro is at its bound, at most 40 %",
            "no more than three mid is at its bound, at most 3",
        ]
    );
    let budget = &found.constraints[0];
    assert!(!budget.binding && budget.words.is_empty());
    assert_eq!(budget.price_unit, "revenue per 1000 CNY");
}

#[test]
fn the_node_limit_gives_a_feasible_plan_with_its_gap() {
    let model = sample::segmented(600_000.0, 3, 2);
    let settings = PlanSettings {
        gap: 1e-7,
        node_limit: 20,
        ..PlanSettings::default()
    };
    let found = plan(&model, &settings, &Cancel::new());
    assert_eq!(found.status, PlanStatus::Feasible);
    assert!(found.solver.reproducible);
    let gap = found.gap.expect("the relaxation proves a bound");
    assert!(gap.relative > 1e-7 && gap.relative < 0.05, "{gap:?}");
}

#[test]
fn the_clock_gives_a_plan_that_is_not_reproducible() {
    let model = sample::maturity(300_000.0);
    let settings = PlanSettings {
        time_limit: 0.0,
        ..PlanSettings::default()
    };
    let found = plan(&model, &settings, &Cancel::new());
    // The rounded plan stands when no time is left to search for a better one.
    assert_eq!(found.status, PlanStatus::TimeLimit { found: true });
    assert!(found.gap.is_some_and(|g| g.relative < 0.1));
    assert!(!found.solver.reproducible);
}

#[test]
fn a_cancelled_plan_is_failed() {
    let cancel = Cancel::new();
    cancel.request();
    let found = plan(
        &sample::maturity(300_000.0),
        &PlanSettings::default(),
        &cancel,
    );
    assert_eq!(
        found.status,
        PlanStatus::Failed {
            reason: "interrupted".to_owned()
        }
    );
}

#[test]
fn the_same_model_gives_the_same_plan() {
    for objective in [Objective::Revenue, Objective::Roas] {
        let mut model = sample::segmented(600_000.0, 2, 2);
        model.objective = objective;
        let (mut a, mut b) = (run(&model), run(&model));
        a.solver.seconds = 0.0;
        b.solver.seconds = 0.0;
        assert_eq!(a, b);
    }
}

#[test]
fn roas_in_shares_is_at_least_that_of_whole_numbers() {
    let mut model = sample::maturity(300_000.0);
    model.objective = Objective::Roas;
    let whole = run(&model);
    model.fractional_counts = true;
    let shares = run(&model);
    assert_eq!(whole.status, PlanStatus::Optimal);
    assert_eq!(shares.status, PlanStatus::Optimal);
    let (whole, shares) = (
        whole.objective.unwrap_or(0.0),
        shares.objective.unwrap_or(0.0),
    );
    assert!(whole > 0.0 && shares >= whole && shares < 1.05 * whole);
}
