//! A slow, obvious simulator, trial by trial and creator by creator, written from the model's
//! definition (docs: the model) with `rand_distr` and without anything of the fast one.

use std::collections::HashMap;

use ndarray::Array2;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Beta, Distribution as _, Gamma, LogNormal, Poisson, StandardNormal};

use crate::distribution::Distribution;
use crate::model::{Basis, Model};

/// Spend, impressions, engagements, clicks, conversions, revenue of one cell in one trial.
pub(super) type Row = [f64; 6];

fn sample(d: &Distribution, rng: &mut StdRng) -> f64 {
    match *d {
        Distribution::Certain(x) => x,
        Distribution::LogNormal { mu, sigma } => LogNormal::new(mu, sigma).unwrap().sample(rng),
        Distribution::Beta { alpha, beta } => Beta::new(alpha, beta).unwrap().sample(rng),
        Distribution::Gamma { shape, scale } => Gamma::new(shape, scale).unwrap().sample(rng),
        Distribution::Uniform { min, max } => min + (max - min) * rng.random::<f64>(),
        _ => panic!("not a family of these tests"),
    }
}

/// Followers and fee, jointly lognormal.
fn followers_and_fee(
    f: &Distribution,
    fee: &Distribution,
    rho: f64,
    rng: &mut StdRng,
) -> (f64, f64) {
    let (Distribution::LogNormal { mu, sigma }, Distribution::LogNormal { mu: m, sigma: s }) =
        (*f, *fee)
    else {
        return (sample(f, rng), sample(fee, rng));
    };
    let z: f64 = StandardNormal.sample(rng);
    let e: f64 = StandardNormal.sample(rng);
    let w = rho * z + (1.0 - rho * rho).sqrt() * e;
    ((mu + sigma * z).exp(), (m + s * w).exp())
}

/// A mean-one lognormal factor of relative standard deviation `s`, one for each name in a trial.
fn shared(factors: &mut HashMap<String, f64>, name: String, s: f64, rng: &mut StdRng) -> f64 {
    *factors.entry(name).or_insert_with(|| {
        let variance = (1.0 + s * s).ln();
        let z: f64 = StandardNormal.sample(rng);
        (variance.sqrt() * z - variance / 2.0).exp()
    })
}

/// One trial: a row for each booked cell, in the model's order; stages not defined are 0.
#[expect(clippy::too_many_lines, reason = "the model from top to bottom, once")]
fn trial(model: &Model, counts: &Array2<f64>, rng: &mut StdRng) -> Vec<Row> {
    let mut factors = HashMap::new();
    let mut rows = Vec::new();
    for (c, cell) in model.cells.iter().enumerate() {
        let count = counts[[0, c]];
        if count == 0.0 {
            continue;
        }
        let tier = &model.tiers[cell.tier];
        let (terms, s, doubt) = (&cell.terms, &cell.factors, &model.uncertainty);
        let mut u = |name: &str, spread: f64| shared(&mut factors, name.to_owned(), spread, rng);
        let of = |name: &str| format!("{name} {}", tier.name);
        let market = u("market", doubt.market);
        let platform = u("platform", doubt.platform);
        let engaging = u(&of("engagement"), doubt.engagement_rate);
        let clicking = u(&of("click"), doubt.click_rate);
        let converting = u(&of("conversion"), doubt.conversion_rate);
        let ordering = u(&of("order"), doubt.order_value);
        let paying = u(&of("fee"), doubt.fee);
        let benchmarking = u(&of("benchmark"), doubt.benchmark);
        let mut row = [0.0; 6];
        let mut expected = 0.0;
        let mut left = count;
        while left > 0.0 {
            let weight = left.min(1.0);
            left -= 1.0;
            let delivered = f64::from(u8::from(rng.random::<f64>() < terms.delivery));
            let fee;
            let (impressions, engagements, clicks, conversions);
            match &tier.basis {
                Basis::Followers(f) => {
                    let followers;
                    (followers, fee) = followers_and_fee(
                        &f.followers,
                        &tier.fee,
                        model.dependence.followers_fee,
                        rng,
                    );
                    impressions = terms.posts
                        * followers
                        * sample(&f.view_rate, rng)
                        * s.view_rate
                        * delivered
                        * platform;
                    engagements = impressions
                        * sample(&f.engagement_rate, rng)
                        * s.engagement_rate
                        * engaging;
                    clicks = engagements * sample(&f.click_rate, rng) * s.click_rate * clicking;
                    conversions = clicks
                        * sample(&f.conversion_rate, rng)
                        * s.conversion_rate
                        * terms.conversion_lift
                        * converting
                        * market;
                }
                Basis::Benchmark(b) => {
                    fee = sample(&tier.fee, rng);
                    let price = fee * terms.posts * delivered * platform * benchmarking;
                    let mut per = |d: &Option<Distribution>| {
                        d.as_ref().map_or(0.0, |d| price / sample(d, rng))
                    };
                    let view = s.view_rate;
                    let engagement = view * s.engagement_rate;
                    let click = engagement * s.click_rate;
                    impressions = 1000.0 * per(&b.cpm) * view;
                    engagements = per(&b.cpe) * engagement;
                    clicks = per(&b.cpc) * click;
                    conversions = per(&Some(b.cpa))
                        * click
                        * s.conversion_rate
                        * terms.conversion_lift
                        * market;
                }
            }
            let cash = match terms.fee_amount {
                Some(amount) => amount * s.fee,
                None => fee * terms.posts * terms.fee * s.fee * paying,
            };
            row[0] +=
                weight * (cash * delivered + terms.product_cost + terms.hours * model.hour_cost);
            row[1] += weight * impressions;
            row[2] += weight * engagements;
            row[3] += weight * clicks;
            expected += weight * conversions;
        }
        let orders: f64 = if expected > 0.0 {
            Poisson::new(expected).unwrap().sample(rng)
        } else {
            0.0
        };
        let mut value = model.order.mean;
        let relative = model.order.sd / model.order.mean;
        if let Basis::Benchmark(b) = &tier.basis
            && let Some(roas) = b.roas
        {
            value = roas / b.cpa.mean_of_inverse().unwrap();
        }
        // Order by order.
        let shape = 1.0 / (relative * relative);
        let order = Gamma::new(shape, value / shape).unwrap();
        row[4] = orders;
        row[5] = (0..orders as u64).map(|_| order.sample(rng)).sum::<f64>() * ordering;
        row[0] += terms.commission * row[5];
        rows.push(row);
    }
    rows
}

/// Columns of every booked cell: `[cell][quantity][trial]`.
pub(super) fn simulate(
    model: &Model,
    counts: &Array2<f64>,
    trials: usize,
    seed: u64,
) -> Vec<[Vec<f64>; 6]> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut cells: Vec<[Vec<f64>; 6]> = Vec::new();
    for _ in 0..trials {
        let rows = trial(model, counts, &mut rng);
        cells.resize_with(rows.len(), Default::default);
        for (cell, row) in cells.iter_mut().zip(rows) {
            for (column, value) in cell.iter_mut().zip(row) {
                column.push(value);
            }
        }
    }
    cells
}
