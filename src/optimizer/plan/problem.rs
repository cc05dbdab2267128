//! A program made from units and rules, and what is done with it.

use std::time::Instant;

use super::{PATIENCE, Work};
use crate::model::valuation::UnitValue;
use crate::model::{Cancel, Constraint, Model, Plan, PlanSettings};
use crate::optimizer::branch::Structure;
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Row, program_of};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::solver::{Solved, Verdict};
use crate::optimizer::whole::Search;

/// What a program is made from.
#[derive(Clone, Copy)]
pub(in crate::optimizer) struct Problem<'a> {
    /// The model, whose cells are the program's columns.
    pub(in crate::optimizer) model: &'a Model,
    /// Values of one unit of each column.
    pub(in crate::optimizer) units: &'a [UnitValue],
    pub(in crate::optimizer) constraints: &'a [Constraint],
    /// What is known of the program beyond its rows.
    pub(in crate::optimizer) structure: Option<&'a Structure>,
    /// Whether its columns are bookings of several months.
    pub(in crate::optimizer) over_months: bool,
}

impl Problem<'_> {
    /// The best plan of a program over months, without regard to risk.
    pub(in crate::optimizer) fn optimized(
        &self,
        settings: &PlanSettings,
        cancel: &Cancel,
        explains: bool,
    ) -> Plan {
        self.worked(settings, cancel, explains, |work| work.optimized(None))
    }

    /// The fractional optimum, if there is one.
    pub(in crate::optimizer) fn relaxed(
        &self,
        settings: &PlanSettings,
        cancel: &Cancel,
    ) -> Option<Vec<f64>> {
        let program = program_of(self.model, self.units, self.constraints);
        let goal = Goal::of(self.model, self.units);
        let solved = solve_relaxed(&program, &goal, settings, cancel);
        solved.found().then_some(solved.x)
    }

    /// The best whole point that keeps the rows of the rules, and others; nothing is said of it.
    pub(in crate::optimizer) fn searched(
        &self,
        more: &[Row],
        settings: &PlanSettings,
        cancel: &Cancel,
    ) -> Solved {
        let started = Instant::now();
        let mut program = program_of(self.model, self.units, self.constraints);
        program.rows.extend_from_slice(more);
        let goal = Goal::of(self.model, self.units);
        let relaxed = solve_relaxed(&program, &goal, settings, cancel);
        if relaxed.verdict != Verdict::Optimal {
            return relaxed;
        }
        let search = Search {
            program: &program,
            goal: &goal,
            structure: self.structure.filter(|_| more.is_empty()),
            settings,
            relaxations: settings,
            cancel,
            started,
        };
        search.best(&relaxed)
    }

    /// The plan of what was found.
    pub(in crate::optimizer) fn told(
        &self,
        solved: Solved,
        settings: &PlanSettings,
        cancel: &Cancel,
        explains: bool,
    ) -> Plan {
        self.worked(settings, cancel, explains, |work| {
            work.optimized(Some(solved))
        })
    }

    /// What given amounts do to the rules.
    pub(in crate::optimizer) fn fixed(
        &self,
        amounts: &[f64],
        settings: &PlanSettings,
        cancel: &Cancel,
    ) -> Plan {
        self.worked(settings, cancel, false, |work| work.fixed(amounts))
    }

    pub(super) fn worked(
        &self,
        settings: &PlanSettings,
        cancel: &Cancel,
        explains: bool,
        plan: impl FnOnce(&Work<'_>) -> Plan,
    ) -> Plan {
        let started = Instant::now();
        let program = program_of(self.model, self.units, self.constraints);
        let goal = Goal::of(self.model, self.units);
        let relaxations = PlanSettings {
            time_limit: settings.time_limit.max(PATIENCE),
            ..*settings
        };
        let mut plan = plan(&Work {
            search: Search {
                program: &program,
                goal: &goal,
                structure: self.structure,
                settings,
                relaxations: &relaxations,
                cancel,
                started,
            },
            relaxations: &relaxations,
            model: self.model,
            units: self.units,
            constraints: self.constraints,
            program: &program,
            goal: &goal,
            settings,
            explains,
            over_months: self.over_months,
            cancel,
        });
        plan.solver.seconds = started.elapsed().as_secs_f64();
        plan
    }
}
