//! `imatrix pipeline`.

use crate::place::Place;

const SCENARIO: &str = "schema = 1\nname = \"p\"\nmonths = 2\nbudget = 60_000\ntiers.use = [\"mid\"]\n\
    [pipeline]\nidentified = 100\nvetted = 0.3\ncontacted = 0.67\nresponse = 0.3\npartnership = 0.5\n\
    repeat = 0.7\nlead_weeks = 0\nchurn = 0.1\nstarting_creators = { \"mid.sponsored\" = 10 }\n";

/// 20.1 contacts x 30 % x 50 % are 3, not 5 to 10.
#[test]
fn twenty_contacts_bring_three() {
    let place = Place::with(&[("p.toml", SCENARIO)]);
    let ran = place.run(&["pipeline", "p.toml", "--no-plan"]).exits(0);
    for words in ["lead to 3 new partners a month", "44 contacts", "not met"] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    let flags = [
        "--no-plan",
        "--format",
        "json",
        "--want",
        "1",
        "--with",
        "0.5",
    ];
    let ran = place
        .run(&[&["pipeline", "p.toml"][..], &flags].concat())
        .exits(0);
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(found["wanted"]["contacts"], 5);
    assert!((found["flow"].as_f64().unwrap() - 3.015).abs() < 1e-12);
    assert_eq!(found["months"].as_array().unwrap().len(), 2);
    assert!(!place.names(".").contains(&"out".to_owned()));
}

#[test]
fn without_a_pipeline_there_is_a_way_out() {
    let plain: String = SCENARIO.split("[pipeline]").next().unwrap().to_owned();
    let place = Place::with(&[("p.toml", &plain)]);
    place
        .run(&["pipeline", "p.toml"])
        .exits(2)
        .says("the scenario has no [pipeline]")
        .says("add one, e.g. [pipeline] with identified = 100");
    place.run(&["pipeline", "p.toml", "--want", "0"]).exits(2);
    place.run(&["pipeline", "p.toml", "--with", "1.5"]).exits(2);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_at_once() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let text = "schema = 1\nname = \"many\"\nbudget = 1000\nmonths = 24\n[pipeline]\nidentified = 10_000_000\n";
    let place = Place::with(&[("a.toml", text)]);
    let mut command = place.command();
    let child = command
        .args(["pipeline", "a.toml", "--no-plan"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    std::thread::sleep(Duration::from_millis(1_500));
    let id = child.id().to_string();
    let sent = Command::new("kill")
        .args(["-INT", &id])
        .status()
        .expect("kill runs");
    assert!(sent.success());
    let asked = Instant::now();
    let ended = child.wait_with_output().expect("it ends");
    assert!(asked.elapsed() < Duration::from_secs(20));
    assert_eq!(ended.status.code(), Some(130));
    assert!(ended.stdout.is_empty());
    assert!(String::from_utf8_lossy(&ended.stderr).contains("interrupted"));
}
