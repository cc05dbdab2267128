//! From a program to its search: boxes first, as narrow as the program's own bound allows.

use std::time::Instant;

use super::{SOLVER, Structure, Tree, WIDE, WIDEST, likely};
use crate::model::{Cancel, Excess, PlanSettings};
use crate::optimizer::goal::Goal;
use crate::optimizer::presolve::presolve;
use crate::optimizer::program::{Column, Program, dot};
use crate::optimizer::solver::{Solved, Verdict, remaining, solve_from};

/// Times that the boxes of a program are narrowed by its own bound.
const NARROWINGS: usize = 4;

/// Share of open columns left at which a smaller program is worth a new start.
const WORTH: f64 = 0.8;

/// The best whole-number point of a program, from a first one if there is one: by this search
/// with a quarter of the nodes (all, if it is wide), and where that does not end, by another one
/// with the rest.
pub(crate) fn solve_whole(
    program: &Program,
    start: Option<&[f64]>,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Solved {
    solve_structured(program, None, start, settings, cancel)
}

/// [`solve_whole`] of a program of which more is known, as long as its work lasts. What the first nodes of the plain
/// search prove is left at that.
pub(crate) fn solve_structured(
    program: &Program,
    structure: Option<&Structure>,
    start: Option<&[f64]>,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Solved {
    if let Some(structure) = structure
        && let Some(solved) = told_more(program, structure, start, settings, cancel)
    {
        return solved;
    }
    let started = Instant::now();
    // A wide program's nodes are dearer elsewhere, and no fewer.
    let own = if program.columns.len() >= WIDE {
        settings.node_limit
    } else {
        settings.node_limit.div_ceil(4)
    };
    let part = PlanSettings {
        node_limit: own,
        ..*settings
    };
    let Some(first) = branch(program, start, &part, cancel) else {
        return solve_from(program, start, settings, cancel);
    };
    if !matches!(first.verdict, Verdict::Feasible | Verdict::NodeLimit) {
        return first;
    }
    let rest = PlanSettings {
        node_limit: settings.node_limit.saturating_sub(first.nodes).max(1),
        ..remaining(settings, started)
    };
    let start = if first.found() {
        Some(&first.x[..])
    } else {
        start
    };
    let mut second = solve_from(program, start, &rest, cancel);
    let nodes = first.nodes + second.nodes;
    if let Some(bound) = first.bound {
        second.bounded_by(bound, first.certified);
    }
    let worse = !second.found() || second.objective < first.objective;
    if first.found() && worse {
        let verdict = match second.verdict {
            Verdict::TimeLimit { .. } => Verdict::TimeLimit { found: true },
            _ if second.interrupted() => Verdict::Stopped,
            _ => Verdict::Feasible,
        };
        return Solved {
            verdict,
            bound: second.bound.map(|b| b.max(first.objective)),
            certified: second.certified,
            nodes,
            ..first
        };
    }
    let least = if second.found() {
        second.objective
    } else {
        f64::NEG_INFINITY
    };
    Solved {
        bound: second.bound.map(|b| b.max(least)),
        nodes,
        ..second
    }
}

fn told_more(
    program: &Program,
    structure: &Structure,
    start: Option<&[f64]>,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Option<Solved> {
    let clock = Instant::now();
    let mut first: Option<Solved> = None;
    if program.columns.len() < WIDE {
        let part = PlanSettings {
            node_limit: settings.node_limit.div_ceil(4),
            ..*settings
        };
        let plain = branch(program, start, &part, cancel)?;
        let keeps = |(sum, high): &(Excess, f64)| sum.value(&plain.x) <= *high;
        let open = matches!(plain.verdict, Verdict::Feasible | Verdict::NodeLimit);
        if !open && (!plain.found() || structure.limits.iter().all(keeps)) {
            return Some(plain);
        }
        first = Some(plain);
    }
    let found = first.as_ref().filter(|plain| plain.found());
    let start = found.map(|plain| &plain.x[..]).or(start);
    let rest = remaining(settings, clock);
    let mut solved = branch_structured(program, Some(structure), start, &rest, cancel)?;
    if let Some(plain) = first {
        solved.nodes += plain.nodes;
        if let (true, Some(bound)) = (solved.found(), plain.bound) {
            solved.bounded_by(bound.max(solved.objective), plain.certified);
        }
    }
    Some(solved)
}

/// The best whole-number point of a program, from a first one if there is one. None where the
/// program is not one for this search: a column that is not whole, or without a limit.
pub(crate) fn branch(
    program: &Program,
    start: Option<&[f64]>,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Option<Solved> {
    branch_structured(program, None, start, settings, cancel)
}

/// [`branch`] of a program of which more is known.
fn branch_structured(
    program: &Program,
    structure: Option<&Structure>,
    start: Option<&[f64]>,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Option<Solved> {
    let started = Instant::now();
    let mut boxed = program.clone();
    let mut start = start.map(<[f64]>::to_vec);
    // What narrowing left out, and what it took to find out.
    let (mut left, mut nodes, mut work) = (f64::NEG_INFINITY, 0, 0);
    if boxed.columns.len() >= WIDE && structure.is_none() {
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
        let structure = structure.map(|s| s.within(&presolved));
        let clock = (cancel, started);
        let mut tree = Tree::new(&small, &goal, settings, structure.as_ref(), clock);
        tree.nodes = nodes;
        tree.simplex.work = work;
        if let Some(start) = &start {
            tree.offer(presolved.shrink(start));
        }
        if let Some(structure) = &structure
            && small.columns.len() >= WIDE
            && round == 0
        {
            tree.start_by_months(structure);
        }
        tree.cut();
        if round < NARROWINGS && small.columns.len() >= WIDE {
            let open = |columns: &[Column]| columns.iter().filter(|c| c.low < c.high).count();
            let columns = tree.narrowed();
            let less = open(&columns) as f64 <= WORTH * open(&small.columns) as f64;
            if let (None, true, Some((_, x))) = (tree.stop, less, &tree.best) {
                start = Some(presolved.widen(x));
                left = left.max(tree.left);
                (nodes, work) = (tree.nodes, tree.simplex.work);
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
