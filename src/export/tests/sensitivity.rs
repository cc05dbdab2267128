use polars::prelude::DataType;
use serde_json::{Value, json};

use super::written::{read, record};
use crate::export::{Description, explanation_json, names, sensitivity, write_explanation};
use crate::fixture::explanation;

#[test]
fn the_folder_holds_what_the_manifest_says() {
    let dir = tempfile::tempdir().unwrap();
    let found = explanation();
    write_explanation(dir.path(), &found, &Description::default(), &record()).unwrap();
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(dir.path().join(names::MANIFEST)).unwrap()).unwrap();
    let mut written: Vec<String> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut named: Vec<String> = serde_json::from_value(manifest["files"].clone()).unwrap();
    written.sort();
    named.sort();
    assert_eq!(written, named);

    let path = dir.path().join(names::SENSITIVITY);
    let frame = read(&path);
    let columns: Vec<(&str, DataType)> = frame
        .columns()
        .iter()
        .map(|c| (c.name().as_str(), c.dtype().clone()))
        .collect();
    let text = |name| (name, DataType::String);
    let number = |name| (name, DataType::Float64);
    assert_eq!(
        columns,
        [
            text("plan"),
            text("metric"),
            text("input"),
            text("tier"),
            text("measure"),
            number("value"),
            number("error"),
        ]
    );
    assert_eq!(frame.height(), found.sensitivity.len());
}

#[test]
fn the_object_has_the_rows_and_the_choice() {
    let found = explanation();
    let value = explanation_json(&found, &Description::default());
    assert_eq!(
        value["sensitivity"],
        json!(sensitivity(&found.sensitivity).json_rows())
    );
    assert_eq!(
        value["inputs"],
        json!(["market", "fee", "benchmark", "orders"])
    );
    let names: Vec<&str> = found
        .run
        .plans
        .iter()
        .map(|p| p.plan.name.as_str())
        .collect();
    assert_eq!(
        value["choice"],
        json!({
            "plans": [
                { "plan": names[0], "expected_profit": 40_000.0 },
                { "plan": names[1], "expected_profit": 39_000.0 },
            ],
            "best": names[0],
            "left_out": [],
        })
    );
    assert_eq!(value["summary"], json!([]));
    let last = value["sensitivity"].as_array().unwrap().last().unwrap();
    assert_eq!(
        *last,
        json!({
            "plan": null, "metric": "profit", "input": "all", "tier": null, "measure": "evppi",
            "value": 1900.0, "error": 21.0,
        })
    );
}
