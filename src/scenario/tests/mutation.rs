//! Mutated files: an error or a result, never a panic, and never for long.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{EXAMPLE, try_read};
use crate::scenario::{Overrides, starter};

const VALUES: &[&str] = &[
    "0",
    "-1",
    "1",
    "1e308",
    "-1e308",
    "1e-320",
    "inf",
    "-inf",
    "nan",
    "9223372036854775807",
    "18446744073709551616",
    "0.5",
    "\"40%\"",
    "\"1k to 5k\"",
    "\"5% to 10%\"",
    "\"0 to 0\"",
    "\"free\"",
    "\"none\"",
    "\"\"",
    "true",
    "[]",
    "[0.1, 0.2]",
    "[0.9, 1]",
    "{}",
    "{ mean = 1, sd = 0 }",
    "{ mean = 1e15, sd = 1e15 }",
    "{ lognormal = { p5 = 1e-300, p95 = 1e300 } }",
    "{ beta = { alpha = 1e9, beta = 1 } }",
    "{ beta = { alpha = 1e-9, beta = 1 } }",
    "{ uniform = { min = 0, max = 0 } }",
    "{ cpa = 1e-300 }",
    "{ at_least = 1, enforce = true }",
    "2026-04-01",
    "\"2026-04\"",
    "[\"mega\"]",
    "[\"seeding\"]",
    "\"profit\"",
    "\"roas\"",
    "{ \"mega.sponsored\" = 1 }",
    "{ \"*.*.*.*\" = 1e15 }",
];

/// Positions of the values of `key = value` lines.
fn value_lines(text: &str) -> Vec<(usize, usize)> {
    let mut start = 0;
    let mut out = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some(equals) = line.find(" = ")
            && !line.starts_with('#')
        {
            // An earlier change may have left no value: the blank before it is no part of it.
            let value = equals + 3;
            out.push((start + value, start + line.trim_end().len().max(value)));
        }
        start += line.len();
    }
    out
}

