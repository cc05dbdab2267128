//! The tables of a run, with exactly the contract's columns in the contract's order.

use super::table::Table;
pub use super::variance::{learned, variance};
use crate::comparison::ComparisonRow;
use crate::engine::{PlanResult, RunResult};
use crate::individuals::DependencyRow;
use crate::model::{
    Alternative, Bound, CellKey, ConstraintState, Model, RiskMeasure, RiskState, UnusedCell,
    valuation,
};
use crate::rebalancing::RebalancingRow;
use crate::summary::SummaryRow;

/// A cell of a plan in a month.
pub(super) struct PlanRow<'a> {
    pub(super) plan: &'a str,
    pub(super) month: usize,
    pub(super) key: CellKey,
    pub(super) count: f64,
    pub(super) unit_cost: Option<f64>,
    pub(super) unit_revenue: Option<f64>,
    pub(super) spend: f64,
    pub(super) revenue: f64,
    /// Of the month.
    pub(super) month_spend: f64,
    /// The tier's.
    pub(super) band: Option<(f64, f64)>,
    pub(super) unused: Option<&'a UnusedCell>,
}

/// The columns of `plan.parquet` that every plan has.
pub(super) fn plan_columns(rows: &[PlanRow<'_>]) -> Table {
    Table::new()
        .text("plan", rows, |r| Some(r.plan))
        .month("month", rows, |r| Some(r.month))
        .text("tier", rows, |r| Some(&r.key.tier))
        .text("partnership", rows, |r| Some(&r.key.partnership))
        .text("category", rows, |r| r.key.category.as_deref())
        .text("region", rows, |r| r.key.region.as_deref())
        .number("count", rows, |r| Some(r.count))
        .number("unit_cost", rows, |r| r.unit_cost)
        .number("unit_revenue", rows, |r| r.unit_revenue)
        .number("spend", rows, |r| Some(r.spend))
        .number("revenue", rows, |r| Some(r.revenue))
        .number("budget_share", rows, |r| Some(r.spend / r.month_spend))
        .number("share_low", rows, |r| r.band.map(|b| b.0))
        .number("share_high", rows, |r| r.band.map(|b| b.1))
}

/// `plan.parquet`: one row a usable plan, month and offered cell, zeros too. A plan that is not usable has no rows.
#[must_use]
pub fn plan(result: &RunResult) -> Table {
    let rows: Vec<PlanRow<'_>> = result.plans.iter().flat_map(plan_rows).collect();
    let table = plan_columns(&rows)
        .number("enters_at_unit_cost", &rows, |r| {
            r.unused.and_then(|u| u.enters_at_unit_cost)
        })
        .number("enters_at_unit_revenue", &rows, |r| {
            r.unused.and_then(|u| u.enters_at_unit_revenue)
        })
        .text("kept_out_by", &rows, |r| {
            r.unused.and_then(|u| u.kept_out_by.as_deref())
        });
    let keys: Vec<&CellKey> = rows.iter().map(|r| &r.key).collect();
    booked_as(table, result, &keys)
}

/// Wave, level and start of cells, only where a plan has such.
fn booked_as(mut table: Table, result: &RunResult, keys: &[&CellKey]) -> Table {
    let booked = |of: fn(&Model) -> bool| result.plans.iter().any(|p| of(&p.model));
    let name = |key: &CellKey, level: bool| {
        let (name, start) = key.booked_as.as_ref()?;
        (start.is_some() == level).then(|| name.clone())
    };
    let waves: Vec<Option<String>> = keys.iter().map(|key| name(key, false)).collect();
    let levels: Vec<Option<String>> = keys.iter().map(|key| name(key, true)).collect();
    if booked(|model| !model.horizon.waves.is_empty()) {
        table = table.text("wave", &waves, Option::as_deref);
    }
    if booked(|model| !model.horizon.levels.is_empty()) {
        table = table
            .text("level", &levels, Option::as_deref)
            .month("start_month", keys, |key| key.booked_as.as_ref()?.1);
    }
    table
}

fn plan_rows(result: &PlanResult) -> Vec<PlanRow<'_>> {
    if !result.plan.is_usable() {
        return Vec::new();
    }
    let model = &result.model;
    let mut rows = Vec::new();
    for (month, counts) in result.plan.counts.rows().into_iter().enumerate() {
        let units = valuation::units_in_month(model, month, &counts.to_vec());
        let month_spend = counts.iter().zip(&units).map(|(n, u)| n * u.spend).sum();
        for (cell, (&count, unit)) in counts.iter().zip(&units).enumerate() {
            let band = &model.rules.tier_budget_share[model.cells[cell].tier];
            rows.push(PlanRow {
                plan: &result.plan.name,
                month: month + 1,
                key: model.key(cell),
                count,
                unit_cost: Some(unit.spend),
                unit_revenue: Some(unit.revenue),
                spend: count * unit.spend,
                revenue: count * unit.revenue,
                month_spend,
                band: band.as_ref().map(|b| (b.low, b.high)),
                unused: result
                    .plan
                    .unused
                    .iter()
                    .find(|u| u.cell == cell && u.month.is_none_or(|own| own == month)),
            });
        }
    }
    rows
}

