//! Tables → CSV: commas, a header, UTF-8, lines that end with CR LF (RFC 4180).

use std::fmt::Write;

use super::safe_text::guarded;
use super::table::{Table, Values};

/// The table as CSV text. Null is an empty field; texts that spreadsheets would run as formulas are marked as text.
pub(super) fn csv(table: &Table) -> String {
    let mut out = String::new();
    let last = table.columns.len().saturating_sub(1);
    let end = |column: usize| if column == last { "\r\n" } else { "," };
    for (column, of) in table.columns.iter().enumerate() {
        field(&mut out, of.name);
        out.push_str(end(column));
    }
    for row in 0..table.rows() {
        for (column, of) in table.columns.iter().enumerate() {
            match &of.values {
                Values::Text(v) => field(&mut out, &guarded(v[row].as_deref().unwrap_or(""))),
                Values::Number(v) => number(&mut out, v[row]),
                Values::Month(v) => number(&mut out, v[row]),
                Values::Whole(v) => number(&mut out, v[row]),
                Values::Flag(v) => out.push_str(if v[row] { "true" } else { "false" }),
            }
            out.push_str(end(column));
        }
    }
    out
}

fn number(out: &mut String, value: Option<impl std::fmt::Display>) {
    if let Some(value) = value {
        // Writing to a string can't fail.
        let _ = write!(out, "{value}");
    }
}

/// A field, quoted where its text could be taken for something else.
fn field(out: &mut String, text: &str) {
    let plain = !text.contains([',', '"', ';', '\t'])
        && !text.chars().any(char::is_control)
        && text.trim() == text;
    if plain {
        out.push_str(text);
    } else {
        out.push('"');
        // A line break or another control character within a name is a space.
        for c in text.chars() {
            match c {
                '"' => out.push_str("\"\""),
                c if c.is_control() => out.push(' '),
                c => out.push(c),
            }
        }
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::table::Table;

    #[test]
    fn fields_are_quoted_and_no_formula() {
        let texts = [
            "skincare",
            "a,b",
            "say \"hi\"",
            "=1+1",
            "@x",
            "two\nlines",
            " x",
            "\t=1",
            "",
            "护肤",
        ];
        let table = Table::new()
            .text("name", &texts, |t| Some(t))
            .number("value", &texts, |t| (!t.is_empty()).then_some(0.1))
            .month("month", &texts, |t| (!t.is_empty()).then_some(3));
        let lines: Vec<String> = csv(&table).split("\r\n").map(str::to_owned).collect();
        let expected = [
            "name,value,month",
            "skincare,0.1,3",
            "\"a,b\",0.1,3",
            "\"say \"\"hi\"\"\",0.1,3",
            "'=1+1,0.1,3",
            "'@x,0.1,3",
            "\"two lines\",0.1,3",
            "\" x\",0.1,3",
            "\"' =1\",0.1,3",
            ",,",
            "护肤,0.1,3",
            "",
        ];
        assert_eq!(lines, expected);
    }
}
