//! Rosters that are parquet files.

use std::fs::File;
use std::path::Path;

use super::error::ExportError;
use super::safe_text::unguarded;
use crate::model::RosterSettings;
use crate::roster::{
    LARGEST_FILE, LONGEST_FIELD, MOST_COLUMNS, MOST_ROWS, RawTable, RosterError, TextColumn, places,
};
use polars::prelude::{
    Column as PolarsColumn, DataFrame, DataType, ParquetReader, PolarsResult, SerReader,
};

const CANNOT_READ: &str = "cannot read";

/// The columns of a parquet file that mean something, as text.
///
/// # Errors
/// If the file is damaged ([`ExportError::Parquet`]), or is no roster (the inner error).
pub fn read_parquet(
    path: &Path,
    settings: &RosterSettings,
) -> Result<Result<RawTable, RosterError>, ExportError> {
    let open = || File::open(path).map_err(ExportError::io(CANNOT_READ, path));
    let failed = |reason: String| ExportError::parquet(CANNOT_READ, path)(reason);
    // A damaged file can make the decoder panic; that is the file's fault, not the program's.
    let guarded = |work: &mut dyn FnMut() -> Result<DataFrame, String>| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
            .map_err(|_| "the file is damaged".to_owned())
            .and_then(|read| read)
    };
    let file = open()?;
    let mut head = || {
        let mut reader = ParquetReader::new(file.try_clone().map_err(|e| e.to_string())?);
        let rows = reader.num_rows().map_err(|e| e.to_string())?;
        let schema = reader.schema().map_err(|e| e.to_string())?;
        let names: Vec<String> = schema.iter_names().map(ToString::to_string).collect();
        Ok((rows, names))
    };
    let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut head))
        .map_err(|_| "the file is damaged".to_owned())
        .and_then(|read: Result<(usize, Vec<String>), String>| read);
    let (rows, names) = found.map_err(failed)?;
    if rows > MOST_ROWS {
        return Ok(Err(RosterError::TooManyRows(MOST_ROWS)));
    }
    if names.len() > MOST_COLUMNS {
        return Ok(Err(RosterError::TooManyColumns {
            row: 1,
            most: MOST_COLUMNS,
        }));
    }
    let places = match places(&names, settings) {
        Ok(places) => places,
        Err(error) => return Ok(Err(error)),
    };
    let wanted: Vec<String> = places.iter().flatten().map(|&i| names[i].clone()).collect();
    let file = open()?;
    let frame = guarded(&mut || {
        let file = file.try_clone().map_err(|e| e.to_string())?;
        ParquetReader::new(file)
            .with_columns(Some(wanted.clone()))
            .finish()
            .map_err(|e| e.to_string())
    })
    .map_err(|reason| ExportError::parquet(CANNOT_READ, path)(reason))?;
    let mut table = RawTable {
        read: frame.height(),
        // The header counts as row 1, as in a text file.
        rows: (2..frame.height() + 2).collect(),
        form: "parquet".to_owned(),
        ..RawTable::default()
    };
    for (field, place) in places.iter().enumerate() {
        let Some(place) = *place else { continue };
        let name = &names[place];
        let column = frame
            .column(name)
            .and_then(|column| Ok((column.cast(&DataType::String)?, column)))
            .map_err(|e| ExportError::parquet(CANNOT_READ, path)(e))?;
        let number = column.1.dtype().is_primitive_numeric();
        let text = match texts(&column.0) {
            Ok(Ok(text)) => text,
            Ok(Err(error)) => return Ok(Err(error)),
            Err(error) => return Err(ExportError::parquet(CANNOT_READ, path)(error)),
        };
        let column = (text, number);
        table.stored_numbers[field] = column.1;
        table.columns[field] = Some((name.clone(), column.0));
    }
    Ok(Ok(table))
}

/// A column's texts. A few bytes of a file can stand for a long text in every row: the limits of text
/// files hold here too.
fn texts(column: &PolarsColumn) -> PolarsResult<Result<TextColumn, RosterError>> {
    let mut out = TextColumn::default();
    let mut bytes = 0;
    for (row, value) in column.str()?.iter().enumerate() {
        let text = value.map_or("", unguarded);
        if text.len() > LONGEST_FIELD {
            return Ok(Err(RosterError::LongField {
                row: row + 2,
                most: LONGEST_FIELD,
            }));
        }
        bytes += text.len() as u64;
        if bytes > LARGEST_FILE {
            return Ok(Err(RosterError::TooLarge(LARGEST_FILE >> 20)));
        }
        out.push(text);
    }
    Ok(Ok(out))
}
