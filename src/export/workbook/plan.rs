//! Sheet `plan`: what is booked, cell by cell.

use super::cell::{Cell, Head, Kind, Sheet, at};
use crate::engine::RunResult;
use crate::export::table::{Table, Values};
use crate::export::tables;

/// A booked cell of a plan's month.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Booked {
    pub(super) plan: String,
    pub(super) month: usize,
    pub(super) count: f64,
    pub(super) spend: f64,
    pub(super) revenue: f64,
}

/// The columns that the sheet of months adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) count: usize,
    pub(super) spend: usize,
    pub(super) revenue: usize,
}

const TEXT_WIDTH: f64 = 14.0;

/// The sheet, its booked cells in the same order, and where the amounts stand.
pub(super) fn plan(
    result: &RunResult,
    period: impl Fn(usize) -> String,
) -> (Sheet, Vec<Booked>, Columns) {
    let table = tables::plan(result);
    let names: Vec<(&'static str, &[Option<String>])> = table
        .columns
        .iter()
        .filter(|c| c.name != "plan" && c.name != "kept_out_by")
        .filter_map(|c| match &c.values {
            Values::Text(v) => Some((c.name, v.as_slice())),
            _ => None,
        })
        .collect();
    let mut head: Vec<Head> = vec![("plan", 18.0), ("month", 7.0), ("period", 10.0)];
    head.extend(names.iter().map(|&(name, _)| (name, TEXT_WIDTH)));
    let first = head.len();
    let columns = Columns {
        count: first,
        spend: first + 2,
        revenue: first + 4,
    };
    head.extend([
        ("partnerships", 13.0),
        ("unit cost", 12.0),
        ("spend", 13.0),
        ("unit revenue", 13.0),
        ("expected revenue", 17.0),
        ("share of month's spend", 22.0),
    ]);
    let mut sheet = Sheet::new("plan", &head, 3);
    let mut booked = Vec::new();
    let number =
        |name: &str, row: usize| numbers(&table, name).and_then(|v| v.get(row).copied().flatten());
    for row in 0..table.rows() {
        let count = number("count", row).unwrap_or(0.0);
        if count == 0.0 {
            continue;
        }
        let plan = texts(&table, "plan")
            .and_then(|v| v[row].clone())
            .unwrap_or_default();
        let month = month(&table, row);
        let (cost, yields) = (number("unit_cost", row), number("unit_revenue", row));
        let here = sheet.next();
        let times = |of: usize, value: Option<f64>| {
            let formula = format!("={}*{}", at(columns.count, here), at(of, here));
            Cell::formula(formula, value.map(|v| count * v), Kind::Money)
        };
        let whole = count.fract() == 0.0;
        let mut cells = vec![
            Cell::text(&plan),
            Cell::whole(month),
            Cell::text(period(month)),
        ];
        cells.extend(names.iter().map(|(_, v)| Cell::maybe(v[row].as_deref())));
        cells.extend([
            Cell::Number(count, if whole { Kind::Count } else { Kind::Parts }),
            Cell::number(cost, Kind::Price),
            times(columns.count + 1, cost),
            Cell::number(yields, Kind::Price),
            times(columns.count + 3, yields),
            Cell::number(number("budget_share", row), Kind::Share),
        ]);
        sheet.row(cells);
        booked.push(Booked {
            plan,
            month,
            count,
            spend: count * cost.unwrap_or(0.0),
            revenue: count * yields.unwrap_or(0.0),
        });
    }
    (sheet, booked, columns)
}

fn values<'a>(table: &'a Table, name: &str) -> Option<&'a Values> {
    table
        .columns
        .iter()
        .find(|c| c.name == name)
        .map(|c| &c.values)
}

fn numbers<'a>(table: &'a Table, name: &str) -> Option<&'a [Option<f64>]> {
    match values(table, name)? {
        Values::Number(v) => Some(v),
        _ => None,
    }
}

fn texts<'a>(table: &'a Table, name: &str) -> Option<&'a [Option<String>]> {
    match values(table, name)? {
        Values::Text(v) => Some(v),
        _ => None,
    }
}

fn month(table: &Table, row: usize) -> usize {
    match values(table, "month") {
        Some(Values::Month(v)) => v[row].and_then(|m| usize::try_from(m).ok()).unwrap_or(1),
        _ => 1,
    }
}
