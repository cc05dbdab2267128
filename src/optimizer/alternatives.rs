//! Other whole-number plans that are as good within the gap and differ.
//!
//! Two plans x and y are apart by the share of partnerships that they do not share,
//! 1 − Σ min(xᵢ, yᵢ) / max(Σ xᵢ, Σ yᵢ), i the cells of a month or, over several months, months and cells. Among the plans that keep every rule and have an objective of at least
//! best − gap·|best|, the one farthest from the plan and the alternatives so far (from the nearest of
//! them) comes next, as long as it is [`APART`] away.
//!
//! Small programs search for it by branch and bound: Σ min(xᵢ, yᵢ) over the booked cells i of y is linear with
//! an amount oᵢ and a choice bᵢ each, oᵢ ≥ xᵢ − M bᵢ and oᵢ ≥ yᵢ bᵢ, and the largest of these overlaps is made
//! least. All programs, wide ones only so, also look at the plans with most and with fewest
//! partnerships of each tier, type, category and region (over months, of each month, wave and level too) among those good
//! enough, and take the farthest.
//!
//! Where creators act on each other, the search goes by what one more of each is worth within the plan;
//! what it finds is valued anew, as a whole, and held against the rules at its own values.

mod among;

pub(crate) use among::Among;

use std::time::Instant;

use crate::model::{Alternative, Cancel, Model, PlanSettings, joint};
use crate::optimizer::goal::Goal;
use crate::optimizer::horizon::is_one_program;
use crate::optimizer::presolve;
use crate::optimizer::program::{Column, Program, Row, rows_asked};
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

/// Programs with more of the sums of rules that are an excess, for one question.
const ROUNDS: usize = 8;

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
    } else if !is_one_program(model)
        && (joint::applies(model) || model.horizon.cross_promotion.is_some())
    {
        "its creators act on each other, in months that differ or hang together"
    } else {
        return None;
    };
    Some(format!(
        "plan {} has no alternatives to look for: {because}",
        model.name
    ))
}

