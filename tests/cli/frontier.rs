//! frontier: what it prints, writes and how it ends.

use serde_json::Value;

use crate::place::{CERTAIN, INFEASIBLE, INVALID, PLANNED, Place, Ran};

const FEW: [&str; 2] = ["--trials", "2_048"];

pub(crate) fn frontier(place: &Place, more: &[&str]) -> Ran {
    place.run(&[&["frontier", "a.toml"], &FEW[..], more].concat())
}

/// Alike creators without any doubt, so that plans and figures follow from formulas.
pub(crate) const ALIKE: &str = r#"
schema = 1
name = "alike"
budget = 20_000
seed = 3
uncertainty = "none"
tiers.use = ["mid"]
tiers.mid = { followers = 50_000, fee = 2_000, engagement_rate = 0.08, max_creators = 14 }
partnerships.use = ["sponsored"]
order.value = 600
diversity.min_spend = 0
targets.conversions = { at_least = 60, with = 0.9 }
"#;

#[test]
fn it_writes_a_folder_of_its_own_with_every_point() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    let ran = frontier(&place, &["--points", "4"]).exits(0);
    assert_eq!(ran.stderr.trim_end(), "wrote out/planned-frontier/");
    let files = [
        "constraints.parquet",
        "frontier.parquet",
        "manifest.json",
        "plan.parquet",
        "result.json",
        "summary.parquet",
    ];
    assert_eq!(place.names("out/planned-frontier"), files);
    let result = place.json("out/planned-frontier/result.json");
    let values: Vec<f64> = result["points"]
        .as_array()
        .expect("points")
        .iter()
        .map(|point| point["value"].as_f64().expect("a value"))
        .collect();
    // The file's own budget takes the place of the even step nearest to it.
    assert_eq!(values, [15_000.0, 60_000.0, 85_000.0, 120_000.0]);
    assert_eq!(result["axis"]["own"], 60_000.0);
    assert_eq!(result["plans"].as_array().expect("plans").len(), 4);
    for words in [
        "marginal",
        "What more budget brings",
        "Expected revenue, with P5 to P95",
        "●",
    ] {
        assert!(
            ran.stdout.contains(words),
            "no {words:?} in:\n{}",
            ran.stdout
        );
    }
    assert!(!ran.stdout.contains("NaN") && !ran.stdout.contains('\u{1b}'));
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn a_walk_reads_as_it_should() {
    let place = Place::with(&[("a.toml", ALIKE)]);
    let ran = frontier(&place, &["--by", "budget=1_000..37_000", "--points", "7"]).exits(0);
    insta::assert_snapshot!("budget", ran.stdout);
    let ran = frontier(&place, &["--least-budget"]).exits(0);
    // The plan itself reads as everywhere.
    let answer = ran.stdout.find("The least budget for").expect("the answer");
    let (_, answer) = ran.stdout.split_at(answer);
    insta::assert_snapshot!(answer.split("\nPlan ").next().unwrap_or_default(), @r"
    The least budget for conversions of at least 60 with probability 90 %
      ◆ ¥24,000: the probability there is 93.2 % ± 0.6 %; at ¥23,980 it is 78 % ± 1 %.
    ");
    let ran = frontier(&place, &["--by", "order.value=300..900", "--points", "4"]).exits(0);
    insta::assert_snapshot!("key", ran.stdout);
}

/// Every figure of a point is the figure that what-if gives for the same value.
#[test]
fn a_point_is_the_what_if_of_its_value() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    for (key, value, range) in [
        ("budget", "30000", "budget=30_000..90_000"),
        (
            "tiers.micro.max_creators",
            "150",
            "tiers.micro.max_creators=100..200",
        ),
        (
            "diversity.tier_budget_share.micro",
            "0.4",
            "diversity.tier_budget_share.micro=40%..60%",
        ),
    ] {
        frontier(&place, &["--by", range, "--points", "3"]).exits(0);
        let walk = place.json("out/planned-frontier/result.json");
        let set = format!("{key}={value}");
        place
            .run(&[
                "what-if",
                "a.toml",
                "--trials",
                "2048",
                "--no-trials",
                "--set",
                &set,
            ])
            .exits(0);
        let single = place.json("out/planned/result.json");
        let number: f64 = value.parse().expect("a number");
        let points = walk["points"].as_array().expect("points");
        let point = points
            .iter()
            .find(|p| p["value"] == number)
            .expect("the point");
        let figures = |result: &Value, plan: &Value| -> Vec<Value> {
            let rows = result["summary"].as_array().expect("rows");
            rows.iter()
                .filter(|row| &row["plan"] == plan && row["scope"] == "total")
                .map(|row| {
                    let mut row = row.clone();
                    row["plan"] = Value::Null;
                    row
                })
                .collect()
        };
        let mine = figures(&walk, &point["plan"]);
        assert!(mine.len() >= 12);
        assert_eq!(mine, figures(&single, &"what-if".into()), "{key}");
        let counts = |result: &Value, name: &Value| {
            let plans = result["plans"].as_array().expect("plans");
            plans.iter().find(|p| &p["name"] == name).expect("a plan")["counts"].clone()
        };
        assert_eq!(
            counts(&walk, &point["plan"]),
            counts(&single, &"what-if".into())
        );
    }
}

