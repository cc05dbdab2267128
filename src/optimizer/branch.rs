//! A branch and bound for programs of share bands, where the columns are few and the gap is small.
//!
//! Bands tie the counts of a tier or a type together, and single counts branch past each other:
//! one creator more here is one less there, at almost the same value. So the search also branches
//! on the counts of groups, which are the columns that a row favours and what two such groups
//! share: a tier, a type, a tier's creators of a type.
//!
//! The best bound comes first, its better child next; each choice is the one whose children's
//! bounds fall most, by trial at first and by experience then (Achterberg, Koch and Martin 2005).
//! Every bound is proven by [`Simplex`]. A node is one relaxation.

mod choice;
mod cuts;
mod dive;
mod groups;
mod likely;
mod months;
mod rounds;
mod structure;

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Instant;

use self::groups::groups;
pub(crate) use self::rounds::{branch, solve_structured, solve_whole};
pub(crate) use self::structure::{Part, Structure, Sum};
use crate::model::{Cancel, PlanSettings};
use crate::optimizer::backend::scale_of;
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Column, Program};
use crate::optimizer::search::Neighbourhood;
use crate::optimizer::simplex::{Outcome, Simplex};
use crate::optimizer::solver::{INTERRUPTED, Solved, Verdict};

const SOLVER: &str = "branch and bound";

/// Counts that a box may span; wider ones are left to others.
const WIDEST: f64 = 1e6;

/// How far from a whole number a count is fractional.
const FRACTIONAL: f64 = 1e-6;

/// Pivots of a relaxation.
const PIVOTS: usize = 2_000;

/// Nodes between two plans rounded.
const ROUND_EVERY: u64 = 10;

/// Nodes between two dives of a wide program.
const DIVE_EVERY: u64 = 40;

/// Nodes within which every relaxation's point is rounded.
const EAGER: u64 = 20;

/// Columns from which on plans are sought by diving and boxes narrowed before the search.
pub(crate) const WIDE: usize = 100;

/// A box narrowed: unknown, low, high.
type Change = (usize, f64, f64);

struct Open {
    bound: f64,
    id: u64,
    changes: Vec<Change>,
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Open {}
impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound
            .total_cmp(&other.bound)
            .then(other.id.cmp(&self.id))
    }
}

/// How far bounds fell in a direction, a unit.
#[derive(Debug, Clone, Copy, Default)]
struct Experience {
    sum: f64,
    number: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stop {
    Nodes,
    Clock,
    Cancelled,
}

struct Tree<'a> {
    program: &'a Program,
    goal: &'a Goal,
    near: Neighbourhood<'a>,
    simplex: Simplex,
    root: (Vec<f64>, Vec<f64>),
    /// Unknowns to branch on: columns that are whole, then groups, with their place in the simplex.
    whole: Vec<usize>,
    /// Columns of each group, and the place of the first one in the simplex.
    groups: Vec<Sum>,
    first_group: usize,
    experience: Vec<[Experience; 2]>,
    best: Option<(f64, Vec<f64>)>,
    /// Relative gap at which a node is left.
    gap: f64,
    nodes: u64,
    ids: u64,
    settings: &'a PlanSettings,
    structure: Option<&'a Structure>,
    cancel: &'a Cancel,
    started: Instant,
    stop: Option<Stop>,
    /// Node from which on the next point is rounded, and how many lie between.
    round_at: u64,
    pause: u64,
    /// Work that went into plans by months.
    guessing: f64,
    guesses: usize,
    /// What no point is above.
    top: f64,
    /// Largest bound of what was left alone.
    left: f64,
}

