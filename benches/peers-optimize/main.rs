//! Our side of the comparison with other solvers: plans each program, writes it down for them in
//! MPS, and our time, objective and bound beside it. `benches/peers-optimize/run` does all of it.
//!
//! `cargo bench --bench peers-optimize -- DIR`

mod market;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use influencer_matrix::model::{
    Cancel, Constraint, Form, Model, Objective, PlanSettings, constraints, valuation,
};
use influencer_matrix::optimizer;

use market::{market, matrix};

/// Solves of a program; the median time counts.
const REPEATS: usize = 3;

fn main() {
    let asked = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let Some(folder) = asked else {
        // `cargo test --benches` runs every bench without arguments.
        return;
    };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).expect("a folder to write to");
    let programs = [
        ("market-13", market(450_000, 0, 0), Objective::Revenue),
        ("market-52", market(600_000, 2, 2), Objective::Revenue),
        ("market-78", market(600_000, 2, 3), Objective::Impressions),
        ("market-156", market(600_000, 4, 3), Objective::Revenue),
        ("matrix-240", matrix(600_000, 4, 3, 1), Objective::Revenue),
        ("matrix-720", matrix(600_000, 4, 3, 3), Objective::Revenue),
        (
            "matrix-720-small",
            matrix(200_000, 4, 3, 3),
            Objective::Revenue,
        ),
        (
            "matrix-720-large",
            matrix(2_000_000, 4, 3, 3),
            Objective::Revenue,
        ),
        (
            "matrix-720-profit",
            matrix(600_000, 4, 3, 3),
            Objective::Profit,
        ),
        ("market-728", market(600_000, 7, 8), Objective::Revenue),
        (
            "market-728-large",
            market(2_000_000, 7, 8),
            Objective::Revenue,
        ),
    ];
    let only = std::env::var("IMATRIX_PROGRAM").ok();
    for (name, mut model, objective) in programs {
        if only.as_ref().is_some_and(|o| !name.starts_with(o.as_str())) {
            continue;
        }
        model.objective = objective;
        let mut seconds = Vec::new();
        let mut plan = None;
        for _ in 0..REPEATS {
            let started = (processor(), Instant::now());
            plan = Some(optimizer::plan(
                &model,
                &PlanSettings::default(),
                &Cancel::new(),
            ));
            let wall = started.1.elapsed().as_secs_f64();
            seconds.push(
                started
                    .0
                    .zip(processor())
                    .map_or(wall, |(from, to)| to - from),
            );
        }
        seconds.sort_by(f64::total_cmp);
        let plan = plan.expect("at least one solve");
        let gap = plan
            .gap
            .unwrap_or_else(|| panic!("{name} has no plan: {:?}", plan.status));
        let line = format!(
            "{{\"program\": \"{name}\", \"objective\": {}, \"bound\": {}, \"seconds\": {}, \"nodes\": {}, \"solver\": \"{}\"}}\n",
            plan.objective.expect("an objective"),
            gap.bound,
            seconds[REPEATS / 2],
            plan.solver.nodes,
            plan.solver.solver,
        );
        fs::write(folder.join(format!("{name}.json")), &line).expect("a file");
        fs::write(folder.join(format!("{name}.mps")), mps(&model)).expect("a file");
        print!("{line}");
    }
}

/// Processor time of this process so far, which other work on the machine hardly changes; none
/// where the system does not tell.
fn processor() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name in brackets, user and system time are the twelfth and thirteenth, in 1/100 s.
    let fields: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// Rows of a constraint as (coefficients, low, high), written here from the model's definition
/// of it and not from our program.
fn rows(constraint: &Constraint) -> Vec<(Vec<f64>, Option<f64>, Option<f64>)> {
    match &constraint.form {
        Form::Sum(a) => vec![(a.clone(), constraint.low, constraint.high)],
        Form::Ratio {
            numerator,
            denominator,
        } => {
            let less = |bound: f64| -> Vec<f64> {
                let pairs = numerator.iter().zip(denominator);
                pairs.map(|(a, b)| a - bound * b).collect()
            };
            let low = constraint.low.map(|low| (less(low), Some(0.0), None));
            let high = constraint.high.map(|high| (less(high), None, Some(0.0)));
            low.into_iter().chain(high).collect()
        }
        Form::Largest(a) => {
            let Some(high) = constraint.high else {
                return Vec::new();
            };
            let dear = a.iter().map(|&a| f64::from(u8::from(a > high))).collect();
            vec![(dear, None, Some(0.0))]
        }
    }
}

/// A model's integer program as free MPS, to be minimized: the objective with its sign turned.
fn mps(model: &Model) -> String {
    let units = valuation::units(model);
    let all: Vec<_> = constraints(model, &units).iter().flat_map(rows).collect();
    let quantity = valuation::objective_metric(model.objective).numerator();
    let mut out = String::from("NAME program\nROWS\n N obj\n");
    let mut right = String::new();
    let mut ranges = String::new();
    for (r, (_, low, high)) in all.iter().enumerate() {
        let (kind, at) = match (low, high) {
            (Some(low), Some(high)) if low == high => ("E", low),
            (Some(low), Some(high)) => {
                writeln!(ranges, " rng r{r} {}", high - low).unwrap();
                ("G", low)
            }
            (Some(low), None) => ("G", low),
            (None, Some(high)) => ("L", high),
            (None, None) => ("N", &0.0),
        };
        writeln!(out, " {kind} r{r}").unwrap();
        writeln!(right, " rhs r{r} {at}").unwrap();
    }
    out.push_str("COLUMNS\n M1 'MARKER' 'INTORG'\n");
    for (j, unit) in units.iter().enumerate() {
        let value = unit.get(quantity).unwrap_or(0.0);
        writeln!(out, " x{j} obj {}", -value).unwrap();
        for (r, (a, _, _)) in all.iter().enumerate() {
            if a[j] != 0.0 {
                writeln!(out, " x{j} r{r} {}", a[j]).unwrap();
            }
        }
    }
    out.push_str(" M2 'MARKER' 'INTEND'\nRHS\n");
    out.push_str(&right);
    out.push_str("RANGES\n");
    out.push_str(&ranges);
    out.push_str("BOUNDS\n");
    for j in 0..units.len() {
        // More than any supply; a bound without a number is not read by all.
        writeln!(out, " UP bnd x{j} 1000000").unwrap();
    }
    out.push_str("ENDATA\n");
    out
}
