//! What is left to plan.

use ndarray::Array2;

use super::super::{NothingLeft, posterior, remaining};
use super::{counts, leaving, market, row};
use crate::model::{
    Actuals, Band, BandSource, BookedAs, BudgetOver, CellPattern, FactorBelief, Level, Model,
    Origin, Over, Wave,
};

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

/// Budgets are kept to the last bit: shares of the mean and back are not.
#[test]
fn budgets_carried_over_are_whole() {
    for (budget, spent) in [
        (100_000.0, 90_000.0),
        (123_456.78, 98_765.43),
        (70_000.1, 0.3),
    ] {
        for months in 2..8 {
            let mut model = market(months);
            model.rules.budget = budget;
            model.horizon.budget_over = BudgetOver::CarryOver;
            let counts = counts(&model, &[10.0, 10.0]);
            let mut first = row(&model, &counts, (0, 0), [1.0; 6]);
            first.spend = spent;
            let actuals = Actuals {
                months: 1,
                rows: vec![first],
            };
            let belief = FactorBelief::prior(&model);
            let left = remaining(&model, &counts, &actuals, &belief).unwrap().model;
            let decimal = |x: f64| format!("{x:.2}").parse::<f64>().unwrap();
            assert_eq!(left.budget_of(0), decimal(2.0 * budget - spent), "{months}");
            for month in 1..left.months {
                assert_eq!(left.budget_of(month), budget, "{months} {month}");
            }
        }
    }
}

fn band(low: f64, high: f64) -> Band {
    Band {
        low,
        high,
        asked: None,
        source: BandSource::User,
        origin: Origin::Default,
    }
}

/// Two tiers, 30 and 70 spent of a first month's 100, bands over the quarter: spending the rest at the bounds of the months left brings the
/// quarter to its own bounds.
#[test]
fn bands_over_the_horizon_count_what_was_spent() {
    let mut model = market(3);
    model.horizon.diversity_over = Over::Horizon;
    model.rules.tier_budget_share = vec![Some(band(0.4, 0.5)), Some(band(0.2, 0.6))];
    model.rules.max_creator_budget_share = Some(0.1);
    model.rules.min_spend = 0.9;
    // 40 × 2,000 + 40 × 500 are each month's whole budget of 100,000.
    let counts = counts(&model, &[40.0, 40.0]);
    let seen = |mid: f64, micro: f64| {
        let rows = [(0, mid), (1, micro)].map(|(cell, spend)| {
            let mut row = row(&model, &counts, (0, cell), [1.0; 6]);
            row.spend = spend;
            row
        });
        Actuals {
            months: 1,
            rows: rows.to_vec(),
        }
    };
    let belief = FactorBelief::prior(&model);
    let actuals = seen(30_000.0, 70_000.0);
    let found = remaining(&model, &counts, &actuals, &belief).unwrap();
    let rules = &found.model.rules;
    for (band, (own, low, high)) in rules
        .tier_budget_share
        .iter()
        .zip([(30_000.0, 0.4, 0.5), (70_000.0, 0.2, 0.6)])
    {
        let band = band.as_ref().unwrap();
        let whole = |share: f64| (own + share * 200_000.0) / 300_000.0;
        assert!((whole(band.high) - high).abs() < 1e-12, "{band:?}");
        assert!(
            (whole(band.low) - low).abs() < 1e-12 || band.low == 0.0,
            "{band:?}"
        );
    }
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);
    // A partnership's part of the quarter's budget, and 270,000 of the quarter's 300,000.
    assert!(
        (rules.max_creator_budget_share.unwrap() * found.model.budget() - 30_000.0).abs() < 1e-6
    );
    assert!((rules.min_spend * found.model.budget() - 170_000.0).abs() < 1e-6);
    // All on micro: 0.4 of the quarter on mid takes 0.6 of what is left, and micro's most is passed already.
    let mut tight = model.clone();
    tight.rules.tier_budget_share = vec![Some(band(0.8, 0.9)), Some(band(0.1, 0.2))];
    let actuals = seen(0.0, 100_000.0);
    let found = remaining(&tight, &counts, &actuals, &belief).unwrap();
    assert!(
        found
            .warnings
            .iter()
            .any(|w| w.contains("tier budget shares"))
    );
    let bands = found.model.rules.tier_budget_share.iter().flatten();
    let (low, high) = bands.fold((0.0, 0.0), |(l, h), b| (l + b.low, h + b.high));
    assert!(low <= 1.0 && high >= 1.0, "{low} {high}");
    // By month nothing moves.
    let mut monthly = model.clone();
    monthly.horizon.diversity_over = Over::Month;
    let found = remaining(&monthly, &counts, &seen(30_000.0, 70_000.0), &belief).unwrap();
    assert_eq!(found.model.rules, {
        let mut rules = monthly.rules.clone();
        rules.budget = found.model.rules.budget;
        rules
    });
}

