//! The plan of a model with rules of risk whose creators act on each other.

use ndarray::Array2;

use super::Work;
use crate::model::valuation::{self, UnitValue};
use crate::model::{Constraint, FactorSample, Gap, Plan, PlanStatus, constraints};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Program, program_of};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::risk::{Climb, Sampled};
use crate::optimizer::solver::{Solved, Verdict};
use crate::optimizer::whole::Search;

/// Rounds in which a plan's conversions are brought in line with the plan.
const ROUNDS: usize = 8;

/// The same where shocks can strike, which rules of risk know of themselves.
const STRUCK_ROUNDS: usize = 3;

/// How much further above their levels rules are sought each time a plan moves its conversions, in
/// sizes of the gain.
const SETTLING: f64 = 5e-4;

/// Trials on which plans are sought along neighbours before they are measured on all.
const COARSE: usize = 1024;

/// Cells of which alone a plan is made to start from, those of the most value first.
const STARTS: usize = 12;

/// Plans kept of those that neighbours lead to.
const KEPT: usize = 3;

/// A plan and what is maximized of it.
type Valued = (f64, Vec<f64>);

/// Everything about a model at the conversions of one plan.
struct At {
    units: Vec<UnitValue>,
    constraints: Vec<Constraint>,
    program: Program,
    goal: Goal,
}

