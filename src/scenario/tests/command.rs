//! Settings from the command line.

use super::*;

#[test]
fn the_command_line_sets_what_a_file_can() {
    let overrides = Overrides {
        seed: Some(u64::MAX),
        trials: Some(5000),
        what_if: vec![(
            "typed".to_owned(),
            vec![
                (
                    "diversity.tier_budget_share.micro".to_owned(),
                    "0.5".to_owned(),
                ),
                ("counts.\"mid.sponsored\"".to_owned(), "4".to_owned()),
                ("counts.mega".to_owned(), "1".to_owned()),
            ],
        )],
        ..set(&[
            ("budget", "500k"),
            ("tiers.micro.fee", "300 to 900"),
            ("tiers.mid.benchmark", "{ cpa = 40, roas = 3 }"),
            ("diversity.tolerance", "2%"),
            ("diversity.tolerance", "3%"),
        ])
    };
    let scenario = try_read(
        &with_head("seed = 3\ntrials = { precision = 0.01, max = 100 }\n"),
        &overrides,
    )
    .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(scenario.seed, u64::MAX);
    assert_eq!(scenario.trials, Trials::Fixed(5000));
    assert_eq!(scenario.base.rules.budget, 500_000.0);
    assert_eq!(
        scenario.base.tiers[3].fee,
        Distribution::lognormal_interval(300.0, 900.0).unwrap()
    );
    assert!(matches!(scenario.base.tiers[2].basis, Basis::Benchmark(_)));
    assert_eq!(entry(&scenario, "diversity.tolerance").value, "\"3%\"");
    let typed = &scenario.what_ifs[0];
    assert_eq!(typed.name, "typed");
    near(typed.counts.as_ref().unwrap().iter().sum(), 5.0);
    has_ends(tier_bands(typed)[3], 0.49, 0.51);
}

#[test]
fn faults_of_the_command_line_name_it() {
    for (key, value, text) in [
        ("bugdet", "1", "did you mean budget?"),
        ("a b", "1", "is not a key path"),
        ("", "1", "is not a key path"),
        ("budget = 3\nseed", "1", "unknown key"),
        ("budget", "3 # all", "expected a number"),
        ("budget", "1, 2", "expected a number"),
        ("budget", "-5", "out of range"),
        ("what_if", "3", "list of tables"),
    ] {
        let problems = try_read(&with_head(""), &set(&[(key, value)]))
            .map(|_| ())
            .expect_err(value);
        let shown = problems.to_string();
        assert!(shown.contains(text), "{key}={value}: {shown}");
        assert!(shown.contains("command line"), "{shown}");
    }
    let overrides = Overrides {
        what_if: vec![("x".to_owned(), vec![("seed".to_owned(), "3".to_owned())])],
        ..Overrides::default()
    };
    let problems = try_read(&with_head(""), &overrides).expect_err("refused");
    assert!(problems.to_string().contains("a what-if cannot set seed"));
}
