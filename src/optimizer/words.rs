//! Amounts in words.

use crate::model::{Metric, Unit};
use crate::units::{currency_sign, grouped};

/// An amount in its unit: `¥4,300`, `40 %`, `12`, `600 h`.
pub(crate) fn amount(value: f64, unit: Unit, currency: &str) -> String {
    precise(value, unit, currency, 0)
}

/// Two amounts with as many decimals as it takes to tell them apart, up to [`MORE`] more than usual.
pub(crate) fn apart(a: f64, b: f64, unit: Unit, currency: &str) -> (String, String) {
    let [a, b] = all_apart([a, b], unit, currency);
    (a, b)
}

/// Amounts with as many decimals as it takes to tell apart those that differ, up to [`MORE`] more
/// than usual.
pub(crate) fn all_apart<const N: usize>(
    values: [f64; N],
    unit: Unit,
    currency: &str,
) -> [String; N] {
    let shown = |more| values.map(|value| precise(value, unit, currency, more));
    let told = |texts: &[String; N]| {
        let mut pairs = (0..N).flat_map(|i| (0..i).map(move |j| (i, j)));
        pairs.all(|(i, j)| values[i] == values[j] || texts[i] != texts[j])
    };
    let texts = (0..MORE).map(shown).find(told);
    texts.unwrap_or_else(|| shown(MORE))
}

/// Decimals that amounts may take beyond the usual ones to be told apart.
const MORE: usize = 4;

fn precise(value: f64, unit: Unit, currency: &str, more: usize) -> String {
    match unit {
        Unit::Money => money(value, currency, more),
        Unit::Share => format!("{} %", trimmed(100.0 * value, 1 + more)),
        Unit::Count | Unit::Plain | Unit::Metric(Metric::Roas | Metric::Roi) => {
            trimmed(value, 2 + more)
        }
        Unit::Hours => format!("{} h", trimmed(value, 1 + more)),
        Unit::Metric(metric) if metric.is_money() => money(value, currency, more),
        Unit::Metric(_) => trimmed(value, usize::from(value.abs() < 100.0) + more),
    }
}

/// Currency, whole from 100 on.
pub(crate) fn money(value: f64, currency: &str, more: usize) -> String {
    let decimals = if value.abs() < 100.0 { 2 } else { 0 } + more;
    let number = trimmed(value.abs(), decimals);
    let sign = if value < 0.0 && number != "0" {
        "−"
    } else {
        ""
    };
    format!("{sign}{}{number}", currency_sign(currency))
}

/// Rounded, with thousands separated and no trailing zeros after the point.
fn trimmed(value: f64, decimals: usize) -> String {
    let plain = format!("{value:.decimals$}");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let (sign, digits) = whole
        .strip_prefix('-')
        .map_or(("", whole), |digits| ("−", digits));
    let grouped = grouped(digits);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if grouped == "0" && fraction.is_empty() {
        ""
    } else {
        sign
    };
    format!("{sign}{grouped}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::{all_apart, amount, apart, money};
    use crate::model::{Metric, Unit};

    #[test]
    fn amounts_read_aloud() {
        assert_eq!(amount(4_300.0, Unit::Money, "CNY"), "¥4,300");
        assert_eq!(amount(-1_234_567.8, Unit::Money, "EUR"), "−€1,234,568");
        assert_eq!(amount(3.007, Unit::Money, "CNY"), "¥3.01");
        assert_eq!(amount(0.402, Unit::Share, "CNY"), "40.2 %");
        assert_eq!(amount(0.4, Unit::Share, "CNY"), "40 %");
        assert_eq!(amount(12.0, Unit::Count, "CNY"), "12");
        assert_eq!(amount(600.0, Unit::Hours, "CNY"), "600 h");
        assert_eq!(amount(3.0, Unit::Metric(Metric::Roas), "CNY"), "3");
        assert_eq!(amount(54.5, Unit::Metric(Metric::Cpa), "CNY"), "¥54.5");
        assert_eq!(money(-0.001, "CNY", 0), "¥0");
    }

    #[test]
    fn amounts_that_differ_are_told_apart() {
        let pair = apart(0.100_4, 0.1, Unit::Share, "CNY");
        assert_eq!(pair, ("10.04 %".to_owned(), "10 %".to_owned()));
        let three = all_apart([0.090_61, 0.090_64, 0.09], Unit::Share, "CNY");
        assert_eq!(three, ["9.061 %", "9.064 %", "9 %"]);
        let pair = apart(300_000.4, 300_000.0, Unit::Money, "CNY");
        assert_eq!(pair, ("¥300,000.4".to_owned(), "¥300,000".to_owned()));
    }
}
