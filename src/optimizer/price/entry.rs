//! What it would take to book a cell that a plan leaves out.
//!
//! A unit of an unused column is worth d = c − Σ yᵢaᵢ to the relaxation, at most 0 for multipliers y
//! of an optimum. Its fee and its conversions enter c and every aᵢ (spend, shares, commission, enforced targets)
//! in straight lines, so d is a straight line in either: its zero is where the cell is booked. The coefficients at other figures
//! are [`valuation`]'s, of a model with other terms. Where multipliers are not unique one zero may come too
//! early: the relaxation is solved again just beyond it, and if the cell is still left out, the new
//! multipliers give the next.

mod asked;

pub(crate) use asked::unused;

use std::cell::RefCell;

use super::basis::{Basis, Linear, size_of};
use crate::model::valuation::UnitValue;
use crate::model::{Cancel, Constraint, Form, Model, PlanSettings, UnusedCell};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::rows_asked;
use crate::optimizer::solver::solve;

/// How far beyond the zero the relaxation is solved again, relative.
const BEYOND: f64 = 1e-6;

/// Zeros tried for one cell.
const ZEROS: usize = 8;

/// Columns from which on a cell that fits beside the basis is not solved for again.
const WIDE: usize = 64;

/// Why a cell that the relaxation books is not booked.
const WHOLE: &str = "whole counts";

/// Why a cell is not booked that neither helps.
const NO_CHANGE: &str = "no change of its fee or its conversions alone";

/// Halvings of the range of a factor.
const HALVES: usize = 40;

/// An optimum better by this share is better.
const BETTER: f64 = 1e-8;

/// Conversions are not raised beyond so many times.
const FARTHEST: f64 = 1_000.0;

/// A program's columns and rules, which follow a model's terms.
pub(crate) trait Columns {
    /// The model.
    fn model(&self) -> &Model;

    /// Whether columns are bookings of several months: there are many, and the nearest are asked about first.
    fn over_months(&self) -> bool;

    /// The cell of a column.
    fn cell(&self, column: usize) -> usize;

    /// What one of each column costs and yields, and the rules over them, of a model with other terms.
    fn of(&self, model: &Model) -> (Vec<UnitValue>, Vec<Constraint>);

    /// What one of a column costs and yields, of a model with other terms.
    fn unit(&self, model: &Model, column: usize) -> UnitValue;
}

/// Which figure of a cell changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    Fee,
    Conversions,
}

/// A model with one figure of all cells (or one) times a factor.
fn changed(model: &Model, figure: Figure, factor: f64, only: Option<usize>) -> Model {
    let mut model = model.clone();
    for (i, cell) in model.cells.iter_mut().enumerate() {
        if only.is_some_and(|only| only != i) {
            continue;
        }
        match figure {
            Figure::Fee => {
                cell.terms.fee *= factor;
                cell.terms.fee_amount = cell.terms.fee_amount.map(|fee| fee * factor);
            }
            Figure::Conversions => cell.terms.conversion_lift *= factor,
        }
    }
    model
}

/// Columns of the relaxation with every cell's figure times a factor.
struct At {
    linear: Linear,
    units: Vec<UnitValue>,
    /// Shares of the budget that one of each column costs, a rule and its most each.
    largest: Vec<(Vec<f64>, f64)>,
}

impl At {
    /// `rules` are those of the model as it is, with the sums that programs hold.
    fn of(columns: &dyn Columns, model: &Model, rules: &[Constraint], size: f64) -> Self {
        let (units, mut own) = columns.of(model);
        let mut largest = Vec::new();
        for (own, rule) in own.iter_mut().zip(rules) {
            match &rule.form {
                Form::Excess(_) => own.form = rule.form.clone(),
                Form::Largest(_) => largest.extend(shares(own)),
                _ => {}
            }
            // Whether a cell's cost closes it is asked apart: it is no straight line.
            open(own);
        }
        Self {
            linear: Linear::new(&own, &Goal::of(model, &units), size),
            units,
            largest,
        }
    }

    fn objective(&self, cell: usize) -> f64 {
        self.linear.program.maximize[cell]
    }

