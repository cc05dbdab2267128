//! Numbers as rosters have them: `409.8M`, `1.2k`, `3,5 %`, `¥ 1,200`, `1.2万`, `N/A`.
//!
//! **Separators.** A comma or point is a decimal mark by its own evidence if the other one stands
//! before it, if it does not stand before exactly three digits, after a leading `0` or after more than three
//! digits, or if a unit follows (`1.234M`); it separates thousands if it occurs twice, if the other one stands
//! behind it, or a dash stands for the cents (`1.200,-`). What could be either (`1,200`, `1.200`) separates thousands in
//! amounts and counts, for money has no third decimal and followers are whole, and is a decimal mark in rates. It is
//! doubtful unless the column's other values all say the same; of counts it never is.

/// What stands for "not known".
const UNKNOWN: [&str; 24] = [
    "", "n/a", "na", "n.a.", "n.a", "nan", "null", "none", "nil", "-", "--", "—", "–", "?", "tbd",
    "tba", "unknown", "#n/a", "#value!", "#ref!", "无", "暂无", "未知", "待定",
];

/// Units behind a number: how many places they move the point.
const UNITS: [(&str, i32); 25] = [
    ("thousand", 3),
    ("lakhs", 5),
    ("lakh", 5),
    ("lac", 5),
    ("crores", 7),
    ("crore", 7),
    ("cr", 7),
    ("million", 6),
    ("billion", 9),
    ("百万", 6),
    ("千万", 7),
    ("mio", 6),
    ("mln", 6),
    ("mm", 6),
    ("bn", 9),
    ("k", 3),
    ("m", 6),
    ("b", 9),
    ("w", 4),
    ("万", 4),
    ("萬", 4),
    ("千", 3),
    ("亿", 8),
    ("%", -2),
    ("‰", -3),
];

/// Signs of currencies and the codes they may stand for.
const CURRENCIES: [(&str, &[&str]); 25] = [
    ("us$", &["USD"]),
    ("hk$", &["HKD"]),
    ("cn¥", &["CNY"]),
    ("人民币", &["CNY"]),
    ("¥", &["CNY", "JPY"]),
    ("rmb", &["CNY"]),
    ("cny", &["CNY"]),
    ("元", &["CNY", "JPY"]),
    ("块", &["CNY"]),
    ("usd", &["USD"]),
    (
        "$",
        &["USD", "HKD", "SGD", "AUD", "CAD", "NZD", "TWD", "MXN"],
    ),
    ("美元", &["USD"]),
    ("eur", &["EUR"]),
    ("€", &["EUR"]),
    ("gbp", &["GBP"]),
    ("£", &["GBP"]),
    ("jpy", &["JPY"]),
    ("円", &["JPY"]),
    ("chf", &["CHF"]),
    ("sfr.", &["CHF"]),
    ("fr.", &["CHF"]),
    ("inr", &["INR"]),
    ("₹", &["INR"]),
    ("rs.", &["INR", "PKR", "LKR"]),
    ("rs", &["INR", "PKR", "LKR"]),
];

/// Dashes in place of cents, as German and Swiss prices have them, with the mark before them.
const NO_CENTS: [(&str, Mark); 8] = [
    (",--", Mark::Comma),
    (",-", Mark::Comma),
    (",–", Mark::Comma),
    (",—", Mark::Comma),
    (".--", Mark::Point),
    (".-", Mark::Point),
    (".–", Mark::Point),
    (".—", Mark::Point),
];

/// What a number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Followers, posts, conversions: whole.
    Count,
    /// Money.
    Amount,
    /// A share.
    Rate,
}

/// What a separator's own evidence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Comma,
    Point,
    Either,
}

/// A number taken apart, its separators not yet understood.
#[derive(Debug, Clone, PartialEq)]
struct Pieces {
    negative: bool,
    /// Digits, commas and points.
    digits: String,
    places: i32,
    /// It had `%` or `‰`.
    percent: bool,
    /// A unit stands behind it.
    unit: bool,
    exponent: i32,
    /// The decimal mark that dashes in place of cents show.
    mark: Option<Mark>,
    currency: Option<&'static [&'static str]>,
}

