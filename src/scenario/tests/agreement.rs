//! The JSON Schema beside the reader: files with one thing changed.

use toml::{Table, Value};

use super::*;

/// Every table and list of a scenario file.
const EVERY: &str = r#"
schema = 1
name = "all"
budget = { months = [100_000, 90_000], carry_over = true }
months = 2
start = "2026-04"
trials = { best = "profit", probability = 0.95, indifference = "0.5%", max = 10_000 }
time = { seasonality = [1, 1.1], market_persistence = 0.5 }
payment.fee_days = 3
counts."mid.sponsored.skincare.local" = 5
incidents = { probability = 0.01, shock = 0.3 }
audience.size = { local = "800k", skincare = { local = "6m" } }
dependence.followers_fee = 0.5
operations.hour_cost = 2
roster.columns.id = "a"
uncertainty.market = 0.1
cross_promotion = { fan_out = { mid = 2 }, reach_lift = 0.1 }
[diversity]
importance = { min_spend = 2 }
tier_budget_share.micro = [0, 1]
region_budget_share.local = "free"
max_creators = 500
min_spend = 0
[pipeline]
identified = "50 to 200"
vetted = 0.5
starting_creators = { "mid.sponsored.skincare.local" = 5 }
with = 0.8
[tiers.micro]
followers = { lognormal = { mean = 4000, sd = 1000 } }
fee = { gamma = { mean = 400, sd = 100 } }
engagement_rate = { beta = { mean = 0.1, sd = 0.02 } }
view_rate = { pert = { min = 0.1, mode = 0.2, max = 0.4 } }
click_rate = { mean = 0.1, sd = 0.01 }
max_creators = "free"
targets.cpa = 50
partnership.sponsored.fee_amount = 500
[tiers.mid]
benchmark = { cpm = 20, cpa = 40 }
[targets]
roas = { at_least = 1.0, with = 0.8 }
[segments.categories.skincare]
tiers = ["micro", "mid"]
fee = 1.1
[segments.regions.local]
[[constraint]]
name = "a"
spend = { mid = 1 }
max = 1_000_000
[[wave]]
name = "w"
week = 2
days = 7
count = { mid.sponsored = [0, "free"] }
budget = [0, 100_000]
schedule = "even"
[ambassadors.own]
tiers = ["micro"]
retainer = 500
term_months = 2
[[what_if]]
name = "x"
description = "d"
incidents = "none"
budget.carry_over = false
order.value = { mean = 100, sd = 20 }
ambassadors.own.posts = 3
"#;

const PROMISED: &str = r#"
schema = 1
name = "risk"
budget = { amount = 600_000, with = 0.9 }
[risk]
trials = 5_000
objective = { mean = 1, cvar = 1 }
cvar = [{ metric = "revenue", at_least = 1, level = 0.9 }]
probability = { metric = "cpa", at_most = 1, with = 0.5 }
[[what_if]]
name = "x"
risk.cvar = { metric = "profit", at_least = 1 }
[[what_if]]
name = "y"
risk.objective.cvar = 2
"#;

/// What takes the place of a value, as TOML.
const VALUES: &[&str] = &[
    "{}",
    "[]",
    "true",
    "-1",
    "0.5",
    "1e20",
    "\"x\"",
    "\" \"",
    "\"40%\"",
    "\"1.2.3\"",
    "\"5_\"",
    "\"_5\"",
    "\"none\"",
    "\"free\"",
    "{ zzz = 1 }",
    "[1]",
    "[{}]",
    "[[]]",
    "{ mean = 0.2, sd = -1 }",
    "{ at_most = 3 }",
    "{ total = 5 }",
    "{ mid = 1 }",
];

/// Words of problems that a schema can see.
const FORMS: &[&str] = &[
    "unknown key",
    ", found ",
    " is missing",
    "has no amount",
    "has no level",
    "has no metric",
    "has no probability",
    "has no cpa",
    "has no bound",
    "has no name",
    "has no tiers",
    "has no fan_out",
    "has no reach_lift",
    "have no probability",
    "bounds nothing",
    "does not say",
    "name is empty",
    "list is empty",
    "counts is empty",
];

