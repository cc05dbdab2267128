//! The combined summary of several scenarios, and summaries read back as a baseline.

use std::fs::File;
use std::path::Path;

use polars::prelude::{
    DataFrame, Float64Chunked, Int32Chunked, ParquetReader, SerReader, StringChunked,
};

use super::error::ExportError;
use super::parquet::write_table;
use super::safe_text::unguarded;
use super::table::Table;
use super::tables::summary_columns;
use crate::model::Metric;
use crate::summary::{Estimate, ScopeKey, ScopeKind, SummaryRow};

const CANNOT_READ: &str = "cannot read";

/// A row of an earlier summary.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineRow {
    /// Scenario name; `None` in the summary of a single run.
    pub scenario: Option<String>,
    /// The row.
    pub row: SummaryRow,
}

/// The combined summary: the columns of summary.parquet behind a leading `scenario`.
#[must_use]
pub fn summary_table(scenarios: &[(String, &[SummaryRow])]) -> Table {
    let rows: Vec<(&str, &SummaryRow)> = scenarios
        .iter()
        .flat_map(|(name, rows)| rows.iter().map(move |row| (name.as_str(), row)))
        .collect();
    let table = Table::new().text("scenario", &rows, |r| Some(r.0));
    summary_columns(table, &rows, |r| r.1)
}

/// Writes the combined summary of several scenarios, in the order given.
///
/// # Errors
/// If the file can't be written.
pub fn write_summary(
    path: &Path,
    scenarios: &[(String, &[SummaryRow])],
) -> Result<(), ExportError> {
    write_table(path, &summary_table(scenarios))
}

/// Reads a summary that an earlier run wrote, of one scenario or of a batch.
///
/// # Errors
/// If the file can't be read, lacks a column, or names an unknown scope or metric.
pub fn read_summary(path: &Path) -> Result<Vec<BaselineRow>, ExportError> {
    let file = File::open(path).map_err(ExportError::io(CANNOT_READ, path))?;
    // A damaged file can make the decoder panic; that is the file's fault, not the program's.
    let frame = std::panic::catch_unwind(|| ParquetReader::new(file).finish())
        .map_err(|_| "the file is damaged".to_owned())
        .and_then(|read| read.map_err(|e| e.to_string()))
        .map_err(ExportError::parquet(CANNOT_READ, path))?;
    let reader = Reader {
        path,
        frame: &frame,
    };
    let scenario = match frame.column("scenario") {
        Ok(_) => Some(reader.text("scenario")?),
        Err(_) => None,
    };
    let numbers = Numbers::read(&reader)?;
    let (plan, month) = (reader.text("plan")?, reader.month()?);
    let (scope, metric) = (reader.text("scope")?, reader.text("metric")?);
    let (tier, partnership) = (reader.text("tier")?, reader.text("partnership")?);
    let (category, region) = (reader.text("category")?, reader.text("region")?);
    let booked_as = match frame.column("booked_as") {
        Ok(_) => Some(reader.text("booked_as")?),
        Err(_) => None,
    };
    let text =
        |column: &StringChunked, row: usize| column.get(row).map(|t| unguarded(t).to_owned());
    (0..frame.height())
        .map(|row| {
            let invalid = |column: &'static str, value: Option<&str>| ExportError::Value {
                path: path.to_owned(),
                row: row + 1,
                column,
                value: value.unwrap_or("null").to_owned(),
            };
            let kind = scope.get(row).and_then(scope_kind);
            let kind = kind.ok_or_else(|| invalid("scope", scope.get(row)))?;
            let name = metric.get(row).and_then(Metric::from_name);
            let name = name.ok_or_else(|| invalid("metric", metric.get(row)))?;
            let plan = text(plan, row).ok_or_else(|| invalid("plan", None))?;
            Ok(BaselineRow {
                scenario: scenario.and_then(|s| text(s, row)),
                row: SummaryRow {
                    plan,
                    month: month.get(row).and_then(|m| usize::try_from(m).ok()),
                    scope: ScopeKey {
                        kind,
                        tier: text(tier, row),
                        partnership: text(partnership, row),
                        category: text(category, row),
                        region: text(region, row),
                        booked_as: booked_as.and_then(|b| text(b, row)),
                    },
                    metric: name,
                    estimate: numbers.estimate(row),
                },
            })
        })
        .collect()
}

fn scope_kind(name: &str) -> Option<ScopeKind> {
    [
        ScopeKind::Total,
        ScopeKind::Tier,
        ScopeKind::Partnership,
        ScopeKind::Category,
        ScopeKind::Region,
        ScopeKind::Cell,
    ]
    .into_iter()
    .find(|kind| kind.name() == name)
}

struct Reader<'a> {
    path: &'a Path,
    frame: &'a DataFrame,
}

impl<'a> Reader<'a> {
    fn missing(&self, column: &str) -> ExportError {
        ExportError::Column {
            path: self.path.to_owned(),
            column: column.to_owned(),
        }
    }

    fn text(&self, name: &str) -> Result<&'a StringChunked, ExportError> {
        let column = self.frame.column(name);
        column.and_then(|c| c.str()).map_err(|_| self.missing(name))
    }

    fn number(&self, name: &str) -> Result<&'a Float64Chunked, ExportError> {
        let column = self.frame.column(name);
        column.and_then(|c| c.f64()).map_err(|_| self.missing(name))
    }

    fn month(&self) -> Result<&'a Int32Chunked, ExportError> {
        let column = self.frame.column("month");
        column
            .and_then(|c| c.i32())
            .map_err(|_| self.missing("month"))
    }
}

/// The numeric columns of a summary, in the order of its columns.
struct Numbers<'a>([&'a Float64Chunked; 19]);

impl<'a> Numbers<'a> {
    const NAMES: [&'static str; 19] = [
        "mean",
        "ratio_of_means",
        "sd",
        "mc_error",
        "ratio_of_means_error",
        "p05",
        "p10",
        "p25",
        "p50",
        "p75",
        "p90",
        "p95",
        "p05_error",
        "p50_error",
        "p95_error",
        "target",
        "prob_target",
        "prob_target_error",
        "undefined_share",
    ];

    fn read(reader: &Reader<'a>) -> Result<Self, ExportError> {
        let mut columns = [reader.number(Self::NAMES[0])?; 19];
        for (column, name) in columns.iter_mut().zip(Self::NAMES) {
            *column = reader.number(name)?;
        }
        Ok(Self(columns))
    }

    fn estimate(&self, row: usize) -> Estimate {
        let at = |column: usize| self.0[column].get(row);
        Estimate {
            mean: at(0),
            ratio_of_means: at(1),
            sd: at(2),
            mc_error: at(3),
            ratio_of_means_error: at(4),
            quantiles: std::array::from_fn(|i| at(5 + i)),
            quantile_errors: std::array::from_fn(|i| at(12 + i)),
            target: at(15),
            prob_target: at(16),
            prob_target_error: at(17),
            undefined_share: at(18).unwrap_or(0.0),
        }
    }
}
