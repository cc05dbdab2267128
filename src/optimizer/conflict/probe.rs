//! Questions to the solver: is there a plan within these rules, and how far can a value go.

mod points;
mod sums;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub(super) use self::sums::{Let, excesses};

use self::points::{close, keeps, reach};
use crate::model::{Cancel, Constraint, PlanSettings};
use crate::optimizer::branch::{WIDE, solve_whole};
use crate::optimizer::confirm::confirms_empty;
use crate::optimizer::program::{Column, Program, Row, dot, relax, rows_of};
use crate::optimizer::solver::{Solved, Verdict, solve_from};

/// Relative gap of the questions for a least change.
const GAP: f64 = 1e-6;

/// Nodes for one such question. A knapsack's last part in a million is not worth more.
const NODES: u64 = 1_000;

/// Nodes for a question of feasibility.
const FEASIBILITY_NODES: u64 = 4_000;

/// Work of a node beside the size of its program.
const NODE: u64 = 4_000;

/// From so many cells on a program is tried on few of them first.
const FEW: usize = 20;

/// Up to this gap an answer stopped by the node limit still counts as the least change: what lies
/// within it is less than the last digit shown.
const CLOSE: f64 = 2.0 * GAP;

/// Most partnerships of a cell where nothing else limits them, when a value is driven as far as it goes.
pub(super) const MANY: f64 = 1e6;

/// The whole explanation may take so many times the time limit of a plan. A backstop: the limit of
/// work comes first.
const PATIENCE: f64 = 4.0;

/// Answer to "is there a plan".
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// Yes, this one.
    Point(Vec<f64>),
    /// Proven: no.
    Nothing,
    /// The solvers left it open.
    Open,
}

/// The best point of a program.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Best {
    /// Counts, then the extra columns.
    pub(super) x: Vec<f64>,
    /// Whether nothing notably better exists.
    pub(super) proven: bool,
    /// Proven: no point is above it. Infinite if nothing is known.
    pub(super) bound: f64,
}

/// Asks the solver about sets of rules.
pub(super) struct Prober<'a> {
    cells: usize,
    whole: bool,
    settings: PlanSettings,
    cancel: &'a Cancel,
    deadline: Instant,
    /// Work done so far: nodes times the size of their programs, which no clock decides.
    work: Cell<u64>,
    /// Where to stop.
    most: u64,
    /// Nodes for a question of feasibility.
    nodes: u64,
    /// What such a question maximizes: a search with a direction ends sooner.
    toward: Vec<f64>,
    /// Whether the clock stopped anything.
    late: Cell<bool>,
    /// Whether any question was left open.
    pub(super) open: bool,
    /// Sums of excesses that points have asked for, by the rule's name.
    sums: RefCell<BTreeMap<String, Vec<Vec<usize>>>>,
}

/// More of excesses' sums for one question.
const ROUNDS: usize = 60;

impl<'a> Prober<'a> {
    pub(super) fn new(
        cells: usize,
        fractional: bool,
        settings: &PlanSettings,
        cancel: &'a Cancel,
    ) -> Self {
        let limit = settings.time_limit * PATIENCE;
        let seconds = if limit.is_finite() {
            limit.clamp(0.0, 1e6)
        } else {
            1e6
        };
        Self {
            cells,
            whole: !fractional,
            settings: *settings,
            cancel,
            deadline: Instant::now() + Duration::from_secs_f64(seconds),
            work: Cell::new(0),
            most: u64::MAX,
            nodes: FEASIBILITY_NODES,
            toward: vec![-1.0; cells],
            late: Cell::new(false),
            open: false,
            sums: RefCell::default(),
        }
    }

    /// Whether counts must be whole.
    pub(super) fn whole(&self) -> bool {
        self.whole
    }

    pub(super) fn cells(&self) -> usize {
        self.cells
    }