/// `summary.parquet`.
#[must_use]
pub fn summary(rows: &[SummaryRow]) -> Table {
    summary_columns(Table::new(), rows, |r| r)
}

/// The columns of `summary.parquet` behind those a table already has.
pub(super) fn summary_columns<T>(
    table: Table,
    rows: &[T],
    row: impl Fn(&T) -> &SummaryRow + Copy,
) -> Table {
    let estimate = move |r: &T| row(r).estimate;
    let table = table
        .text("plan", rows, |r| Some(&row(r).plan))
        .month("month", rows, |r| row(r).month)
        .text("scope", rows, |r| Some(row(r).scope.kind.name()))
        .text("tier", rows, |r| row(r).scope.tier.as_deref())
        .text("partnership", rows, |r| row(r).scope.partnership.as_deref())
        .text("category", rows, |r| row(r).scope.category.as_deref())
        .text("region", rows, |r| row(r).scope.region.as_deref());
    // Only where something is booked so: other scenarios keep their columns.
    let table = if rows.iter().any(|r| row(r).scope.booked_as.is_some()) {
        table.text("booked_as", rows, |r| row(r).scope.booked_as.as_deref())
    } else {
        table
    };
    table
        .text("metric", rows, |r| Some(row(r).metric.name()))
        .number("mean", rows, |r| estimate(r).mean)
        .number("ratio_of_means", rows, |r| estimate(r).ratio_of_means)
        .number("sd", rows, |r| estimate(r).sd)
        .number("mc_error", rows, |r| estimate(r).mc_error)
        .number("ratio_of_means_error", rows, |r| {
            estimate(r).ratio_of_means_error
        })
        .number("p05", rows, |r| estimate(r).quantiles[0])
        .number("p10", rows, |r| estimate(r).quantiles[1])
        .number("p25", rows, |r| estimate(r).quantiles[2])
        .number("p50", rows, |r| estimate(r).quantiles[3])
        .number("p75", rows, |r| estimate(r).quantiles[4])
        .number("p90", rows, |r| estimate(r).quantiles[5])
        .number("p95", rows, |r| estimate(r).quantiles[6])
        .number("p05_error", rows, |r| estimate(r).quantile_errors[0])
        .number("p50_error", rows, |r| estimate(r).quantile_errors[1])
        .number("p95_error", rows, |r| estimate(r).quantile_errors[2])
        .number("target", rows, |r| estimate(r).target)
        .number("prob_target", rows, |r| estimate(r).prob_target)
        .number("prob_target_error", rows, |r| estimate(r).prob_target_error)
        .number("undefined_share", rows, |r| {
            Some(estimate(r).undefined_share)
        })
}

