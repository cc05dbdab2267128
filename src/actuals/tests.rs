//! Posteriors against dense algebra of covariances, forecasts against truths of the simulator.

mod forecast;
mod known;
mod left;
mod posterior;

use ndarray::Array2;

use crate::distribution::Distribution;
use crate::model::{
    ActualRow, Actuals, Basis, CellBlock, Horizon, Model, Origin, Pipeline, Quantity, Uncertainty,
    valuation,
};
use crate::optimizer::sample;
use crate::simulator::{PlanInput, Simulator};

const DOUBT: Uncertainty = Uncertainty {
    market: 0.2,
    platform: 0.15,
    engagement_rate: 0.1,
    click_rate: 0.15,
    conversion_rate: 0.2,
    order_value: 0.05,
    fee: 0.1,
    benchmark: 0.15,
};

/// Two tiers on the followers basis, sponsored, over months with persistence 0.6.
fn market(months: usize) -> Model {
    let tiers = vec![
        sample::tier("mid", 2_000.0, 40_000.0, 0.08),
        sample::tier("micro", 500.0, 5_000.0, 0.15),
    ];
    let mut model = sample::model(tiers, &sample::types()[..1], 100_000.0, |_, _| true);
    model.months = months;
    model.horizon = Horizon::equal(months);
    model.horizon.market_persistence = 0.6;
    model.uncertainty = DOUBT;
    model
}

fn counts(model: &Model, of_cells: &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((model.months, of_cells.len()), |(_, c)| of_cells[c])
}

/// A row at given multiples of what is expected.
fn row(
    model: &Model,
    counts: &Array2<f64>,
    (month, cell): (usize, usize),
    by: [f64; 6],
) -> ActualRow {
    let unit = valuation::law_in(model, month, cell).expected();
    let n = counts[[month, cell]];
    let value = |i: usize, q: Quantity| n * unit.get(q).unwrap_or(0.0) * by[i];
    ActualRow {
        month,
        tier: model.cells[cell].tier,
        partnership: model.cells[cell].partnership,
        count: None,
        spend: value(0, Quantity::Spend),
        impressions: Some(value(1, Quantity::Impressions)),
        engagements: Some(value(2, Quantity::Engagements)),
        clicks: Some(value(3, Quantity::Clicks)),
        conversions: value(4, Quantity::Conversions),
        revenue: value(5, Quantity::Revenue),
    }
}

/// With fixed counts and creators that differ.
fn fixed(months: usize) -> Model {
    let mut model = market(months);
    for (tier, spread) in model.tiers.iter_mut().zip([0.5, 0.4]) {
        tier.fee = Distribution::lognormal_mean_sd(tier.fee.mean(), 0.3 * tier.fee.mean()).unwrap();
        if let Basis::Followers(f) = &mut tier.basis {
            let mean = f.followers.mean();
            f.followers = Distribution::lognormal_mean_sd(mean, spread * mean).unwrap();
            let rate = f.engagement_rate.mean();
            f.engagement_rate = Distribution::beta_mean_sd(rate, 0.3 * rate).unwrap();
        }
    }
    model.counts = Some(counts(&model, &[30.0, 100.0]));
    model
}

/// What each cell of a plan brings in trials.
fn cells_of(model: &Model, counts: &Array2<f64>, seed: u64, trials: usize) -> Vec<CellBlock> {
    let input = PlanInput {
        model,
        counts: counts.view(),
    };
    let mut block = Simulator::new(&[input], seed).unwrap().block(0, trials);
    block.plans.remove(0).cells
}

/// The first months of one trial as actuals, a row a cell; every cell is of the first partnership type.
fn happened(model: &Model, cells: &[CellBlock], trial: usize, months: usize) -> Actuals {
    let row = |c: &CellBlock| ActualRow {
        month: c.month,
        tier: model.cells[c.cell].tier,
        partnership: 0,
        count: None,
        spend: c.spend[trial],
        impressions: Some(c.impressions[trial]),
        engagements: Some(c.engagements[trial]),
        clicks: Some(c.clicks[trial]),
        conversions: c.conversions[trial],
        revenue: c.revenue[trial],
    };
    let own = cells.iter().filter(|c| c.month < months);
    Actuals {
        months,
        rows: own.map(row).collect(),
    }
}

/// Nobody is found; partners leave and do not work again.
fn leaving(churn: f64, repeat: f64, starting: Vec<f64>) -> Pipeline {
    let certain = Distribution::Certain;
    Pipeline {
        identified: certain(0.0),
        vetted: certain(1.0),
        contacted: certain(1.0),
        response: certain(1.0),
        partnership: certain(1.0),
        repeat: certain(repeat),
        lead_weeks: 4.0.into(),
        churn: certain(churn),
        starting,
        before: None,
        with: None,
        origin: Origin::Default,
    }
}
