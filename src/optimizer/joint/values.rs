//! The value of a plan, its slope, and whether it keeps the rules, all at the plan's own factors.

use super::affine::{Aim, Line};
use crate::model::audience::Which;
use crate::model::joint::Effects;
use crate::model::valuation::{self, UnitValue};
use crate::model::{Constraint, Model, Objective, Quantity, constraints};
use crate::optimizer::goal::ratio;
use crate::optimizer::state::keeps;

/// Relative step of slopes.
const STEP: f64 = 1e-5;

/// What a quantity of one creator is: a part that no factor touches, and one that follows it.
struct Parts {
    still: Vec<f64>,
    moved: Vec<f64>,
}

/// A model's values.
pub(super) struct Values<'a> {
    pub(super) model: &'a Model,
    effects: Effects,
    none: Vec<UnitValue>,
    whole: Vec<UnitValue>,
    above: Parts,
    spend: Parts,
    gross: Vec<Vec<f64>>,
}

impl<'a> Values<'a> {
    pub(super) fn new(model: &'a Model) -> Self {
        let at = |factor: f64| -> Vec<UnitValue> {
            (0..model.cells.len())
                .map(|cell| valuation::law(model, cell).expected_in_plan(factor))
                .collect()
        };
        let (none, whole) = (at(0.0), at(1.0));
        let parts = |quantity: Quantity| {
            let of = |unit: &UnitValue| unit.get(quantity).unwrap_or(0.0);
            Parts {
                still: none.iter().map(of).collect(),
                moved: none
                    .iter()
                    .zip(&whole)
                    .map(|(n, w)| of(w) - of(n))
                    .collect(),
            }
        };
        let above = parts(valuation::objective_metric(model.objective).numerator());
        let spend = parts(Quantity::Spend);
        let gross = model
            .audiences
            .iter()
            .map(|audience| {
                model
                    .cells
                    .iter()
                    .zip(&whole)
                    .map(|(cell, unit)| {
                        if audience.holds(cell) {
                            unit.impressions.unwrap_or(0.0)
                        } else {
                            0.0
                        }
                    })
                    .collect()
            })
            .collect();
        Self {
            model,
            effects: Effects::new(model),
            none,
            whole,
            above,
            spend,
            gross,
        }
    }

    /// Expected gross impressions of one creator of every cell, an audience each.
    pub(super) fn gross(&self) -> &[Vec<f64>] {
        &self.gross
    }

    pub(super) fn factors(&self, x: &[f64]) -> Vec<f64> {
        self.effects.factors(x, Which::All)
    }

    /// Unit values at factors.
    pub(super) fn units(&self, factors: &[f64]) -> Vec<UnitValue> {
        let mix = |a: f64, b: f64, f: f64| a + f * (b - a);
        self.none
            .iter()
            .zip(&self.whole)
            .zip(factors)
            .map(|((none, whole), &f)| UnitValue {
                spend: mix(none.spend, whole.spend, f),
                conversions: mix(none.conversions, whole.conversions, f),
                revenue: mix(none.revenue, whole.revenue, f),
                profit: mix(none.profit, whole.profit, f),
                ..*whole
            })
            .collect()
    }

    pub(super) fn constraints(&self, units: &[UnitValue]) -> Vec<Constraint> {
        constraints(self.model, units)
    }

    fn is_ratio(&self) -> bool {
        self.model.objective == Objective::Roas
    }

    fn sum(parts: &Parts, x: &[f64], factors: &[f64]) -> f64 {
        let mut sum = 0.0;
        for (i, &x) in x.iter().enumerate() {
            if x != 0.0 {
                sum += x * (parts.still[i] + parts.moved[i] * factors[i]);
            }
        }
        sum
    }

    /// What the objective adds up and, for ROAS, what it is divided by (else 1).
    fn sums(&self, x: &[f64]) -> (f64, f64) {
        let factors = self.effects.factors(x, Which::Booked);
        let above = Self::sum(&self.above, x, &factors);
        if self.is_ratio() {
            (above, Self::sum(&self.spend, x, &factors))
        } else {
            (above, 1.0)
        }
    }

    /// V at counts.
    pub(super) fn value(&self, x: &[f64]) -> f64 {
        let (above, below) = self.sums(x);
        ratio(above, below)
    }

    /// ∂V/∂xᵢ, by differences over a small step on both sides.
    pub(super) fn slopes(&self, x: &[f64]) -> Vec<f64> {
        let mut at = x.to_vec();
        (0..x.len())
            .map(|i| {
                let step = STEP * x[i].max(1.0);
                let low = (x[i] - step).max(0.0);
                at[i] = x[i] + step;
                let (high, over) = (at[i], self.value(&at));
                at[i] = low;
                let under = self.value(&at);
                at[i] = x[i];
                let slope = (over - under) / (high - low);
                if slope.is_finite() { slope } else { 0.0 }
            })
            .collect()
    }