/// A number understood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    /// It had `%` or `‰`.
    pub(super) percent: bool,
    /// It could have been read otherwise.
    pub(super) ambiguous: bool,
    /// Codes that its currency sign may stand for.
    pub(super) currency: Option<&'static [&'static str]>,
}

/// What one text says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reading {
    /// Nothing.
    Unknown,
    /// A number.
    Number(Number),
    /// Something that is no number.
    Nonsense,
}

/// Whether a text stands for "not known".
pub(super) fn is_unknown(text: &str) -> bool {
    let text = text.trim();
    text.len() <= 12 && UNKNOWN.contains(&text.to_lowercase().as_str())
}

/// Small letters, full-width characters and odd spaces made plain.
fn plain(text: &str) -> String {
    text.trim()
        .chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            '￥' => '¥',
            '−' => '-',
            '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{3000}' | '\t' => ' ',
            '’' => '\'',
            _ => c,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

fn pieces(text: &str) -> Option<Pieces> {
    // Nothing that long is one number.
    if text.len() > 80 {
        return None;
    }
    let text = plain(text);
    let mut rest = text.as_str();
    let mut out = Pieces {
        negative: false,
        digits: String::new(),
        places: 0,
        percent: false,
        unit: false,
        exponent: 0,
        mark: None,
        currency: None,
    };
    let mut signs = 0;
    // In front: a sign and a currency, in any order; behind: a unit and a currency.
    loop {
        let before = rest.len();
        rest = rest.trim();
        if let Some(after) = rest.strip_prefix('-').filter(|_| !out.negative) {
            out.negative = true;
            rest = after;
        }
        rest = rest.strip_prefix(['+', '~', '≈', '约']).unwrap_or(rest);
        for (sign, codes) in CURRENCIES {
            let fits = |known: &[&str]| signs < 2 && known.iter().any(|c| codes.contains(c));
            let cut = rest.strip_prefix(sign).or_else(|| rest.strip_suffix(sign));
            if let Some(cut) = cut
                && out.currency.is_none_or(fits)
            {
                // `¥1.2万元` says it twice.
                out.currency = out.currency.or(Some(codes));
                signs += 1;
                rest = cut;
                break;
            }
        }
        if out.mark.is_none() {
            for (dashes, mark) in NO_CENTS {
                if let Some(cut) = rest.strip_suffix(dashes) {
                    out.mark = Some(mark);
                    rest = cut;
                    break;
                }
            }
        }
        if !out.unit && !out.percent {
            for (unit, places) in UNITS {
                if let Some(cut) = rest.strip_suffix(unit) {
                    out.places = places;
                    out.percent = places < 0;
                    out.unit = places > 0;
                    rest = cut;
                    break;
                }
            }
        }
        if rest.len() == before {
            break;
        }
    }
    let mut rest = rest.to_owned();
    if let Some((mantissa, exponent)) = rest.clone().split_once('e') {
        // As spreadsheets write large numbers: 1.2e+06.
        out.exponent = exponent.parse().ok()?;
        if out.exponent.abs() > 30 {
            return None;
        }
        out.unit = true;
        mantissa.clone_into(&mut rest);
    }
    let groups: Vec<&str> = rest.split([' ', '\'', '_']).collect();
    if let [first, others @ ..] = &groups[..]
        && !others.is_empty()
    {
        // Spaces and apostrophes separate thousands only.
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let head = |s: &str| s.split([',', '.']).next().unwrap_or_default().len() == 3;
        let (last, middle) = others.split_last()?;
        if first.is_empty()
            || first.len() > 3
            || !digits(first)
            || !head(last)
            || middle.iter().any(|g| g.len() != 3 || !digits(g))
        {
            return None;
        }
    }
    out.digits = groups.concat();
    let valid = |b: u8| b.is_ascii_digit() || b == b',' || b == b'.';
    let any = out.digits.bytes().any(|b| b.is_ascii_digit());
    (any && out.digits.len() <= 40 && out.digits.bytes().all(valid)).then_some(out)
}

/// What a number's own form says of its decimal mark; `None` where it has no separator.
fn evidence(pieces: &Pieces) -> Option<Mark> {
    let d = &pieces.digits;
    let count = |c| d.matches(c).count();
    let single = |mark: char, own: Mark| {
        let (before, after) = d.split_once(mark).unwrap_or((d, ""));
        let thousand =
            after.len() == 3 && (1..=3).contains(&before.len()) && !before.starts_with('0');
        if thousand && !pieces.unit {
            Mark::Either
        } else {
            own
        }
    };
    if let Some(mark) = pieces.mark {
        return Some(mark);
    }
    match (count(','), count('.')) {
        (0, 0) => None,
        (1, 0) => Some(single(',', Mark::Comma)),
        (0, 1) => Some(single('.', Mark::Point)),
        (_, 0) => Some(Mark::Point),
        (0, _) => Some(Mark::Comma),
        _ => Some(if d.rfind(',') > d.rfind('.') {
            Mark::Comma
        } else {
            Mark::Point
        }),
    }
}

/// The value, once the decimal mark is known.
fn value(pieces: &Pieces, decimal: char) -> Option<f64> {
    let other = if decimal == ',' { '.' } else { ',' };
    let (whole, fraction) = match pieces.digits.split_once(decimal) {
        Some((whole, fraction)) => (whole, fraction),
        None => (pieces.digits.as_str(), ""),
    };
    if fraction.contains([',', '.']) {
        return None;
    }
    let groups: Vec<&str> = whole.split(other).collect();
    if let [first, middle @ .., last] = &groups[..] {
        let of = |most: usize| {
            (1..=most).contains(&first.len())
                && last.len() == 3
                && middle.iter().all(|g| g.len() == most)
        };
        // In threes, or with pairs before the last three as lakhs and crores are written: 12,34,567.
        if !of(3) && (!of(2) || middle.is_empty()) {
            return None;
        }
    }
    let text = format!(
        "{}{}.{fraction}e{}",
        if pieces.negative { "-" } else { "" },
        groups.concat(),
        pieces.places + pieces.exponent
    );
    text.parse().ok().filter(|v: &f64| v.is_finite())
}

/// How a column's numbers are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    what: What,
    /// The decimal mark, as the user states it or numbers are stored: no evidence counts.
    stated: Option<char>,
    /// A value of the column has a comma as its decimal mark by its own evidence.
    comma: bool,
    /// The same of a point.
    point: bool,
}