/// Up to so many plans as `settings` ask for, as good as `first` within the gap, farthest first; and
/// whether the clock cut the search short. `first` is a point of `among`'s program, worth `best`.
pub(crate) fn alternatives(
    among: &Among<'_>,
    (first, best): (Vec<f64>, f64),
    settings: &PlanSettings,
    cancel: &Cancel,
) -> (Vec<Alternative>, bool) {
    let less = settings.gap.max(1e-9) * best.abs();
    let near_best = among.goal.value(&first);
    let mut finder = Finder {
        among,
        near: near(among.program, among.goal, near_best - less),
        floor: best - less,
        settings,
        cancel,
        started: Instant::now(),
    };
    let pool = finder.extremes(&first);
    let mut chosen = vec![among.placed(&first)];
    let mut points = vec![first];
    let mut out = Vec::new();
    while out.len() < settings.alternatives && !cancel.requested() {
        let Some((x, apart)) = finder.farthest(&points, &chosen, &pool) else {
            break;
        };
        let Some(objective) = (among.objective)(&x) else {
            break;
        };
        let placed = among.placed(&x);
        out.push(Alternative {
            objective,
            moved: distance(&chosen[0], &placed),
            apart,
            counts: (among.counts)(&x),
        });
        chosen.push(placed);
        points.push(x);
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
    among: &'a Among<'a>,
    near: Program,
    /// Least objective that is good enough.
    floor: f64,
    settings: &'a PlanSettings,
    cancel: &'a Cancel,
    started: Instant,
}

impl Finder<'_> {
    /// The plan farthest from those chosen (points, and their counts by place), of a pool and, in small programs, of all.
    fn farthest(
        &mut self,
        points: &[Vec<f64>],
        chosen: &[Vec<f64>],
        pool: &[Vec<f64>],
    ) -> Option<(Vec<f64>, f64)> {
        let among = self.among;
        let apart = |x: &[f64]| {
            let x = among.placed(x);
            let distances = chosen.iter().map(|c| distance(c, &x));
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
            && let Some(x) = self.least_overlap(&points[0], chosen)
        {
            consider(x);
        }
        best
    }

    fn good(&self, x: &[f64]) -> bool {
        let value = (self.among.value)(x).unwrap_or(f64::NEG_INFINITY);
        value >= self.floor - 1e-9 * self.floor.abs() && (self.among.keeps)(x)
    }

    fn part(&self, node_limit: u64, gap: f64) -> PlanSettings {
        PlanSettings {
            gap,
            node_limit,
            ..remaining(self.settings, self.started)
        }
    }

    /// Has the program hold the sums that a point breaks of rules that are an excess; whether there are any.
    fn hold(&mut self, x: &[f64]) -> bool {
        let asked = self.among.rules.iter();
        let asked: Vec<Row> = asked.filter_map(|rule| rows_asked(rule, x)).collect();
        let any = !asked.is_empty();
        self.near.rows.extend(asked);
        any
    }

    /// Branch and bound for the least largest overlap with the plans chosen.
    fn least_overlap(&mut self, first: &[f64], chosen: &[Vec<f64>]) -> Option<Vec<f64>> {
        for _ in 0..ROUNDS {
            let x = self.least_overlap_within(first, chosen)?;
            if !self.hold(&x) {
                return self.good(&x).then_some(x);
            }
        }
        None
    }

    fn least_overlap_within(&self, first: &[f64], chosen: &[Vec<f64>]) -> Option<Vec<f64>> {
        let n = self.near.columns.len();
        let mut columns = self.near.columns.clone();
        let mut capped = self.near.clone();
        presolve::presolve(&self.near)
            .ok()?
            .cap_into(&mut capped, MOST);
        for (column, capped) in columns.iter_mut().zip(&capped.columns) {
            column.high = capped.high;
        }
        // First the largest overlap, as a share; then an amount and a choice for each booked place of each plan.
        let amount = |high: f64, integer: bool| Column {
            low: 0.0,
            high,
            integer,
        };
        let mut start = first.to_vec();
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
                let own = &self.among.places[i];
                let most: f64 = own.iter().map(|&column| columns[column].high).sum();
                let takes = chosen[0][i] >= y;
                start.push(chosen[0][i].min(y));
                start.push(f64::from(u8::from(takes)));
                let mut above = vec![(o, 1.0)];
                above.extend(own.iter().map(|&column| (column, -1.0)));
                above.push((o + 1, most));
                rows.push((above, Some(0.0), None));
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
        solved.found().then_some(x)
    }

    /// The plans with most and with fewest partnerships of each group, and those with fewest of what
    /// the first plan books.
    fn extremes(&mut self, first: &[f64]) -> Vec<Vec<f64>> {
        let booked = first.iter().map(|&x| x > 0.0).collect();
        let among = self.among;
        let groups = std::iter::once(&booked).chain(&among.groups);
        let mut out: Vec<Vec<f64>> = Vec::new();
        let directions = groups.flat_map(|g| [(g, -1.0), (g, 1.0)]);
        let most = if first.len() > WIDE {
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
            for x in self.toward(&toward.collect::<Vec<f64>>(), first) {
                if !out.contains(&x) {
                    out.push(x);
                }
            }
        }
        out
    }

    /// Plans good enough that go far in a direction: searched for from its relaxation, and reached
    /// from the first plan along neighbours.
    fn toward(&mut self, direction: &[f64], first: &[f64]) -> Vec<Vec<f64>> {
        let mut found = Vec::new();
        for _ in 0..ROUNDS {
            let tried = self.toward_within(direction.to_vec(), first);
            let mut broken = 0;
            for x in &tried {
                broken += usize::from(self.hold(x));
            }
            found.extend(tried);
            if broken == 0 {
                break;
            }
        }
        found.retain(|x| self.good(x));
        found
    }

    fn toward_within(&self, direction: Vec<f64>, first: &[f64]) -> Vec<Vec<f64>> {
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
                structure: None,
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
        found
    }
}
