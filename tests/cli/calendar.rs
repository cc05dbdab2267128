//! calendar, and `run --xlsx`: what they print and write, and how they end.

use crate::place::{CERTAIN, INFEASIBLE, INVALID, Place};

/// Two months of a fixed plan: three creators each, and a launch of one.
const QUARTER: &str = r#"
schema = 1
name = "quarter"
start = "2026-08"
months = 2
budget = 60_000
seed = 1
trials = 2_000
uncertainty = "none"
tiers.use = ["mid", "micro"]
partnerships.use = ["sponsored"]
counts = { "mid.sponsored" = 3 }
"#;

#[test]
fn the_calendar_has_the_plans_posts() {
    let place = Place::with(&[("a.toml", QUARTER)]);
    let text = place.run(&["calendar", "a.toml"]).exits(0).stdout;
    assert!(text.starts_with("quarter: base, 6 posts"), "{text}");
    let csv = place
        .run(&["calendar", "a.toml", "--format", "csv"])
        .exits(0)
        .stdout;
    assert_eq!(csv.split_terminator("\r\n").count(), 7);
    assert!(
        csv.contains(
            "\r\nbase,1,6,2026-08-06,Thu,19:00,prime,mid,sponsored,,,,,mid.sponsored,1,1\r\n"
        ),
        "{csv}"
    );
    let ics = place
        .run(&["calendar", "a.toml", "--format", "ics"])
        .exits(0)
        .stdout;
    assert_eq!(ics.matches("BEGIN:VEVENT").count(), 6);
    assert!(ics.contains("\r\nDTSTART:20260806T190000\r\n"), "{ics}");
    assert!(place.names(".").iter().all(|name| name == "a.toml"));
}

#[test]
fn what_is_not_there_is_told() {
    let place = Place::with(&[
        ("a.toml", CERTAIN),
        ("invalid.toml", INVALID),
        ("infeasible.toml", INFEASIBLE),
        ("many.toml", &QUARTER.replace("= 3 }", "= 200_000 }")),
    ]);
    let ran = place
        .run(&["calendar", "a.toml", "--format", "ics"])
        .exits(2);
    assert!(ran.stderr.contains("start = \"2026-08\""), "{}", ran.stderr);
    let ran = place.run(&["calendar", "a.toml", "--plan", "x"]).exits(2);
    assert!(
        ran.stderr.contains("no plan has this name; there are base"),
        "{}",
        ran.stderr
    );
    place.run(&["calendar", "invalid.toml"]).exits(2);
    let ran = place.run(&["calendar", "infeasible.toml"]).exits(3);
    assert_eq!(ran.stdout, "");
    let ran = place.run(&["calendar", "many.toml"]).exits(2);
    assert!(
        ran.stderr.contains("the plan has 400000 posts"),
        "{}",
        ran.stderr
    );
}

/// The same bytes on a rerun; nothing more in the folder of one month without the flag.
#[test]
fn a_run_can_have_a_workbook_and_a_calendar() {
    let place = Place::with(&[
        ("a.toml", QUARTER),
        ("month.toml", CERTAIN),
        ("infeasible.toml", INFEASIBLE),
    ]);
    let files = [
        "calendar.csv",
        "calendar.ics",
        "calendar.parquet",
        "quarter.xlsx",
    ];
    let bytes = |out: &str| {
        place
            .run(&["run", "a.toml", "--xlsx", "--no-trials", "--out", out])
            .exits(0);
        files.map(|file| place.read(&format!("{out}/quarter/{file}")))
    };
    assert_eq!(bytes("one"), bytes("two"));
    let manifest = place.json("one/quarter/manifest.json");
    for file in files {
        assert!(
            manifest["files"]
                .as_array()
                .unwrap()
                .iter()
                .any(|f| f == file),
            "{file}"
        );
    }
    place.run(&["run", "month.toml", "--no-trials"]).exits(0);
    let names = place.names("out/certain");
    assert!(
        names
            .iter()
            .all(|name| !name.contains("calendar") && !name.contains("xlsx")),
        "{names:?}"
    );
    place
        .run(&["run", "infeasible.toml", "--xlsx", "--no-trials"])
        .exits(3);
    assert!(
        place
            .names("out/infeasible")
            .iter()
            .any(|name| name == "infeasible.xlsx")
    );
}
