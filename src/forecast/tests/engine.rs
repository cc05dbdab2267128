//! Through the whole engine.

use super::{model, near, plan};
use crate::distribution::Distribution;
use crate::engine::{SimulationSettings, simulate_plans};
use crate::forecast::{CashMetric, CashRow, ForecastMetric, ForecastRow};
use crate::model::{
    Cancel, Incidents, Model, NoProgress, Origin, Payment, Pipeline, Plan, Trials, Uncertainty,
};
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

/// Long months of handling, products and payments that take their time.
fn two_years() -> Model {
    let payment = Payment {
        fee_days: 10.0,
        commission_days: 45.0,
        sales_receipt_days: 20.0,
    };
    let mut model = model(&[30; 24], 4.0, payment);
    model.hour_cost = 40.0;
    for cell in &mut model.cells {
        cell.terms.product_cost = 30.0;
    }
    model
}

/// At the horizon's end all is paid and received, in every trial.
#[track_caller]
fn nothing_is_open(rows: &[CashRow], spend: f64) {
    for metric in [CashMetric::Owed, CashMetric::Due] {
        let end = cash(rows, None, metric);
        assert!(end.mean.unwrap().abs() < 1e-9 * spend, "{end:?}");
        assert!(end.sd.unwrap() < 1e-9 * spend, "{end:?}");
    }
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
    let add_up = |is_stock: bool, mean: &dyn Fn(Option<usize>) -> f64| {
        let wanted = if is_stock {
            mean(Some(3))
        } else {
            (1..=3).map(|m| mean(Some(m))).sum()
        };
        near(mean(None), wanted);
    };
    for metric in ForecastMetric::ALL {
        add_up(metric.is_stock(), &|month| {
            forecast(&forecasts, month, metric).mean.unwrap()
        });
    }
    for metric in CashMetric::MONTHLY {
        // The horizon has a peak in the place of a need.
        if metric != CashMetric::Need {
            add_up(metric.is_stock(), &|month| {
                cash(&rows, month, metric).mean.unwrap()
            });
        }
    }
    let at = |metric| cash(&rows, None, metric).mean.unwrap();
    let booked = forecast(&forecasts, None, ForecastMetric::Booked)
        .mean
        .unwrap();
    near(at(CashMetric::Received) + at(CashMetric::Due), booked);
    let peaks: f64 = rows.iter().filter_map(|r| Some(r.prob_peak?.0)).sum();
    near(peaks, 1.0);
}

/// Long after the last post everything is paid and received, in every trial, incidents, places and drawn sales
/// and all.
#[test]
fn everything_is_settled() {
    let mut model = two_years();
    model.cells[4].terms.fee_amount = Some(450.0);
    model.incidents = Incidents {
        probability: 0.1,
        yield_lost: 0.5,
        cleanup_cost: 700.0,
        ..Incidents::NONE
    };
    let plan = plan(&model, &[&[1.0, 2.0, 5.0, 2.0, 20.0, 9.0][..]; 2]);
    let (forecasts, rows) = run(model, plan, 4096);
    let spend = cash(&rows, None, CashMetric::Paid).mean.unwrap();
    for metric in [CashMetric::Owed, CashMetric::Due] {
        // On the way something is open.
        assert!(cash(&rows, Some(2), metric).mean.unwrap() > 0.01 * spend);
    }
    nothing_is_open(&rows, spend);
    let at = |metric| cash(&rows, None, metric).mean.unwrap();
    let parts: f64 = CashMetric::HORIZON[..6].iter().map(|&m| at(m)).sum();
    near(parts, spend);
    // 39 partnerships a month, two hours and a product each; 20 of them on a monthly amount.
    near(at(CashMetric::Product), 2.0 * 39.0 * 30.0);
    near(at(CashMetric::Handling), 2.0 * 39.0 * 80.0);
    near(at(CashMetric::Retainers), 2.0 * 20.0 * 450.0);
    let booked = forecast(&forecasts, None, ForecastMetric::Booked);
    near(at(CashMetric::Received), booked.mean.unwrap());
    // Five errors: by luck once in 10⁵ seeds.
    let cleanup = cash(&rows, None, CashMetric::Cleanup);
    let off = cleanup.mean.unwrap() - 2.0 * 39.0 * 0.1 * 700.0;
    assert!(off.abs() < 5.0 * cleanup.mc_error.unwrap(), "{cleanup:?}");
}

/// Places that stay empty cost nothing, and what is paid for the others is all that is spent.
#[test]
fn empty_places_are_not_paid_for() {
    let mut model = two_years();
    let share = Distribution::Certain;
    model.horizon.pipeline = Some(Pipeline {
        identified: share(20.0),
        vetted: share(0.5),
        contacted: share(0.5),
        response: share(0.5),
        partnership: share(0.5),
        repeat: share(0.7),
        lead_weeks: 5.0.into(),
        churn: Distribution::Certain(0.2),
        starting: vec![1.0, 2.0, 5.0, 2.0, 10.0, 5.0],
        with: None,
        origin: Origin::Default,
    });
    let plan = plan(&model, &[&[1.0, 2.0, 5.0, 2.0, 20.0, 9.0][..]; 3]);
    let (_, rows) = run(model, plan, 4096);
    let at = |month, metric| cash(&rows, month, metric).mean.unwrap();
    let spend = at(None, CashMetric::Paid);
    nothing_is_open(&rows, spend);
    // In the first month the 25 that are there, later at most the 39 places and fewer than that.
    near(at(Some(1), CashMetric::Product), 25.0 * 30.0);
    let later = at(Some(2), CashMetric::Product) / 30.0;
    assert!(later > 1.0 && later < 38.0, "{later}");
    // Two hours of 40 a place.
    let product = at(None, CashMetric::Product);
    near(at(None, CashMetric::Handling) / product, 80.0 / 30.0);
    // Fees of filled places: certain ones in the first month, of posts on its first twenty days.
    let fees = 10_000.0 + 2.0 * 3_000.0 + 5.0 * 2_500.0 + 2.0 * 750.0 + 10.0 * 500.0 + 5.0 * 150.0;
    let first = cash(&rows, Some(1), CashMetric::Fees);
    let off = first.mean.unwrap() - fees * 2.0 / 3.0;
    // Five errors: by luck once in 10⁵ seeds.
    assert!(off.abs() < 5.0 * first.mc_error.unwrap(), "{first:?}");
}
