//! Ctrl-C and panics.

use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use influencer_matrix::model::Cancel;

use super::exit::{Exit, Stop};

/// Looked at by all work of this process.
pub(crate) static CANCEL: Cancel = Cancel::new();

/// Whether the work looks at nothing until it is done.
static DEAF: AtomicBool = AtomicBool::new(false);

/// Runs what writes nothing and looks at no [`CANCEL`]: Ctrl-C ends it at once.
pub(crate) fn at_once<T>(work: impl FnOnce() -> T) -> T {
    DEAF.store(true, Ordering::Relaxed);
    let done = work();
    DEAF.store(false, Ordering::Relaxed);
    done
}

/// The first Ctrl-C asks the work to stop, which leaves nothing half-written; the second one exits
/// at once.
pub(crate) fn watch() -> Result<(), Stop> {
    ctrlc::set_handler(|| {
        let deaf = DEAF.load(Ordering::Relaxed);
        if deaf {
            let _ = writeln!(std::io::stderr(), "error: interrupted");
        }
        if deaf || CANCEL.requested() {
            #[expect(
                clippy::exit,
                reason = "nothing is under way that has to end well, or the user asked twice"
            )]
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        CANCEL.request();
        let _ = writeln!(
            std::io::stderr(),
            "stopping; press Ctrl-C again to stop at once"
        );
    })
    .map_err(|error| Stop::internal(format!("Ctrl-C can't be watched: {error}")))
}

/// What the latest panic said. Printed only if the panic gets as far as [`guarded`]: some are caught
/// below, a damaged parquet file's, for one.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs a command. A panic unwinds, so that unfinished outputs are removed, and becomes an internal
/// failure that asks to be reported.
pub(crate) fn guarded(command: impl FnOnce() -> Result<Exit, Stop>) -> Result<Exit, Stop> {
    panic::set_hook(Box::new(|info| {
        let what = info.payload_as_str().unwrap_or("no message");
        let place = info
            .location()
            .map(|place| format!(" ({}:{})", place.file(), place.line()))
            .unwrap_or_default();
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{what}{place}"));
    }));
    panic::catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| {
        let said = PANIC
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .unwrap_or_default();
        Err(Stop::internal(format!(
            "internal error: {said}\nThis is a bug in imatrix {}. Please report it with the scenario \
             file and this message.",
            env!("CARGO_PKG_VERSION")
        )))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_internal_failure_that_asks_to_be_reported() {
        let before = panic::take_hook();
        let ended = guarded(|| panic!("seven is not eight"));
        panic::set_hook(before);
        let stop = ended.expect_err("it panicked");
        assert_eq!(stop.exit, Exit::Internal);
        assert!(stop.text.contains("seven is not eight") && stop.text.contains("report it"));
    }
}
