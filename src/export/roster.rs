//! Rosters that are parquet files.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::error::ExportError;
use super::safe_text::unguarded;
use crate::model::RosterSettings;
use crate::roster::{
    LARGEST_FILE, LONGEST_FIELD, MOST_COLUMNS, MOST_ROWS, RawTable, RosterError, TextColumn, places,
};
use polars::prelude::{
    ArrowDataType, Column as PolarsColumn, DataFrame, DataType, ParallelStrategy, ParquetReader,
    PolarsResult, SerReader,
};

const CANNOT_READ: &str = "cannot read";
/// Rows read at once: a few bytes of a file can stand for a long text in every row.
const AT_ONCE: usize = 1 << 15;
/// Most bytes that the stored values of a column may take; numbers stored wide take more than their texts.
const MOST_STORED: u64 = 2 * LARGEST_FILE;

/// What is known of a file before its values are read.
struct Head {
    rows: usize,
    names: Vec<String>,
    types: Vec<ArrowDataType>,
    /// Bytes of each column's values, as the file states them.
    stored: Vec<u64>,
}

/// The columns of a parquet file that mean something, as text.
///
/// # Errors
/// If the file is damaged ([`ExportError::Parquet`]), or is no roster (the inner error).
pub fn read_parquet(
    path: &Path,
    settings: &RosterSettings,
) -> Result<Result<RawTable, RosterError>, ExportError> {
    let file = File::open(path).map_err(ExportError::io(CANNOT_READ, path))?;
    let failed = ExportError::parquet(CANNOT_READ, path);
    let head = match guarded(|| head(&file)) {
        Ok(head) => head,
        Err(reason) => return Err(failed(reason)),
    };
    if head.rows > MOST_ROWS {
        return Ok(Err(RosterError::TooManyRows(MOST_ROWS)));
    }
    if head.names.len() > MOST_COLUMNS {
        return Ok(Err(RosterError::TooManyColumns {
            row: 1,
            most: MOST_COLUMNS,
        }));
    }
    let places = match places(&head.names, settings) {
        Ok(places) => places,
        Err(error) => return Ok(Err(error)),
    };
    let mut table = RawTable {
        read: head.rows,
        // The header counts as row 1, as in a text file.
        rows: (2..head.rows + 2).collect(),
        form: "parquet".to_owned(),
        ..RawTable::default()
    };
    let mut wanted: Vec<(usize, usize)> = Vec::new();
    for (field, place) in places.iter().enumerate() {
        let Some(place) = *place else { continue };
        if !is_read(&head.types[place]) {
            return Ok(Err(RosterError::ColumnType {
                column: head.names[place].clone(),
                kind: words(&head.types[place]),
            }));
        }
        if head.stored[place] > MOST_STORED {
            return Ok(Err(RosterError::TooMuchText(LARGEST_FILE >> 20)));
        }
        let name = head.names[place].clone();
        table.columns[field] = Some((name, TextColumn::default()));
        wanted.push((field, place));
    }
    let mut bytes = 0;
    for start in (0..head.rows).step_by(AT_ONCE) {
        let length = AT_ONCE.min(head.rows - start);
        let projection = wanted.iter().map(|w| w.1).collect();
        let frame = match guarded(|| slice(&file, projection, start, length)) {
            Ok(frame) => frame,
            Err(reason) => return Err(failed(reason)),
        };
        for &(field, place) in &wanted {
            let name = &head.names[place];
            let column = frame.column(name);
            let Some((_, texts)) = &mut table.columns[field] else {
                continue;
            };
            let added = column.and_then(|column| {
                table.stored_numbers[field] = column.dtype().is_primitive_numeric();
                add(texts, column, name, start, &mut bytes)
            });
            match added {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Ok(Err(error)),
                Err(error) => return Err(failed(error.to_string())),
            }
        }
    }
    Ok(Ok(table))
}

