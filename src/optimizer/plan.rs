//! From a model to its plan.

mod at_risk;
mod at_risk_together;
mod beside;
mod nothing;
mod problem;
mod together;
mod worth;

pub use at_risk::plan_at_risk;
pub(super) use beside::price_beside;
pub(super) use problem::Problem;
pub(super) use worth::add_alternatives;

use ndarray::Array2;

use crate::model::joint;
use crate::model::valuation::{self, UnitValue};
use crate::model::{
    Cancel, Constraint, ConstraintState, Gap, Model, Plan, PlanSettings, PlanStatus, PriceRange,
    SolverReport, constraints,
};
use crate::optimizer::certify::certify;
use crate::optimizer::check::{Violation, check};
use crate::optimizer::goal::Goal;
use crate::optimizer::horizon;
use crate::optimizer::price::{Price, plan_price_unit, prices};
use crate::optimizer::program::{Program, dot, program_of};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::solver::{INTERRUPTED, Solved, Verdict};
use crate::optimizer::state::{Surroundings, keeps, violation};
use crate::optimizer::whole::Search;

/// Counts of a fractional plan below this are the solver's noise.
const NOTHING: f64 = 1e-9;

/// Seconds that a continuous program may always take: the clock is for branch and bound, and a
/// price that it cut off would not be reproducible.
pub(super) const PATIENCE: f64 = 60.0;

/// Plans a model: the counts that maximize its objective under its constraints, or, where the
/// model fixes the counts, what they do to the constraints.
///
/// The program is max Σ cᵢxᵢ (or max Σ rᵢxᵢ / Σ sᵢxᵢ for ROAS) over x ≥ 0, whole unless
/// `fractional_counts`, subject to [`constraints`]; coefficients are the expectations of
/// [`valuation::units`]. Where nothing ties the months of a horizon together, each is planned by itself, equal
/// months once, and the bound is the sum of theirs; otherwise one program has all months, its unknowns the counts
/// of open cells and of waves by month and those of ambassadors by term.
///
/// What becomes of the program is the plan's status, never an error: an infeasible program is
/// confirmed by a second, independent solve and explained; a plan is re-checked against every
/// constraint, and its objective is recomputed from its counts. The answer is the same on every
/// run unless the clock stopped it (`SolverReport::reproducible`).
///
/// ```
/// use influencer_matrix::model::{Cancel, PlanSettings, PlanStatus, valuation};
/// use influencer_matrix::optimizer;
///
/// # use influencer_matrix::scenario::{self, Overrides};
/// # let text = "schema = 1\nname = \"march\"\nbudget = 60_000\ntiers.use = [\"mid\", \"micro\"]\n";
/// # let model = scenario::read_text("march.toml", text, &Overrides::default()).unwrap().base;
/// // `model` is read from a scenario
/// let plan = optimizer::plan(&model, &PlanSettings::default(), &Cancel::new());
/// assert_eq!(plan.status, PlanStatus::Optimal);
/// let counts = plan.counts.row(0).to_vec();
/// assert!(optimizer::check(&model, &counts).is_empty());
/// let spend = valuation::units(&model)
///     .iter()
///     .zip(&counts)
///     .map(|(unit, count)| unit.spend * count)
///     .sum::<f64>();
/// assert!(spend <= model.rules.budget);
/// ```
#[must_use]
pub fn plan(model: &Model, settings: &PlanSettings, cancel: &Cancel) -> Plan {
    if horizon::is_one_month(model) {
        worked(model, settings, cancel, true, any)
    } else {
        horizon::plan(model, settings, cancel)
    }
}

/// The plan of one month by itself.
pub(super) fn month(
    model: &Model,
    settings: &PlanSettings,
    cancel: &Cancel,
    explains: bool,
) -> Plan {
    worked(model, settings, cancel, explains, any)
}

/// Whether [`plan`] finds a plan, the first being as good as the best; nothing is explained.
#[must_use]
pub fn is_feasible(model: &Model, settings: &PlanSettings, cancel: &Cancel) -> bool {
    let first = PlanSettings {
        gap: 1.0,
        ..*settings
    };
    if horizon::is_one_month(model) {
        worked(model, &first, cancel, false, any).is_usable()
    } else {
        horizon::is_feasible(model, &first, cancel)
    }
}

/// A plan without regard to risk.
fn any(work: &Work<'_>) -> Plan {
    match &work.model.counts {
        Some(counts) => work.fixed(&counts.row(0).to_vec()),
        None if joint::applies(work.model) => work.together(),
        None => work.optimized(None),
    }
}

