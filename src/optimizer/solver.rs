//! Solves programs, whatever the backend.
//!
//! Columns that the rows force to zero are left out, and every count gets the finite upper bound
//! that the rows imply, so that no solver's stand-in for infinity can pass for a limit; an open
//! column is checked for a ray first. "Infeasible" can be confirmed by an independent solve.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::model::{Cancel, PlanSettings};
use crate::optimizer::backend::{attempts, clarabel, confirming, largest, scale_of};
use crate::optimizer::presolve;
use crate::optimizer::program::{Column, Program, Row, relax};

/// What became of a program.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// Proven within the wanted gap.
    Optimal,
    /// A point that keeps every row, the gap not closed within the node limit.
    Feasible,
    /// Proven to have no point.
    Infeasible,
    /// The objective grows without limit along `Solved::x`.
    Unbounded,
    /// Stopped by the clock.
    TimeLimit {
        /// Whether there is a point.
        found: bool,
    },
    /// Stopped by the node limit without a point.
    NodeLimit,
    /// Stopped by the user, with a point that keeps every row; without one it has failed.
    Stopped,
    /// No solver gave an answer.
    Failed(String),
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Solved {
    /// What became of the program.
    pub(crate) verdict: Verdict,
    /// The point, one value a column; empty without one. The ray of an unbounded program.
    pub(crate) x: Vec<f64>,
    /// Objective at the point; 0 without one.
    pub(crate) objective: f64,
    /// No point has an objective above it, if proven.
    pub(crate) bound: Option<f64>,
    /// Whether our own dual arithmetic gave the bound; else it is a solver's word.
    pub(crate) certified: bool,
    /// Branch-and-bound nodes.
    pub(crate) nodes: u64,
    /// Who solved it.
    pub(crate) solver: &'static str,
}

impl Solved {
    pub(crate) fn without_point(verdict: Verdict, solver: &'static str) -> Self {
        Self {
            verdict,
            x: Vec::new(),
            objective: 0.0,
            bound: None,
            certified: false,
            nodes: 0,
            solver,
        }
    }

    /// Whether there is a point that keeps the rows.
    pub(crate) fn found(&self) -> bool {
        matches!(
            self.verdict,
            Verdict::Optimal
                | Verdict::Feasible
                | Verdict::Stopped
                | Verdict::TimeLimit { found: true }
        )
    }

    /// Whether the user stopped the work before there was a point.
    pub(crate) fn interrupted(&self) -> bool {
        matches!(&self.verdict, Verdict::Failed(reason) if reason == INTERRUPTED)
    }

    /// Takes over another proven bound if it is lower, or certified and no higher.
    pub(crate) fn bounded_by(&mut self, bound: f64, certified: bool) {
        let lower = self.bound.is_none_or(|b| bound < b);
        if lower || (certified && self.bound == Some(bound)) {
            self.bound = Some(bound);
            self.certified = certified;
        }
    }
}

/// Reason given when the user stopped the work.
pub(crate) const INTERRUPTED: &str = "interrupted";

/// The settings with what the clock has left. No number is no limit.
pub(crate) fn remaining(settings: &PlanSettings, started: Instant) -> PlanSettings {
    let left = settings.time_limit - started.elapsed().as_secs_f64();
    PlanSettings {
        time_limit: if left.is_nan() { left } else { left.max(0.0) },
        ..*settings
    }
}

/// How long a cancelled solve goes unnoticed at most.
const POLL: Duration = Duration::from_millis(20);

/// Least violation, of rows with coefficients near one, that proves a program empty.
const VIOLATED: f64 = 1e-6;

/// Largest integer bound: `good_lp` passes 32-bit bounds on.
const MOST: f64 = 1e9;

/// Solves a program within the settings' gap, nodes and seconds. Returns soon after a cancel.
pub(crate) fn solve(program: &Program, settings: &PlanSettings, cancel: &Cancel) -> Solved {
    solve_from(program, None, settings, cancel)
}

/// [`solve`], starting from a point believed to keep every row.
pub(crate) fn solve_from(
    program: &Program,
    start: Option<&[f64]>,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> Solved {
    let (program, settings) = (program.clone(), *settings);
    let start = start.map(<[f64]>::to_vec);
    on_worker(cancel, move || {
        solve_here(&program, start.as_deref(), &settings)
    })
    .unwrap_or_else(|reason| Solved::without_point(Verdict::Failed(reason), "none"))
}

/// Whether a second solve that shares neither order, scale nor objective with the first
/// agrees that no point exists.
pub(crate) fn confirm_infeasible(
    program: &Program,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> bool {
    let (program, settings) = (program.clone(), *settings);
    on_worker(cancel, move || least_violation(&program, &settings)).unwrap_or(false)
}

/// No solver can be interrupted: it works on a thread of its own, which is left behind on cancel.
fn on_worker<T: Send + 'static>(
    cancel: &Cancel,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    if cancel.requested() {
        return Err(INTERRUPTED.to_owned());
    }
    let (send, receive) = mpsc::channel();
    thread::Builder::new()
        .name("solver".to_owned())
        .spawn(move || {
            // The receiver is gone after a cancel; then nobody waits for the answer.
            let _ = send.send(work());
        })
        .map_err(|e| format!("no thread for the solver: {e}"))?;
    loop {
        match receive.recv_timeout(POLL) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) if cancel.requested() => {
                return Err(INTERRUPTED.to_owned());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err("the solver stopped without an answer".to_owned());
            }
        }
    }
}

