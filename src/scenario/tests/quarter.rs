//! Months: budgets, seasons and time.

use super::*;
use crate::model::{BudgetOver, Over, Payment};

fn over_three(budget: &str, more: &str) -> Scenario {
    read(&format!(
        "schema = 1\nname = \"t\"\nmonths = 3\nbudget = {budget}\n{more}"
    ))
}

fn budgets(model: &Model) -> Vec<f64> {
    (0..model.months).map(|m| model.budget_of(m)).collect()
}

#[test]
fn budgets_in_all_their_forms() {
    for (written, months, over) in [
        ("300_000", [300_000.0; 3], BudgetOver::Month),
        ("\"300k\"", [300_000.0; 3], BudgetOver::Month),
        ("{ amount = 300_000 }", [300_000.0; 3], BudgetOver::Month),
        (
            "{ amount = 300_000, carry_over = true }",
            [300_000.0; 3],
            BudgetOver::CarryOver,
        ),
        (
            "[300_000, 420_000, 280_000]",
            [300_000.0, 420_000.0, 280_000.0],
            BudgetOver::Month,
        ),
        (
            "[\"30k\", 0, 6e4]",
            [30_000.0, 0.0, 60_000.0],
            BudgetOver::Month,
        ),
        (
            "{ months = [300_000, 420_000, 280_000], carry_over = true }",
            [300_000.0, 420_000.0, 280_000.0],
            BudgetOver::CarryOver,
        ),
        ("{ total = 900_000 }", [300_000.0; 3], BudgetOver::Horizon),
        (
            "{ total = 900_000, carry_over = true }",
            [300_000.0; 3],
            BudgetOver::CarryOver,
        ),
        (
            "{ total = 900_000, carry_over = false }",
            [300_000.0; 3],
            BudgetOver::Month,
        ),
    ] {
        let base = over_three(written, "").base;
        assert_eq!(budgets(&base), months, "{written}");
        assert_eq!(base.horizon.budget_over, over, "{written}");
        near(base.rules.budget, months.iter().sum::<f64>() / 3.0);
        assert!(matches!(&base.rules.budget_origin, Origin::File(at) if at.line == 4));
    }
}

#[test]
fn one_month_is_as_it_was() {
    let base = minimal("").base;
    let horizon = &base.horizon;
    assert_eq!((base.months, horizon.months.len()), (1, 1));
    assert_eq!(horizon.months[0].budget_share.to_bits(), 1.0_f64.to_bits());
    assert_eq!(horizon.months[0].seasonality.to_bits(), 1.0_f64.to_bits());
    assert_eq!(horizon.months[0].days, 30);
    assert!(horizon.is_separable());
    assert_eq!(base.rules.budget, 600_000.0);
    near(horizon.response_half_life_days, 0.0);
}

#[test]
fn time_and_payment_have_presets_that_say_so() {
    let scenario = over_three("600_000", "start = \"2027-12\"\n");
    let horizon = &scenario.base.horizon;
    near(horizon.market_persistence, 0.6);
    assert_eq!(
        horizon.payment,
        Payment {
            fee_days: 3.0,
            commission_days: 30.0,
            sales_receipt_days: 7.0
        }
    );
    assert_eq!(horizon.diversity_over, Over::Month);
    let days: Vec<u32> = horizon.months.iter().map(|m| m.days).collect();
    assert_eq!(days, [31, 31, 29]);
    let origin = |key: &str| entry(&scenario, key).origin.clone();
    assert_eq!(
        origin("time.market_persistence"),
        Origin::Preset(Assumption::Assumption)
    );
    assert_eq!(
        origin("payment.fee_days"),
        Origin::Preset(Assumption::Playbook)
    );
    assert_eq!(
        origin("payment.commission_days"),
        Origin::Preset(Assumption::Assumption)
    );
    assert_eq!(origin("time.response_half_life_days"), Origin::Default);
}

#[test]
fn time_is_read_as_written() {
    let base = over_three(
        "600_000",
        "[time]\nseasonality = [1.0, \"115%\", 0.9]\nmarket_persistence = -0.5\nresponse_half_life_days = 10\n\
         [payment]\nfee_days = 0\n[diversity]\nover = \"horizon\"\n",
    )
    .base;
    let seasons: Vec<f64> = base.horizon.months.iter().map(|m| m.seasonality).collect();
    assert_eq!(seasons, [1.0, 1.15, 0.9]);
    near(base.horizon.market_persistence, -0.5);
    near(base.horizon.response_half_life_days, 10.0);
    near(base.horizon.payment.fee_days, 0.0);
    assert_eq!(base.horizon.diversity_over, Over::Horizon);
    assert!(!base.horizon.is_separable());
}

