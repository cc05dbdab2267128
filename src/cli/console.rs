//! The terminal: results to stdout, everything else to stderr.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::args::Format;
use super::exit::Stop;
use super::progress::Bar;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Columns of text that no terminal bounds.
const COLUMNS: usize = 100;
/// Wider lines are hard to read.
const WIDEST: usize = 120;

/// Where text goes, and in what dress.
pub(crate) struct Console {
    /// Whether results may be coloured.
    pub(crate) stdout_colors: bool,
    /// Whether messages may be coloured.
    pub(crate) stderr_colors: bool,
    /// Columns that results may take.
    pub(crate) width: usize,
    /// Shows how far the work has come, on a terminal only.
    pub(crate) bar: Bar,
    /// Whoever read stdout has gone.
    gone: AtomicBool,
}

impl Console {
    /// Looks at the environment once.
    pub(crate) fn new() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let plain = set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let stderr = io::stderr().is_terminal();
        Self {
            stdout_colors: !plain && io::stdout().is_terminal(),
            stderr_colors: !plain && stderr,
            width: columns(),
            bar: Bar::new(stderr),
            gone: AtomicBool::new(false),
        }
    }

    /// Prints a result, ending its last line. A reader that has gone (`| head`) is no error.
    pub(crate) fn result(&self, text: &str) -> Result<(), Stop> {
        if self.gone.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| {
            if !text.is_empty() && !text.ends_with('\n') {
                stdout.write_all(b"\n")?;
            }
            stdout.flush()
        });
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone.store(true, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => Err(Stop::internal(format!("stdout can't be written: {error}"))),
            Ok(()) => Ok(()),
        }
    }

    /// Prints a result in the form asked for.
    pub(crate) fn show(
        &self,
        format: Format,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> Value,
    ) -> Result<(), Stop> {
        match format {
            Format::Text => self.result(&text()),
            Format::Json => self.result(&format!("{:#}\n", json())),
        }
    }

    /// Prints a message that is neither error nor warning.
    #[expect(
        clippy::unused_self,
        reason = "what goes to stderr goes through the console"
    )]
    pub(crate) fn note(&self, text: &str) {
        // A closed stderr leaves nobody to tell.
        let _ = writeln!(io::stderr().lock(), "{}", text.trim_end());
    }

    pub(crate) fn warning(&self, text: &str) {
        self.labelled(WARNING, "warning", text);
    }

    pub(crate) fn error(&self, text: &str) {
        self.labelled(ERROR, "error", text);
    }

    fn labelled(&self, style: Style, label: &str, text: &str) {
        if self.stderr_colors {
            self.note(&format!("{style}{label}:{style:#} {text}"));
        } else {
            self.note(&format!("{label}: {text}"));
        }
    }
}

/// The terminal's width, else what the environment says of it, as far as it is of use.
fn columns() -> usize {
    let terminal = comfy_table::Table::new().width().map(usize::from);
    let stated = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    let width = terminal.or_else(stated).filter(|&width| width > 0);
    width.unwrap_or(COLUMNS).min(WIDEST)
}
