//! `imatrix check FILE...`

use influencer_matrix::scenario;

use super::args::CheckArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;

pub(crate) fn run(args: &CheckArgs, console: &Console) -> Result<Exit, Stop> {
    let overrides = files::overrides(Some(&args.set), None);
    let mut exit = Exit::Done;
    for file in &args.files {
        match scenario::read_file(file, &overrides) {
            Ok(scenario) => {
                console.result(&format!("ok: {} ({})\n", scenario.name, file.display()))?;
                for warning in &scenario.warnings {
                    console.warning(&format!("{}: {warning}", scenario.name));
                }
            }
            Err(problems) => {
                console.note(&problems.render(console.stderr_colors));
                exit = Exit::Invalid;
            }
        }
    }
    Ok(exit)
}
