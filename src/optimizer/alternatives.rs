//! Other whole-number plans that are as good within the gap and differ.
//!
//! Two plans x and y are apart by the share of partnerships that they do not share,
//! 1 − Σ min(xᵢ, yᵢ) / max(Σ xᵢ, Σ yᵢ). Among the plans that keep every rule and have an objective of at least
//! best − gap·|best|, the one farthest from the plan and the alternatives so far (from the nearest of
//! them) comes next, as long as it is [`APART`] away.
//!
//! Small programs search for it by branch and bound: Σ min(xᵢ, yᵢ) over the booked cells i of y is linear with
//! an amount oᵢ and a choice bᵢ each, oᵢ ≥ xᵢ − M bᵢ and oᵢ ≥ yᵢ bᵢ, and the largest of these overlaps is made
//! least. All programs, wide ones only so, also look at the plans with most and with fewest
//! partnerships of each tier, type, category and region among those good enough, and take the farthest.
//!
//! Where creators act on each other, the search goes by what one more of each is worth within the plan;
//! what it finds is valued anew, as a whole, and held against the rules at its own values.

use std::time::Instant;

use crate::model::valuation;
use crate::model::{Alternative, Cancel, Model, Plan, PlanSettings, joint};
use crate::optimizer::check::check;
use crate::optimizer::goal::Goal;
use crate::optimizer::horizon::is_one_program;
use crate::optimizer::presolve;
use crate::optimizer::program::{Column, Program, Row};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::search::Neighbourhood;
use crate::optimizer::solver::{remaining, solve_from};
use crate::optimizer::whole::Search;

/// A row by its terms, with its bounds.
type Sparse = (Vec<(usize, f64)>, Option<f64>, Option<f64>);

/// Least share of partnerships that two plans do not share, to count as different.
pub const APART: f64 = 0.1;

/// Most columns of a program whose farthest plan is searched for by branch and bound.
const SMALL: usize = 48;

/// Nodes of that search.
const NODES: u64 = 4_000;

/// Nodes of a search for the plan with most of something.
const DIRECTION_NODES: u64 = 200;

/// Most such searches.
const DIRECTIONS: usize = 40;

/// Most of them in a program of more columns than [`WIDE`].
const WIDE_DIRECTIONS: usize = 12;

/// Columns from which on a search is dear.
const WIDE: usize = 200;

/// Columns that nothing bounds lie below it.
const MOST: f64 = 1e6;

/// Why a model's plans have no alternatives to look for, if they have none.
///
/// What is as good is judged by expectations, which another plan's promises of its risk are none of.
#[must_use]
pub fn no_alternatives(model: &Model) -> Option<String> {
    let because = if model.counts.is_some() {
        "its counts are given, not optimized"
    } else if model.fractional_counts {
        "its counts need not be whole, so that as good plans form a continuum"
    } else if model.risk.applies() {
        "it promises something of its risk, which only a plan made for it is known to keep"
    } else if !is_one_program(model) {
        "its months differ or hang together, so that other plans differ in one month here and another there"
    } else {
        return None;
    };
    Some(format!(
        "plan {} has no alternatives to look for: {because}",
        model.name
    ))
}

/// Up to so many plans as `settings` ask for, as good as `plan` within the gap, farthest first; and
/// whether the clock cut the search short.
pub(crate) fn alternatives(
    model: &Model,
    program: &Program,
    goal: &Goal,
    plan: &Plan,
    settings: &PlanSettings,
    cancel: &Cancel,
) -> (Vec<Alternative>, bool) {
    if settings.alternatives == 0 || no_alternatives(model).is_some() || !plan.is_usable() {
        return (Vec::new(), false);
    }
    let first = plan.counts.row(0).to_vec();
    let together = joint::applies(model);
    let near_best = goal.value(&first);
    let best = if together {
        plan.objective.unwrap_or(near_best)
    } else {
        near_best
    };
    let less = settings.gap.max(1e-9) * best.abs();
    let finder = Finder {
        model,
        near: near(program, goal, near_best - less),
        goal,
        together,
        floor: best - less,
        settings,
        cancel,
        started: Instant::now(),
    };
    let pool = finder.extremes(&first);
    let mut chosen = vec![first];
    let mut out = Vec::new();
    while out.len() < settings.alternatives && !cancel.requested() {
        let Some((x, apart)) = finder.farthest(&chosen, &pool) else {
            break;
        };
        let Some(objective) = finder.objective(&x) else {
            break;
        };
        out.push(Alternative {
            objective,
            moved: distance(&chosen[0], &x),
            apart,
            counts: x.clone(),
        });
        chosen.push(x);
    }
    let clocked = finder.started.elapsed().as_secs_f64() > settings.time_limit;
    (out, clocked)
}

