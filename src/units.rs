//! Numbers as people write and read them: `1_000`, `0.5m`, `40 %`, ¥12,345, months.

use jiff::civil::Date;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A text that is no number or month.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnitError {
    /// Nothing there.
    #[error("a number is missing")]
    Empty,
    /// Not a number.
    #[error(
        "\"{0}\" is not a number; write digits, with % for percent, k for thousand, m for million and _ between digits"
    )]
    NotANumber(String),
    /// Thousands separated by commas.
    #[error("\"{0}\" has a comma; write 1_000 or 1k for a thousand and 0.5 for a half")]
    Comma(String),
    /// Infinite, or too large to hold.
    #[error("\"{0}\" is not finite")]
    NotFinite(String),
    /// Not a month.
    #[error("\"{0}\" is not a month; write year and month, as in 2026-04")]
    NotAMonth(String),
}

/// Reads a number: digits with optional sign, decimal point, exponent, `_` within or spaces between digits,
/// and one unit behind it: `%` (÷ 100), `k` (× 1,000) or `m` (× 1,000,000), in either case.
///
/// # Errors
/// If the text is anything else, or not finite.
///
/// ```
/// use influencer_matrix::units::parse_number;
/// assert_eq!(parse_number("1_000"), Ok(1000.0));
/// assert_eq!(parse_number("0.5m"), Ok(500_000.0));
/// assert_eq!(parse_number("40 %"), Ok(0.4));
/// assert!(parse_number("1,000").is_err());
/// ```
pub fn parse_number(text: &str) -> Result<f64, UnitError> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(UnitError::Empty);
    }
    if trimmed.contains(',') {
        return Err(UnitError::Comma(trimmed.to_owned()));
    }
    let invalid = || UnitError::NotANumber(trimmed.to_owned());
    // (digits, decimal places by which the unit moves the point)
    let (digits, places) = match trimmed.char_indices().next_back() {
        Some((at, '%')) => (&trimmed[..at], -2),
        Some((at, 'k' | 'K')) => (&trimmed[..at], 3),
        Some((at, 'm' | 'M')) => (&trimmed[..at], 6),
        _ => (trimmed, 0),
    };
    let digits = digits.trim_end();
    if !well_separated(digits) {
        return Err(invalid());
    }
    let plain: String = digits.chars().filter(|c| !matches!(c, '_' | ' ')).collect();
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | 'e' | 'E');
    if !plain.chars().all(allowed) || !plain.contains(|c: char| c.is_ascii_digit()) {
        return Err(invalid());
    }
    // The point is moved in the text, so that 7% is the number nearest to 0.07.
    let scaled = match plain.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let exponent: i32 = exponent.parse().map_err(|_| invalid())?;
            format!("{mantissa}e{}", exponent.saturating_add(places))
        }
        None => format!("{plain}e{places}"),
    };
    let value: f64 = scaled.parse().map_err(|_| invalid())?;
    if value.is_finite() {
        Ok(value)
    } else {
        Err(UnitError::NotFinite(trimmed.to_owned()))
    }
}

/// Whether every space stands between two digits, and no `_` at an end.
fn well_separated(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    let digit = |i: Option<usize>| i.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
    let mut spaces = bytes.iter().enumerate().filter(|(_, byte)| **byte == b' ');
    spaces.all(|(i, _)| digit(i.checked_sub(1)) && digit(Some(i + 1)))
        && !digits.starts_with('_')
        && !digits.ends_with('_')
}

/// An amount of a currency: two decimals below 100 (none if whole), whole above, thousands
/// separated. ¥ for CNY and JPY, $ for USD, € for EUR, £ for GBP, else the code and a space. Undefined
/// amounts are "–".
///
/// ```
/// use influencer_matrix::units::money;
/// assert_eq!(money(12_345.4, "CNY"), "¥12,345");
/// assert_eq!(money(45.386, "USD"), "$45.39");
/// assert_eq!(money(-1500.0, "SEK"), "-SEK 1,500");
/// ```
#[must_use]
pub fn money(value: f64, currency: &str) -> String {
    if !value.is_finite() {
        return undefined(value);
    }
    let small = value.abs() < 99.995;
    let text = if small {
        let text = fixed(value.abs(), 2);
        text.strip_suffix(".00").map_or(text.clone(), str::to_owned)
    } else {
        fixed(value.abs(), 0)
    };
    let sign = if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        "-"
    } else {
        ""
    };
    format!("{sign}{}{text}", currency_sign(currency))
}

