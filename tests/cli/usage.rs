//! Wrong usage, and the commands about files: check, show, schema, new.

use serde_json::Value;

use crate::place::{CERTAIN, INVALID, PLANNED, Place};

#[test]
fn wrong_usage_exits_with_2_and_says_what_was_expected() {
    let place = Place::with(&[("a.toml", CERTAIN)]);
    for (args, words) in [
        (&["run"][..], "<FILE>"),
        (&["nonsense"], "nonsense"),
        (&["run", "a.toml", "--nonsense"], "--nonsense"),
        (&["run", "a.toml", "--trials", "0"], "at least 1"),
        (&["run", "a.toml", "--trials", "1.5"], "whole number"),
        (&["run", "a.toml", "--seed", "-1"], "--seed"),
        (&["run", "a.toml", "--threads", "0"], "from 1 to 1024"),
        (&["run", "a.toml", "--time-limit", "0"], "above 0"),
        (&["run", "a.toml", "--time-limit", "nan"], "above 0"),
        (&["run", "a.toml", "--time-limit", "inf"], "above 0"),
        (&["run", "a.toml", "--gap", "2"], "0.1%"),
        (&["run", "a.toml", "--gap", "-1%"], "0.1%"),
        (&["run", "a.toml", "--alternatives", "0"], "from 1 to 20"),
        (
            &["run", "a.toml", "--alternatives", "2"],
            "counts are given",
        ),
        (
            &["optimize", "a.toml", "--alternatives", "x"],
            "from 1 to 20",
        ),
        (&["run", "a.toml", "--scopes", "tier"], "total"),
        (&["run", "a.toml", "--format", "xml"], "json"),
        (&["what-if", "a.toml", "--set", "budget"], "KEY=VALUE"),
        (&["batch", ".", "--tolerance", "x"], "share"),
        (&["batch", "missing"], "not a folder"),
        (&["new", "Big Name"], "a-z"),
    ] {
        let ran = place.run(args).exits(2).says(words);
        assert_eq!(ran.stdout, "", "{args:?}");
    }
    assert_eq!(place.names("."), ["a.toml"]);
}

#[test]
fn without_arguments_the_help_is_shown() {
    let place = Place::new();
    place.run(&[]).exits(2).says("Usage: imatrix <COMMAND>");
    let ran = place.run(&["--version"]).exits(0);
    assert_eq!(
        ran.stdout,
        format!("imatrix {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn check_names_the_valid_and_tells_all_problems_of_the_others() {
    let place = Place::with(&[
        ("a.toml", CERTAIN),
        ("b.toml", INVALID),
        ("c.toml", PLANNED),
    ]);
    let ran = place
        .run(&["check", "a.toml", "b.toml", "c.toml"])
        .exits(2)
        .says("b.toml:4:1")
        .says("b.toml:5:");
    assert_eq!(ran.stdout, "ok: certain (a.toml)\nok: planned (c.toml)\n");
    let ran = place.run(&["check", "a.toml", "c.toml"]).exits(0);
    assert_eq!(ran.stderr, "");
    assert!(!place.has("out"));
}

#[test]
fn show_prints_every_value_with_its_origin() {
    let place = Place::with(&[("a.toml", CERTAIN)]);
    let ran = place
        .run(&["show", "a.toml", "--set", "order.margin=0.5"])
        .exits(0);
    let line = |key: &str| {
        ran.stdout
            .lines()
            .find(|line| line.trim_start().starts_with(key))
            .unwrap_or_else(|| panic!("no {key} in:\n{}", ran.stdout))
    };
    assert!(line("budget").contains("a.toml:4"), "{}", line("budget"));
    assert!(line("funnel.view_rate").contains("preset (playbook)"));
    assert!(line("order.margin").contains("command line"));
    let ran = place.run(&["show", "a.toml", "--format", "json"]).exits(0);
    let resolved: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert!(resolved.is_object());
    place.run(&["show", "missing.toml"]).exits(2);
}

#[test]
fn schema_is_json() {
    let ran = Place::new().run(&["schema"]).exits(0);
    let schema: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert!(schema["properties"]["budget"].is_object());
    assert_eq!(ran.stderr, "");
}

#[test]
fn new_writes_a_starter_that_runs_and_leaves_files_alone() {
    let place = Place::new();
    let ran = place
        .run(&["new", "spring-launch"])
        .exits(0)
        .says("spring-launch.toml");
    // In a pipe the result goes to stdout as well.
    assert_eq!(ran.stdout.as_bytes(), place.read("spring-launch.toml"));
    let printed = place.run(&["new", "spring-launch", "--stdout"]).exits(0);
    assert_eq!(printed.stdout.as_bytes(), place.read("spring-launch.toml"));
    place.run(&["check", "spring-launch.toml"]).exits(0);
    place
        .run(&[
            "run",
            "spring-launch.toml",
            "--trials",
            "2000",
            "--no-trials",
        ])
        .exits(0);

    place.write("spring-launch.toml", "mine");
    place.run(&["new", "spring-launch"]).exits(2).says("exists");
    assert_eq!(place.read("spring-launch.toml"), b"mine");
}

#[test]
fn what_goes_into_a_pipe_is_as_wide_as_the_environment_says() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    let widest = |columns: &str| {
        let mut command = place.command();
        let output = command
            .args(["optimize", "a.toml"])
            .env("COLUMNS", columns)
            .output();
        let text = String::from_utf8(output.expect("it runs").stdout).expect("text");
        let prose = text
            .lines()
            .filter(|line| line.ends_with(|c: char| c.is_ascii_lowercase()));
        prose.map(|line| line.chars().count()).max().expect("lines")
    };
    assert!(widest("60") <= 60);
    assert!((61..=100).contains(&widest("100")));
    for odd in ["", "0", "wide", "-3"] {
        assert_eq!(widest(odd), widest("100"), "{odd}");
    }
}
