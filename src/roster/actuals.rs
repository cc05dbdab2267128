//! Actuals files: what happened in the first months, by tier and partnership type.
//!
//! Any delimiter that rosters may have, any number that they may have; nothing is dropped or guessed: what can't be understood
//! is an error with its line and column.

mod lines;
mod words;

use std::collections::HashMap;

use super::RosterError;
use super::headers::plain;
use super::issue::shown;
use super::number::{Number, Reading, Style, What};
use super::table::{DELIMITERS, records};
use crate::model::{ActualRow, Actuals, Model};
use lines::Lines;
use words::{Field, nearest};

/// Most rows: 24 months of 5 tiers and 4 types are 480.
const MOST_ACTUALS: usize = 10_000;
/// Largest figure that is believed.
const LARGEST: f64 = 1e15;
/// Most partnerships of one tier and type.
const MOST: f64 = 1e6;

/// Something that is wrong in a file of actuals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActualsProblem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub text: String,
}

/// Everything that is wrong in a file of actuals, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActualsProblems(pub Vec<ActualsProblem>);

impl ActualsProblems {
    fn one(line: usize, column: usize, text: impl Into<String>) -> Self {
        let text = text.into();
        Self(vec![ActualsProblem { line, column, text }])
    }

    /// One line a problem: `file:line:column: text`.
    #[must_use]
    pub fn render(&self, file: &str) -> String {
        let line = |p: &ActualsProblem| format!("{file}:{}:{}: {}", p.line, p.column, p.text);
        self.0.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Reads the text of a file of actuals for a model: its columns `month` (a number from 1, or `2026-07` where the scenario names
/// its start), `tier`, `partnership`, `spend`, `conversions`, `revenue`, and, if there, `impressions`, `engagements`, `clicks`, `count`.
///
/// # Errors
/// All problems: columns, tiers, types and months that are not known; figures that are none, negative or missing; a month
/// that is missing before one that is there; rows twice.
pub fn read_actuals(text: &str, model: &Model) -> Result<Actuals, ActualsProblems> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = Lines::new(text);
    if let Some((line, column)) = lines.open_quote() {
        return Err(ActualsProblems::one(
            line,
            column,
            "a quotation mark opens here and is never closed",
        ));
    }
    let (delimiter, header) = header(text, &lines)?;
    let mut rows: Vec<(usize, Vec<String>)> = Vec::new();
    let read = records(text, delimiter, |line, record| {
        let blank = record.iter().all(|field| field.trim().is_empty());
        if line != header.line && !blank {
            if rows.len() == MOST_ACTUALS {
                return Err(RosterError::TooManyRows(MOST_ACTUALS));
            }
            rows.push((line, record.iter().map(str::to_owned).collect()));
        }
        Ok(true)
    });
    read.map_err(|error| ActualsProblems::one(1, 1, error.to_string()))?;
    let mut reader = Reader {
        model,
        lines: &lines,
        delimiter,
        header: &header,
        rows: &rows,
        styles: [None; Field::COUNT],
        problems: Vec::new(),
    };
    let found = reader.read();
    let mut problems = reader.problems;
    if problems.is_empty() && found.is_empty() {
        return Err(ActualsProblems::one(
            header.line,
            1,
            "there are no rows under the header; a row says what one tier and type cost and brought in one month",
        ));
    }
    if !problems.is_empty() {
        problems.sort_by_key(|p| (p.line, p.column));
        return Err(ActualsProblems(problems));
    }
    let months = found.iter().map(|row| row.month + 1).max().unwrap_or(0);
    Ok(Actuals {
        months,
        rows: found,
    })
}

struct Header {
    line: usize,
    /// Column of the file of each field.
    places: [Option<usize>; Field::COUNT],
}

/// The first row with anything in it, under the delimiter that makes most columns known.
fn header(text: &str, lines: &Lines<'_>) -> Result<(u8, Header), ActualsProblems> {
    let mut best: Option<(usize, u8, usize, Vec<String>)> = None;
    for delimiter in DELIMITERS {
        let mut first: Option<(usize, Vec<String>)> = None;
        let read = records(text, delimiter, |line, record| {
            if record.iter().any(|field| !field.trim().is_empty()) {
                first = Some((line, record.iter().map(str::to_owned).collect()));
            }
            Ok(first.is_none())
        });
        read.map_err(|error| ActualsProblems::one(1, 1, error.to_string()))?;
        let Some((line, names)) = first else {
            return Err(ActualsProblems::one(1, 1, "the file is empty"));
        };
        let known = names.iter().filter(|n| Field::named(n).is_some()).count();
        if best.as_ref().is_none_or(|(most, ..)| known > *most) {
            best = Some((known, delimiter, line, names));
        }
    }
    let Some((_, delimiter, line, names)) = best else {
        return Err(ActualsProblems::one(1, 1, "the file is empty"));
    };
    let mut problems = Vec::new();
    let mut places = [None; Field::COUNT];
    for (place, name) in names.iter().enumerate() {
        let (line, column) = lines.place(line, place, delimiter);
        let mut problem = |text: String| problems.push(ActualsProblem { line, column, text });
        match Field::named(name) {
            Some(field) if places[field as usize].is_some() => {
                problem(format!("the column {} stands there twice", field.name()));
            }
            Some(field) => places[field as usize] = Some(place),
            None if name.trim().is_empty() => {
                problem("a column without a name; take it out, or name it".to_owned());
            }
            None => {
                let known: Vec<&str> = Field::ALL.iter().map(|f| f.name()).collect();
                let near = nearest(&plain(name), known.iter().copied());
                let hint = near.map_or_else(
                    || "; the columns are".to_owned(),
                    |n| format!("; did you mean {n}? The columns are"),
                );
                problem(format!(
                    "there is no column \"{}\"{hint} {}",
                    shown(name.trim()),
                    known.join(", ")
                ));
            }
        }
    }
    let missing: Vec<&str> = Field::ALL
        .iter()
        .filter(|f| f.is_required() && places[**f as usize].is_none())
        .map(|f| f.name())
        .collect();
    if !missing.is_empty() {
        problems.push(ActualsProblem {
            line,
            column: 1,
            text: format!("the header lacks the columns {}", missing.join(", ")),
        });
    }
    if problems.is_empty() {
        Ok((delimiter, Header { line, places }))
    } else {
        Err(ActualsProblems(problems))
    }
}

struct Reader<'a> {
    model: &'a Model,
    lines: &'a Lines<'a>,
    delimiter: u8,
    header: &'a Header,
    rows: &'a [(usize, Vec<String>)],
    styles: [Option<Style>; Field::COUNT],
    problems: Vec<ActualsProblem>,
}

impl Reader<'_> {
    fn read(&mut self) -> Vec<ActualRow> {
        for field in Field::ALL {
            let what = match field {
                Field::Month | Field::Tier | Field::Partnership => continue,
                Field::Spend | Field::Revenue => What::Amount,
                _ => What::Count,
            };
            let texts = self.rows.iter().map(|row| self.text(row, field));
            self.styles[field as usize] = Some(Style::of(what, texts, None, false));
        }
        let mut out: Vec<ActualRow> = Vec::new();
        let mut known: HashMap<(usize, usize, usize), usize> = HashMap::new();
        let width = self
            .header
            .places
            .iter()
            .flatten()
            .max()
            .map_or(0, |p| p + 1);
        for at in 0..self.rows.len() {
            let (line, fields) = &self.rows[at];
            if fields
                .iter()
                .skip(width)
                .any(|extra| !extra.trim().is_empty())
            {
                let (line, column) = self.lines.place(*line, width, self.delimiter);
                let text = "more fields than the header has columns; is a number with a comma left without quotation marks?";
                let text = text.to_owned();
                self.problems.push(ActualsProblem { line, column, text });
                continue;
            }
            let before = self.problems.len();
            let row = self.row(at);
            if self.problems.len() > before {
                continue;
            }
            let key = (row.month, row.tier, row.partnership);
            if let Some(first) = known.insert(key, *line) {
                self.problem(
                    at,
                    Field::Month,
                    format!(
                        "month {}, {} and {} stand in line {first} already; add them up in one row",
                        row.month + 1,
                        self.model.tiers[row.tier].name,
                        self.model.partnerships[row.partnership].name
                    ),
                );
            }
            out.push(row);
        }
        if self.problems.is_empty() {
            self.gaps(&out);
        }
        out.sort_by_key(|row| (row.month, row.tier, row.partnership));
        out
    }

