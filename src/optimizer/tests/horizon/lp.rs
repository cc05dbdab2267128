//! The relaxation of a small horizon, written over months and cells from the rules as stated: no activity, no constraint of
//! the optimizer's.

use std::ops::Range;

use crate::model::valuation::{self, UnitValue};
use crate::model::{
    BookedAs, Bound, BudgetOver, Cancel, Model, Over, PipelineLaw, PlanSettings, Quantity,
};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::{Column, Program, Row};
use crate::optimizer::ratio::solve_relaxed;

/// One more way to book a cell: in some months, at figures of its own for each.
pub(super) struct Extra {
    pub(super) cell: usize,
    pub(super) months: Range<usize>,
    pub(super) units: Vec<UnitValue>,
}

/// A horizon's relaxation, with its budgets and least spends by month.
pub(super) struct Relaxation<'a> {
    pub(super) model: &'a Model,
    units: Vec<Vec<UnitValue>>,
    pub(super) budgets: Vec<f64>,
    pub(super) least: Vec<f64>,
    pub(super) extra: Option<Extra>,
}

/// Terms, least, most.
type Sparse = (Vec<(usize, f64)>, Option<f64>, Option<f64>);

impl<'a> Relaxation<'a> {
    pub(super) fn new(model: &'a Model) -> Self {
        let units = (0..model.months).map(|month| {
            (0..model.cells.len())
                .map(|cell| valuation::law_in(model, month, cell).expected())
                .collect()
        });
        let budgets: Vec<f64> = (0..model.months).map(|m| model.budget_of(m)).collect();
        Self {
            units: units.collect(),
            least: budgets.iter().map(|b| model.rules.min_spend * b).collect(),
            budgets,
            model,
            extra: None,
        }
    }

    /// The best objective, and how much of the extra booking it has.
    pub(super) fn optimum(&self) -> Option<(f64, f64)> {
        let (program, goal) = self.program();
        let solved = solve_relaxed(&program, &goal, &PlanSettings::default(), &Cancel::new());
        let extra = self.months() * self.model.cells.len();
        solved.found().then(|| {
            (
                solved.objective,
                solved.x.get(extra).copied().unwrap_or(0.0),
            )
        })
    }

    fn months(&self) -> usize {
        self.model.months
    }

    fn at(&self, month: usize, cell: usize) -> usize {
        month * self.model.cells.len() + cell
    }

    /// A sum over some months of something of each cell's figures.
    fn sum(
        &self,
        months: Range<usize>,
        of: impl Fn(usize, &UnitValue) -> f64,
    ) -> Vec<(usize, f64)> {
        let mut out = Vec::new();
        if let Some(extra) = &self.extra {
            let own = extra.months.clone().zip(&extra.units);
            let own = own.filter(|(month, _)| months.contains(month));
            let value = own.map(|(_, unit)| of(extra.cell, unit)).sum();
            out.push((self.at(self.months(), 0), value));
        }
        for month in months {
            for cell in 0..self.model.cells.len() {
                out.push((self.at(month, cell), of(cell, &self.units[month][cell])));
            }
        }
        out
    }

