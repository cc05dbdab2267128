//! The reference work in numbers, read off the engine's own model so that nobody types them twice.

use influencer_matrix::distribution::Distribution;
use influencer_matrix::model::{Basis, Dependence, Model, Quantity, Uncertainty, valuation};
use serde_json::{Value, json};

/// A lognormal: mean and standard deviation of the logarithm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogNormal {
    pub(crate) mu: f64,
    pub(crate) sigma: f64,
}

/// A beta's two exponents.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beta {
    pub(crate) alpha: f64,
    pub(crate) beta: f64,
}

/// One cell: so many creators of equal law.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) name: String,
    pub(crate) count: usize,
    pub(crate) followers: LogNormal,
    pub(crate) fee: LogNormal,
    /// View, engagement, click and conversion rate.
    pub(crate) rates: [Beta; 4],
}

/// All a peer needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Parameters {
    /// Uniforms that the engine takes for a trial; what the limit loop draws.
    pub(crate) draws_per_trial: usize,
    /// Exact means of the totals.
    pub(crate) expected: Vec<(Quantity, f64)>,
    pub(crate) cells: Vec<Cell>,
    /// Mean and standard deviation of one order.
    pub(crate) order: (f64, f64),
    /// Relative standard deviations of the shared factors.
    pub(crate) uncertainty: Uncertainty,
}

impl Parameters {
    /// Of a model whose creators are like those of the reference work; panics at any other, which
    /// the peers would not simulate right.
    pub(crate) fn of(model: &Model, draws_per_trial: usize) -> Self {
        assert_eq!(model.months, 1);
        assert_eq!(model.dependence, Dependence::NONE);
        let fixed = model.counts.as_ref().expect("the file fixes its counts");
        let counts = fixed.row(0).to_vec();
        let cells = (0..model.cells.len()).map(|cell| {
            let law = valuation::law(model, cell);
            assert_eq!(law.fee_multiplier(), Some(1.0));
            assert_eq!(law.standing_cost(), 0.0);
            assert_eq!(law.terms.commission, 0.0);
            assert_eq!(law.terms.delivery, 1.0);
            assert_eq!(law.terms.posts, 1.0);
            assert_eq!(law.stage_factors(), [1.0; 4]);
            assert_eq!(
                (law.order.mean, law.order.sd),
                (model.order.mean, model.order.sd)
            );
            assert_eq!(counts[cell].fract(), 0.0);
            let Basis::Followers(basis) = law.basis else {
                panic!("every tier of the reference work is on the followers basis");
            };
            Cell {
                name: model.key(cell).to_string(),
                count: counts[cell] as usize,
                followers: lognormal(&basis.followers),
                fee: lognormal(law.fee),
                rates: [
                    &basis.view_rate,
                    &basis.engagement_rate,
                    &basis.click_rate,
                    &basis.conversion_rate,
                ]
                .map(beta),
            }
        });
        let units = valuation::units(model);
        let expected = Quantity::SIMULATED.map(|quantity| {
            let total = valuation::total(&units, &counts, quantity);
            (quantity, total.expect("followers define all"))
        });
        Self {
            draws_per_trial,
            expected: expected.to_vec(),
            cells: cells.collect(),
            order: (model.order.mean, model.order.sd),
            uncertainty: model.uncertainty,
        }
    }

    pub(crate) fn json(&self) -> Value {
        let cells = self.cells.iter().map(|cell| {
            let lognormal = |law: LogNormal| json!({ "mu": law.mu, "sigma": law.sigma });
            let [view, engagement, click, conversion] = cell
                .rates
                .map(|law| json!({ "alpha": law.alpha, "beta": law.beta }));
            json!({
                "cell": cell.name,
                "count": cell.count,
                "followers": lognormal(cell.followers),
                "fee": lognormal(cell.fee),
                "view_rate": view,
                "engagement_rate": engagement,
                "click_rate": click,
                "conversion_rate": conversion,
            })
        });
        let expected: serde_json::Map<String, Value> = self
            .expected
            .iter()
            .map(|&(quantity, mean)| (quantity.name().to_owned(), mean.into()))
            .collect();
        let u = &self.uncertainty;
        json!({
            "totals": Quantity::SIMULATED.map(Quantity::name),
            "expected": expected,
            "draws_per_trial": self.draws_per_trial,
            "cells": cells.collect::<Vec<_>>(),
            "order": { "mean": self.order.0, "sd": self.order.1 },
            "uncertainty": {
                "market": u.market,
                "platform": u.platform,
                "engagement_rate": u.engagement_rate,
                "click_rate": u.click_rate,
                "conversion_rate": u.conversion_rate,
                "order_value": u.order_value,
                "fee": u.fee,
            },
        })
    }
}

fn lognormal(law: &Distribution) -> LogNormal {
    match *law {
        Distribution::LogNormal { mu, sigma } => LogNormal { mu, sigma },
        _ => panic!("the reference work has lognormal amounts, not {law:?}"),
    }
}

fn beta(law: &Distribution) -> Beta {
    match *law {
        Distribution::Beta { alpha, beta } => Beta { alpha, beta },
        _ => panic!("the reference work has beta rates, not {law:?}"),
    }
}
