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

const RULES: &str = "[[constraint]]\nname = \"a = b\"\ncount = { mid = 1 }\nmax = 3\n\
                     [[constraint]]\nname = \"spend\"\nspend = { micro = 1 }\nmin = 5\nimportance = 4\n";

#[test]
fn the_command_line_changes_a_constraint_by_its_name() {
    let overrides = Overrides {
        what_if: vec![(
            "typed".to_owned(),
            vec![("constraint.spend.max".to_owned(), "900".to_owned())],
        )],
        ..set(&[
            ("constraint.\"a = b\".max", "7"),
            ("constraint.'a = b'.min", "2"),
            ("constraint.spend.importance", "5"),
        ])
    };
    let scenario = try_read(&with_head(RULES), &overrides).unwrap_or_else(|e| panic!("{e}"));
    let rules = &scenario.base.rules.user;
    assert_eq!(rules.len(), 2);
    assert_eq!((rules[0].min, rules[0].max), (Some(2.0), Some(7.0)));
    assert_eq!((rules[1].min, rules[1].max), (Some(5.0), None));
    let weight = |name| {
        scenario
            .base
            .rules
            .importance
            .of(name, ConstraintKind::User)
    };
    assert_eq!((weight("a = b"), weight("spend")), (1.0, 5.0));
    let typed = &scenario.what_ifs[0].rules.user;
    assert_eq!((typed[0].min, typed[0].max), (Some(2.0), Some(7.0)));
    assert_eq!((typed[1].min, typed[1].max), (Some(5.0), Some(900.0)));
    let again = scenario
        .again(
            Some("typed"),
            &[("constraint.spend.max".to_owned(), "9".to_owned())],
        )
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(again.what_ifs[0].rules.user[1].max, Some(9.0));
    assert_eq!(again.base.rules, scenario.base.rules);
    for (key, text) in [
        ("constraint.spent.max", "did you mean \"spend\"?"),
        ("constraint.spend.maxi", "did you mean max?"),
        ("constraint.spend", "list of tables"),
    ] {
        let problems = try_read(&with_head(RULES), &set(&[(key, "3")]))
            .map(|_| ())
            .expect_err(key);
        assert!(problems.to_string().contains(text), "{key}: {problems}");
    }
    let problems = try_read(&with_head(""), &set(&[("constraint.spend.max", "3")]))
        .map(|_| ())
        .expect_err("nothing to change");
    assert!(
        problems
            .to_string()
            .contains("the file has no [[constraint]]")
    );
}

#[test]
fn importance_is_one_number_or_one_by_key() {
    let of = |text: &str, name: &str, kind| {
        let scenario = try_read(&with_head(text), &Overrides::default());
        let scenario = scenario.unwrap_or_else(|e| panic!("{e}"));
        scenario.base.rules.importance.of(name, kind)
    };
    let all = "[diversity]\nimportance = 2.5\n";
    let mega = "diversity.tier_budget_share.mega";
    assert_eq!(of(all, mega, ConstraintKind::Band), 2.5);
    assert_eq!(
        of(all, "diversity.min_creators", ConstraintKind::Supply),
        2.5
    );
    assert_eq!(of(all, "diversity.min_spend", ConstraintKind::Budget), 2.5);
    assert_eq!(of(all, "budget", ConstraintKind::Budget), 1.0);
    assert_eq!(
        of(all, "tiers.mid.max_creators", ConstraintKind::Supply),
        1.0
    );
    let some = "[diversity]\nimportance = { tier_budget_share = 3, budget = 8, supply = 0.5, hours = 6, targets = 7 }\n";
    assert_eq!(of(some, mega, ConstraintKind::Band), 3.0);
    assert_eq!(of(some, "diversity.min_spend", ConstraintKind::Budget), 1.0);
    assert_eq!(of(some, "budget", ConstraintKind::Budget), 8.0);
    assert_eq!(
        of(some, "tiers.mid.max_creators", ConstraintKind::Supply),
        0.5
    );
    assert_eq!(
        of(some, "operations.hours_per_month", ConstraintKind::Hours),
        6.0
    );
    assert_eq!(
        of(some, "tiers.mid.targets.cpa", ConstraintKind::Target),
        7.0
    );
    for (text, expected) in [
        ("importance = 0\n", "out of range"),
        (
            "importance = { min_spent = 2 }\n",
            "did you mean min_spend?",
        ),
        ("importance = \"high\"\n", "or a table of"),
    ] {
        let problems = try_read(
            &with_head(&format!("[diversity]\n{text}")),
            &Overrides::default(),
        )
        .map(|_| ())
        .expect_err(text);
        assert!(
            problems.to_string().contains(expected),
            "{text}: {problems}"
        );
    }
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
    let named = Overrides {
        what_if: vec![("x".to_owned(), set(&[("name", "y")]).set)],
        ..Overrides::default()
    };
    let problems = try_read(&with_head(""), &named).expect_err("refused");
    assert!(problems.to_string().contains("has no name to set"));
}

