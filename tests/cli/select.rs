//! `imatrix select`.

use crate::place::Place;

const SCENARIO: &str = "schema = 1\nname = \"r\"\nbudget = 6_000\ntrials = 2_000\ntiers.use = [\"mid\", \"micro\"]\n\
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
            "comparison.parquet",
            "constraints.parquet",
            "dependency.parquet",
            "manifest.json",
            "plan.parquet",
            "result.json",
            "roster_issues.parquet",
            "selection.parquet",
            "summary.parquet",
            "trials.parquet"
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
        (3_000.0..=6_000.0 * (1.0 + 1e-9)).contains(&spend),
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
fn what_ifs_are_selected_again_and_compared() {
    let more = "[targets]\nroas = 1000\n[[what_if]]\nname = \"less\"\nbudget = 3_000\n\
        [[what_if]]\nname = \"fixed\"\ncounts = { \"mid.sponsored\" = 1 }\n";
    let place = Place::with(&[
        ("r.toml", &format!("{SCENARIO}{more}")),
        ("r.csv", &roster()),
    ]);
    let ran = place.run(&["select", "r.csv", "r.toml"]).exits(0);
    assert!(
        ran.stdout.contains("\"less\" against base"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("the what-if fixed fixes counts"),
        "{}",
        ran.stdout
    );
    let result = place.json("out/r-select/result.json");
    let names: Vec<&str> = result["plans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["base", "less"]);
    // Half the budget spends about half; both are simulated.
    let spend = |plan: &str| {
        let rows = result["summary"].as_array().unwrap();
        let row = rows
            .iter()
            .find(|r| r["plan"] == plan && r["scope"] == "total" && r["metric"] == "spend");
        row.unwrap()["mean"].as_f64().unwrap()
    };
    let (base, less) = (spend("base"), spend("less"));
    assert!((5_000.0..6_500.0).contains(&base) && (2_500.0..3_300.0).contains(&less));
    assert!(!result["comparison"].as_array().unwrap().is_empty());
    assert_eq!(result["plans"][0]["targets"][0]["met"], false);
    place
        .run(&["select", "r.csv", "r.toml", "--require-targets"])
        .exits(4)
        .says("targets.roas is missed");
}

#[test]
fn threads_change_no_byte() {
    let place = Place::with(&[("r.toml", SCENARIO), ("r.csv", &roster())]);
    for threads in ["1", "2", "8"] {
        let out = format!("out{threads}");
        place
            .run(&[
                "select",
                "r.csv",
                "r.toml",
                "--threads",
                threads,
                "--out",
                &out,
            ])
            .exits(0);
    }
    for name in place.names("out1/r-select") {
        if name == "manifest.json" {
            continue;
        }
        let read =
            |out: &str| std::fs::read(place.path(&format!("{out}/r-select/{name}"))).unwrap();
        assert!(read("out1") == read("out2"), "{name}");
        assert!(read("out1") == read("out8"), "{name}");
    }
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
        .says("r: plan base is infeasible");
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

#[test]
fn a_roster_that_cannot_be_read_leaves_no_folder_behind() {
    let place = Place::with(&[("r.toml", SCENARIO), ("none.csv", "a,b\n1,2\n")]);
    for roster in ["none.csv", "missing.csv"] {
        place
            .run(&["select", roster, "r.toml", "--out", "new/deep"])
            .exits(2);
        assert!(!place.path("new").exists(), "{roster}");
    }
}

/// The rates of the presets are certain: the past counts all the same, as the tier's creators differ.
#[test]
fn past_results_count_or_are_said_not_to() {
    let rows = "a,20000,500,12%,,\nb,20000,500,12%,10,300\nc,20000,500,12%,100,0\n";
    let header = "id,followers,fee,er,past posts,past conversions\n";
    let place = Place::with(&[("r.toml", SCENARIO), ("r.csv", &format!("{header}{rows}"))]);
    let every = [
        "select",
        "r.csv",
        "r.toml",
        "--set",
        "diversity.min_spend=0",
    ];
    let ran = place.run(&every).exits(0);
    assert!(!ran.stdout.contains("past results"), "{}", ran.stdout);
    let result = place.json("out/r-select/result.json");
    let conversions = |id: &str| {
        let rows = result["selection"].as_array().unwrap();
        let row = rows.iter().find(|row| row["id"] == id);
        row.map(|row| row["conversions"].as_f64().unwrap())
    };
    let a = conversions("a").unwrap();
    assert!(conversions("b").unwrap() > 2.0 * a);
    assert!(conversions("c").is_none_or(|c| c < 0.1 * a));

    let certain = "tiers.mid = { followers = 20_000, engagement_rate = \"12%\" }\n";
    let place = Place::with(&[
        ("r.toml", &format!("{SCENARIO}{certain}")),
        ("r.csv", &format!("{header}{rows}")),
    ]);
    let ran = place.run(&every).exits(0);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted = "past results of 2 creators change nothing: all figures of their tier are certain";
    assert!(said.contains(wanted), "{}", ran.stdout);
}