/// 1 − Σ min(xᵢ, yᵢ) / max(Σ xᵢ, Σ yᵢ).
pub(crate) fn distance(x: &[f64], y: &[f64]) -> f64 {
    let shared: f64 = x.iter().zip(y).map(|(x, y)| x.min(*y)).sum();
    let larger = x.iter().sum::<f64>().max(y.iter().sum());
    if larger > 0.0 {
        1.0 - shared / larger
    } else {
        0.0
    }
}

/// The program of all plans good enough: one more row.
fn near(program: &Program, goal: &Goal, floor: f64) -> Program {
    let mut near = program.clone();
    let (coefficients, low) = match goal {
        Goal::Sum(c) => (c.clone(), floor),
        Goal::Ratio { above, below } => {
            let less = above.iter().zip(below).map(|(r, s)| r - floor * s);
            (less.collect(), 0.0)
        }
    };
    near.rows.push(Row {
        coefficients,
        low: Some(low),
        high: None,
    });
    near
}

struct Finder<'a> {
    model: &'a Model,
    near: Program,
    goal: &'a Goal,
    /// Whether creators act on each other.
    together: bool,
    /// Least objective that is good enough.
    floor: f64,
    settings: &'a PlanSettings,
    cancel: &'a Cancel,
    started: Instant,
}