impl Work<'_> {
    /// Plans creators that act on each other: at the conversions that the plan before leaves them,
    /// until plan and conversions agree; then along neighbours from there and from plans of one kind of creator, for what
    /// is measured is not concave where shocks can strike.
    pub(super) fn at_risk_together(&self, sample: &FactorSample, tightened: &[f64]) -> Plan {
        // Without risk first: where it has no plan, neither has this.
        let plain = self.together();
        if !plain.is_usable() {
            return plain;
        }
        // Rules of risk only take plans away.
        let most = match (&self.model.risk.objective, plain.gap) {
            (None, Some(gap)) => Some(gap.bound),
            _ => None,
        };
        let mut point = plain.counts.row(0).to_vec();
        let mut best: Option<(f64, Vec<f64>, Plan)> = None;
        let mut last = plain;
        let mut seen = vec![point.clone()];
        let rounds = if self.model.incidents.shocks() {
            STRUCK_ROUNDS
        } else {
            ROUNDS
        };
        for _ in 0..rounds {
            let (next, plan) = self.at_factors_of(&point, sample, tightened);
            let Some(next) = next else {
                last = plan;
                break;
            };
            seen.push(next.clone());
            let settled = self.settled(&next, sample, tightened);
            if let Some((value, settled)) = settled
                && best.as_ref().is_none_or(|b| value > b.0)
            {
                best = Some((value, settled, plan));
            }
            if next == point || self.clocked() || self.cancel.requested() {
                break;
            }
            point = if self.model.fractional_counts {
                point
                    .iter()
                    .zip(&next)
                    .map(|(a, b)| 0.5 * (a + b))
                    .collect()
            } else {
                next
            };
        }
        if !self.model.fractional_counts || best.is_none() {
            seen.extend(best.iter().map(|b| b.1.clone()));
            let along = self.along(&seen, sample, tightened);
            if let Some((value, counts)) = along
                && best.as_ref().is_none_or(|b| value > b.0)
            {
                let plan = best.map_or_else(|| self.unfounded(), |b| b.2);
                best = Some((value, counts, plan));
            }
        }
        let Some((value, counts, plan)) = best else {
            if last.is_usable() {
                let reason = "no plan that keeps every rule of risk at the conversions it has itself was found, and none \
                              was ruled out: creators of a plan act on each other"
                    .to_owned();
                return self.empty_plan(PlanStatus::Failed { reason });
            }
            if last.status == PlanStatus::Infeasible {
                // At the conversions that some other plan leaves: no proof.
                let reason = "no plan that keeps every rule of risk was found, and none was ruled out: creators of a \
                              plan act on each other, for which no bound is known"
                    .to_owned();
                return self.empty_plan(PlanStatus::Failed { reason });
            }
            return last;
        };
        let gap = most.map(|most| Gap::new(most.max(value), value, false));
        self.described_together(&counts, gap, plan)
    }

    /// A plan that no program of its own stands behind.
    fn unfounded(&self) -> Plan {
        self.empty_plan(if self.clocked() {
            PlanStatus::TimeLimit { found: true }
        } else {
            PlanStatus::Feasible
        })
    }

    /// The best whole plan that neighbours lead to, from plans seen and from as much of every single cell as the rules
    /// allow: on few trials first, and those that come to most on all.
    fn along(&self, seen: &[Vec<f64>], sample: &FactorSample, tightened: &[f64]) -> Option<Valued> {
        let few = |all: &Array2<f64>| {
            let size = (all.nrows(), all.ncols().min(COARSE));
            Array2::from_shape_fn(size, |at| all[at])
        };
        let coarse = FactorSample {
            conversions: few(&sample.conversions),
            order: few(&sample.order),
            fee: few(&sample.fee),
        };
        let mut starts: Vec<Vec<f64>> = Vec::new();
        for x in seen.iter().cloned().chain(self.of_one_cell()) {
            let x: Vec<f64> = x.iter().map(|x| x.round()).collect();
            if !starts.contains(&x) {
                starts.push(x);
            }
        }
        let mut found: Vec<Valued> = Vec::new();
        for start in &starts {
            if self.clocked() || self.cancel.requested() {
                break;
            }
            let Some(end) = self.climbed(start, &coarse, tightened) else {
                continue;
            };
            if found.iter().all(|f| f.1 != end.1) {
                found.push(end);
            }
        }
        // Stable: of equals the first.
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.truncate(KEPT);
        // What a few trials call safe may not be: each is settled again on all.
        let ends: Vec<Vec<f64>> = if found.is_empty() {
            starts.into_iter().take(KEPT).collect()
        } else {
            found.into_iter().map(|f| f.1).collect()
        };
        let mut best: Option<Valued> = None;
        for end in ends {
            if let Some(end) = self.climbed(&end, sample, tightened)
                && best.as_ref().is_none_or(|b| end.0 > b.0)
            {
                best = Some(end);
            }
            if self.clocked() || self.cancel.requested() {
                break;
            }
        }
        best
    }

    /// As much of one cell as the linear rules allow, one plan for each of the cells that are worth most.
    fn of_one_cell(&self) -> Vec<Vec<f64>> {
        let mut found: Vec<Valued> = Vec::new();
        let cells = self.program.columns.len();
        for cell in (0..cells).filter(|&cell| self.program.columns[cell].high > 0.0) {
            if self.clocked() || self.cancel.requested() {
                break;
            }
            let mut most = vec![0.0; cells];
            most[cell] = 1.0;
            let most = Goal::Sum(most);
            let solved = solve_relaxed(self.program, &most, self.relaxations, self.cancel);
            if solved.found() {
                let x: Vec<f64> = solved.x[..cells].iter().map(|x| x.floor()).collect();
                found.push((self.goal.value(&x), x));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found.truncate(STARTS);
        found.into_iter().map(|f| f.1).collect()
    }

    /// From whole counts along neighbours to ones that keep all rules at their own conversions, and on while what
    /// is maximized grows.
    fn climbed(&self, start: &[f64], sample: &FactorSample, tightened: &[f64]) -> Option<Valued> {
        let mut best = self.settled(start, sample, tightened)?;
        for _ in 0..ROUNDS {
            let mut at = self.at(&best.1);
            // What one creator more takes from all others counts too.
            at.goal = Goal::Sum(crate::optimizer::joint::slopes(self.model, &best.1));
            at.program.maximize = match &at.goal {
                Goal::Sum(slopes) => slopes.clone(),
                Goal::Ratio { .. } => at.program.maximize,
            };
            let within = self.within(&at);
            let sampled = Sampled::new(self.model, sample, Some(&best.1));
            let case = within.case(&sampled, tightened, &best.1).ok()?;
            let better = Climb::new(&case)
                .from(&best.1)
                .and_then(|(_, x)| self.settled(&x, sample, tightened));
            match better {
                Some(better) if better.0 > best.0 && !self.clocked() => best = better,
                _ => break,
            }
        }
        Some(best)
    }

    fn empty_plan(&self, status: PlanStatus) -> Plan {
        self.without_plan(status, &Solved::without_point(Verdict::NodeLimit, "none"))
    }

    /// The best plan at the conversions that a plan leaves its creators.
    fn at_factors_of(
        &self,
        point: &[f64],
        sample: &FactorSample,
        tightened: &[f64],
    ) -> (Option<Vec<f64>>, Plan) {
        let at = self.at(point);
        let within = self.within(&at);
        let relaxed = solve_relaxed(&at.program, &at.goal, self.relaxations, self.cancel);
        if !relaxed.found() {
            let plan = match within.status(&relaxed) {
                Err(plan) => *plan,
                Ok(status) => within.without_plan(status, &relaxed),
            };
            return (None, plan);
        }
        let sampled = Sampled::new(self.model, sample, Some(point));
        let plan = match within.case(&sampled, tightened, &relaxed.x) {
            Ok(case) => within.searched(&case, &sampled, tightened, &relaxed),
            Err(reason) => within.without_plan(PlanStatus::Failed { reason }, &relaxed),
        };
        let counts = plan.is_usable().then(|| plan.counts.row(0).to_vec());
        (counts, plan)
    }

    /// At the conversions that a plan leaves its creators.
    fn at(&self, counts: &[f64]) -> At {
        let units = valuation::units_in(self.model, counts);
        let constraints = constraints(self.model, &units);
        let program = program_of(self.model, &units, &constraints);
        let goal = Goal::of(self.model, &units);
        At {
            units,
            constraints,
            program,
            goal,
        }
    }

    fn within<'b>(&'b self, at: &'b At) -> Work<'b> {
        Work {
            units: &at.units,
            constraints: &at.constraints,
            program: &at.program,
            goal: &at.goal,
            search: Search {
                program: &at.program,
                goal: &at.goal,
                ..self.search
            },
            ..*self
        }
    }

    /// Counts that keep all rules at their own conversions, and what is maximized of them: the ones given
    /// or, where these fall short by a little, whole ones near them.
    fn settled(
        &self,
        counts: &[f64],
        sample: &FactorSample,
        tightened: &[f64],
    ) -> Option<(f64, Vec<f64>)> {
        let mut x = counts.to_vec();
        for round in 0..ROUNDS {
            if let Some(value) = self.worth_together(&x, sample, tightened) {
                return Some((value, x));
            }
            if self.model.fractional_counts || self.clocked() || self.cancel.requested() {
                return None;
            }
            let at = self.at(&x);
            let within = self.within(&at);
            let sampled = Sampled::new(self.model, sample, Some(&x));
            let case = within.case(&sampled, tightened, &x).ok()?;
            // Every step moves the conversions a little: more room each time.
            let room = SETTLING * round as f64;
            x = Climb::new(&case).safe_from(&x, room)?;
        }
        None
    }

    /// What is maximized, of counts that keep all rules at their own conversions.
    fn worth_together(
        &self,
        counts: &[f64],
        sample: &FactorSample,
        tightened: &[f64],
    ) -> Option<f64> {
        let at = self.at(counts);
        if !at
            .constraints
            .iter()
            .all(|c| crate::optimizer::state::keeps(c, counts))
        {
            return None;
        }
        let within = self.within(&at);
        let sampled = Sampled::new(self.model, sample, Some(counts));
        let case = within.case(&sampled, tightened, counts).ok()?;
        case.keeps(counts).then(|| case.value(counts))
    }

    /// A plan of creators that act on each other in terms of its own conversions.
    fn described_together(&self, counts: &[f64], gap: Option<Gap>, found: Plan) -> Plan {
        let at = self.at(counts);
        let within = self.within(&at);
        let status = match found.status {
            PlanStatus::Optimal => PlanStatus::Feasible,
            other => other,
        };
        let mut warnings = found.warnings;
        let bound = if gap.is_some() {
            "the bound is that of plans without rules of risk"
        } else {
            "no bound is proven"
        };
        let averaged = if self.model.audiences.is_empty() {
            ""
        } else {
            ", at what its audiences leave of conversions on average,"
        };
        warnings.push(format!(
            "creators of this plan act on each other: its risk is measured as a whole{averaged} and {bound}"
        ));
        let months = self.model.months.max(1);
        let own = found.counts.row(0).iter().eq(counts);
        Plan {
            objective: within.objective(counts),
            unspent: within.unspent(counts),
            counts: Array2::from_shape_fn((months, counts.len()), |(_, cell)| counts[cell]),
            unspent_held_by: if own {
                found.unspent_held_by
            } else {
                Vec::new()
            },
            constraints: within.states(Some(counts), None, None),
            gap,
            status,
            warnings,
            ..found
        }
    }
}
