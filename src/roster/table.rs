//! Text to columns: delimiter-separated values with quotation marks.

use super::{LONGEST_FIELD, MOST_COLUMNS, MOST_ROWS, RosterError};
use crate::model::{RosterField, RosterSettings};
use crate::roster::headers::{Header, header};
use crate::roster::issue::{Action, Issue, shown};

/// Delimiters that are recognized, likeliest first.
pub(super) const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// First rows among which the header is looked for.
pub(super) const HEADER_ROWS: usize = 30;

/// Texts of one column, one a row, in one piece of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextColumn {
    text: String,
    ends: Vec<u32>,
}

impl TextColumn {
    /// Adds the next row's text.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        // A file is at most 128 MiB, and so is a column's text.
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    /// The text of a row, as it stands in the file.
    #[must_use]
    pub fn get(&self, row: usize) -> &str {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text
            .get(start as usize..self.ends[row] as usize)
            .unwrap_or_default()
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// The columns of a roster file that mean something, as text.
#[derive(Debug, Clone, Default)]
pub struct RawTable {
    /// Name in the header and texts, by [`RosterField::index`].
    pub columns: [Option<(String, TextColumn)>; 11],
    /// Numbers that were stored as numbers: their texts have decimal points and nothing else.
    pub stored_numbers: [bool; 11],
    /// Row of the file of each row of the table, from 1.
    pub rows: Vec<usize>,
    /// Rows of the file in all, the header aside.
    pub read: usize,
    /// What was dropped or repaired so far.
    pub issues: Vec<Issue>,
    /// How the file was read, in words: encoding, delimiter.
    pub form: String,
}

/// One record: its fields in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Record {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, field: usize) -> &str {
        let start = field.checked_sub(1).map_or(0, |before| self.ends[before]);
        // The text is UTF-8 and is cut at ASCII characters only.
        std::str::from_utf8(&self.text[start..self.ends[field]]).unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|field| self.get(field))
    }

    fn shown(&self) -> String {
        shown(&self.iter().collect::<Vec<_>>().join(" | "))
    }

    /// Takes the record at the start of the input, whose first row is given; how long it was.
    fn take(
        &mut self,
        reader: &mut csv_core::Reader,
        input: &[u8],
        row: usize,
    ) -> Result<usize, RosterError> {
        self.text.clear();
        self.text.resize(4096, 0);
        self.ends.resize(MOST_COLUMNS, 0);
        let (mut read, mut written, mut fields) = (0, 0, 0);
        loop {
            use csv_core::ReadRecordResult::{End, InputEmpty, OutputEndsFull, OutputFull, Record};
            let (result, more, wrote, ended) = reader.read_record(
                &input[read..],
                &mut self.text[written..],
                &mut self.ends[fields..],
            );
            (read, written, fields) = (read + more, written + wrote, fields + ended);
            match result {
                // Asked again with nothing left, the reader closes the last record.
                InputEmpty => {}
                OutputFull => {
                    let open = written - fields.checked_sub(1).map_or(0, |f| self.ends[f]);
                    if open > LONGEST_FIELD {
                        let most = LONGEST_FIELD;
                        return Err(RosterError::LongField { row, most });
                    }
                    self.text.resize(2 * self.text.len(), 0);
                }
                OutputEndsFull => {
                    let most = MOST_COLUMNS;
                    return Err(RosterError::TooManyColumns { row, most });
                }
                Record | End => break,
            }
        }
        self.text.truncate(written);
        self.ends.truncate(fields);
        let mut start = 0;
        for &end in &self.ends {
            if end - start > LONGEST_FIELD {
                let most = LONGEST_FIELD;
                return Err(RosterError::LongField { row, most });
            }
            start = end;
        }
        Ok(read)
    }
}

/// Line ends in a part of a text: `\n`, `\r\n` and `\r` alone.
fn line_ends(text: &[u8], from: usize, to: usize) -> usize {
    (from..to)
        .filter(|&i| match text[i] {
            b'\n' => true,
            b'\r' => text.get(i + 1) != Some(&b'\n'),
            _ => false,
        })
        .count()
}

/// Whether a record ends in a field that opens with a quotation mark which nothing closes.
fn left_open(record: &[u8], delimiter: u8) -> bool {
    enum At {
        Start,
        Plain,
        Quoted,
        // Behind a mark that closes the field, unless another one follows.
        Closed,
    }
    let mut at = At::Start;
    for &byte in record {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Closed,
            (At::Start | At::Closed, b'"') | (At::Quoted, _) => At::Quoted,
            (_, b'\r' | b'\n') => At::Start,
            (_, byte) if byte == delimiter => At::Start,
            _ => At::Plain,
        };
    }
    matches!(at, At::Quoted)
}

