//! Plan, actuals and forecast as tables.

use super::table::Table;
use crate::actuals::{Learned, VarianceRow};

/// `variance.parquet`.
#[must_use]
pub fn variance(rows: &[VarianceRow]) -> Table {
    Table::new()
        .text("plan", rows, |r| Some(&r.plan))
        .month("month", rows, |r| r.month)
        .text("tier", rows, |r| r.tier.as_deref())
        .text("metric", rows, |r| Some(r.metric.name()))
        .number("planned", rows, |r| r.planned)
        .number("actual", rows, |r| r.actual)
        .number("forecast", rows, |r| r.forecast)
        .number("forecast_p10", rows, |r| r.p10)
        .number("forecast_p90", rows, |r| r.p90)
        .number("difference", rows, VarianceRow::difference)
        .number("relative", rows, VarianceRow::relative)
}

/// What months that happened say of the shared factors.
#[must_use]
pub fn learned(rows: &[Learned]) -> Table {
    Table::new()
        .text("plan", rows, |r| Some(&r.plan))
        .text("input", rows, |r| Some(r.input.name()))
        .text("tier", rows, |r| r.tier.as_deref())
        .month("month", rows, |r| r.month.map(|month| month + 1))
        .number("prior_sd", rows, |r| Some(r.prior_sd))
        .number("mean", rows, |r| Some(r.mean))
        .number("p10", rows, |r| Some(r.p10))
        .number("p90", rows, |r| Some(r.p90))
}
