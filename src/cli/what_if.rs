//! `imatrix what-if FILE --set KEY=VALUE ...`

use super::actuals;
use super::args::WhatIfArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::work::with_flags;

/// The plan's name in the outputs.
const NAME: &str = "what-if";

pub(crate) fn run(args: &WhatIfArgs, console: &Console) -> Result<Exit, Stop> {
    actuals::refuse(args.actuals.as_deref())?;
    let mut overrides = files::overrides(None, Some(&args.work.draws));
    let changes = args.set.iter().chain(&args.more).cloned().collect();
    overrides.what_if = vec![(NAME.to_owned(), changes)];
    let scenario = files::read(&args.file, &overrides, console)?;
    with_flags(console, &args.work, |work| {
        work.folders().check(&scenario.name)?;
        let mut models = vec![scenario.base.clone()];
        models.extend(
            scenario
                .what_ifs
                .iter()
                .filter(|model| model.name == NAME)
                .cloned(),
        );
        work.carry_out(&scenario, models, None)
    })
}