#[test]
fn a_word_for_a_whole_table_gives_its_figures_to_later_settings() {
    let read = |pairs: &[(&str, &str)]| {
        try_read(&with_head(""), &set(pairs)).unwrap_or_else(|e| panic!("{e}"))
    };
    let none = read(&[("uncertainty", "none"), ("uncertainty.market", "0.1")]);
    let expected = Uncertainty {
        market: 0.1,
        ..minimal("uncertainty = \"none\"").base.uncertainty
    };
    assert_eq!(none.base.uncertainty, expected);

    let cautious = minimal("incidents = \"cautious\"").base.incidents;
    let shock = [("incidents", "cautious"), ("incidents.shock", "0.1")];
    let both = read(&shock).base.incidents;
    assert_eq!(both.shock, 0.1);
    assert_eq!(both.probability, cautious.probability);
    assert_eq!(both.cleanup_cost, cautious.cleanup_cost);
    assert!(both.assumed, "the other figures are assumptions still");
    // The later word stands for all of its figures.
    assert_eq!(read(&[shock[1], shock[0]]).base.incidents, cautious);
}

#[test]
fn one_reason_to_stop_takes_the_place_of_the_other() {
    let best = with_head("trials = { best = \"roas\", indifference = \"1%\", max = 5_000 }\n");
    let precise = try_read(&best, &set(&[("trials.precision", "1%")]));
    let wanted = Trials::Precision {
        precision: 0.01,
        max: 5_000,
    };
    assert_eq!(precise.unwrap_or_else(|e| panic!("{e}")).trials, wanted);
    let precise = with_head("trials = { precision = \"1%\" }\n");
    let best = try_read(&precise, &set(&[("trials.best", "roas")]));
    assert!(matches!(
        best.unwrap_or_else(|e| panic!("{e}")).trials,
        Trials::Best(_)
    ));
}

#[test]
fn one_weight_for_all_rules_and_weights_by_key_add_up() {
    use crate::model::ConstraintKind::{Band, Budget, Supply};
    let weights = |file: &str, sets: &[(&str, &str)]| {
        let scenario = try_read(&with_head(file), &set(sets)).unwrap_or_else(|e| panic!("{e}"));
        let of = |name, kind| scenario.base.rules.importance.of(name, kind);
        [
            of("budget", Budget),
            of("diversity.min_spend", Budget),
            of("diversity.tier_budget_share.micro", Band),
            of("tiers.mid.max_creators", Supply),
        ]
    };
    let (all, one) = (
        ("diversity.importance", "2"),
        ("diversity.importance.budget", "3"),
    );
    let spend = ("diversity.importance.min_spend", "5");
    assert_eq!(weights("", &[all, one]), [3.0, 2.0, 2.0, 1.0]);
    assert_eq!(weights("", &[one, all]), [3.0, 2.0, 2.0, 1.0]);
    assert_eq!(weights("", &[all, spend]), [1.0, 5.0, 2.0, 1.0]);
    // What is set later holds.
    assert_eq!(weights("", &[spend, all]), [1.0, 2.0, 2.0, 1.0]);
    let file = "[diversity]\nimportance = 2\n";
    assert_eq!(weights(file, &[one]), [3.0, 2.0, 2.0, 1.0]);
    let file = "[diversity]\nimportance = { budget = 3, min_spend = 7 }\n";
    assert_eq!(weights(file, &[all]), [3.0, 2.0, 2.0, 1.0]);
}

