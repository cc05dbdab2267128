//! Ports that upper floors implement: where trials go, how progress shows, how work is stopped.

use std::sync::atomic::{AtomicBool, Ordering};

use super::outcome::TrialBlock;

/// Receives trials in order. Implemented by `export` (parquet) and by tests.
pub trait TrialSink: Send {
    /// Takes the next block of trials, all plans of it.
    ///
    /// # Errors
    /// When the rows can't be kept (disk full, say); the run stops.
    fn write(&mut self, block: &TrialBlock) -> Result<(), SinkError>;
}

/// Why a sink could not take a block.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SinkError(pub String);

/// Shows how far long work has come. Implemented by `cli`.
pub trait Progress: Sync {
    /// A new phase of so many steps (0 if unknown).
    fn start(&self, phase: &str, steps: u64);
    /// So many more steps are done.
    fn advance(&self, steps: u64);
    /// The phase is over.
    fn finish(&self);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn start(&self, _phase: &str, _steps: u64) {}
    fn advance(&self, _steps: u64) {}
    fn finish(&self) {}
}

/// A request to stop, looked at between blocks of trials and between solves.
#[derive(Debug, Default)]
pub struct Cancel {
    asked: AtomicBool,
    /// Looks until it asks by itself; none if 0.
    #[cfg(test)]
    looks: std::sync::atomic::AtomicU64,
}

impl Cancel {
    /// Not cancelled.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            asked: AtomicBool::new(false),
            #[cfg(test)]
            looks: std::sync::atomic::AtomicU64::new(0),
        }
    }

    /// Asks for a stop by itself when it is looked at for the time given.
    #[cfg(test)]
    pub(crate) fn after(looks: u64) -> Self {
        let cancel = Self::new();
        cancel.looks.store(looks, Ordering::Relaxed);
        cancel
    }

    /// Asks the work to stop.
    pub fn request(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn requested(&self) -> bool {
        #[cfg(test)]
        if self.looks.load(Ordering::Relaxed) > 0 && self.looks.fetch_sub(1, Ordering::Relaxed) == 1
        {
            self.request();
        }
        self.asked.load(Ordering::Relaxed)
    }
}