#[test]
fn files_are_the_same_on_1_2_and_8_threads() {
    let place = Place::with(&[("a.toml", PLANNED), ("b.toml", ALIKE)]);
    for (file, name, flags) in [
        ("a.toml", "planned", &["--points", "5"][..]),
        ("b.toml", "alike", &["--least-budget"]),
    ] {
        let files = |threads: &str| {
            let args = [&["frontier", file, "--threads", threads], &FEW[..], flags].concat();
            place.run(&args).exits(0);
            [
                "frontier.parquet",
                "plan.parquet",
                "summary.parquet",
                "result.json",
            ]
            .map(|file| place.read(&format!("out/{name}-frontier/{file}")))
        };
        let one = files("1");
        assert!(one == files("2"), "{name} differs on 2 threads");
        assert!(one == files("8"), "{name} differs on 8 threads");
    }
}

#[test]
fn json_on_stdout_is_result_json() {
    let place = Place::with(&[("a.toml", ALIKE)]);
    let ran = frontier(&place, &["--format", "json", "--least-budget"]).exits(0);
    assert_eq!(
        ran.stdout.as_bytes(),
        place.read("out/alike-frontier/result.json")
    );
    let result = place.json("out/alike-frontier/result.json");
    assert_eq!(result["least"]["verdict"], "found");
    // Twelve creators: P(Poisson(72) ≥ 60) is the first above 90 %.
    let value = result["least"]["value"].as_f64().expect("a value");
    assert!((24_000.0..=24_027.0).contains(&value), "{value}");
    let rows = result["frontier"].as_array().expect("rows");
    let revenue = rows.iter().filter(|row| row["metric"] == "revenue");
    for row in revenue {
        let (expected, mean) = (row["expected"].as_f64(), row["mean"].as_f64());
        let (expected, mean) = (expected.expect("expected"), mean.expect("mean"));
        let error = row["mc_error"].as_f64().expect("an error");
        assert!((expected - mean).abs() < 6.0 * error, "{row}");
    }
}

#[test]
fn values_without_a_plan_are_part_of_the_answer() {
    let place = Place::with(&[("a.toml", ALIKE), ("b.toml", INFEASIBLE)]);
    let ran = frontier(&place, &["--by", "budget=1_000..5_000", "--points", "3"]).exits(0);
    assert!(
        ran.stdout.contains("no plan") && ran.stdout.contains("Without a plan"),
        "{}",
        ran.stdout
    );
    let result = place.json("out/alike-frontier/result.json");
    let point = &result["points"][0];
    assert_eq!(point["status"], "infeasible");
    assert!(
        point["reason"]
            .as_str()
            .is_some_and(|reason| !reason.is_empty())
    );
    let row = &result["frontier"][0];
    assert!(row["metric"].is_null() && row["reason"].is_string());

    place
        .run(&["frontier", "b.toml", "--points", "2", "--trials", "100"])
        .exits(3)
        .says("no value of budget");
    assert!(place.has("out/infeasible-frontier/manifest.json"));
    // What none of the range reaches is a missed target.
    let flags = [
        "--by",
        "budget=2_000..4_000",
        "--points",
        "2",
        "--least-budget",
    ];
    frontier(&place, &flags)
        .exits(4)
        .says("no budget of the range");
}