    fn column(&self, cell: usize) -> Vec<f64> {
        let rows = self.linear.program.rows.iter();
        rows.map(|row| row.coefficients[cell]).collect()
    }

    /// What a unit of a cell is worth at multipliers.
    fn worth(&self, cell: usize, y: &[f64]) -> f64 {
        let rows = self.linear.program.rows.iter().zip(y);
        self.objective(cell) - rows.map(|(row, y)| y * row.coefficients[cell]).sum::<f64>()
    }
}

fn shares(constraint: &Constraint) -> Option<(Vec<f64>, f64)> {
    match (&constraint.form, constraint.high) {
        (Form::Largest(a), Some(high)) => Some((a.clone(), high)),
        _ => None,
    }
}

fn open(constraint: &mut Constraint) {
    if matches!(constraint.form, Form::Largest(_)) {
        constraint.high = None;
    }
}

struct Work<'a> {
    columns: &'a dyn Columns,
    rules: &'a [Constraint],
    settings: &'a PlanSettings,
    cancel: &'a Cancel,
    linear: Linear,
    basis: Basis,
    y: Vec<f64>,
    now: At,
    free: At,
    twice: At,
    /// Counts that break a sum of an excess which the program does not hold.
    broken: RefCell<Option<Vec<f64>>>,
}

impl<'a> Work<'a> {
    fn new(
        columns: &'a dyn Columns,
        rules: &'a [Constraint],
        settings: &'a PlanSettings,
        cancel: &'a Cancel,
    ) -> Option<Self> {
        let model = columns.model();
        let (units, _) = columns.of(model);
        let goal = Goal::of(model, &units);
        let size = size_of(&goal);
        let linear = Linear::new(rules, &goal, size);
        let basis = linear.solve()?;
        // At these factors: no fee, the present terms, twice the conversions.
        let at = |model: &Model| At::of(columns, model, rules, size);
        Some(Self {
            columns,
            y: basis.multipliers(),
            free: at(&changed(model, Figure::Fee, 0.0, None)),
            twice: at(&changed(model, Figure::Conversions, 2.0, None)),
            now: at(model),
            linear,
            basis,
            rules,
            settings,
            cancel,
            broken: RefCell::new(None),
        })
    }

    /// Whether the relaxation books a column.
    fn is_booked(&self, column: usize) -> bool {
        self.basis.counts()[column] > 1e-7 * self.units_of_t()
    }

    fn cell(&self, column: usize, solves: &mut usize) -> UnusedCell {
        let mut out = UnusedCell {
            month: None,
            until: None,
            cell: self.columns.cell(column),
            enters_at_unit_cost: None,
            fee_factor: None,
            enters_at_unit_revenue: None,
            conversion_factor: None,
            kept_out_by: None,
        };
        if self.is_booked(column) {
            out.kept_out_by = Some(WHOLE.to_owned());
            return out;
        }
        if let Some(rule) = self.shut(column) {
            out.kept_out_by = Some(rule);
            return out;
        }
        let fee = self.least_change(column, Figure::Fee, solves);
        let conversions = self.least_change(column, Figure::Conversions, solves);
        let at = |figure, factor| {
            let model = changed(self.columns.model(), figure, factor, Some(out.cell));
            self.columns.unit(&model, column)
        };
        out.enters_at_unit_cost = fee.map(|f| at(Figure::Fee, f).spend);
        out.enters_at_unit_revenue = conversions.map(|f| at(Figure::Conversions, f).revenue);
        out.fee_factor = fee;
        out.conversion_factor = conversions;
        if fee.is_none() && conversions.is_none() {
            out.kept_out_by = Some(match self.linear.closed[column] {
                Some(rule) => self.rules[rule].name.clone(),
                None => NO_CHANGE.to_owned(),
            });
        }
        out
    }

    /// Size of a creator among the counts of the relaxation.
    fn units_of_t(&self) -> f64 {
        let x = self.basis.counts();
        if x.len() > self.now.units.len() {
            x[x.len() - 1]
        } else {
            1.0
        }
    }

