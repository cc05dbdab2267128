//! Posts one by one, their sales instant by instant, and the days that money follows.

use super::{model, near, outcome, plan};
use crate::fixture;
use crate::forecast::flows::Schedule;
use crate::model::{BookedAs, Model, Payment, PlanBlock};

/// Parts of a day in which posts appear, and in which they sell: one even and one odd number, so that no sale
/// falls on the end of a day.
fn parts(half_life: f64) -> (u32, u32) {
    if half_life < 5.0 { (64, 61) } else { (16, 15) }
}

/// Month of an instant, one past the last behind the horizon.
fn month_of(model: &Model, day: f64) -> usize {
    let mut end = 0.0;
    for (month, of) in model.horizon.months.iter().enumerate() {
        end += f64::from(of.days);
        if day < end {
            return month;
        }
    }
    model.months
}

/// Amounts of 1 by month: fees paid, sales made, received and their commissions paid, of posts evenly
/// on the days from `from` to `to`.
fn simulate(model: &Model, from: u32, to: u32) -> [Vec<f64>; 4] {
    let none = vec![0.0; model.months + 1];
    let [mut fees, mut sold, mut received, mut commission] =
        [none.clone(), none.clone(), none.clone(), none];
    let payment = &model.horizon.payment;
    let half_life = model.horizon.response_half_life_days;
    let (per_post, per_sale) = parts(half_life);
    let posts = (to - from) * per_post;
    let weight = 1.0 / f64::from(posts);
    let instants = per_sale * (40.0 * half_life) as u32;
    let left: Vec<f64> = (0..=instants)
        .map(|i| 2_f64.powf(-f64::from(i) / f64::from(per_sale) / half_life))
        .collect();
    for post in 0..posts {
        let posted = f64::from(from) + (f64::from(post) + 0.5) / f64::from(per_post);
        fees[month_of(model, posted + payment.fee_days)] += weight;
        for (instant, left) in (0..instants).zip(left.windows(2)) {
            let amount = weight * (left[0] - left[1]);
            let sale = posted + (f64::from(instant) + 0.5) / f64::from(per_sale);
            sold[month_of(model, sale)] += amount;
            received[month_of(model, sale + payment.sales_receipt_days)] += amount;
            commission[month_of(model, sale + payment.commission_days)] += amount;
        }
    }
    [fees, sold, received, commission]
}

#[test]
fn months_agree_with_days() {
    let payment = Payment {
        fee_days: 4.0,
        commission_days: 33.3,
        sales_receipt_days: 7.25,
    };
    for half_life in [1.0, 6.0, 14.0] {
        let mut model = model(&[31, 28, 31, 30], half_life, payment);
        model.horizon.waves = vec![fixture::wave(24, 12)];
        model.cells[1].booked_as = BookedAs::Wave(0);
        model.cells[0].terms.commission = 0.25;
        model.cells[1].terms.commission = 0.25;
        for (month, cell, from, to, later) in [
            (0, 0, 0, 31, 0),
            (1, 0, 31, 59, 0),
            (0, 1, 24, 31, 0),
            (1, 1, 31, 36, 0),
            // Posts of days later, some and all of them behind the horizon.
            (0, 0, 0, 31, 14),
            (3, 0, 90, 120, 21),
            (1, 1, 31, 36, 45),
            (2, 0, 59, 90, 90),
        ] {
            model.cells[cell].terms.post_days = later;
            let mut counts = vec![vec![0.0; 2]; 4];
            counts[month][cell] = 1.0;
            let rows: Vec<&[f64]> = counts.iter().map(Vec::as_slice).collect();
            let plan = plan(&model, &rows);
            // Fees of 1,000 and revenue of 4,000, so commissions of 1,000.
            let block = PlanBlock {
                cells: vec![outcome(month, cell, &[2_000.0], &[4_000.0])],
                audiences: Vec::new(),
            };
            let flows = Schedule::new(&model, &plan).flows(&block, 1);
            let slow = simulate(&model, from + later, to + later);
            let found = [
                (&flows.fees, 1_000.0),
                (&flows.earned, 4_000.0),
                (&flows.received, 4_000.0),
                (&flows.commission, 1_000.0),
            ];
            for (kind, ((found, amount), slow)) in found.iter().zip(&slow).enumerate() {
                near(slow.iter().sum(), 1.0);
                for month in 0..4 {
                    let (found, slow) = (found[month][0] / amount, slow[month]);
                    assert!(
                        (found - slow).abs() < 3e-4,
                        "half-life {half_life}, cell {cell}, kind {kind}, month {month}: {found} {slow}"
                    );
                }
            }
        }
    }
}
