//! explain: what it prints, writes and how it ends.

use serde_json::Value;

use crate::place::{CERTAIN, INFEASIBLE, INVALID, PLANNED, Place};

const FEW: [&str; 2] = ["--trials", "2_048"];

fn explain(place: &Place, more: &[&str]) -> crate::place::Ran {
    place.run(&[&["explain", "a.toml"], &FEW[..], more].concat())
}

fn rows<'a>(result: &'a Value, measure: &str, input: &str) -> Vec<&'a Value> {
    let rows = result["sensitivity"].as_array().expect("rows");
    rows.iter()
        .filter(|row| row["measure"] == measure && row["input"] == input)
        .collect()
}

#[test]
fn it_writes_a_folder_of_its_own_beside_the_runs() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    place.run(&["run", "a.toml"]).exits(0);
    let summary = place.read("out/planned/summary.parquet");
    let ran = explain(&place, &[]).exits(0);
    assert_eq!(ran.stderr.trim_end(), "wrote out/planned-explain/");
    assert_eq!(place.names("out"), ["planned", "planned-explain"]);
    let files = [
        "constraints.parquet",
        "manifest.json",
        "plan.parquet",
        "result.json",
        "sensitivity.parquet",
    ];
    assert_eq!(place.names("out/planned-explain"), files);
    assert_eq!(place.read("out/planned/summary.parquet"), summary);

    let manifest = place.json("out/planned-explain/manifest.json");
    assert_eq!(manifest["trials"], 2048);
    assert_eq!(manifest["scenario"], "planned");
    for words in [
        "What makes ROAS of base vary",
        "conversion rates",
        "creators' followers",
        "Most of ROAS's spread comes from",
        "ROAS of \"more micro\"",
        "What is worth learning before deciding",
        "Expected profit: base",
    ] {
        assert!(
            ran.stdout.contains(words),
            "no {words:?} in:\n{}",
            ran.stdout
        );
    }
    assert!(!ran.stdout.contains("NaN"));
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn json_on_stdout_is_result_json_and_has_every_figure() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    let ran = explain(&place, &["--format", "json"]).exits(0);
    assert_eq!(
        ran.stdout.as_bytes(),
        place.read("out/planned-explain/result.json")
    );
    let result = place.json("out/planned-explain/result.json");
    assert_eq!(
        result["choice"]["plans"].as_array().expect("plans").len(),
        3
    );
    let inputs: Vec<&str> = result["inputs"]
        .as_array()
        .expect("inputs")
        .iter()
        .map(|input| input.as_str().expect("a name"))
        .collect();
    assert_eq!(
        inputs,
        [
            "market",
            "platform",
            "engagement_rate",
            "click_rate",
            "conversion_rate",
            "order_value",
            "fee",
            "creators.followers",
            "creators.fee",
            "creators.engagement_rate",
            "creators.delivery",
            "orders",
        ]
    );
    for input in inputs {
        // Three plans, five metrics.
        for measure in ["first_order", "total"] {
            assert_eq!(
                rows(&result, measure, input).len(),
                15,
                "{measure} of {input}"
            );
        }
        assert!(!rows(&result, "evppi", input).is_empty(), "{input}");
    }
    assert_eq!(rows(&result, "evppi", "shared").len(), 1);
    assert_eq!(rows(&result, "evppi", "all").len(), 1);
    // A tier of its own, a choice without a plan.
    let tiers: Vec<&Value> = rows(&result, "evppi", "conversion_rate")
        .iter()
        .map(|row| &row["tier"])
        .collect();
    assert_eq!(
        serde_json::json!(tiers),
        serde_json::json!([null, "mid", "micro"])
    );
    assert!(
        rows(&result, "evppi", "market")
            .iter()
            .all(|row| row["plan"].is_null())
    );
}