/// Plans a month by what is done with its program, and holds the plan against the rules.
fn worked(
    model: &Model,
    settings: &PlanSettings,
    cancel: &Cancel,
    explains: bool,
    plan: impl FnOnce(&Work<'_>) -> Plan,
) -> Plan {
    let units = match &model.counts {
        Some(counts) => valuation::units_in(model, &counts.row(0).to_vec()),
        None => valuation::units(model),
    };
    let constraints = constraints(model, &units);
    let problem = Problem {
        model,
        units: &units,
        constraints: &constraints,
        over_months: false,
    };
    let mut plan = problem.worked(settings, cancel, explains, plan);
    if model.counts.is_none() && plan.is_usable() {
        recheck(model, &mut plan);
    }
    plan
}

/// Holds a plan against the rules by code that shares nothing with the program; a plan that
/// breaks one is never shown.
fn recheck(model: &Model, plan: &mut Plan) {
    let counts = plan.counts.row(0).to_vec();
    refuse(plan, check(model, &counts));
}

/// A plan that breaks a rule is none.
pub(super) fn refuse(plan: &mut Plan, broken: Vec<Violation>) {
    let broken: Vec<String> = broken.into_iter().map(|v| v.words).collect();
    if !broken.is_empty() {
        plan.status = PlanStatus::Failed {
            reason: format!(
                "the plan found does not keep every rule: {}",
                broken.join("; ")
            ),
        };
    }
}

/// Cells that no rule limits though the objective gains by them, empty for every sound model:
/// the program is unbounded. A scenario with such a cell is invalid; [`plan`] fails on it.
#[must_use]
pub fn free_cells(model: &Model, cancel: &Cancel) -> Vec<usize> {
    let units = valuation::units(model);
    let constraints = constraints(model, &units);
    let program = program_of(model, &units, &constraints);
    let goal = Goal::of(model, &units);
    let settings = PlanSettings {
        time_limit: PATIENCE,
        ..PlanSettings::default()
    };
    let solved = solve_relaxed(&program, &goal, &settings, cancel);
    if solved.verdict == Verdict::Unbounded {
        along(&solved.x)
    } else {
        Vec::new()
    }
}

/// Cells that a ray grows.
fn along(ray: &[f64]) -> Vec<usize> {
    (0..ray.len()).filter(|&cell| ray[cell] > 1e-9).collect()
}

struct Work<'a> {
    model: &'a Model,
    units: &'a [UnitValue],
    constraints: &'a [Constraint],
    program: &'a Program,
    goal: &'a Goal,
    settings: &'a PlanSettings,
    relaxations: &'a PlanSettings,
    /// Whether to say why there is no plan.
    explains: bool,
    /// Whether columns are bookings of several months.
    over_months: bool,
    cancel: &'a Cancel,
    search: Search<'a>,
}

