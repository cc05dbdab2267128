//! Rosters in parquet: types that are not read, and texts that a few bytes stand for.

use std::path::{Path, PathBuf};

use polars::prelude::{Column, DataFrame, ParquetWriter};

use crate::export::roster::read_parquet;
use crate::model::{RosterField, RosterSettings};
use crate::roster::{LONGEST_FIELD, RawTable, RosterError};

fn data(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/export/tests/data");
    here.join(name)
}

fn read(path: &Path, columns: &[(RosterField, &str)]) -> Result<RawTable, RosterError> {
    let columns = columns.iter().map(|&(f, name)| (f, name.to_owned()));
    let settings = RosterSettings {
        columns: columns.collect(),
        ..RosterSettings::default()
    };
    read_parquet(path, &settings).expect("a sound file")
}

/// The file was written by another program (Polars for Python 1.x): three rows, and a column of each type.
#[test]
fn a_type_that_is_not_read_is_named_with_its_column() {
    let path = data("odd-types.parquet");
    for (column, kind) in [
        ("money", "Decimal(12, 2)"),
        ("small", "Int8"),
        ("day", "Date32"),
        ("list", "LargeList"),
    ] {
        let error = read(&path, &[(RosterField::Fee, column)]).unwrap_err();
        let wanted = RosterError::ColumnType {
            column: column.to_owned(),
            kind: kind.to_owned(),
        };
        assert_eq!(error, wanted);
    }
    // Columns that mean nothing are of no interest.
    let table = read(&path, &[]).unwrap();
    let (_, ids) = table.columns[RosterField::Id.index()].as_ref().unwrap();
    assert_eq!((ids.len(), ids.get(0), ids.get(2)), (3, "a", "c"));
}

/// 1.5 kB that stand for half a million names of 65,000 letters each, 32 GB: expanded, they end the program.
#[test]
fn texts_are_not_expanded_beyond_the_limit() {
    let error = read(&data("long-names.parquet"), &[]).unwrap_err();
    assert_eq!(error, RosterError::TooMuchText(128));
}

#[test]
fn rows_keep_their_order_over_many_slices() {
    let rows = 100_000;
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("r.parquet");
    let ids: Vec<String> = (0..rows).map(|i| format!("c{i}")).collect();
    let fees: Vec<f64> = (0..rows).map(f64::from).collect();
    let columns = vec![
        Column::new("id".into(), ids),
        Column::new("tier".into(), vec!["mid"; rows as usize]),
        Column::new("fee".into(), fees),
    ];
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    ParquetWriter::new(std::fs::File::create(&path).unwrap())
        .with_row_group_size(Some(30_000))
        .finish(&mut frame)
        .unwrap();
    let table = read(&path, &[]).unwrap();
    assert_eq!((table.read, table.rows.len()), (100_000, 100_000));
    assert_eq!((table.rows[0], table.rows[99_999]), (2, 100_001));
    let column = |field: RosterField| &table.columns[field.index()].as_ref().unwrap().1;
    for row in 0..rows {
        let at = row as usize;
        assert_eq!(column(RosterField::Id).get(at), format!("c{row}"));
        let fee: f64 = column(RosterField::Fee).get(at).parse().unwrap();
        assert_eq!(fee, f64::from(row));
    }
    assert!(table.stored_numbers[RosterField::Fee.index()]);
    assert!(!table.stored_numbers[RosterField::Id.index()]);
}

#[test]
fn a_long_value_is_told_without_talk_of_quotation_marks() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("r.parquet");
    let columns = vec![
        Column::new(
            "id".into(),
            vec!["a".to_owned(), "b".repeat(LONGEST_FIELD + 1)],
        ),
        Column::new("tier".into(), vec!["mid"; 2]),
    ];
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    ParquetWriter::new(std::fs::File::create(&path).unwrap())
        .finish(&mut frame)
        .unwrap();
    let error = read(&path, &[]).unwrap_err().to_string();
    assert!(error.contains("column id of row 3"), "{error}");
    assert!(!error.contains("quotation"), "{error}");
}
