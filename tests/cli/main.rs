//! The command as users meet it: exit codes, what goes to stdout, stderr and the disk.

mod actuals;
mod batch;
mod calendar;
mod determinism;
mod explain;
mod frontier;
mod help;
mod outputs;
mod pipeline;
mod place;
#[cfg(unix)]
mod remedy;
mod risk;
mod run;
mod select;
mod usage;
mod walk;