impl Finder<'_> {
    /// The plan farthest from those chosen, of a pool and, in small programs, of all.
    fn farthest(&self, chosen: &[Vec<f64>], pool: &[Vec<f64>]) -> Option<(Vec<f64>, f64)> {
        let apart = |x: &[f64]| {
            let distances = chosen.iter().map(|c| distance(c, x));
            distances.fold(f64::INFINITY, f64::min)
        };
        let mut best: Option<(Vec<f64>, f64)> = None;
        let mut consider = |x: Vec<f64>| {
            let apart = apart(&x);
            if apart >= APART - 1e-9 && best.as_ref().is_none_or(|b| apart > b.1 + 1e-12) {
                best = Some((x, apart));
            }
        };
        pool.iter().cloned().for_each(&mut consider);
        if self.near.columns.len() <= SMALL
            && let Some(x) = self.least_overlap(chosen)
        {
            consider(x);
        }
        best
    }

    /// The objective of counts.
    fn objective(&self, x: &[f64]) -> Option<f64> {
        let units = if self.together {
            valuation::units_in(self.model, x)
        } else {
            valuation::units(self.model)
        };
        valuation::objective(&units, x, self.model.objective)
    }

    fn good(&self, x: &[f64]) -> bool {
        let value = if self.together {
            self.objective(x).unwrap_or(f64::NEG_INFINITY)
        } else {
            self.goal.value(x)
        };
        value >= self.floor - 1e-9 * self.floor.abs() && check(self.model, x).is_empty()
    }

    fn part(&self, node_limit: u64, gap: f64) -> PlanSettings {
        PlanSettings {
            gap,
            node_limit,
            ..remaining(self.settings, self.started)
        }
    }

    /// Branch and bound for the least largest overlap with the plans chosen.
    fn least_overlap(&self, chosen: &[Vec<f64>]) -> Option<Vec<f64>> {
        let n = self.near.columns.len();
        let mut columns = self.near.columns.clone();
        let mut capped = self.near.clone();
        presolve::presolve(&self.near)
            .ok()?
            .cap_into(&mut capped, MOST);
        for (column, capped) in columns.iter_mut().zip(&capped.columns) {
            column.high = capped.high;
        }
        // First the largest overlap, as a share; then an amount and a choice for each booked cell of each plan.
        let amount = |high: f64, integer: bool| Column {
            low: 0.0,
            high,
            integer,
        };
        let mut start = chosen[0].clone();
        let top = n;
        columns.push(amount(1.0, false));
        start.push(1.0);
        let mut rows: Vec<Sparse> = Vec::new();
        for y in chosen {
            let total: f64 = y.iter().sum();
            let mut overlap = vec![(top, -total)];
            for (i, &y) in y.iter().enumerate().filter(|&(_, &y)| y > 0.0) {
                let o = columns.len();
                columns.push(amount(y, false));
                columns.push(amount(1.0, true));
                let most = columns[i].high;
                let takes = chosen[0][i] >= y;
                start.push(chosen[0][i].min(y));
                start.push(f64::from(u8::from(takes)));
                rows.push((vec![(o, 1.0), (i, -1.0), (o + 1, most)], Some(0.0), None));
                rows.push((vec![(o, 1.0), (o + 1, -y)], Some(0.0), None));
                overlap.push((o, 1.0));
            }
            rows.push((overlap, None, Some(0.0)));
        }
        let width = columns.len();
        let mut program = Program {
            maximize: vec![0.0; width],
            columns,
            rows: self.near.rows.clone(),
        };
        program.maximize[top] = -1.0;
        for row in &mut program.rows {
            row.coefficients.resize(width, 0.0);
        }
        for (terms, low, high) in rows {
            let mut coefficients = vec![0.0; width];
            for (at, a) in terms {
                coefficients[at] += a;
            }
            program.rows.push(Row {
                coefficients,
                low,
                high,
            });
        }
        let settings = self.part(NODES, 0.01);
        let solved = solve_from(&program, Some(&start), &settings, self.cancel);
        let x: Vec<f64> = solved.x.get(..n)?.iter().map(|x| x.round()).collect();
        (solved.found() && self.good(&x)).then_some(x)
    }

    /// The plans with most and with fewest partnerships of each group, and those with fewest of what
    /// the first plan books.
    fn extremes(&self, first: &[f64]) -> Vec<Vec<f64>> {
        let cells = &self.model.cells;
        let mut groups: Vec<Vec<bool>> = vec![first.iter().map(|&x| x > 0.0).collect()];
        let mut add = |of: &dyn Fn(usize) -> Option<usize>, n: usize| {
            for group in 0..n {
                groups.push((0..cells.len()).map(|i| of(i) == Some(group)).collect());
            }
        };
        add(&|i| Some(cells[i].tier), self.model.tiers.len());
        add(
            &|i| Some(cells[i].partnership),
            self.model.partnerships.len(),
        );
        add(&|i| cells[i].category, self.model.categories.len());
        add(&|i| cells[i].region, self.model.regions.len());
        let mut out: Vec<Vec<f64>> = Vec::new();
        let directions = groups.iter().flat_map(|g| [(g, -1.0), (g, 1.0)]);
        let most = if cells.len() > WIDE {
            WIDE_DIRECTIONS
        } else {
            DIRECTIONS
        };
        for (group, sign) in directions.take(most) {
            if self.cancel.requested()
                || self.started.elapsed().as_secs_f64() > self.settings.time_limit
            {
                break;
            }
            let toward = group.iter().map(|&own| if own { sign } else { 0.0 });
            for x in self.toward(toward.collect(), first) {
                if !out.contains(&x) {
                    out.push(x);
                }
            }
        }
        out
    }

    /// Plans good enough that go far in a direction: searched for from its relaxation, and reached
    /// from the first plan along neighbours.
    fn toward(&self, direction: Vec<f64>, first: &[f64]) -> Vec<Vec<f64>> {
        let goal = Goal::Sum(direction.clone());
        let program = Program {
            maximize: direction,
            ..self.near.clone()
        };
        let mut found = Vec::new();
        let near = Neighbourhood::new(&program, &goal);
        let point = near.point(first.to_vec());
        if near.violation(&point) == 0.0 {
            found.push(near.polish(point).x);
        }
        let settings = self.part(DIRECTION_NODES, 0.02);
        let relaxed = solve_relaxed(&program, &goal, &settings, self.cancel);
        if relaxed.found() {
            let search = Search {
                program: &program,
                goal: &goal,
                settings: &settings,
                relaxations: &settings,
                cancel: self.cancel,
                started: self.started,
            };
            let solved = search.best(&relaxed);
            if solved.found() {
                found.push(solved.x.iter().map(|x| x.round()).collect());
            }
        }
        found.retain(|x| self.good(x));
        found
    }
}
