//! batch: folders of scenarios.

use serde_json::Value;

use crate::place::{CERTAIN, INFEASIBLE, INVALID, PLANNED, Place};

fn named(text: &str, from: &str, to: &str) -> String {
    text.replace(&format!("\"{from}\""), &format!("\"{to}\""))
}

#[test]
fn every_scenario_below_a_folder_runs_and_one_bad_file_stops_no_other() {
    let place = Place::with(&[
        ("in/z.toml", CERTAIN),
        ("in/deep/er/a.toml", &named(CERTAIN, "certain", "deep")),
        ("in/bad.toml", INVALID),
        ("in/no.toml", INFEASIBLE),
        ("in/.hidden/b.toml", &named(CERTAIN, "certain", "hidden")),
        ("in/notes.md", "no scenario"),
    ]);
    let ran = place
        .run(&["batch", "in", "--out", "o", "--junit", "j.xml"])
        .exits(2)
        .says("in/bad.toml:4:1")
        .says("4 scenarios: 1 invalid, 1 infeasible, 2 ok");
    for name in ["certain", "deep", "infeasible", "bad.toml"] {
        assert!(ran.stdout.contains(name), "no {name} in:\n{}", ran.stdout);
    }
    assert_eq!(
        place.names("o"),
        ["certain", "deep", "infeasible", "summary.parquet"]
    );
    assert!(!place.has("o/certain/trials.parquet"));
    assert!(place.has("o/certain/manifest.json"));

    let junit = String::from_utf8(place.read("j.xml")).expect("UTF-8");
    for words in [
        r#"<testsuite name="certain" tests="3" skipped="0" errors="0" failures="0">"#,
        r#"<testsuite name="in/bad.toml" tests="1" skipped="0" errors="0" failures="1">"#,
        r#"<testcase name="valid" classname="in/z.toml"/>"#,
        r#"<testcase name="plan base" classname="in/z.toml"/>"#,
        r#"<testcase name="target targets.cpa" classname="in/z.toml"/>"#,
        r#"<testcase name="plan without the rule's tier" classname="in/no.toml"/>"#,
        "infeasible: ",
        "budgett",
    ] {
        let plain = junit.replace("&apos;", "'");
        assert!(plain.contains(words), "no {words} in:\n{junit}");
    }
}

