//! Values of flags: numbers, shares, seconds, `KEY=VALUE`, ranges.

use influencer_matrix::units::parse_number;

/// A whole number of at least one; `_` may group digits.
pub(crate) fn positive(text: &str) -> Result<u64, String> {
    match whole(text)? {
        0 => Err("expected a whole number of at least 1".to_owned()),
        number => Ok(number),
    }
}

/// A number of trials: from 1 to as many as a scenario may ask for.
pub(crate) fn trials(text: &str) -> Result<u64, String> {
    match positive(text)? {
        number @ 1..=1_000_000_000 => Ok(number),
        _ => Err("expected a whole number of at most 1_000_000_000".to_owned()),
    }
}

/// A whole number from 0 to 2⁶⁴ − 1; `_` may group digits.
pub(crate) fn whole(text: &str) -> Result<u64, String> {
    let digits = text.replace('_', "");
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !plain || text.starts_with('_') || text.ends_with('_') {
        return Err("expected a whole number, such as 100_000".to_owned());
    }
    digits
        .parse()
        .map_err(|_| format!("expected a whole number of at most {}", u64::MAX))
}

/// A thread count.
pub(crate) fn threads(text: &str) -> Result<usize, String> {
    match positive(text) {
        Ok(number @ 1..=1024) => Ok(number as usize),
        _ => Err("expected a whole number from 1 to 1024".to_owned()),
    }
}

/// A number of alternative plans.
pub(crate) fn alternatives(text: &str) -> Result<usize, String> {
    match positive(text) {
        Ok(number @ 1..=20) => Ok(number as usize),
        _ => Err("expected a whole number from 1 to 20".to_owned()),
    }
}

/// Seconds: finite and above zero.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        // A duration must hold it.
        Ok(seconds) if seconds > 0.0 && seconds <= 1e9 => Ok(seconds),
        _ => Err("expected a number of seconds above 0 (and at most 1e9)".to_owned()),
    }
}

/// A share as a number (`0.01`) or in percent (`1%`), from 0 to below 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let value = match text.trim().strip_suffix('%') {
        Some(percent) => percent.trim_end().parse::<f64>().map(|v| v / 100.0),
        None => text.trim().parse::<f64>(),
    };
    match value {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("expected a share from 0 to below 1, such as 0.001 or 0.1%".to_owned()),
    }
}

/// `KEY=VALUE`, split at the first `=` outside quotes of the key; as in TOML a backslash between
/// double quotes takes the next character as it is.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    let mut quote = None;
    let mut escaped = false;
    for (at, char) in text.char_indices() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match (quote, char) {
            (Some('"'), '\\') => escaped = true,
            (None, '"' | '\'') => quote = Some(char),
            (Some(open), _) if open == char => quote = None,
            (None, '=') => {
                let key = text[..at].trim();
                if key.is_empty() {
                    break;
                }
                return Ok((key.to_owned(), text[at + 1..].trim().to_owned()));
            }
            _ => {}
        }
    }
    Err("expected KEY=VALUE, such as diversity.tier_budget_share.micro=40%".to_owned())
}

/// A number of points of a walk.
pub(crate) fn points(text: &str) -> Result<usize, String> {
    match positive(text) {
        Ok(number @ 2..=200) => Ok(number as usize),
        _ => Err("expected a whole number from 2 to 200".to_owned()),
    }
}

/// A key and the range to walk over: `KEY=FROM..TO`, or `budget` and `risk` alone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Range {
    /// Key path, or `risk`.
    pub(crate) key: String,
    /// Both ends, if they are given.
    pub(crate) ends: Option<(f64, f64)>,
    /// Whether the ends are written in percent.
    pub(crate) percent: bool,
}

/// What `--by` takes.
pub(crate) fn range(text: &str) -> Result<Range, String> {
    const EXPECTED: &str = "expected budget, risk or KEY=FROM..TO, such as \
                            diversity.tier_budget_share.micro=20%..40%";
    let text = text.trim();
    if text == "budget" || text == "risk" {
        return Ok(Range {
            key: text.to_owned(),
            ends: None,
            percent: false,
        });
    }
    let (key, value) = key_value(text).map_err(|_| EXPECTED.to_owned())?;
    let Some((from, to)) = value.split_once("..") else {
        return Err(EXPECTED.to_owned());
    };
    let number = |text: &str| parse_number(text).map_err(|error| error.to_string());
    let (low, high) = (number(from)?, number(to)?);
    if low >= high {
        return Err(format!(
            "the range must go up: {} is not below {}",
            from.trim(),
            to.trim()
        ));
    }
    Ok(Range {
        key,
        ends: Some((low, high)),
        percent: from.contains('%') || to.contains('%'),
    })
}