/// What stands before an amount: ¥ for CNY and JPY, $ for USD, € for EUR, £ for GBP, else the code and
/// a space.
#[must_use]
pub fn currency_sign(currency: &str) -> Cow<'static, str> {
    match currency {
        "CNY" | "JPY" => "¥".into(),
        "USD" => "$".into(),
        "EUR" => "€".into(),
        "GBP" => "£".into(),
        code => format!("{code} ").into(),
    }
}

/// A count: thousands separated, one decimal below 1,000 if it is not whole, "–" if undefined.
#[must_use]
pub fn count(value: f64) -> String {
    if value.abs() < 999.95 {
        let text = fixed(value, 1);
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    } else {
        fixed(value, 0)
    }
}

/// A share as a percentage with at most one decimal: 0.402 is "40.2 %", 0.4 is "40 %".
#[must_use]
pub fn percent(share: f64) -> String {
    let text = fixed(share * 100.0, 1);
    if !share.is_finite() {
        return text;
    }
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

/// A ratio with two decimals: "3.66".
#[must_use]
pub fn ratio(value: f64) -> String {
    fixed(value, 2)
}

/// `value` with `decimals` decimals and thousands separated by commas; "–" for NaN.
#[must_use]
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return undefined(value);
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::with_capacity(text.len() + whole.len() / 3 + 1);
    if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push('-');
    }
    out.push_str(&grouped(whole));
    out.push_str(rest);
    out
}

/// Digits with commas between thousands.
///
/// ```
/// use influencer_matrix::units::grouped;
/// assert_eq!(grouped("1234567"), "1,234,567");
/// ```
#[must_use]
pub fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Items in a sentence: `a`, `a and b`, `a, b and c`.
///
/// ```
/// use influencer_matrix::units::listed;
/// assert_eq!(listed(&["mega".to_owned(), "macro".to_owned(), "mid".to_owned()]), "mega, macro and mid");
/// ```
#[must_use]
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// `value` with `digits` significant digits and no trailing zeros: 0.012346 to three digits is
/// "0.0123", 1,234,567 is "1,230,000"; "–" for NaN.
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return undefined(value);
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    // Rounded in decimal by the formatter, then written out plainly.
    let digits = digits.clamp(1, 17);
    let rounded: f64 = format!("{value:.*e}", digits - 1).parse().unwrap_or(value);
    let exponent = format!("{rounded:e}")
        .split_once('e')
        .and_then(|(_, e)| e.parse::<i64>().ok())
        .unwrap_or(0);
    let wanted = i64::try_from(digits).unwrap_or(17) - 1 - exponent;
    let decimals = usize::try_from(wanted).unwrap_or(0).min(320);
    let text = fixed(rounded, decimals);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn undefined(value: f64) -> String {
    if value.is_nan() {
        "–".to_owned()
    } else if value > 0.0 {
        "∞".to_owned()
    } else {
        "-∞".to_owned()
    }
}

/// A month of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct YearMonth {
    /// Its first day.
    first: Date,
}

impl YearMonth {
    /// The month `month` (1 to 12) of `year` (−9999 to 9999), if there is one.
    #[must_use]
    pub fn new(year: i16, month: i8) -> Option<Self> {
        Date::new(year, month, 1).ok().map(|first| Self { first })
    }

    /// Year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.first.year()
    }

    /// Month, 1 to 12.
    #[must_use]
    pub fn month(self) -> i8 {
        self.first.month()
    }

    /// The month `months` later; `None` beyond year 9999.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Option<Self> {
        let index = i64::from(self.year()) * 12 + i64::from(self.month() - 1) + i64::from(months);
        let year = i16::try_from(index.div_euclid(12)).ok()?;
        let month = i8::try_from(index.rem_euclid(12) + 1).ok()?;
        Self::new(year, month)
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> Date {
        self.first
    }

    /// The weekday of its first day, Monday being 0.
    #[must_use]
    pub fn first_weekday(self) -> usize {
        usize::try_from(self.first.weekday().to_monday_zero_offset()).unwrap_or(0)
    }
}

impl fmt::Display for YearMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl FromStr for YearMonth {
    type Err = UnitError;