    /// The rule that leaves no room for a cell, whatever its figures: rows of signs that only zero fulfils.
    fn shut(&self, cell: usize) -> Option<String> {
        let rows = self.linear.program.rows.iter().zip(&self.linear.owners);
        rows.filter_map(|(row, owner)| Some((row, (*owner)?)))
            .find(|(row, _)| {
                let a = &row.coefficients;
                let most = row.high == Some(0.0) && a.iter().all(|&a| a >= 0.0) && a[cell] > 0.0;
                let least = row.low == Some(0.0) && a.iter().all(|&a| a <= 0.0) && a[cell] < 0.0;
                most || least
            })
            .map(|(_, owner)| self.rules[owner.constraint].name.clone())
    }

    /// A cell's worth at multipliers as a line in the figure's factor: at 1, and its slope.
    fn line(&self, cell: usize, figure: Figure, y: &[f64]) -> (f64, f64) {
        let now = self.now.worth(cell, y);
        match figure {
            Figure::Fee => (now, now - self.free.worth(cell, y)),
            Figure::Conversions => (now, self.twice.worth(cell, y) - now),
        }
    }

    /// Whether counts keep all sums of the rules that are an excess; a point that does not is remembered.
    fn holds(&self, x: &[f64]) -> Option<()> {
        let mut x = x.to_vec();
        if let Some(&t) = x.get(self.now.units.len()).filter(|t| **t > 0.0) {
            for x in &mut x {
                *x /= t;
            }
        }
        let breaks = |rule: &Constraint| rows_asked(rule, &x).is_some();
        if self.rules.iter().any(breaks) {
            self.broken.replace(Some(x));
            return None;
        }
        Some(())
    }

    /// The factor nearest to 1 at which a cell is booked; `None` if none is.
    fn least_change(&self, cell: usize, figure: Figure, solves: &mut usize) -> Option<f64> {
        let (first, last) = self.span(cell, figure)?;
        self.by_lines(cell, figure, (first, last), solves)
            .or_else(|| self.by_halves(cell, figure, (first, last), solves))
    }

    /// The factors that the largest share of the budget which a partnership may cost allows: the nearest to 1, and
    /// the farthest. `None` where there are none.
    fn span(&self, cell: usize, figure: Figure) -> Option<(f64, f64)> {
        if self.now.largest.len() > 1 {
            return self.span_of_months(cell, figure);
        }
        let [free, now, twice] =
            [&self.free, &self.now, &self.twice].map(|columns| columns.units[cell].spend);
        let ceiling = self.ceiling(cell);
        Some(match figure {
            // A fee low enough.
            Figure::Fee if now > ceiling && (free > ceiling || now <= free) => return None,
            Figure::Fee if now > ceiling => ((ceiling - free) / (now - free), 0.0),
            Figure::Fee => (1.0, 0.0),
            Figure::Conversions if now > ceiling => return None,
            // Commission must not raise the cost above it.
            Figure::Conversions if twice > now => {
                let most = 1.0 + (ceiling - now) / (twice - now);
                (1.0, most.min(FARTHEST))
            }
            Figure::Conversions => (1.0, FARTHEST),
        })
    }

    /// The same by the share of each month's cost.
    fn span_of_months(&self, column: usize, figure: Figure) -> Option<(f64, f64)> {
        let (mut first, mut last) = match figure {
            Figure::Fee => (1.0_f64, 0.0),
            Figure::Conversions => (1.0, FARTHEST),
        };
        let months = self.free.largest.iter().zip(&self.now.largest);
        for ((free, (now, high)), (twice, _)) in months.zip(&self.twice.largest) {
            let (free, now, twice) = (free.0[column], now[column], twice[column]);
            match figure {
                Figure::Fee if now > *high && (free > *high || now <= free) => return None,
                Figure::Fee if now > *high => first = first.min((high - free) / (now - free)),
                Figure::Conversions if now > *high => return None,
                Figure::Conversions if twice > now => {
                    last = last.min(1.0 + (high - now) / (twice - now));
                }
                Figure::Fee | Figure::Conversions => {}
            }
        }
        Some((first, last))
    }

