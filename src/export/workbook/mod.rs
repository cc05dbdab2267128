//! A run's result as a workbook for spreadsheets.
//!
//! Every sheet is made as plain rows of [`Cell`](cell::Cell)s first; one writer turns them into the file. Texts are written as
//! texts, whatever they begin with. Totals and differences are formulas with their results, so that programs that do not
//! calculate show them too; quantiles are values, since they do not add up. Nothing in the file differs between two runs of
//! one input: it has no times but a fixed date of creation.

mod about;
mod cell;
mod charts;
mod comparison;
mod estimates;
mod months;
mod plan;
mod targets;
mod variance;
mod whole;
mod writer;

pub use whole::{WorkbookRecord, write_workbook};

#[cfg(test)]
mod tests;
