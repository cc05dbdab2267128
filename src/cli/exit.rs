//! Exit codes, and how a command stops early.

use std::process::ExitCode;

use influencer_matrix::batch::Failure;
use influencer_matrix::engine::EngineError;

/// How a command ended. Declared from the mildest to the worst, so that the maximum wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// All done.
    Done,
    /// A figure has drifted beyond the tolerance.
    Drift,
    /// A required target is missed.
    TargetsMissed,
    /// A plan is infeasible.
    Infeasible,
    /// Wrong usage or an invalid scenario.
    Invalid,
    /// Something of ours or of the machine failed.
    Internal,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Invalid => 2,
            Self::Infeasible => 3,
            Self::TargetsMissed => 4,
            Self::Drift => 5,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<Failure> for Exit {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Internal => Self::Internal,
            Failure::Invalid => Self::Invalid,
            Failure::Infeasible => Self::Infeasible,
            Failure::TargetMissed => Self::TargetsMissed,
            Failure::Drift => Self::Drift,
        }
    }
}

/// Why a command stops: the exit code and what to say on stderr (nothing if it was said already).
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) exit: Exit,
    pub(crate) text: String,
}

impl Stop {
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self {
            exit: Exit::Invalid,
            text: text.into(),
        }
    }

    pub(crate) fn internal(text: impl Into<String>) -> Self {
        Self {
            exit: Exit::Internal,
            text: text.into(),
        }
    }

    /// The problems have been printed.
    pub(crate) fn told(exit: Exit) -> Self {
        Self {
            exit,
            text: String::new(),
        }
    }
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        let exit = match error {
            EngineError::Interrupted => Exit::Interrupted,
            EngineError::Actuals(_) => Exit::Invalid,
            EngineError::Sink(_) | EngineError::Simulation(_) => Exit::Internal,
        };
        Self {
            exit,
            text: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_worst_wins_in_the_contracts_order() {
        let order = [130, 1, 2, 3, 4, 5, 0];
        let mut exits = [
            Exit::Done,
            Exit::Internal,
            Exit::Invalid,
            Exit::Infeasible,
            Exit::TargetsMissed,
            Exit::Drift,
            Exit::Interrupted,
        ];
        exits.sort();
        exits.reverse();
        assert_eq!(exits.map(|exit| i32::from(exit.code())), order);
    }
}
