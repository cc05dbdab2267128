//! Sheets of cells → worksheets.

use std::collections::HashMap;

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Formula, Workbook, XlsxError};

use super::cell::{Cell, Kind, Sheet};

/// Most characters that a cell holds, less a little.
const LONGEST: usize = 32_000;

/// The formats in use.
#[derive(Default)]
pub(super) struct Formats {
    numbers: HashMap<(Kind, bool), Format>,
}

impl Formats {
    fn of(&mut self, kind: Kind, total: bool) -> &Format {
        self.numbers
            .entry((kind, total))
            .or_insert_with(|| dressed(total).set_num_format(kind.format()))
    }
}

fn dressed(total: bool) -> Format {
    if total {
        Format::new().set_bold().set_border_top(FormatBorder::Thin)
    } else {
        Format::new()
    }
}

/// Adds a sheet: the header frozen, filters on every column, texts as texts.
pub(super) fn add(
    workbook: &mut Workbook,
    formats: &mut Formats,
    sheet: &Sheet,
) -> Result<(), XlsxError> {
    let page = workbook.add_worksheet();
    page.set_name(sheet.name)?;
    let header = Format::new()
        .set_bold()
        .set_border_bottom(FormatBorder::Thin)
        .set_align(FormatAlign::Left);
    for (column, &(name, width)) in sheet.head.iter().enumerate() {
        let column = column as u16;
        page.write_string_with_format(0, column, name, &header)?;
        page.set_column_width(column, width)?;
    }
    page.set_freeze_panes(1, sheet.frozen)?;
    let last = (sheet.head.len() - 1) as u16;
    if !sheet.rows.is_empty() {
        page.autofilter(0, 0, sheet.rows.len() as u32, last)?;
    }
    page.set_landscape().set_print_fit_to_pages(1, 0);
    page.set_repeat_rows(0, 0)?;
    for (index, cells) in sheet.rows.iter().enumerate() {
        let total = sheet.totals.contains(&index);
        let row = index as u32 + 1;
        for (column, cell) in cells.iter().enumerate() {
            let column = column as u16;
            match cell {
                Cell::Empty => {}
                Cell::Text(text) if text.is_empty() => {}
                Cell::Text(text) => {
                    page.write_string_with_format(row, column, plain(text), &dressed(total))?;
                }
                Cell::Number(value, kind) => {
                    page.write_number_with_format(row, column, *value, formats.of(*kind, total))?;
                }
                Cell::Formula(text, value, kind) => {
                    let formula = Formula::new(text).set_result(value.to_string());
                    page.write_formula_with_format(row, column, formula, formats.of(*kind, total))?;
                }
            }
        }
    }
    Ok(())
}

/// A text without control characters, not longer than a cell holds.
fn plain(text: &str) -> String {
    let space = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(space).take(LONGEST).collect()
}
