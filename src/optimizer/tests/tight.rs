//! Programs that hardly any whole plan fits, or none.

use super::Random;
use super::solving::{random_program, try_all};
use crate::model::{Cancel, Model, PlanSettings, PlanStatus};
use crate::optimizer::confirm::{confirms_empty, mirrored_is_empty};
use crate::optimizer::plan;
use crate::scenario::{self, Overrides};

fn read(text: &str) -> Model {
    let scenario = scenario::read_text("tight.toml", text, &Overrides::default());
    scenario.expect("valid").base
}

/// Three months at a budget of which one mega creator is just what the mix lets pass.
fn three_months(budget: u32) -> Model {
    read(&format!(
        "schema = 1\nname = \"tight\"\nstage = \"maturity\"\nmonths = 3\nbudget = {budget}\nobjective = \"revenue\"\n\
         [tiers]\nuse = [\"mega\", \"macro\", \"mid\", \"micro\"]\n\
         [partnerships]\nuse = [\"sponsored\", \"affiliate\"]\n\
         [diversity]\ntolerance = 0.02\nover = \"horizon\"\n"
    ))
}

#[test]
fn budgets_just_above_the_least_are_planned_to_the_optimum() {
    // HiGHS 1.16 on unit costs and revenues alone: its best plan and its bound.
    for (budget, best, bound) in [
        (120_018, 206_748.38, 206_762.72),
        (120_050, 209_602.55, 209_608.50),
    ] {
        let found = plan(
            &three_months(budget),
            &PlanSettings::default(),
            &Cancel::new(),
        );
        assert_eq!(found.status, PlanStatus::Optimal, "{budget}");
        let value = found.objective.expect("a plan has an objective");
        assert!(
            value >= best * 0.999 && value <= bound,
            "{budget}: {value} not {best}"
        );
    }
}

#[test]
fn rules_that_no_whole_number_meets_are_proven_so() {
    // 0.33 n = 8 has no whole n.
    let text = include_str!("../../../scenarios/categories-and-regions.toml");
    let odd = text.replace("\"*.*.lifestyle\" = 1 ", "\"*.*.lifestyle\" = 0.33 ");
    assert_ne!(text, odd);
    let found = plan(&read(&odd), &PlanSettings::default(), &Cancel::new());
    assert_eq!(found.status, PlanStatus::Infeasible);
    let conflict = found.conflict.expect("reasons");
    assert!(format!("{conflict:?}").contains("8 lifestyle creators"));
}

#[test]
fn a_second_word_agrees_with_trying_every_point() {
    let mut random = Random::new(61);
    let settings = PlanSettings::default();
    let mut seen = [0; 2];
    for case in 0..600 {
        let program = random_program(&mut random);
        let empty = try_all(&program).is_none();
        let cancel = Cancel::new();
        assert_eq!(
            mirrored_is_empty(&program, &settings, &cancel),
            empty,
            "case {case}"
        );
        assert_eq!(
            confirms_empty(&program, &settings, &cancel),
            empty,
            "case {case}"
        );
        seen[usize::from(empty)] += 1;
    }
    assert!(seen[0] > 150 && seen[1] > 50, "{seen:?}");
}