/// Reads the records of a text, each with the row of the file that it starts in, until one is
/// refused.
pub(super) fn records(
    text: &str,
    delimiter: u8,
    mut take: impl FnMut(usize, &Record) -> Result<bool, RosterError>,
) -> Result<(), RosterError> {
    let text = text.as_bytes();
    let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let mut record = Record::default();
    let (mut at, mut row) = (0, 1);
    loop {
        let start = at;
        while at < text.len() && matches!(text[at], b'\r' | b'\n') {
            at += 1;
        }
        row += line_ends(text, start, at);
        if at == text.len() {
            return Ok(());
        }
        let length = record.take(&mut reader, &text[at..], row)?;
        if at + length == text.len() && left_open(&text[at..], delimiter) {
            return Err(RosterError::OpenQuote { row });
        }
        if record.len() > 0 && !take(row, &record)? {
            return Ok(());
        }
        row += line_ends(text, at, at + length);
        at += length;
    }
}

/// The first rows that have anything in them, at a delimiter.
fn first_rows(text: &str, delimiter: u8) -> Result<Vec<(usize, Vec<String>)>, RosterError> {
    let mut rows = Vec::new();
    records(text, delimiter, |row, record| {
        if record.iter().any(|field| !field.trim().is_empty()) {
            rows.push((row, record.iter().map(str::to_owned).collect()));
        }
        Ok(rows.len() < HEADER_ROWS)
    })?;
    Ok(rows)
}

/// The columns of a text, its header found by the settings and by common names.
///
/// # Errors
/// Where a limit is exceeded or no header is found.
pub fn parse(text: &str, settings: &RosterSettings) -> Result<RawTable, RosterError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let stated = settings.delimiter.and_then(|d| u8::try_from(d).ok());
    let candidates: &[u8] = match &stated {
        Some(delimiter) => std::slice::from_ref(delimiter),
        None => &DELIMITERS,
    };
    // The delimiter is the one under which most columns are known by name.
    let mut best: Option<(u8, Header)> = None;
    let mut refused = None;
    for &delimiter in candidates {
        let found = first_rows(text, delimiter).and_then(|rows| header(&rows, settings));
        match found {
            Ok(header) => {
                if best
                    .as_ref()
                    .is_none_or(|(_, b)| header.known() > b.known())
                {
                    best = Some((delimiter, header));
                }
            }
            // What is wrong under the likeliest delimiter is told, a wrong name before all.
            Err(error) => {
                if refused.is_none() || matches!(error, RosterError::NoColumn { .. }) {
                    refused.get_or_insert(error);
                }
            }
        }
    }
    let Some((delimiter, header)) = best else {
        return Err(refused.unwrap_or(RosterError::Empty));
    };
    columns(text, delimiter, &header)
}

fn columns(text: &str, delimiter: u8, header: &Header) -> Result<RawTable, RosterError> {
    let mut table = RawTable {
        issues: header.issues.clone(),
        form: match delimiter {
            b'\t' => "tab-separated".to_owned(),
            other => format!("separated by \"{}\"", char::from(other)),
        },
        ..RawTable::default()
    };
    for field in RosterField::ALL {
        if let Some(place) = header.places[field.index()] {
            let name = header.names[place].trim().to_owned();
            table.columns[field.index()] = Some((name, TextColumn::default()));
        }
    }
    let drop = |row: usize, record: &Record, reason: &'static str| Issue {
        row,
        column: None,
        text: record.shown(),
        action: Action::Dropped,
        reason: reason.into(),
    };
    let width = header.names.len();
    records(text, delimiter, |row, record| {
        let blank = record.iter().all(|field| field.trim().is_empty());
        if row == header.row || blank {
            return Ok(true);
        }
        table.read += 1;
        if row < header.row {
            table
                .issues
                .push(drop(row, record, "it stands above the header"));
        } else if same(record, &header.names) {
            table.issues.push(drop(row, record, "the header, repeated"));
        } else if record
            .iter()
            .skip(width)
            .any(|extra| !extra.trim().is_empty())
        {
            let reason = "it has more fields than the header, so its columns cannot be told apart";
            table.issues.push(drop(row, record, reason));
        } else {
            if table.rows.len() == MOST_ROWS {
                return Err(RosterError::TooManyRows(MOST_ROWS));
            }
            if record.len() < width {
                let reason = "it has fewer fields than the header; the missing ones are left blank";
                table.issues.push(Issue {
                    action: Action::Repaired,
                    ..drop(row, record, reason)
                });
            }
            table.rows.push(row);
            for (column, place) in table.columns.iter_mut().zip(header.places) {
                if let (Some((_, column)), Some(place)) = (column, place) {
                    let text = if place < record.len() {
                        record.get(place)
                    } else {
                        ""
                    };
                    column.push(text);
                }
            }
        }
        Ok(true)
    })?;
    Ok(table)
}

fn same(record: &Record, names: &[String]) -> bool {
    let filled = |s: &&str| !s.trim().is_empty();
    let plain = |s: &str| s.trim().trim_start_matches('\u{feff}').to_lowercase();
    record.iter().filter(filled).map(plain).eq(names
        .iter()
        .map(String::as_str)
        .filter(filled)
        .map(plain))
}
