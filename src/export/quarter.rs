//! The tables of a quarter: what revenue comes when, and what money moves when.

use super::table::Table;
use super::whole::names;
use crate::engine::RunResult;
use crate::forecast::{self, CashRow, ForecastRow};
use crate::summary::Estimate;

/// Both, with their files and keys in result.json; none where no plan says anything of time.
pub(super) fn tables(run: &RunResult) -> Vec<(&'static str, &'static str, Table)> {
    if !run.plans.iter().any(|p| forecast::applies(&p.model)) {
        return Vec::new();
    }
    vec![
        (names::FORECAST, "forecast", forecast(&run.forecast)),
        (names::CASH, "cash", cash(&run.cash)),
    ]
}

/// `forecast.parquet`.
#[must_use]
pub fn forecast(rows: &[ForecastRow]) -> Table {
    let table = Table::new()
        .text("plan", rows, |r| Some(&r.plan))
        .month("month", rows, |r| r.month)
        .text("metric", rows, |r| Some(r.metric.name()))
        .flag("additive", rows, |r| !r.metric.is_stock());
    estimates(table, rows, |r| r.estimate)
}

/// `cash.parquet`.
#[must_use]
pub fn cash(rows: &[CashRow]) -> Table {
    let table = Table::new()
        .text("plan", rows, |r| Some(&r.plan))
        .month("month", rows, |r| r.month)
        .text("metric", rows, |r| Some(r.metric.name()))
        .flag("additive", rows, |r| !r.metric.is_stock());
    estimates(table, rows, |r| r.estimate)
        .number("prob_peak", rows, |r| r.prob_peak.map(|p| p.0))
        .number("prob_peak_error", rows, |r| r.prob_peak.map(|p| p.1))
}

fn estimates<T>(table: Table, rows: &[T], of: impl Fn(&T) -> Estimate + Copy) -> Table {
    table
        .number("mean", rows, |r| of(r).mean)
        .number("sd", rows, |r| of(r).sd)
        .number("mc_error", rows, |r| of(r).mc_error)
        .number("p05", rows, |r| of(r).quantiles[0])
        .number("p10", rows, |r| of(r).quantiles[1])
        .number("p25", rows, |r| of(r).quantiles[2])
        .number("p50", rows, |r| of(r).quantiles[3])
        .number("p75", rows, |r| of(r).quantiles[4])
        .number("p90", rows, |r| of(r).quantiles[5])
        .number("p95", rows, |r| of(r).quantiles[6])
        .number("p05_error", rows, |r| of(r).quantile_errors[0])
        .number("p50_error", rows, |r| of(r).quantile_errors[1])
        .number("p95_error", rows, |r| of(r).quantile_errors[2])
}
