use std::fs;

use polars::prelude::DataType;
use serde_json::{Value, json};

use super::written::{columns, read, record, text};
use crate::export::{
    Description, RunRecord, manifest, names, result_json, tables, write_files, write_table,
};
use crate::export::{batch, junit};
use crate::fixture::{infeasible, result};
use crate::model::{BestWanted, Indifference, Metric};
use crate::ranking::{BestPlan, RivalPlan};
use crate::stats::Standing;

const SUMMARY: &str = "plan, month, scope, tier, partnership, category, region, metric, mean, ratio_of_means, sd, \
    mc_error, ratio_of_means_error, p05, p10, p25, p50, p75, p90, p95, p05_error, p50_error, p95_error, target, \
    prob_target, prob_target_error, undefined_share";

#[test]
fn columns_are_the_contracts() {
    let dir = tempfile::tempdir().unwrap();
    for run in [result(false), result(true), infeasible()] {
        write_files(dir.path(), &run, &Description::default(), &record()).unwrap();
        let of = |file: &str| columns(&read(&dir.path().join(file)));
        assert_eq!(
            of(names::PLAN),
            "plan, month, tier, partnership, category, region, count, unit_cost, unit_revenue, spend, revenue, \
             budget_share, share_low, share_high, enters_at_unit_cost, enters_at_unit_revenue, kept_out_by"
        );
        assert_eq!(of(names::SUMMARY), SUMMARY);
        assert_eq!(
            of(names::COMPARISON),
            "plan, baseline, month, scope, tier, metric, mean_difference, mc_error, p05, p50, p95, prob_better, \
             prob_better_error"
        );
        assert_eq!(
            of(names::REBALANCING),
            "plan, baseline, tier, partnership, count_from, count_to, spend_from, spend_to, revenue_contribution, \
             roas_contribution"
        );
        assert_eq!(
            of(names::CONSTRAINTS),
            "plan, month, constraint, kind, low, value, high, binding, shadow_price, unit, cost, \
             range_to, range_gain, then_binds"
        );
    }
}

#[test]
fn types_hold_for_empty_tables_too() {
    let dir = tempfile::tempdir().unwrap();
    for run in [result(true), infeasible()] {
        write_files(dir.path(), &run, &Description::default(), &record()).unwrap();
        for file in [
            names::PLAN,
            names::SUMMARY,
            names::COMPARISON,
            names::REBALANCING,
            names::CONSTRAINTS,
        ] {
            let frame = read(&dir.path().join(file));
            for column in frame.columns() {
                let expected = match column.name().as_str() {
                    "plan" | "baseline" | "tier" | "partnership" | "category" | "region"
                    | "scope" | "metric" | "constraint" | "kind" | "unit" | "then_binds"
                    | "kept_out_by" => DataType::String,
                    "month" => DataType::Int32,
                    "binding" => DataType::Boolean,
                    _ => DataType::Float64,
                };
                assert_eq!(column.dtype(), &expected, "{file} {}", column.name());
            }
        }
    }
}

#[test]
fn the_plan_has_every_offered_cell() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("plan.parquet");
    write_table(&path, &tables::plan(&result(true))).unwrap();
    let frame = read(&path);
    assert_eq!(frame.height(), 2 * 12);
    let number = |name: &str| frame.column(name).unwrap().f64().unwrap().clone();
    // macro.sponsored.skincare.local, then the category a spreadsheet would run.
    assert_eq!(text(&frame, "category", 0).as_deref(), Some("skincare"));
    assert_eq!(text(&frame, "category", 1).as_deref(), Some("'=lifestyle"));
    assert_eq!(number("count").get(0), Some(2.0));
    assert_eq!(number("count").get(1), Some(0.0));
    assert_eq!(number("unit_cost").get(0), Some(10_000.0));
    assert_eq!(number("spend").get(0), Some(20_000.0));
    let shares: f64 = number("budget_share")
        .iter()
        .take(12)
        .map(Option::unwrap)
        .sum();
    assert!((shares - 1.0).abs() < 1e-12);
    // macro 15–25 %, micro free.
    assert_eq!(
        number("share_low").get(0).map(|v| (v * 100.0).round()),
        Some(15.0)
    );
    assert_eq!(number("share_low").get(8), None);
}

