//! The plain way in Rust: trial by trial, draw by draw, with the samplers of `rand_distr` and the
//! fastest generator of `rand`, on all threads of rayon.

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Beta, Distribution as _, Gamma, LogNormal, Poisson};

use crate::parameters::{self, Parameters};
use crate::{BLOCK, Contender, SEED, Totals};

struct Cell {
    count: usize,
    followers: LogNormal<f64>,
    fee: LogNormal<f64>,
    rates: [Beta<f64>; 4],
}

/// Samplers of everything whose law does not change from trial to trial.
pub(crate) struct Scalar {
    cells: Vec<Cell>,
    market: LogNormal<f64>,
    platform: LogNormal<f64>,
    /// Engagement, click, conversion rate; order value; fee.
    by_tier: [LogNormal<f64>; 5],
    /// Gamma shape an order, and scale.
    order: (f64, f64),
}

impl Scalar {
    pub(crate) fn new(parameters: &Parameters) -> Self {
        let u = &parameters.uncertainty;
        let (mean, sd) = parameters.order;
        let scale = sd * sd / mean;
        let cell = |cell: &parameters::Cell| Cell {
            count: cell.count,
            followers: lognormal(cell.followers),
            fee: lognormal(cell.fee),
            rates: cell
                .rates
                .map(|law| Beta::new(law.alpha, law.beta).expect("a beta")),
        };
        Self {
            cells: parameters.cells.iter().map(cell).collect(),
            market: mean_one(u.market),
            platform: mean_one(u.platform),
            by_tier: [
                u.engagement_rate,
                u.click_rate,
                u.conversion_rate,
                u.order_value,
                u.fee,
            ]
            .map(mean_one),
            order: (mean / scale, scale),
        }
    }

    /// The totals of one trial, in the order of `Quantity::SIMULATED`.
    fn trial(&self, rng: &mut SmallRng) -> [f64; 6] {
        let mut totals = [0.0; 6];
        let market = rng.sample(self.market);
        let platform = rng.sample(self.platform);
        for cell in &self.cells {
            // Spend, impressions, engagements, clicks, expected conversions of the cell.
            let mut sums = [0.0; 5];
            for _ in 0..cell.count {
                let mut value = rng.sample(cell.followers);
                for (rate, sum) in cell.rates.iter().zip(&mut sums[1..]) {
                    value *= rng.sample(rate);
                    *sum += value;
                }
                sums[0] += rng.sample(cell.fee);
            }
            let [engagement, click, conversion, order, fee] =
                self.by_tier.map(|law| law.sample(rng));
            let [spend, impressions, engagements, clicks, expected] = sums;
            let impressed = platform;
            let engaged = impressed * engagement;
            let clicked = engaged * click;
            let expected = expected * clicked * conversion * market;
            let conversions = if expected > 0.0 {
                rng.sample(Poisson::new(expected).expect("a positive mean"))
            } else {
                0.0
            };
            let revenue = if conversions > 0.0 {
                let (shape, scale) = self.order;
                order * rng.sample(Gamma::new(conversions * shape, scale).expect("a gamma"))
            } else {
                0.0
            };
            let cell = [
                spend * fee,
                impressions * impressed,
                engagements * engaged,
                clicks * clicked,
                conversions,
                revenue,
            ];
            for (total, value) in totals.iter_mut().zip(cell) {
                *total += value;
            }
        }
        totals
    }
}

impl Contender for Scalar {
    fn block(&self, first: u64, trials: usize) -> Totals {
        let mut rng = SmallRng::seed_from_u64(SEED + first / BLOCK as u64);
        let mut totals = Totals::default();
        for column in &mut totals {
            column.reserve_exact(trials);
        }
        for _ in 0..trials {
            for (column, value) in totals.iter_mut().zip(self.trial(&mut rng)) {
                column.push(value);
            }
        }
        totals
    }
}

fn lognormal(law: parameters::LogNormal) -> LogNormal<f64> {
    LogNormal::new(law.mu, law.sigma).expect("a lognormal")
}

/// A lognormal of mean one and that relative standard deviation.
fn mean_one(spread: f64) -> LogNormal<f64> {
    let variance = (spread * spread).ln_1p();
    LogNormal::new(-0.5 * variance, variance.sqrt()).expect("a lognormal")
}
