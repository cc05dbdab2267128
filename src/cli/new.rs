//! `imatrix new NAME`

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write};

use influencer_matrix::scenario;

use super::args::NewArgs;
use super::console::Console;
use super::exit::{Exit, Stop};

pub(crate) fn run(args: &NewArgs, console: &Console) -> Result<Exit, Stop> {
    let text = scenario::starter(&args.name).map_err(|error| Stop::invalid(error.to_string()))?;
    // A result goes to stdout like every other command's; on a terminal the file alone is handier.
    let piped = !io::stdout().is_terminal();
    if args.stdout || piped {
        console.result(&text)?;
    }
    if args.stdout {
        return Ok(Exit::Done);
    }
    let file = format!("{}.toml", args.name);
    // `imatrix new NAME > NAME.toml`: the shell has made the file, and stdout has filled it.
    if piped && fs::read_to_string(&file).is_ok_and(|there| there.trim() == text.trim()) {
        return Ok(Exit::Done);
    }
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&file)
        .and_then(|mut out| out.write_all(text.as_bytes()));
    match written {
        Ok(()) => {
            console.note(&format!("wrote {file}; next: imatrix run {file}"));
            Ok(Exit::Done)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Stop::invalid(format!(
            "{file} exists and is left alone; choose another name, or print the starter with --stdout"
        ))),
        Err(error) => Err(Stop::internal(format!("{file} can't be written: {error}"))),
    }
}
