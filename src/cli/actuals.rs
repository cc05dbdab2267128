//! `--actuals FILE.csv`: reads it for a scenario.

use std::path::Path;

use influencer_matrix::model::Actuals;
use influencer_matrix::roster;
use influencer_matrix::scenario::Scenario;

use super::exit::Stop;
use super::files;

/// Largest file, in bytes.
const LARGEST: u64 = 4 << 20;

/// The actuals of a scenario, if a file of them is given.
pub(crate) fn read(file: Option<&Path>, scenario: &Scenario) -> Result<Option<Actuals>, Stop> {
    let Some(file) = file else {
        return Ok(None);
    };
    let shown = file.display().to_string();
    let invalid = |error: &dyn std::fmt::Display| Stop::invalid(format!("{shown}: {error}"));
    if scenario.base.months < 2 {
        return Err(invalid(
            &"actuals are of the first of several months, and the scenario has one; add months to it, e.g. months = 3",
        ));
    }
    let Some(bytes) = files::bytes(file, LARGEST).map_err(|e| invalid(&e))? else {
        return Err(invalid(
            &"the file is larger than 4 MiB; actuals have one row for each month, tier and type",
        ));
    };
    let (text, _) = roster::decode(&bytes, None).map_err(|e| invalid(&e))?;
    if text.contains(['\0', '\u{fffd}']) {
        return Err(invalid(&"the file is no text"));
    }
    match roster::read_actuals(&text, &scenario.base) {
        Ok(actuals) => Ok(Some(actuals)),
        Err(problems) => Err(Stop::invalid(problems.render(&shown))),
    }
}

/// Of commands that plan what never began.
///
/// # Errors
/// If a file is given.
pub(crate) fn refuse(file: Option<&Path>) -> Result<(), Stop> {
    match file {
        None => Ok(()),
        Some(file) => Err(Stop::invalid(format!(
            "--actuals: run, simulate and optimize take them; what-ifs written in the file are compared after them by \
             imatrix run FILE --actuals {}",
            file.display()
        ))),
    }
}
