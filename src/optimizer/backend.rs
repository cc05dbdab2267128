//! The only file that names solvers: programs in `good_lp`'s words, and its answers in ours.
//!
//! Integer programs go to microlp's branch and bound, continuous ones to its simplex and, where
//! that fails, to Clarabel; `HiGHS` is another one behind the feature `highs`. A failure is tried
//! again with the columns reversed, then unscaled, then with another solver, and never read as
//! "infeasible". Rows and objective are scaled by the power of two next to their largest
//! coefficient.
//!
//! microlp is built through `good_lp` but asked directly: only its own options count nodes, and
//! only its own answer gives the proven bound.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use good_lp::solvers::microlp::microlp;
use good_lp::solvers::{ResolutionError, SolverModel};
use good_lp::{Expression, Solution, Variable, constraint, variable};
use microlp::{SolveOptions, TerminationReason};

use crate::model::PlanSettings;
#[cfg(feature = "highs")]
use crate::optimizer::program::Column;
use crate::optimizer::program::{Program, dot};
use crate::optimizer::solver::{Solved, Verdict};

/// Longest time limit passed on: a solver's deadline arithmetic must not overflow.
const LONGEST: f64 = 1e6;

/// Coefficients this small beside their row's largest are what rounding leaves of a bound multiplied
/// out, where a cell lies on it exactly. `HiGHS` reads them as if the row forced the cell to zero.
const NOISE: f64 = 1e-11;

/// One way of writing a program down.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Attempt {
    reversed: bool,
    scaled: bool,
}

const ATTEMPTS: [Attempt; 4] = [
    Attempt {
        reversed: false,
        scaled: true,
    },
    Attempt {
        reversed: true,
        scaled: true,
    },
    Attempt {
        reversed: false,
        scaled: false,
    },
    Attempt {
        reversed: true,
        scaled: false,
    },
];

/// Tries a presolved program until one way of writing it down gives an answer.
pub(crate) fn attempts(
    program: &Program,
    start: Option<&[f64]>,
    settings: &PlanSettings,
) -> Solved {
    let mut reasons = Vec::new();
    for attempt in ATTEMPTS {
        // A solver's panic is one more way to fail.
        let answer = catch_unwind(AssertUnwindSafe(|| {
            attempt_microlp(program, attempt, start, settings)
        }))
        .unwrap_or_else(|_| Err("microlp panicked".to_owned()));
        match answer {
            Ok(solved) => return solved,
            Err(reason) => {
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
    }
    #[cfg(feature = "highs")]
    match highs(program, settings) {
        Ok(solved) => return solved,
        Err(reason) => reasons.push(reason),
    }
    if program.columns.iter().all(|c| !c.integer) {
        match clarabel(program) {
            Ok(solved) => return solved,
            Err(reason) => reasons.push(reason),
        }
    }
    Solved::without_point(Verdict::Failed(reasons.join("; ")), "microlp")
}

/// Largest absolute value.
pub(crate) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |m, v| v.abs().max(m))
}

/// What a row or objective is divided by: the power of two next to its largest coefficient,
/// which keeps every mantissa.
pub(crate) fn scale_of(values: &[f64], scaled: bool) -> f64 {
    let largest = largest(values);
    if scaled && largest.is_normal() {
        // Sign and mantissa cut off: the same power on every machine, which log2 does not promise.
        f64::from_bits(largest.to_bits() & (0x7FF << 52))
    } else {
        1.0
    }
}

/// A program in `good_lp`'s words, with the order of its columns.
struct Written {
    problem: good_lp::variable::UnsolvedProblem,
    variables: Vec<Variable>,
    constraints: Vec<good_lp::Constraint>,
    objective_scale: f64,
}

fn write(program: &Program, attempt: Attempt) -> Written {
    let n = program.columns.len();
    let mut order: Vec<usize> = (0..n).collect();
    if attempt.reversed {
        order.reverse();
    }
    let mut variables = vec![None; n];
    let mut all = good_lp::variables!();
    for &i in &order {
        let column = program.columns[i];
        let definition = variable().min(column.low);
        let definition = if column.high.is_finite() {
            definition.max(column.high)
        } else {
            definition
        };
        variables[i] = Some(all.add(if column.integer {
            definition.integer()
        } else {
            definition
        }));
    }
    let variables: Vec<Variable> = variables.into_iter().flatten().collect();
    let sum = |coefficients: &[f64], scale: f64| {
        let mut expression = Expression::with_capacity(coefficients.len());
        let noise = NOISE * largest(coefficients);
        for (&a, &v) in coefficients.iter().zip(&variables) {
            if a.abs() > noise {
                expression.add_mul(a / scale, v);
            }
        }
        expression
    };
    let mut constraints = Vec::new();
    for row in &program.rows {
        let scale = scale_of(&row.coefficients, attempt.scaled);
        let body = || sum(&row.coefficients, scale);
        match (row.low, row.high) {
            (Some(low), Some(high)) if low == high => {
                constraints.push(constraint::eq(body(), low / scale));
            }
            (low, high) => {
                if let Some(high) = high {
                    constraints.push(constraint::leq(body(), high / scale));
                }
                if let Some(low) = low {
                    constraints.push(constraint::geq(body(), low / scale));
                }
            }
        }
    }
    let objective_scale = scale_of(&program.maximize, attempt.scaled);
    Written {
        problem: all.maximise(sum(&program.maximize, objective_scale)),
        variables,
        constraints,
        objective_scale,
    }
}

