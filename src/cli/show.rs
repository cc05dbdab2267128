//! `imatrix show FILE`

use influencer_matrix::report::text;

use super::args::{Format, ShowArgs};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;

pub(crate) fn run(args: &ShowArgs, console: &Console) -> Result<Exit, Stop> {
    let overrides = files::overrides(Some(&args.set), None);
    let scenario = files::read(&args.file, &overrides, console)?;
    match args.format {
        Format::Text => {
            let entries: Vec<(String, String, String)> = scenario
                .entries()
                .iter()
                .map(|entry| {
                    (
                        entry.key.clone(),
                        entry.value.clone(),
                        entry.origin.to_string(),
                    )
                })
                .collect();
            console.result(&text::entries(&entries))?;
        }
        Format::Json => console.result(&format!("{:#}\n", scenario.resolved))?,
    }
    for warning in &scenario.warnings {
        console.warning(warning);
    }
    Ok(Exit::Done)
}
