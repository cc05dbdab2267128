//! Numbers as people write them, against what each is by hand.

use crate::roster::number::{Reading, Style, What};

/// What is wanted of one text: its value (`None` for what is no number), and whether a reader may doubt it.
type Wanted = (&'static str, Option<f64>, bool);

fn reads(what: What, column: &[&str], wanted: &[Wanted]) {
    for &(text, value, doubtful) in wanted {
        let texts = column.iter().copied().chain([text]);
        let style = Style::of(what, texts, None, false);
        let found = match style.read(text) {
            Reading::Number(n) => (Some(n.value), n.ambiguous),
            Reading::Nonsense | Reading::Unknown => (None, false),
        };
        // Some are decimal fractions times a power of ten.
        let near = match (found.0, value) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * b.abs(),
            (a, b) => a == b,
        };
        assert!(
            near && found.1 == doubtful,
            "{what:?} {text:?} in {column:?}: {found:?}"
        );
    }
}

/// Amounts that say by themselves what they are, whatever column they stand in.
const PLAIN: [Wanted; 66] = [
    // without separators of thousands
    ("0", Some(0.0), false),
    ("950", Some(950.0), false),
    ("50000", Some(50_000.0), false),
    ("  1200  ", Some(1200.0), false),
    // English
    ("1,200.50", Some(1200.5), false),
    ("$1,234,567", Some(1_234_567.0), false),
    ("1,234,567.89", Some(1_234_567.89), false),
    ("US$ 3.50", Some(3.5), false),
    ("£950.5", Some(950.5), false),
    ("GBP 12.75", Some(12.75), false),
    ("1.5k", Some(1500.0), false),
    ("1.234k", Some(1234.0), false),
    ("409.8M", Some(409_800_000.0), false),
    ("2 million", Some(2e6), false),
    ("3bn", Some(3e9), false),
    ("0.5", Some(0.5), false),
    (".5", Some(0.5), false),
    ("0.500", Some(0.5), false),
    ("1200.500", Some(1200.5), false),
    ("1.2e+06", Some(1.2e6), false),
    ("1.20", Some(1.2), false),
    ("+99", Some(99.0), false),
    ("-1,200.50", Some(-1200.5), false),
    // German
    ("1.200,50 €", Some(1200.5), false),
    ("€ 1.234.567", Some(1_234_567.0), false),
    ("1.234.567,89", Some(1_234_567.89), false),
    ("3,5", Some(3.5), false),
    ("0,125", Some(0.125), false),
    ("1200,50 EUR", Some(1200.5), false),
    ("1.200,-", Some(1200.0), false),
    ("1.200,– €", Some(1200.0), false),
    ("950,--", Some(950.0), false),
    ("1,5 Mio", Some(1.5e6), false),
    ("1,234 Mio", Some(1.234e6), false),
    // French
    ("1 200", Some(1200.0), false),
    ("1 200,50 €", Some(1200.5), false),
    ("1\u{202f}234\u{202f}567,8", Some(1_234_567.8), false),
    ("1\u{a0}200", Some(1200.0), false),
    ("12 34", None, false),
    // Swiss
    ("1'200.50", Some(1200.5), false),
    ("CHF 1’200.–", Some(1200.0), false),
    ("Fr. 950.-", Some(950.0), false),
    ("1'234'567", Some(1_234_567.0), false),
    ("1'23", None, false),
    // Indian
    ("₹ 12,34,567", Some(1_234_567.0), false),
    ("1,00,000", Some(100_000.0), false),
    ("Rs. 1,00,00,000.50", Some(10_000_000.5), false),
    ("2.5 lakh", Some(250_000.0), false),
    ("3 crore", Some(3e7), false),
    ("1,2,345", None, false),
    // Chinese
    ("1.2万", Some(12_000.0), false),
    ("￥3.25万元", Some(32_500.0), false),
    ("1.234亿", Some(123_400_000.0), false),
    ("5千", Some(5000.0), false),
    ("２，５００．５", Some(2500.5), false),
    ("人民币 1,200.00", Some(1200.0), false),
    ("8w", Some(80_000.0), false),
    // nothing or nonsense
    ("N/A", None, false),
    ("待定", None, false),
    ("1-2", None, false),
    ("12,34", Some(12.34), false),
    ("1.2.3", None, false),
    ("1,,200", None, false),
    ("1.200,500.7", None, false),
    ("abc", None, false),
    ("1,2345", Some(1.2345), false),
];

#[test]
fn amounts_are_read_as_they_were_meant() {
    for column in [&[][..], &["1.200,50"], &["1,200.50"], &["3,5", "4.5"]] {
        reads(What::Amount, column, &PLAIN);
    }
}

/// Three digits behind the only separator: thousands in money whatever the column says, and in doubt unless the
/// column says so too.
#[test]
fn money_has_no_third_decimal() {
    let point = [
        ("1.200", Some(1200.0), true),
        ("€ 50.000", Some(50_000.0), true),
    ];
    let comma = [
        ("1,200", Some(1200.0), true),
        ("¥50,000", Some(50_000.0), true),
    ];
    let sure = |wanted: [Wanted; 2]| wanted.map(|(text, value, _)| (text, value, false));
    for column in [&[][..], &["300", "500"], &["3,5", "4.5"]] {
        reads(What::Amount, column, &point);
        reads(What::Amount, column, &comma);
    }
    reads(What::Amount, &["1.200,50"], &comma);
    reads(What::Amount, &["1,200.50"], &point);
    reads(What::Amount, &["1.200,50"], &sure(point));
    reads(What::Amount, &["1,200.50"], &sure(comma));
    reads(What::Amount, &["950,-"], &sure(point));
}

/// The same of rates, of which no thousands are to be had, and of counts, which are whole.
#[test]
fn rates_have_decimals_and_counts_have_none() {
    let rates = [("3.125 %", Some(0.03125)), ("3,125 %", Some(0.03125))];
    let counts = [("12.500", Some(12_500.0)), ("12,500", Some(12_500.0))];
    for (i, column) in [["3.5%"], ["3,5 %"]].iter().enumerate() {
        let wanted: Vec<Wanted> = rates
            .iter()
            .enumerate()
            .map(|(j, &(text, value))| (text, value, i != j))
            .collect();
        reads(What::Rate, column, &wanted);
    }
    for column in [&[][..], &["1.5k"], &["1,5k"], &["1,5k", "1.5k"]] {
        reads(What::Count, column, &counts.map(|(t, v)| (t, v, false)));
        if column.is_empty() {
            reads(What::Rate, column, &rates.map(|(t, v)| (t, v, true)));
        }
    }
}