/// `comparison.parquet`.
#[must_use]
pub fn comparison(rows: &[ComparisonRow]) -> Table {
    Table::new()
        .text("plan", rows, |r| Some(&r.plan))
        .text("baseline", rows, |r| Some(&r.baseline))
        .month("month", rows, |r| r.month)
        .text("scope", rows, |r| Some(r.scope.kind.name()))
        .text("tier", rows, |r| r.scope.tier.as_deref())
        .text("metric", rows, |r| Some(r.metric.name()))
        .number("mean_difference", rows, |r| r.mean_difference)
        .number("mc_error", rows, |r| r.mc_error)
        .number("p05", rows, |r| r.p05)
        .number("p50", rows, |r| r.p50)
        .number("p95", rows, |r| r.p95)
        .number("prob_better", rows, |r| r.prob_better)
        .number("prob_better_error", rows, |r| r.prob_better_error)
}

/// `rebalancing.parquet`.
#[must_use]
pub fn rebalancing(rows: &[RebalancingRow]) -> Table {
    Table::new()
        .text("plan", rows, |r| Some(&r.plan))
        .text("baseline", rows, |r| Some(&r.baseline))
        .text("tier", rows, |r| Some(&r.tier))
        .text("partnership", rows, |r| Some(&r.partnership))
        .number("count_from", rows, |r| Some(r.count_from))
        .number("count_to", rows, |r| Some(r.count_to))
        .number("spend_from", rows, |r| Some(r.spend_from))
        .number("spend_to", rows, |r| Some(r.spend_to))
        .number("revenue_contribution", rows, |r| {
            Some(r.revenue_contribution)
        })
        .number("roas_contribution", rows, |r| r.roas_contribution)
}

/// `dependency.parquet`.
#[must_use]
pub fn dependency(rows: &[DependencyRow]) -> Table {
    Table::new()
        .text("plan", rows, |r| Some(&r.plan))
        .text("metric", rows, |r| Some(r.metric.name()))
        .number("mean", rows, |r| r.mean)
        .number("mc_error", rows, |r| r.mc_error)
        .number("p05", rows, |r| r.quantiles[0])
        .number("p50", rows, |r| r.quantiles[1])
        .number("p95", rows, |r| r.quantiles[2])
        .number("p05_error", rows, |r| r.quantile_errors[0])
        .number("p50_error", rows, |r| r.quantile_errors[1])
        .number("p95_error", rows, |r| r.quantile_errors[2])
        .number("undefined_share", rows, |r| Some(r.undefined_share))
        .number("trials", rows, |r| Some(r.trials as f64))
}

/// `risk.parquet`: what each usable plan promises beyond its mean, and how far it keeps that.
#[must_use]
pub fn risk(plans: &[PlanResult]) -> Table {
    let rows: Vec<(&PlanResult, &RiskState)> = plans
        .iter()
        .flat_map(|p| p.plan.risks.iter().map(move |r| (p, r)))
        .collect();
    let bound = |r: &RiskState, least: bool| match r.bound? {
        Bound::AtLeast(v) if least => Some(v),
        Bound::AtMost(v) if !least => Some(v),
        _ => None,
    };
    let table = Table::new()
        .text("plan", &rows, |r| Some(&r.0.plan.name))
        .text("rule", &rows, |r| Some(&r.1.key))
        .text("metric", &rows, |r| Some(r.1.metric.name()))
        .text("measure", &rows, |r| Some(r.1.measure.name()))
        .number("level", &rows, |r| match r.1.measure {
            RiskMeasure::Cvar { level } => Some(level),
            RiskMeasure::Probability { .. } => None,
        })
        .number("at_least", &rows, |r| bound(r.1, true))
        .number("at_most", &rows, |r| bound(r.1, false))
        .number("with", &rows, |r| match r.1.measure {
            RiskMeasure::Probability { with } => Some(with),
            RiskMeasure::Cvar { .. } => None,
        })
        .number("wanted", &rows, |r| r.1.wanted().map(Bound::value))
        .number("in_sample", &rows, |r| Some(r.1.in_sample))
        .number("in_sample_error", &rows, |r| Some(r.1.in_sample_error))
        .number("out_of_sample", &rows, |r| r.1.out_of_sample)
        .number("out_of_sample_error", &rows, |r| r.1.out_of_sample_error)
        .number("tightened", &rows, |r| Some(r.1.tightened))
        .text("verdict", &rows, |r| Some(r.1.verdict()))
        .whole("trials_in_sample", &rows, |r| Some(r.0.model.risk.trials))
        .whole("trials_out_of_sample", &rows, |r| {
            r.1.out_of_sample.map(|_| r.0.model.risk.check_trials())
        });
    if plans.iter().any(|p| p.model.months > 1) {
        table.month("month", &rows, |r| r.1.month.map(|month| month + 1))
    } else {
        table
    }
}

