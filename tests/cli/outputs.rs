//! What goes to stdout, to stderr and to the disk.

use std::io::{BufRead, BufReader, Read};

use crate::place::{CERTAIN, PLANNED, Place};

#[test]
fn json_on_stdout_is_result_json() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    for command in ["run", "simulate", "compare"] {
        let ran = place.run(&[command, "a.toml", "--format", "json"]).exits(0);
        let folder = if command == "compare" {
            "out/planned-compare"
        } else {
            "out/planned"
        };
        assert_eq!(
            ran.stdout.as_bytes(),
            place.read(&format!("{folder}/result.json")),
            "{command}"
        );
    }
}

#[test]
fn trial_rows_are_written_unless_left_out() {
    let place = Place::with(&[("a.toml", CERTAIN)]);
    place.run(&["run", "a.toml"]).exits(0);
    assert!(place.has("out/certain/trials.parquet"));
    place.run(&["run", "a.toml", "--no-trials"]).exits(0);
    assert!(!place.has("out/certain/trials.parquet"));
    assert!(place.has("out/certain/summary.parquet"));
}

#[test]
fn scopes_total_leaves_out_the_parts() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    let scopes = |place: &Place| {
        let result = place.json("out/planned/result.json");
        let rows = result["summary"].as_array().expect("rows").clone();
        rows.iter().any(|row| row["scope"] != "total")
    };
    place.run(&["run", "a.toml"]).exits(0);
    assert!(scopes(&place));
    place.run(&["run", "a.toml", "--scopes", "total"]).exits(0);
    assert!(!scopes(&place));
}

#[test]
fn a_folder_is_replaced_only_if_it_is_ours() {
    let place = Place::with(&[("a.toml", CERTAIN), ("there/certain/notes.txt", "mine")]);
    let ran = place
        .run(&["run", "a.toml", "--out", "there"])
        .exits(2)
        .says("manifest.json")
        .says("there/certain");
    assert_eq!(ran.stdout, "");
    assert_eq!(place.names("there"), ["certain"]);
    assert_eq!(place.names("there/certain"), ["notes.txt"]);

    place.run(&["run", "a.toml", "--out", "b/c"]).exits(0);
    place.write("b/c/certain/stale.txt", "of an earlier run");
    place
        .run(&["run", "a.toml", "--out", "b/c", "--seed", "5"])
        .exits(0)
        .says("wrote b/c/certain/");
    assert!(!place.has("b/c/certain/stale.txt"));
    assert_eq!(place.json("b/c/certain/manifest.json")["seed"], 5);
    assert_eq!(place.names("b/c"), ["certain"]);
}

#[test]
fn a_folder_that_cannot_be_made_is_wrong_usage() {
    let place = Place::with(&[("a.toml", CERTAIN), ("file", "")]);
    for command in ["run", "simulate", "explain", "frontier"] {
        let ran = place
            .run(&[command, "a.toml", "--out", "file/out"])
            .exits(2);
        assert!(ran.stderr.contains("file/out"), "{}", ran.stderr);
    }
}

#[test]
fn the_manifest_holds_what_was_run() {
    let place = Place::with(&[("a.toml", CERTAIN)]);
    place.run(&["run", "a.toml", "--threads", "2"]).exits(0);
    let manifest = place.json("out/certain/manifest.json");
    assert_eq!(manifest["generator"], "influencer-matrix");
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["scenario"], "certain");
    assert_eq!(manifest["trials"], 2000);
    assert_eq!(manifest["reproducible"], true);
    assert_eq!(manifest["threads"], 2);
    assert!(manifest["seconds"]["planning"].is_number());
}

#[test]
fn warnings_stand_in_the_result() {
    // Two creators exceed the budget of one.
    let text = CERTAIN.replace("\"mid.sponsored\" = 1", "\"mid.sponsored\" = 2");
    let place = Place::with(&[("a.toml", &text)]);
    place.run(&["run", "a.toml"]).exits(0);
    let result = place.json("out/certain/result.json");
    let warnings = result["warnings"].as_array().expect("a list");
    assert!(
        warnings
            .iter()
            .any(|warning| warning.as_str().is_some_and(|text| text.contains("budget"))),
        "{warnings:?}"
    );
}