    fn gaps(&mut self, rows: &[ActualRow]) {
        let last = rows.iter().map(|row| row.month).max().unwrap_or(0);
        for month in 0..last {
            if rows.iter().any(|row| row.month == month) {
                continue;
            }
            if let Some(at) = rows.iter().position(|row| row.month > month) {
                self.problem(
                    at,
                    Field::Month,
                    format!(
                        "month {} is here, but month {} has no rows: actuals begin with the first month and leave none out; if nothing was booked in it, write a row with zeros",
                        rows[at].month + 1,
                        month + 1
                    ),
                );
                return;
            }
        }
    }

    fn text<'b>(&self, (_, fields): &'b (usize, Vec<String>), field: Field) -> &'b str {
        let place = self.header.places[field as usize];
        place
            .and_then(|place| fields.get(place))
            .map_or("", String::as_str)
    }

    fn problem(&mut self, at: usize, field: Field, text: String) {
        let place = self.header.places[field as usize].unwrap_or(0);
        let (line, column) = self.lines.place(self.rows[at].0, place, self.delimiter);
        self.problems.push(ActualsProblem { line, column, text });
    }

    fn row(&mut self, at: usize) -> ActualRow {
        let model = self.model;
        let tiers: Vec<&str> = model.tiers.iter().map(|t| t.name.as_str()).collect();
        let types: Vec<&str> = model.partnerships.iter().map(|p| p.name.as_str()).collect();
        let month = self.month(at);
        let tier = self.name(at, Field::Tier, &tiers);
        let partnership = self.name(at, Field::Partnership, &types);
        let offered = |c: &crate::model::Cell| c.tier == tier && c.partnership == partnership;
        if tier < tiers.len() && partnership < types.len() && !model.cells.iter().any(offered) {
            let (t, p) = (tiers[tier], types[partnership]);
            self.problem(
                at,
                Field::Partnership,
                format!("{t}.{p} is not offered in the scenario; add {p} to tiers.{t}.partnerships, or book it under another type"),
            );
        }
        let row = ActualRow {
            month,
            tier,
            partnership,
            count: self.figure(at, Field::Count),
            spend: self.needed(at, Field::Spend),
            impressions: self.figure(at, Field::Impressions),
            engagements: self.figure(at, Field::Engagements),
            clicks: self.figure(at, Field::Clicks),
            conversions: self.needed(at, Field::Conversions),
            revenue: self.needed(at, Field::Revenue),
        };
        let nothing = row.spend == 0.0 && row.conversions == 0.0 && row.revenue == 0.0;
        if row.count == Some(0.0) && !nothing {
            let text = "count is 0, and yet there is spend or revenue; write how many partnerships there were, or leave it blank for as many as planned";
            self.problem(at, Field::Count, text.to_owned());
        }
        row
    }

    /// A number from 1, or year and month.
    fn month(&mut self, at: usize) -> usize {
        let text = self.text(&self.rows[at], Field::Month).trim().to_owned();
        let months = self.model.months;
        if let Ok(number) = text.parse::<usize>() {
            if (1..=months).contains(&number) {
                return number - 1;
            }
            self.problem(
                at,
                Field::Month,
                format!(
                    "there is no month {number}; the scenario has {months} (months = {months})"
                ),
            );
            return 0;
        }
        match (text.parse::<crate::units::YearMonth>(), self.model.start) {
            (Ok(found), Some((year, month))) => {
                let ahead = 12 * (i32::from(found.year()) - i32::from(year))
                    + i32::from(found.month())
                    - i32::from(month);
                match usize::try_from(ahead) {
                    Ok(number) if number < months => return number,
                    _ => self.problem(
                        at,
                        Field::Month,
                        format!("{found} is not in the scenario, which has {months} months from {year:04}-{month:02}"),
                    ),
                }
            }
            (Ok(found), None) => self.problem(
                at,
                Field::Month,
                format!("{found} can't be placed: the scenario names no start; write the month as a number from 1, or add start = \"{found}\" to the scenario"),
            ),
            (Err(_), _) => self.problem(
                at,
                Field::Month,
                format!("\"{}\" is no month; write a number from 1 to {months}, or year and month such as 2026-07", shown(&text)),
            ),
        }
        0
    }

    fn name(&mut self, at: usize, field: Field, known: &[&str]) -> usize {
        let text = self.text(&self.rows[at], field).trim().to_owned();
        let same = |name: &&str| plain(name) == plain(&text);
        if let Some(found) = known.iter().position(same) {
            return found;
        }
        let near = nearest(&plain(&text), known.iter().copied());
        let hint = near.map_or_else(
            || "; it has".to_owned(),
            |n| format!("; did you mean {n}? It has"),
        );
        self.problem(
            at,
            field,
            format!(
                "there is no {} \"{}\" in the scenario{hint} {}",
                field.name(),
                shown(&text),
                known.join(", ")
            ),
        );
        usize::MAX
    }

    fn needed(&mut self, at: usize, field: Field) -> f64 {
        let before = self.problems.len();
        if let Some(value) = self.figure(at, field) {
            return value;
        }
        if self.problems.len() == before {
            let name = field.name();
            self.problem(
                at,
                field,
                format!("{name} is not known here; it must be, since totals add up from it (0 if there was none)"),
            );
        }
        0.0
    }

    fn figure(&mut self, at: usize, field: Field) -> Option<f64> {
        let text = self.text(&self.rows[at], field).to_owned();
        let style = self.styles[field as usize]?;
        let name = field.name();
        let money = matches!(field, Field::Spend | Field::Revenue);
        match style.read(&text) {
            Reading::Unknown => None,
            Reading::Number(Number { percent: true, .. }) => {
                self.problem(
                    at,
                    field,
                    format!("{name} is a total, not a share: \"{}\"", shown(&text)),
                );
                None
            }
            Reading::Number(Number {
                currency: Some(codes),
                ..
            }) if !money || !codes.contains(&self.model.currency.as_str()) => {
                let own = &self.model.currency;
                self.problem(
                    at,
                    field,
                    if money {
                        format!("{name}: \"{}\" is in another currency than the scenario's {own}; convert it", shown(&text))
                    } else {
                        format!("{name} is a number of things, not an amount of money: \"{}\"", shown(&text))
                    },
                );
                None
            }
            Reading::Number(Number { value, .. })
                if field == Field::Conversions && (value - value.round()).abs() > 1e-6 =>
            {
                self.problem(
                    at,
                    field,
                    format!("{name} are whole orders: \"{}\"", shown(&text)),
                );
                None
            }
            Reading::Number(Number { value, .. }) if field == Field::Count && value > MOST => {
                self.problem(
                    at,
                    field,
                    format!(
                        "{name} is larger than anything plausible: \"{}\" partnerships",
                        shown(&text)
                    ),
                );
                None
            }
            Reading::Number(Number { value, .. }) if value < 0.0 => {
                self.problem(
                    at,
                    field,
                    format!("{name} can't be below 0; returns and credits come off the month they belong to"),
                );
                None
            }
            Reading::Number(Number { value, .. }) if value > LARGEST => {
                self.problem(
                    at,
                    field,
                    format!("{name} is larger than anything plausible"),
                );
                None
            }
            Reading::Number(Number { value, .. }) => Some(value),
            Reading::Nonsense => {
                self.problem(
                    at,
                    field,
                    format!("{name}: \"{}\" is no number", shown(&text)),
                );
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
