//! Single values: numbers, words, bands and distributions in all their forms.

use super::keys::{Kind, LARGEST, LARGEST_COUNT, MOST_TRIALS};
use super::names::nearest;
use super::problem::Fault;
use super::spread;
use super::time_value;
use super::tree::{Node, Value};

/// A band as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Share {
    /// One number, before tolerance.
    Number(f64),
    /// Both ends.
    Band(f64, f64),
    /// Lifted.
    Free,
}

/// `value` shortened for a message.
pub(super) fn short(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(40)
        .map(|c| if c.is_control() { '?' } else { c })
        .collect();
    if text.chars().count() > 40 {
        out.push('…');
    }
    out
}

pub(super) fn wrong(node: &Node, expected: &str) -> Fault {
    let what = match &node.value {
        Value::Text(s) => format!("the string \"{}\"", short(s)),
        Value::Whole(i) => format!("the number {i}"),
        Value::Float(f) => format!("the number {f:?}"),
        Value::Flag(b) => format!("{b}"),
        _ => node.kind().to_owned(),
    };
    Fault::at(node.mark, format!("expected {expected}, found {what}"))
        .expected(format!("expected {expected}"))
}

/// A number written plainly: digits, `_`, a decimal point, an exponent, then `%`, `k` or `m`.
/// `None` if it is no number.
pub(super) fn number_text(text: &str) -> Option<f64> {
    let text = text.trim();
    let (digits, decimals) = match text.chars().last()? {
        '%' => (&text[..text.len() - 1], -2),
        'k' | 'K' => (&text[..text.len() - 1], 3),
        'm' | 'M' => (&text[..text.len() - 1], 6),
        _ => (text, 0),
    };
    let digits = digits.trim_end();
    let plain = !digits.is_empty()
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '_' | '.' | '-' | '+' | 'e' | 'E'))
        && !digits.starts_with('_')
        && !digits.ends_with('_');
    if !plain {
        return None;
    }
    let digits = digits.replace('_', "");
    // The suffix joins the exponent, so that "40%" is the double nearest to 0.4.
    if decimals != 0 && !digits.contains(['e', 'E']) {
        return format!("{digits}e{decimals}").parse().ok();
    }
    let value: f64 = digits.parse().ok()?;
    Some(match decimals {
        0 => value,
        -2 => value / 100.0,
        3 => value * 1e3,
        _ => value * 1e6,
    })
}

/// Any finite number, also in a string.
pub(super) fn number(node: &Node) -> Result<f64, Fault> {
    let value = match &node.value {
        Value::Whole(i) => *i as f64,
        Value::Float(f) => *f,
        Value::Text(s) => number_text(s).ok_or_else(|| {
            wrong(node, "a number")
                .help("numbers may be written as 0.4, \"40%\", \"5k\", \"1.2m\" or 300_000")
        })?,
        _ => return Err(wrong(node, "a number")),
    };
    if value.is_nan() {
        return Err(
            Fault::at(node.mark, "nan is not a number that can be planned with")
                .expected("expected a finite number"),
        );
    }
    if value.is_infinite() {
        return Err(Fault::at(node.mark, "this number is infinite or too large")
            .expected("expected a finite number"));
    }
    Ok(value)
}

/// A number without hundreds of zeros.
pub(super) fn plain(value: f64) -> String {
    let size = value.abs();
    if size >= 1e17 || size > 0.0 && size < 1e-7 {
        format!("{value:e}")
    } else {
        format!("{value}")
    }
}

/// A number in a range.
pub(super) fn ranged(node: &Node, min: f64, max: f64, open: bool) -> Result<f64, Fault> {
    let value = number(node)?;
    let inside = if open {
        min < value && value < max
    } else {
        (min..=max).contains(&value)
    };
    if inside {
        return Ok(value);
    }
    let range = range_text(min, max, open);
    let fault = Fault::at(node.mark, format!("{} is out of range", plain(value)))
        .expected(format!("expected a number {range}"));
    let in_percent = matches!(&node.value, Value::Text(s) if s.contains('%'));
    Err(
        if max == 1.0 && (2.0..=100.0).contains(&value) && !in_percent {
            fault.help(format!("for {value} percent write \"{value}%\""))
        } else {
            fault
        },
    )
}

/// A number of people, one at least.
pub(super) fn people(node: &Node) -> Result<f64, Fault> {
    ranged(node, 1.0, LARGEST, false)
}

/// A range in words.
pub(super) fn range_text(min: f64, max: f64, open: bool) -> String {
    match (min, max, open) {
        (0.0, LARGEST, false) => "from 0 to 1e15".to_owned(),
        (1.0, LARGEST, false) => "from 1 to 1e15".to_owned(),
        (0.0, LARGEST, true) => "above 0 and below 1e15".to_owned(),
        (_, _, true) => format!("above {min} and below {max}"),
        _ if min == -LARGEST => "between -1e15 and 1e15".to_owned(),
        _ => format!("from {min} to {max}"),
    }
}