/// A damaged file can make the decoder panic; that is the file's fault, not the program's.
fn guarded<T>(work: impl FnOnce() -> PolarsResult<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the file is damaged".to_owned()),
    }
}

fn head(file: &File) -> PolarsResult<Head> {
    let mut reader = ParquetReader::new(file.try_clone()?);
    let schema = reader.schema()?;
    let metadata = reader.get_metadata()?;
    let stored = |name: &str| -> u64 {
        let groups = metadata.row_groups.iter();
        let chunks = groups.filter_map(|group| group.columns_under_root_iter(name));
        chunks
            .flatten()
            .map(|chunk| u64::try_from(chunk.uncompressed_size()).unwrap_or(u64::MAX))
            .fold(0, u64::saturating_add)
    };
    Ok(Head {
        rows: metadata.num_rows,
        names: schema.iter_names().map(ToString::to_string).collect(),
        types: schema.iter_values().map(|f| f.dtype().clone()).collect(),
        stored: schema.iter_names().map(|name| stored(name)).collect(),
    })
}

fn slice(
    file: &File,
    projection: Vec<usize>,
    start: usize,
    length: usize,
) -> PolarsResult<DataFrame> {
    ParquetReader::new(file.try_clone()?)
        .with_projection(Some(projection))
        .with_slice(Some((start, length)))
        // A column after another: side by side they take several times the memory.
        .read_parallel(ParallelStrategy::None)
        .finish()
}

/// Whether values of a type are read.
fn is_read(kind: &ArrowDataType) -> bool {
    use ArrowDataType as A;
    let text = |kind: &A| {
        matches!(
            kind,
            A::Utf8View | A::Utf8 | A::LargeUtf8 | A::BinaryView | A::Binary | A::LargeBinary
        )
    };
    match kind {
        A::Dictionary(_, values, _) => text(values),
        A::Null
        | A::Boolean
        | A::Int32
        | A::Int64
        | A::UInt32
        | A::UInt64
        | A::Float32
        | A::Float64 => true,
        other => text(other),
    }
}

/// A type's name without what it is made of.
fn words(kind: &ArrowDataType) -> String {
    let full = format!("{kind:?}");
    match kind {
        ArrowDataType::Decimal(..) => full,
        _ => full.split(['(', ' ', '{']).next().unwrap_or("").to_owned(),
    }
}

/// Adds the texts of the rows from `start` on, within the limits of text files. No text is copied before its
/// length is known.
fn add(
    texts: &mut TextColumn,
    column: &PolarsColumn,
    name: &str,
    start: usize,
    bytes: &mut u64,
) -> PolarsResult<Result<(), RosterError>> {
    let mut put = |row: usize, text: &str| {
        if text.len() > LONGEST_FIELD {
            return Err(RosterError::LongValue {
                row: start + row + 2,
                column: name.to_owned(),
                most: LONGEST_FIELD,
            });
        }
        *bytes += text.len() as u64;
        if *bytes > LARGEST_FILE {
            return Err(RosterError::TooMuchText(LARGEST_FILE >> 20));
        }
        texts.push(unguarded(text));
        Ok(())
    };
    let series = column.as_materialized_series();
    match series.dtype() {
        DataType::Categorical(..) | DataType::Enum(..) => {
            for row in 0..series.len() {
                let value = series.get(row)?;
                if let Err(error) = put(row, value.get_str().unwrap_or("")) {
                    return Ok(Err(error));
                }
            }
        }
        DataType::Binary => {
            for (row, value) in series.binary()?.iter().enumerate() {
                let text = String::from_utf8_lossy(value.unwrap_or_default());
                if let Err(error) = put(row, &text) {
                    return Ok(Err(error));
                }
            }
        }
        _ => {
            // Of texts this copies nothing.
            let cast = series.cast(&DataType::String)?;
            for (row, value) in cast.str()?.iter().enumerate() {
                if let Err(error) = put(row, value.unwrap_or("")) {
                    return Ok(Err(error));
                }
            }
        }
    }
    Ok(Ok(()))
}
