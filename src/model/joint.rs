//! What the creators of a plan do to each other: factors on a cell's conversions that depend on
//! the plan as a whole.
//!
//! A creator's own law ([`super::valuation::CellLaw`]) knows nothing of the others. Where a
//! scenario switches an effect on that ties them together, the expected conversions of a cell c in
//! a plan are its own times a factor `f_c(plan)`, and with them revenue and commission. Every such
//! effect is one factor of the product here; without any, all factors are exactly 1.

use super::audience::{Reached, Saturation, Which};
use super::{Incidents, Model, reach_factors};

/// Whether a plan's conversions can differ from the sum over its creators.
#[must_use]
pub fn applies(model: &Model) -> bool {
    !model.audiences.is_empty() || model.incidents.shocks()
}

/// The factor `f_c` on the expected conversions of every cell in a month of these counts (one a
/// cell): E\[conversions in the plan\] / Σ over its creators of their own. All are exactly 1 where
/// no effect of the plan as a whole is switched on, and where nothing is booked.
#[must_use]
pub fn conversion_factors(model: &Model, counts: &[f64]) -> Vec<f64> {
    Effects::new(model).factors(counts, Which::All)
}

/// The same in a month of the horizon, where tags may lift what creators reach ([`reach_factors`]): what is lifted fills audiences too.
#[must_use]
pub fn conversion_factors_in(model: &Model, month: usize, counts: &[f64]) -> Vec<f64> {
    conversion_factors(
        lifted(model, month, counts).as_ref().unwrap_or(model),
        counts,
    )
}

/// Expected gross impressions and net reach of every audience of a model, in its order, in a month
/// of these counts.
#[must_use]
pub fn reached(model: &Model, month: usize, counts: &[f64]) -> Vec<Reached> {
    let lifted = lifted(model, month, counts);
    Saturation::new(lifted.as_ref().unwrap_or(model)).reached(counts)
}

/// A model whose cells reach what tags within a month's plan make of it; `None` where that does nothing to audiences.
fn lifted(model: &Model, month: usize, counts: &[f64]) -> Option<Model> {
    if model.audiences.is_empty() || model.horizon.cross_promotion.is_none() {
        return None;
    }
    let mut lifted = model.clone();
    let reach = reach_factors(model, month, counts);
    for (cell, reach) in lifted.cells.iter_mut().zip(reach) {
        cell.factors.view_rate *= reach;
    }
    Some(lifted)
}

/// A model's effects, prepared for many plans.
#[derive(Debug, Clone)]
pub struct Effects {
    saturation: Saturation,
    /// In months without a shock; only where there are audiences and shocks.
    calm: Option<Saturation>,
    incidents: Incidents,
}

impl Effects {
    /// Of a model.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        Self {
            saturation: Saturation::new(model),
            calm: (!model.audiences.is_empty() && model.incidents.shocks())
                .then(|| Saturation::in_calm(model)),
            incidents: model.incidents,
        }
    }

    /// As [`conversion_factors`], of all cells or only of those booked.
    #[must_use]
    pub fn factors(&self, counts: &[f64], which: Which) -> Vec<f64> {
        let mut factors = self.saturation.conversion_shares(counts, which);
        self.shocks(counts, which, &mut factors);
        factors
    }

    /// Shocks to the whole brand. Incidents take impressions too, so that months without a shock are more saturated
    /// than others; with z the share that a shock takes,
    ///
    /// ```text
    /// E[λ s(G) (1 − z S)] = (1 − z) E[λ s(G)] + z E[λ s(G) 1{no shock}]
    /// ```
    ///
    /// At most the net share times [`Incidents::left_by_shocks`].
    fn shocks(&self, counts: &[f64], which: Which, factors: &mut [f64]) {
        if !self.incidents.shocks() || counts.iter().all(|&count| count <= 0.0) {
            return;
        }
        let asked = |count: f64| which == Which::All || count > 0.0;
        if let Some(calm) = &self.calm {
            let shares = calm.weighted_shares(counts, which, &self.incidents.calm_shares(counts));
            let shock = self.incidents.shock;
            for ((factor, share), &count) in factors.iter_mut().zip(shares).zip(counts) {
                if asked(count) {
                    *factor = (1.0 - shock) * *factor + shock * share;
                }
            }
        } else {
            let left = self.incidents.left_by_shocks(counts);
            for ((factor, left), &count) in factors.iter_mut().zip(left).zip(counts) {
                if asked(count) {
                    *factor *= left;
                }
            }
        }
    }

    /// What audiences alone leave of every cell's conversions, whether or not a shock strikes; of cells without
    /// bookings, of the first creator's.
    #[must_use]
    pub fn net_shares(&self, counts: &[f64]) -> Vec<f64> {
        self.saturation.conversion_shares(counts, Which::All)
    }

    /// What a factor gains by every unit that shocks leave more, impressions as they are: the net share of months
    /// without a shock.
    #[must_use]
    pub fn calm_net_shares(&self, counts: &[f64]) -> Vec<f64> {
        self.calm.as_ref().map_or_else(
            || vec![1.0; counts.len()],
            |calm| calm.conversion_shares(counts, Which::All),
        )
    }

    /// What shocks alone leave of every cell's conversions.
    #[must_use]
    pub fn left_by_shocks(&self, counts: &[f64]) -> Vec<f64> {
        self.incidents.left_by_shocks(counts)
    }
}