fn attempt_microlp(
    program: &Program,
    attempt: Attempt,
    start: Option<&[f64]>,
    settings: &PlanSettings,
) -> Result<Solved, String> {
    let integer = program.columns.iter().any(|c| c.integer);
    if program.columns.is_empty() {
        return Ok(empty(program));
    }
    let written = write(program, attempt);
    let mut problem = written.problem.using(microlp);
    for constraint in written.constraints {
        problem.add_constraint(constraint);
    }
    let problem = problem.as_inner();
    let mut options = SolveOptions::default();
    options.time_limit = Some(Duration::from_secs_f64(seconds(settings)));
    options.node_limit = Some(settings.node_limit);
    options.mip_gap = wanted_gap(settings);
    if program.columns.iter().all(|c| c.integer) {
        options.tolerances.feasibility = 1e-9;
    }
    let n = program.columns.len();
    let place = |i: usize| if attempt.reversed { n - 1 - i } else { i };
    if let (Some(start), true) = (start, integer) {
        let hint = handles(n).into_iter().enumerate();
        options.warm_start = Some(hint.map(|(at, h)| (h, start[place(at)])).collect());
    }
    let outcome = match problem.solve_with(options) {
        Ok(outcome) => outcome,
        Err(microlp::Error::Infeasible) => {
            return Ok(Solved::without_point(Verdict::Infeasible, "microlp"));
        }
        Err(microlp::Error::Unbounded) => {
            return Err("microlp: unbounded, against the check made before".to_owned());
        }
        Err(error) => return Err(format!("microlp: {error}")),
    };
    let reason = outcome.termination_reason();
    let stats = outcome.stats();
    let Some(solution) = outcome.solution() else {
        let verdict = match reason {
            TerminationReason::NodeLimit => Verdict::NodeLimit,
            _ => Verdict::TimeLimit { found: false },
        };
        return Ok(Solved {
            nodes: stats.nodes_solved,
            ..Solved::without_point(verdict, "microlp")
        });
    };
    let mut x = vec![0.0; n];
    for (at, (handle, _)) in solution.iter().enumerate() {
        let i = place(at);
        let column = program.columns[i];
        let raw = solution.var_value_raw(handle);
        x[i] = if column.integer { raw.round() } else { raw }.clamp(column.low, column.high);
    }
    let objective = dot(&program.maximize, &x);
    let bound = stats
        .best_bound
        .map(|b| (b * written.objective_scale).max(objective));
    Ok(Solved {
        verdict: match reason {
            TerminationReason::ProvenOptimal | TerminationReason::MipGap => Verdict::Optimal,
            TerminationReason::NodeLimit => Verdict::Feasible,
            _ => Verdict::TimeLimit { found: true },
        },
        x,
        objective,
        bound: if integer { bound } else { Some(objective) },
        certified: false,
        nodes: stats.nodes_solved,
        solver: "microlp",
    })
}

/// The relative gap to stop at. No number is none.
fn wanted_gap(settings: &PlanSettings) -> f64 {
    if settings.gap.is_finite() {
        settings.gap.max(0.0)
    } else {
        0.0
    }
}

/// The clock in seconds. No number is no limit: the clock is only a backstop.
fn seconds(settings: &PlanSettings) -> f64 {
    if settings.time_limit.is_nan() {
        LONGEST
    } else {
        settings.time_limit.clamp(0.0, LONGEST)
    }
}

/// microlp's variables in creation order: it hands them out with a problem, which `good_lp` keeps,
/// or with a solution, which a start comes before.
fn handles(n: usize) -> Vec<microlp::Variable> {
    let mut scratch = microlp::Problem::new(microlp::OptimizationDirection::Maximize);
    (0..n).map(|_| scratch.add_var(0.0, (0.0, 0.0))).collect()
}

/// A program whose columns are all left out: its rows hold at zero or nowhere.
fn empty(program: &Program) -> Solved {
    let holds = program
        .rows
        .iter()
        .all(|r| r.low.is_none_or(|l| l <= 0.0) && r.high.is_none_or(|h| h >= 0.0));
    if !holds {
        return Solved::without_point(Verdict::Infeasible, "bounds");
    }
    Solved {
        bound: Some(0.0),
        certified: true,
        ..Solved::without_point(Verdict::Optimal, "bounds")
    }
}