fn solve_here(program: &Program, start: Option<&[f64]>, settings: &PlanSettings) -> Solved {
    if !finite(program) {
        let reason = "a coefficient of the program is not finite".to_owned();
        return Solved::without_point(Verdict::Failed(reason), "none");
    }
    let presolved = match presolve::presolve(program) {
        Ok(presolved) => presolved,
        Err(presolve::Empty) => return Solved::without_point(Verdict::Infeasible, "bounds"),
    };
    let capped = presolved.capped(MOST);
    if presolved.open()
        && let Some(ray) = ray(program, settings)
    {
        // A ray needs a point to start from.
        let feasibility = Program {
            maximize: vec![0.0; capped.maximize.len()],
            ..capped
        };
        let point = attempts(&feasibility, None, settings);
        if !point.found() {
            return presolved.expand(point, program);
        }
        return Solved {
            x: ray,
            ..Solved::without_point(Verdict::Unbounded, "microlp")
        };
    }
    let start = start.map(|x| presolved.shrink(x));
    let solved = attempts(&capped, start.as_deref(), settings);
    presolved.expand(solved, program)
}

fn finite(program: &Program) -> bool {
    let rows = program
        .rows
        .iter()
        .flat_map(|r| r.coefficients.iter().chain(&r.low).chain(&r.high));
    program
        .maximize
        .iter()
        .chain(rows)
        .chain(program.columns.iter().map(|c| &c.low))
        .all(|v| v.is_finite())
        && program.columns.iter().all(|c| !c.high.is_nan())
}

/// A direction in which every row and bound holds for ever and the objective grows, from
/// max c·d over the recession cone with Σ d ≤ 1.
fn ray(program: &Program, settings: &PlanSettings) -> Option<Vec<f64>> {
    let mut cone = relax(program);
    for column in &mut cone.columns {
        column.high = if column.high.is_finite() { 0.0 } else { 1.0 };
        column.low = 0.0;
    }
    for row in &mut cone.rows {
        row.low = row.low.map(|_| 0.0);
        row.high = row.high.map(|_| 0.0);
    }
    cone.rows.push(Row {
        coefficients: vec![1.0; cone.columns.len()],
        low: None,
        high: Some(1.0),
    });
    let size = largest(&cone.maximize);
    let solved = attempts(&cone, None, settings);
    (solved.found() && solved.objective > 1e-9 * size).then_some(solved.x)
}

/// Whether the least violation of the rows, each scaled to coefficients near one, is above the
/// tolerance: by Clarabel for the relaxation, and where that has a point, by a branch and bound
/// on columns in reverse, rows unscaled and another objective.
fn least_violation(program: &Program, settings: &PlanSettings) -> bool {
    let relaxed = relax(program);
    if let Ok(solved) = clarabel(&elastic(&relaxed))
        && -solved.objective > VIOLATED
    {
        return true;
    }
    if program.columns.iter().all(|c| !c.integer) {
        return false;
    }
    let mut capped = program.clone();
    // Bounds from the rows again, without which a search over open columns may never end. Where
    // whole numbers leave nothing between them, those of the relaxation are still finite.
    for bounded in [&relaxed, program] {
        if let Ok(presolved) = presolve::presolve(bounded) {
            presolved.cap_into(&mut capped, MOST);
        }
    }
    // The opposite objective gives another tree. Without any objective the search for a point
    // that is not there often outlasts the node limit.
    let opposite = program.maximize.iter().map(|c| -c).collect();
    let none = vec![0.0; program.maximize.len()];
    [opposite, none].into_iter().any(|maximize| {
        capped.maximize = maximize;
        confirming(&capped, settings).is_ok_and(|solved| solved.verdict == Verdict::Infeasible)
    })
}

/// max −t with every scaled row let go by t.
fn elastic(program: &Program) -> Program {
    let mut out = program.clone();
    let mut rows = Vec::new();
    for row in &out.rows {
        let scale = scale_of(&row.coefficients, true);
        let scaled: Vec<f64> = row.coefficients.iter().map(|a| a / scale).collect();
        let with = |t: f64| -> Vec<f64> { scaled.iter().copied().chain([t]).collect() };
        if let Some(low) = row.low {
            rows.push(Row {
                coefficients: with(1.0),
                low: Some(low / scale),
                high: None,
            });
        }
        if let Some(high) = row.high {
            rows.push(Row {
                coefficients: with(-1.0),
                low: None,
                high: Some(high / scale),
            });
        }
    }
    out.rows = rows;
    out.columns.push(Column {
        low: 0.0,
        high: f64::INFINITY,
        integer: false,
    });
    out.maximize = vec![0.0; out.columns.len() - 1];
    out.maximize.push(-1.0);
    out
}
