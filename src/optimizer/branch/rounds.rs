//! From a program to its search: boxes first, as narrow as the program's own bound allows.

use std::time::Instant;

use super::{SOLVER, Tree, WIDE, WIDEST, likely};
use crate::model::{Cancel, PlanSettings};
use crate::optimizer::goal::Goal;
use crate::optimizer::presolve::presolve;
use crate::optimizer::program::{Column, Program, dot};
use crate::optimizer::solver::{Solved, Verdict};

/// Times that the boxes of a program are narrowed by its own bound.
const NARROWINGS: usize = 4;

/// Share of open columns left at which a smaller program is worth a new start.
const WORTH: f64 = 0.8;

/// The best whole-number point of a program, from a first one if there is one. None where the
/// program is not one for this search: a column that is not whole, or without a limit.
pub(crate) fn branch(
    program: &Program,
    start: Option<&[f64]>,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Option<Solved> {
    let started = Instant::now();
    let mut boxed = program.clone();
    let mut start = start.map(<[f64]>::to_vec);
    // What narrowing left out, and what it took to find out.
    let (mut left, mut nodes) = (f64::NEG_INFINITY, 0);
    if boxed.columns.len() >= WIDE {
        let first = likely::among_likely(program, start, settings, cancel, started);
        (start, nodes) = first;
    }
    for round in 0.. {
        let Ok(presolved) = presolve(&boxed) else {
            let empty = Solved::without_point(Verdict::Infeasible, "bounds");
            return Some(match start {
                Some(x) if round > 0 => settled(program, x, left, nodes),
                _ => empty,
            });
        };
        let small = presolved.capped(f64::INFINITY);
        let fits =
            |c: &Column| c.low == c.high || (c.integer && c.low.abs().max(c.high.abs()) <= WIDEST);
        if small.columns.is_empty() || !small.columns.iter().all(fits) {
            return match start {
                Some(x) if round > 0 => Some(settled(program, x, left, nodes)),
                _ => None,
            };
        }
        let goal = Goal::Sum(small.maximize.clone());
        let mut tree = Tree::new(&small, &goal, settings, cancel, started);
        tree.nodes = nodes;
        if let Some(start) = &start {
            tree.offer(presolved.shrink(start));
        }
        if round < NARROWINGS && small.columns.len() >= WIDE {
            let open = |columns: &[Column]| columns.iter().filter(|c| c.low < c.high).count();
            let columns = tree.narrowed();
            let less = open(&columns) as f64 <= WORTH * open(&small.columns) as f64;
            if let (None, true, Some((_, x))) = (tree.stop, less, &tree.best) {
                start = Some(presolved.widen(x));
                left = left.max(tree.left);
                nodes = tree.nodes;
                presolved.box_into(&columns, &mut boxed);
                continue;
            }
        }
        let solved = presolved.expand(tree.run(), program);
        return Some(match start {
            Some(x) if round > 0 => better(program, solved, x, left),
            _ => solved,
        });
    }
    None
}

/// The better of a search's answer and a point that was there before, which its boxes may have
/// left out; nothing that they left out is above `left`.
fn better(program: &Program, solved: Solved, x: Vec<f64>, left: f64) -> Solved {
    let objective = dot(&program.maximize, &x);
    if solved.found() && solved.objective >= objective {
        return Solved {
            bound: solved.bound.map(|b| b.max(left)),
            ..solved
        };
    }
    let nothing = solved.verdict == Verdict::Infeasible;
    let interrupted = solved.interrupted();
    let beside = if nothing { Some(left) } else { solved.bound };
    Solved {
        verdict: match solved.verdict {
            Verdict::Infeasible => Verdict::Optimal,
            Verdict::NodeLimit => Verdict::Feasible,
            Verdict::TimeLimit { .. } => Verdict::TimeLimit { found: true },
            Verdict::Failed(_) if interrupted => Verdict::Stopped,
            other => other,
        },
        objective,
        bound: beside.map(|b| b.max(left).max(objective)),
        certified: true,
        x,
        ..solved
    }
}

/// A point that nothing is left beside.
fn settled(program: &Program, x: Vec<f64>, left: f64, nodes: u64) -> Solved {
    let objective = dot(&program.maximize, &x);
    Solved {
        verdict: Verdict::Optimal,
        objective,
        bound: Some(left.max(objective)),
        certified: true,
        x,
        nodes,
        solver: SOLVER,
    }
}
