//! `imatrix frontier FILE --by WHAT`

use influencer_matrix::engine::{self, Frontier, SimulationSettings, Walk};
use influencer_matrix::export::{frontier_json, write_frontier};
use influencer_matrix::frontier::{Axis, By, Verdict, spread, weights};
use influencer_matrix::model::{Metric, Model, PlanStatus, Trials};
use influencer_matrix::report::text;
use influencer_matrix::scenario::{self, Overrides, Problems, Scenario, Takes, takes};
use influencer_matrix::summary::Scopes;
use influencer_matrix::units::{parse_number, percent};

use super::args::FrontierArgs;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::files;
use super::folder::{description, fill, open, record};
use super::interrupt::CANCEL;
use super::work::{BLOCK, context, on_threads, plan_settings, shown};

/// Values unless `--points` says otherwise: with 25 % to 200 % of a budget, one of them is the budget.
const POINTS: usize = 15;
/// Weights of `CVaR` unless `--points` says otherwise.
const WEIGHTS: usize = 8;
/// Ends of the budgets walked over, as shares of the file's.
const BUDGETS: (f64, f64) = (0.25, 2.0);
/// Level of tail means unless the file has its own.
const LEVEL: f64 = 0.9;
/// Budgets from here on are walked over in whole units of currency.
const COARSE: f64 = 1000.0;
/// Amounts from which on whole ones lie near enough to each other for the least that is enough.
const FINE: f64 = 10.0;
/// Rounding changes a value by less than this share of a step.
const ROUNDING: f64 = 0.01;
/// The key of the tail's weight.
const WEIGHT: &str = "risk.objective.cvar";
/// Most trials of all points together: their totals are kept.
const MOST_KEPT: u64 = 20_000_000;
/// Probability of `--target` unless `--with` says otherwise.
const WITH: f64 = 0.8;

pub(crate) fn run(args: &FrontierArgs, console: &Console) -> Result<Exit, Stop> {
    let mut overrides = files::overrides(Some(&args.set), None);
    overrides.seed = args.seed.seed;
    if let Some((metric, level)) = &args.target {
        overrides.set.push(target(metric, level, args.with)?);
    }
    let scenario = files::read(&args.file, &overrides, console)?;
    let sweep = Sweep::new(args, &scenario)?;
    if args.least_budget {
        searchable(&scenario, &sweep)?;
    }
    let kept = args.trials.saturating_mul(sweep.values.len() as u64);
    if kept > MOST_KEPT {
        return Err(Stop::invalid(format!(
            "{} trials of {} points are more than the {MOST_KEPT} that can be kept; ask for fewer of one",
            args.trials,
            sweep.values.len(),
        )));
    }
    let (models, refused) = sweep.models(args, &overrides, console)?;
    // A run's folder of the same scenario stays as it is.
    let folder = open(&args.out, &format!("{}-frontier", scenario.name))?;
    on_threads(args.solve.threads, |threads| {
        let settings = plan_settings(&args.solve);
        let simulation = SimulationSettings {
            seed: scenario.seed,
            trials: Trials::Fixed(args.trials),
            scopes: Scopes::Total,
            block: BLOCK,
        };
        let how = Walk {
            planning: &settings,
            simulation: &simulation,
            least: args.least_budget,
            below: args.by.ends.is_none(),
            whole: sweep.whole,
        };
        let mut model_at = |value| sweep.model(args, &overrides, value, console);
        let mut found = engine::walk::<Stop>(
            &scenario.name,
            sweep.axis.clone(),
            models,
            &mut model_at,
            &how,
            &console.bar,
            &CANCEL,
        )?;
        let warnings = &mut found.run.warnings;
        warnings.splice(0..0, scenario.warnings.iter().cloned().chain(refused));
        let (about, record) = (description(&scenario), record(&scenario, threads));
        let written = fill(folder, |path| write_frontier(path, &found, &about, &record))?;
        console.show(
            args.format,
            || text::frontier(&found, &context(&scenario, console)),
            || frontier_json(&found, &about),
        )?;
        console.note(&format!("wrote {}", shown(&written)));
        Ok(judge(&scenario.name, &found, console))
    })
}

