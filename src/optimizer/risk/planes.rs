//! Continuous programs of risk, solved by cutting planes in the space of counts.
//!
//! A sampled program has one unknown a trial (Rockafellar and Uryasev 2000). Here trials never enter the
//! program: at a plan x̂ the measure F of a rule and its slope are evaluated over all of them, and
//! F(x̂) + ∇F·(x − x̂) ≥ level is a row for the few unknowns that are counts (Künzi-Bay and Mayer 2006).
//! For concave F every such row holds for every plan that keeps the rule, and rows are added where
//! the optimum breaks a rule until it does not.

use std::time::Instant;

use crate::model::{Cancel, PlanSettings};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Column, Program, Row, dot};
use crate::optimizer::ratio::solve_relaxed;
use crate::optimizer::risk::rules::{Measure, Rule, Slope, Spread};
use crate::optimizer::solver::{INTERRUPTED, Solved, Verdict};

/// Rounds of cuts.
const ROUNDS: usize = 150;

/// How near a rule's level and the risk part of an objective are met, in sizes of the gain.
const NEAR: f64 = 1e-5;

/// Bounds of the auxiliary amount, in sizes of the gain.
const FAR: f64 = 1e3;

/// mean · E[G] + cvar · tail mean of G.
#[derive(Debug, Clone)]
pub(crate) struct Worth<'a> {
    pub(crate) mean: f64,
    pub(crate) cvar: f64,
    /// The tail mean; its level is not looked at.
    pub(crate) tail: Rule<'a>,
}

/// A model's program with its rules of risk.
pub(crate) struct Case<'a> {
    /// The linear program: one column a cell.
    pub(crate) program: &'a Program,
    /// Its objective.
    pub(crate) goal: &'a Goal,
    pub(crate) rules: Vec<Rule<'a>>,
    /// What is maximized in place of the goal.
    pub(crate) worth: Option<Worth<'a>>,
    /// Settings for continuous programs.
    pub(crate) relaxations: &'a PlanSettings,
    pub(crate) cancel: &'a Cancel,
    /// When the work began, and the seconds that it may take.
    pub(crate) clock: (Instant, f64),
}

/// What is asked of a continuous program.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// σ of every rule.
    pub(crate) spreads: Vec<Spread>,
    /// σ of the objective's tail.
    pub(crate) worth: Spread,
    /// Rules that are rows.
    pub(crate) hard: Vec<usize>,
    /// Rules whose least distance above their levels is maximized in place of the goal.
    pub(crate) lifted: Vec<usize>,
    /// How far within their levels rules are kept, in sizes of the gain.
    pub(crate) margin: f64,
}

/// A row that a rule's measure gave.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    rule: usize,
    pub(crate) row: Row,
}

/// The optimum of a continuous program.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) solved: Solved,
    /// Its point without the auxiliary amount.
    pub(crate) counts: Vec<f64>,
    /// The last program with its cuts, and what it maximizes.
    pub(crate) program: Program,
    pub(crate) goal: Goal,
    /// The cuts of hard rules.
    pub(crate) cuts: Vec<Cut>,
}