/// Clarabel's answer to a continuous program; only its own `Solved` counts.
pub(crate) fn clarabel(program: &Program) -> Result<Solved, String> {
    if program.columns.is_empty() {
        return Ok(empty(program));
    }
    let written = write(
        program,
        Attempt {
            reversed: false,
            scaled: true,
        },
    );
    let mut problem = written.problem.using(good_lp::solvers::clarabel::clarabel);
    for constraint in written.constraints {
        problem.add_constraint(constraint);
    }
    let solution = problem.solve().map_err(|e| match e {
        // Its wrapper folds "almost infeasible" in, which proves nothing.
        ResolutionError::Infeasible => "Clarabel: perhaps infeasible".to_owned(),
        other => format!("Clarabel: {other}"),
    })?;
    let status = solution.inner().status.to_string();
    if status != "Solved" {
        return Err(format!("Clarabel: {status}"));
    }
    let x: Vec<f64> = written
        .variables
        .iter()
        .zip(&program.columns)
        .map(|(&v, c)| solution.value(v).clamp(c.low, c.high))
        .collect();
    let objective = dot(&program.maximize, &x);
    Ok(Solved {
        verdict: Verdict::Optimal,
        objective,
        bound: Some(objective),
        certified: false,
        x,
        nodes: 0,
        solver: "Clarabel",
    })
}

/// `HiGHS`'s answer to a presolved program, asked directly, as microlp: only so it tells its bound.
#[cfg(feature = "highs")]
pub(crate) fn highs(program: &Program, settings: &PlanSettings) -> Result<Solved, String> {
    if program.columns.is_empty() {
        return Ok(empty(program));
    }
    let integer = program.columns.iter().any(|c| c.integer);
    let attempt = Attempt {
        reversed: false,
        scaled: true,
    };
    let written = write(program, attempt);
    let mut problem = written.problem.using(good_lp::solvers::highs::highs);
    for constraint in written.constraints {
        problem.add_constraint(constraint);
    }
    let mut model = problem
        .try_into_inner()
        .map_err(|e| format!("HiGHS: {e}"))?;
    let nodes = i32::try_from(settings.node_limit).unwrap_or(i32::MAX);
    model.set_option("threads", 1);
    model.set_option("time_limit", seconds(settings));
    model.set_option("mip_max_nodes", nodes);
    model.set_option("mip_rel_gap", wanted_gap(settings));
    model.set_option("mip_abs_gap", 0.0);
    for name in ["mip_feasibility_tolerance", "primal_feasibility_tolerance"] {
        model.set_option(name, 1e-9);
    }
    let solved = model.try_solve().map_err(|e| format!("HiGHS: {e:?}"))?;
    // The types of its answers belong to a crate below good_lp.
    let status = format!("{:?}", solved.status());
    let found = format!("{:?}", solved.primal_solution_status()) == "Feasible";
    let verdict = match (&status[..], found) {
        ("Optimal", true) => Verdict::Optimal,
        ("Infeasible" | "UnboundedOrInfeasible", _) => Verdict::Infeasible,
        ("ReachedTimeLimit", found) => Verdict::TimeLimit { found },
        ("ReachedSolutionLimit" | "ReachedIterationLimit", true) => Verdict::Feasible,
        ("ReachedSolutionLimit" | "ReachedIterationLimit", false) => Verdict::NodeLimit,
        _ => return Err(format!("HiGHS: {status}")),
    };
    let whole = |value: f64, column: &Column| {
        let value = if column.integer { value.round() } else { value };
        value.clamp(column.low, column.high)
    };
    let answer = Solved::without_point(verdict, "HiGHS");
    if !answer.found() {
        return Ok(answer);
    }
    let solution = solved.get_solution();
    let columns = solution.columns().iter().zip(&program.columns);
    let x: Vec<f64> = columns
        .map(|(&value, column)| whole(value, column))
        .collect();
    let objective = dot(&program.maximize, &x);
    let told = solved.double_info_value(c"mip_dual_bound").ok();
    let told = told.map(|bound| (bound * written.objective_scale).max(objective));
    Ok(Solved {
        objective,
        bound: if integer { told } else { Some(objective) },
        x,
        ..answer
    })
}

/// An answer that shares neither order nor scale with the first one of [`attempts`].
pub(crate) fn confirming(program: &Program, settings: &PlanSettings) -> Result<Solved, String> {
    let attempt = Attempt {
        reversed: true,
        scaled: false,
    };
    attempt_microlp(program, attempt, None, settings)
}
