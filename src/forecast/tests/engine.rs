//! Through the whole engine.

use super::{model, near, plan};
use crate::engine::{SimulationSettings, simulate_plans};
use crate::forecast::{CashMetric, CashRow, ForecastMetric, ForecastRow};
use crate::model::{Cancel, Model, NoProgress, Payment, Plan, Trials, Uncertainty};
use crate::summary::{Estimate, Scopes};

fn run(model: Model, plan: Plan, trials: u64) -> (Vec<ForecastRow>, Vec<CashRow>) {
    let settings = SimulationSettings {
        seed: 7,
        trials: Trials::Fixed(trials),
        scopes: Scopes::Total,
        block: 2048,
    };
    let result = simulate_plans(
        "quarter",
        vec![(model, plan)],
        &settings,
        None,
        &NoProgress,
        &Cancel::new(),
    )
    .unwrap();
    (result.forecast, result.cash)
}

fn cash(rows: &[CashRow], month: Option<usize>, metric: CashMetric) -> Estimate {
    let row = rows.iter().find(|r| r.month == month && r.metric == metric);
    row.unwrap().estimate
}

fn forecast(rows: &[ForecastRow], month: Option<usize>, metric: ForecastMetric) -> Estimate {
    let row = rows.iter().find(|r| r.month == month && r.metric == metric);
    row.unwrap().estimate
}

/// Nothing is uncertain but the orders: all fees follow by arithmetic, and expected sales too.
#[test]
fn a_certain_market() {
    let payment = Payment {
        fee_days: 15.0,
        commission_days: 0.0,
        sales_receipt_days: 30.0,
    };
    let mut model = model(&[30, 30, 30], 30.0, payment);
    model.uncertainty = Uncertainty::NONE;
    // Macro sponsored at 10,000 a post, which sell 2.8 times as much.
    let plan = plan(&model, &[&[3.0], &[1.0], &[0.0]]);
    let (forecasts, rows) = run(model, plan, 4096);
    for (month, fees) in [
        (Some(1), 15e3),
        (Some(2), 20e3),
        (Some(3), 5e3),
        (None, 40e3),
    ] {
        let found = cash(&rows, month, CashMetric::Fees);
        near(found.mean.unwrap(), fees);
        near(found.p95().unwrap() - found.p05().unwrap(), 0.0);
    }
    near(cash(&rows, None, CashMetric::Owed).mean.unwrap(), 0.0);
    // All fees and nothing received but from the second month on.
    near(cash(&rows, Some(1), CashMetric::Need).mean.unwrap(), 15e3);
    near(cash(&rows, Some(2), CashMetric::Need).mean.unwrap(), 35e3);
    // With months as long as the half-life, 1/(2 ln 2) of a month's sales are left behind it, then half of that.
    let left = 0.5 / std::f64::consts::LN_2;
    let (first, second) = (84e3, 28e3);
    let earned = [
        first * (1.0 - left),
        first * left / 2.0 + second * (1.0 - left),
        first * left / 4.0 + second * left / 2.0,
    ];
    // One of the 13 checks of means fails by luck at most once in 10⁵ seeds: each is five errors off or more.
    let expect = |found: Estimate, wanted: f64| {
        let error = found.mc_error.unwrap();
        let off = found.mean.unwrap() - wanted;
        assert!(off.abs() <= 5.0 * error.max(1e-9), "{off} {error}");
    };
    for (month, wanted) in earned.into_iter().enumerate() {
        expect(
            forecast(&forecasts, Some(month + 1), ForecastMetric::Earned),
            wanted,
        );
        // Received 30 days later: a month later to the day.
        if month < 2 {
            expect(cash(&rows, Some(month + 2), CashMetric::Received), wanted);
        }
    }
    near(
        cash(&rows, Some(1), CashMetric::Received).mean.unwrap(),
        0.0,
    );
    expect(
        forecast(&forecasts, None, ForecastMetric::Booked),
        first + second,
    );
    let to_come = first * left / 4.0 + second * left / 2.0;
    expect(forecast(&forecasts, None, ForecastMetric::ToCome), to_come);
}

/// Means add up over months; the horizon's stocks are those of its last month; sketches agree with kept trials.
#[test]
fn months_add_up() {
    let payment = Payment {
        fee_days: 3.0,
        commission_days: 30.0,
        sales_receipt_days: 7.0,
    };
    let model = model(&[31, 28, 31], 10.0, payment);
    let plan = plan(&model, &[&[1.0, 2.0, 5.0, 2.0, 20.0, 9.0][..]; 3]);
    let (forecasts, rows) = run(model.clone(), plan.clone(), 4096);
    for metric in ForecastMetric::ALL {
        let mean = |month| forecast(&forecasts, month, metric).mean.unwrap();
        let wanted = if metric.is_stock() {
            mean(Some(3))
        } else {
            (1..=3).map(|m| mean(Some(m))).sum()
        };
        near(mean(None), wanted);
    }
    for metric in CashMetric::MONTHLY {
        if metric == CashMetric::Need {
            continue;
        }
        let mean = |month| cash(&rows, month, metric).mean.unwrap();
        let wanted = if metric.is_stock() {
            mean(Some(3))
        } else {
            (1..=3).map(|m| mean(Some(m))).sum()
        };
        near(mean(None), wanted);
    }
    let at = |metric| cash(&rows, None, metric).mean.unwrap();
    let booked = forecast(&forecasts, None, ForecastMetric::Booked)
        .mean
        .unwrap();
    near(at(CashMetric::Received) + at(CashMetric::Due), booked);
    let peaks: f64 = rows.iter().filter_map(|r| Some(r.prob_peak?.0)).sum();
    near(peaks, 1.0);
}