    fn rows(&self) -> Vec<Sparse> {
        let (model, rules, over) = (self.model, &self.model.rules, &self.model.horizon);
        let months = self.months();
        let all: f64 = self.budgets.iter().sum();
        let mut rows: Vec<Sparse> = Vec::new();
        let spend = |months: Range<usize>| self.sum(months, |_, unit| unit.spend);
        let tier = |cell: usize| model.cells[cell].tier;
        let by_month = over.diversity_over == Over::Month;
        for m in 0..months {
            match over.budget_over {
                BudgetOver::Month => rows.push((spend(m..m + 1), None, Some(self.budgets[m]))),
                BudgetOver::CarryOver => {
                    let released = self.budgets[..=m].iter().sum();
                    rows.push((spend(0..m + 1), None, Some(released)));
                }
                BudgetOver::Horizon => {}
            }
            let number = self.sum(m..m + 1, |_, _| 1.0);
            rows.push((number, rules.min_creators, None));
            for (t, own) in model.tiers.iter().enumerate() {
                let of = self.sum(m..m + 1, |cell, _| f64::from(u8::from(tier(cell) == t)));
                rows.push((of, None, own.max_creators));
            }
            let hours = self.sum(m..m + 1, |cell, _| model.cells[cell].terms.hours);
            rows.push((hours, None, rules.hours_per_month));
        }
        if over.budget_over == BudgetOver::Horizon {
            rows.push((spend(0..months), None, Some(all)));
        }
        if by_month && over.budget_over == BudgetOver::Month {
            for m in 0..months {
                rows.push((spend(m..m + 1), Some(self.least[m]), None));
            }
        } else {
            rows.push((spend(0..months), Some(self.least.iter().sum()), None));
        }
        rows.push((self.sum(0..months, |_, _| 1.0), Some(1.0), None));
        if let Some(band) = &rules.tier_budget_share[0] {
            let spans: Vec<Range<usize>> = if by_month {
                (0..months).map(|m| m..m + 1).collect()
            } else {
                std::iter::once(0..months).collect()
            };
            for span in spans {
                let less = |bound: f64| {
                    self.sum(span.clone(), |cell, unit| {
                        unit.spend * (f64::from(u8::from(tier(cell) == 0)) - bound)
                    })
                };
                rows.push((less(band.low), Some(0.0), None));
                rows.push((less(band.high), None, Some(0.0)));
            }
        }
        for target in &model.targets {
            let metric = target.metric;
            let (bound, least) = match target.bound {
                Bound::AtLeast(v) => (v, true),
                Bound::AtMost(v) => (v, false),
            };
            let of = |unit: &UnitValue, quantity: Quantity| unit.get(quantity).unwrap();
            let terms = self.sum(0..months, |_, unit| {
                let below = metric.denominator().map_or(0.0, |below| of(unit, below));
                metric.factor() * of(unit, metric.numerator()) - bound * below
            });
            let zero = if metric.denominator().is_some() {
                0.0
            } else {
                bound
            };
            rows.push((terms, least.then_some(zero), (!least).then_some(zero)));
        }
        self.waves(&mut rows);
        self.terms(&mut rows);
        rows
    }

    fn waves(&self, rows: &mut Vec<Sparse>) {
        for wave in &self.model.horizon.waves {
            let own = |cell: usize| {
                let booked_as = self.model.cells[cell].booked_as;
                f64::from(u8::from(matches!(booked_as, BookedAs::Wave(_))))
            };
            let (_, low, high) = &wave.counts[0];
            let all = 0..self.months();
            rows.push((self.sum(all.clone(), |c, _| own(c)), Some(*low), *high));
            for m in all.clone() {
                let days = wave.first_day..wave.first_day + wave.days;
                let days = days.filter(|day| (*day / 30) as usize == m).count() as f64;
                let most = high.map(|high| (high * days / f64::from(wave.days) - 1e-9).ceil());
                rows.push((self.sum(m..m + 1, |c, _| own(c)), None, most));
            }
            let (least, most) = wave.budget;
            let cost = self.sum(all, |c, unit| own(c) * unit.spend);
            rows.push((cost, least, most));
        }
    }

    /// Commitments stay for their term and do not grow after it. The extra booking is one by itself.
    fn terms(&self, rows: &mut Vec<Sparse>) {
        for (cell, own) in self.model.cells.iter().enumerate() {
            if let BookedAs::Level { start, .. } = own.booked_as {
                let term = self.model.horizon.levels[0].term_months;
                for m in start + 1..self.months() {
                    let less = vec![(self.at(m, cell), 1.0), (self.at(m - 1, cell), -1.0)];
                    rows.push((less, (m < start + term).then_some(0.0), Some(0.0)));
                }
            }
        }
    }