    /// By zeros of lines, each of the multipliers found just beyond the one before.
    fn by_lines(
        &self,
        cell: usize,
        figure: Figure,
        (first, last): (f64, f64),
        solves: &mut usize,
    ) -> Option<f64> {
        let mut factor = first;
        let mut y = self.y.clone();
        for _ in 0..ZEROS {
            let (now, slope) = self.line(cell, figure, &y);
            let worth = now + (factor - 1.0) * slope;
            if worth <= self.basis.nothing {
                let zero = 1.0 - now / slope;
                let farther = match figure {
                    Figure::Fee => slope < 0.0 && (0.0..=factor).contains(&zero),
                    Figure::Conversions => slope > 0.0 && (factor..=last).contains(&zero),
                };
                if !farther {
                    return None;
                }
                factor = zero;
            }
            let beyond = match figure {
                Figure::Fee => (factor * (1.0 - BEYOND)).max(0.0),
                Figure::Conversions => factor * (1.0 + BEYOND),
            };
            let other = self.column(cell, figure, beyond);
            if self.now.units.len() > WIDE && self.basis.fits(&other.1) {
                return Some(factor);
            }
            *solves = solves.checked_sub(1)?;
            let basis = self.with_column(cell, &other).solve()?;
            self.holds(basis.counts())?;
            if basis.counts()[cell] > 1e-9 * self.units_of_t() {
                return Some(factor);
            }
            y = basis.multipliers();
            factor = beyond;
        }
        None
    }

    /// By halves, on whether the optimum is any better with the changed cell: where an optimum of many bases
    /// hides the way.
    fn by_halves(
        &self,
        cell: usize,
        figure: Figure,
        (first, last): (f64, f64),
        solves: &mut usize,
    ) -> Option<f64> {
        // No multipliers that keep the cell out at the farthest factor: nothing to look for.
        let (now, slope) = self.line(cell, figure, &self.y);
        if now + (last - 1.0) * slope <= self.basis.nothing {
            return None;
        }
        let mut enters = |factor: f64| {
            *solves = solves.checked_sub(1)?;
            let linear = self.with_column(cell, &self.column(cell, figure, factor));
            let solved = solve(&linear.program, self.settings, self.cancel);
            if solved.found() {
                self.holds(&solved.x)?;
            }
            let better = solved.objective - self.basis.value > BETTER * self.basis.value.abs();
            solved.found().then_some(better)
        };
        if !enters(last)? {
            return None;
        }
        let (mut out, mut within) = (first, last);
        for _ in 0..HALVES {
            let middle = 0.5 * (out + within);
            if enters(middle)? {
                within = middle;
            } else {
                out = middle;
            }
        }
        Some(within)
    }

    /// Most that a partnership may cost.
    fn ceiling(&self, cell: usize) -> f64 {
        let shares = self.rules.iter().filter_map(|c| match &c.form {
            Form::Largest(a) => Some((a[cell], c.high?)),
            _ => None,
        });
        let now = self.now.units[cell].spend;
        let most = shares.map(|(share, high)| {
            if share > 0.0 {
                high * now / share
            } else {
                f64::INFINITY
            }
        });
        most.fold(f64::INFINITY, f64::min)
    }

    /// A cell's objective and coefficients at a factor.
    fn column(&self, cell: usize, figure: Figure, factor: f64) -> (f64, Vec<f64>) {
        let (base, other, share) = match figure {
            Figure::Fee => (&self.free, &self.now, factor),
            Figure::Conversions => (&self.now, &self.twice, factor - 1.0),
        };
        let between = |a: f64, b: f64| a + share * (b - a);
        let a = base.column(cell);
        let b = other.column(cell);
        (
            between(base.objective(cell), other.objective(cell)),
            a.iter().zip(&b).map(|(&a, &b)| between(a, b)).collect(),
        )
    }

    fn with_column(&self, cell: usize, (objective, column): &(f64, Vec<f64>)) -> Linear {
        let mut linear = self.linear.with(self.linear.program.clone());
        linear.program.maximize[cell] = *objective;
        linear.program.columns[cell].high = f64::INFINITY;
        for (row, &a) in linear.program.rows.iter_mut().zip(column) {
            row.coefficients[cell] = a;
        }
        linear
    }
}