#[test]
fn a_count_typed_for_one_cell_leaves_the_others() {
    let text = with_head(
        "months = 2\n[[wave]]\nname = \"launch\"\nkind = \"launch\"\nweek = 1\ndays = 7\n\
         count = { \"mid.sponsored\" = 3, micro.sponsored = [2, 5], macro = 1 }\n\
         [[constraint]]\nname = \"few\"\ncount = { mid = 1, micro = 2 }\nmax = 300\n",
    );
    let overrides = set(&[
        ("wave.launch.count.mid.sponsored", "[0, 2]"),
        ("wave.launch.count.macro", "2"),
        ("constraint.few.count.mid", "7"),
    ]);
    let scenario = try_read(&text, &overrides).unwrap_or_else(|e| panic!("{e}"));
    let counts: Vec<(f64, Option<f64>)> = scenario.base.horizon.waves[0]
        .counts
        .iter()
        .map(|(_, low, high)| (*low, *high))
        .collect();
    assert_eq!(
        counts,
        [(0.0, Some(2.0)), (2.0, Some(5.0)), (2.0, Some(2.0))]
    );
    // All of a tier takes the place of what was said of its types.
    let overrides = set(&[
        ("wave.launch.count.micro", "4"),
        ("wave.launch.count.mid", "[1, 9]"),
    ]);
    let wider = try_read(&text, &overrides).unwrap_or_else(|e| panic!("{e}"));
    let keys = wider.base.horizon.waves[0].counts.iter();
    let keys: Vec<(&str, Option<&str>, f64)> = keys
        .map(|(key, low, _)| {
            (
                key.tier.as_deref().unwrap(),
                key.partnership.as_deref(),
                *low,
            )
        })
        .collect();
    assert_eq!(
        keys,
        [
            ("macro", None, 1.0),
            ("micro", None, 4.0),
            ("mid", None, 1.0)
        ]
    );
    let weights: Vec<f64> = scenario.base.rules.user[0]
        .terms
        .iter()
        .map(|(_, weight)| *weight)
        .collect();
    assert_eq!(weights, [7.0, 2.0]);
}