/// A text.
pub(super) fn text(node: &Node) -> Result<&str, Fault> {
    match &node.value {
        Value::Text(s) => Ok(s),
        _ => Err(wrong(node, "a string").help("put it in quotation marks")),
    }
}

/// One of these words.
pub(super) fn word<'a>(node: &Node, words: &[&'a str]) -> Result<&'a str, Fault> {
    let list = words
        .iter()
        .map(|w| format!("\"{w}\""))
        .collect::<Vec<_>>()
        .join(", ");
    let expected = if words.len() == 1 {
        list
    } else {
        format!("one of {list}")
    };
    let Value::Text(s) = &node.value else {
        return Err(wrong(node, &expected));
    };
    words.iter().find(|w| *w == s).copied().ok_or_else(|| {
        let fault = Fault::at(node.mark, format!("unknown value \"{}\"", short(s)))
            .expected(format!("expected {expected}"));
        match nearest(s, words.iter().copied()) {
            Some(near) => fault.help(format!("did you mean \"{near}\"?")),
            None => fault,
        }
    })
}

/// true or false.
pub(super) fn flag(node: &Node) -> Result<bool, Fault> {
    match node.value {
        Value::Flag(b) => Ok(b),
        _ => Err(wrong(node, "true or false")),
    }
}

/// A whole number in a range, also in a string.
pub(super) fn whole(node: &Node, min: u64, max: u64) -> Result<u64, Fault> {
    let expected = format!("a whole number from {min} to {max}");
    let value = match &node.value {
        Value::Whole(i) => *i,
        Value::Text(s) => match s.trim().replace('_', "").parse::<i128>() {
            Ok(i) if number_text(s).is_some() => i,
            _ => match number_text(s) {
                Some(f) if f.fract() == 0.0 && f.abs() < 1e15 => f as i128,
                _ => return Err(wrong(node, &expected)),
            },
        },
        Value::Float(f) if f.fract() == 0.0 && f.abs() < 1e15 => *f as i128,
        _ => return Err(wrong(node, &expected)),
    };
    u64::try_from(value)
        .ok()
        .filter(|v| (min..=max).contains(v))
        .ok_or_else(|| {
            Fault::at(node.mark, format!("{value} is out of range"))
                .expected(format!("expected {expected}"))
        })
}

/// A number of creators; whole unless counts may be fractional, which the reader checks.
pub(super) fn count(node: &Node) -> Result<f64, Fault> {
    ranged(node, 0.0, LARGEST_COUNT, false)
}

/// A number of creators, or "free" (`None`).
pub(super) fn count_or_free(node: &Node) -> Result<Option<f64>, Fault> {
    match &node.value {
        Value::Text(s) if s == "free" => Ok(None),
        Value::Text(s) if number_text(s).is_none() => {
            Err(wrong(node, "a number of creators or \"free\""))
        }
        Value::Float(f) if *f == f64::INFINITY => number(node)
            .map(Some)
            .map_err(|f| f.help("for no bound write \"free\"")),
        _ => count(node).map(Some),
    }
}

/// A probability in (0, 1), or "free" (`None`).
pub(super) fn level_or_free(node: &Node) -> Result<Option<f64>, Fault> {
    match &node.value {
        Value::Text(s) if s == "free" => Ok(None),
        Value::Text(s) if number_text(s).is_none() => Err(wrong(node, "a probability or \"free\"")),
        _ => ranged(node, 0.0, 1.0, true).map(Some),
    }
}

/// Whether it is a name of a-z, 0-9 and hyphens.
pub(super) fn is_slug(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Some of these names, none twice. Faults are added; the good names are returned.
pub(super) fn names(
    node: &Node,
    known: &'static [&'static str],
    faults: &mut Vec<Fault>,
) -> Vec<&'static str> {
    let Value::Array(list) = &node.value else {
        faults.push(wrong(node, "a list of names").help(format!(
            "write it as [{}]",
            known
                .iter()
                .take(2)
                .map(|k| format!("\"{k}\""))
                .collect::<Vec<_>>()
                .join(", ")
        )));
        return Vec::new();
    };
    if list.is_empty() {
        faults.push(
            Fault::at(node.mark, "this list is empty")
                .expected("expected at least one name")
                .help("leave the key out for its preset"),
        );
    }
    let mut out = Vec::new();
    for entry in list.iter().take(100) {
        match word(entry, known) {
            Ok(name) if out.contains(&name) => faults.push(
                Fault::at(entry.mark, format!("\"{name}\" is listed twice"))
                    .expected("second of the two"),
            ),
            Ok(name) => out.push(name),
            Err(fault) => faults.push(fault),
        }
    }
    out
}