/// `--target` and `--with` as a setting.
fn target(metric: &str, level: &str, with: Option<f64>) -> Result<(String, String), Stop> {
    let Some(known) = Metric::from_name(metric) else {
        let names: Vec<&str> = Metric::ALL.iter().map(|m| m.name()).collect();
        return Err(Stop::invalid(format!(
            "--target: there is no metric {metric:?}; the metrics are {}",
            names.join(", ")
        )));
    };
    let level = parse_number(level)
        .map_err(|error| Stop::invalid(format!("--target {metric}={level}: {error}")))?;
    let side = if known.number_means_at_most() {
        "at_most"
    } else {
        "at_least"
    };
    let with = with.unwrap_or(WITH);
    Ok((
        format!("targets.{metric}"),
        format!("{{ {side} = {level}, with = {with} }}"),
    ))
}

/// Whether the least budget can be looked for.
fn searchable(scenario: &Scenario, sweep: &Sweep) -> Result<(), Stop> {
    if sweep.axis.by != By::Budget {
        return Err(Stop::invalid(
            "--least-budget walks over the budget: leave out --by, or write --by budget=FROM..TO",
        ));
    }
    if scenario.base.counts.is_some() {
        return Err(Stop::invalid(
            "--least-budget: the scenario fixes its counts, so that no budget changes the plan",
        ));
    }
    if scenario.base.targets.iter().all(|t| t.with.is_none()) {
        return Err(Stop::invalid(
            "--least-budget: no target of the scenario names a probability; add one, as in \
             targets.roas = { at_least = 3.0, with = 0.8 }, or pass --target roas=3.0 --with 80%",
        ));
    }
    Ok(())
}

/// The key by which a scenario states its budget, and the parts of a list or a pot.
fn budget_key(scenario: &Scenario) -> (&'static str, Vec<f64>) {
    let has = |key: &str| scenario.entries().iter().any(|entry| entry.key == key);
    let months = &scenario.base.horizon.months;
    let parts: Vec<f64> = months.iter().map(|month| month.budget_share).collect();
    let unequal = parts.iter().any(|part| *part != 1.0);
    if has("budget.total") {
        ("budget.total", parts)
    } else if has("budget.months") {
        ("budget.months", parts)
    } else if unequal {
        ("budget", parts)
    } else {
        ("budget", Vec::new())
    }
}

/// Models by value, and a sentence for each value that is left out.
type Models = (Vec<(f64, Model)>, Vec<String>);

/// What to walk over.
struct Sweep {
    axis: Axis,
    values: Vec<f64>,
    whole: bool,
    /// The key that a budget is set by, and what its months are of their mean.
    budget: (&'static str, Vec<f64>),
}

impl Sweep {
    fn new(args: &FrontierArgs, scenario: &Scenario) -> Result<Self, Stop> {
        let range = &args.by;
        let (by, key) = match range.key.as_str() {
            "budget" => (By::Budget, "budget"),
            "risk" | WEIGHT => (By::Risk, WEIGHT),
            key => (By::Key, key),
        };
        let takes_whole = match takes(key) {
            Takes::Nothing(why) => {
                return Err(Stop::invalid(format!(
                    "--by {key}: {why}, so there is no range of it to walk over"
                )));
            }
            Takes::Whole => true,
            // Reading the first value names the key nearest to one that is unknown.
            Takes::Real | Takes::Unknown => false,
        };
        let budget = scenario.base.rules.budget;
        let start = range.ends.map_or(BUDGETS.0 * budget, |ends| ends.0);
        // The least budget is found among whole amounts, unless they are far apart.
        let coarse = if args.least_budget { FINE } else { COARSE };
        let whole = takes_whole || by == By::Budget && start >= coarse;
        let values = match (by, range.ends) {
            (By::Risk, None) => weights(args.points.unwrap_or(WEIGHTS)),
            (_, ends) => {
                let (mut from, mut to) = ends.unwrap_or((BUDGETS.0 * budget, BUDGETS.1 * budget));
                if ends.is_none() && whole {
                    (from, to) = (from.round(), to.round());
                }
                if takes_whole && (from.fract() != 0.0 || to.fract() != 0.0) {
                    return Err(Stop::invalid(format!(
                        "--by {key}: it takes whole numbers, so the range must start and end with one"
                    )));
                }
                let mut values = spread(from, to, args.points.unwrap_or(POINTS), whole);
                if by == By::Budget {
                    let inner = 1..values.len() - 1;
                    for value in values[inner].iter_mut().filter(|v| **v >= COARSE) {
                        *value = value.round();
                    }
                    with_own(&mut values, budget);
                    if ends.is_none() {
                        through(&mut values, budget);
                    }
                }
                values
            }
        };
        Ok(Self {
            axis: Axis {
                by,
                key: key.to_owned(),
                percent: range.percent,
                own: if by == By::Budget {
                    Some(budget)
                } else {
                    scenario.number(key)
                },
                level: scenario.number("risk.objective.level").unwrap_or(LEVEL),
            },
            values,
            whole,
            budget: budget_key(scenario),
        })
    }