/// A scenario's name: `[a-z0-9-]`, not starting with a dash.
pub(crate) fn scenario_name(text: &str) -> Result<String, String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if text.is_empty() || text.starts_with('-') || !text.bytes().all(fits) {
        return Err(
            "expected a name of a-z, 0-9 and -, such as q2-launch (it names the file and the \
             output folder)"
                .to_owned(),
        );
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_and_may_be_grouped() {
        assert_eq!(positive("100_000"), Ok(100_000));
        assert_eq!(whole("0"), Ok(0));
        assert_eq!(whole("18446744073709551615"), Ok(u64::MAX));
        for bad in [
            "",
            "0",
            "-1",
            "1.5",
            "1e3",
            "_1",
            "1_",
            "18446744073709551616",
        ] {
            assert!(positive(bad).is_err(), "{bad}");
        }
        assert!(threads("0").is_err() && threads("2000").is_err());
        assert_eq!(threads("8"), Ok(8));
        assert_eq!(alternatives("3"), Ok(3));
        assert!(alternatives("0").is_err() && alternatives("21").is_err());
    }

    #[test]
    fn shares_read_as_numbers_and_percent() {
        assert_eq!(share("0.001"), Ok(0.001));
        assert_eq!(share("0.1%"), Ok(0.001));
        assert_eq!(share("1 %"), Ok(0.01));
        assert_eq!(share("0"), Ok(0.0));
        for bad in ["", "%", "-1%", "1", "100%", "nan", "inf", "x"] {
            assert!(share(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn seconds_are_finite_and_above_zero() {
        assert_eq!(seconds("0.5"), Ok(0.5));
        for bad in ["0", "-1", "inf", "nan", "1e10", ""] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn key_and_value_split_at_the_first_equals_sign() {
        let pair = |k: &str, v: &str| Ok((k.to_owned(), v.to_owned()));
        assert_eq!(key_value("budget=1"), pair("budget", "1"));
        assert_eq!(key_value("a = { b = 1 }"), pair("a", "{ b = 1 }"));
        assert_eq!(
            key_value(r#"counts."a=b".c=1"#),
            pair(r#"counts."a=b".c"#, "1")
        );
        assert_eq!(
            key_value(r#"constraint."a \" = '".max=1"#),
            pair(r#"constraint."a \" = '".max"#, "1")
        );
        assert_eq!(key_value(r"a.'\'.b=1"), pair(r"a.'\'.b", "1"));
        assert_eq!(key_value("a="), pair("a", ""));
        for bad in ["", "budget", "=1", " =1"] {
            assert!(key_value(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ranges_go_up_and_read_as_the_files_numbers() {
        let range_of = |text| range(text).map(|r| (r.key, r.ends, r.percent));
        let key = |k: &str| k.to_owned();
        assert_eq!(range_of("budget"), Ok((key("budget"), None, false)));
        assert_eq!(
            range_of("a.b=20%..0.4"),
            Ok((key("a.b"), Some((0.2, 0.4)), true))
        );
        assert_eq!(
            range_of("budget=50k .. 0.2m"),
            Ok((key("budget"), Some((50_000.0, 200_000.0)), false))
        );
        for bad in [
            "", "a", "a=", "a=1", "a=1..", "a=..2", "a=2..1", "a=1..1", "=1..2", "a=1...x",
            "a=nan..1",
        ] {
            assert!(range(bad).is_err(), "{bad}");
        }
        assert!(points("1").is_err() && points("201").is_err());
        assert_eq!(points("2"), Ok(2));
    }

    #[test]
    fn scenario_names_are_plain() {
        assert!(scenario_name("q2-launch").is_ok());
        for bad in ["", "Q2", "a b", "../x", "-x", "ä"] {
            assert!(scenario_name(bad).is_err(), "{bad}");
        }
    }
}