/// With more weight on the worst trials their mean rises and the mean of all falls, but for the gap of
/// planning and the error of simulation.
#[test]
fn by_risk_the_tail_is_bought_with_the_mean() {
    let text = PLANNED.replace(
        "budget = 60_000",
        "budget = 60_000\nobjective = \"profit\"\norder.value = 900",
    );
    let place = Place::with(&[("a.toml", &text)]);
    let ran = frontier(&place, &["--by", "risk=0..8", "--points", "3"]).exits(0);
    assert!(ran.stdout.contains("return against risk"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("NaN"), "{}", ran.stdout);
    let result = place.json("out/planned-frontier/result.json");
    assert_eq!(result["axis"]["key"], "risk.objective.cvar");
    let rows = result["frontier"].as_array().expect("rows");
    let profits: Vec<[f64; 3]> = rows
        .iter()
        .filter(|row| row["metric"] == "profit")
        .map(|row| {
            ["expected", "cvar", "cvar_error"].map(|key| row[key].as_f64().expect("a number"))
        })
        .collect();
    let [first, .., last] = profits[..] else {
        panic!("{profits:?}");
    };
    assert!(first[0] > last[0] * 0.995, "{profits:?}");
    assert!(
        last[1] > first[1] - 4.0 * (first[2] + last[2]),
        "{profits:?}"
    );
    // The tail is below the mean at every point.
    assert!(
        profits.iter().all(|[mean, tail, _]| tail < mean),
        "{profits:?}"
    );

    let flags = ["--by", "risk", "--set", "objective=roas"];
    frontier(&place, &flags)
        .exits(2)
        .says("risk.objective does not go with");
}

#[test]
fn fixed_counts_are_said_to_leave_nothing_to_plan() {
    let place = Place::with(&[("a.toml", CERTAIN)]);
    let ran = frontier(&place, &["--points", "3"]).exits(0);
    assert!(ran.stdout.contains("fixes its counts"), "{}", ran.stdout);
    let ran = frontier(&place, &["--by", "counts.\"mid.sponsored\"=1..4"]).exits(0);
    assert!(ran.stdout.contains("4 values"), "{}", ran.stdout);
    let flags = ["--least-budget", "--target", "roas=0.3"];
    frontier(&place, &flags).exits(2).says("fixes its counts");
}

#[test]
fn wrong_usage_writes_nothing() {
    let place = Place::with(&[("a.toml", INVALID), ("b.toml", PLANNED), ("taken", "mine")]);
    frontier(&place, &[]).exits(2).says("budgett");
    for (args, says) in [
        (&["--by", "budgte=1..2"][..], "did you mean budget"),
        (&["--by", "stage=1..2"], "one of awareness"),
        (&["--by", "seed=1..2"], "belongs to the whole file"),
        (&["--by", "trials=1..2"], "belongs to the whole file"),
        (&["--by", "name=1..2"], "belongs to the whole file"),
        (&["--by", "tiers=1..2"], "it is a table"),
        (
            &["--by", "tiers.micro.max_creators=1.5..3"],
            "whole numbers",
        ),
        (&["--by", "order.margin=110%..140%"], "out of range"),
        (&["--by", "nope=1..2"], "unknown key nope\n"),
        (&["--by", "budget=2..1"], "the range must go up"),
        (&["--by", "budget=-10..0"], "budget"),
        (&["--by", "budget=1e300..1e308"], "1e300 is out of range"),
        (&["--out", "taken/below"], "--out"),
        (&["--by", "order.value"], "KEY=FROM..TO"),
        (&["--points", "1"], "from 2 to 200"),
        (&["--points", "200", "--trials", "1_000_000"], "can be kept"),
        (&["--least-budget"], "names a probability"),
        (
            &["--least-budget", "--by", "order.value=1..2"],
            "walks over the budget",
        ),
        (&["--least-budget", "--target", "rosa=3"], "no metric"),
        (&["--least-budget", "--target", "roas=x"], "not a number"),
        (&["--target", "roas=3"], "--least-budget"),
        (&["--with", "0.8"], "--target"),
        (&["--out", "taken"], "not a folder"),
    ] {
        place
            .run(&[&["frontier", "b.toml"], args].concat())
            .exits(2)
            .says(says);
    }
    assert!(!place.has("out"));
}

#[cfg(unix)]
#[test]
fn an_interrupted_walk_exits_with_130_and_leaves_nothing() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    let more = ["--trials", "6_000_000", "--points", "3"];
    place
        .interrupt(&[&["frontier", "a.toml"], &more[..]].concat())
        .exits(130)
        .says("interrupted");
    assert_eq!(place.names("out"), [""; 0]);
}

