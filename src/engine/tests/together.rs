//! Plans whose creators act on each other, from scenarios as users write them.

use crate::model::{Cancel, Model, PlanSettings, PlanStatus};
use crate::optimizer::{check, plan};
use crate::scenario::{self, Overrides};

/// Mid creators on few people, a ratio near the best that can be reached.
fn near_its_limit(at_least: f64) -> Model {
    let text = format!(
        "schema = 1\nname = \"near\"\nbudget = 10_000\naudience.size = 30_000\n\
         tiers.use = [\"mid\"]\ndiversity.min_spend = 0.2\n\
         targets.roas = {{ at_least = {at_least}, enforce = true }}\n"
    );
    let read = scenario::read_text("near.toml", &text, &Overrides::default());
    read.unwrap().base
}

#[test]
fn a_target_near_its_limit_finds_the_plans_that_meet_it() {
    let model = near_its_limit(0.35);
    let found = plan(&model, &PlanSettings::default(), &Cancel::new());
    assert_eq!(found.status, PlanStatus::Optimal);
    assert!(check(&model, &found.counts.row(0).to_vec()).is_empty());
}

#[test]
fn a_target_out_of_reach_is_infeasible_with_a_change_that_is_enough() {
    let found = plan(
        &near_its_limit(0.6),
        &PlanSettings::default(),
        &Cancel::new(),
    );
    assert_eq!(found.status, PlanStatus::Infeasible);
    let conflict = found.conflict.unwrap();
    let target = conflict
        .members
        .iter()
        .find(|m| m.constraint == "targets.roas");
    let target = target.unwrap();
    assert!(target.enough_alone);
    let reached = target.changed_to.unwrap();
    // With that bound there is a plan, with a little more there is none.
    let with = |at_least: f64| {
        plan(
            &near_its_limit(at_least),
            &PlanSettings::default(),
            &Cancel::new(),
        )
    };
    assert!(with(reached - 1e-6).is_usable());
    assert_eq!(with(reached + 1e-3).status, PlanStatus::Infeasible);
}
