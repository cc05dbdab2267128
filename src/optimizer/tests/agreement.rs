//! Plans as they are made by default against `HiGHS`, which shares nothing with them but the rows.

use std::fs;

use super::enumeration::random_model;
use super::horizon::brute::{TIES, random_horizon};
use super::stress::varied;
use super::{Random, every_kind};
use crate::model::valuation::UnitValue;
use crate::model::{
    Cancel, Constraint, Model, Objective, PlanSettings, PlanStatus, constraints, joint, valuation,
};
use crate::optimizer::backend::highs;
use crate::optimizer::goal::Goal;
use crate::optimizer::horizon::posed_together;
use crate::optimizer::presolve::presolve;
use crate::optimizer::program::{Column, Program, dot, hold_broken, program_of};
use crate::optimizer::sample;
use crate::optimizer::solver::{Solved, Verdict};
use crate::optimizer::{check_plan, hang_together, plan};
use crate::scenario::{self, Overrides};

/// Rounds of Dinkelbach.
const ROUNDS: usize = 12;

fn settings() -> PlanSettings {
    PlanSettings {
        time_limit: 20.0,
        ..PlanSettings::default()
    }
}

fn by_highs(program: &Program) -> Solved {
    let Ok(presolved) = presolve(program) else {
        return Solved::without_point(Verdict::Infeasible, "bounds");
    };
    let solved = highs(&presolved.capped(1e9), &settings()).expect("an answer");
    presolved.expand(solved, program)
}

/// Σ r x / Σ s x by Dinkelbach with another solver and another least denominator, that of the rules.
fn best_ratio(model: &Model, program: &Program, above: &[f64], below: &[f64]) -> Solved {
    let least = model.rules.min_spend * model.rules.budget;
    assert!(least > 0.0);
    let value = |x: &[f64]| dot(above, x) / dot(below, x);
    let (mut q, mut bound) = (0.0, f64::INFINITY);
    let mut best = None;
    for _ in 0..ROUNDS {
        let mut linear = program.clone();
        // One column of q·S more keeps the relative gap one of the ratio.
        let terms = above.iter().zip(below).map(|(r, s)| r - q * s);
        linear.maximize = terms.chain([q * least]).collect();
        linear.columns.push(Column {
            low: 1.0,
            high: 1.0,
            integer: false,
        });
        for row in &mut linear.rows {
            row.coefficients.push(0.0);
        }
        let solved = by_highs(&linear);
        if !solved.found() {
            return solved;
        }
        let upper = solved.bound.expect("a bound");
        bound = f64::min(bound, q + (upper - q * least).max(0.0) / least);
        let x = solved.x[..program.columns.len()].to_vec();
        let done = value(&x) <= q * (1.0 + 1e-12);
        if value(&x) > q {
            q = value(&x);
            best = Some((x, solved));
        }
        if done {
            break;
        }
    }
    let (x, solved) = best.expect("a plan has revenue");
    Solved {
        objective: q,
        bound: Some(bound.max(q)),
        x,
        ..solved
    }
}

/// A program that another solver takes whole.
struct Posed {
    model: Model,
    units: Vec<UnitValue>,
    rules: Vec<Constraint>,
}

impl Posed {
    fn of(model: &Model) -> Self {
        if hang_together(model) {
            let (model, units, rules) = posed_together(model);
            return Self {
                model,
                units,
                rules,
            };
        }
        let units = valuation::units(model);
        Self {
            rules: constraints(model, &units),
            model: model.clone(),
            units,
        }
    }

    /// Its optimum by `HiGHS`; what the pipeline delivers is held until no sum of it is broken.
    fn solved(&mut self) -> Solved {
        let goal = Goal::of(&self.model, &self.units);
        loop {
            let program = program_of(&self.model, &self.units, &self.rules);
            let solved = match &goal {
                Goal::Sum(_) => by_highs(&program),
                Goal::Ratio { above, below } => best_ratio(&self.model, &program, above, below),
            };
            if !solved.found() || !hold_broken(&mut self.rules, &solved.x) {
                return solved;
            }
        }
    }
}

/// Plans a model both ways and holds them against each other, months that do not hang together each by itself. Whether
/// there is a plan; none where one of the two left the question open.
fn agree(model: &Model, name: &str) -> Option<bool> {
    if hang_together(model) || model.months <= 1 {
        return agree_on(model, name);
    }
    let months: Option<Vec<bool>> = (0..model.months)
        .map(|month| agree_on(&model.month(month), &format!("{name}, month {}", month + 1)))
        .collect();
    months.map(|all| all.into_iter().all(|found| found))
}

