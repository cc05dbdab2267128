//! `imatrix run FILE...`

use super::actuals;
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
    let file = args.actuals.actuals.as_deref();
    if file.is_some() && scenarios.len() > 1 {
        return Err(Stop::invalid(
            "--actuals: a file of actuals belongs to one scenario; run the scenarios one by one",
        ));
    }
    if file.is_some() && wanted > 0 {
        return Err(Stop::invalid(
            "--alternatives are of whole plans, not of the months left after --actuals; leave one of them out",
        ));
    }
    let actuals = actuals::read(file, &scenarios[0])?;
    with_flags(console, &args.work, |mut work| {
        work.several = scenarios.len() > 1;
        work.alternatives = wanted;
        work.workbook = args.xlsx;
        for scenario in &scenarios {
            work.folders().check(&scenario.name)?;
        }
        let mut exit = Exit::Done;
        for scenario in &scenarios {
            let models = scenario.models().cloned().collect();
            match work.carry_out(scenario, models, actuals.as_ref()) {
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
