//! Numbers and names as the summary says them.

use crate::frontier::{Axis, By};
use crate::model::{Band, Metric, Model, Objective, Unit};
use crate::units::{count, currency_sign, fixed, money, percent, ratio, significant};

/// What is undefined.
pub(super) const UNDEFINED: &str = "–";

/// A plan's name in running text.
pub(super) fn plan_name(name: &str) -> String {
    if name == "base" {
        name.to_owned()
    } else {
        format!("\"{name}\"")
    }
}

/// A metric's name in running text.
pub(super) fn label(metric: Metric) -> &'static str {
    match metric {
        Metric::Roas => "ROAS",
        Metric::Roi => "ROI",
        Metric::Cpm => "CPM",
        Metric::Cpe => "CPE",
        Metric::Cpa => "CPA",
        Metric::NetReach => "net reach",
        other => other.name(),
    }
}

/// A metric's value.
pub(super) fn value(metric: Metric, value: Option<f64>, currency: &str) -> String {
    match value.filter(|v| v.is_finite()) {
        None => UNDEFINED.to_owned(),
        Some(v) if metric.is_money() => money(v, currency),
        Some(v) if metric.denominator().is_some() => ratio(v),
        Some(v) => count(v),
    }
}

/// A difference, with its sign; of ratios to the thousandth, since two that differ by less than
/// their last digit are compared too.
pub(super) fn signed(metric: Metric, difference: Option<f64>, currency: &str) -> String {
    if metric.denominator().is_some() && !metric.is_money() {
        return signed_ratio(difference);
    }
    let text = value(metric, difference, currency);
    plus(&text, difference)
}

/// A difference of money, with its sign.
pub(super) fn signed_money(difference: f64, currency: &str) -> String {
    plus(&money(difference, currency), Some(difference))
}

/// A difference of ratios, with its sign and three decimals.
pub(super) fn signed_ratio(difference: Option<f64>) -> String {
    match difference.filter(|v| v.is_finite()) {
        None => UNDEFINED.to_owned(),
        Some(v) => plus(&fixed(v, 3), Some(v)),
    }
}

fn plus(text: &str, difference: Option<f64>) -> String {
    let something = text.bytes().any(|b| (b'1'..=b'9').contains(&b));
    if something && difference.is_some_and(|d| d > 0.0) {
        format!("+{text}")
    } else {
        text.to_owned()
    }
}

/// A standard error, to two significant digits: "± ¥62".
pub(super) fn error(metric: Metric, error: Option<f64>, currency: &str) -> String {
    let Some(error) = error.filter(|v| v.is_finite()) else {
        return UNDEFINED.to_owned();
    };
    let short = significant(error, 2);
    if error == 0.0 {
        "± 0".to_owned()
    } else if metric.is_money() {
        let symbol = money(0.0, currency);
        format!("± {}{short}", symbol.trim_end_matches('0'))
    } else {
        format!("± {short}")
    }
}

/// A probability. Never "100 %" of trials that were not all, nor "0 %" of some.
pub(super) fn probability(share: Option<f64>) -> String {
    match share.filter(|v| v.is_finite()) {
        None => UNDEFINED.to_owned(),
        Some(p) if p < 1.0 && p > 0.999_5 => "over 99.9 %".to_owned(),
        Some(p) if p > 0.0 && p < 0.000_5 => "under 0.1 %".to_owned(),
        Some(p) => percent(p),
    }
}

/// A probability with its error: "93.1 % ± 0.1 %".
pub(super) fn probability_with_error(share: Option<f64>, error: Option<f64>) -> String {
    let text = probability(share);
    let certain = share == Some(0.0) || share == Some(1.0);
    match error.filter(|e| e.is_finite() && *e > 0.0) {
        Some(_) if certain || text.contains("er ") => text,
        Some(error) => format!("{text} ± {} %", significant(100.0 * error, 1)),
        None => text,
    }
}

/// A value of a walk's key, with so many digits more than usual.
pub(super) fn axis_value(axis: &Axis, value: f64, more: usize, currency: &str) -> String {
    match axis.by {
        By::Budget if more == 0 => money(value, currency),
        By::Budget => format!("{}{}", currency_sign(currency), fixed(value, more)),
        _ if axis.percent && more == 0 => percent(value),
        _ if axis.percent => format!("{} %", fixed(100.0 * value, 1 + more)),
        By::Risk | By::Key => significant(value, 6 + more),
    }
}

/// A number of partnerships; below ten, parts of one to the hundredth.
pub(super) fn partnerships(number: f64) -> String {
    // What differs from a whole number in arithmetic alone is one.
    let whole = (number - number.round()).abs() < 1e-6;
    if whole || number.abs() >= 10.0 {
        count(if whole { number.round() } else { number })
    } else {
        fixed(number, 2)
    }
}

/// A share against its band: "40.2 % (asked 40 %)", "31 % (25–40 %)".
pub(super) fn share(share: Option<f64>, band: Option<&Band>) -> String {
    let text = share
        .filter(|v| v.is_finite())
        .map_or_else(|| UNDEFINED.to_owned(), percent);
    match band {
        None => text,
        Some(Band {
            asked: Some(asked), ..
        }) => format!("{text} (asked {})", percent(*asked)),
        Some(band) => {
            let low = percent(band.low);
            format!(
                "{text} ({}–{})",
                low.trim_end_matches(" %"),
                percent(band.high)
            )
        }
    }
}

/// What an objective's value is called and how it reads.
pub(super) fn objective(objective: Objective) -> (&'static str, Metric) {
    match objective {
        Objective::Revenue => ("revenue", Metric::Revenue),
        Objective::Profit => ("profit", Metric::Profit),
        Objective::Conversions => ("conversions", Metric::Conversions),
        Objective::Engagements => ("engagements", Metric::Engagements),
        Objective::Impressions => ("impressions", Metric::Impressions),
        Objective::Roas => ("ROAS", Metric::Roas),
    }
}

/// What is to be said of expected figures where partners come and go.
pub(super) fn emptied(model: &Model) -> &'static str {
    if model.horizon.pipeline.is_some() {
        ", as simulated, with the places that leavers leave empty"
    } else {
        ""
    }
}

/// How far a bound is moved to price it, in words: "¥1,000 more".
pub(super) fn price_step(unit: Unit, model: &Model) -> String {
    let step = unit.price_step();
    match unit {
        Unit::Money => format!("{} more", money(step, &model.currency)),
        Unit::Share => "one point more".to_owned(),
        Unit::Hours => "one hour more".to_owned(),
        Unit::Count => "one partnership more".to_owned(),
        Unit::Metric(metric) => format!(
            "{} more {}",
            value(metric, Some(step), &model.currency),
            label(metric)
        ),
        Unit::Plain => "one more".to_owned(),
    }
}