#[derive(Debug, Clone)]
enum Change {
    /// Removes bytes.
    Delete(usize, usize),
    /// Puts a character in.
    Insert(usize, char),
    /// Replaces a line's value.
    Value(usize, usize),
    /// Exchanges two lines' values.
    Swap(usize, usize),
    /// Doubles a line.
    Repeat(usize),
    /// Removes a line.
    Drop(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<usize>(), 1..6_usize).prop_map(|(at, n)| Change::Delete(at, n)),
        (any::<usize>(), any::<char>()).prop_map(|(at, c)| Change::Insert(at, c)),
        (
            any::<usize>(),
            prop::sample::select("[]{}=.,\"'#\n1e-_%".chars().collect::<Vec<_>>())
        )
            .prop_map(|(at, c)| Change::Insert(at, c)),
        (any::<usize>(), any::<usize>()).prop_map(|(line, v)| Change::Value(line, v)),
        (any::<usize>(), any::<usize>()).prop_map(|(line, v)| Change::Value(line, v)),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Change::Swap(a, b)),
        any::<usize>().prop_map(Change::Repeat),
        any::<usize>().prop_map(Change::Drop),
    ]
}

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at % (text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn apply(text: &mut String, change: &Change) {
    match *change {
        Change::Delete(at, n) => {
            let start = boundary(text, at);
            let end: usize = text[start..].chars().take(n).map(char::len_utf8).sum();
            text.replace_range(start..start + end, "");
        }
        Change::Insert(at, c) => {
            let at = boundary(text, at);
            text.insert(at, c);
        }
        Change::Value(line, value) => {
            let lines = value_lines(text);
            if !lines.is_empty() {
                let (start, end) = lines[line % lines.len()];
                text.replace_range(start..end, VALUES[value % VALUES.len()]);
            }
        }
        Change::Swap(a, b) => {
            let lines = value_lines(text);
            if !lines.is_empty() {
                let (one, two) = (lines[a % lines.len()], lines[b % lines.len()]);
                let (first, second) = if one < two { (one, two) } else { (two, one) };
                if first != second {
                    let left = text[first.0..first.1].to_owned();
                    let right = text[second.0..second.1].to_owned();
                    text.replace_range(second.0..second.1, &left);
                    text.replace_range(first.0..first.1, &right);
                }
            }
        }
        Change::Repeat(line) | Change::Drop(line) => {
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            if !lines.is_empty() {
                let at = line % lines.len();
                if matches!(change, Change::Repeat(_)) {
                    lines.insert(at, lines[at]);
                } else {
                    lines.remove(at);
                }
                *text = lines.concat();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_file_is_an_error_or_a_result(
        from_starter in any::<bool>(),
        changes in prop::collection::vec(change(), 1..8),
    ) {
        let mut text = if from_starter { starter("x").unwrap() } else { EXAMPLE.to_owned() };
        for change in &changes {
            apply(&mut text, change);
        }
        let begun = Instant::now();
        match try_read(&text, &Overrides::default()) {
            Ok(scenario) => {
                for model in scenario.models() {
                    prop_assert!(!model.cells.is_empty());
                    for unit in crate::model::valuation::units(model) {
                        prop_assert!(unit.spend.is_finite() && unit.revenue.is_finite());
                    }
                    prop_assert!(model.rules.budget > 0.0);
                }
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                prop_assert!(!problems.render(false).is_empty());
                prop_assert!(!problems.render(true).is_empty());
            }
        }
        prop_assert!(begun.elapsed() < Duration::from_secs(5), "took {:?}", begun.elapsed());
    }

    #[test]
    fn a_mutated_setting_is_an_error_or_a_result(key in ".{0,30}", value in ".{0,30}", known in any::<bool>()) {
        let key = if known { "tiers.mid.fee".to_owned() } else { key };
        let overrides = Overrides { set: vec![(key.clone(), value.clone())], what_if: vec![(value.clone(), vec![(key, value)])], ..Overrides::default() };
        if let Err(problems) = try_read(EXAMPLE, &overrides) {
            prop_assert!(!problems.render(false).is_empty());
        }
    }
}

#[test]
fn hostile_texts_end_soon() {
    let head = "schema = 1\nname = \"t\"\nbudget = 1000\n";
    let many = |line: &dyn Fn(usize) -> String, n: usize| (0..n).map(line).collect::<String>();
    let texts = [
        many(&|i| format!("k{i} = 1\n"), 60_000),
        format!(
            "{head}[segments.categories]\n{}",
            many(&|i| format!("s{i} = {{}}\n"), 40_000)
        ),
        format!(
            "{head}{}",
            many(
                &|i| format!("[[what_if]]\nname = \"w{i}\"\nbudget = 5\n"),
                5_000
            )
        ),
        format!(
            "{head}[counts]\n{}",
            many(&|i| format!("\"mid.sponsored.c{i}\" = 1\n"), 30_000)
        ),
        format!("{head}a = {}{}", "[".repeat(300_000), "]".repeat(300_000)),
        format!(
            "{head}a = {}1{}",
            "{ a = ".repeat(100_000),
            " }".repeat(100_000)
        ),
        format!("{head}{} = 1\n", "a.".repeat(300_000)),
        many(&|_| format!("{}a = {{ ", "a.".repeat(78)), 79),
        "\"".repeat(500_000),
        "=".repeat(500_000),
        "x".repeat(900_000),
        format!("{head}description = \"{}\"\n", "a".repeat(900_000)),
        format!(
            "{head}{}{}",
            many(&|i| format!("[segments.categories.c{i}]\n"), 900),
            many(&|i| format!("[segments.regions.r{i}]\n"), 900)
        ),
        format!(
            "{head}[[constraint]]\nname = \"a\"\nmax = 1\n[constraint.count]\n{}",
            many(&|i| format!("\"mid.s{i}\" = 1\n"), 40_000)
        ),
        "\u{0}".repeat(1000),
    ];
    for (i, text) in texts.iter().enumerate() {
        let begun = Instant::now();
        let problems = try_read(text, &Overrides::default()).expect_err("refused");
        let shown = problems.render(false);
        assert!(shown.len() < 100_000, "text {i}: {} bytes", shown.len());
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "text {i}: {:?}",
            begun.elapsed()
        );
    }
}