    /// Rows of the rules, and at least one partnership: what makes it a plan is never in question.
    pub(super) fn rows<'c>(
        &self,
        constraints: impl IntoIterator<Item = &'c Constraint>,
    ) -> Vec<Row> {
        let mut rows = vec![Row {
            coefficients: vec![1.0; self.cells],
            low: Some(1.0),
            high: None,
        }];
        rows.extend(constraints.into_iter().flat_map(|c| {
            let known = self.with_sums(c);
            let c = known.as_ref().unwrap_or(c);
            rows_of(c, c.low, c.high)
        }));
        rows
    }

    fn columns(&self, high: f64) -> Vec<Column> {
        vec![
            Column {
                low: 0.0,
                high,
                integer: self.whole,
            };
            self.cells
        ]
    }

    /// Has questions of feasibility look among cheap plans first.
    pub(super) fn cheaply(mut self, costs: &[f64]) -> Self {
        self.toward = costs.iter().map(|c| -c).collect();
        self
    }

    /// Lets so much work be done from here on.
    pub(super) fn allow(&mut self, work: u64) {
        self.most = self.work.get().saturating_add(work);
    }

    /// Has questions of feasibility pursued as far as a plan is.
    pub(super) fn insist(&mut self) {
        self.nodes = self.settings.node_limit;
    }

    /// Whether all questions were answered, or left open, without the clock.
    pub(super) fn reproducible(&self) -> bool {
        !self.late.get()
    }

    /// Solves a program and keeps account of the work.
    fn solved(&self, program: &Program, start: Option<&[f64]>, limits: &PlanSettings) -> Solved {
        let solved = solve_from(program, start, limits, self.cancel);
        self.account(program, &solved);
        solved
    }

    fn account(&self, program: &Program, solved: &Solved) {
        let size = NODE + program.columns.len() as u64 * (program.rows.len() as u64 + 1);
        let nodes = solved.nodes.saturating_add(1);
        self.work
            .set(self.work.get().saturating_add(nodes.saturating_mul(size)));
        if matches!(solved.verdict, Verdict::TimeLimit { .. }) {
            self.late.set(true);
        }
    }

    /// Settings within the work and time that are left; `None` when one is over.
    fn limits(&self, gap: f64, nodes: u64) -> Option<PlanSettings> {
        if self.work.get() >= self.most || self.cancel.requested() {
            return None;
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.late.set(true);
            return None;
        }
        Some(PlanSettings {
            gap,
            node_limit: nodes.min(self.settings.node_limit),
            time_limit: self.settings.time_limit.min(left.as_secs_f64()),
            alternatives: 0,
        })
    }

    /// Whether a plan keeps all of these rules.
    pub(super) fn feasible<'c>(
        &mut self,
        constraints: impl IntoIterator<Item = &'c Constraint>,
    ) -> Answer {
        let rules: Vec<&Constraint> = constraints.into_iter().collect();
        let lets = excesses(rules.iter().copied());
        for _ in 0..ROUNDS {
            let held = self.held();
            let answer = self.feasible_so_far(&rules);
            if let Answer::Point(x) = &answer {
                self.asked(&lets, x);
            }
            // What is held and still broken is so by an error of arithmetic.
            if self.held() == held {
                return answer;
            }
        }
        self.open = true;
        Answer::Open
    }

    /// Whether a point keeps the rules, of those that are an excess the sums known.
    fn feasible_so_far(&mut self, rules: &[&Constraint]) -> Answer {
        let mut program = Program {
            maximize: self.toward.clone(),
            columns: self.columns(f64::INFINITY),
            rows: self.rows(rules.iter().copied()),
        };
        close(&mut program);
        if let Some(answer) = self.centre(&program) {
            return answer;
        }
        if let Some(x) = self.on_support(&program, 1.0) {
            return Answer::Point(x);
        }
        let Some(limits) = self.limits(1.0, self.nodes) else {
            self.open = true;
            return Answer::Open;
        };
        // a branch and bound on groups of counts rules out what other searches wander through
        let solved = if self.whole && self.cells < WIDE {
            let solved = solve_whole(&program, None, &limits, self.cancel);
            self.account(&program, &solved);
            solved
        } else {
            self.solved(&program, None, &limits)
        };
        if solved.verdict == Verdict::Infeasible {
            return Answer::Nothing;
        }
        if solved.found() && keeps(&program, &solved.x) {
            return Answer::Point(solved.x);
        }
        self.open = true;
        Answer::Open
    }

    /// Whether it is wholeness that rules a plan out: fractions of partnerships would keep these rules.
    pub(super) fn fractions_would_do<'c>(
        &self,
        constraints: impl IntoIterator<Item = &'c Constraint>,
    ) -> bool {
        let Some(limits) = self.limits(GAP, FEASIBILITY_NODES) else {
            return false;
        };
        let mut program = Program {
            maximize: vec![0.0; self.cells],
            columns: self.columns(f64::INFINITY),
            rows: self.rows(constraints),
        };
        close(&mut program);
        self.whole && self.solved(&relax(&program), None, &limits).verdict != Verdict::Infeasible
    }

    /// Has a second, independent solve confirm that no plan keeps these rules; if it does not, the
    /// question counts as left open.
    pub(super) fn confirm<'c>(&mut self, constraints: impl IntoIterator<Item = &'c Constraint>) {
        let program = Program {
            maximize: self.toward.clone(),
            columns: self.columns(f64::INFINITY),
            rows: self.rows(constraints),
        };
        let limits = self.limits(1.0, self.nodes);
        self.open |= !limits.is_some_and(|limits| confirms_empty(&program, &limits, self.cancel));
    }

    /// Answers from a linear program, where it can: it has no point, or one so deep inside that
    /// rounding it keeps every row. Rounding moves a row's sum by at most Σ|aᵢ|/2, so the program
    /// is max t with every row tightened by t·Σ|aᵢ|/2, 0 ≤ t ≤ 1. Where rules leave counts free to
    /// grow, such a point nearly always exists, and branch and bound might never find one.
    fn centre(&self, program: &Program) -> Option<Answer> {
        let limits = self.limits(GAP, FEASIBILITY_NODES)?;
        let mut relaxed = relax(program);
        relaxed.rows.clear();
        for row in &program.rows {
            let depth = if self.whole { reach(row, program) } else { 0.0 };
            let with = |t: f64| row.coefficients.iter().copied().chain([t]).collect();
            if let Some(high) = row.high {
                relaxed.rows.push(Row {
                    coefficients: with(depth),
                    low: None,
                    high: Some(high),
                });
            }
            if let Some(low) = row.low {
                relaxed.rows.push(Row {
                    coefficients: with(-depth),
                    low: Some(low),
                    high: None,
                });
            }
        }
        relaxed.columns.push(Column {
            low: 0.0,
            high: 1.0,
            integer: false,
        });
        relaxed.maximize.fill(0.0);
        relaxed.maximize.push(1.0);
        let solved = self.solved(&relaxed, None, &limits);
        if solved.verdict == Verdict::Infeasible {
            return Some(Answer::Nothing);
        }
        if !solved.found() {
            return None;
        }
        let mut x = solved.x;
        x.pop();
        if self.whole {
            for count in &mut x[..self.cells] {
                *count = count.round();
            }
        }
        keeps(program, &x).then_some(Answer::Point(x))
    }

    /// A point on the few cells that the relaxation's best point books. Programs of many cells
    /// that differ little keep branch and bound busy; these few do not.
    fn on_support(&self, program: &Program, gap: f64) -> Option<Vec<f64>> {
        if !self.whole || self.cells < FEW {
            return None;
        }
        let limits = self.limits(gap, NODES)?;
        let relaxed = self.solved(&relax(program), None, &limits);
        if !relaxed.found() {
            return None;
        }
        let mut small = program.clone();
        for (column, &x) in small.columns[..self.cells].iter_mut().zip(&relaxed.x) {
            if x <= 1e-9 {
                column.high = 0.0;
            }
        }
        let limits = self.limits(gap, NODES)?;
        let solved = self.solved(&small, None, &limits);
        if solved.found() && keeps(program, &solved.x) {
            return Some(solved.x);
        }
        match self.centre(&small)? {
            Answer::Point(x) => Some(x),
            _ => None,
        }
    }

    /// The best point over rows that are as wide as the counts and the extra columns together;
    /// narrower rows leave the extra columns alone. Starts from a point, if one is known, and falls
    /// back to it. `None` if there is none or none was found.
    ///
    /// `lets` are the rules among them that are an excess, whose rows the points ask for one after another.
    pub(super) fn best(
        &mut self,
        maximize: &[f64],
        extra: &[Column],
        (mut rows, lets): (Vec<Row>, &[Let]),
        start: Option<&[f64]>,
    ) -> Option<Best> {
        self.ask_fractions(maximize, extra, &mut rows, lets);
        // Where every rule may give way, a point that exceeds one more than its program sees is one all the same.
        let soft = lets.iter().all(|(_, column)| column.is_some());
        let mut last = None;
        for _ in 0..ROUNDS {
            let Some(best) = self.best_so_far(maximize.to_vec(), extra, rows.clone(), start) else {
                break;
            };
            let mut more = self.asked(lets, &best.x);
            more.retain(|row| !rows.contains(row));
            if more.is_empty() {
                return Some(best);
            }
            rows.extend(more);
            last = Some(Best {
                proven: false,
                ..best
            });
        }
        self.open |= !lets.is_empty();
        last.filter(|_| soft)
    }

    fn best_so_far(
        &mut self,
        maximize: Vec<f64>,
        extra: &[Column],
        rows: Vec<Row>,
        start: Option<&[f64]>,
    ) -> Option<Best> {
        let mut columns = self.columns(MANY);
        columns.extend_from_slice(extra);
        let width = columns.len();
        let widen = |mut values: Vec<f64>| {
            values.resize(width, 0.0);
            values
        };
        let program = Program {
            maximize: widen(maximize),
            columns,
            rows: rows
                .into_iter()
                .map(|row| Row {
                    coefficients: widen(row.coefficients),
                    ..row
                })
                .collect(),
        };
        let Some(limits) = self.limits(GAP, NODES) else {
            self.open = true;
            return None;
        };
        let few = self.on_support(&program, GAP);
        let value = |x: &&[f64]| dot(&program.maximize, x);
        let start = few
            .as_deref()
            .into_iter()
            .chain(start)
            .max_by(|a, b| value(a).total_cmp(&value(b)));
        let solved = self.solved(&program, start, &limits);
        if solved.found() && keeps(&program, &solved.x) {
            let close = |bound: f64| bound - solved.objective <= CLOSE * solved.objective.abs();
            let proven = solved.verdict == Verdict::Optimal || solved.bound.is_some_and(close);
            return Some(Best {
                proven,
                bound: solved.bound.unwrap_or(f64::INFINITY),
                x: solved.x,
            });
        }
        if let Some(start) = start.filter(|x| keeps(&program, x)) {
            return Some(Best {
                x: start.to_vec(),
                proven: false,
                bound: f64::INFINITY,
            });
        }
        if solved.verdict != Verdict::Infeasible {
            self.open = true;
        }
        None
    }
}
