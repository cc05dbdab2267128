use std::fs;

use super::cell::{Cell, Kind, Sheet, at, letters};
use super::estimates::{Line, estimates};
use super::months::months;
use super::plan::plan;
use super::targets::targets;
use super::*;
use crate::engine::RunResult;
use crate::fixture;
use crate::model::{BudgetOver, Horizon};
use crate::summary::Estimate;

fn record() -> WorkbookRecord {
    WorkbookRecord {
        description: Some("=cmd()".to_owned()),
        scenario_hash: "ab".repeat(32),
        assumptions: vec![
            (
                "name".to_owned(),
                "\"@x\"".to_owned(),
                "q2.toml:1:1".to_owned(),
            ),
            (
                "-key".to_owned(),
                "+1\u{7}\nline".to_owned(),
                "x".repeat(40_000),
            ),
        ],
    }
}

/// The fixture's run over three months: other counts each month, rows by month.
fn quarter() -> RunResult {
    let mut result = fixture::result(true);
    for plan in &mut result.plans {
        plan.model.months = 3;
        plan.model.horizon = Horizon::equal(3);
        let one = plan.plan.counts.row(0).to_owned();
        let mut all = ndarray::Array2::zeros((3, one.len()));
        for (month, mut row) in all.rows_mut().into_iter().enumerate() {
            row.assign(&one.mapv(|n| (n * (1.0 + 0.5 * month as f64)).floor()));
        }
        plan.plan.counts = all;
    }
    let horizon = result.summary.clone();
    for month in 1..=3 {
        result
            .summary
            .extend(horizon.iter().cloned().map(|mut row| {
                row.month = Some(month);
                for quantile in &mut row.estimate.quantiles {
                    *quantile = quantile.map(|q| q * (0.8 + 0.1 * month as f64));
                }
                row
            }));
    }
    result
}

fn period(month: usize) -> String {
    format!("month {month}")
}

#[test]
fn columns_have_letters() {
    assert_eq!(
        [0, 25, 26, 51, 52, 701, 702].map(letters),
        ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
    );
    assert_eq!(at(4, 9), "E9");
}

/// The same bytes on a rerun, also of an infeasible run and of one month.
#[test]
fn a_rerun_has_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for (name, result) in [
        ("quarter", quarter()),
        ("month", fixture::result(true)),
        ("infeasible", fixture::infeasible()),
    ] {
        let [a, b] = ["a", "b"].map(|run| {
            let path = folder.path().join(format!("{name}-{run}.xlsx"));
            write_workbook(&path, &result, &record()).unwrap();
            fs::read(path).unwrap()
        });
        assert_eq!(a, b, "{name}");
        assert!(a.starts_with(b"PK"));
    }
}

fn number(cell: &Cell) -> f64 {
    match cell {
        Cell::Number(value, _) | Cell::Formula(_, value, _) => *value,
        other => panic!("{other:?} is no number"),
    }
}

fn texts(sheet: &Sheet) -> Vec<String> {
    let text = |cell: &Cell| match cell {
        Cell::Formula(text, ..) => Some(text.clone()),
        _ => None,
    };
    sheet.rows.iter().flatten().filter_map(text).collect()
}

/// What the sheet of months says is what the plan costs, by the plan's own counts and the definition of cost.
#[test]
fn months_add_up() {
    let result = quarter();
    let (sheet, booked, columns) = plan(&result, period);
    let totals = months(&result, &booked, columns, period);
    assert_eq!(totals.rows.len(), 8);
    assert_eq!(totals.totals, [3, 7]);
    let base = &result.plans[0];
    for month in 0..3 {
        let units =
            crate::model::valuation::units_in(&base.model, &base.plan.counts.row(month).to_vec());
        let of = |value: fn(&crate::model::valuation::UnitValue) -> f64| -> f64 {
            base.plan
                .counts
                .row(month)
                .iter()
                .zip(&units)
                .map(|(n, u)| n * value(u))
                .sum()
        };
        let row = &totals.rows[month];
        assert!((number(&row[5]) / of(|u| u.spend) - 1.0).abs() < 1e-12);
        assert!((number(&row[7]) / of(|u| u.revenue) - 1.0).abs() < 1e-12);
        assert_eq!(number(&row[4]), base.plan.counts.row(month).sum());
        assert!((number(&row[6]) - (115_000.0 - of(|u| u.spend))).abs() < 1e-6);
    }
    let spent: f64 = totals.rows[..3].iter().map(|row| number(&row[5])).sum();
    assert_eq!(number(&totals.rows[3][5]), spent);
    // A formula holds no text of the user's.
    let formulas: Vec<String> = texts(&sheet).into_iter().chain(texts(&totals)).collect();
    assert!(formulas.len() > 50);
    assert!(
        formulas
            .iter()
            .all(|f| f.starts_with('=') && !f.contains("lifestyle") && !f.contains("micro"))
    );
}