#[test]
fn nothing_is_coloured_in_a_pipe() {
    let place = Place::with(&[("a.toml", PLANNED), ("bad.toml", "schema = 2\n")]);
    for args in [
        &["run", "a.toml"][..],
        &["show", "a.toml"],
        &["optimize", "a.toml"],
        &["check", "bad.toml"],
        &["run", "--nonsense"],
    ] {
        let ran = place.run(args);
        assert!(!ran.stdout.contains('\x1b'), "{args:?}");
        assert!(!ran.stderr.contains('\x1b'), "{args:?}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    for args in [&["schema"][..], &["show", "a.toml"], &["--help"]] {
        let mut child = place.command().args(args).spawn().expect("imatrix starts");
        // Gone before anything is written, or after the first line: neither is told to the user.
        drop(child.stdout.take());
        let status = child.wait().expect("it ends");
        let mut stderr = String::new();
        let mut pipe = child.stderr.take().expect("a pipe");
        pipe.read_to_string(&mut stderr).expect("UTF-8");
        assert_eq!(stderr, "", "{args:?}");
        assert_eq!(status.code(), Some(0), "{args:?}");
    }
    let mut child = place
        .command()
        .args(["schema"])
        .spawn()
        .expect("imatrix starts");
    let mut first = String::new();
    BufReader::with_capacity(16, child.stdout.take().expect("a pipe"))
        .read_line(&mut first)
        .expect("a line");
    assert_eq!(first, "{\n");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn alternatives_are_written_where_asked_for() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    let ran = place
        .run(&["run", "a.toml", "--alternatives", "2", "--gap", "2%"])
        .exits(0);
    assert!(ran.stdout.contains("alternative 1:"), "{}", ran.stdout);
    assert!(place.has("out/planned/alternatives.parquet"));
    let result = place.json("out/planned/result.json");
    let plan = &result["plans"][0];
    let found = plan["alternatives"].as_array().expect("alternatives");
    assert!((1..=2).contains(&found.len()));
    for other in found {
        let moved = other["moved"].as_f64().expect("a share");
        assert!((0.1..=1.0).contains(&moved));
        let lost = other["objective_difference"].as_f64().expect("a number");
        assert!(lost >= -0.02 * plan["objective"].as_f64().expect("a number") - 1e-6);
        assert_ne!(other["counts"], plan["counts"]);
    }
    place.run(&["run", "a.toml"]).exits(0);
    assert!(!place.has("out/planned/alternatives.parquet"));
    assert_eq!(
        place.json("out/planned/result.json")["plans"][0]["alternatives"],
        serde_json::Value::Null
    );
}

#[test]
fn alternatives_of_creators_that_act_on_each_other_are_valued_anew() {
    let audience = format!("{PLANNED}\n[audience]\nsize = \"2m\"\n");
    let place = Place::with(&[("a.toml", &audience)]);
    let flags = ["--alternatives", "2", "--gap", "2%", "--format", "json"];
    let ran = place
        .run(&[&["optimize", "a.toml"], &flags[..]].concat())
        .exits(0);
    let result: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let plan = &result["plans"][0];
    let found = plan["alternatives"].as_array().expect("alternatives");
    assert!(!found.is_empty());
    for other in found {
        // Planned as it stands, its counts have the objective that was said.
        let counts = other["counts"].as_object().expect("counts");
        let booked = counts.iter().filter(|(_, n)| n.as_f64() != Some(0.0));
        let counts: Vec<String> = booked.map(|(key, n)| format!("\"{key}\" = {n}")).collect();
        let fixed = format!("counts = {{ {} }}\n{audience}", counts.join(", "));
        let fixed = fixed
            .split("[[what_if]]")
            .next()
            .expect("a base")
            .to_owned()
            + "\n[audience]\nsize = \"2m\"\n";
        std::fs::write(place.path("fixed.toml"), fixed).expect("written");
        let ran = place
            .run(&["optimize", "fixed.toml", "--format", "json"])
            .exits(0);
        let again: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let again = &again["plans"][0];
        let (said, is) = (other["objective"].as_f64(), again["objective"].as_f64());
        let (said, is) = (said.expect("a number"), is.expect("a number"));
        assert!((said - is).abs() <= 1e-9 * is, "{said} {is}");
        assert!(is >= 0.98 * plan["objective"].as_f64().expect("a number") - 1e-6);
        assert_eq!(
            again["warnings"],
            serde_json::json!([]),
            "it keeps every rule"
        );
    }
}

#[test]
fn what_has_no_alternatives_says_so_and_lets_the_others_have_theirs() {
    let fixed = format!(
        "{PLANNED}\n[[what_if]]\nname = \"as last time\"\ncounts = {{ \"mid.sponsored\" = 9 }}\n\
         [[what_if]]\nname = \"promised\"\nrisk.cvar = {{ metric = \"revenue\", at_least = 1 }}\n"
    );
    let place = Place::with(&[("a.toml", &fixed)]);
    let ran = place
        .run(&["optimize", "a.toml", "--alternatives", "1", "--gap", "2%"])
        .exits(0);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("alternative 1:"), "{said}");
    for words in [
        "plan as last time has no alternatives to look for: its counts are given, not optimized",
        "plan promised has no alternatives to look for: it promises something of its risk",
    ] {
        assert!(said.contains(words), "{said}");
    }
    // Nor has one with a promise and an audience, where the plan without the promise keeps it.
    let both = format!("{fixed}\n[audience]\nsize = \"2m\"\n");
    let place = Place::with(&[("a.toml", &both)]);
    let ran = place
        .run(&["optimize", "a.toml", "--alternatives", "1", "--gap", "2%"])
        .exits(0);
    let (_, promised) = ran
        .stdout
        .split_once("Plan \"promised\"")
        .expect("the plan");
    assert!(!promised.contains("alternative 1:"), "{promised}");
    // A plan without any is still refused alone.
    let alone = fixed.split("[[what_if]]").next().expect("a base");
    let alone = format!("counts = {{ \"mid.sponsored\" = 9 }}\n{alone}");
    let place = Place::with(&[("a.toml", &alone)]);
    place
        .run(&["optimize", "a.toml", "--alternatives", "2"])
        .exits(2)
        .says("leave out --alternatives");
}