    fn program(&self) -> (Program, Goal) {
        let model = self.model;
        let (months, cells) = (self.months(), model.cells.len());
        let mut columns = vec![
            Column {
                low: 0.0,
                high: f64::INFINITY,
                integer: false,
            };
            months * cells + usize::from(self.extra.is_some())
        ];
        let by_month = model.horizon.diversity_over == Over::Month;
        let all: f64 = self.budgets.iter().sum();
        let most = model.rules.max_creator_budget_share;
        let dear = |month: usize, unit: &UnitValue| {
            let whole = if by_month { self.budgets[month] } else { all };
            most.is_some_and(|most| unit.spend / whole > most)
        };
        for month in 0..months {
            for cell in 0..cells {
                let closed = dear(month, &self.units[month][cell]);
                if closed || !model.months_of(cell).contains(&month) {
                    columns[self.at(month, cell)].high = 0.0;
                }
            }
        }
        if let Some(extra) = &self.extra {
            let mut own = extra.months.clone().zip(&extra.units);
            if own.any(|(month, unit)| dear(month, unit)) {
                columns[months * cells].high = 0.0;
            }
        }
        let mut rows = self.rows();
        self.needs(&mut rows, &mut columns);
        let width = columns.len();
        let dense = |terms: &[(usize, f64)]| {
            let mut out = vec![0.0; width];
            for (at, a) in terms {
                out[*at] += a;
            }
            out
        };
        let metric = valuation::objective_metric(model.objective);
        let total =
            |quantity: Quantity| dense(&self.sum(0..months, |_, unit| unit.get(quantity).unwrap()));
        let above: Vec<f64> = total(metric.numerator());
        let above: Vec<f64> = above.iter().map(|a| metric.factor() * a).collect();
        let goal = match metric.denominator() {
            None => Goal::Sum(above.clone()),
            Some(below) => Goal::Ratio {
                above: above.clone(),
                below: total(below),
            },
        };
        let rows = rows
            .iter()
            .filter(|row| row.1.is_some() || row.2.is_some())
            .map(|(terms, low, high)| Row {
                coefficients: dense(terms),
                low: *low,
                high: *high,
            })
            .collect();
        let program = Program {
            maximize: above,
            columns,
            rows,
        };
        (program, goal)
    }

    /// New partners of each month and cell as unknowns of their own, within what the pipeline delivers.
    fn needs(&self, rows: &mut Vec<Sparse>, columns: &mut Vec<Column>) {
        let model = self.model;
        let Some(pipeline) = &model.horizon.pipeline else {
            return;
        };
        let (kept, repeat) = (pipeline.kept(), pipeline.repeat.mean());
        let law = PipelineLaw::new(pipeline, &model.horizon);
        let mut needed = Vec::new();
        for m in 0..self.months() {
            for (cell, own) in model.cells.iter().enumerate() {
                let first = model.months_of(cell).start;
                if matches!(own.booked_as, BookedAs::Wave(_)) || m < first {
                    continue;
                }
                let stay = match own.booked_as {
                    BookedAs::Level { level, start }
                        if m < start + model.horizon.levels[level].term_months =>
                    {
                        kept
                    }
                    _ => kept * repeat,
                };
                // need − x + stay × x of the month before ≥ −those there at the start.
                let mut terms = vec![(columns.len(), 1.0), (self.at(m, cell), -1.0)];
                if m > first {
                    terms.push((self.at(m - 1, cell), stay));
                }
                if let Some(extra) = self.extra.as_ref().filter(|extra| extra.cell == cell) {
                    let z = self.at(self.months(), 0);
                    let there = |m: usize| f64::from(u8::from(extra.months.contains(&m)));
                    let before = if m > first { stay * there(m - 1) } else { 0.0 };
                    terms.push((z, before - there(m)));
                }
                let there = if m == first {
                    pipeline.starting[cell]
                } else {
                    0.0
                };
                rows.push((terms, Some(-there), None));
                needed.push((columns.len(), 1.0));
                columns.push(Column {
                    low: 0.0,
                    high: f64::INFINITY,
                    integer: false,
                });
            }
            let delivered = match pipeline.with {
                Some(p) => law.delivered_with(m, p) as f64,
                None => law.delivered_mean(m),
            };
            rows.push((needed.clone(), None, Some(delivered)));
        }
    }
}
