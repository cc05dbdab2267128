//! Tables → parquet, and back.

use std::fs::File;
use std::path::Path;

use polars::prelude::{
    Column as PolarsColumn, DataFrame, NamedFrom, ParquetCompression, ParquetWriter, PolarsResult,
    Series, StatisticsOptions,
};

use super::error::ExportError;
use super::safe_text::guarded;
use super::table::{Column, Table, Values};

pub(super) const CANNOT_WRITE: &str = "cannot write";

/// The parquet settings of every file: the compression every reader knows (on trial rows it takes the time of LZ4 and
/// four fifths of zstd's, for 7 % more bytes), statistics, and columns encoded one after another on the
/// calling thread, so that polars' own pool stays asleep.
pub(super) fn writer(file: File) -> ParquetWriter<File> {
    ParquetWriter::new(file)
        .with_compression(ParquetCompression::Snappy)
        .with_statistics(StatisticsOptions::default())
        .set_parallel(false)
}

impl Table {
    /// The table as a polars data frame; texts that spreadsheets would run as formulas are marked as text.
    pub(super) fn frame(&self) -> PolarsResult<DataFrame> {
        let columns = self.columns.iter().map(polars_column).collect();
        DataFrame::new(self.rows(), columns)
    }
}

fn polars_column(column: &Column) -> PolarsColumn {
    let name = column.name.into();
    let series = match &column.values {
        Values::Text(v) => {
            let guarded: Vec<_> = v.iter().map(|t| t.as_deref().map(guarded)).collect();
            let texts: Vec<Option<&str>> = guarded.iter().map(Option::as_deref).collect();
            Series::new(name, texts)
        }
        Values::Number(v) => Series::new(name, v.as_slice()),
        Values::Month(v) => Series::new(name, v.as_slice()),
        Values::Whole(v) => Series::new(name, v.as_slice()),
        Values::Flag(v) => Series::new(name, v.as_slice()),
    };
    series.into()
}

/// Writes a table to a parquet file.
///
/// # Errors
/// If the file can't be written.
pub fn write_table(path: &Path, table: &Table) -> Result<(), ExportError> {
    let file = File::create(path).map_err(ExportError::io(CANNOT_WRITE, path))?;
    let failed = || ExportError::parquet(CANNOT_WRITE, path);
    let mut frame = table.frame().map_err(failed())?;
    writer(file).finish(&mut frame).map_err(failed())?;
    Ok(())
}
