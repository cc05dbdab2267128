//! Small cases in which every number follows by arithmetic.

use super::{model, near, outcome, plan};
use crate::fixture;
use crate::forecast::collector::Columns;
use crate::forecast::flows::{Flows, Schedule};
use crate::forecast::{CashMetric, Collector, ForecastMetric, applies};
use crate::model::{BookedAs, CellBlock, Model, Payment, Plan, PlanBlock, TrialBlock};
use crate::summary::Planned;

fn flows(model: &Model, plan: &Plan, cells: Vec<CellBlock>) -> Flows {
    let trials = cells[0].spend.len();
    let block = PlanBlock {
        cells,
        audiences: Vec::new(),
    };
    Schedule::new(model, plan).flows(&block, trials)
}

/// The first trial's values of a month (or, one past the last, the horizon) by name.
fn value(columns: &Columns, month: usize, name: &str) -> f64 {
    let cash = if columns.peaks.len() == month {
        CashMetric::HORIZON
    } else {
        CashMetric::MONTHLY
    };
    let names: Vec<&str> = ForecastMetric::ALL
        .iter()
        .map(|m| m.name())
        .chain(cash.iter().map(|m| m.name()))
        .collect();
    let place = names.iter().position(|n| *n == name).unwrap();
    columns.series[month * names.len() + place][0]
}

/// Terms of the first cell: product, commission and two hours of handling.
fn with_terms(model: &mut Model) {
    model.hour_cost = 100.0;
    let terms = &mut model.cells[0].terms;
    (terms.product_cost, terms.commission, terms.hours) = (50.0, 0.1, 2.0);
}

const PAYMENT: Payment = Payment {
    fee_days: 3.0,
    commission_days: 30.0,
    sales_receipt_days: 7.0,
};

#[test]
fn two_months_by_hand() {
    let mut model = model(&[30, 30], 0.0, PAYMENT);
    with_terms(&mut model);
    let plan = plan(&model, &[&[2.0], &[2.0]]);
    // Fees 9,000, product 100, handling 400, commission 3,000.
    let month = |m| outcome(m, 0, &[12_500.0], &[30_000.0]);
    let flows = flows(&model, &plan, vec![month(0), month(1)]);
    let columns = Columns::of(&flows, 1);
    // Of the fees, those of posts on the last three days are paid in the next month; commissions a whole month later;
    // of sales, those of the last seven days are received in the next month.
    for (name, wanted) in [
        ("booked", [30_000.0, 30_000.0, 60_000.0]),
        ("earned", [30_000.0, 30_000.0, 60_000.0]),
        ("to_come", [0.0, 0.0, 0.0]),
        ("fees", [8_100.0, 9_000.0, 17_100.0]),
        ("retainers", [0.0, 0.0, 0.0]),
        ("product", [100.0, 100.0, 200.0]),
        ("handling", [400.0, 400.0, 800.0]),
        ("cleanup", [0.0, 0.0, 0.0]),
        ("commission", [0.0, 3_000.0, 3_000.0]),
        ("paid", [8_600.0, 12_500.0, 21_100.0]),
        ("received", [23_000.0, 30_000.0, 53_000.0]),
        ("net", [14_400.0, 17_500.0, 31_900.0]),
        ("cumulative", [14_400.0, 31_900.0, 31_900.0]),
        ("owed", [3_900.0, 3_900.0, 3_900.0]),
        ("due", [7_000.0, 7_000.0, 7_000.0]),
    ] {
        for (month, wanted) in wanted.into_iter().enumerate() {
            near(value(&columns, month, name), wanted);
        }
    }
    near(value(&columns, 0, "need"), 8_600.0);
    // 21,100 are paid by then, of which 23,000 had been received.
    near(value(&columns, 1, "need"), 0.0);
    near(value(&columns, 2, "peak_need"), 8_600.0);
    assert_eq!(columns.peaks, [[1.0], [0.0]]);
}

#[test]
fn a_half_life_by_hand() {
    let model = model(&[30, 30], 10.0, Payment::AT_ONCE);
    let plan = plan(&model, &[&[1.0], &[]]);
    let columns = Columns::of(
        &flows(&model, &plan, vec![outcome(0, 0, &[500.0], &[1_000.0])]),
        1,
    );
    // 1/k = 10/ln 2; after a month of posts 1/(30k) (1 − 2⁻³) of their sales are left, an eighth of it after the next.
    let left = 10.0 / std::f64::consts::LN_2 / 30.0 * 0.875;
    near(value(&columns, 0, "earned"), 1_000.0 * (1.0 - left));
    near(value(&columns, 1, "earned"), 1_000.0 * left * 0.875);
    near(value(&columns, 0, "to_come"), 1_000.0 * left);
    near(value(&columns, 2, "to_come"), 1_000.0 * left / 8.0);
    near(value(&columns, 2, "received"), 1_000.0 * (1.0 - left / 8.0));
    near(value(&columns, 2, "due"), 1_000.0 * left / 8.0);
    near(value(&columns, 0, "paid"), 500.0);
}

