//! Rosters that are parquet files.

use std::fs::File;
use std::path::Path;

use super::error::ExportError;
use super::safe_text::unguarded;
use crate::model::RosterSettings;
use crate::roster::{MOST_COLUMNS, MOST_ROWS, RawTable, RosterError, TextColumn, places};
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
            .and_then(texts)
            .map_err(|e| ExportError::parquet(CANNOT_READ, path)(e))?;
        table.stored_numbers[field] = column.1;
        table.columns[field] = Some((name.clone(), column.0));
    }
    Ok(Ok(table))
}

/// A column's values as text, and whether they were numbers.
fn texts(column: &PolarsColumn) -> PolarsResult<(TextColumn, bool)> {
    let number = column.dtype().is_primitive_numeric();
    let text = column.cast(&DataType::String)?;
    let mut out = TextColumn::default();
    for value in text.str()?.iter() {
        out.push(value.map_or("", unguarded));
    }
    Ok((out, number))
}
