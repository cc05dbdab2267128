//! A plan: how many partnerships per cell and month, and what is known about it.

use ndarray::Array2;

use super::constraint::{ConstraintKind, Unit};
use super::origin::Origin;
use super::risk::RiskState;
use super::worth::{Alternative, PriceRange, UnusedCell};

/// How many partnerships per month and cell, with everything the optimizer says about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// `base`, or the what-if's name.
    pub name: String,
    /// Counts, months × cells of the model. All zero if there is no plan.
    pub counts: Array2<f64>,
    /// What became of the program.
    pub status: PlanStatus,
    /// Value of the objective, recomputed from the counts by `valuation`; `None` without a plan.
    pub objective: Option<f64>,
    /// Proven bound on the objective and the relative gap to it; `None` for fixed and infeasible plans.
    pub gap: Option<Gap>,
    /// Budget that the plan leaves, in currency (negative if a fixed plan exceeds it).
    pub unspent: f64,
    /// What holds the unspent budget back; empty if nothing notable is left.
    pub unspent_held_by: Vec<HeldBy>,
    /// Every constraint with its value in this plan, in program order.
    pub constraints: Vec<ConstraintState>,
    /// What the plan promises beyond the mean, rule by rule.
    pub risks: Vec<RiskState>,
    /// Why there is no plan, if it is infeasible.
    pub conflict: Option<Conflict>,
    /// Cells without partnerships, in the model's order, and what it would take to book them; empty
    /// for plans that were not optimized.
    pub unused: Vec<UnusedCell>,
    /// Other plans, as good within the gap, if asked for.
    pub alternatives: Vec<Alternative>,
    /// How it was solved.
    pub solver: SolverReport,
    /// Sentences the user should read, e.g. violated rules of a fixed plan.
    pub warnings: Vec<String>,
}

impl Plan {
    /// Whether there are counts to simulate.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        matches!(
            self.status,
            PlanStatus::Optimal
                | PlanStatus::Feasible
                | PlanStatus::TimeLimit { found: true }
                | PlanStatus::Stopped
                | PlanStatus::Fixed
        )
    }
}

/// What became of the program. A status is a value, not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanStatus {
    /// Proven within the wanted gap.
    Optimal,
    /// A plan that keeps every rule, the gap not closed within the node limit.
    Feasible,
    /// Stopped by the clock; `found` says whether a plan came out. Not reproducible.
    TimeLimit {
        /// Whether there is a plan.
        found: bool,
    },
    /// Stopped by the user; the best plan until then. Not reproducible.
    Stopped,
    /// Proven to have no plan, by two independent solves.
    Infeasible,
    /// The counts were given, not optimized.
    Fixed,
    /// The solvers failed or left the question open.
    Failed {
        /// What happened.
        reason: String,
    },
}

impl PlanStatus {
    /// Name in the outputs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Optimal => "optimal",
            Self::Feasible => "feasible",
            Self::TimeLimit { .. } => "time limit",
            Self::Stopped => "stopped",
            Self::Infeasible => "infeasible",
            Self::Fixed => "fixed",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether it failed with the question left open: nothing was found, and nothing was ruled out.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Failed { reason } if reason.starts_with("no plan "))
    }
}

/// A proven bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// No plan has an objective above it.
    pub bound: f64,
    /// (bound − objective) / |objective|.
    pub relative: f64,
    /// Whether the bound was worked out by our own dual arithmetic from multipliers, which any
    /// reader can repeat (Neumaier and Shcherbina 2004); else it is the word of an external solver.
    pub certified: bool,
}

impl Gap {
    /// The gap between a bound, never below the objective, and an objective.
    #[must_use]
    pub fn new(bound: f64, objective: f64, certified: bool) -> Self {
        let bound = bound.max(objective);
        Self {
            bound,
            relative: if bound > objective {
                (bound - objective) / objective.abs().max(f64::MIN_POSITIVE)
            } else {
                0.0
            },
            certified,
        }
    }
}

/// A constraint that keeps budget from being spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBy {
    /// Constraint name.
    pub constraint: String,
    /// In words.
    pub reason: String,
}