/// A wave over two months: what was booked of it counts.
#[test]
fn a_wave_under_way_has_what_is_left() {
    let mut model = market(3);
    let any = |tier: &str| CellPattern {
        tier: Some(tier.to_owned()),
        ..CellPattern::default()
    };
    model.horizon.waves = vec![Wave {
        budget: (Some(20_000.0), Some(30_000.0)),
        counts: vec![
            (any("mid"), 1.0, Some(1.0)),
            (any("micro"), 20.0, Some(40.0)),
        ],
        ..crate::fixture::wave(15, 30)
    }];
    for cell in 0..2 {
        let mut own = model.cells[cell].clone();
        own.booked_as = BookedAs::Wave(0);
        model.cells.push(own);
    }
    let mut counts = Array2::zeros((3, 4));
    for (cell, number) in [(0, 4.0), (1, 10.0), (2, 1.0), (3, 30.0)] {
        counts[[0, cell]] = number;
    }
    let left = |model: &Model, micro: Option<f64>| {
        let mut rows = vec![
            row(model, &counts, (0, 0), [1.0; 6]),
            row(model, &counts, (0, 1), [1.0; 6]),
        ];
        (rows[0].spend, rows[1].spend) = (10_000.0, 20_000.0);
        rows[1].count = micro;
        let actuals = Actuals { months: 1, rows };
        let belief = FactorBelief::prior(model);
        let found = remaining(model, &counts, &actuals, &belief).unwrap();
        found.model.horizon.waves[0].clone()
    };
    let wave = left(&model, None);
    assert_eq!((wave.first_day, wave.days), (0, 15));
    // A fifth of mid's 10,000 and three quarters of micro's 20,000 were the wave's.
    let close = |found: Option<f64>, wanted: f64| {
        assert!((found.unwrap() - wanted).abs() < 1e-6, "{found:?} {wanted}");
    };
    close(wave.budget.0, 3_000.0);
    close(wave.budget.1, 13_000.0);
    let counts_left: Vec<_> = wave.counts.iter().map(|c| (c.1, c.2)).collect();
    assert_eq!(counts_left, [(0.0, Some(0.0)), (0.0, Some(10.0))]);
    // Half as many by the file: 15 of them the wave's.
    let wave = left(&model, Some(20.0));
    assert_eq!((wave.counts[1].1, wave.counts[1].2), (5.0, Some(25.0)));
}

/// The file's count says how many there were; what has no row was not there.
#[test]
fn partners_are_those_of_the_last_month() {
    let mut model = market(3);
    model.horizon.pipeline = Some(leaving(0.2, 0.75, vec![10.0, 10.0]));
    model.horizon.levels = vec![Level {
        name: "bronze".to_owned(),
        tiers: vec![0],
        terms: model.cells[0].terms.clone(),
        term_months: 3,
        tenure_lift: 0.0,
        tenure_lift_max: 0.0,
        origin: Origin::Default,
    }];
    let mut level = model.cells[0].clone();
    level.booked_as = BookedAs::Level { level: 0, start: 0 };
    model.cells.push(level);
    let counts = Array2::from_shape_fn((3, 3), |(_, cell)| [6.0, 10.0, 3.0][cell]);
    let left = |count: Option<f64>, both: bool, gone: usize| {
        let mut rows: Vec<_> = (0..gone)
            .flat_map(|month| {
                let one = |cell| row(&model, &counts, (month, cell), [1.0; 6]);
                [one(0), one(1)]
            })
            .collect();
        let last = rows.len() - 2;
        rows[last].count = count;
        if !both {
            rows.pop();
        }
        let actuals = Actuals { months: gone, rows };
        let belief = FactorBelief::prior(&model);
        let found = remaining(&model, &counts, &actuals, &belief).unwrap();
        let pipeline = found.model.horizon.pipeline.unwrap();
        (pipeline.before.unwrap(), pipeline.starting)
    };
    let (before, starting) = left(None, true, 1);
    assert_eq!(before.partners, [6.0, 10.0, 3.0]);
    assert_eq!(before.asked, [true, true, false]);
    for (found, wanted) in starting.into_iter().zip([6.0 * 0.6, 10.0 * 0.6, 3.0 * 0.8]) {
        assert!((found - wanted).abs() < 1e-12, "{found} {wanted}");
    }
    // Seven of nine: 4.67 and 2.33.
    assert_eq!(left(Some(7.0), true, 1).0.partners, [5.0, 10.0, 2.0]);
    assert_eq!(left(None, false, 1).0.partners, [6.0, 0.0, 3.0]);
    // In the third month the term holds to its end; it holds for its three months and no longer.
    assert_eq!(left(None, true, 2).0.asked, [true, true, false]);
}
