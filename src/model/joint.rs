//! What the creators of a plan do to each other: factors on a cell's conversions that depend on
//! the plan as a whole.
//!
//! A creator's own law ([`super::valuation::CellLaw`]) knows nothing of the others. Where a
//! scenario switches an effect on that ties them together, the expected conversions of a cell c in
//! a plan are its own times a factor `f_c(plan)`, and with them revenue and commission. Every such
//! effect is one factor of the product here; without any, all factors are exactly 1.

use super::Model;

/// Whether a plan's conversions can differ from the sum over its creators.
#[must_use]
pub fn applies(model: &Model) -> bool {
    model.incidents.shocks()
}

/// The factor `f_c` on the expected conversions of every cell in a month of these counts (one a
/// cell): E\[conversions in the plan\] / Σ over its creators of their own. All are exactly 1 where
/// no effect of the plan as a whole is switched on, and where nothing is booked.
#[must_use]
pub fn conversion_factors(model: &Model, counts: &[f64]) -> Vec<f64> {
    let mut factors = vec![1.0; model.cells.len()];
    shocks(model, counts, &mut factors);
    factors
}

/// Shocks to the whole brand: [`Incidents::left_by_shocks`](super::Incidents::left_by_shocks).
fn shocks(model: &Model, counts: &[f64], factors: &mut [f64]) {
    if model.incidents.shocks() {
        for (cell, factor) in factors.iter_mut().enumerate() {
            *factor *= model.incidents.left_by_shocks(cell, counts);
        }
    }
}