    /// The objective as Σ xᵢ (aᵢ + bᵢfᵢ), to maximize around a point: itself, or for ROAS
    /// (revenue − q spend) / spend with q and the divisor as at the point. Returns a, b and what to add
    /// for the value.
    pub(super) fn around(&self, x: &[f64]) -> (Vec<f64>, Vec<f64>, f64) {
        if !self.is_ratio() {
            return (self.above.still.clone(), self.above.moved.clone(), 0.0);
        }
        let (above, below) = self.sums(x);
        let q = above / below;
        let mix = |above: &[f64], spend: &[f64]| -> Vec<f64> {
            above
                .iter()
                .zip(spend)
                .map(|(a, s)| (a - q * s) / below)
                .collect()
        };
        (
            mix(&self.above.still, &self.spend.still),
            mix(&self.above.moved, &self.spend.moved),
            q,
        )
    }

    /// What a creator of every cell costs before audiences and shocks.
    pub(super) fn costs(&self) -> Vec<f64> {
        self.whole.iter().map(|u| u.spend).collect()
    }

    /// The objective, as it follows the factors.
    pub(super) fn aim(&self) -> Aim {
        let line = |parts: &Parts| Line {
            still: parts.still.clone(),
            moved: parts.moved.clone(),
        };
        Aim {
            above: line(&self.above),
            below: self.is_ratio().then(|| line(&self.spend)),
        }
    }

    /// The most that shocks leave of conversions in a plan of so many creators at least; with audiences too, of those
    /// that net shares leave: months without a shock have the smaller ones.
    pub(super) fn left_by_shocks(&self, creators: f64) -> f64 {
        if self.model.fractional_counts {
            self.model.incidents.most_left_by_shocks(creators)
        } else {
            self.effects.left_by_shocks(&[creators.floor()])[0]
        }
    }

    /// ∂/∂xᵢ of Σ xⱼ bⱼ fⱼ by way of shocks alone, net shares as they are; nothing without shocks.
    pub(super) fn shock_slopes(&self, x: &[f64], moved: &[f64]) -> Vec<f64> {
        let mut slopes = vec![0.0; x.len()];
        if !self.model.incidents.shocks() {
            return slopes;
        }
        let shares = self.effects.calm_net_shares(x);
        let mut at = x.to_vec();
        for (i, slope) in slopes.iter_mut().enumerate() {
            let step = STEP * x[i].max(1.0);
            let mut left = |value: f64| {
                at[i] = value;
                let out = self.effects.left_by_shocks(&at);
                at[i] = x[i];
                out
            };
            let low = (x[i] - step).max(0.0);
            let (over, under) = (left(x[i] + step), left(low));
            let wide = x[i] + step - low;
            *slope = (0..x.len())
                .filter(|&j| x[j] > 0.0)
                .map(|j| x[j] * moved[j] * shares[j] * (over[j] - under[j]) / wide)
                .sum();
        }
        slopes
    }

    /// Whether counts keep the sides of rules that count (upper and lower of each), at given factors.
    pub(super) fn keeps_sides(&self, x: &[f64], factors: &[f64], sides: &[[bool; 2]]) -> bool {
        let mut constraints = self.constraints(&self.units(factors));
        for (constraint, [upper, lower]) in constraints.iter_mut().zip(sides) {
            constraint.high = constraint.high.filter(|_| *upper);
            constraint.low = constraint.low.filter(|_| *lower);
        }
        constraints.iter().all(|c| keeps(c, x))
    }

    /// Whether counts keep every rule at their own factors.
    pub(super) fn keeps(&self, x: &[f64]) -> bool {
        let units = self.units(&self.factors(x));
        self.constraints(&units).iter().all(|c| keeps(c, x))
    }

    /// How far counts are beyond their rules, relative to the bounds, summed; 0 where all hold.
    pub(super) fn excess(&self, x: &[f64]) -> f64 {
        let units = self.units(&self.factors(x));
        self.constraints(&units)
            .iter()
            .filter(|c| !keeps(c, x))
            .map(|c| {
                let value = c.form.value(x).unwrap_or(0.0);
                let below = c.low.map_or(0.0, |low| (low - value) / low.abs().max(1e-3));
                let above = c
                    .high
                    .map_or(0.0, |high| (value - high) / high.abs().max(1e-3));
                below.max(above).max(0.0)
            })
            .sum()
    }
}
