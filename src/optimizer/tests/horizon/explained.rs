//! Prices and explanations over months, against what is worked out by hand.

use crate::distribution::Distribution;
use crate::model::valuation;
use crate::model::{
    Cancel, Horizon, Model, Objective, Origin, Over, Pipeline, PlanSettings, PlanStatus,
};
use crate::optimizer::{plan, sample};

/// One tier over two equal months.
fn two_months(budget: f64) -> Model {
    let tiers = vec![sample::tier("micro", 1_000.0, 5_000.0, 0.15)];
    let types = [("sponsored", sample::sponsored())];
    let mut model = sample::model(tiers, &types, budget, |_, _| true);
    model.months = 2;
    model.horizon = Horizon::equal(2);
    model.objective = Objective::Revenue;
    model.rules.min_spend = 0.0;
    model
}

/// Three new partners a month, all of whom stay.
fn three_a_month() -> Pipeline {
    let certain = Distribution::Certain;
    Pipeline {
        identified: certain(100.0),
        vetted: certain(0.3),
        contacted: certain(0.5),
        response: certain(0.4),
        partnership: certain(0.5),
        repeat: certain(1.0),
        lead_weeks: 0.0.into(),
        churn: Distribution::Certain(0.0),
        starting: vec![0.0],
        with: None,
        origin: Origin::Default,
    }
}

#[test]
fn a_months_limit_costs_what_all_its_sums_keep_out() {
    let mut model = two_months(100_000.0);
    model.tiers[0].max_creators = Some(20.0);
    model.horizon.pipeline = Some(three_a_month());
    for fractional in [false, true] {
        model.fractional_counts = fractional;
        let found = plan(&model, &PlanSettings::default(), &Cancel::new());
        assert_eq!(found.status, PlanStatus::Optimal);
        assert!((found.counts[[0, 0]] - 3.0).abs() < 1e-6);
        assert!((found.counts[[1, 0]] - 6.0).abs() < 1e-6);
        let one = valuation::units_in_month(&model, 0, &[3.0])[0].revenue;
        let limits: Vec<_> = found
            .constraints
            .iter()
            .filter(|c| c.name == "pipeline.partnership")
            .collect();
        assert_eq!(limits.len(), 2);
        // Month 1: without its limit 6 could work in it, since the 6 delivered until month 2 still hold. Month 2: 20
        // by supply, 14 more, since nobody who works in month 1 has to leave.
        for (limit, (at, to)) in limits.iter().zip([(3.0, 6.0), (6.0, 20.0)]) {
            let more = (to - at) * one;
            let near = |value: Option<f64>, want: f64| {
                let value = value.unwrap_or(f64::NAN);
                assert!((value - want).abs() <= 1e-6 * want, "{value} is not {want}");
            };
            assert!(limit.binding, "{limit:?}");
            near(limit.value, at);
            near(limit.high, at);
            near(limit.shadow_price, one);
            near(limit.range.cost, more);
            near(limit.range.to, to);
            near(limit.range.gain, more);
        }
    }
}

#[test]
fn what_the_pipeline_keeps_from_a_least_spend_is_told_as_it_is() {
    let mut model = two_months(10_000.0);
    model.horizon.pipeline = Some(three_a_month());
    model.rules.min_spend = 0.5;
    let one = valuation::units_in_month(&model, 0, &[3.0])[0].spend;
    let found = plan(&model, &PlanSettings::default(), &Cancel::new());
    assert_eq!(found.status, PlanStatus::Infeasible);
    let conflict = found.conflict.expect("an explanation");
    let to = |name: &str| {
        let own = conflict.members.iter().find(|m| m.constraint == name);
        let own = own.unwrap_or_else(|| panic!("{name} in {:?}", conflict.sentences));
        assert!(own.enough_alone, "{:?}", conflict.sentences);
        own.changed_to.expect("a change")
    };
    assert_eq!(conflict.members.len(), 2, "{:?}", conflict.sentences);
    // Month 1 has 3 partners and needs as many as cost 5,000; month 2 has 6, enough.
    let least = (5_000.0 / one).ceil();
    assert!(6.0 * one >= 5_000.0 && least > 3.0);
    assert!((to("diversity.min_spend") - 3.0 * one).abs() < 1e-6 * one);
    assert!((to("pipeline.partnership") - least).abs() < 1e-6);
    let stated = &conflict.sentences[0];
    assert_eq!(
        stated.matches("pipeline.partnership").count(),
        1,
        "{stated}"
    );
    assert_eq!(conflict.joint_change.len(), 1);
}

#[test]
fn budgets_of_months_rise_together() {
    for over in [Over::Horizon, Over::Month] {
        let one = valuation::units_in_month(&two_months(400.0), 0, &[1.0])[0].spend;
        // A tenth more of both is less than a rule given up.
        let mut model = two_months(0.9 * one);
        model.horizon.diversity_over = over;
        model.horizon.budget_over = crate::model::BudgetOver::Month;
        // Months that differ are one program only where something ties them.
        model.horizon.months[1].budget_share = 1.0;
        model.tiers[0].min_creators = 1.0;
        let found = plan(&model, &PlanSettings::default(), &Cancel::new());
        assert_eq!(found.status, PlanStatus::Infeasible);
        let conflict = found.conflict.expect("an explanation");
        let joint = &conflict.joint_change;
        // Equal months by themselves are one program, and their budget one change.
        let months = if over == Over::Horizon { 2 } else { 1 };
        assert_eq!(joint.len(), months, "{:?}", conflict.sentences);
        for (month, change) in joint.iter().enumerate() {
            assert_eq!(
                (change.constraint.as_str(), change.month),
                ("budget", Some(month))
            );
            assert!((change.to - one).abs() < 1e-6 * one, "{change:?}");
        }
    }
}
