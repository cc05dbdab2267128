//! `imatrix show FILE`

use influencer_matrix::report::text;

use super::args::ShowArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::folder::entries;

pub(crate) fn run(args: &ShowArgs, console: &Console) -> Result<Exit, Stop> {
    let scenario = files::scenario(&args.scenario, None, console)?;
    console.show(
        args.format,
        || text::entries(&entries(&scenario)),
        || scenario.resolved.clone(),
    )?;
    for warning in &scenario.warnings {
        console.warning(warning);
    }
    Ok(Exit::Done)
}
