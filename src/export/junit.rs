//! `JUnit` XML: scenarios as suites, targets and checks as cases. It holds no times and no identifiers of a run unless
//! a case is given its seconds, so that equal results give equal files.

use std::fs;
use std::path::Path;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::error::ExportError;
use super::parquet::CANNOT_WRITE;

/// One scenario.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Suite {
    /// Scenario name, or the file where it has none.
    pub name: String,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// One check.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What is checked, e.g. `base: targets.roas`.
    pub name: String,
    /// Groups cases; the scenario file, say.
    pub group: String,
    /// What came out.
    pub outcome: Outcome,
    /// Wall time, if it is to be told.
    pub seconds: Option<f64>,
}

/// What came out of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not hold: one line, and the details.
    Failed {
        /// One line.
        message: String,
        /// Details.
        details: String,
    },
    /// It could not be checked: one line, and the details.
    Errored {
        /// One line.
        message: String,
        /// Details.
        details: String,
    },
    /// It was left out, and why.
    Skipped {
        /// Why.
        message: String,
    },
}

/// The report as XML.
///
/// # Errors
/// Only if the XML writer fails, which it has no cause to.
pub fn to_xml(name: &str, suites: &[Suite]) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new(name);
    for suite in suites {
        let mut out = TestSuite::new(suite.name.as_str());
        out.add_test_cases(suite.cases.iter().map(test_case));
        report.add_test_suite(out);
    }
    report.to_string()
}

/// Writes the report.
///
/// # Errors
/// If the file can't be written.
pub fn write(path: &Path, name: &str, suites: &[Suite]) -> Result<(), ExportError> {
    let xml = to_xml(name, suites).map_err(ExportError::parquet(CANNOT_WRITE, path))?;
    fs::write(path, xml).map_err(ExportError::io(CANNOT_WRITE, path))
}

fn test_case(case: &Case) -> TestCase {
    let status = match &case.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed { message, details } => {
            non_success(NonSuccessKind::Failure, message, details)
        }
        Outcome::Errored { message, details } => {
            non_success(NonSuccessKind::Error, message, details)
        }
        Outcome::Skipped { message } => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(message.as_str());
            status
        }
    };
    let mut out = TestCase::new(case.name.as_str(), status);
    out.set_classname(case.group.as_str());
    if let Some(time) = case
        .seconds
        .and_then(|s| Duration::try_from_secs_f64(s).ok())
    {
        out.set_time(time);
    }
    out
}

fn non_success(kind: NonSuccessKind, message: &str, details: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message);
    if !details.is_empty() {
        status.set_description(details);
    }
    status
}