/// A share, a band or "free".
pub(super) fn band(node: &Node) -> Result<Share, Fault> {
    let expected = "a share as 0.4 or \"40%\", a band as [0.25, 0.4], or \"free\"";
    match &node.value {
        Value::Text(s) if s == "free" => Ok(Share::Free),
        Value::Text(s) if number_text(s).is_none() => Err(wrong(node, expected)),
        Value::Array(ends) => {
            let [low, high] = ends.as_slice() else {
                return Err(Fault::at(
                    node.mark,
                    format!("a band has two ends, this has {}", ends.len()),
                )
                .expected("expected [low, high]"));
            };
            let low_value = ranged(low, 0.0, 1.0, false)?;
            let high_value = ranged(high, 0.0, 1.0, false)?;
            if low_value > high_value {
                return Err(Fault::at(
                    node.mark,
                    format!("this band is empty: its low end {low_value} is above its high end {high_value}"),
                )
                .expected(format!("expected [{high_value}, {low_value}]?")));
            }
            Ok(Share::Band(low_value, high_value))
        }
        Value::Table(_) | Value::Flag(_) | Value::Date(_) => Err(wrong(node, expected)),
        _ => ranged(node, 0.0, 1.0, false).map(Share::Number),
    }
}

/// Checks a value against its kind. Names of cells are checked by the reader, which knows them.
pub(super) fn check(node: &Node, kind: Kind, faults: &mut Vec<Fault>) {
    let result = match kind {
        Kind::Schema => match node.value {
            Value::Whole(1) => Ok(()),
            Value::Whole(n) => Err(Fault::at(
                node.mark,
                format!("version {n} is not known to this release"),
            )
            .expected("expected 1")),
            _ => Err(wrong(node, "1")),
        },
        Kind::Slug => text(node).and_then(|s| {
            if is_slug(s) {
                Ok(())
            } else {
                Err(Fault::at(
                    node.mark,
                    format!("\"{}\" cannot name an output folder", short(s)),
                )
                .expected("expected only a-z, 0-9 and hyphens, at most 100"))
            }
        }),
        Kind::Text(filled) => text(node).and_then(|s| {
            if filled && s.trim().is_empty() {
                Err(Fault::at(node.mark, "this name is empty").expected("expected a name"))
            } else if s.len() > 10_000 || (filled && s.chars().count() > 200) {
                Err(Fault::at(node.mark, "this text is too long")
                    .expected("expected at most 200 characters in a name, 10,000 elsewhere"))
            } else if filled && s.chars().any(char::is_control) {
                Err(Fault::at(
                    node.mark,
                    "this name holds a line break or another control character",
                )
                .expected("expected a name on one line"))
            } else {
                Ok(())
            }
        }),
        Kind::Currency => text(node).and_then(|s| {
            if s.len() == 3 && s.bytes().all(|b| b.is_ascii_uppercase()) {
                Ok(())
            } else {
                Err(wrong(
                    node,
                    "a currency code of three capital letters, e.g. \"CNY\"",
                ))
            }
        }),
        Kind::Word(words) => word(node, words).map(drop),
        Kind::Flag => flag(node).map(drop),
        Kind::Seed => whole(node, 0, u64::MAX).map(drop),
        Kind::Trials => whole(node, 1, MOST_TRIALS).map(drop),
        Kind::Months
        | Kind::Budgets
        | Kind::MonthAmounts
        | Kind::Seasons
        | Kind::Range
        | Kind::Day
        | Kind::Month => time_value::check(node, kind, faults),
        Kind::Number { min, max, open } => ranged(node, min, max, open).map(drop),
        Kind::LevelOrFree => level_or_free(node).map(drop),
        Kind::Whole { min, max } => whole(node, min, max).map(drop),
        Kind::Count => count(node).map(drop),
        Kind::CountOrFree => count_or_free(node).map(drop),
        Kind::Amount | Kind::CostPer | Kind::Rate => spread::distribution(node, kind).map(drop),
        Kind::OrderValue => spread::order_value(node).map(drop),
        Kind::Band => band(node).map(drop),
        Kind::Some(known) => {
            names(node, known, faults);
            Ok(())
        }
        // What stands in a table is read with the scenario's own names.
        Kind::Sizes => match node.value {
            Value::Table(_) if !node.items().is_empty() => Ok(()),
            Value::Table(_) | Value::Array(_) => Err(wrong(
                node,
                "a number of people, or a table of them by region or category",
            )),
            _ => people(node).map(drop),
        },
        Kind::Counts if matches!(&node.value, Value::Array(list) if !list.is_empty()) => {
            time_value::tables(node, faults);
            Ok(())
        }
        Kind::Cells(_) | Kind::Counts | Kind::CellRanges => match node.value {
            Value::Table(_) => Ok(()),
            _ => Err(wrong(
                node,
                "a table of cell keys, e.g. { \"mid.sponsored\" = 5 }",
            )),
        },
    };
    if let Err(fault) = result {
        faults.push(fault);
    }
}
