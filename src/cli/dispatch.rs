//! From arguments to the command, and from its end to the exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use influencer_matrix::model::Progress;

use super::args::{Cli, Command};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::{
    batch, calendar, check, compare, explain, frontier, interrupt, new, optimize, pipeline, run,
    schema, select, show, simulate, what_if,
};

/// Reads the arguments, runs the command and says how it ended.
pub(crate) fn start(args: impl Iterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout and may meet a reader that has gone.
            let _ = error.print();
            let exit = match error.exit_code() {
                0 => Exit::Done,
                _ => Exit::Invalid,
            };
            return exit.into();
        }
    };
    let console = Console::new();
    let ended = interrupt::guarded(|| {
        interrupt::watch()?;
        command(&cli.command, &console)
    });
    match ended {
        Ok(exit) => exit.into(),
        Err(stop) => {
            // Work that stops early leaves its progress line standing.
            console.bar.finish();
            if !stop.text.is_empty() {
                console.error(&stop.text);
            }
            stop.exit.into()
        }
    }
}

fn command(command: &Command, console: &Console) -> Result<Exit, Stop> {
    match command {
        Command::Run(args) => run::run(args, console),
        Command::Optimize(args) => optimize::run(args, console),
        Command::Simulate(args) => simulate::run(args, console),
        Command::Compare(args) => compare::run(args, console),
        Command::Explain(args) => explain::run(args, console),
        Command::Frontier(args) => frontier::run(args, console),
        Command::WhatIf(args) => what_if::run(args, console),
        Command::Batch(args) => batch::run(args, console),
        Command::Calendar(args) => calendar::run(args, console),
        Command::Select(args) => select::run(args, console),
        Command::Pipeline(args) => pipeline::run(args, console),
        Command::Show(args) => show::run(args, console),
        Command::Check(args) => check::run(args, console),
        Command::Schema => schema::run(console),
        Command::New(args) => new::run(args, console),
    }
}
