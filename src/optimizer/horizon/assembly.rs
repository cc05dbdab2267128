//! The plan of a horizon from the plans of its months.

use ndarray::Array2;

use crate::model::{
    Alternative, Conflict, ConstraintState, Gap, HeldBy, Model, Objective, Plan, PlanStatus,
    RiskState, SolverReport, UnusedCell,
};

/// Puts together what was planned: `of` names for each month the plan that is its own.
pub(super) fn assemble(model: &Model, plans: &[Plan], of: &[usize], gap: f64) -> Plan {
    let whole = Whole {
        model,
        plans,
        of,
        same: plans.len() == 1,
    };
    let status = whole.status(gap);
    let usable = plans.iter().all(Plan::is_usable);
    let counts = Array2::from_shape_fn((of.len(), model.cells.len()), |(month, cell)| {
        if usable {
            plans[of[month]].counts[[0, cell]]
        } else {
            0.0
        }
    });
    let mut warnings = Vec::new();
    for (month, plan) in whole.firsts() {
        for warning in &plan.warnings {
            let own = whole.of_month(month, warning);
            if !warnings.contains(&own) {
                warnings.push(own);
            }
        }
    }
    Plan {
        name: model.name.clone(),
        status,
        objective: if usable { whole.objective() } else { None },
        gap: if usable { whole.gap() } else { None },
        unspent: whole.each().map(|plan| plan.unspent).sum(),
        unspent_held_by: whole.held_by(),
        constraints: whole.constraints(usable),
        risks: whole.risks(),
        conflict: whole.conflict(),
        unused: if usable { whole.unused() } else { Vec::new() },
        alternatives: whole.alternatives(),
        solver: SolverReport {
            solver: whole.solver(),
            nodes: plans.iter().map(|plan| plan.solver.nodes).sum(),
            reproducible: plans.iter().all(|plan| plan.solver.reproducible),
            seconds: 0.0,
        },
        warnings,
        counts,
    }
}

struct Whole<'a> {
    model: &'a Model,
    plans: &'a [Plan],
    of: &'a [usize],
    /// Whether all months are alike.
    same: bool,
}

impl<'a> Whole<'a> {
    /// The plan of every month.
    fn each(&self) -> impl Iterator<Item = &'a Plan> + '_ {
        self.of.iter().map(|&kind| &self.plans[kind])
    }