impl Case<'_> {
    pub(crate) fn cells(&self) -> usize {
        self.program.columns.len()
    }

    /// Whether the time is up.
    pub(crate) fn clocked(&self) -> bool {
        self.clock.0.elapsed().as_secs_f64() >= self.clock.1
    }

    /// Whether to come to an end: the time is up, or the user asked for it.
    pub(crate) fn over(&self) -> bool {
        self.cancel.requested() || self.clocked()
    }

    /// What is maximized, at a plan.
    pub(crate) fn value(&self, x: &[f64]) -> f64 {
        let plain = self.goal.value(x);
        match &self.worth {
            Some(worth) => worth.mean * plain + worth.cvar * worth.tail.value(x).value,
            None => plain,
        }
    }

    /// Whether a plan keeps every rule of risk.
    pub(crate) fn keeps(&self, x: &[f64]) -> bool {
        self.rules.iter().all(|rule| rule.keeps(x))
    }

    /// Least distance of a plan above the levels, in sizes of the gains.
    pub(crate) fn slack(&self, x: &[f64]) -> f64 {
        self.rules
            .iter()
            .map(|rule| rule.above(rule.value(x).value))
            .fold(f64::INFINITY, f64::min)
    }

    /// The tangent of what is maximized, with σ as given: slope and value at a plan.
    pub(crate) fn tangent(&self, x: &[f64], spread: &Spread) -> Slope {
        let Goal::Sum(c) = self.goal else {
            return Slope {
                value: self.goal.value(x),
                by_count: vec![0.0; x.len()],
            };
        };
        let Some(worth) = &self.worth else {
            return Slope {
                value: dot(c, x),
                by_count: c.clone(),
            };
        };
        let tail = worth.tail.slope(x, spread);
        Slope {
            value: worth.mean * dot(c, x) + worth.cvar * tail.value,
            by_count: c
                .iter()
                .zip(&tail.by_count)
                .map(|(c, g)| worth.mean * c + worth.cvar * g)
                .collect(),
        }
    }

    /// The row of a rule's cut at a plan; `t` is what the auxiliary amount adds to the level.
    fn row(&self, rule: &Rule<'_>, x: &[f64], slope: &Slope, margin: f64, t: Option<f64>) -> Row {
        let level = rule.least + margin * rule.scale;
        let mut coefficients = slope.by_count.clone();
        coefficients.extend(t.map(|t| -t));
        coefficients.resize(self.columns(t.is_some() || self.worth.is_some()), 0.0);
        Row {
            coefficients,
            low: Some(level - slope.value + dot(&slope.by_count, x)),
            high: None,
        }
    }

    fn columns(&self, auxiliary: bool) -> usize {
        self.cells() + usize::from(auxiliary)
    }

    /// The continuous optimum, with cuts known before; `starts` are plans at which everything is cut first.
    pub(crate) fn converge(&self, ask: &Ask, starts: &[&[f64]], known: Vec<Cut>) -> Answer {
        let n = self.cells();
        let lifts = !ask.lifted.is_empty();
        let auxiliary = lifts || self.worth.is_some();
        let mut program = self.program.clone();
        for row in &mut program.rows {
            row.coefficients.resize(self.columns(auxiliary), 0.0);
        }
        let goal = self.objective(&mut program, lifts);
        let own = program.rows.len();
        let mut cuts = known;
        let mut others: Vec<Row> = Vec::new();
        let mut points: Vec<Vec<f64>> = starts.iter().map(|x| x.to_vec()).collect();
        let mut t_at = FAR;
        let mut solved =
            Solved::without_point(Verdict::Failed("no round was run".to_owned()), "none");
        for _ in 0..ROUNDS {
            let mut added = false;
            for x in std::mem::take(&mut points) {
                added |= self.cut_at(&x, t_at, ask, &mut cuts, &mut others);
            }
            if !added && solved.found() {
                break;
            }
            program.rows.truncate(own);
            program.rows.extend(cuts.iter().map(|cut| {
                let mut row = cut.row.clone();
                row.coefficients.resize(self.columns(auxiliary), 0.0);
                row
            }));
            program.rows.extend(others.iter().cloned());
            solved = solve_relaxed(&program, &goal, self.relaxations, self.cancel);
            if self.cancel.requested() {
                solved =
                    Solved::without_point(Verdict::Failed(INTERRUPTED.to_owned()), solved.solver);
            }
            // Every program on the way is a relaxation of the last one.
            if !solved.found() || self.clocked() {
                break;
            }
            let x: Vec<f64> = solved.x[..n].iter().map(|x| x.max(0.0)).collect();
            t_at = solved.x.get(n).copied().unwrap_or(FAR);
            points = vec![x];
        }
        let counts = if solved.found() {
            solved.x[..n].iter().map(|x| x.max(0.0)).collect()
        } else {
            Vec::new()
        };
        Answer {
            solved,
            counts,
            program,
            goal,
            cuts,
        }
    }

    /// Adds the cuts of hard rules that a plan asks for; whether there were any.
    pub(crate) fn cut_here(&self, x: &[f64], ask: &Ask, cuts: &mut Vec<Cut>) -> bool {
        // No amount is below that: neither lifted rules nor an objective ask for a cut.
        self.cut_at(x, f64::NEG_INFINITY, ask, cuts, &mut Vec::new())
    }

    /// The auxiliary column and the objective of a program.
    fn objective(&self, program: &mut Program, lifts: bool) -> Goal {
        let n = self.cells();
        if !lifts && self.worth.is_none() {
            return self.goal.clone();
        }
        program.columns.push(Column {
            low: -FAR,
            high: FAR,
            integer: false,
        });
        let mut maximize = vec![0.0; n + 1];
        if lifts {
            maximize[n] = 1.0;
        } else if let (Some(worth), Goal::Sum(c)) = (&self.worth, self.goal) {
            for (m, c) in maximize.iter_mut().zip(c) {
                *m = worth.mean * c;
            }
            maximize[n] = worth.cvar * worth.tail.scale;
        }
        program.maximize.clone_from(&maximize);
        Goal::Sum(maximize)
    }

    /// Adds the cuts that a point asks for; whether there were any.
    fn cut_at(
        &self,
        x: &[f64],
        t: f64,
        ask: &Ask,
        cuts: &mut Vec<Cut>,
        others: &mut Vec<Row>,
    ) -> bool {
        let mut added = false;
        for &k in &ask.hard {
            let rule = &self.rules[k];
            let slope = rule.slope(x, &ask.spreads[k]);
            if rule.above(slope.value) < ask.margin - NEAR {
                if matches!(rule.measure, Measure::Quantile(p) if p < 0.5) {
                    // Nearly convex: only its last tangent lies below it near where it was taken.
                    cuts.retain(|cut| cut.rule != k);
                }
                let mut row = self.row(rule, x, &slope, ask.margin, None);
                row.coefficients.truncate(self.cells());
                cuts.push(Cut { rule: k, row });
                added = true;
            }
        }
        for &k in &ask.lifted {
            let rule = &self.rules[k];
            let slope = rule.slope(x, &ask.spreads[k]);
            if rule.above(slope.value) < t - NEAR {
                others.push(self.row(rule, x, &slope, 0.0, Some(rule.scale)));
                added = true;
            }
        }
        if ask.lifted.is_empty()
            && let Some(worth) = &self.worth
        {
            let slope = worth.tail.slope(x, &ask.worth);
            let scale = worth.tail.scale;
            if slope.value < (t - NEAR) * scale {
                let mut coefficients: Vec<f64> = slope.by_count.iter().map(|g| g / scale).collect();
                coefficients.push(-1.0);
                others.push(Row {
                    coefficients,
                    low: Some((dot(&slope.by_count, x) - slope.value) / scale),
                    high: None,
                });
                added = true;
            }
        }
        added
    }
}
