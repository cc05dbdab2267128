//! Months by hand, and by a slow simulation of days.

mod engine;
mod hand;
mod slow;

use ndarray::Array2;

use crate::fixture;
use crate::model::{CellBlock, Horizon, Model, Payment, Plan};

/// A model of months of these days, in which posts sell with a half-life.
fn model(days: &[u32], half_life: f64, payment: Payment) -> Model {
    let mut model = fixture::model("base", false);
    model.months = days.len();
    model.horizon = Horizon::equal(days.len());
    for (month, &days) in model.horizon.months.iter_mut().zip(days) {
        month.days = days;
    }
    model.horizon.response_half_life_days = half_life;
    model.horizon.payment = payment;
    model
}

/// Counts by month of the first cells.
fn plan(model: &Model, counts: &[&[f64]]) -> Plan {
    let mut plan = fixture::plan("base", model, &vec![0.0; model.cells.len()]);
    plan.counts = Array2::zeros((model.months, model.cells.len()));
    for (month, row) in counts.iter().enumerate() {
        for (cell, &count) in row.iter().enumerate() {
            plan.counts[[month, cell]] = count;
        }
    }
    plan
}

/// A cell's outcome in one trial or several.
fn outcome(month: usize, cell: usize, spend: &[f64], revenue: &[f64]) -> CellBlock {
    CellBlock {
        month,
        cell,
        spend: spend.to_vec(),
        revenue: revenue.to_vec(),
        ..CellBlock::default()
    }
}

fn near(found: f64, wanted: f64) {
    let close = (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0);
    assert!(close, "{found} is not {wanted}");
}