#[test]
fn settings_and_what_ifs_change_months_budgets_and_time() {
    let of = |text: &str, settings: &[(&str, &str)]| {
        try_read(text, &set(settings)).unwrap_or_else(|p| panic!("{p}"))
    };
    let one = with_head("");
    let found = of(
        &one,
        &[
            ("months", "3"),
            ("budget", "[1, 2, 6]"),
            ("time.seasonality", "[1, 2, 3]"),
            ("budget.with", "0.9"),
        ],
    )
    .base;
    assert_eq!(budgets(&found), [1.0, 2.0, 6.0]);
    near(found.horizon.months[2].seasonality, 3.0);
    assert_eq!(found.risk.rules.len(), 1);
    for (month, amount) in [1.0, 2.0, 6.0].into_iter().enumerate() {
        let alone = found.month(month);
        assert_eq!(alone.risk.rules[0].bound, Bound::AtMost(amount));
    }
    // A number, a list and a total replace each other; carry-over and probability stay.
    let text = "schema = 1\nname = \"t\"\nmonths = 2\nbudget = { total = 10, carry_over = true }\n\
        [[what_if]]\nname = \"list\"\nbudget = [4, 8]\n\
        [[what_if]]\nname = \"number\"\nbudget = 7\n\
        [[what_if]]\nname = \"pot\"\nbudget.carry_over = false\n\
        [[what_if]]\nname = \"table\"\nbudget = { months = [1, 3] }\ntime.market_persistence = 0\n";
    let found = of(text, &[]);
    let all: Vec<_> = found
        .what_ifs
        .iter()
        .map(|w| (budgets(w), w.horizon.budget_over))
        .collect();
    assert_eq!(
        all,
        [
            (vec![4.0, 8.0], BudgetOver::CarryOver),
            (vec![7.0, 7.0], BudgetOver::CarryOver),
            (vec![5.0, 5.0], BudgetOver::Month),
            (vec![1.0, 3.0], BudgetOver::CarryOver),
        ]
    );
    near(found.what_ifs[3].horizon.market_persistence, 0.0);
    // A what-if may say how many months there are, not change it.
    of(
        &with_head("months = 3\n[[what_if]]\nname = \"same\"\nmonths = 3\n"),
        &[],
    );
    let typed = Overrides {
        what_if: vec![(
            "longer".to_owned(),
            vec![("months".to_owned(), "6".to_owned())],
        )],
        ..Overrides::default()
    };
    let said = try_read(&one, &typed).unwrap_err().to_string();
    assert!(
        said.contains("this what-if has 6 months and the base 1"),
        "{said}"
    );
}

#[test]
fn promises_go_with_months_of_their_own_and_with_no_others() {
    let risk = "[risk]\ncvar = { metric = \"revenue\", at_least = 1_000 }\n";
    assert_eq!(over_three("600_000", risk).base.risk.rules.len(), 1);
    assert_eq!(over_three("[1, 2, 3]", risk).base.risk.rules.len(), 1);
    for tied in [
        "{ total = 900_000 }",
        "{ amount = 300_000, carry_over = true }",
    ] {
        let text = format!("schema = 1\nname = \"t\"\nmonths = 3\nbudget = {tied}\n{risk}");
        let said = try_read(&text, &Overrides::default())
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("here months hang together: a budget over the months"),
            "{said}"
        );
    }
    // One month is one month, whatever its budget is called.
    read(&format!(
        "schema = 1\nname = \"t\"\nbudget = {{ total = 900_000 }}\n{risk}"
    ));
}

const LAUNCH: &str = "schema = 1\nname = \"t\"\nmonths = 3\nstart = \"2026-07\"\nbudget = [1_000, 2_000, 3_000]\n\
    counts = [{ mid.sponsored = 1 }, { mid.sponsored = 2 }, { micro.ambassador.\"@gold+3\" = 1 }]\n\
    time.seasonality = [1, 2, 3]\n\
    [ambassadors.gold]\ntiers = [\"micro\"]\nterm_months = 1\n\
    [[wave]]\nname = \"w\"\nstart = \"2026-08-03\"\ndays = 20\ntiers = [\"mid\"]\n\
    [[wave]]\nname = \"v\"\nweek = 8\ndays = 20\ntiers = [\"mid\"]\n\
    [[what_if]]\nname = \"x\"\ntime.seasonality = [3, 2, 1]\n";

#[test]
fn what_follows_from_bad_months_or_a_bad_start_is_left_out() {
    let text = LAUNCH.replace(
        "micro.ambassador.\"@gold+3\"",
        "\"micro.ambassador@gold+3\"",
    );
    read(&text);
    for (good, bad, said) in [
        ("months = 3", "months = 0", "out of range"),
        ("months = 3", "months = 25", "out of range"),
        ("months = 3", "months = 1.5", "a whole number from 1 to 24"),
        (
            "months = 3",
            "months = \"x\"",
            "a whole number from 1 to 24",
        ),
        ("months = 3", "month = 3", "did you mean months?"),
        ("\"2026-07\"", "\"2026-13\"", "a month as"),
        (
            "start = \"2026-07\"",
            "strat = \"2026-07\"",
            "did you mean start?",
        ),
    ] {
        let problems = try_read(&text.replacen(good, bad, 1), &Overrides::default()).unwrap_err();
        assert_eq!(problems.len(), 1, "{bad}: {problems}");
        assert!(problems.to_string().contains(said), "{bad}: {problems}");
        let key = bad.split(' ').next().unwrap_or_default();
        if ["months", "start"].contains(&key) {
            let typed = set(&[(key, bad.split_once(" = ").unwrap().1)]);
            let problems = try_read(&text, &typed).unwrap_err();
            assert_eq!(problems.len(), 1, "--set {bad}: {problems}");
        }
    }
    // Good months that do not fit are told of every list, and waves without a first month too.
    let few = try_read(
        &text.replacen("months = 3", "months = 2", 1),
        &Overrides::default(),
    );
    assert!(few.unwrap_err().len() >= 4);
    let none = try_read(
        &text.replacen("start = \"2026-07\"", "", 1),
        &Overrides::default(),
    );
    assert!(
        none.unwrap_err()
            .to_string()
            .contains("needs the file's first month")
    );
}
