//! A table before it takes a format.

use serde_json::{Map, Value};

/// A table: named columns of equal length.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Columns in the order of the contract.
    pub columns: Vec<Column>,
}

/// A named column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name.
    pub name: &'static str,
    /// Values, one a row.
    pub values: Values,
}

/// Values of one type; `None` is null.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// String in parquet.
    Text(Vec<Option<String>>),
    /// Float64 in parquet; always finite.
    Number(Vec<Option<f64>>),
    /// Int32 in parquet: months, from 1.
    Month(Vec<Option<i32>>),
    /// Int64 in parquet: row numbers.
    Whole(Vec<Option<i64>>),
    /// Boolean in parquet.
    Flag(Vec<bool>),
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Text(v) => v.len(),
            Self::Number(v) => v.len(),
            Self::Month(v) => v.len(),
            Self::Whole(v) => v.len(),
            Self::Flag(v) => v.len(),
        }
    }

    fn json(&self, row: usize) -> Value {
        match self {
            Self::Text(v) => v[row].clone().map_or(Value::Null, Value::String),
            Self::Number(v) => v[row].map_or(Value::Null, Value::from),
            Self::Month(v) => v[row].map_or(Value::Null, Value::from),
            Self::Whole(v) => v[row].map_or(Value::Null, Value::from),
            Self::Flag(v) => Value::Bool(v[row]),
        }
    }
}

impl Table {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |c| c.values.len())
    }

    /// Rows as objects, keys in column order. Texts are as the user wrote them.
    #[must_use]
    pub fn json_rows(&self) -> Vec<Value> {
        (0..self.rows())
            .map(|row| {
                let object: Map<String, Value> = self
                    .columns
                    .iter()
                    .map(|c| (c.name.to_owned(), c.values.json(row)))
                    .collect();
                Value::Object(object)
            })
            .collect()
    }

    pub(super) fn text<T>(
        self,
        name: &'static str,
        rows: &[T],
        of: impl Fn(&T) -> Option<&str>,
    ) -> Self {
        let values = rows.iter().map(|r| of(r).map(str::to_owned)).collect();
        self.with(name, Values::Text(values))
    }

    pub(super) fn number<T>(
        self,
        name: &'static str,
        rows: &[T],
        of: impl Fn(&T) -> Option<f64>,
    ) -> Self {
        let values = rows.iter().map(|r| defined(of(r))).collect();
        self.with(name, Values::Number(values))
    }

    pub(super) fn month<T>(
        self,
        name: &'static str,
        rows: &[T],
        of: impl Fn(&T) -> Option<usize>,
    ) -> Self {
        let values = rows
            .iter()
            .map(|r| of(r).and_then(|m| i32::try_from(m).ok()))
            .collect();
        self.with(name, Values::Month(values))
    }

    pub(super) fn whole<T>(
        self,
        name: &'static str,
        rows: &[T],
        of: impl Fn(&T) -> Option<usize>,
    ) -> Self {
        let values = rows
            .iter()
            .map(|r| of(r).and_then(|v| i64::try_from(v).ok()))
            .collect();
        self.with(name, Values::Whole(values))
    }

    pub(super) fn flag<T>(self, name: &'static str, rows: &[T], of: impl Fn(&T) -> bool) -> Self {
        let values = rows.iter().map(of).collect();
        self.with(name, Values::Flag(values))
    }

    /// All columns but one.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.columns.retain(|column| column.name != name);
        self
    }

    pub(super) fn new() -> Self {
        Self {
            columns: Vec::new(),
        }
    }

    fn with(mut self, name: &'static str, values: Values) -> Self {
        self.columns.push(Column { name, values });
        self
    }
}

/// `None` for what is not a number; −0 becomes 0, which reads the same and compares equal byte by byte.
pub(super) fn defined(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite()).map(|v| v + 0.0)
}
