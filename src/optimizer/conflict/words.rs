//! Amounts in words: money, shares, counts, with the rounding that keeps a named bound sufficient.

use crate::model::{BudgetScale, Constraint, ConstraintKind, Metric, Origin, Unit};
use crate::units::{currency_sign, grouped};

/// How an amount may be rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// To the nearest.
    Near,
    /// Never below the value: for bounds that must be at least so large.
    Up,
    /// Never above the value: for bounds that may be at most so large.
    Down,
    /// Enough digits to tell apart what differs: for what the user wrote.
    Exact,
}

/// A rule's name as it is quoted in sentences.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{name}`")
}

/// An amount with its unit, e.g. `¥30,000`, `84.02 %`, `12 h`.
pub(crate) fn amount(value: f64, unit: Unit, currency: &str, rounding: Rounding) -> String {
    finer(value, unit, currency, rounding, 0)
}

/// The same with more decimals.
pub(crate) fn finer(
    value: f64,
    unit: Unit,
    currency: &str,
    rounding: Rounding,
    more: usize,
) -> String {
    let number = |value: f64, decimals: usize| number(value, decimals + more, rounding);
    match unit {
        Unit::Money => money(value, currency, rounding, more),
        Unit::Metric(metric) if metric.is_money() => money(value, currency, rounding, more),
        Unit::Metric(Metric::Roas | Metric::Roi) => number(value, 3),
        Unit::Metric(_) => number(value, if value.abs() < 100.0 { 2 } else { 0 }),
        Unit::Share => format!("{} %", number(100.0 * value, 2)),
        Unit::Hours => format!("{} h", number(value, 2)),
        Unit::Count | Unit::Plain => number(value, 2),
    }
}

fn money(value: f64, currency: &str, rounding: Rounding, more: usize) -> String {
    let (decimals, rounding) = match rounding {
        // Nobody writes parts of a cent, but the arithmetic makes them.
        Rounding::Exact if value.abs() >= 1.0 => (2, Rounding::Near),
        rounding if value.abs() < 1000.0 => (2, rounding),
        rounding => (0, rounding),
    };
    let digits = number(
        value.abs(),
        decimals + more,
        if value < 0.0 {
            flip(rounding)
        } else {
            rounding
        },
    );
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}{}{digits}", currency_sign(currency))
}

fn flip(rounding: Rounding) -> Rounding {
    match rounding {
        Rounding::Up => Rounding::Down,
        Rounding::Down => Rounding::Up,
        other => other,
    }
}

/// At most so many decimals, trailing zeros dropped, thousands grouped.
fn number(value: f64, decimals: usize, rounding: Rounding) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "undefined"
        } else if value > 0.0 {
            "∞"
        } else {
            "−∞"
        }
        .to_owned();
    }
    let decimals = if rounding == Rounding::Exact {
        decimals.max(6)
    } else {
        decimals
    };
    let scale = libm::pow(10.0, decimals as f64);
    let scaled = value * scale;
    // what differs from a round figure by less than the arithmetic's own error is that figure
    let near = scaled.round();
    let rounded = if (scaled - near).abs() <= 1e-9 * scaled.abs().max(1.0) {
        near
    } else {
        match rounding {
            Rounding::Near | Rounding::Exact => near,
            Rounding::Up => scaled.ceil(),
            Rounding::Down => scaled.floor(),
        }
    };
    let text = format!("{:.*}", decimals, (rounded / scale).abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let grouped = grouped(whole);
    let part = part.trim_end_matches('0');
    let sign = if rounded < 0.0 { "−" } else { "" };
    if part.is_empty() {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}.{part}")
    }
}

/// The bounds as they stand, e.g. `3 % to 7 %`, `at least ¥27,000`.
pub(super) fn bounds(constraint: &Constraint, currency: &str) -> String {
    let show = |v: f64| amount(v, constraint.unit, currency, Rounding::Exact);
    match (constraint.low, constraint.high) {
        (Some(low), Some(high)) if low == high => format!("exactly {}", show(low)),
        (Some(low), Some(high)) => format!("{} to {}", show(low), show(high)),
        (Some(low), None) => format!("at least {}", show(low)),
        (None, Some(high)) if constraint.kind == ConstraintKind::Budget => show(high),
        (None, Some(high)) => format!("at most {}", show(high)),
        (None, None) => "free".to_owned(),
    }
}

/// The rule in words: `diversity.tier_budget_share.mega between 3 % and 7 %`.
pub(crate) fn stated(constraint: &Constraint, currency: &str) -> String {
    let show = |v: f64| amount(v, constraint.unit, currency, Rounding::Exact);
    match (constraint.low, constraint.high) {
        (Some(low), Some(high)) if low != high => format!(
            "{} between {} and {}",
            constraint.name,
            show(low),
            show(high)
        ),
        _ => format!("{} {}", constraint.name, bounds(constraint, currency)),
    }
}

/// The bounds as they were written: `90 % of the budget`, `40 % ± 1 point`, then what that comes to.
fn written(constraint: &Constraint, currency: &str) -> String {
    let share = |v: f64| amount(v, Unit::Share, currency, Rounding::Exact);
    if let Some(BudgetScale::LowShare(least)) = constraint.scales {
        let low = constraint.low.unwrap_or(0.0);
        return format!(
            "at least {} of the budget, {}",
            share(least),
            amount(low, Unit::Money, currency, Rounding::Exact)
        );
    }
    if let (Some(asked), Some(low), Some(high)) =
        (constraint.asked, constraint.low, constraint.high)
        && low < high
    {
        let by = f64::max(high - asked, asked - low);
        let points = number(100.0 * by, 2, Rounding::Near);
        return format!(
            "{}{} ± {points} {}, so {}",
            if constraint.stage_band {
                "the stage's "
            } else {
                ""
            },
            amount(asked, Unit::Share, currency, Rounding::Near),
            if points == "1" { "point" } else { "points" },
            bounds(constraint, currency)
        );
    }
    bounds(constraint, currency)
}

/// The rule as it was written, and where: `` `budget` (¥30,000, q.toml:3) ``.
pub(super) fn named(constraint: &Constraint, currency: &str) -> String {
    let place = match &constraint.origin {
        Origin::Default => ", the default".to_owned(),
        Origin::File(at) => format!(", {}:{}", at.file, at.line),
        origin => format!(", {origin}"),
    };
    format!(
        "{} ({}{place})",
        quoted(&constraint.name),
        written(constraint, currency)
    )
}
