//! The terminal summary and its parts.
//!
//! Every function returns a `String`; printing is the command line's. Widths are the caller's, colour codes appear only
//! if asked for, numbers are never in scientific notation, and what is undefined is "–".
//!
//! `whole` puts a run's summary together from a file for each of its parts; a command with a text of its own has a file of its
//! name. All of them say numbers by `figures` and set text by `layout`.

mod best;
mod calendar;
mod comparison;
mod conflict;
mod estimates;
mod explanation;
mod figures;
mod frontier;
mod layout;
mod lists;
mod pipeline;
mod plan;
mod quarter;
mod risk;
mod selection;
mod variance;
mod whole;
mod worth;

pub use calendar::calendar;
pub use explanation::explanation;
pub use frontier::frontier;
pub use lists::{BatchLine, batch_table, entries};
pub use pipeline::pipeline;
pub use selection::selection;
pub use whole::{ReportContext, plan_only, summary};

#[cfg(test)]
mod tests;