/// What was drawn of months of sale, places and incidents is what is booked as such.
#[test]
fn drawn_parts_are_taken_as_drawn() {
    let mut model = model(&[30, 30, 30], 10.0, PAYMENT);
    with_terms(&mut model);
    let plan = plan(&model, &[&[4.0], &[], &[]]);
    let cell = CellBlock {
        sold: vec![vec![600.0], vec![300.0], vec![0.0]],
        places: vec![3.0],
        cleanup: vec![80.0],
        // Fees 1,000, product 150, handling 600, clean-up 80, commission 100.
        ..outcome(0, 0, &[1_930.0], &[1_000.0])
    };
    let found = flows(&model, &plan, vec![cell]);
    let first = |columns: &[Vec<f64>]| -> Vec<f64> { columns.iter().map(|c| c[0]).collect() };
    assert_eq!(first(&found.earned), [600.0, 300.0, 0.0]);
    assert_eq!(first(&found.product), [150.0, 0.0, 0.0]);
    assert_eq!(first(&found.handling), [600.0, 0.0, 0.0]);
    assert_eq!(first(&found.cleanup), [80.0, 0.0, 0.0]);
    near(found.fees.iter().map(|c| c[0]).sum(), 1_000.0);
    // Commissions on what is sold in a month are all paid in the next one.
    for (found, wanted) in first(&found.commission).into_iter().zip([0.0, 60.0, 30.0]) {
        near(found, wanted);
    }
    let columns = Columns::of(&found, 1);
    near(value(&columns, 3, "to_come"), 100.0);
    near(value(&columns, 3, "owed"), 10.0);
}

#[test]
fn retainers_are_paid_by_the_month_and_waves_in_their_days() {
    let mut model = model(
        &[30, 30],
        0.0,
        Payment {
            fee_days: 10.0,
            ..Payment::AT_ONCE
        },
    );
    model.cells[0].terms.fee_amount = Some(500.0);
    model.horizon.waves = vec![fixture::wave(15, 10)];
    model.cells[1].booked_as = BookedAs::Wave(0);
    let plan = plan(&model, &[&[1.0, 1.0, 1.0], &[]]);
    let cells = (0..3).map(|c| outcome(0, c, &[600.0], &[0.0])).collect();
    let found = flows(&model, &plan, cells);
    near(found.retainers[0][0], 600.0);
    // Posts on days 15 to 24 are paid for on days 25 to 34, half of them in the second month; those of the whole month
    // on days 10 to 39, a third.
    near(found.fees[0][0], 300.0 + 400.0);
    near(found.fees[1][0], 300.0 + 200.0);
}

/// Behind a horizon long enough everything is paid and received, to the last part.
#[test]
fn nothing_is_lost() {
    for half_life in [0.0, 3.0, 45.0] {
        let mut model = model(&[31; 90], half_life, PAYMENT);
        with_terms(&mut model);
        model.cells[1].terms.commission = 0.25;
        model.cells[2].terms.fee_amount = Some(1.0);
        let counts: [&[f64]; 3] = [&[2.0, 1.0, 5.0], &[1.0, 0.0, 5.0], &[3.5, 2.0, 5.0]];
        let plan = plan(&model, &counts);
        let trials = 50;
        let mut cells = Vec::new();
        for (month, row) in counts.iter().enumerate() {
            for (cell, &count) in row.iter().enumerate().filter(|(_, n)| **n > 0.0) {
                let draw = |i: usize, k: usize| ((i * 7919 + k * 104_729) % 1009) as f64;
                let revenue: Vec<f64> = (0..trials)
                    .map(|i| 1e4 * draw(i, month + 3 * cell))
                    .collect();
                let law = crate::model::valuation::law(&model, cell);
                let spend: Vec<f64> = (0..trials)
                    .map(|i| {
                        count * law.standing_cost()
                            + law.terms.commission * revenue[i]
                            + draw(i, 40 + cell)
                    })
                    .collect();
                cells.push(outcome(month, cell, &spend, &revenue));
            }
        }
        let found = flows(&model, &plan, cells);
        let total = |columns: &[Vec<f64>], i: usize| columns.iter().map(|c| c[i]).sum::<f64>();
        for i in 0..trials {
            let paid: f64 = found.payments().iter().map(|c| total(c, i)).sum();
            let (spend, revenue) = (total(&found.spend, i), total(&found.booked, i));
            assert!((paid - spend).abs() <= 1e-9 * spend, "{paid} {spend}");
            for moved in [&found.earned, &found.received] {
                let moved = total(moved, i);
                assert!((moved - revenue).abs() <= 1e-9 * revenue);
            }
        }
        // On the way nothing is paid twice, and nothing is received before it is sold.
        let columns = Columns::of(&found, trials);
        for month in 0..90 {
            assert!(value(&columns, month, "owed") >= 0.0);
            assert!(value(&columns, month, "due") >= value(&columns, month, "to_come") - 1e-6);
        }
        near(value(&columns, 90, "owed"), 0.0);
    }
}

