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
