//! What rules cost a plan, what unused cells lack, and plans that are as good.

use ndarray::Array2;

/// What a rule costs, and how far its bound can move before another limits. All figures are those
/// of the plan with fractional counts, in the objective's unit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriceRange {
    /// Optimum without the rule minus optimum with it; `None` where there is none without it.
    pub cost: Option<f64>,
    /// The bound moved to where another rule becomes a limit or this one stops being one, in the
    /// direction that gains.
    pub to: Option<f64>,
    /// What the objective gains up to there.
    pub gain: Option<f64>,
    /// The rule that limits from there on; `None` where this one just stops being a limit.
    pub then_binds: Option<String>,
}

/// A cell that a plan does not book, and what it would take.
#[derive(Debug, Clone, PartialEq)]
pub struct UnusedCell {
    /// The month, from 0, or the first of a commitment's; `None` where the same holds in every month.
    pub month: Option<usize>,
    /// The last month of the commitment that is nearest to being booked, from 0; `None` for what is booked month by
    /// month. Cost and revenue are those of all its months.
    pub until: Option<usize>,
    /// Index into the model's cells.
    pub cell: usize,
    /// Expected cost of one partnership below which the cell is booked, its fee alone falling.
    pub enters_at_unit_cost: Option<f64>,
    /// The fee there, as a share of the present one.
    pub fee_factor: Option<f64>,
    /// Expected revenue of one partnership above which the cell is booked, its conversions alone
    /// rising (revenue and commission with them).
    pub enters_at_unit_revenue: Option<f64>,
    /// The conversions there, as a multiple of the present ones.
    pub conversion_factor: Option<f64>,
    /// Why neither helps, where neither does.
    pub kept_out_by: Option<String>,
}

/// Another whole-number plan, as good within the gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// Counts, months × cells; one row where every month has the same.
    pub counts: Array2<f64>,
    /// Value of the objective, recomputed by `valuation`.
    pub objective: f64,
    /// Share of the partnerships (of the larger plan) that the plan and this one do not share:
    /// 1 − Σ min(xᵢ, yᵢ) / max(Σ xᵢ, Σ yᵢ).
    pub moved: f64,
    /// The same against the nearest of the plan and the alternatives before.
    pub apart: f64,
}
