//! The settings told for random infeasible scenarios, split as a shell would and read again.

use std::fmt::Write as _;

use super::*;
use crate::fixture::Dice;
use crate::model::{Cancel, PlanStatus};
use crate::scenario::{self, Overrides};

/// A small scenario of tight rules.
fn text(dice: &mut Dice) -> String {
    let mut out = String::from("schema = 1\nname = \"r\"\n");
    let budget = 4_000 + 1_000 * dice.roll(30);
    let _ = writeln!(out, "budget = {budget}");
    if dice.roll(2) == 0 {
        out.push_str("stage = \"maturity\"\n");
    }
    out.push_str("tiers.use = [\"macro\", \"mid\", \"micro\"]\n");
    out.push_str("partnerships.use = [\"sponsored\", \"affiliate\"]\n");
    if dice.roll(3) == 0 {
        let _ = writeln!(out, "tiers.mid.max_creators = {}", dice.roll(4));
    }
    if dice.roll(3) == 0 {
        let _ = writeln!(out, "tiers.macro.min_creators = {}", 1 + dice.roll(3));
    }
    if dice.roll(3) == 0 {
        let _ = writeln!(out, "operations.hours_per_month = {}", 1 + dice.roll(20));
    }
    if dice.roll(4) == 0 {
        let _ = writeln!(
            out,
            "targets.roas = {{ at_least = {}, enforce = true }}",
            1 + dice.roll(12)
        );
    }
    out.push_str("[diversity]\n");
    match dice.roll(3) {
        0 => {
            let _ = writeln!(out, "tier_budget_share.micro = \"{}%\"", 10 + dice.roll(60));
        }
        1 => {
            let low = dice.roll(60);
            let _ = writeln!(
                out,
                "tier_budget_share.macro = [0.{low:02}, 0.{:02}]",
                low + 5
            );
        }
        _ => {}
    }
    if dice.roll(3) == 0 {
        let _ = writeln!(out, "max_creator_budget_share = 0.{:02}", 1 + dice.roll(30));
    }
    if dice.roll(3) == 0 {
        let _ = writeln!(out, "min_creators = {}", 2 + dice.roll(80));
    }
    if dice.roll(3) == 0 {
        let _ = writeln!(
            out,
            "importance = {{ min_spend = {}, supply = {} }}",
            1 + dice.roll(30),
            1 + dice.roll(30)
        );
    }
    if dice.roll(2) == 0 {
        let _ = writeln!(
            out,
            "[[constraint]]\nname = \"our 'own'\"\ncount = {{ mid = 1, macro = -{} }}\nmin = {}",
            1 + dice.roll(3),
            dice.roll(30)
        );
    }
    out
}

/// The words of a line, by the rules of a shell for single quotes and backslashes.
fn words(line: &str) -> Vec<String> {
    let (mut out, mut word, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars();
    while let Some(c) = letters.next() {
        match c {
            '\'' => quoted = !quoted,
            '\\' if !quoted => word.extend(letters.next()),
            ' ' if !quoted => out.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    out.push(word);
    out
}

#[test]
fn settings_told_for_random_scenarios_lead_to_plans() {
    let mut dice = Dice(0x51CE_1234_ABCD_0007);
    let (settings, cancel) = (PlanSettings::default(), Cancel::new());
    let (mut infeasible, mut remedied) = (0, 0);
    let mut tried = 0;
    while infeasible < 40 && tried < 400 {
        tried += 1;
        let text = text(&mut dice);
        let read = |set: &[(String, String)]| {
            let overrides = Overrides {
                set: set.to_vec(),
                ..Overrides::default()
            };
            scenario::read_text("r.toml", &text, &overrides)
        };
        let Ok(scenario) = read(&[]) else { continue };
        let models = vec![scenario.base.clone()];
        let mut planned = plan_models(models, &settings, &NoProgress, &cancel).unwrap();
        if planned[0].1.status != PlanStatus::Infeasible {
            continue;
        }
        infeasible += 1;
        find_remedies(&scenario, &mut planned, &settings, &cancel).unwrap();
        let Some(line) = planned[0].1.conflict.as_ref().unwrap().set_line.clone() else {
            continue;
        };
        remedied += 1;
        let parts = words(&line.line);
        let set: Vec<(String, String)> = parts
            .chunks(2)
            .map(|pair| {
                assert_eq!(pair[0], "--set", "{}", line.line);
                let (key, value) = pair[1].rsplit_once('=').unwrap();
                (key.to_owned(), value.to_owned())
            })
            .collect();
        assert_eq!(set, line.settings);
        let model = read(&set).unwrap_or_else(|e| panic!("{text}\n{e}")).base;
        let plan = crate::optimizer::plan(&model, &settings, &cancel);
        assert!(plan.is_usable(), "{text}\n{}\n{:?}", line.line, plan.status);
        // by code that shares nothing with the programs
        let counts = plan.counts.row(0).to_vec();
        assert_eq!(crate::optimizer::check(&model, &counts), [], "{text}");
    }
    assert_eq!(infeasible, 40);
    assert!(remedied >= 38, "{remedied} of {infeasible}");
}