#[test]
fn undefined_is_null() {
    let table = tables::constraints(&result(false));
    let rows = table.json_rows();
    assert_eq!(rows[2]["constraint"], "=no more macro than mid");
    assert_eq!(rows[2]["shadow_price"], Value::Null);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("constraints.parquet");
    write_table(&path, &table).unwrap();
    let frame = read(&path);
    assert_eq!(
        frame.column("shadow_price").unwrap().f64().unwrap().get(2),
        None
    );
    let name = frame
        .column("constraint")
        .unwrap()
        .str()
        .unwrap()
        .get(2)
        .unwrap()
        .to_owned();
    assert_eq!(name, "'=no more macro than mid");
    for (row, at) in [(f64::INFINITY, 0), (f64::NEG_INFINITY, 1), (f64::NAN, 2)] {
        let mut run = result(false);
        run.summary[at].estimate.mean = Some(row);
        assert_eq!(
            tables::summary(&run.summary).json_rows()[at]["mean"],
            Value::Null
        );
    }
}

#[test]
fn same_result_same_bytes() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for (i, dir) in dirs.iter().enumerate() {
        let mut run = result(true);
        run.seconds = vec![("plan", i as f64)];
        run.plans[0].plan.solver.seconds = i as f64;
        let record = RunRecord {
            threads: 1 + i,
            ..record()
        };
        write_files(dir.path(), &run, &Description::default(), &record).unwrap();
    }
    let mut compared = 0;
    for entry in fs::read_dir(dirs[0].path()).unwrap() {
        let name = entry.unwrap().file_name();
        let [one, two] = [&dirs[0], &dirs[1]].map(|d| fs::read(d.path().join(&name)).unwrap());
        assert_eq!(one == two, name != names::MANIFEST, "{}", name.display());
        compared += 1;
    }
    assert_eq!(compared, 8);
}

#[test]
fn result_json_is_one_object() {
    let description = Description {
        description: Some("What if micro goes to 40 %".to_owned()),
    };
    let value = result_json(&result(false), &description);
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    for key in [
        "scenario",
        "plans",
        "summary",
        "comparison",
        "rebalancing",
        "constraints",
        "dependency",
        "warnings",
    ] {
        assert!(keys.iter().any(|k| *k == key), "{key}");
    }
    assert_eq!(value["start"], "2026-04");
    assert_eq!(value["summary"].as_array().unwrap().len(), 16);
    let row = &value["summary"][5];
    assert_eq!(
        (&row["metric"], &row["month"]),
        (&json!("roas"), &Value::Null)
    );
    assert_eq!(row["prob_target"], 0.931);
    insta::assert_snapshot!("plans", format!("{:#}", value["plans"][0]));
    let lost = result_json(&infeasible(), &description);
    insta::assert_snapshot!("infeasible_plan", format!("{:#}", lost["plans"][0]));
    assert!(!keys.iter().any(|key| *key == "best"));
    let text = format!("{value}{lost}");
    assert!(!text.contains("seconds") && !text.contains("threads"));
}

#[test]
fn the_best_plan_is_an_object_of_its_own() {
    let mut run = result(false);
    run.best = Some(BestPlan {
        wanted: BestWanted {
            metric: Metric::Profit,
            probability: 0.95,
            indifference: Indifference::Share(0.005),
            max: 1_000_000,
        },
        plan: Some("base".to_owned()),
        figure: Some(157_000.0),
        zone: 785.0,
        standing: Standing::Within,
        trials: 16_384,
        rivals: vec![RivalPlan {
            plan: "micro to 40%".to_owned(),
            figure: Some(156_900.0),
            difference: 100.0,
            error: f64::NAN,
            standing: Standing::Within,
        }],
        left_out: Vec::new(),
    });
    let value = result_json(&run, &Description::default());
    insta::assert_snapshot!("best", format!("{:#}", value["best"]));
    assert_eq!(value["best"]["rivals"][0]["error"], Value::Null);
}

