//! Branch and bound over whole counts under cuts of risk.

use crate::model::PlanSettings;
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Program, Row, dot};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::risk::planes::{Answer, Ask, Cut};
use crate::optimizer::risk::search::{Best, Run};
use crate::optimizer::solver::{Solved, Verdict, remaining};
use crate::optimizer::whole::Search;

/// Rounds of branch and bound in search of a plan, and of a better bound.
const PLANS: usize = 10;
const BOUNDS: usize = 10;

/// How far a whole plan lies from the continuous one where an objective of risk is a tangent.
const REACH: f64 = 0.1;
const CREATORS: f64 = 2.0;

impl Run<'_> {
    /// A whole plan under the cuts of a continuous one, cut again until it keeps every rule, or
    /// the last one found.
    pub(super) fn plans(
        &self,
        (point, mut cuts): (&[f64], Vec<Cut>),
        ask: &Ask,
        nodes: &mut u64,
    ) -> Option<Vec<f64>> {
        let case = self.case;
        let slope = case.tangent(point, &ask.worth);
        let mut last = None;
        for _ in 0..PLANS {
            let mut program = case.program.clone();
            if case.worth.is_some() {
                program.maximize.clone_from(&slope.by_count);
                for (column, x) in program.columns.iter_mut().zip(point) {
                    let reach = (REACH * x).max(CREATORS);
                    column.low = column.low.max((x - reach).ceil());
                    column.high = column.high.min((x + reach).floor());
                }
            }
            let solved = self.branched(program, &cuts, nodes, PLANS);
            if !solved.found() {
                break;
            }
            let keeps = case.keeps(&solved.x) || case.over();
            let added = !keeps && case.cut_here(&solved.x, ask, &mut cuts);
            last = Some(solved.x);
            if !added {
                break;
            }
        }
        last
    }

    /// Lowers the bound by branch and bound with cuts that hold for every plan, and shows its plans;
    /// whether it showed that there is none.
    pub(super) fn bounds(
        &self,
        outer: &Answer,
        ask: &Ask,
        bound: &mut f64,
        nodes: &mut u64,
        best: &mut Best<'_>,
    ) -> bool {
        let case = self.case;
        let slope = case.tangent(&outer.counts, &ask.worth);
        let offset = match (&case.worth, case.goal) {
            (Some(_), _) => slope.value - dot(&slope.by_count, &outer.counts),
            _ => 0.0,
        };
        let mut cuts = outer.cuts.clone();
        for _ in 0..BOUNDS {
            let mut program = case.program.clone();
            if case.worth.is_some() {
                program.maximize.clone_from(&slope.by_count);
            }
            let solved = self.branched(program, &cuts, nodes, BOUNDS);
            if let Some(upper) = solved.bound {
                *bound = bound.min(upper + offset);
            }
            if !solved.found() {
                return solved.verdict == Verdict::Infeasible;
            }
            best.climb(&solved.x);
            if case.over() || case.keeps(&solved.x) || !case.cut_here(&solved.x, ask, &mut cuts) {
                break;
            }
        }
        false
    }

    /// The usual search for whole counts under cuts, with a share of the nodes.
    fn branched(&self, program: Program, cuts: &[Cut], nodes: &mut u64, rounds: usize) -> Solved {
        let case = self.case;
        let mut program = program;
        let n = case.cells();
        program.rows.extend(cuts.iter().map(|cut| {
            let mut row: Row = cut.row.clone();
            row.coefficients.truncate(n);
            row
        }));
        let goal = match case.goal {
            Goal::Sum(_) => Goal::Sum(program.maximize.clone()),
            ratio @ Goal::Ratio { .. } => ratio.clone(),
        };
        let part = PlanSettings {
            node_limit: (self.settings.node_limit / (2 * rounds as u64)).max(1),
            gap: 0.5 * self.settings.gap,
            ..remaining(self.settings, case.clock.0)
        };
        let relaxed = solve_relaxed(&program, &goal, case.relaxations, case.cancel);
        if !relaxed.found() {
            return relaxed;
        }
        let search = Search {
            program: &program,
            goal: &goal,
            structure: None,
            settings: &part,
            relaxations: case.relaxations,
            cancel: case.cancel,
            started: case.clock.0,
        };
        let solved = search.best(&relaxed);
        *nodes += solved.nodes;
        solved
    }
}
