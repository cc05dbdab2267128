//! `imatrix simulate FILE`

use super::args::SimulateArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::work::{Work, on_threads};

pub(crate) fn run(args: &SimulateArgs, console: &Console) -> Result<Exit, Stop> {
    let overrides = files::overrides(Some(&args.set), Some(&args.draws));
    let scenario = files::read(&args.file, &overrides, console)?;
    on_threads(args.solve.threads, |threads| {
        let work = Work {
            console,
            solve: &args.solve,
            output: &args.output,
            format: args.format,
            several: false,
            threads,
        };
        work.folders().check(&scenario.name)?;
        work.carry_out(&scenario, vec![scenario.base.clone()])
    })
}