    /// What sets a value: a key and its text. Budgets keep their form, the value being their mean a month.
    fn change(&self, value: f64) -> (String, String) {
        let (key, parts) = &self.budget;
        if self.axis.by != By::Budget {
            return (self.axis.key.clone(), shortest(value));
        }
        let text = match (*key, &parts[..]) {
            ("budget.total", parts) => shortest(value * parts.len() as f64),
            (_, []) => shortest(value),
            (_, parts) => {
                let own: Vec<String> = parts.iter().map(|part| shortest(part * value)).collect();
                format!("[{}]", own.join(", "))
            }
        };
        ((*key).to_owned(), text)
    }

    /// What a what-if of this value sets.
    fn name(&self, value: f64) -> String {
        if self.axis.percent {
            format!("{}={}", self.axis.key, percent_text(value))
        } else {
            format!("{}={}", self.axis.key, shortest(value))
        }
    }

    /// The models at all values that the reader takes, and a sentence for each of the others.
    fn models(
        &self,
        args: &FrontierArgs,
        overrides: &Overrides,
        console: &Console,
    ) -> Result<Models, Stop> {
        let mut models = Vec::with_capacity(self.values.len());
        let mut refused: Vec<(f64, Problems)> = Vec::new();
        for &value in &self.values {
            match self.read(args, overrides, value) {
                Ok(scenario) => models.push((value, self.planned(args, scenario, value)?)),
                Err(problems) => refused.push((value, problems)),
            }
        }
        if models.is_empty()
            && let Some((_, problems)) = refused.first()
        {
            return Err(invalid(problems, console));
        }
        let words = refused.iter().map(|(value, problems)| {
            let problem = problems.iter().next();
            let message = problem.map_or("", |p| p.message.as_str());
            let expected = problem.and_then(|p| p.label.as_deref());
            let expected = expected.map_or_else(String::new, |e| format!(" ({e})"));
            format!(
                "{} is left out of the walk: {message}{expected}",
                self.name(*value)
            )
        });
        Ok((models, words.collect()))
    }

    /// The scenario with a what-if that sets the value, read as `imatrix what-if --set` reads it.
    fn read(
        &self,
        args: &FrontierArgs,
        overrides: &Overrides,
        value: f64,
    ) -> Result<Scenario, Problems> {
        let change = self.change(value);
        let overrides = Overrides {
            what_if: vec![(self.name(value), vec![change])],
            ..overrides.clone()
        };
        scenario::read_file(&args.file, &overrides)
    }

    /// The model at a value.
    fn model(
        &self,
        args: &FrontierArgs,
        overrides: &Overrides,
        value: f64,
        console: &Console,
    ) -> Result<Model, Stop> {
        let read = self.read(args, overrides, value);
        let scenario = read.map_err(|problems| invalid(&problems, console))?;
        self.planned(args, scenario, value)
    }