/// Every file that comes of a change at one place.
fn changes(value: &Value, out: &mut Vec<Value>) {
    let values: Vec<Value> = VALUES
        .iter()
        .map(|text| {
            let table: Table = format!("x = {text}").parse().expect("TOML");
            table["x"].clone()
        })
        .collect();
    let mut put = |inside: &dyn Fn(Value) -> Value, own: &Value| {
        out.extend(values.iter().cloned().map(inside));
        let mut deeper = Vec::new();
        changes(own, &mut deeper);
        out.extend(deeper.into_iter().map(inside));
    };
    match value {
        Value::Table(table) => {
            for (key, own) in table {
                let with = |new: Value| {
                    let mut table = table.clone();
                    table[key] = new;
                    Value::Table(table)
                };
                put(&with, own);
            }
            for key in table.keys() {
                let mut without = table.clone();
                let own = without.remove(key).expect("a key of the table");
                out.push(Value::Table(without.clone()));
                without.insert(format!("{key}x"), own);
                out.push(Value::Table(without));
            }
        }
        Value::Array(list) => {
            for (index, own) in list.iter().enumerate() {
                let with = |new: Value| {
                    let mut list = list.clone();
                    list[index] = new;
                    Value::Array(list)
                };
                put(&with, own);
            }
        }
        _ => {}
    }
}

#[test]
fn schema_and_reader_agree_on_what_a_schema_can_see() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    let (mut valid, mut read) = (0, 0);
    let mut wrong = Vec::new();
    for text in [EVERY, PROMISED] {
        try_read(text, &Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
        let file: Table = text.parse().expect("TOML");
        let mut files = vec![Value::Table(file.clone())];
        changes(&Value::Table(file), &mut files);
        assert!(files.len() > 500);
        for file in files {
            let text = toml::to_string(&file).expect("TOML");
            let good = validator.is_valid(&serde_json::to_value(&file).expect("JSON"));
            match try_read(&text, &Overrides::default()) {
                Ok(_) if !good => wrong.push(format!("only the reader takes it:\n{text}")),
                Err(problems) if good => {
                    // What a what-if leaves out, its base may have.
                    let seen = problems.iter().find(|p| {
                        !p.message.starts_with("what-if ")
                            && FORMS.iter().any(|form| p.message.contains(form))
                    });
                    wrong.extend(seen.map(|p| format!("only the schema takes it: {p:?}")));
                }
                _ => {}
            }
            valid += usize::from(good);
            read += 1;
        }
    }
    let shown = &wrong[..wrong.len().min(40)];
    assert!(wrong.is_empty(), "{}: {}", wrong.len(), shown.join("\n"));
    assert!(valid > 200 && read - valid > 1_000, "{valid} of {read}");
}

const NAMED: &str = r#"
schema = 1
name = "t"
budget = 100_000
months = 2
tiers.use = ["mid", "micro"]
partnerships.use = ["sponsored", "ambassador"]
tiers.micro.partnerships = ["ambassador"]
diversity.region_budget_share.local = [0, 1]
[segments.regions.local]
[[wave]]
name = "w"
week = 1
days = 7
count = { "mid.sponsored" = 3 }
[ambassadors.own]
tiers = ["micro"]
retainer = 5
term_months = 1
[[constraint]]
name = "few"
count = { "mid.sponsored@w" = 1, "micro.ambassador@own" = 1 }
max = 9
[[what_if]]
name = "x"
counts = { "micro.ambassador@own+1" = 1, "mid.sponsored@w" = 3 }
"#;

#[test]
fn what_follows_from_a_bad_name_is_left_out() {
    try_read(NAMED, &Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
    for (good, bad) in [
        ("name = \"w\"", "namex = \"w\""),
        ("name = \"w\"", "name = 3"),
        ("[[wave]]", "[[waves]]"),
        (
            "tiers = [\"micro\"]\nretainer",
            "tiers = [\"tiny\"]\nretainer",
        ),
        ("[ambassadors.own]", "[ambassador.own]"),
        ("[segments.regions.local]", "[segment.regions.local]"),
        ("tiers.use = [\"mid\", \"micro\"]", "tiers.use = 3"),
        (
            "partnerships.use = [\"sponsored\", \"ambassador\"]",
            "partnerships.use = \"all\"",
        ),
        (
            "tiers.micro.partnerships = [\"ambassador\"]",
            "tiers.micro.partnerships = []",
        ),
        ("name = \"few\"", "nam = \"few\""),
        ("max = 9", "maxi = 9"),
        (
            "count = { \"mid.sponsored@w\"",
            "cont = { \"mid.sponsored@w\"",
        ),
        ("name = \"x\"", "nme = \"x\""),
    ] {
        assert!(NAMED.contains(good), "{good}");
        let problems = try_read(&NAMED.replacen(good, bad, 1), &Overrides::default()).unwrap_err();
        assert_eq!(problems.len(), 1, "{bad}: {problems}");
    }
    // A name that nothing has is told, by every key that uses it.
    let wrong = NAMED.replacen("name = \"w\"", "name = \"v\"", 1);
    let problems = try_read(&wrong, &Overrides::default()).unwrap_err();
    assert!(problems.len() >= 2, "{problems}");
}