    /// Reads "2026-04".
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let invalid = || UnitError::NotAMonth(text.to_owned());
        let (year, month) = text.split_once('-').ok_or_else(invalid)?;
        let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(invalid());
        }
        let year = year.parse().map_err(|_| invalid())?;
        let month = month.parse().map_err(|_| invalid())?;
        Self::new(year, month).ok_or_else(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read() {
        for (text, value) in [
            ("5", 5.0),
            (" 1_000 ", 1000.0),
            ("1 000 000", 1e6),
            ("1k", 1000.0),
            ("1.5K", 1500.0),
            ("0.5m", 5e5),
            ("5M", 5e6),
            ("10%", 0.1),
            ("7%", 0.07),
            ("40 %", 0.4),
            ("-2.5%", -0.025),
            ("1e3", 1000.0),
            (".5", 0.5),
            ("+3", 3.0),
        ] {
            assert_eq!(parse_number(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "", " ", "%", "k", "abc", "1,000", "1kk", "1k%", "inf", "nan", "infinity", "1_", "_1",
            "1 _0", "0x10", "1e", "--1", "1e400", "¥5", "5 to 6", "1.2.3", "é",
        ] {
            assert!(parse_number(text).is_err(), "{text}");
        }
        assert_eq!(
            parse_number("1e400"),
            Err(UnitError::NotFinite("1e400".into()))
        );
        assert_eq!(parse_number("1,5"), Err(UnitError::Comma("1,5".into())));
    }

    #[test]
    fn money_has_its_sign_and_separators() {
        for (value, currency, text) in [
            (12_345.0, "CNY", "¥12,345"),
            (0.0, "CNY", "¥0"),
            (-0.001, "CNY", "¥0"),
            (1_234_567.8, "EUR", "€1,234,568"),
            (99.994, "GBP", "£99.99"),
            (99.996, "GBP", "£100"),
            (999.6, "JPY", "¥1,000"),
            (-45.386, "CHF", "-CHF 45.39"),
            (f64::NAN, "CNY", "–"),
            (f64::INFINITY, "CNY", "∞"),
        ] {
            assert_eq!(money(value, currency), text);
        }
    }

    #[test]
    fn plain_numbers() {
        assert_eq!(count(1234.4), "1,234");
        assert_eq!(count(12.54), "12.5");
        assert_eq!(count(12.0), "12");
        assert_eq!(count(999.97), "1,000");
        assert_eq!(percent(0.402), "40.2 %");
        assert_eq!(percent(0.4), "40 %");
        assert_eq!(percent(-0.000_01), "0 %");
        assert_eq!(percent(f64::NAN), "–");
        assert_eq!(ratio(3.656), "3.66");
        assert_eq!(significant(0.012_346, 3), "0.0123");
        assert_eq!(significant(1_234_567.0, 3), "1,230,000");
        assert_eq!(significant(-9.996, 3), "-10");
        assert_eq!(significant(45.386, 4), "45.39");
        assert_eq!(significant(0.0, 3), "0");
    }

    #[test]
    fn months() {
        let month: YearMonth = "2026-04".parse().unwrap();
        assert_eq!((month.year(), month.month()), (2026, 4));
        assert_eq!(month.to_string(), "2026-04");
        assert_eq!(month.plus_months(9).unwrap().to_string(), "2027-01");
        assert_eq!(month.plus_months(0), Some(month));
        assert_eq!(month.plus_months(8).unwrap().to_string(), "2026-12");
        assert_eq!(month.plus_months(u32::MAX), None);
        assert_eq!(month.first_day().to_string(), "2026-04-01");
        for text in [
            "2026",
            "2026-13",
            "2026-00",
            "26-04",
            "2026-4",
            "2026-04-01",
            "x",
            "+026-04",
        ] {
            assert!(text.parse::<YearMonth>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn written_numbers_are_read_back(value in -1e12_f64..1e12) {
            prop_assert_eq!(parse_number(&format!("{value}")), Ok(value));
        }

        #[test]
        fn no_text_panics(text in "[0-9a-zA-Z%_ .,+¥é-]{0,12}") {
            let _ = parse_number(&text);
            let _ = text.parse::<YearMonth>();
        }

        #[test]
        fn no_number_panics(value: f64, digits in 0_usize..30) {
            let _ = (money(value, "CNY"), count(value), percent(value), significant(value, digits));
        }
    }
}
