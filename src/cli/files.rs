//! Reads scenario files and tells everything that is wrong with them.

use std::path::{Path, PathBuf};

use influencer_matrix::batch::{Entry, duplicates};
use influencer_matrix::scenario::{self, Overrides, Scenario};

use super::args::{DrawArgs, SetArgs};
use super::console::Console;
use super::exit::{Exit, Stop};

/// What the flags change in scenario files.
pub(crate) fn overrides(set: Option<&SetArgs>, draws: Option<&DrawArgs>) -> Overrides {
    Overrides {
        set: set.map(|args| args.set.clone()).unwrap_or_default(),
        seed: draws.and_then(|args| args.seed.seed),
        trials: draws.and_then(|args| args.trials),
        what_if: Vec::new(),
    }
}

/// Reads one file; prints its problems and stops if there are any.
pub(crate) fn read(
    file: &Path,
    overrides: &Overrides,
    console: &Console,
) -> Result<Scenario, Stop> {
    scenario::read_file(file, overrides).map_err(|problems| {
        console.note(&problems.render(console.stderr_colors));
        Stop::told(Exit::Invalid)
    })
}

/// Reads all files; prints all problems of all of them and stops if there are any, or if two
/// scenarios have one name.
pub(crate) fn read_all(
    files: &[PathBuf],
    overrides: &Overrides,
    console: &Console,
) -> Result<Vec<Scenario>, Stop> {
    let entries: Vec<Entry> = files
        .iter()
        .map(|path| Entry {
            path: path.clone(),
            scenario: scenario::read_file(path, overrides),
        })
        .collect();
    let twice = tell_duplicates(&entries, console);
    let mut scenarios = Vec::with_capacity(entries.len());
    for entry in entries {
        match entry.scenario {
            Ok(scenario) => scenarios.push(scenario),
            Err(problems) => console.note(&problems.render(console.stderr_colors)),
        }
    }
    if twice || scenarios.len() < files.len() {
        return Err(Stop::told(Exit::Invalid));
    }
    Ok(scenarios)
}

/// Names the files of scenarios that share a name, which would share an output folder.
pub(crate) fn tell_duplicates(entries: &[Entry], console: &Console) -> bool {
    let twice = duplicates(entries);
    for (name, files) in &twice {
        let files: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
        console.error(&format!(
            "scenario name {name:?} is used {} times: {}; give each file a name of its own",
            files.len(),
            files.join(" and ")
        ));
    }
    !twice.is_empty()
}
