//! Days of the horizon as dates.

use jiff::civil::Date;

use crate::model::Model;
use crate::units::YearMonth;

/// The date of a day of the horizon, a day of the month given (both from 0); `None` where the scenario names no
/// first month.
#[must_use]
pub fn date(model: &Model, month: usize, day: u32) -> Option<Date> {
    let (year, first) = model.start?;
    let of_month = YearMonth::new(year, first)?.plus_months(u32::try_from(month).ok()?)?;
    let days = jiff::Span::new()
        .try_days(i64::from(day) - i64::from(model.horizon.first_day(month)))
        .ok()?;
    of_month.first_day().checked_add(days).ok()
}

/// The weekday of a date, e.g. `Mon`.
#[must_use]
pub fn weekday(date: Date) -> &'static str {
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][monday_is_zero(date)]
}

fn monday_is_zero(date: Date) -> usize {
    usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0)
}