    /// What is planned of a scenario read for a value.
    fn planned(
        &self,
        args: &FrontierArgs,
        mut scenario: Scenario,
        value: f64,
    ) -> Result<Model, Stop> {
        let name = self.name(value);
        let mut model = scenario
            .what_ifs
            .pop()
            .filter(|model| model.name == name)
            .ok_or_else(|| Stop::internal(format!("{name} was not read")))?;
        if let Some((metric, _)) = &args.target {
            // The file's own are judged still, but not asked for.
            let wanted = format!("targets.{metric}");
            for other in model.targets.iter_mut().filter(|t| t.key != wanted) {
                other.with = None;
            }
        }
        Ok(model)
    }
}

/// Tells what is wrong with a file.
fn invalid(problems: &Problems, console: &Console) -> Stop {
    console.note(&problems.render(console.stderr_colors));
    Stop::told(Exit::Invalid)
}

/// A number in the shorter of its two spellings.
fn shortest(value: f64) -> String {
    let (plain, scientific) = (value.to_string(), format!("{value:e}"));
    if plain.len() > 20 && scientific.len() < plain.len() {
        scientific
    } else {
        plain
    }
}

/// Has a walk go through a budget strictly between its ends: in the place of the nearest value that
/// is no end, or beside the ends if there is none.
fn through(values: &mut Vec<f64>, budget: f64) {
    let (first, last) = (values[0], values[values.len() - 1]);
    if values.contains(&budget) || budget <= first || last <= budget {
        return;
    }
    let inner = 1..values.len() - 1;
    let far = |i: &usize| (values[*i] - budget).abs();
    match inner.min_by(|a, b| far(a).total_cmp(&far(b))) {
        Some(nearest) => values[nearest] = budget,
        None => values.insert(1, budget),
    }
}

/// Puts a budget in the place of the value that rounding made of it.
fn with_own(values: &mut [f64], budget: f64) {
    for i in 1..values.len().saturating_sub(1) {
        let step = (values[i + 1] - values[i]).min(values[i] - values[i - 1]);
        if (values[i] - budget).abs() <= ROUNDING * step {
            values[i] = budget;
            return;
        }
    }
}

/// A share without more digits than it has.
fn percent_text(value: f64) -> String {
    let plain = percent(value).replace(' ', "");
    match parse_number(&plain) {
        Ok(read) if read == value => plain,
        _ => value.to_string(),
    }
}

/// Says what failed, and how bad that is: points without a plan are part of the answer while others have one.
fn judge(scenario: &str, found: &Frontier, console: &Console) -> Exit {
    let mut exit = Exit::Done;
    for (point, plan) in found.points.iter().zip(&found.run.plans) {
        let (Some(reason), false) = (
            &point.reason,
            matches!(plan.plan.status, PlanStatus::Infeasible),
        ) else {
            continue;
        };
        console.error(&format!("{scenario}: {}: {reason}", plan.plan.name));
        exit = exit.max(Exit::Internal);
    }
    if found.points.iter().all(|point| point.simulated.is_none()) {
        console.error(&format!(
            "{scenario}: no value of {} from the range has a plan",
            found.axis.key
        ));
        exit = exit.max(Exit::Infeasible);
    }
    if let Some(least) = &found.least
        && least.verdict == Verdict::None
    {
        console.error(&format!(
            "{scenario}: no budget of the range meets the targets with their probability"
        ));
        exit = exit.max(Exit::TargetsMissed);
    }
    exit
}

#[cfg(test)]
mod tests {
    use super::{shortest, through};

    #[test]
    fn the_own_budget_is_walked_through_whatever_the_number_of_points() {
        for points in 2..40 {
            let mut values = influencer_matrix::frontier::spread(750.0, 6_000.0, points, false);
            through(&mut values, 3_000.0);
            assert!(values.contains(&3_000.0), "{points}");
            assert!(values.is_sorted() && values.len() == points.max(3));
            assert_eq!((values[0], values[values.len() - 1]), (750.0, 6_000.0));
        }
    }

    #[test]
    fn numbers_are_spelled_the_shorter_way() {
        assert_eq!(shortest(1e308), "1e308");
        assert_eq!(shortest(0.25), "0.25");
        assert_eq!(shortest(300_000.0), "300000");
    }
}
