//! Our side of the comparison with other solvers: plans each program, writes it down for them in
//! MPS, and our time, objective and bound beside it. `benches/peers-optimize/run` does all of it.
//!
//! `cargo bench --bench peers-optimize -- DIR`

mod market;
mod roster;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use influencer_matrix::model::valuation::UnitValue;
use influencer_matrix::model::{
    Cancel, Constraint, Creator, Form, Model, Objective, Plan, PlanSettings, constraints,
    creator_value, valuation,
};
use influencer_matrix::optimizer;

use market::{market, matrix};
use roster::{roster, rules};

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
    let programs = vec![
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
            market(800_000, 7, 8),
            Objective::Revenue,
        ),
    ];
    let only = std::env::var("IMATRIX_PROGRAM").ok();
    for (name, mut model, objective) in programs {
        if only.as_ref().is_some_and(|o| !name.starts_with(o.as_str())) {
            continue;
        }
        model.objective = objective;
        let settings = PlanSettings::default();
        let plan = || optimizer::plan(&model, &settings, &Cancel::new());
        record(folder, name, plan);
        write(folder, name, &mps(&model));
    }
    for creators in [1_000, 2_000, 5_000, 20_000, 100_000] {
        let name = format!("select-{creators}");
        if only.as_ref().is_some_and(|o| !name.starts_with(o.as_str())) {
            continue;
        }
        let (model, creators) = (rules(creators), roster(creators));
        let settings = PlanSettings::default();
        let select = || optimizer::select(&model, &creators, &settings, &Cancel::new()).plan;
        record(folder, &name, select);
        write(folder, &name, &selection_mps(&model, &creators));
    }
}

fn write(folder: &Path, name: &str, mps: &str) {
    fs::write(folder.join(format!("{name}.mps")), mps).expect("a file");
}

/// Plans a few times and writes down what was found and how long it took.
fn record(folder: &Path, name: &str, plan: impl Fn() -> Plan) {
    let mut seconds = Vec::new();
    let mut found = None;
    for _ in 0..REPEATS {
        let started = (processor(), Instant::now());
        found = Some(plan());
        let wall = started.1.elapsed().as_secs_f64();
        let used = started.0.zip(processor());
        seconds.push(used.map_or(wall, |(from, to)| to - from));
    }
    seconds.sort_by(f64::total_cmp);
    let plan = found.expect("at least one solve");
    let (Some(gap), Some(objective)) = (plan.gap, plan.objective) else {
        panic!("{name} has no plan: {:?}", plan.status);
    };
    let line = format!(
        "{{\"program\": \"{name}\", \"objective\": {objective}, \"bound\": {}, \"seconds\": {}, \"nodes\": {}, \"solver\": \"{}\"}}\n",
        gap.bound,
        seconds[REPEATS / 2],
        plan.solver.nodes,
        plan.solver.solver,
    );
    fs::write(folder.join(format!("{name}.json")), &line).expect("a file");
    let mut out = std::io::stdout();
    out.write_all(line.as_bytes()).expect("standard output");
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
        Form::Excess(_) => unreachable!("a month without a pipeline has no such rule"),
    }
}

/// A row of a program and its bounds, its coefficients by column.
struct Sum {
    terms: Vec<(usize, f64)>,
    low: Option<f64>,
    high: Option<f64>,
}

/// A model's integer program as free MPS, to be minimized: the objective with its sign turned.
fn mps(model: &Model) -> String {
    let units = valuation::units(model);
    let all = constraints(model, &units);
    let quantity = valuation::objective_metric(model.objective).numerator();
    let gains: Vec<f64> = units
        .iter()
        .map(|unit| unit.get(quantity).unwrap_or(0.0))
        .collect();
    let sum = |(a, low, high): (Vec<f64>, Option<f64>, Option<f64>)| Sum {
        terms: a.into_iter().enumerate().collect(),
        low,
        high,
    };
    text(
        &gains,
        &all.iter().flat_map(rows).map(sum).collect::<Vec<_>>(),
        // More than any supply; a bound without a number is not read by all.
        1_000_000,
    )
}

/// The program of a selection: a column for every creator and cell that it may be booked in, its
/// coefficients those of the model's rules where the cell's creator is this one.
fn selection_mps(model: &Model, creators: &[Creator]) -> String {
    let quantity = valuation::objective_metric(model.objective).numerator();
    let mut gains = Vec::new();
    let mut sums: Vec<Sum> = Vec::new();
    let mut once = Vec::new();
    for creator in creators {
        let mut terms = Vec::new();
        let fits = |&cell: &usize| {
            let c = &model.cells[cell];
            c.tier == creator.tier && c.category == creator.category && c.region == creator.region
        };
        let cells: Vec<usize> = (0..model.cells.len()).filter(fits).collect();
        let nothing = valuation::units(model);
        let units: Vec<UnitValue> = nothing
            .into_iter()
            .enumerate()
            .map(|(cell, unit)| {
                if fits(&cell) {
                    creator_value(model, creator, cell)
                } else {
                    unit
                }
            })
            .collect();
        let all: Vec<_> = constraints(model, &units).iter().flat_map(rows).collect();
        if sums.is_empty() {
            let empty = |(_, low, high): &(Vec<f64>, Option<f64>, Option<f64>)| Sum {
                terms: Vec::new(),
                low: *low,
                high: *high,
            };
            sums = all.iter().map(empty).collect();
        }
        for cell in cells {
            for (sum, (a, _, _)) in sums.iter_mut().zip(&all) {
                sum.terms.push((gains.len(), a[cell]));
            }
            terms.push((gains.len(), 1.0));
            gains.push(units[cell].get(quantity).unwrap_or(0.0));
        }
        once.push(Sum {
            terms,
            low: None,
            high: Some(1.0),
        });
    }
    sums.extend(once);
    text(&gains, &sums, 1)
}

/// Free MPS of columns that are all bounded alike.
fn text(gains: &[f64], all: &[Sum], most: u32) -> String {
    let mut out = String::from("NAME program\nROWS\n N obj\n");
    let mut right = String::new();
    let mut ranges = String::new();
    let mut columns: Vec<Vec<(usize, f64)>> = vec![Vec::new(); gains.len()];
    for (r, Sum { terms, low, high }) in all.iter().enumerate() {
        for &(j, a) in terms {
            if a != 0.0 {
                columns[j].push((r, a));
            }
        }
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
    for (j, (gain, column)) in gains.iter().zip(&columns).enumerate() {
        writeln!(out, " x{j} obj {}", -gain).unwrap();
        for (r, a) in column {
            writeln!(out, " x{j} r{r} {a}").unwrap();
        }
    }
    out.push_str(" M2 'MARKER' 'INTEND'\nRHS\n");
    out.push_str(&right);
    out.push_str("RANGES\n");
    out.push_str(&ranges);
    out.push_str("BOUNDS\n");
    for j in 0..gains.len() {
        writeln!(out, " UP bnd x{j} {most}").unwrap();
    }
    out.push_str("ENDATA\n");
    out
}