#[test]
fn what_the_command_line_changes_of_a_list_comes_from_there() {
    let text = with_head(
        "months = 2\n[[wave]]\nname = \"launch\"\nweek = 1\ndays = 7\n\
         count = { \"mid.sponsored\" = 3, macro = 1 }\nbudget = 9_000\n\
         [[constraint]]\nname = \"few of them\"\ncount = { mid = 1 }\nmax = 300\n\
         [[constraint]]\nname = \"some\"\ncount = { mid = 1 }\nmin = 1\n",
    );
    let typed = set(&[
        ("wave.launch.count.macro", "2"),
        ("wave.launch.conversion_lift", "1.5"),
        ("constraint.\"few of them\".max", "7"),
    ]);
    let scenario = try_read(&text, &typed).unwrap_or_else(|e| panic!("{e}"));
    let line = |origin: &Origin| origin.location().map(|at| at.line);
    for (key, value, from) in [
        ("wave.launch.days", "7", Some(8)),
        ("wave.launch.kind", "\"launch\"", None),
        ("wave.launch.budget", "9000", Some(10)),
        ("wave.launch.conversion_lift", "1.5", None),
        ("wave.launch.count.\"mid.sponsored\"", "3", Some(9)),
        ("wave.launch.count.macro", "2", None),
        ("constraint.\"few of them\".max", "7", None),
        ("constraint.\"few of them\".count", "{ mid = 1 }", Some(13)),
        ("constraint.some.min", "1", Some(18)),
    ] {
        let found = entry(&scenario, key);
        assert_eq!(
            (found.value.as_str(), line(&found.origin)),
            (value, from),
            "{key}"
        );
    }
    let lift = &entry(&scenario, "wave.launch.conversion_lift").origin;
    assert_eq!(
        lift.to_string(),
        "command line (--set wave.launch.conversion_lift=1.5)"
    );
    assert!(
        scenario
            .entries()
            .iter()
            .all(|e| e.key != "wave" && e.key != "constraint")
    );

    let wave = &scenario.base.horizon.waves[0];
    let counts: Vec<Option<usize>> = wave.count_origins.iter().map(line).collect();
    assert_eq!(
        (counts, line(&wave.budget_origin)),
        (vec![Some(9), None], Some(10))
    );
    let rules: Vec<Option<usize>> = scenario
        .base
        .rules
        .user
        .iter()
        .map(|r| line(&r.origin))
        .collect();
    assert_eq!(rules, [None, Some(15)]);

    assert_eq!(scenario.number("wave.launch.days"), Some(7.0));
    assert_eq!(
        scenario.number("wave.launch.count.mid.sponsored"),
        Some(3.0)
    );
    assert_eq!(
        scenario.number("wave.launch.count.\"mid.sponsored\""),
        Some(3.0)
    );
    assert_eq!(scenario.number("constraint.'few of them'.max"), Some(7.0));
    assert_eq!(scenario.number("tiers.\"mid\".max_creators"), Some(50.0));
    for none in [
        "wave.launch",
        "wave.lunch.days",
        "wave.launch.name",
        "order.value",
        "x",
        "",
    ] {
        assert_eq!(scenario.number(none), None, "{none}");
    }
}

#[test]
fn partners_of_one_cell_leave_the_others() {
    let text = with_head(
        "months = 2\n[pipeline]\nstarting_creators = { \"mid.sponsored\" = 10, micro.sponsored = 3 }\n",
    );
    let starting = |sets: &[(&str, &str)], what_if: &[(&str, &str)]| {
        let mut overrides = set(sets);
        if !what_if.is_empty() {
            let sets = set(what_if).set;
            overrides.what_if.push(("typed".to_owned(), sets));
        }
        let scenario = try_read(&text, &overrides).unwrap_or_else(|e| panic!("{e}"));
        let model = scenario.models().last().unwrap();
        let pipeline = model.horizon.pipeline.as_ref().unwrap();
        let counts = model.cells.iter().enumerate().zip(&pipeline.starting);
        counts
            .filter(|(_, count)| **count > 0.0)
            .map(|((cell, _), count)| (model.key(cell).to_string(), *count))
            .collect::<Vec<_>>()
    };
    let own = |mid, micro| {
        vec![
            ("mid.sponsored".to_owned(), mid),
            ("micro.sponsored".to_owned(), micro),
        ]
    };
    let micro = ("pipeline.starting_creators.\"micro.sponsored\"", "5");
    assert_eq!(starting(&[micro], &[]), own(10.0, 5.0));
    assert_eq!(starting(&[], &[micro]), own(10.0, 5.0));
    assert_eq!(
        starting(
            &[micro],
            &[("pipeline.starting_creators.mid.sponsored", "1")]
        ),
        own(1.0, 5.0)
    );
    let whole = ("pipeline.starting_creators", "{ micro.sponsored = 5 }");
    assert_eq!(
        starting(&[whole], &[]),
        [("micro.sponsored".to_owned(), 5.0)]
    );
    // What another key of the table sets does not touch them.
    assert_eq!(starting(&[("pipeline.churn", "0.2")], &[]), own(10.0, 3.0));
}