#[test]
fn files_are_the_same_on_any_threads_and_the_seed_counts() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    let files = |more: &[&str]| {
        explain(&place, more).exits(0);
        ["sensitivity.parquet", "result.json"]
            .map(|file| place.read(&format!("out/planned-explain/{file}")))
    };
    let one = files(&["--threads", "1"]);
    assert!(one == files(&["--threads", "3"]));
    assert!(one != files(&["--seed", "8"]));
}

#[test]
fn one_certain_plan_has_chance_alone_and_nothing_to_decide() {
    let place = Place::with(&[("a.toml", CERTAIN)]);
    let ran = explain(&place, &[]).exits(0);
    assert!(ran.stdout.contains("chance in orders"), "{}", ran.stdout);
    assert!(ran.stdout.contains("nothing to decide"), "{}", ran.stdout);
    let result = place.json("out/certain-explain/result.json");
    assert_eq!(result["inputs"], serde_json::json!(["orders"]));
    let spend = |measure: &str| -> Vec<Value> {
        rows(
            &result,
            measure,
            if measure == "sd" { "all" } else { "orders" },
        )
        .into_iter()
        .filter(|row| row["metric"] == "spend")
        .map(|row| row["value"].clone())
        .collect()
    };
    // What it spends is certain: no spread, and no shares of none.
    assert_eq!(spend("sd"), [serde_json::json!(0.0)]);
    assert_eq!(spend("first_order"), [Value::Null]);
    assert!(rows(&result, "evppi", "all").is_empty());
}

#[test]
fn nothing_uncertain_at_all_is_said() {
    let text = CERTAIN.replace("targets.cpa = 340", "funnel.conversion_rate = 0");
    let place = Place::with(&[("a.toml", &text)]);
    let ran = explain(&place, &[]).exits(0);
    assert!(ran.stdout.contains("Nothing: it is 0"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("NaN"), "{}", ran.stdout);
}

#[test]
fn an_infeasible_base_does_not_keep_the_others_from_being_explained() {
    let place = Place::with(&[("a.toml", INFEASIBLE)]);
    let ran = explain(&place, &[])
        .exits(3)
        .says("plan base is infeasible");
    assert!(
        ran.stdout
            .contains("What makes ROAS of \"without the rule's tier\" vary"),
        "{}",
        ran.stdout
    );
    assert!(place.has("out/infeasible-explain/sensitivity.parquet"));
}

#[test]
fn what_changes_the_market_is_no_choice() {
    let text = PLANNED.replace("budget = 30_000", "order.value = 200");
    let place = Place::with(&[("a.toml", &text)]);
    let ran = explain(&place, &[]).exits(0);
    let words = "\"less budget\" differs in what the market is";
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
    let result = place.json("out/planned-explain/result.json");
    assert_eq!(
        result["choice"]["left_out"],
        serde_json::json!(["less budget"])
    );
}

#[test]
fn wrong_usage_writes_nothing() {
    let place = Place::with(&[("a.toml", INVALID), ("b.toml", CERTAIN), ("taken", "mine")]);
    explain(&place, &[]).exits(2).says("budgett");
    for args in [
        &["b.toml", "--trials", "0"][..],
        &["b.toml", "--trials", "-5"],
        &["b.toml", "--trials", "many"],
        &["b.toml", "--trials", "1_000_000_001"],
        &["b.toml", "--seed", "-1"],
        &["b.toml", "--format", "xml"],
        &["b.toml", "--out", "taken"],
        &["missing.toml"],
        &[],
    ] {
        place.run(&[&["explain"], args].concat()).exits(2);
    }
    assert!(!place.has("out"));
    // One trial has no spread, and says so.
    let ran = place.run(&["explain", "b.toml", "--trials", "1"]).exits(0);
    assert!(!ran.stdout.contains("NaN"), "{}", ran.stdout);
}

#[cfg(unix)]
#[test]
fn an_interrupted_explanation_exits_with_130_and_leaves_nothing() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    place
        .interrupt(&["explain", "a.toml", "--trials", "1_000_000_000"])
        .exits(130)
        .says("interrupted");
    assert_eq!(place.names("out"), [""; 0]);
}
