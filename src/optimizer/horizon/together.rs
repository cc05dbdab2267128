//! One program for all months, its columns the [activities](crate::model::Activity).

mod climb;
mod effects;
mod exchange;
mod least;
mod pipeline;
mod structure;
mod within;
mod worth;

use std::time::Instant;

use ndarray::Array2;

use self::pipeline::Limits;
use crate::model::valuation::UnitValue;
use crate::model::{
    Activity, BookedAs, Cancel, Constraint, Factors, Horizon, Incidents, Model, Origin, Plan,
    PlanSettings, PlanStatus, Wave, WaveKind, WaveSchedule, activities, constraints_over,
    counts_of, joint, sum_of, units_of,
};
use crate::optimizer::branch::Structure;
use crate::optimizer::check::check_plan;
use crate::optimizer::plan::{Problem, refuse};
use crate::optimizer::words::amount;

/// A model's program over months.
pub(super) struct Together<'a> {
    model: &'a Model,
    activities: Vec<Activity>,
    /// A model of one month whose cells are the activities.
    flat: Model,
    /// What is known of its programs beyond their rows.
    structure: Structure,
}

/// Rules as they stand in the program, and their names without months.
struct Rules {
    all: Vec<Constraint>,
    /// In the order of `all`.
    names: Vec<String>,
}

impl<'a> Together<'a> {
    pub(super) fn new(model: &'a Model) -> Self {
        let activities = activities(model);
        Self {
            flat: flat(model, &activities),
            structure: structure::of(model, &activities),
            activities,
            model,
        }
    }

    /// What another solver needs of the program.
    #[cfg(all(test, feature = "highs"))]
    pub(super) fn posed(&self) -> (Model, Vec<UnitValue>, Vec<Constraint>) {
        let alone = self.alone();
        let units = units_of(self.model, &self.activities, |m, cell| alone[m][cell]);
        let sums = units.iter().map(sum_of).collect();
        (self.flat.clone(), sums, self.rules(&units).all)
    }

    /// Plans the horizon.
    pub(super) fn plan(&self, settings: &PlanSettings, cancel: &Cancel, explains: bool) -> Plan {
        let started = Instant::now();
        let act = joint::applies(self.model) || self.model.horizon.cross_promotion.is_some();
        let mut plan = if act {
            self.among_each_other(settings, cancel, explains)
        } else {
            self.at(&self.alone(), settings, cancel, explains)
        };
        if plan.is_usable() {
            let broken = check_plan(self.model, &plan.counts);
            refuse(&mut plan, broken);
        }
        if explains {
            self.say_least_budgets(&mut plan, settings, cancel);
        }
        plan.solver.seconds = started.elapsed().as_secs_f64();
        plan
    }

    /// Factors of creators who do not act on each other.
    fn alone(&self) -> Vec<Vec<[f64; 2]>> {
        vec![vec![[1.0; 2]; self.model.cells.len()]; self.model.months]
    }

    /// The best plan at given factors on reach and conversions, by month and cell.
    fn at(
        &self,
        factors: &[Vec<[f64; 2]>],
        settings: &PlanSettings,
        cancel: &Cancel,
        explains: bool,
    ) -> Plan {
        let units = units_of(self.model, &self.activities, |m, cell| factors[m][cell]);
        let sums: Vec<UnitValue> = units.iter().map(sum_of).collect();
        let mut rules = self.rules(&units);
        let mut found = self.best_within(&sums, &mut rules, settings, cancel, explains);
        if explains {
            self.weigh(&mut found, (&sums, &rules.all), settings, cancel);
        }
        let mut plan = self.unfolded(found, &rules);
        self.say_needs(&mut plan);
        plan
    }

    /// The best plan of activities under rules.
    fn best_within(
        &self,
        sums: &[UnitValue],
        rules: &mut Rules,
        settings: &PlanSettings,
        cancel: &Cancel,
        explains: bool,
    ) -> Plan {
        if self.model.horizon.pipeline.is_some() {
            self.within_pipeline(sums, rules, settings, cancel, explains)
        } else {
            self.problem(sums, rules)
                .optimized(settings, cancel, explains)
        }
    }

    /// Says of the pipeline's limits what is needed and delivered.
    fn say_needs(&self, plan: &mut Plan) {
        for state in &mut plan.constraints {
            let (Some(until), Some(needed), Some(delivered)) =
                (state.month, state.value, state.high)
            else {
                continue;
            };
            if state.binding && state.name == pipeline::NAME {
                let show = |value| amount(value, state.unit, &self.model.currency);
                state.words = format!(
                    "{}: {} new partners are needed until month {}, and the pipeline delivers {}",
                    state.name,
                    show(needed),
                    until + 1,
                    show(delivered),
                );
            }
        }
    }

