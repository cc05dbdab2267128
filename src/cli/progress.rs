//! Progress on a terminal, nothing in a pipe.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use influencer_matrix::model::Progress;

/// One line on stderr that shows the running phase.
pub(crate) struct Bar {
    shown: bool,
    current: Mutex<ProgressBar>,
}

impl Bar {
    pub(crate) fn new(shown: bool) -> Self {
        Self {
            shown,
            current: Mutex::new(ProgressBar::hidden()),
        }
    }

    /// The running phase's bar; cloned, so that drawing holds no lock of ours.
    fn current(&self) -> ProgressBar {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Progress for Bar {
    fn start(&self, phase: &str, steps: u64) {
        if !self.shown {
            return;
        }
        let template = if steps == 0 {
            "{spinner} {msg} {elapsed}"
        } else {
            "{spinner} {msg} {bar:30} {human_pos}/{human_len} {eta}"
        };
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(phase.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        let before = std::mem::replace(
            &mut *self.current.lock().unwrap_or_else(PoisonError::into_inner),
            bar,
        );
        before.finish_and_clear();
    }

    fn advance(&self, steps: u64) {
        if self.shown {
            self.current().inc(steps);
        }
    }

    fn finish(&self) {
        if self.shown {
            self.current().finish_and_clear();
        }
    }
}