#[test]
fn the_manifest_says_what_was_run() {
    let mut run = result(false);
    let value = serde_json::to_value(manifest(&run, &record(), &["plan.parquet"])).unwrap();
    assert_eq!(value["generator"], "influencer-matrix");
    assert_eq!(value["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(value["reproducible"], true);
    assert_eq!(value["seconds"], json!({ "plan": 0.21, "simulate": 0.48 }));
    run.plans[1].plan.solver.reproducible = false;
    assert!(!manifest(&run, &record(), &[]).reproducible);
}

#[test]
fn summaries_are_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = result(true);
    run.summary[0].plan = "'=odd".to_owned();
    run.summary[1].month = Some(3);
    let single = dir.path().join("summary.parquet");
    write_table(&single, &tables::summary(&run.summary)).unwrap();
    let rows = batch::read_summary(&single).unwrap();
    assert!(rows.iter().all(|r| r.scenario.is_none()));
    assert!(rows.iter().map(|r| &r.row).eq(&run.summary));

    let both = dir.path().join("batch.parquet");
    let other = result(false).summary;
    batch::write_summary(
        &both,
        &[("a".to_owned(), &run.summary), ("b".to_owned(), &other)],
    )
    .unwrap();
    assert_eq!(columns(&read(&both)), format!("scenario, {SUMMARY}"));
    let rows = batch::read_summary(&both).unwrap();
    assert_eq!(rows.len(), run.summary.len() + other.len());
    assert_eq!(rows[0].scenario.as_deref(), Some("a"));
    assert_eq!(rows.last().unwrap().scenario.as_deref(), Some("b"));
    assert_eq!(&rows.last().unwrap().row, other.last().unwrap());
}

#[test]
fn what_is_no_summary_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.parquet");
    assert!(batch::read_summary(&path).is_err());
    fs::write(&path, "PAR1 no parquet PAR1").unwrap();
    assert!(batch::read_summary(&path).is_err());
    write_table(&path, &tables::plan(&result(false))).unwrap();
    let message = batch::read_summary(&path).unwrap_err().to_string();
    assert!(
        message.contains("is not a summary of this program"),
        "{message}"
    );
    // Cut at any place, a file is refused and nothing panics.
    write_table(&path, &tables::summary(&result(false).summary)).unwrap();
    let bytes = fs::read(&path).unwrap();
    for cut in (0..bytes.len()).step_by(bytes.len() / 20) {
        fs::write(&path, &bytes[..cut]).unwrap();
        assert!(batch::read_summary(&path).is_err(), "cut at {cut}");
    }
}

#[test]
fn junit_has_no_times() {
    use junit::{Case, Outcome, Suite};
    let case = |name: &str, outcome| Case {
        name: name.to_owned(),
        group: "scenarios/q2.toml".to_owned(),
        outcome,
        seconds: None,
    };
    let suites = [Suite {
        name: "q2".to_owned(),
        cases: vec![
            case("base: targets.roas", Outcome::Passed),
            case(
                "base: targets.cpa",
                Outcome::Failed {
                    message: "CPA ≤ ¥40: expected ¥40.90 <missed>".to_owned(),
                    details: "probability 46.8 %\nwanted 80 %".to_owned(),
                },
            ),
            case(
                "plan",
                Outcome::Errored {
                    message: "no plan".to_owned(),
                    details: String::new(),
                },
            ),
            case(
                "late",
                Outcome::Skipped {
                    message: "after a failure".to_owned(),
                },
            ),
        ],
    }];
    insta::assert_snapshot!(junit::to_xml("imatrix batch", &suites).unwrap());
}
