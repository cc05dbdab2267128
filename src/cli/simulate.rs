//! `imatrix simulate FILE`

use super::actuals;
use super::args::SimulateArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::work::with_flags;

pub(crate) fn run(args: &SimulateArgs, console: &Console) -> Result<Exit, Stop> {
    let scenario = files::scenario(&args.scenario, Some(&args.work.draws), console)?;
    let actuals = actuals::read(args.actuals.actuals.as_deref(), &scenario)?;
    with_flags(console, &args.work, |work| {
        work.folders().check(&scenario.name)?;
        work.carry_out(&scenario, vec![scenario.base.clone()], actuals.as_ref())
    })
}