impl Work<'_> {
    fn fixed(&self, counts: &[f64]) -> Plan {
        let warnings = self
            .constraints
            .iter()
            .filter_map(|c| violation(c, counts, &self.model.currency))
            .collect();
        Plan {
            status: PlanStatus::Fixed,
            objective: self.objective(counts),
            unspent: self.unspent(counts),
            constraints: self.states(Some(counts), None, None),
            warnings,
            ..self.empty(counts, "none", 0)
        }
    }

    /// The best plan, or that of what a search has found already.
    fn optimized(&self, known: Option<Solved>) -> Plan {
        let relaxed = solve_relaxed(self.program, self.goal, self.relaxations, self.cancel);
        let mut solved = match relaxed.verdict {
            Verdict::Optimal if known.is_some() => known.unwrap_or_else(|| relaxed.clone()),
            Verdict::Optimal if self.model.fractional_counts => relaxed.clone(),
            Verdict::Optimal => self.search.best(&relaxed),
            _ => relaxed.clone(),
        };
        if solved.verdict == Verdict::NodeLimit {
            solved = self.second_look(solved, &relaxed);
        }
        certify(&mut solved, self.program, self.goal, self.settings.gap);
        match self.status(&solved) {
            Err(nothing) => *nothing,
            Ok(status) => self.found(status, &solved, &relaxed),
        }
    }

    /// The status of an answer with a plan, or the plan that says why there is none.
    fn status(&self, solved: &Solved) -> Result<PlanStatus, Box<Plan>> {
        let failed = |reason: String| PlanStatus::Failed { reason };
        let status = match &solved.verdict {
            Verdict::Infeasible => return Err(Box::new(self.infeasible(solved))),
            Verdict::Unbounded => failed(self.unbounded(&solved.x)),
            Verdict::Failed(reason) => failed(reason.clone()),
            Verdict::NodeLimit => return Err(Box::new(self.undecided(solved))),
            Verdict::TimeLimit { found } => PlanStatus::TimeLimit { found: *found },
            Verdict::Optimal => PlanStatus::Optimal,
            Verdict::Stopped => PlanStatus::Stopped,
            Verdict::Feasible if self.cancel.requested() => PlanStatus::Stopped,
            Verdict::Feasible => PlanStatus::Feasible,
        };
        if solved.found() {
            Ok(status)
        } else {
            Err(Box::new(self.without_plan(status, solved)))
        }
    }

    fn found(&self, status: PlanStatus, solved: &Solved, relaxed: &Solved) -> Plan {
        let counts = self.clean(&solved.x);
        if let Some(broken) = self.constraints.iter().find(|c| !keeps(c, &counts)) {
            let words = violation(broken, &counts, &self.model.currency).unwrap_or_default();
            let reason = format!("the solver's plan breaks a rule: {words}");
            return self.without_plan(PlanStatus::Failed { reason }, solved);
        }
        let prices = prices(
            self.program,
            self.goal,
            self.constraints,
            (&relaxed.x, relaxed.objective),
            self.relaxations,
            self.cancel,
        );
        let costs: Vec<f64> = self.units.iter().map(|u| u.spend).collect();
        let value = self.goal.value(&counts);
        let spend = dot(&costs, &relaxed.x);
        let plan = self.described(status, solved, (&counts, value), &prices, spend);
        self.weighed(plan)
    }

    /// Counts without a solver's noise.
    fn clean(&self, x: &[f64]) -> Vec<f64> {
        if self.model.fractional_counts {
            let noise = |&x: &f64| if x < NOTHING { 0.0 } else { x };
            x.iter().map(noise).collect()
        } else {
            x.iter().map(|x| x.round()).collect()
        }
    }

    /// A plan of counts and their value with all that is known of it.
    fn described(
        &self,
        status: PlanStatus,
        solved: &Solved,
        (counts, value): (&[f64], f64),
        prices: &[Option<Price>],
        relaxed_spend: f64,
    ) -> Plan {
        let mut warnings = Vec::new();
        let objective = self.objective(counts);
        if objective.is_none() {
            warnings.push(format!(
                "{} is not defined for every booked cell; the plan counts it as 0 there",
                self.model.objective.name()
            ));
        }
        let gap = solved
            .bound
            .map(|bound| Gap::new(bound, value, solved.certified));
        let near = Surroundings {
            model: self.model,
            units: self.units,
            constraints: self.constraints,
            program: self.program,
            goal: self.goal,
        };
        let stopped = matches!(status, PlanStatus::TimeLimit { .. } | PlanStatus::Stopped);
        let reproducible = !stopped;
        let mut plan = Plan {
            status,
            objective,
            gap,
            unspent: self.unspent(counts),
            unspent_held_by: near.held_by(counts, relaxed_spend),
            constraints: self.states(Some(counts), Some(&near.binding(counts)), Some(prices)),
            warnings,
            ..self.empty(counts, solved.solver, solved.nodes)
        };
        plan.solver.reproducible = reproducible;
        plan
    }

    fn unbounded(&self, ray: &[f64]) -> String {
        let free: Vec<String> = along(ray)
            .into_iter()
            .map(|cell| self.model.key(cell).to_string())
            .collect();
        format!(
            "{} grows without limit: no rule limits {}",
            self.model.objective.name(),
            free.join(", ")
        )
    }

    fn without_plan(&self, status: PlanStatus, solved: &Solved) -> Plan {
        let reproducible = match &status {
            PlanStatus::TimeLimit { .. } => false,
            PlanStatus::Failed { reason } => reason != INTERRUPTED,
            _ => true,
        };
        let mut plan = Plan {
            status,
            constraints: self.states(None, None, None),
            ..self.empty(
                &vec![0.0; self.model.cells.len()],
                solved.solver,
                solved.nodes,
            )
        };
        plan.solver.reproducible = reproducible;
        plan
    }

    /// A plan of nothing but counts.
    fn empty(&self, counts: &[f64], solver: &str, nodes: u64) -> Plan {
        Plan {
            name: self.model.name.clone(),
            unspent: self.unspent(counts),
            counts: Array2::from_shape_fn((1, counts.len()), |(_, cell)| counts[cell]),
            status: PlanStatus::Infeasible,
            objective: None,
            gap: None,
            unspent_held_by: Vec::new(),
            constraints: Vec::new(),
            risks: Vec::new(),
            unused: Vec::new(),
            alternatives: Vec::new(),
            conflict: None,
            solver: SolverReport {
                solver: solver.to_owned(),
                nodes,
                reproducible: true,
                seconds: 0.0,
            },
            warnings: Vec::new(),
        }
    }

    fn objective(&self, counts: &[f64]) -> Option<f64> {
        valuation::objective(self.units, counts, self.model.objective)
    }

    fn unspent(&self, counts: &[f64]) -> f64 {
        let spend: f64 = self
            .units
            .iter()
            .zip(counts)
            .map(|(u, x)| u.spend * x)
            .sum();
        self.model.rules.budget - spend
    }

    fn states(
        &self,
        counts: Option<&[f64]>,
        binding: Option<&[Option<String>]>,
        prices: Option<&[Option<Price>]>,
    ) -> Vec<ConstraintState> {
        (0..self.constraints.len())
            .map(|i| {
                let c = &self.constraints[i];
                let words = binding.and_then(|b| b[i].clone());
                let price = prices.and_then(|p| p[i]);
                ConstraintState {
                    month: c.month,
                    name: c.name.clone(),
                    kind: c.kind,
                    low: c.low,
                    value: counts.and_then(|x| c.form.value(x)),
                    high: c.high,
                    binding: words.is_some(),
                    shadow_price: price.map(|price| price.change),
                    price_is_back: price.is_some_and(|price| price.back),
                    range: PriceRange::default(),
                    unit: c.unit,
                    price_unit: plan_price_unit(self.model, c.unit),
                    words: words.unwrap_or_default(),
                    origin: c.origin.clone(),
                }
            })
            .collect()
    }
}
