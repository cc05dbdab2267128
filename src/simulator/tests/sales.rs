//! Sales by month: thinning of orders.

use ndarray::Array2;

use super::law::{assert_near, estimate, simulate, spread};
use super::market::{certain, counts, every_month, model, over, tiers};
use crate::model::{Horizon, Incidents, Uncertainty};

const TRIALS: usize = 60_000;

/// Certain creators and orders of one value: orders of every month of sale are Poisson and independent. Comparisons
/// at five standard errors, a false alarm of 6e-7 each, in fifteen a pace of sales.
#[test]
fn orders_of_every_month_of_sale_are_poisson() {
    for (half_life, post_days) in [(20.0, 0), (0.0, 14), (20.0, 40), (5.0, 75)] {
        orders_are_poisson(half_life, post_days);
    }
}

fn orders_are_poisson(half_life: f64, post_days: u32) {
    let tiers: Vec<_> = tiers().iter().map(certain).collect();
    let mut model = over(3, tiers, &["sponsored"]);
    model.uncertainty = Uncertainty::NONE;
    model.order.sd = 0.0;
    model.horizon.response_half_life_days = half_life;
    for cell in &mut model.cells {
        cell.terms.post_days = post_days;
    }
    let plan = every_month(&model, &[("micro.sponsored", 4.0)]);
    let blocks = simulate(&model, &plan, TRIALS, 3);
    assert_eq!(blocks.len(), 3);
    for block in &blocks {
        let shares = model.response_shares(block.month, block.cell);
        let unit = crate::model::valuation::law_in(&model, block.month, block.cell).expected();
        let lambda = 4.0 * unit.conversions;
        assert_eq!(block.sold.len(), 3 - block.month);
        let orders: Vec<Vec<f64>> = block
            .sold
            .iter()
            .map(|sold| sold.iter().map(|x| x / model.order.mean).collect())
            .collect();
        for (later, (orders, share)) in orders.iter().zip(&shares).enumerate() {
            let what = format!("posted in {}, sold {later} later", block.month);
            assert!(orders.iter().all(|n| (n - n.round()).abs() < 1e-9));
            let (mean, error) = estimate(orders);
            assert_near(&what, mean, lambda * share, error);
            let (variance, error) = spread(orders);
            assert_near(&what, variance, lambda * share, error);
        }
        if let [now, next, ..] = &orders[..] {
            let product: Vec<f64> = now
                .iter()
                .zip(next)
                .map(|(a, b)| (a - lambda * shares[0]) * (b - lambda * shares[1]))
                .collect();
            let (covariance, error) = estimate(&product);
            assert_near("covariance", covariance, 0.0, error);
        }
        for trial in 0..TRIALS {
            let sold: f64 = block.sold.iter().map(|sold| sold[trial]).sum();
            assert!(sold <= block.revenue[trial] * (1.0 + 1e-12));
        }
    }
    // All at once: nothing to split, and the same outcome.
    model.horizon.response_half_life_days = 0.0;
    for cell in &mut model.cells {
        cell.terms.post_days = 0;
    }
    for (now, before) in simulate(&model, &plan, 1000, 3).iter().zip(&blocks) {
        assert!(now.sold.is_empty());
        assert_eq!(now.revenue, before.revenue[..1000]);
    }
}

/// Where conversions wait for the whole plan, sales are split all the same; clean-up is part of spend.
#[test]
fn plans_with_shocks_split_their_sales_too() {
    let mut model = model(tiers(), &["sponsored"], Vec::new(), Vec::new());
    model.incidents = Incidents {
        probability: 0.2,
        cleanup_cost: 300.0,
        shock: 0.5,
        shock_probability: 0.3,
        ..Incidents::NONE
    };
    model.months = 2;
    model.horizon = Horizon::equal(2);
    model.horizon.response_half_life_days = 10.0;
    let first = counts(&model, &[("micro.sponsored", 4.0), ("mid.sponsored", 2.0)]);
    let row = first.row(0).to_owned();
    let plan = Array2::from_shape_fn(first.dim(), |(_, cell)| row[cell]);
    for block in simulate(&model, &plan, TRIALS, 3) {
        let shares = model.response_shares(block.month, block.cell);
        for (sold, share) in block.sold.iter().zip(&shares) {
            let excess: Vec<f64> = sold
                .iter()
                .zip(&block.revenue)
                .map(|(sold, revenue)| sold - share * revenue)
                .collect();
            let (mean, error) = estimate(&excess);
            assert_near("share", mean, 0.0, error);
        }
        let (mean, error) = estimate(&block.cleanup);
        let n = plan[[block.month, block.cell]];
        assert_near("clean-up", mean, n * 0.2 * 300.0, error);
    }
}