    /// Each plan once, with the first month that it is of.
    fn firsts(&self) -> impl Iterator<Item = (usize, &'a Plan)> + '_ {
        self.plans.iter().enumerate().map(|(kind, plan)| {
            let first = self.of.iter().position(|&of| of == kind);
            (first.unwrap_or(0), plan)
        })
    }

    /// The months of a plan in words, ahead of what is said of it; nothing where all are alike.
    fn of_month(&self, month: usize, words: &str) -> String {
        if self.same {
            return words.to_owned();
        }
        let alike: Vec<String> = (0..self.of.len())
            .filter(|&other| self.of[other] == self.of[month])
            .map(|other| (other + 1).to_string())
            .collect();
        let name = if alike.len() == 1 { "month" } else { "months" };
        format!("{name} {}: {words}", alike.join(", "))
    }

    /// The worst of the months'.
    fn status(&self, gap: f64) -> PlanStatus {
        let rank = |status: &PlanStatus| match status {
            PlanStatus::Infeasible => 7,
            PlanStatus::Failed { .. } => 6,
            PlanStatus::TimeLimit { found: false } => 5,
            PlanStatus::Stopped => 4,
            PlanStatus::TimeLimit { found: true } => 3,
            PlanStatus::Feasible => 2,
            PlanStatus::Fixed => 1,
            PlanStatus::Optimal => 0,
        };
        let mut worst = (0, PlanStatus::Optimal);
        for (month, plan) in self.firsts() {
            if rank(&plan.status) > rank(&worst.1) {
                worst = (month, plan.status.clone());
            }
        }
        match worst {
            // An open question stays one: what is said of it opens with the same words.
            (month, PlanStatus::Failed { reason }) if !worst_is_open(&reason) => {
                PlanStatus::Failed {
                    reason: self.of_month(month, &reason),
                }
            }
            // Gains and losses of months can add up to less than their gaps do.
            (_, PlanStatus::Optimal)
                if self
                    .gap()
                    .is_some_and(|g| g.relative > gap.max(1e-8) * 1.001) =>
            {
                PlanStatus::Feasible
            }
            (_, status) => status,
        }
    }

    fn objective(&self) -> Option<f64> {
        if self.model.objective == Objective::Roas {
            // All months are alike.
            return self.plans.first()?.objective;
        }
        self.each().map(|plan| plan.objective).sum()
    }

    fn gap(&self) -> Option<Gap> {
        let gaps: Vec<Gap> = self.each().map(|plan| plan.gap).collect::<Option<_>>()?;
        if self.model.objective == Objective::Roas {
            return gaps.first().copied();
        }
        let certified = gaps.iter().all(|gap| gap.certified);
        let bound = gaps.iter().map(|gap| gap.bound).sum();
        Some(Gap::new(bound, self.objective()?, certified))
    }

    fn held_by(&self) -> Vec<HeldBy> {
        let own = |(month, plan): (usize, &'a Plan)| {
            plan.unspent_held_by
                .iter()
                .map(move |held| HeldBy {
                    constraint: held.constraint.clone(),
                    reason: self.of_month(month, &held.reason),
                })
                .collect::<Vec<_>>()
        };
        self.firsts().flat_map(own).collect()
    }

    fn constraints(&self, usable: bool) -> Vec<ConstraintState> {
        let mut out = Vec::new();
        for (month, plan) in self.each().enumerate() {
            for state in &plan.constraints {
                let mut state = state.clone();
                state.month = Some(month);
                if !usable {
                    // Of a month that has a plan, where another has none.
                    state.value = None;
                    state.binding = false;
                    state.shadow_price = None;
                    state.range = crate::model::PriceRange::default();
                    state.words = String::new();
                }
                out.push(state);
            }
        }
        out
    }

    /// Every rule in every month, or once where all are alike.
    fn risks(&self) -> Vec<RiskState> {
        if self.same {
            return self.plans[0].risks.clone();
        }
        let of_month = |(month, plan): (usize, &'a Plan)| {
            plan.risks.iter().map(move |state| RiskState {
                month: Some(month),
                ..state.clone()
            })
        };
        self.each().enumerate().flat_map(of_month).collect()
    }

    /// Why the first month without a plan has none.
    fn conflict(&self) -> Option<Conflict> {
        let (month, found) = self
            .firsts()
            .filter(|(_, plan)| !plan.is_usable())
            .find_map(|(month, plan)| Some((month, plan.conflict.clone()?)))?;
        let mut conflict = found;
        if let (false, Some(first)) = (self.same, conflict.sentences.first_mut()) {
            *first = self.of_month(month, first);
        }
        Some(conflict)
    }

    fn unused(&self) -> Vec<UnusedCell> {
        if self.same {
            return self.plans[0].unused.clone();
        }
        let of_month = |(month, plan): (usize, &'a Plan)| {
            plan.unused.iter().map(move |unused| UnusedCell {
                month: Some(month),
                ..unused.clone()
            })
        };
        self.each().enumerate().flat_map(of_month).collect()
    }

    /// Those of equal months, taken in every month.
    fn alternatives(&self) -> Vec<Alternative> {
        if !self.same {
            return Vec::new();
        }
        let times = match self.model.objective {
            Objective::Roas => 1.0,
            _ => self.of.len() as f64,
        };
        let of_all = |alternative: &Alternative| Alternative {
            objective: times * alternative.objective,
            ..alternative.clone()
        };
        self.plans[0].alternatives.iter().map(of_all).collect()
    }

    fn solver(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for plan in self.plans {
            if !names.contains(&plan.solver.solver.as_str()) {
                names.push(&plan.solver.solver);
            }
        }
        names.join(", ")
    }
}

/// Whether a failure left the question open ([`PlanStatus::is_open`]).
fn worst_is_open(reason: &str) -> bool {
    PlanStatus::Failed {
        reason: reason.to_owned(),
    }
    .is_open()
}
