//! `--actuals FILE.csv`.

use crate::place::Place;

const SCENARIO: &str = "schema = 1\nname = \"q\"\nstart = \"2026-07\"\nmonths = 3\nbudget = 60_000\ntrials = 2_000\n\
    tiers.use = [\"mid\", \"micro\"]\npartnerships.use = [\"sponsored\"]\n";
const JULY: &str = "month,tier,partnership,spend,impressions,engagements,clicks,conversions,revenue\n\
    2026-07,mid,sponsored,\"\u{a5}31,500\",140k,N/A,,41,\"6,100\"\n1,micro,sponsored,26 000,60k,9.1k,880,39,5850\n";

#[test]
fn a_month_that_happened_stands_as_it_was() {
    let place = Place::with(&[("q.toml", SCENARIO), ("july.csv", JULY)]);
    place
        .run(&["run", "q.toml", "--actuals", "july.csv"])
        .exits(0)
        .says("wrote out/q/");
    assert!(
        place
            .names("out/q")
            .contains(&"variance.parquet".to_owned())
    );
    let result = place.json("out/q/result.json");
    let summary = result["summary"].as_array().unwrap();
    let find = |month: serde_json::Value, metric: &str| {
        summary
            .iter()
            .find(|r| r["month"] == month && r["metric"] == metric && r["scope"] == "total")
            .unwrap()
    };
    let july = find(1.into(), "spend");
    assert_eq!(
        (july["mean"].as_f64(), july["sd"].as_f64()),
        (Some(57_500.0), Some(0.0))
    );
    assert_eq!(find(1.into(), "revenue")["mean"].as_f64(), Some(11_950.0));
    // A figure that is not known makes no total.
    assert!(find(1.into(), "engagements")["mean"].is_null());
    assert!(find(2.into(), "revenue")["sd"].as_f64().unwrap() > 0.0);
    let variance = result["variance"].as_array().unwrap();
    let all = variance
        .iter()
        .find(|r| r["month"].is_null() && r["tier"].is_null() && r["metric"] == "revenue")
        .unwrap();
    assert_eq!(all["actual"].as_f64(), Some(11_950.0));
    let months: f64 = (1..=3)
        .map(|m| find(m.into(), "revenue")["mean"].as_f64().unwrap())
        .sum();
    let forecast = all["forecast"].as_f64().unwrap();
    assert!((forecast / months - 1.0).abs() < 1e-12);
    assert!(!result["learned"].as_array().unwrap().is_empty());
    // Without actuals nothing of it is there.
    place.run(&["run", "q.toml"]).exits(0);
    let plain = place.json("out/q/result.json");
    assert!(plain.get("variance").is_none() && plain.get("learned").is_none());
    assert!(
        !place
            .names("out/q")
            .contains(&"variance.parquet".to_owned())
    );
}

#[test]
fn optimize_and_simulate_take_them_too() {
    let place = Place::with(&[("q.toml", SCENARIO), ("july.csv", JULY)]);
    for (command, words) in [
        ("optimize", "for 3 months from 2026-07"),
        ("simulate", "Plan, actuals and forecast"),
    ] {
        let ran = place
            .run(&[command, "q.toml", "--actuals", "july.csv"])
            .exits(0);
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let bad = JULY.replace("mid", "mdi").replace("39,5850", "-3,x");
    let one = SCENARIO.replace("months = 3", "months = 1");
    let place = Place::with(&[
        ("q.toml", SCENARIO),
        ("one.toml", &one),
        ("july.csv", JULY),
        ("bad.csv", &bad),
        ("binary.csv", "a\0b"),
    ]);
    let run = |scenario: &str, file: &str| place.run(&["run", scenario, "--actuals", file]);
    run("q.toml", "bad.csv")
        .exits(2)
        .says("bad.csv:2:9: there is no tier \"mdi\" in the scenario; did you mean mid?")
        .says("bad.csv:3:39: conversions can't be below 0")
        .says("bad.csv:3:42: revenue: \"x\" is no number");
    run("one.toml", "july.csv")
        .exits(2)
        .says("the scenario has one; add months");
    run("q.toml", "none.csv").exits(2).says("none.csv");
    run("q.toml", "binary.csv")
        .exits(2)
        .says("binary.csv: the file is no text");
    let whole = JULY.to_owned() + "2,mid,sponsored,1,1,1,1,1,1\n3,mid,sponsored,1,1,1,1,1,1\n";
    place.write("whole.csv", &whole);
    place
        .run(&["optimize", "q.toml", "--actuals", "whole.csv"])
        .exits(2)
        .says("all 3 months have actuals");
    assert!(!place.names(".").contains(&"out".to_owned()));
}

#[test]
fn what_happened_stands_in_plan_and_workbook() {
    let place = Place::with(&[("q.toml", SCENARIO), ("july.csv", JULY)]);
    let ran = place
        .run(&["run", "q.toml", "--actuals", "july.csv", "--xlsx"])
        .exits(0);
    let line = ran.stdout.lines().find(|line| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        cells == ["2026-07", "\u{a5}60,000", "\u{a5}57,500", "\u{a5}2,500"]
    });
    assert!(line.is_some(), "{}", ran.stdout);
    for command in [
        &["compare", "q.toml", "q.toml"][..],
        &["what-if", "q.toml", "--set", "budget=50_000"],
    ] {
        place
            .run(&[command, &["--actuals", "july.csv"]].concat())
            .exits(2)
            .says("run, simulate and optimize take them");
    }
}

