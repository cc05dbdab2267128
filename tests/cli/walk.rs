//! frontier: walks over keys of waves and rules.

use serde_json::Value;

use crate::frontier::{ALIKE, frontier};
use crate::place::Place;

#[test]
fn it_walks_over_a_key_of_a_wave_and_a_bound_of_a_constraint() {
    let text = format!(
        "{ALIKE}months = 2\n[[wave]]\nname = \"launch\"\nweek = 1\ndays = 7\ncount = {{ mid = [2, 2] }}\nconversion_lift = 2\n\
         [[constraint]]\nname = \"no more\"\ncount = {{ mid = 1 }}\nmax = 6\n"
    );
    let place = Place::with(&[("a.toml", &text)]);
    let points = |by: &str| {
        let ran = frontier(&place, &["--by", by, "--points", "3", "--format", "json"]).exits(0);
        let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let rows = json["frontier"].as_array().expect("rows");
        let values: Vec<(f64, f64)> = rows
            .iter()
            .filter(|row| row["metric"] == "conversions")
            .map(|row| {
                let number = |key: &str| row[key].as_f64().expect("a number");
                (number("value"), number("expected"))
            })
            .collect();
        assert_eq!(values.len(), 3, "{rows:?}");
        (values, json["axis"]["own"].as_f64())
    };
    // A post brings 50,000 × 0.3 × 0.08 × 0.1 × 0.05 = 6 conversions; 6 of a month, two of them of the launch.
    let (lifts, own) = points("wave.launch.conversion_lift=1..3");
    assert_eq!(own, Some(2.0));
    for ((value, conversions), expected) in
        lifts.iter().zip([(1.0, 72.0), (2.0, 84.0), (3.0, 96.0)])
    {
        assert_eq!(*value, expected.0);
        assert!((conversions - expected.1).abs() < 1e-6, "{lifts:?}");
    }
    let (bounds, own) = points("constraint.\"no more\".max=4..6");
    assert_eq!(own, Some(6.0));
    for ((value, conversions), expected) in
        bounds.iter().zip([(4.0, 60.0), (5.0, 72.0), (6.0, 84.0)])
    {
        assert_eq!(*value, expected.0);
        assert!((conversions - expected.1).abs() < 1e-6, "{bounds:?}");
    }
    for (by, said) in [
        ("wave.lunch.days=1..7", "did you mean \"launch\"?"),
        ("wave.launch.start=1..7", "it is a day"),
        ("wave.launch=1..7", "name one of its keys"),
    ] {
        let ran = frontier(&place, &["--by", by]).exits(2);
        assert!(
            ran.stderr.contains(said) && ran.stdout.is_empty(),
            "{}",
            ran.stderr
        );
    }
}

/// Ten partners of whom each stays with probability 1 − c: 60 orders in the first month, 60 (1 − c) in the second.
#[test]
fn where_partners_leave_expected_figures_are_those_of_the_trials() {
    let text = format!(
        "{ALIKE}months = 2\ncounts = {{ mid = 10 }}\n\
         pipeline = {{ identified = 0, repeat = 1, starting_creators = {{ mid = 10 }} }}\n"
    );
    let place = Place::with(&[("a.toml", &text)]);
    let by = ["--by", "pipeline.churn=0..0.5", "--points", "2"];
    let ran = frontier(&place, &[&by[..], &["--format", "json"]].concat()).exits(0);
    let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let rows = json["frontier"].as_array().expect("rows");
    let expected: Vec<f64> = rows
        .iter()
        .filter(|row| row["metric"] == "conversions")
        .map(|row| row["expected"].as_f64().expect("a number"))
        .collect();
    // The spread of the mean of 2,048 trials is below 0.4.
    assert!((expected[0] - 120.0).abs() < 2.0, "{expected:?}");
    assert!((expected[1] - 90.0).abs() < 2.0, "{expected:?}");
    let told = frontier(&place, &by).exits(0);
    assert!(told.stdout.contains("as simulated"), "{}", told.stdout);
}
