//! The printed `--set` line, run by a shell as it stands.

use std::process::Stdio;

use crate::place::Place;

const HEAD: &str = "schema = 1\nname = \"x\"\nseed = 3\ntrials = 1_000\n";

/// Runs the line that an infeasible scenario ends with, and says what it was.
#[track_caller]
fn remedied(place: &Place, file: &str) -> String {
    let ran = place.run(&["optimize", file, "--format", "json"]).exits(3);
    let result: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let plan = &result["plans"][0];
    let set = &plan["conflict"]["set_line"];
    let Some(line) = set["line"].as_str() else {
        panic!("no line: {:#}", plan["conflict"]);
    };
    assert_eq!(set["tried"], true);
    let text = place.run(&["optimize", file]).exits(3).stdout;
    assert!(text.lines().any(|l| l.trim() == line), "{line}\n{text}");
    let command = format!("{} optimize {file} {line}", env!("CARGO_BIN_EXE_imatrix"));
    let output = place
        .command_of("sh")
        .args(["-c", &command])
        .stdout(Stdio::piped())
        .output()
        .expect("a shell");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{line}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    line.to_owned()
}

fn place(text: &str) -> Place {
    Place::with(&[("x.toml", &format!("{HEAD}{text}"))])
}

#[test]
fn the_shipped_scenario_without_a_plan_gets_one() {
    let shipped = include_str!("../../scenarios/maturity-30k.toml");
    let place = Place::with(&[("m.toml", shipped)]);
    let line = remedied(&place, "m.toml");
    assert!(
        line.contains("'diversity.tier_budget_share.mega=[0, 0.07]'"),
        "{line}"
    );
    // figures that people write
    assert!(line.contains("macro=[0.13, 0.217]'"), "{line}");
}

#[test]
fn the_order_of_importance_changes_the_line() {
    let text = |importance: &str| {
        format!(
            "budget = 60_000\ntiers.use = [\"mid\"]\ntiers.mid.max_creators = 10\n\
             partnerships.use = [\"sponsored\"]\n[diversity]\n{importance}\n"
        )
    };
    let line = remedied(&place(&text("")), "x.toml");
    assert!(line.starts_with("--set diversity.min_spend="), "{line}");
    let line = remedied(&place(&text("importance = 100")), "x.toml");
    assert!(line.starts_with("--set tiers.mid.max_creators="), "{line}");
    let some = "importance = { min_spend = 100, supply = 100 }";
    let line = remedied(&place(&text(some)), "x.toml");
    assert!(line.starts_with("--set diversity.min_spend="), "{line}");
}

#[test]
fn rules_with_odd_names_are_reached() {
    let line = remedied(
        &place(
            "budget = 50_000\ntiers.use = [\"macro\", \"mid\", \"micro\"]\n\
             [[constraint]]\nname = \"it's = \\\"few\\\"\"\ncount = { mid = 1 }\nmax = 2\n\
             [[constraint]]\nname = \"less than mid\"\ncount = { macro = 1, mid = -1 }\nmax = -3\nimportance = 9\n\
             [diversity]\nimportance = 9\n",
        ),
        "x.toml",
    );
    // both marks in one name: typed as TOML writes it
    assert!(
        line.contains(r#"constraint."it'\''s = \"few\"".max="#),
        "{line}"
    );
    let line = remedied(
        &place(
            "budget = 50_000\ntiers.use = [\"mid\", \"micro\"]\n\
             [[constraint]]\nname = \"a 'few' = mid\"\ncount = { mid = 1 }\nmin = 90\n",
        ),
        "x.toml",
    );
    assert!(
        line.contains(r#"constraint."a '\''few'\'' = mid".min="#),
        "{line}"
    );
}

#[test]
fn every_kind_of_rule_can_give_way() {
    for (text, key) in [
        (
            "budget = 50_000\n[operations]\nhours_per_month = 2\n[diversity]\nimportance = 50\n",
            "operations.hours_per_month=",
        ),
        (
            "budget = 50_000\n[targets]\nroas = { at_least = 30, enforce = true }\n",
            "targets.roas.at_least=",
        ),
        (
            "budget = 50_000\ntiers.use = [\"mid\"]\n[tiers.mid.targets]\ncpa = { at_most = 1, enforce = true }\n",
            "tiers.mid.targets.cpa.at_most=",
        ),
        (
            "budget = 50_000\n[tiers.macro]\nmin_creators = 40\nmax_creators = \"free\"\n[diversity]\nimportance = { budget = 9 }\n",
            "tiers.macro.min_creators=",
        ),
        (
            "budget = 3_000\n[tiers.macro]\nmin_creators = 1\npartnerships = [\"sponsored\"]\n\
             [diversity]\nimportance = { supply = 500, min_spend = 9 }\n",
            "budget=",
        ),
        (
            "budget = 50_000\ntiers.use = [\"macro\"]\n[diversity]\nmax_creator_budget_share = 0.001\n",
            "diversity.max_creator_budget_share=",
        ),
        (
            "budget = 50_000\ntiers.use = [\"macro\"]\ntiers.macro.max_creators = \"free\"\n[diversity]\nmin_creators = 400\nimportance = { budget = 50 }\n",
            "diversity.min_creators=",
        ),
        (
            "budget = 50_000\n[diversity]\nmax_creators = 1\npartnership_share.sponsored = [0.4, 0.6]\n",
            "diversity.partnership_share.sponsored=",
        ),
        (
            "budget = 50_000\ntiers.use = [\"mid\"]\n[diversity]\nmax_creators = 2\nimportance = { min_spend = 900 }\n",
            "diversity.max_creators=",
        ),
        (
            "budget = 9_000\n[segments.categories.\"home & garden\"]\n[segments.categories.pets]\n\
             [diversity]\nmax_creators = 1\nimportance = { max_creators = 900, min_spend = 900 }\n\
             category_budget_share.\"home & garden\" = [0.4, 0.6]\n",
            "diversity.category_budget_share.\"home & garden\"=",
        ),
    ] {
        let line = remedied(&place(text), "x.toml");
        assert!(line.contains(key), "{text}\n{line}");
    }
}

#[test]
fn a_typed_what_if_gets_more_of_its_own_settings() {
    let place = Place::with(&[(
        "x.toml",
        &format!("{HEAD}budget = 60_000\ntiers.use = [\"mid\", \"micro\"]\n"),
    )]);
    let args = [
        "what-if",
        "x.toml",
        "--set",
        "operations.hours_per_month=1",
        "--no-trials",
        "--format",
        "json",
    ];
    let ran = place.run(&args).exits(3);
    let result: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let set = &result["plans"][1]["conflict"]["set_line"]["settings"];
    let more: Vec<String> = set
        .as_array()
        .expect("settings")
        .iter()
        .map(|s| {
            format!(
                "{}={}",
                s["key"].as_str().unwrap(),
                s["value"].as_str().unwrap()
            )
        })
        .collect();
    let mut args: Vec<&str> = args.to_vec();
    for setting in &more {
        args.extend(["--set", setting]);
    }
    place.run(&args).exits(0);
}