/// Months of one pot have no budget of their own, and nothing of it is left to them.
#[test]
fn one_pot_is_the_horizons() {
    let mut result = quarter();
    for plan in &mut result.plans {
        plan.model.horizon.budget_over = BudgetOver::Horizon;
    }
    let (_, booked, columns) = plan(&result, period);
    let sheet = months(&result, &booked, columns, period);
    for row in &sheet.rows[..3] {
        assert!(
            matches!((&row[3], &row[6]), (Cell::Empty, Cell::Empty)),
            "{row:?}"
        );
        assert!(number(&row[5]) > 0.0);
    }
    let all = &sheet.rows[3];
    assert_eq!(number(&all[3]), 345_000.0);
    assert_eq!(number(&all[6]), 345_000.0 - number(&all[5]));
}

#[test]
fn a_horizons_expected_value_is_the_sum_of_its_months() {
    let of = |mean: f64| Estimate {
        mean: Some(mean),
        quantiles: [Some(mean); 7],
        ..Estimate::default()
    };
    let (one, two, all) = (of(10.0), of(14.0), of(24.0));
    let line = |additive| Line {
        plan: "base",
        metric: "revenue",
        kind: Kind::Money,
        additive,
        months: vec![(1, &one), (2, &two)],
        horizon: Some(&all),
    };
    let (sheet, shown) = estimates("forecast", &[line(true), line(false)], false, period);
    assert_eq!(sheet.rows.len(), 6);
    assert_eq!(
        sheet.rows[2][8],
        Cell::Formula("=SUM(I2:I3)".to_owned(), 24.0, Kind::Money)
    );
    assert_eq!(sheet.rows[5][8], Cell::Number(24.0, Kind::Money));
    assert_eq!(
        sheet.rows[5][7],
        Cell::Formula("=G7-E7".to_owned(), 0.0, Kind::Money)
    );
    assert_eq!(
        shown.iter().map(|s| s.rows).collect::<Vec<_>>(),
        [(2, 3), (5, 6)]
    );
    // Of one month there is one row.
    let alone = Line {
        months: Vec::new(),
        ..line(true)
    };
    let (sheet, shown) = estimates("forecast", std::slice::from_ref(&alone), true, period);
    assert_eq!(sheet.rows.len(), 1);
    assert_eq!(sheet.rows[0][3], Cell::text("month 1"));
    assert_eq!(shown[0].rows, (2, 2));
    // Of several months, what is said of the horizon alone stays there.
    let (sheet, shown) = estimates("cash", &[alone], false, period);
    assert_eq!(sheet.rows[0][2], Cell::text("horizon"));
    assert_eq!(sheet.rows[0][8], Cell::Number(24.0, Kind::Money));
    assert!(shown.is_empty());
}

#[test]
fn targets_and_budget_have_odds() {
    let sheet = targets(&quarter());
    let keys: Vec<&Cell> = sheet.rows.iter().map(|row| &row[1]).collect();
    let count = |key: &str| keys.iter().filter(|k| ***k == Cell::text(key)).count();
    assert_eq!(count("targets.roas"), 2);
    assert_eq!(count("tiers.mid.targets.cpa"), 2);
    assert_eq!(count("budget"), 8);
}