#[test]
fn a_batch_without_bad_files_exits_by_the_worst_result() {
    let missed = format!(
        "{}targets.roas = 3.0\n",
        named(CERTAIN, "certain", "missed")
    );
    let place = Place::with(&[("in/a.toml", CERTAIN), ("in/b.toml", &missed)]);
    let ran = place
        .run(&["batch", "in", "--junit", "j.xml", "--format", "json"])
        .exits(0);
    let table: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(table["exit_code"], 0);
    assert_eq!(table["scenarios"][1]["scenario"], "missed");
    let cases = table["scenarios"][1]["cases"].as_array().expect("cases");
    let roas = cases
        .iter()
        .find(|case| case["case"] == "target targets.roas");
    assert_eq!(roas.expect("a case")["result"], "target missed");
    let junit = String::from_utf8(place.read("j.xml")).expect("UTF-8");
    assert!(
        junit.contains(r#"failures="1""#) && junit.contains("0.45"),
        "{junit}"
    );

    let ran = place.run(&["batch", "in", "--require-targets"]).exits(4);
    let missed = "targets.roas: ROAS 0.45 expected, at least 3.00 wanted";
    assert!(ran.stdout.contains(missed), "{}", ran.stdout);
    place.write("in/c.toml", INFEASIBLE);
    place.run(&["batch", "in", "--require-targets"]).exits(3);
}

#[test]
fn the_folders_are_those_of_run() {
    let place = Place::with(&[("in/a.toml", PLANNED)]);
    place
        .run(&["batch", "in", "--out", "b", "--trial-rows"])
        .exits(0);
    place.run(&["run", "in/a.toml", "--out", "r"]).exits(0);
    assert_eq!(place.names("b/planned"), place.names("r/planned"));
    for file in place.names("r/planned") {
        if file != "manifest.json" {
            let (batch, run) = (format!("b/planned/{file}"), format!("r/planned/{file}"));
            assert!(place.read(&batch) == place.read(&run), "{file} differs");
        }
    }
}

#[test]
fn two_files_of_one_name_stop_the_batch_before_it_starts() {
    let place = Place::with(&[("in/a.toml", CERTAIN), ("in/sub/b.toml", CERTAIN)]);
    let ran = place
        .run(&["batch", "in"])
        .exits(2)
        .says("in/a.toml")
        .says("in/sub/b.toml");
    assert_eq!(ran.stdout, "");
    assert!(!place.has("out"));
}

#[test]
fn a_folder_without_scenarios_is_wrong_usage() {
    let place = Place::with(&[("in/notes.md", "")]);
    place.run(&["batch", "in"]).exits(2).says(".toml");
    place.run(&["batch", "in/notes.md"]).exits(2);
}

#[test]
fn fail_fast_stops_after_the_first_failure() {
    let place = Place::with(&[
        ("in/a.toml", CERTAIN),
        ("in/b.toml", INFEASIBLE),
        ("in/c.toml", &named(CERTAIN, "certain", "after")),
    ]);
    let args = [
        "batch",
        "in",
        "--fail-fast",
        "--junit",
        "j.xml",
        "--format",
        "json",
    ];
    let ran = place.run(&args).exits(3);
    let table: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let skipped: Vec<&Value> = table["scenarios"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| &row["skipped"])
        .collect();
    assert_eq!(skipped, [false, false, true]);
    assert_eq!(
        place.names("out"),
        ["certain", "infeasible", "summary.parquet"]
    );
    let junit = String::from_utf8(place.read("j.xml")).expect("UTF-8");
    assert!(junit.contains("<skipped"), "{junit}");

    // A file that is not valid is found before anything runs.
    place.write("in/z.toml", INVALID);
    let args = ["batch", "in", "--fail-fast", "--out", "none"];
    place.run(&args).exits(2);
    assert_eq!(place.names("none"), ["summary.parquet"]);
}

#[test]
fn a_baseline_that_is_the_same_passes_and_drift_exits_with_5() {
    let place = Place::with(&[("in/a.toml", PLANNED), ("in/b.toml", CERTAIN)]);
    place.run(&["batch", "in", "--out", "first"]).exits(0);
    let again = ["batch", "in", "--out", "second", "--baseline", "first"];
    let ran = place.run(&again).exits(0);
    assert!(!ran.stderr.contains("drift"), "{}", ran.stderr);
    // Another seed is chance, not drift; also against single runs' folders, and in place.
    place
        .run(&[
            "batch",
            "in",
            "--out",
            "third",
            "--baseline",
            "first",
            "--seed",
            "12345",
        ])
        .exits(0);
    std::fs::remove_file(place.path("first/summary.parquet")).expect("it is there");
    place.run(&again).exits(0);
    place
        .run(&["batch", "in", "--out", "second", "--baseline", "second"])
        .exits(0);

    // 3 % fewer followers are 3 % fewer impressions, exactly.
    place.write("in/b.toml", &CERTAIN.replace("50_000", "48_500"));
    let drifted = |tolerance: &str| {
        place.run(&[
            "batch",
            "in",
            "--out",
            "fourth",
            "--baseline",
            "second",
            "--tolerance",
            tolerance,
            "--junit",
            "j.xml",
        ])
    };
    let ran = drifted("1%")
        .exits(5)
        .says("certain: plan base, total, impressions: mean was 15,000, is 14,550");
    assert!(!ran.stderr.contains("planned"), "{}", ran.stderr);
    let junit = String::from_utf8(place.read("j.xml")).expect("UTF-8");
    assert!(
        junit.contains("<failure message=\"drift: certain"),
        "{junit}"
    );
    let ran = drifted("4%").exits(0);
    assert!(!ran.stderr.contains("impressions"), "{}", ran.stderr);

    // What only one run has is told, and fails nothing.
    std::fs::remove_file(place.path("in/b.toml")).expect("it is there");
    place.write("in/c.toml", &named(CERTAIN, "certain", "new"));
    let args = ["batch", "in", "--out", "fifth", "--baseline", "second"];
    place
        .run(&args)
        .exits(0)
        .says("not in this run: certain")
        .says("not in the baseline: new");

    let args = ["batch", "in", "--junit", "none/j.xml"];
    place.run(&args).exits(2).says("no folder none");
    place.write("empty/readme", "");
    let args = ["batch", "in", "--baseline", "empty"];
    place.run(&args).exits(2).says("summary.parquet");
    place.write("broken/summary.parquet", "no parquet");
    let args = ["batch", "in", "--baseline", "broken"];
    let ran = place.run(&args).exits(2).says("broken");
    assert!(!ran.stderr.contains("bug"), "{}", ran.stderr);
}

#[test]
fn a_baseline_without_a_common_row_is_wrong_usage() {
    let place = Place::with(&[("in/a.toml", CERTAIN), ("other/b.toml", PLANNED)]);
    place.run(&["batch", "other", "--out", "first"]).exits(0);
    place
        .run(&["batch", "in", "--baseline", "first"])
        .exits(2)
        .says("no row in common");
}

#[test]
fn a_folder_that_is_not_ours_fails_its_scenario_only() {
    let place = Place::with(&[
        ("in/a.toml", CERTAIN),
        ("in/b.toml", &named(CERTAIN, "certain", "other")),
        ("out/certain/notes.txt", "mine"),
    ]);
    let ran = place.run(&["batch", "in"]).exits(2);
    assert!(ran.stdout.contains("out/certain exists"), "{}", ran.stdout);
    assert_eq!(place.names("out/certain"), ["notes.txt"]);
    assert!(place.has("out/other/result.json"));
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_any_work() {
    let place = Place::with(&[("in/z.toml", CERTAIN), ("taken", "no folder")]);
    for out in ["taken", "taken/below"] {
        let ran = place
            .run(&["batch", "in", "--out", out])
            .exits(2)
            .says("--out");
        assert_eq!(ran.stdout, "");
    }
    // One that was made to see goes again where nothing is written.
    place.write("in/twice.toml", CERTAIN);
    place.run(&["batch", "in", "--out", "o"]).exits(2);
    assert!(!place.has("o"));
}