#[test]
fn the_peak_is_in_its_month_and_trials_are_collected() {
    let model = model(&[30, 30], 0.0, Payment::AT_ONCE);
    let plan = plan(&model, &[&[1.0], &[1.0]]);
    let planned = Planned {
        model: &model,
        plan: &plan,
    };
    assert!(applies(&model));
    let mut collector = Collector::new(&[planned]);
    // Revenue of the first month pays the second in three of four trials.
    let trials = 4096;
    let revenue: Vec<f64> = (0..trials)
        .map(|i| if i % 4 == 0 { 0.0 } else { 900.0 })
        .collect();
    for first in (0..trials).step_by(1024) {
        let cells = vec![
            outcome(0, 0, &[500.0; 1024], &revenue[first..first + 1024]),
            outcome(1, 0, &[700.0; 1024], &[0.0; 1024]),
        ];
        collector.absorb(&[TrialBlock {
            first_trial: first as u64,
            trials: 1024,
            plans: vec![PlanBlock {
                cells,
                audiences: Vec::new(),
            }],
        }]);
    }
    let rows = collector.cash();
    let row = |month, metric| {
        rows.iter()
            .find(|r| r.month == month && r.metric == metric)
            .unwrap()
    };
    let need = |month| row(month, CashMetric::Need).prob_peak.unwrap().0;
    near(need(Some(1)), 0.75);
    near(need(Some(2)), 0.25);
    let peak = row(None, CashMetric::PeakNeed);
    assert_eq!(peak.prob_peak, None);
    // Without revenue 1,200 by the second month, else 500 in the first.
    near(peak.estimate.mean.unwrap(), 0.25 * 1_200.0 + 0.75 * 500.0);
    assert_eq!(
        (peak.estimate.p50(), peak.estimate.p95()),
        (Some(500.0), Some(1_200.0))
    );
    let forecast = collector.forecast();
    let booked = forecast
        .iter()
        .find(|r| r.month.is_none() && r.metric == ForecastMetric::Booked);
    near(booked.unwrap().estimate.mean.unwrap(), 675.0);
    assert_eq!(forecast.len(), 9);
    assert_eq!(rows.len(), 39);
}

#[test]
fn one_month_at_once_has_no_rows() {
    let mut model = model(&[30], 0.0, Payment::AT_ONCE);
    let plan = plan(&model, &[&[1.0]]);
    let none = Collector::new(&[Planned {
        model: &model,
        plan: &plan,
    }]);
    assert!(none.cash().is_empty() && none.forecast().is_empty());
    model.horizon.payment.fee_days = 1.0;
    assert!(applies(&model));
}

/// Posts ten days after the booking: fees three days after those, what incidents cost with them, product and handling at once.
#[test]
fn later_posts_by_hand() {
    let mut model = model(&[30, 30], 0.0, PAYMENT);
    with_terms(&mut model);
    model.cells[0].terms.post_days = 10;
    let plan = plan(&model, &[&[2.0], &[2.0]]);
    assert!(applies(&model));
    // Fees 9,000, product 100, handling 400, commission 3,000, clean-up 600.
    let month = |m| CellBlock {
        cleanup: vec![600.0],
        ..outcome(m, 0, &[13_100.0], &[30_000.0])
    };
    let flows = flows(&model, &plan, vec![month(0), month(1)]);
    let columns = Columns::of(&flows, 1);
    for (name, wanted) in [
        ("booked", [30_000.0, 30_000.0, 60_000.0]),
        ("earned", [20_000.0, 30_000.0, 50_000.0]),
        ("to_come", [10_000.0, 10_000.0, 10_000.0]),
        // Posts of the first 17 days.
        ("fees", [5_100.0, 9_000.0, 14_100.0]),
        ("product", [100.0, 100.0, 200.0]),
        ("handling", [400.0, 400.0, 800.0]),
        ("cleanup", [400.0, 600.0, 1_000.0]),
        // A month after the sale.
        ("commission", [0.0, 2_000.0, 2_000.0]),
        ("paid", [6_000.0, 12_100.0, 18_100.0]),
        // Posts of the first 13 days.
        ("received", [13_000.0, 30_000.0, 43_000.0]),
        ("owed", [7_100.0, 8_100.0, 8_100.0]),
        ("due", [17_000.0, 17_000.0, 17_000.0]),
    ] {
        for (month, wanted) in wanted.into_iter().enumerate() {
            near(value(&columns, month, name), wanted);
        }
    }
    // All of it after the horizon: only product and handling are paid.
    model.cells[0].terms.post_days = 60;
    let flows = self::flows(&model, &plan, vec![month(0), month(1)]);
    let columns = Columns::of(&flows, 1);
    for (name, wanted) in [
        ("earned", 0.0),
        ("to_come", 60_000.0),
        ("fees", 0.0),
        ("cleanup", 0.0),
        ("paid", 1_000.0),
        ("owed", 25_200.0),
        ("due", 60_000.0),
    ] {
        near(value(&columns, 2, name), wanted);
    }
}
