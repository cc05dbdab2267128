//! `imatrix select`.

use crate::place::Place;

const SCENARIO: &str = "schema = 1\nname = \"r\"\nbudget = 6_000\ntiers.use = [\"mid\", \"micro\"]\n\
    diversity.min_spend = 0.5\n";

fn roster() -> String {
    let rows: Vec<String> = (1..=30)
        .map(|i| format!("=c{i},{}k,{},12%", 1 + i % 9, 300 + 10 * i))
        .collect();
    format!("id,followers,fee,er\n{}\nbad,x,1,1%\n", rows.join("\n"))
}

#[test]
fn creators_are_selected_and_all_files_written() {
    let place = Place::with(&[("r.toml", SCENARIO), ("r.csv", &roster())]);
    place
        .run(&["select", "r.csv", "r.toml"])
        .exits(0)
        .says("wrote out/r-select/");
    assert_eq!(
        place.names("out/r-select"),
        [
            "constraints.parquet",
            "manifest.json",
            "plan.parquet",
            "result.json",
            "roster_issues.parquet",
            "selection.parquet"
        ]
    );
    let result = place.json("out/r-select/result.json");
    assert_eq!(result["status"], "optimal");
    assert_eq!(result["roster"]["creators"], 30);
    assert_eq!(result["roster"]["dropped"], 1);
    let rows = result["selection"].as_array().unwrap();
    assert_eq!(result["booked"], rows.len());
    let spend: f64 = rows.iter().map(|r| r["spend"].as_f64().unwrap()).sum();
    assert!(
        spend <= 6_000.0 * (1.0 + 1e-9) && spend >= 3_000.0,
        "{spend}"
    );
    let mut ids: Vec<&str> = rows.iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert!(ids.iter().all(|id| id.starts_with("=c")));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), rows.len());
    // Its own output is a roster too: texts lose the mark that keeps them from being formulas.
    let again = place
        .run(&[
            "select",
            "out/r-select/selection.parquet",
            "r.toml",
            "--out",
            "again",
            "--format",
            "json",
        ])
        .exits(0);
    assert!(again.stdout.contains("\"id\": \"=c"), "{}", again.stdout);
}

#[test]
fn what_cannot_be_read_or_kept_has_its_exit_code() {
    let scenario = format!("{SCENARIO}[tiers.mid]\nmin_creators = 3\n");
    let damaged = "PAR1 and nothing more";
    let place = Place::with(&[
        ("r.toml", &scenario),
        ("r.csv", &roster()),
        ("none.csv", "a,b\n1,2\n"),
        ("damaged.parquet", damaged),
    ]);
    // No creator of the roster is mid.
    let ran = place
        .run(&["select", "r.csv", "r.toml"])
        .exits(3)
        .says("no selection keeps all rules");
    assert!(
        ran.stdout.contains("tiers.mid.min_creators"),
        "{}",
        ran.stdout
    );
    place
        .run(&["select", "none.csv", "r.toml"])
        .exits(2)
        .says("no header row");
    place
        .run(&["select", "damaged.parquet", "r.toml"])
        .exits(2)
        .says("damaged.parquet");
    place
        .run(&["select", "missing.csv", "r.toml"])
        .exits(2)
        .says("missing.csv");
    place
        .run(&["select", ".", "r.toml"])
        .exits(2)
        .says("not a file");
}
