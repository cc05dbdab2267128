//! One input, one output: on any number of threads, byte for byte.

use crate::place::{INFEASIBLE, PLANNED, Place};

/// All files but the manifest, which holds what may differ.
const FILES: [&str; 8] = [
    "comparison.parquet",
    "constraints.parquet",
    "dependency.parquet",
    "plan.parquet",
    "rebalancing.parquet",
    "result.json",
    "summary.parquet",
    "trials.parquet",
];

fn files(place: &Place, folder: &str) -> Vec<Vec<u8>> {
    FILES
        .iter()
        .map(|file| place.read(&format!("{folder}/{file}")))
        .collect()
}

#[test]
fn files_are_the_same_on_1_2_and_8_threads() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    let mut first = None;
    for threads in ["1", "2", "8"] {
        let out = format!("out{threads}");
        let args = ["run", "a.toml", "--threads", threads, "--out", &out];
        place.run(&args).exits(0);
        let files = files(&place, &format!("{out}/planned"));
        let first = first.get_or_insert_with(|| files.clone());
        for ((file, one), other) in FILES.iter().zip(first.iter()).zip(&files) {
            assert!(one == other, "{file} differs on {threads} threads");
        }
    }
    // The seed counts.
    place
        .run(&["run", "a.toml", "--seed", "8", "--out", "other"])
        .exits(0);
    assert!(first.as_deref() != Some(&files(&place, "other/planned")[..]));
}

#[test]
fn a_wanted_precision_stops_at_the_same_trial_on_any_threads() {
    let text = PLANNED.replace("20_000", "{ precision = \"2%\", max = 100_000 }");
    let place = Place::with(&[("a.toml", &text)]);
    let mut first = None;
    for threads in ["1", "8"] {
        place.run(&["run", "a.toml", "--threads", threads]).exits(0);
        let trials = place.json("out/planned/result.json")["trials"].clone();
        let count = trials.as_u64().expect("a number");
        assert!(
            count.is_power_of_two() && (1024..100_000).contains(&count),
            "{count}"
        );
        let files = files(&place, "out/planned");
        assert!(*first.get_or_insert_with(|| files.clone()) == files);
    }
}

#[test]
fn a_batch_is_the_same_on_1_and_8_threads() {
    let other = PLANNED.replace("\"planned\"", "\"other\"");
    let place = Place::with(&[
        ("in/a.toml", PLANNED),
        ("in/b.toml", &other),
        ("in/c.toml", INFEASIBLE),
    ]);
    let mut first = None;
    for threads in ["1", "8"] {
        let junit = format!("{threads}.xml");
        place
            .run(&[
                "batch",
                "in",
                "--threads",
                threads,
                "--out",
                "b",
                "--junit",
                &junit,
            ])
            .exits(3);
        let now = (
            place.read("b/summary.parquet"),
            place.read(&junit),
            place.read("b/other/result.json"),
        );
        assert!(*first.get_or_insert_with(|| now.clone()) == now);
    }
}

/// The same plan fixed by counts, so that only what stands beside it changes.
const FIXED: &str = r#"
schema = 1
name = "fixed"
budget = 60_000
seed = 7
trials = 20_000
counts = { "mid.sponsored" = 4, "micro.affiliate" = 30 }
"#;
const MID: &str = "\n[tiers.mid]\nfollowers = \"10k to 100k\"\n";
const MICRO: &str = "\n[tiers.micro]\nfee = \"200 to 1_000\"\n";
const WHAT_IF: &str = "\n[[what_if]]\nname = \"fewer\"\ncounts = { \"micro.affiliate\" = 12 }\n";

#[test]
fn the_order_of_tiers_changes_no_byte() {
    let one = format!("{FIXED}tiers.use = [\"mid\", \"micro\"]\n{MID}{MICRO}{WHAT_IF}");
    let other = format!("{FIXED}tiers.use = [\"micro\", \"mid\"]\n{MICRO}{MID}{WHAT_IF}");
    let place = Place::with(&[("one.toml", &one), ("other.toml", &other)]);
    for name in ["one", "other"] {
        let file = format!("{name}.toml");
        place.run(&["run", &file, "--out", name]).exits(0);
    }
    assert!(files(&place, "one/fixed") == files(&place, "other/fixed"));
}

#[test]
fn what_stands_beside_a_plan_changes_none_of_its_rows() {
    let alone = format!("{FIXED}tiers.use = [\"mid\", \"micro\"]\n{MID}{MICRO}");
    let beside =
        format!("{FIXED}tiers.use = [\"macro\", \"mid\", \"micro\"]\n{MID}{MICRO}{WHAT_IF}");
    let place = Place::with(&[("alone.toml", &alone), ("beside.toml", &beside)]);
    let rows = |name: &str, key: &str, keep: &dyn Fn(&serde_json::Value) -> bool| {
        let file = format!("{name}.toml");
        place.run(&["run", &file, "--out", name]).exits(0);
        let result = place.json(&format!("{name}/fixed/result.json"));
        let rows = result[key].as_array().expect("rows").clone();
        let own = rows.into_iter().filter(|row| row["plan"] == "base");
        own.filter(keep).collect::<Vec<_>>()
    };
    // The tier that is offered beside them books nothing and has no rows.
    for key in ["summary", "dependency"] {
        let wanted = rows("alone", key, &|_| true);
        assert!(wanted.len() > 5, "{key}: {} rows", wanted.len());
        assert_eq!(wanted, rows("beside", key, &|row| row["tier"] != "macro"));
    }
}

#[test]
fn outputs_do_not_depend_on_how_the_path_was_typed() {
    // With a warning that names its place.
    let text = PLANNED.replacen("tiers.use", "tiers.nano.max_creators = 3\ntiers.use", 1);
    let place = Place::with(&[("a.toml", &text), ("b.toml", INFEASIBLE)]);
    for (file, code) in [("a.toml", 0), ("b.toml", 3)] {
        let out = |path: &str, out: &str| {
            let run = ["run", path, "--xlsx", "--trials", "256", "--out", out];
            place.run(&run).exits(code);
            let folder = place.names(out).pop().expect("a folder");
            let folder = format!("{out}/{folder}");
            let files = place
                .names(&folder)
                .into_iter()
                .filter(|name| name != "manifest.json");
            let read = |name: String| (name.clone(), place.read(&format!("{folder}/{name}")));
            files.map(read).collect::<Vec<_>>()
        };
        let full = place.path(file);
        let full = full.to_str().expect("text");
        let (near, far) = (
            out(file, &format!("near-{file}")),
            out(full, &format!("far-{file}")),
        );
        assert!(near.len() > 2);
        for (one, other) in near.iter().zip(&far) {
            assert_eq!(one.0, other.0);
            assert!(one.1 == other.1, "{} differs", one.0);
        }
    }
}
