//! `imatrix run FILE...`

use super::args::RunArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::work::{refuse_alternatives, with_flags};

pub(crate) fn run(args: &RunArgs, console: &Console) -> Result<Exit, Stop> {
    let overrides = files::overrides(Some(&args.set), Some(&args.work.draws));
    let scenarios = files::read_all(&args.files, &overrides, console)?;
    let wanted = args.alternatives.alternatives.unwrap_or(0);
    for scenario in &scenarios {
        refuse_alternatives(scenario, wanted)?;
    }
    with_flags(console, &args.work, |mut work| {
        work.several = scenarios.len() > 1;
        work.alternatives = wanted;
        work.workbook = args.xlsx;
        for scenario in &scenarios {
            work.folders().check(&scenario.name)?;
        }
        let mut exit = Exit::Done;
        for scenario in &scenarios {
            match work.carry_out(scenario, scenario.models().cloned().collect()) {
                Ok(one) => exit = exit.max(one),
                Err(stop) if work.several && stop.exit != Exit::Interrupted => {
                    console.error(&format!("{}: {}", scenario.name, stop.text));
                    exit = exit.max(stop.exit);
                }
                Err(stop) => return Err(stop),
            }
        }
        Ok(exit)
    })
}