impl<'a> Tree<'a> {
    fn new(
        program: &'a Program,
        goal: &'a Goal,
        settings: &'a PlanSettings,
        structure: Option<&'a Structure>,
        (cancel, started): (&'a Cancel, Instant),
    ) -> Self {
        let n = program.columns.len();
        let mut low: Vec<f64> = program.columns.iter().map(|c| c.low).collect();
        let mut high: Vec<f64> = program.columns.iter().map(|c| c.high).collect();
        let (mut matrix, mut slack, mut wide) = (Vec::new(), Vec::new(), Vec::new());
        let range = |a: &[f64]| {
            let ends = |sign: f64| -> f64 {
                let end = |(a, c): (&f64, &Column)| {
                    if sign * a > 0.0 {
                        a * c.high
                    } else {
                        a * c.low
                    }
                };
                a.iter().zip(&program.columns).map(end).sum()
            };
            (ends(-1.0), ends(1.0))
        };
        for row in &program.rows {
            let scale = scale_of(&row.coefficients, true);
            let a: Vec<f64> = row.coefficients.iter().map(|a| a / scale).collect();
            let (least, most) = range(&a);
            // What the columns leave the sum, with room for rounding.
            let room = 1e-6 * (least.abs() + most.abs() + 1.0);
            low.push(row.low.map_or(least - room, |l| l / scale));
            high.push(row.high.map_or(most + room, |h| h / scale));
            let size = row
                .low
                .iter()
                .chain(&row.high)
                .fold(a.iter().fold(0.0_f64, |m, a| m.max(a.abs())), |m, b| {
                    m.max(b.abs() / scale)
                });
            slack.push(1e-9 * size);
            wide.push((f64::NAN, f64::NAN));
            matrix.extend(a);
        }
        let own = slack.len();
        let groups = groups(program, structure.map_or(&[], |s| &s.sums));
        for group in &groups {
            let mut a = vec![0.0; n];
            for &(i, times) in group {
                a[i] = times;
            }
            let (least, most) = range(&a);
            low.push(least);
            high.push(most);
            slack.push(0.0);
            wide.push((least, most));
            matrix.extend(a);
        }
        let columns = (0..n).filter(|&i| program.columns[i].integer);
        let whole: Vec<usize> = columns
            .chain((0..groups.len()).map(|g| n + own + g))
            .collect();
        let root = (low.clone(), high.clone());
        let mut simplex = Simplex::new(program.maximize.clone(), matrix, slack, wide, low, high);
        simplex.forgives = structure.is_some();
        Self {
            near: Neighbourhood::within(program, goal, structure.map_or(&[], |s| &s.limits)),
            simplex,
            experience: vec![[Experience::default(); 2]; root.0.len()],
            first_group: n + own,
            groups,
            program,
            goal,
            root,
            whole,
            best: None,
            gap: settings.gap,
            nodes: 0,
            ids: 0,
            settings,
            structure,
            cancel,
            started,
            stop: None,
            round_at: 0,
            pause: 1,
            guessing: 0.0,
            guesses: 0,
            top: f64::INFINITY,
            left: f64::NEG_INFINITY,
        }
    }

    /// The work that the search takes, and its answer.
    fn spent(mut self) -> (f64, Solved) {
        let solved = self.search();
        (self.simplex.work as f64, solved)
    }

    fn run(mut self) -> Solved {
        self.search()
    }

    fn search(&mut self) -> Solved {
        let bound = self.explore(Vec::new(), u64::MAX);
        let Some((objective, x)) = self.best.take() else {
            let verdict = match self.stop {
                Some(Stop::Cancelled) => Verdict::Failed(INTERRUPTED.to_owned()),
                Some(Stop::Clock) => Verdict::TimeLimit { found: false },
                Some(Stop::Nodes) => Verdict::NodeLimit,
                None => Verdict::Infeasible,
            };
            return Solved {
                bound: (bound > f64::NEG_INFINITY).then_some(bound),
                certified: true,
                nodes: self.nodes,
                ..Solved::without_point(verdict, SOLVER)
            };
        };
        Solved {
            verdict: match self.stop {
                Some(Stop::Cancelled) => Verdict::Stopped,
                Some(Stop::Clock) => Verdict::TimeLimit { found: true },
                Some(Stop::Nodes) => Verdict::Feasible,
                None => Verdict::Optimal,
            },
            bound: Some(bound.max(objective)),
            certified: true,
            x,
            objective,
            nodes: self.nodes,
            solver: SOLVER,
        }
    }

    /// A bound that a node must pass to matter.
    fn cutoff(&self) -> f64 {
        self.best.as_ref().map_or(f64::NEG_INFINITY, |(value, _)| {
            // A hair less, so that what is left is within the gap however it is computed.
            value + self.gap.max(1e-8) * (1.0 - 1e-6) * value.abs()
        })
    }

    /// Takes a point if it is whole, keeps every row and is better.
    fn offer(&mut self, x: Vec<f64>) -> bool {
        let inside = |(x, c): (&f64, &Column)| {
            *x >= c.low && *x <= c.high && (!c.integer || x.fract() == 0.0)
        };
        if !x.iter().zip(&self.program.columns).all(inside) {
            return false;
        }
        let point = self.near.point(x);
        if self.near.violation(&point) > 0.0 {
            return false;
        }
        let value = self.goal.value(&point.x);
        let better = self.best.as_ref().is_none_or(|b| value > b.0);
        if better {
            self.best = Some((value, point.x));
        }
        better
    }

    fn out_of_means(&mut self, most: u64) -> bool {
        if self.cancel.requested() {
            self.stop = Some(Stop::Cancelled);
        } else if self.started.elapsed().as_secs_f64() > self.settings.time_limit {
            self.stop = Some(Stop::Clock);
        } else if self.used_up() {
            self.stop = Some(Stop::Nodes);
        }
        self.stop.is_some() || self.nodes >= most
    }

    /// Whether the search has done what it may: nodes, or the work that it is given.
    fn used_up(&self) -> bool {
        match self.structure {
            Some(structure) => self.simplex.work as f64 >= structure.work,
            None => self.nodes >= self.settings.node_limit,
        }
    }

    fn relax(&mut self, cutoff: f64, pivots: usize) -> (Outcome, f64) {
        self.nodes += 1;
        self.simplex.solve(cutoff, pivots)
    }

    fn narrow(&mut self, (unknown, low, high): Change) {
        let simplex = &mut self.simplex;
        simplex.low[unknown] = simplex.low[unknown].max(low);
        simplex.high[unknown] = simplex.high[unknown].min(high);
    }

    /// Searches the boxes given until so many nodes; no point in them is above the value returned.
    fn explore(&mut self, changes: Vec<Change>, most: u64) -> f64 {
        let mut heap = BinaryHeap::new();
        self.left = f64::NEG_INFINITY;
        heap.push(Open {
            bound: self.top,
            id: 0,
            changes,
        });
        while let Some(mut node) = heap.pop() {
            if node.bound <= self.cutoff() {
                // The best of all open ones.
                return self.left.max(node.bound);
            }
            loop {
                if self.out_of_means(most) {
                    let open = heap.peek().map_or(f64::NEG_INFINITY, |o| o.bound);
                    return self.left.max(node.bound).max(open);
                }
                match self.step(&mut node) {
                    Step::Left(bound) => {
                        self.left = self.left.max(bound);
                        break;
                    }
                    Step::Again => {}
                    Step::Into(change, other, bound) => {
                        self.ids += 1;
                        let mut changes = node.changes.clone();
                        changes.push(other);
                        heap.push(Open {
                            bound: bound.min(node.bound),
                            id: self.ids,
                            changes,
                        });
                        node.changes.push(change);
                    }
                }
            }
        }
        self.left
    }

    /// One relaxation and what follows from it.
    fn step(&mut self, node: &mut Open) -> Step {
        self.simplex.low.clone_from(&self.root.0);
        self.simplex.high.clone_from(&self.root.1);
        for &change in &node.changes {
            self.narrow(change);
        }
        let (outcome, proven) = self.relax_within();
        let bound = proven.min(node.bound);
        match outcome {
            Outcome::Empty => return Step::Left(f64::NEG_INFINITY),
            Outcome::Cut => return Step::Left(bound),
            Outcome::Optimal | Outcome::Stopped => {}
        }
        node.bound = bound;
        let x: Vec<f64> = (0..self.program.columns.len())
            .map(|j| self.simplex.counts()[j].clamp(self.simplex.low[j], self.simplex.high[j]))
            .collect();
        self.guess(&x);
        let cutoff = self.cutoff();
        if bound <= cutoff {
            return Step::Left(bound);
        }
        self.tighten(node, proven, cutoff);
        let candidates = self.candidates(&x);
        if candidates.is_empty() {
            return self.halve(&x, bound);
        }
        self.choose(node, &x, &candidates, bound, cutoff)
    }

    /// Plans near the relaxation's point.
    fn guess(&mut self, x: &[f64]) {
        let rounded: Vec<f64> = x.iter().map(|x| x.round()).collect();
        let close = x
            .iter()
            .zip(&rounded)
            .all(|(x, r)| (x - r).abs() < FRACTIONAL);
        if close {
            self.offer(rounded);
        } else if let Some(structure) = self.structure.filter(|s| s.months() > 0 && x.len() >= WIDE)
        {
            self.guess_by_months(structure, x);
        } else if self.nodes >= self.round_at && x.len() >= WIDE {
            self.dive(x);
            if let Some(x) = self.near.round(x) {
                self.offer(x);
            }
            self.round_at = self.nodes + DIVE_EVERY;
        } else if self.nodes >= self.round_at {
            let found = self.near.round(x);
            // Where repairs fail they are dear: they are tried less and less often.
            self.pause = match &found {
                Some(_) if self.nodes < EAGER => 1,
                Some(_) if self.structure.is_none() => ROUND_EVERY,
                Some(x) if self.best.as_ref().is_none_or(|b| self.goal.value(x) > b.0) => {
                    ROUND_EVERY
                }
                _ => 2 * self.pause,
            };
            self.round_at = self.nodes + self.pause;
            if let Some(x) = found {
                self.offer(x);
            }
        }
    }

    /// Narrows boxes by what the bound charges: a count for which it falls to the cutoff need not
    /// be looked at.
    fn tighten(&mut self, node: &mut Open, bound: f64, cutoff: f64) {
        if cutoff == f64::NEG_INFINITY {
            return;
        }
        for at in 0..self.whole.len() {
            let v = self.whole[at];
            let cost = self.simplex.costs[v];
            let (low, high) = (self.simplex.low[v], self.simplex.high[v]);
            // A group's cost holds for its box's ends as they are.
            let steps = ((bound - cutoff) / cost.abs() * (1.0 + 1e-9) + 1e-9).floor();
            if cost == 0.0 || steps >= high - low {
                continue;
            }
            let change = if cost < 0.0 {
                (v, low, low + steps)
            } else {
                (v, high - steps, high)
            };
            let beyond = bound - cost.abs() * (steps + 1.0) + 1e-12 * bound.abs();
            self.left = self.left.max(beyond.min(cutoff));
            node.changes.push(change);
            self.narrow(change);
        }
    }
}

enum Step {
    /// Done with, with a bound on what is in it.
    Left(f64),
    /// Narrowed: to be solved again.
    Again,
    /// To go into, to come back to, and the bound of the latter.
    Into(Change, Change, f64),
}
