//! What plans promise beyond their means: outputs, exit codes, every command.

use serde_json::Value;

use crate::place::{CERTAIN, PLANNED, Place};

/// A plan that promises revenue in bad months and to keep its budget.
fn promising() -> String {
    let text = PLANNED
        .replace("budget = 60_000", "budget = { amount = 60_000, with = 0.9 }")
        .replace("[diversity]", "risk.cvar = { metric = \"revenue\", at_least = 20_000 }\n\n[diversity]\nmin_spend = 0.5")
        .replace("budget = 30_000", "risk = \"none\"\nbudget.with = \"free\"");
    text.replace("\"less budget\"", "\"no promises\"")
}

fn risks(plan: &Value) -> &Vec<Value> {
    plan["risks"].as_array().expect("risks")
}

#[test]
fn every_rule_is_in_every_output() {
    let place = Place::with(&[("a.toml", &promising())]);
    let ran = place.run(&["run", "a.toml", "--require-targets"]).exits(0);
    assert!(
        place
            .names("out/planned")
            .contains(&"risk.parquet".to_owned())
    );
    let result = place.json("out/planned/result.json");
    let base = &result["plans"][0];
    let rules: Vec<&str> = risks(base)
        .iter()
        .map(|r| r["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["risk.cvar", "budget"]);
    for risk in risks(base) {
        assert_eq!(risk["verdict"], "held", "{risk}");
        for figure in [
            "in_sample",
            "in_sample_error",
            "out_of_sample",
            "out_of_sample_error",
        ] {
            assert!(risk[figure].is_f64(), "{figure}: {risk}");
        }
        assert_eq!(risk["trials_out_of_sample"], 131_072);
    }
    assert_eq!(risks(base)[1]["with"], 0.9);
    assert_eq!(risks(base)[1]["at_most"], 60_000.0);
    // The what-if that lifts all of it has none, spends more and expects more.
    let lifted = &result["plans"][2];
    assert!(lifted.get("risks").is_none());
    assert!(lifted["objective"].as_f64() >= base["objective"].as_f64());
    let rows = result["constraints"].as_array().expect("rows");
    let of_kind: Vec<&Value> = rows
        .iter()
        .filter(|r| r["plan"] == "base" && r["kind"] == "risk")
        .collect();
    assert_eq!(of_kind.len(), 2);
    assert_eq!(of_kind[0]["low"], 20_000.0);
    assert_eq!(of_kind[0]["value"], risks(base)[0]["out_of_sample"]);
    // Words wrap as they need to.
    let words = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "kept in 90 % of months",
        "Risk, planned on 10,000 trials and measured on 131,072 fresh ones:",
        "Held: revenue averages ¥",
        "over the worst 10 % of fresh trials, at least ¥20,000 wanted",
        "Held: spend is at most ¥60,000 in 9",
    ] {
        assert!(words.contains(part), "{part}\n{}", ran.stdout);
    }

    // Planning alone says the same, and so does a run of the one scenario without trials kept.
    let plan = place
        .run(&["optimize", "a.toml", "--format", "json"])
        .exits(0);
    let plan: Value = serde_json::from_str(&plan.stdout).expect("JSON");
    assert_eq!(plan["plans"][0]["risks"], base["risks"]);
}

#[test]
fn scenarios_without_such_rules_have_no_such_file() {
    let place = Place::with(&[("a.toml", CERTAIN)]);
    place.run(&["run", "a.toml"]).exits(0);
    assert!(
        !place
            .names("out/certain")
            .contains(&"risk.parquet".to_owned())
    );
    let result = place.json("out/certain/result.json");
    assert!(result["plans"][0].get("risks").is_none());
}

#[test]
fn a_rule_that_does_not_hold_is_a_missed_target() {
    let text = format!("{CERTAIN}risk.cvar = {{ metric = \"revenue\", at_least = 800 }}\n");
    let place = Place::with(&[("in/a.toml", &text)]);
    let ran = place.run(&["run", "in/a.toml"]).exits(0);
    assert!(
        ran.stdout.contains("Not held: revenue averages"),
        "{}",
        ran.stdout
    );
    for command in [&["run", "in/a.toml"][..], &["simulate", "in/a.toml"]] {
        let args = [command, &["--require-targets"]].concat();
        place
            .run(&args)
            .exits(4)
            .says("rule risk.cvar is missed")
            .says("at least ¥800 wanted");
    }
    place
        .run(&["batch", "in", "--require-targets", "--junit", "j.xml"])
        .exits(4);
    let junit = place.read("j.xml");
    let junit = String::from_utf8_lossy(&junit);
    assert!(junit.contains("name=\"rule risk.cvar\""), "{junit}");
    assert!(
        junit.contains("over the worst 10 % of fresh trials"),
        "{junit}"
    );
    // Lifted or low enough, it is no reason to fail.
    for set in ["risk=none", "risk.cvar.at_least=200"] {
        place
            .run(&["run", "in/a.toml", "--require-targets", "--set", set])
            .exits(0);
    }
}

#[test]
fn a_rule_that_no_plan_keeps_exits_with_3() {
    let place = Place::with(&[("a.toml", &promising())]);
    place
        .run(&["optimize", "a.toml", "--set", "risk.cvar.at_least=90_000"])
        .exits(3)
        .says("plan base is infeasible")
        .says("risk.cvar");
}

#[test]
fn plans_at_risk_are_the_same_on_1_and_8_threads() {
    let place = Place::with(&[("a.toml", &promising())]);
    let mut first = None;
    for threads in ["1", "8"] {
        place
            .run(&["run", "a.toml", "--threads", threads, "--no-trials"])
            .exits(0);
        let files = ["risk.parquet", "plan.parquet", "result.json"]
            .map(|file| place.read(&format!("out/planned/{file}")));
        assert!(*first.get_or_insert_with(|| files.clone()) == files);
    }
    // The seed counts, for program and check.
    place
        .run(&["run", "a.toml", "--seed", "8", "--no-trials"])
        .exits(0);
    assert!(first.map(|f| f[0].clone()) != Some(place.read("out/planned/risk.parquet")));
}

#[test]
fn budgets_are_set_by_amount_and_probability_in_either_order() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    for sets in [
        ["budget=50_000", "budget.with=0.8"],
        ["budget.with=0.8", "budget=50_000"],
        ["budget.amount=50_000", "budget.with=0.8"],
        ["budget={ amount = 50_000, with = 0.5 }", "budget.with=0.8"],
    ] {
        let shown = place
            .run(&["show", "a.toml", "--set", sets[0], "--set", sets[1]])
            .exits(0)
            .stdout;
        let value = |key: &str| {
            let line = shown.lines().find(|l| l.starts_with(key));
            let line = line.unwrap_or_else(|| panic!("{sets:?}: no {key}\n{shown}"));
            line.split_whitespace().nth(1).map(str::to_owned)
        };
        assert_eq!(value("budget.amount").as_deref(), Some("50000"), "{sets:?}");
        assert_eq!(value("budget.with").as_deref(), Some("0.8"), "{sets:?}");
    }
}
