//! `imatrix compare FILE...`

use influencer_matrix::scenario::Scenario;

use super::actuals;
use super::args::CompareArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::work::with_flags;

pub(crate) fn run(args: &CompareArgs, console: &Console) -> Result<Exit, Stop> {
    actuals::refuse(args.actuals.as_deref())?;
    let overrides = files::overrides(Some(&args.set), Some(&args.work.draws));
    let scenarios = files::read_all(&args.files, &overrides, console)?;
    let Some((first, others)) = scenarios.split_first() else {
        return Err(Stop::invalid("no scenario to compare"));
    };
    one_currency(first, others)?;
    one_horizon(first, others)?;
    with_flags(console, &args.work, |work| {
        let joined = joined(first, others);
        work.folders().check(&joined.name)?;
        let all = scenarios.iter().flat_map(|scenario| {
            scenario.models().cloned().map(|mut model| {
                model.name = format!("{}/{}", scenario.name, model.name);
                model
            })
        });
        work.carry_out(&joined, all.collect(), None)
    })
}

/// The first scenario, speaking for all: its seed and trials serve all plans, and the manifest
/// holds every file's hash and values.
fn joined(first: &Scenario, others: &[Scenario]) -> Scenario {
    let mut joined = first.clone();
    joined.name = format!("{}-compare", first.name);
    let mut resolved = serde_json::Map::new();
    resolved.insert(first.name.clone(), first.resolved.clone());
    for other in others {
        joined.text_hash.push('+');
        joined.text_hash.push_str(&other.text_hash);
        resolved.insert(other.name.clone(), other.resolved.clone());
        let warnings = other.warnings.iter();
        joined
            .warnings
            .extend(warnings.map(|text| format!("{}: {text}", other.name)));
    }
    joined.resolved = resolved.into();
    joined
}

/// As with what-ifs: totals of different horizons are not set against each other.
fn one_horizon(first: &Scenario, others: &[Scenario]) -> Result<(), Stop> {
    let months = |scenario: &Scenario| match scenario.base.months {
        1 => "one month".to_owned(),
        months => format!("{months} months"),
    };
    match others
        .iter()
        .find(|other| other.base.months != first.base.months)
    {
        None => Ok(()),
        Some(other) => Err(Stop::invalid(format!(
            "{} has {} and {} {}: totals of different horizons can't be compared; --set months={} gives all the same",
            first.name,
            months(first),
            other.name,
            months(other),
            first.base.months
        ))),
    }
}

fn one_currency(first: &Scenario, others: &[Scenario]) -> Result<(), Stop> {
    let currency = &first.base.currency;
    match others.iter().find(|other| other.base.currency != *currency) {
        None => Ok(()),
        Some(other) => Err(Stop::invalid(format!(
            "{} is in {currency} and {} in {}: amounts of two currencies can't be compared",
            first.name, other.name, other.base.currency
        ))),
    }
}