/// One constraint's value in a plan: a row of `constraints.parquet`.
#[derive(Debug, Clone, PartialEq)]
pub struct ConstraintState {
    /// Month, from 0; `None` where the rule speaks of the horizon as a whole.
    pub month: Option<usize>,
    /// Key path or the user's name.
    pub name: String,
    /// Group.
    pub kind: ConstraintKind,
    /// Least value.
    pub low: Option<f64>,
    /// Value in the plan; `None` without a plan or where the share's denominator is zero.
    pub value: Option<f64>,
    /// Largest value.
    pub high: Option<f64>,
    /// In the integer plan no neighbour (one creator more, or swapped) fits on the
    /// side where the objective would gain, or the bound is reached exactly.
    pub binding: bool,
    /// Change of the continuous relaxation's optimum when the bound moves by one `price_step`.
    pub shadow_price: Option<f64>,
    /// Whether that is the change of a step down with its sign turned, since nothing keeps the bound a step up.
    pub price_is_back: bool,
    /// What the rule costs, and how far its price reaches.
    pub range: PriceRange,
    /// Unit of `low`, `value`, `high`.
    pub unit: Unit,
    /// What the price is per, e.g. `revenue per 1000 CNY`.
    pub price_unit: String,
    /// In words, for binding constraints.
    pub words: String,
    /// Where the constraint was written.
    pub origin: Origin,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Conflict {
    /// A minimal set: each is needed, dropping any one makes the rest satisfiable.
    pub members: Vec<ConflictMember>,
    /// Further minimal sets disjoint from the ones before, if found within limits.
    pub others: Vec<Vec<ConflictMember>>,
    /// True when changing one member of the set, however much, does not make the whole program feasible.
    pub none_alone_is_enough: bool,
    /// The cheapest joint change that makes the whole program feasible.
    pub joint_change: Vec<JointChange>,
    /// Sentences to print, in order.
    pub sentences: Vec<String>,
    /// What the explanation left open, in sentences; they stand in `sentences` too.
    pub open: Vec<String>,
    /// Settings with which a plan was found when they were tried.
    pub set_line: Option<SetLine>,
}

/// Settings that make an infeasible scenario feasible. It was read and planned again with the
/// very texts given here, and there was a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetLine {
    /// Key path and value, in the order to be set.
    pub settings: Vec<(String, String)>,
    /// The same, ready to be copied: `--set budget=36100`, quoted for a POSIX shell.
    pub line: String,
}

/// One member of a conflicting set.
#[derive(Debug, Clone, PartialEq)]
pub struct ConflictMember {
    /// Key path or the user's name.
    pub constraint: String,
    /// Group.
    pub kind: ConstraintKind,
    /// Where it was written.
    pub origin: Origin,
    /// The bound as it stands, in words: `tier_budget_share.mega between 3 % and 7 %`.
    pub stated: String,
    /// The least change of its bound that makes this set feasible; `None` if no change does.
    pub least_change: Option<f64>,
    /// The bound after that change.
    pub changed_to: Option<f64>,
    /// Unit of both.
    pub unit: Unit,
    /// In words.
    pub words: String,
    /// Whether that single change makes the whole program feasible.
    pub enough_alone: bool,
}

/// One part of the cheapest joint change.
#[derive(Debug, Clone, PartialEq)]
pub struct JointChange {
    /// Key path or the user's name.
    pub constraint: String,
    /// Group.
    pub kind: ConstraintKind,
    /// The month it speaks of, from 0; `None` for the horizon as a whole.
    pub month: Option<usize>,
    /// Old bound.
    pub from: f64,
    /// New bound.
    pub to: f64,
    /// Unit of both.
    pub unit: Unit,
    /// In words.
    pub words: String,
}

/// How a plan was solved.
#[derive(Debug, Clone, PartialEq)]
pub struct SolverReport {
    /// Solver name and what it was asked, e.g. `microlp`.
    pub solver: String,
    /// Branch-and-bound nodes of the solve that gave the plan.
    pub nodes: u64,
    /// False if the clock stopped it.
    pub reproducible: bool,
    /// Wall time, in seconds; goes to the manifest only.
    pub seconds: f64,
}