    fn problem<'b>(&'b self, sums: &'b [UnitValue], rules: &'b Rules) -> Problem<'b> {
        Problem {
            model: &self.flat,
            units: sums,
            constraints: &rules.all,
            structure: Some(&self.structure),
            over_months: true,
        }
    }

    /// What given counts (months × cells) do to the rules.
    pub(super) fn fixed(
        &self,
        counts: &Array2<f64>,
        settings: &PlanSettings,
        cancel: &Cancel,
    ) -> Plan {
        let factors = self.factors(counts);
        let units = units_of(self.model, &self.activities, |m, cell| factors[m][cell]);
        let sums: Vec<UnitValue> = units.iter().map(sum_of).collect();
        let rules = self.rules(&units);
        let amounts = self.amounts(counts);
        let found = self
            .problem(&sums, &rules)
            .fixed(&amounts, settings, cancel);
        let mut plan = self.unfolded(found, &rules);
        plan.counts.clone_from(counts);
        self.say_needs(&mut plan);
        let broken = check_plan(self.model, counts);
        plan.warnings = broken.into_iter().map(|v| v.words).collect();
        plan
    }

    /// The amounts of activities that give counts.
    fn amounts(&self, counts: &Array2<f64>) -> Vec<f64> {
        let at = |month: usize, cell: usize| counts.get([month, cell]).copied().unwrap_or(0.0);
        self.activities
            .iter()
            .map(|a| match self.model.cells[a.cell].booked_as {
                BookedAs::Level { .. } => at(a.months.end - 1, a.cell) - at(a.months.end, a.cell),
                _ => at(a.months.start, a.cell),
            })
            .collect()
    }

    /// The rules, those of a month named with it.
    fn rules(&self, units: &[Vec<UnitValue>]) -> Rules {
        let mut rules = Rules {
            all: Vec::new(),
            names: Vec::new(),
        };
        let own = constraints_over(self.model, &self.activities, units);
        self.add(&mut rules, own);
        self.add(&mut rules, self.limits());
        rules
    }

    /// The pipeline's rules.
    fn limits(&self) -> Vec<Constraint> {
        let limits = Limits::of(self.model, &self.activities);
        limits.map_or_else(Vec::new, |limits| limits.rules())
    }

    fn add(&self, rules: &mut Rules, more: Vec<Constraint>) {
        for mut rule in more {
            rules.names.push(rule.name.clone());
            if let (Some(month), true) = (rule.month, self.model.months > 1) {
                let when = if rule.rule.adds_up_months() {
                    "until"
                } else {
                    "in"
                };
                rule.name = format!("{} {when} month {}", rule.name, month + 1);
            }
            rules.all.push(rule);
        }
    }

    /// A plan of activities as one of months × cells, its rules by their own names.
    fn unfolded(&self, found: Plan, rules: &Rules) -> Plan {
        let amounts = found.counts.row(0).to_vec();
        let mut plan = Plan {
            counts: counts_of(self.model, &self.activities, &amounts),
            ..found
        };
        let read = |words: &str| words.replace("@month ", " in month ");
        for (state, name) in plan.constraints.iter_mut().zip(&rules.names) {
            state.words = read(&state.words.replace(&state.name, name));
            state.name.clone_from(name);
        }
        let plain = |long: &mut String| {
            let index = rules.all.iter().position(|rule| rule.name == *long);
            if let Some(index) = index {
                long.clone_from(&rules.names[index]);
            }
        };
        for held in &mut plan.unspent_held_by {
            held.reason = read(&held.reason);
            plain(&mut held.constraint);
        }
        if let Some(conflict) = &mut plan.conflict {
            let others = conflict.others.iter_mut().flatten();
            for member in conflict.members.iter_mut().chain(others) {
                member.words = read(&member.words);
                plain(&mut member.constraint);
            }
            for change in &mut conflict.joint_change {
                change.words = read(&change.words);
                plain(&mut change.constraint);
            }
            for sentence in conflict.sentences.iter_mut().chain(&mut conflict.open) {
                *sentence = read(sentence);
            }
        }
        let kept_out = plan
            .unused
            .iter_mut()
            .filter_map(|u| u.kept_out_by.as_mut());
        kept_out.for_each(plain);
        for warning in &mut plan.warnings {
            *warning = read(warning);
        }
        if let PlanStatus::Failed { reason } = &mut plan.status {
            *reason = read(reason);
        }
        plan
    }
}

/// A model of one month whose cells are the activities: each is booked in a wave of its own name, so that
/// all that is said of it says when.
fn flat(model: &Model, activities: &[Activity]) -> Model {
    let mut flat = Model {
        cells: Vec::with_capacity(activities.len()),
        months: 1,
        horizon: Horizon::equal(1),
        counts: None,
        audiences: Vec::new(),
        incidents: Incidents {
            shock_probability: 0.0,
            ..model.incidents
        },
        ..model.clone()
    };
    flat.rules.budget = model.budget();
    for activity in activities {
        let mut cell = model.cells[activity.cell].clone();
        let name = when(model, activity);
        cell.booked_as = if name.is_empty() {
            BookedAs::Open
        } else {
            let waves = &mut flat.horizon.waves;
            let known = waves.iter().position(|wave| wave.name == name);
            BookedAs::Wave(known.unwrap_or_else(|| {
                waves.push(named(name));
                waves.len() - 1
            }))
        };
        flat.cells.push(cell);
    }
    flat
}

/// How and when an activity is booked, in words.
fn when(model: &Model, activity: &Activity) -> String {
    let (first, last) = (activity.months.start + 1, activity.months.end);
    let horizon = &model.horizon;
    match model.cells[activity.cell].booked_as {
        BookedAs::Open if model.months == 1 => String::new(),
        BookedAs::Open => format!("month {first}"),
        BookedAs::Wave(wave) if horizon.touched(&horizon.waves[wave]).len() == 1 => {
            horizon.waves[wave].name.clone()
        }
        BookedAs::Wave(wave) => format!("{} in month {first}", horizon.waves[wave].name),
        BookedAs::Level { level, .. } => {
            format!("{}+{first} until month {last}", horizon.levels[level].name)
        }
    }
}

fn named(name: String) -> Wave {
    Wave {
        name,
        kind: WaveKind::Sustain,
        first_day: 0,
        days: 1,
        budget: (None, None),
        counts: Vec::new(),
        factors: Factors::ONE,
        origin: Origin::Default,
        budget_origin: Origin::Default,
        count_origins: Vec::new(),
        schedule: WaveSchedule::default(),
        turns: [false; 4],
    }
}