/// `constraints.parquet`: all plans, infeasible ones too. `unit` is what the shadow price is per.
#[must_use]
pub fn constraints(result: &RunResult) -> Table {
    let rows: Vec<(&str, &ConstraintState)> = result
        .plans
        .iter()
        .flat_map(|p| p.plan.constraints.iter().map(|c| (p.plan.name.as_str(), c)))
        .collect();
    Table::new()
        .text("plan", &rows, |r| Some(r.0))
        .month("month", &rows, |r| r.1.month.map(|month| month + 1))
        .text("constraint", &rows, |r| Some(&r.1.name))
        .text("kind", &rows, |r| Some(r.1.kind.name()))
        .number("low", &rows, |r| r.1.low)
        .number("value", &rows, |r| r.1.value)
        .number("high", &rows, |r| r.1.high)
        .flag("binding", &rows, |r| r.1.binding)
        .number("shadow_price", &rows, |r| r.1.shadow_price)
        .text("unit", &rows, |r| Some(&r.1.price_unit))
        .number("cost", &rows, |r| r.1.range.cost)
        .number("range_to", &rows, |r| r.1.range.to)
        .number("range_gain", &rows, |r| r.1.range.gain)
        .text("then_binds", &rows, |r| r.1.range.then_binds.as_deref())
}

struct AlternativeRow<'a> {
    plan: &'a str,
    number: usize,
    alternative: &'a Alternative,
    base: Option<f64>,
    /// Where months have counts of their own.
    month: Option<usize>,
    key: CellKey,
    count: f64,
    plan_count: f64,
}

/// `alternatives.parquet`: one row a plan, alternative and offered cell, of plans whose months differ or hang together
/// also a month, zeros too.
#[must_use]
pub fn alternatives(result: &RunResult) -> Table {
    let rows: Vec<AlternativeRow<'_>> = result.plans.iter().flat_map(alternative_rows).collect();
    let mut table = Table::new()
        .text("plan", &rows, |r| Some(r.plan))
        .month("alternative", &rows, |r| Some(r.number))
        .text("tier", &rows, |r| Some(&r.key.tier))
        .text("partnership", &rows, |r| Some(&r.key.partnership))
        .text("category", &rows, |r| r.key.category.as_deref())
        .text("region", &rows, |r| r.key.region.as_deref())
        .number("count", &rows, |r| Some(r.count))
        .number("plan_count", &rows, |r| Some(r.plan_count))
        .number("objective", &rows, |r| Some(r.alternative.objective))
        .number("objective_difference", &rows, |r| {
            Some(r.alternative.objective - r.base?)
        })
        .number("moved", &rows, |r| Some(r.alternative.moved));
    // Only where there are such rows: other scenarios keep their columns.
    if rows.iter().any(|r| r.month.is_some()) {
        table = table.month("month", &rows, |r| r.month);
        let keys: Vec<&CellKey> = rows.iter().map(|r| &r.key).collect();
        table = booked_as(table, result, &keys);
    }
    table
}

fn alternative_rows(result: &PlanResult) -> Vec<AlternativeRow<'_>> {
    let plan = &result.plan;
    let mut rows = Vec::new();
    for (index, alternative) in plan.alternatives.iter().enumerate() {
        let several = alternative.counts.nrows() > 1;
        for ((month, cell), &count) in alternative.counts.indexed_iter() {
            rows.push(AlternativeRow {
                plan: &plan.name,
                number: index + 1,
                alternative,
                base: plan.objective,
                month: several.then_some(month + 1),
                key: result.model.key(cell),
                count,
                plan_count: plan.counts[[month, cell]],
            });
        }
    }
    rows
}
