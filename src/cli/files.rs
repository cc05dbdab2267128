//! Reads scenario files and tells everything that is wrong with them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use influencer_matrix::batch::{Entry, duplicates};
use influencer_matrix::scenario::{self, Overrides, Scenario};

use super::args::{DrawArgs, ScenarioArgs, SetArgs};
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

/// Reads the scenario of a command that takes one.
pub(crate) fn scenario(
    args: &ScenarioArgs,
    draws: Option<&DrawArgs>,
    console: &Console,
) -> Result<Scenario, Stop> {
    read(&args.file, &overrides(Some(&args.set), draws), console)
}

/// The bytes of a file, or `None` where it has more than `most`.
///
/// # Errors
/// Why it cannot be read, in words.
pub(crate) fn bytes(file: &Path, most: u64) -> Result<Option<Vec<u8>>, String> {
    let failed = |error: io::Error| error.to_string();
    if !std::fs::metadata(file).map_err(failed)?.is_file() {
        return Err("this is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
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