/// Budgets that no round step meets: whole all the same, with the file's own among them.
#[test]
fn budgets_are_whole_and_hold_the_files_own() {
    let odd = ALIKE.replace("budget = 20_000", "budget = 33_333");
    let place = Place::with(&[("a.toml", &odd)]);
    let ran = frontier(&place, &["--by", "budget"]).exits(0);
    assert!(ran.stdout.contains("¥33,333 ○") || ran.stdout.contains("¥33,333 ◆"));
    let values = |name: &str| -> Vec<f64> {
        let result = place.json(name);
        let points = result["points"].as_array().expect("points");
        points
            .iter()
            .map(|p| p["value"].as_f64().expect("a value"))
            .collect()
    };
    let found = values("out/alike-frontier/result.json");
    assert_eq!(found.len(), 15);
    assert!(found.iter().all(|v| v.fract() == 0.0), "{found:?}");
    assert_eq!(
        (found[0], found[6], found[14]),
        (8_333.0, 33_333.0, 66_666.0)
    );
    // Steps below 100 from below 1,000 on.
    frontier(&place, &["--by", "budget=900..1_200", "--points", "8"]).exits(3);
    let found = values("out/alike-frontier/result.json");
    let large = found.iter().filter(|v| **v >= 1_000.0);
    assert!(large.clone().count() > 3 && large.into_iter().all(|v| v.fract() == 0.0));
    // Halves below the range are whole too.
    frontier(
        &place,
        &[
            "--least-budget",
            "--target",
            "conversions=1",
            "--with",
            "50%",
        ],
    )
    .exits(0);
    let found = values("out/alike-frontier/result.json");
    assert!(
        found[0] < 8_333.0 && found.iter().all(|v| v.fract() == 0.0),
        "{found:?}"
    );
}

/// The answer lies between two steps: the marginal of the row below it is not measured from it.
#[test]
fn a_marginal_beside_the_answer_is_said_to_pass_over_it() {
    let place = Place::with(&[("a.toml", ALIKE)]);
    let ran = frontier(
        &place,
        &[
            "--by",
            "budget=1_000..37_000",
            "--points",
            "7",
            "--least-budget",
        ],
    )
    .exits(0);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("than in the row before, ◆ aside"), "{said}");
    let ran = frontier(&place, &["--by", "budget=1_000..37_000", "--points", "7"]).exits(0);
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("than in the row before"), "{said}");
    assert!(!said.contains("◆ aside"), "{said}");
}

#[test]
fn values_that_the_reader_refuses_are_left_out_and_said() {
    let place = Place::with(&[("a.toml", PLANNED)]);
    let range = ["--by", "order.margin=0.5..1.5", "--points", "5"];
    let ran = frontier(&place, &range).exits(0);
    let result = place.json("out/planned-frontier/result.json");
    let points = result["points"].as_array().expect("points");
    let values: Vec<f64> = points.iter().filter_map(|p| p["value"].as_f64()).collect();
    assert_eq!(values, [0.5, 0.75, 1.0]);
    let warnings = result["warnings"].to_string();
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "order.margin=1.25 is left out of the walk: order.margin: 1.25 is out of range (expected a number from 0 to 1)",
        "order.margin=1.5 is left out",
    ] {
        assert!(warnings.contains(words), "{warnings}");
        assert!(said.contains(words), "{said}");
    }
    // One value left is a walk of one point.
    let range = ["--by", "order.margin=1..3", "--points", "3"];
    frontier(&place, &range).exits(0);
    let result = place.json("out/planned-frontier/result.json");
    assert_eq!(result["points"].as_array().expect("points").len(), 1);
}

#[test]
fn a_least_budget_below_a_thousand_is_whole() {
    let cheap = ALIKE
        .replace("budget = 20_000", "budget = 1_000")
        .replace("fee = 2_000", "fee = 7.3")
        .replace("max_creators = 14", "max_creators = 140")
        .replace("targets.conversions", "# ");
    let place = Place::with(&[("a.toml", &cheap)]);
    let least = [
        "--least-budget",
        "--target",
        "conversions=300",
        "--with",
        "50%",
    ];
    frontier(&place, &least).exits(0);
    let result = place.json("out/alike-frontier/result.json");
    let points = result["points"].as_array().expect("points");
    let refined = |p: &&Value| p["refined"].as_bool() == Some(true);
    assert!(points.iter().filter(refined).count() > 3);
    for point in points {
        let value = point["value"].as_f64().expect("a value");
        assert!(value.fract() == 0.0 && value > 0.0, "{value}");
    }
}