impl Style {
    /// Of a column, from all of its texts.
    pub(super) fn of<'a>(
        what: What,
        texts: impl Iterator<Item = &'a str>,
        stated_comma: Option<bool>,
        stored: bool,
    ) -> Self {
        let mut out = Self {
            what,
            stated: match (stored, stated_comma) {
                (true, _) | (false, Some(false)) => Some('.'),
                (false, Some(true)) => Some(','),
                (false, None) => None,
            },
            comma: false,
            point: false,
        };
        if out.stated.is_none() {
            for text in texts {
                match pieces(text).as_ref().and_then(evidence) {
                    Some(Mark::Comma) => out.comma = true,
                    Some(Mark::Point) => out.point = true,
                    _ => {}
                }
            }
        }
        out
    }

    /// Reads one text of the column.
    pub(super) fn read(self, text: &str) -> Reading {
        if is_unknown(text) {
            return Reading::Unknown;
        }
        let Some(pieces) = pieces(text) else {
            return Reading::Nonsense;
        };
        let (decimal, ambiguous) = self.mark(&pieces);
        match value(&pieces, decimal) {
            Some(value) => Reading::Number(Number {
                value,
                percent: pieces.percent,
                ambiguous,
                currency: pieces.currency,
            }),
            None => Reading::Nonsense,
        }
    }

    /// The decimal mark of one number, and whether the column's other values do not settle it.
    fn mark(self, pieces: &Pieces) -> (char, bool) {
        if let Some(stated) = self.stated {
            return (stated, false);
        }
        match evidence(pieces) {
            None | Some(Mark::Point) => ('.', false),
            Some(Mark::Comma) => (',', false),
            Some(Mark::Either) => {
                let (own, other) = if pieces.digits.contains(',') {
                    (',', '.')
                } else {
                    ('.', ',')
                };
                let decimal = match self.what {
                    What::Count | What::Amount => other,
                    What::Rate => own,
                };
                let only = |mark: char| match mark {
                    ',' => self.comma && !self.point,
                    _ => self.point && !self.comma,
                };
                (decimal, self.what != What::Count && !only(decimal))
            }
        }
    }
}
