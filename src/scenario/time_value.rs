//! Single values of months: how many, a list of one a month, ranges, months and days of the calendar.

use super::horizon_keys::{LARGEST_SEASON, MOST_MONTHS};
use super::keys::{Kind, LARGEST};
use super::problem::Fault;
use super::tree::{Node, Value};
use super::value::{number, number_text, ranged, whole, wrong};

/// Months of a horizon.
pub(super) fn months(node: &Node) -> Result<u64, Fault> {
    whole(node, 1, MOST_MONTHS).map_err(|fault| match fault.help {
        None if number(node).is_ok_and(|m| m > MOST_MONTHS as f64) => {
            fault.help("a longer horizon is planned in parts, each with a file of its own")
        }
        _ => fault,
    })
}

/// A list of numbers from 0, one a month. Faults are added; the good numbers are returned.
pub(super) fn monthly(node: &Node, max: f64, faults: &mut Vec<Fault>) -> Vec<f64> {
    let Value::Array(list) = &node.value else {
        faults.push(
            wrong(node, "a list of numbers, one a month").help("write it as [1.0, 1.15, 0.9]"),
        );
        return Vec::new();
    };
    if list.is_empty() {
        faults.push(
            Fault::at(node.mark, "this list is empty").expected("expected one number a month"),
        );
    }
    let mut out = Vec::new();
    for entry in list.iter().take(100) {
        match ranged(entry, 0.0, max, false) {
            Ok(value) => out.push(value),
            Err(fault) => faults.push(fault),
        }
    }
    out
}

/// Checks that a list is one of tables.
pub(super) fn tables(node: &Node, faults: &mut Vec<Fault>) {
    let Value::Array(list) = &node.value else {
        return;
    };
    for entry in list.iter().take(1000) {
        if !matches!(entry.value, Value::Table(_)) {
            faults.push(wrong(
                entry,
                "a table of cell keys for each month, e.g. [{ \"mid.sponsored\" = 5 }, …]",
            ));
        }
    }
}

/// Checks a value of months, ranges or days against its kind; faults of lists are added.
pub(super) fn check(node: &Node, kind: Kind, faults: &mut Vec<Fault>) -> Result<(), Fault> {
    match kind {
        Kind::Months => months(node).map(drop),
        Kind::Month => month(node).map(drop),
        Kind::Day => day(node).map(drop),
        Kind::Range => range(node, LARGEST).map(drop),
        Kind::Budgets if !matches!(node.value, Value::Array(_)) => match &node.value {
            Value::Text(s) if number_text(s).is_none() => Err(wrong(node, "a number")
                .help("numbers may be written as 0.4, \"40%\", \"5k\", \"1.2m\" or 300_000")),
            _ => ranged(node, 0.0, LARGEST, true).map(drop),
        },
        Kind::Seasons => {
            monthly(node, LARGEST_SEASON, faults);
            Ok(())
        }
        _ => {
            monthly(node, LARGEST, faults);
            Ok(())
        }
    }
}

/// What a number or a pair says: the number, or least and most (`None`: no bound).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Range {
    /// One number.
    One(f64),
    /// Both ends.
    Ends(f64, Option<f64>),
}

/// A number, or [low, high], where high may be "free".
pub(super) fn range(node: &Node, largest: f64) -> Result<Range, Fault> {
    let Value::Array(ends) = &node.value else {
        return match &node.value {
            Value::Text(s) if number_text(s).is_none() => {
                Err(wrong(node, "a number or [least, most]"))
            }
            Value::Table(_) | Value::Flag(_) | Value::Date(_) => {
                Err(wrong(node, "a number or [least, most]"))
            }
            _ => ranged(node, 0.0, largest, false).map(Range::One),
        };
    };
    let [low, high] = ends.as_slice() else {
        return Err(
            Fault::at(node.mark, format!("this range has {} ends", ends.len()))
                .expected("expected [least, most]"),
        );
    };
    let low = ranged(low, 0.0, largest, false)?;
    let high = match &high.value {
        Value::Text(s) if s == "free" => None,
        _ => Some(ranged(high, 0.0, largest, false)?),
    };
    if let Some(high) = high.filter(|&high| high < low) {
        return Err(Fault::at(
            node.mark,
            format!("this range is empty: it runs from {low} to {high}"),
        )
        .expected("expected the smaller number first"));
    }
    Ok(Range::Ends(low, high))
}

/// A day "2026-08-03", in quotation marks or as a date of TOML.
pub(super) fn day(node: &Node) -> Result<jiff::civil::Date, Fault> {
    let fault = || wrong(node, "a day as \"2026-08-03\"");
    let (Value::Text(text) | Value::Date(text)) = &node.value else {
        return Err(fault());
    };
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    text.parse().ok().filter(|_| plain).ok_or_else(fault)
}

/// A first month "2026-04" as (year, month).
pub(super) fn month(node: &Node) -> Result<(i16, i8), Fault> {
    let fault = || wrong(node, "a month as \"2026-04\"");
    let Value::Text(s) = &node.value else {
        return Err(fault());
    };
    let (year, month) = s.split_once('-').ok_or_else(fault)?;
    let digits = |t: &str, n: usize| t.len() == n && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(year, 4) || !digits(month, 2) {
        return Err(fault());
    }
    match (year.parse::<i16>(), month.parse::<i8>()) {
        (Ok(y), Ok(m)) if (1..=12).contains(&m) && y >= 1 => Ok((y, m)),
        _ => Err(fault()),
    }
}
