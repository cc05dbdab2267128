//! What is left to plan.

use ndarray::Array2;

use super::super::{NothingLeft, posterior, remaining};
use super::{counts, market, row};
use crate::model::{Actuals, BookedAs, BudgetOver, FactorBelief, Level, Origin};

#[test]
fn budgets_are_what_is_left() {
    let mut model = market(3);
    for (month, share) in model.horizon.months.iter_mut().zip([0.9, 1.2, 0.9]) {
        month.budget_share = share;
    }
    let counts = counts(&model, &[10.0, 10.0]);
    let mut first = row(&model, &counts, (0, 0), [1.0; 6]);
    first.spend = 70_000.0;
    let actuals = Actuals {
        months: 1,
        rows: vec![first],
    };
    let belief = FactorBelief::prior(&model);
    let left = |over: BudgetOver, spend: f64| {
        let mut model = model.clone();
        model.horizon.budget_over = over;
        let mut actuals = actuals.clone();
        actuals.rows[0].spend = spend;
        let found = remaining(&model, &counts, &actuals, &belief)?;
        Ok::<_, NothingLeft>([0, 1].map(|m| found.model.budget_of(m)))
    };
    let close = |found: [f64; 2], wanted: [f64; 2]| {
        for (a, b) in found.into_iter().zip(wanted) {
            assert!((a - b).abs() < 1e-6, "{found:?} {wanted:?}");
        }
    };
    close(
        left(BudgetOver::Month, 70_000.0).unwrap(),
        [120_000.0, 90_000.0],
    );
    close(
        left(BudgetOver::CarryOver, 70_000.0).unwrap(),
        [140_000.0, 90_000.0],
    );
    close(
        left(BudgetOver::CarryOver, 230_000.0).unwrap(),
        [0.0, 70_000.0],
    );
    close(
        left(BudgetOver::Horizon, 90_000.0).unwrap(),
        [120_000.0, 90_000.0],
    );
    close(
        left(BudgetOver::Horizon, 195_000.0).unwrap(),
        [60_000.0, 45_000.0],
    );
    assert!(matches!(
        left(BudgetOver::Horizon, 300_000.0),
        Err(NothingLeft::Budget { .. })
    ));
    let all = Actuals {
        months: 3,
        rows: Vec::new(),
    };
    assert_eq!(
        remaining(&model, &counts, &all, &belief).unwrap_err(),
        NothingLeft::Months(3)
    );
}

/// Ambassadors who started in the first month go on with their tenure, as long as they are seen.
#[test]
fn commitments_go_on() {
    let mut model = market(6);
    model.horizon.levels = vec![Level {
        name: "bronze".to_owned(),
        tiers: vec![0],
        terms: model.cells[0].terms.clone(),
        term_months: 3,
        tenure_lift: 0.1,
        tenure_lift_max: 0.25,
        origin: Origin::Default,
    }];
    for start in 0..6 {
        let mut cell = model.cells[0].clone();
        cell.booked_as = BookedAs::Level { level: 0, start };
        model.cells.push(cell);
    }
    let mut counts = Array2::zeros((6, model.cells.len()));
    counts.column_mut(2).fill(4.0);
    for month in 1..6 {
        counts[[month, 3]] = 2.0;
    }
    let rows = [0, 1].map(|month| {
        let mut one = row(&model, &counts, (month, 2), [1.0; 6]);
        one.spend = 1.0;
        one
    });
    let seen = Actuals {
        months: 2,
        rows: rows.to_vec(),
    };
    let belief = posterior(&model, &counts, &seen);
    let found = remaining(&model, &counts, &seen, &belief).unwrap();
    assert_eq!(found.cells, [0, 1, 2, 3, 4, 5, 6, 7]);
    let left = &found.model;
    for (place, &cell) in found.cells.iter().enumerate() {
        for month in 0..4 {
            if model.months_of(cell).contains(&(month + 2)) {
                assert!(left.months_of(place).contains(&month));
                let own = left.cells[place].factors.conversion_rate;
                let now = own * left.conversion_factor(month, place);
                let then = model.conversion_factor(month + 2, cell);
                assert!((now - then).abs() < 1e-14, "{cell} {month}: {now} {then}");
            }
        }
    }
    let bounds: Vec<_> = left.rules.user.iter().map(|r| (r.min, r.max)).collect();
    assert_eq!(bounds, [(Some(4.0), Some(4.0)), (Some(2.0), Some(2.0))]);
    for (rule, place) in left.rules.user.iter().zip([2, 3]) {
        assert_eq!(left.matching(&rule.terms[0].0), [place]);
    }
    // Not seen in the last month: gone.
    let unseen = Actuals {
        months: 2,
        rows: rows[..1].to_vec(),
    };
    let found = remaining(&model, &counts, &unseen, &belief).unwrap();
    assert_eq!(found.cells, [0, 1, 4, 5, 6, 7]);
    assert!(found.model.rules.user.is_empty());
}