fn agree_on(model: &Model, name: &str) -> Option<bool> {
    let ours = plan(model, &settings(), &Cancel::new());
    let theirs = Posed::of(model).solved();
    let closed = matches!(theirs.verdict, Verdict::Optimal | Verdict::Infeasible);
    let open = |status: &PlanStatus| {
        matches!(status, PlanStatus::Feasible | PlanStatus::Failed { .. })
            || matches!(status, PlanStatus::TimeLimit { .. })
    };
    if ours.status == PlanStatus::Infeasible || theirs.verdict == Verdict::Infeasible {
        if closed && !open(&ours.status) {
            let both =
                ours.status == PlanStatus::Infeasible && theirs.verdict == Verdict::Infeasible;
            assert!(both, "{name}: {:?} and {:?}", ours.status, theirs.verdict);
            return Some(false);
        }
        return None;
    }
    if !ours.is_usable() || !theirs.found() {
        return None;
    }
    let objective = ours.objective.expect("an objective");
    let gap = ours.gap.expect("a gap");
    let slack = 1e-7 * objective.abs();
    assert!(
        theirs.objective <= gap.bound + slack,
        "{name}: HiGHS finds {}, above our bound {}",
        theirs.objective,
        gap.bound
    );
    let bound = theirs.bound.expect("a bound");
    if objective > bound + slack {
        // A plan that keeps every rule, by a checker that knows neither solver, refutes the bound.
        let broken = check_plan(model, &ours.counts);
        assert!(broken.is_empty(), "{name}: {broken:?}");
        return None;
    }
    if !closed || open(&ours.status) {
        return None;
    }
    let wanted = settings().gap + 1e-6;
    assert!(
        (objective - theirs.objective).abs() <= wanted * objective.abs(),
        "{name}: {objective} and {}",
        theirs.objective
    );
    Some(true)
}

#[test]
fn shipped_scenarios_agree_with_highs() {
    let mut compared = 0;
    let files = fs::read_dir("scenarios").expect("the scenarios");
    for path in files.map(|file| file.expect("a file").path()) {
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("text");
        let name = path.display().to_string();
        let scenario = scenario::read_text(&name, &text, &Overrides::default()).expect("valid");
        // Fixed counts are not solved for, and creators that act on each other are no such program.
        let solved = |m: &&Model| {
            m.counts.is_none() && !joint::applies(m) && m.horizon.cross_promotion.is_none()
        };
        for model in scenario.models().filter(solved) {
            let seen = agree(model, &format!("{name}: {}", model.name));
            assert!(seen.is_some(), "{name}: {} is left open", model.name);
            compared += 1;
        }
    }
    assert!(compared >= 12, "{compared}");
}

#[test]
fn random_models_agree_with_highs() {
    let mut random = Random::new(2_026);
    let (mut plans, mut none, mut ratios) = (0, 0, 0);
    for case in 0..200 {
        let mut model = match case % 8 {
            0 => varied(&mut random),
            1 => sample::segmented(random.between(150_000.0, 900_000.0).round(), 2, 2),
            2..=4 => every_kind::random(&mut random),
            _ => random_model(&mut random),
        };
        if case % 8 == 1 {
            model.objective = Objective::ALL[random.below(6)];
        }
        if model.objective == Objective::Roas {
            model.rules.min_spend = model.rules.min_spend.max(0.1);
        }
        match agree(&model, &format!("case {case}")) {
            Some(true) => plans += 1,
            Some(false) => none += 1,
            None => continue,
        }
        ratios += usize::from(model.objective == Objective::Roas);
    }
    // Nearly all are decided by both, and each outcome is among them.
    assert!(plans + none >= 185, "{plans} {none}");
    assert!(
        plans >= 100 && none >= 20 && ratios >= 15,
        "{plans} {none} {ratios}"
    );
}

#[test]
fn random_horizons_agree_with_highs() {
    let mut random = Random::new(2_027);
    let (mut plans, mut none, mut open) = (0, 0, 0);
    // Random ties between months often have no plan; to prove that is half of the work.
    for case in 0..120 {
        let model = random_horizon(&mut random, TIES[case % TIES.len()]);
        match agree(&model, &format!("case {case}")) {
            Some(true) => plans += 1,
            Some(false) => none += 1,
            None => open += 1,
        }
    }
    assert!(
        plans >= 40 && none >= 40 && open <= 4,
        "{plans} {none} {open}"
    );
}