/// The shipped month is one of the shipped quarter.
#[test]
fn the_shipped_july_belongs_to_the_shipped_quarter() {
    let shipped = |name: &str| format!("{}/scenarios/{name}", env!("CARGO_MANIFEST_DIR"));
    let place = Place::with(&[]);
    let ran = place
        .run(&[
            "optimize",
            &shipped("q3-forecast.toml"),
            "--actuals",
            &shipped("actuals/q3-july.csv"),
        ])
        .exits(0);
    assert!(
        ran.stdout.contains("over 3 months from 2026-07"),
        "{}",
        ran.stdout
    );
}

#[test]
fn rows_that_can_hardly_be_are_doubted() {
    let seeding = SCENARIO.replace("[\"sponsored\"]", "[\"sponsored\", \"seeding\"]");
    let cheap = "month,tier,partnership,count,spend,conversions,revenue\n\
        1,mid,sponsored,10,26000,41,6100\n1,micro,seeding,10,3,39,5850\n";
    let place = Place::with(&[
        ("q.toml", SCENARIO),
        ("s.toml", &seeding),
        ("cheap.csv", cheap),
    ]);
    let ran = place
        .run(&["run", "s.toml", "--actuals", "cheap.csv"])
        .exits(0);
    assert!(
        ran.stdout
            .contains("micro.seeding cost \u{a5}3, less than product"),
        "{}",
        ran.stdout
    );
    // Product is what was spent on it, not what ten parcels cost by the terms.
    let result = place.json("out/q/result.json");
    let cash = result["cash"].as_array().unwrap();
    let product = cash
        .iter()
        .find(|r| r["month"] == 1 && r["metric"] == "product")
        .unwrap();
    assert!(
        (product["mean"].as_f64().unwrap() - 3.0).abs() < 1e-9,
        "{product}"
    );
    let bad = JULY
        .replace("31,500", "$31,500")
        .replace("\u{a5}$", "$")
        .replace("39,5850", "1.5,5850");
    place.write("bad.csv", &bad);
    place
        .run(&["run", "q.toml", "--actuals", "bad.csv"])
        .exits(2)
        .says("another currency than the scenario's CNY")
        .says("conversions are whole orders");
    place.write("open.csv", &JULY.replace("1,micro,spon", "1,micro,\"spon"));
    place
        .run(&["run", "q.toml", "--actuals", "open.csv"])
        .exits(2)
        .says("open.csv:3:9: a quotation mark opens here and is never closed");
}

/// A closed quarter has its variance, cash and workbook, and nothing in it is uncertain.
#[test]
fn a_closed_quarter_is_what_it_was() {
    let whole = JULY.to_owned()
        + "2026-08,mid,sponsored,30000,130k,12k,N/A,40,6000\n2026-08,micro,sponsored,25000,60k,9k,900,38,5700\n\
           2026-09,mid,sponsored,29000,120k,11k,N/A,45,6900\n";
    let place = Place::with(&[("q.toml", SCENARIO), ("whole.csv", &whole)]);
    place
        .run(&["run", "q.toml", "--actuals", "whole.csv", "--xlsx"])
        .exits(0);
    let names = place.names("out/q");
    for file in [
        "variance.parquet",
        "cash.parquet",
        "q.xlsx",
        "trials.parquet",
    ] {
        assert!(names.contains(&file.to_owned()), "{file}: {names:?}");
    }
    let result = place.json("out/q/result.json");
    let spends = [57_500.0, 55_000.0, 29_000.0];
    for row in result["summary"].as_array().unwrap() {
        assert!(matches!(row["sd"].as_f64(), None | Some(0.0)), "{row}");
        if row["metric"] == "spend" && row["scope"] == "total" {
            let wanted = match row["month"].as_u64() {
                Some(month) => spends[month as usize - 1],
                None => spends.iter().sum(),
            };
            assert!(
                (row["mean"].as_f64().unwrap() - wanted).abs() < 1e-6,
                "{row}"
            );
        }
    }
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs();
    for row in result["variance"].as_array().unwrap() {
        let [actual, forecast] = ["actual", "forecast"].map(|f| row[f].as_f64());
        match (actual, forecast) {
            (Some(a), Some(b)) => assert!(close(a, b), "{row}"),
            other => assert_eq!(other, (None, None), "{row}"),
        }
    }
    for row in result["cash"].as_array().unwrap() {
        assert!(matches!(row["sd"].as_f64(), None | Some(0.0)), "{row}");
    }
}

#[test]
fn a_funnel_that_cannot_be_is_doubted() {
    let upside = "month,tier,partnership,spend,impressions,engagements,clicks,conversions,revenue\n\
        1,mid,sponsored,26000,10,100,1000,10000,15000\n";
    let place = Place::with(&[("q.toml", SCENARIO), ("upside.csv", upside)]);
    let ran = place
        .run(&["run", "q.toml", "--actuals", "upside.csv"])
        .exits(0);
    assert!(
        ran.stdout
            .contains("actuals of month 1: mid.sponsored has more engagements than impressions"),
        "{}",
        ran.stdout
    );
}
