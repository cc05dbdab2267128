//! The command line: one file per subcommand, and what they share.
//!
//! Only here are arguments and the environment read, text printed, and exit codes chosen.

mod actuals;
mod args;
mod batch;
mod calendar;
mod check;
mod compare;
mod console;
mod dispatch;
mod exit;
mod explain;
mod files;
mod folder;
mod frontier;
mod interrupt;
mod new;
mod optimize;
mod pipeline;
mod progress;
mod run;
mod schema;
mod select;
mod show;
mod simulate;
mod values;
mod what_if;
mod work;

pub(crate) use dispatch::start;
