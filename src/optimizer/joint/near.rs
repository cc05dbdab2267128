//! Whole counts near a point, by linear programs and along neighbours.

use super::climb::Climb;
use super::{Found, Run, STARTS};
use crate::model::PlanSettings;
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Program, Row, program_of};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::solver::{Solved, Verdict, remaining};
use crate::optimizer::whole::Search;

/// Rounds of whole counts, each around the best plan of the one before.
const WHOLE_ROUNDS: usize = 4;

/// How far impressions may go from those of a round's point, as a share; each round as stated, and
/// at least by two creators of each cell's impressions.
const REACH: [f64; WHOLE_ROUNDS] = [0.05, 0.15, 0.4, 0.15];

impl Run<'_> {
    /// Whole counts around the continuous optimum if there is one, and around what is found: the best plan,
    /// nodes, whether the clock ended a search.
    pub(super) fn whole(&self, line: Option<&Found>) -> (Option<(f64, Vec<f64>)>, u64, bool) {
        let climb = Climb::new(self.values);
        let mut best: Option<(f64, Vec<f64>)> = None;
        let mut nodes = 0;
        let mut clocked = false;
        let mut point = line.map_or(Vec::new(), |l| l.counts.clone());
        for reach in REACH.into_iter().filter(|_| line.is_some()) {
            let part = PlanSettings {
                node_limit: (self.settings.node_limit / WHOLE_ROUNDS as u64).max(1),
                ..remaining(self.settings, self.started)
            };
            let program = self.near(&point, reach);
            let goal = Goal::Sum(program.maximize.clone());
            let relaxed = solve_relaxed(&program, &goal, self.relaxations, self.cancel);
            let mut starts = Vec::new();
            if relaxed.found() {
                let solved = self.searched(&program, &goal, &part, &relaxed);
                nodes += solved.nodes;
                clocked |= matches!(solved.verdict, Verdict::TimeLimit { .. });
                if solved.found() {
                    starts.push(solved.x);
                }
            }
            starts.push(point.iter().map(|x| x.round()).collect());
            starts.push(point.iter().map(|x| x.floor()).collect());
            for start in starts {
                let Some(found) = climb.from(&start) else {
                    continue;
                };
                if best.as_ref().is_none_or(|b| found.0 > b.0) {
                    best = Some(found);
                }
            }
            if self.cancel.requested() {
                break;
            }
            if let Some((_, x)) = &best {
                point.clone_from(x);
            }
        }
        if best.is_none() && !self.cancel.requested() {
            // Whole counts keep these rules in a few places only: from plans at fixed factors.
            for factor in STARTS {
                let solved = self.at_fixed(factor);
                nodes += solved.nodes;
                clocked |= matches!(solved.verdict, Verdict::TimeLimit { .. });
                best = solved.found().then(|| climb.from(&solved.x)).flatten();
                if best.is_some() {
                    break;
                }
            }
        }
        (best, nodes, clocked)
    }

    /// The best whole counts of the linear program at one factor for all cells.
    fn at_fixed(&self, factor: f64) -> Solved {
        let units = self.values.units(&vec![factor; self.model.cells.len()]);
        let program = program_of(self.model, &units, &self.values.constraints(&units));
        let goal = Goal::of(self.model, &units);
        let relaxed = solve_relaxed(&program, &goal, self.relaxations, self.cancel);
        if !relaxed.found() {
            return relaxed;
        }
        let part = remaining(self.settings, self.started);
        self.searched(&program, &goal, &part, &relaxed)
    }

    /// The usual search for whole counts from a continuous optimum.
    fn searched(
        &self,
        program: &Program,
        goal: &Goal,
        settings: &PlanSettings,
        relaxed: &Solved,
    ) -> Solved {
        let search = Search {
            program,
            goal,
            structure: None,
            settings,
            relaxations: self.relaxations,
            cancel: self.cancel,
            started: self.started,
        };
        search.best(relaxed)
    }

    /// The linear program around a point, of whole counts: V's tangent, rules at the point's
    /// factors, impressions of every audience near the point's.
    fn near(&self, point: &[f64], reach: f64) -> Program {
        let units = self.values.units(&self.values.factors(point));
        let mut program = program_of(self.model, &units, &self.values.constraints(&units));
        program.maximize = self.values.slopes(point);
        for gross in self.values.gross() {
            let at: f64 = gross.iter().zip(point).map(|(g, x)| g * x).sum();
            let creators = gross.iter().fold(0.0_f64, |m, &g| m.max(g));
            let room = (reach * at).max(2.0 * creators);
            program.rows.push(Row {
                coefficients: gross.clone(),
                low: (at > room).then_some(at - room),
                high: Some(at + room),
            });
        }
        program
    }
}
