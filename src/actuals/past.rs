//! Months that happened, as outcomes that are the same in every trial.

use ndarray::Array2;

use super::observe::{booked, sold};
use super::remaining::Remaining;
use super::update::posterior;
use crate::model::valuation::{self, UnitValue};
use crate::model::{Actuals, CellBlock, Model, PlanBlock, Quantity};

/// Actual totals by month and cell of a model, and where cells of the months to come stand in it.
#[derive(Debug, Clone)]
pub struct Past {
    months: usize,
    /// Cells of the model, by the cells of the months to come.
    cells: Vec<usize>,
    rows: Vec<Happened>,
    /// Partnerships by month and cell: of the months that happened.
    counts: Array2<f64>,
}

/// What one cell cost and yielded in one month.
#[derive(Debug, Clone)]
struct Happened {
    month: usize,
    cell: usize,
    /// By [`Quantity::SIMULATED`]: `None` where the tier does not define it, NaN where it is not known.
    values: [Option<f64>; 6],
    /// Revenue by month of sale from the month on; empty where all comes at once.
    sold: Vec<f64>,
}

impl Happened {
    /// Of totals until the end of the months that happened: what is still to come of a month's sales is added, in the proportion that the
    /// response takes, with the commission on it. Where posts come days after their booking (`later`, all that is expected of
    /// them), few or none may be there yet, and what is still to come is what is expected of the rest.
    fn new(
        model: &Model,
        months: usize,
        (month, cell): (usize, usize),
        mut values: [Option<f64>; 6],
        later: Option<[Option<f64>; 6]>,
    ) -> Self {
        let came: f64 = sold(model, months, month, cell).iter().sum();
        let mut by_month = Vec::new();
        if let Some(expected) = later {
            return Self {
                month,
                cell,
                sold: Self::add_later(model, months, (month, cell), &mut values, expected),
                values,
            };
        }
        if came < 1.0 && came > 0.0 {
            let [spend, .., conversions, revenue] = &mut values;
            let until_now = revenue.unwrap_or(0.0);
            let all = until_now / came;
            *revenue = revenue.map(|r| r / came);
            *conversions = conversions.map(|n| n / came);
            let commission = model.cells[cell].terms.commission;
            *spend = spend.map(|s| s + commission * (all - until_now));
            let mut shares = model.response_shares(month, cell);
            // What comes after the horizon has no entry.
            shares.pop();
            by_month = shares.into_iter().map(|share| share * all).collect();
        }
        Self {
            month,
            cell,
            values,
            sold: by_month,
        }
    }

    /// Adds what is expected of posts and sales still to come, with the commission on it, and gives revenue by month of sale.
    fn add_later(
        model: &Model,
        months: usize,
        (month, cell): (usize, usize),
        values: &mut [Option<f64>; 6],
        expected: [Option<f64>; 6],
    ) -> Vec<f64> {
        let posted = there(model, months, (month, cell), Quantity::Impressions);
        let came = there(model, months, (month, cell), Quantity::Revenue);
        let until_now = values[5].unwrap_or(0.0);
        let all = expected[5].unwrap_or(0.0);
        let left = |value: Option<f64>, of: Option<f64>, share: f64| {
            value.map(|v| v + (1.0 - share) * of.unwrap_or(0.0))
        };
        let [spend, seen @ .., conversions, revenue] = values;
        for (value, of) in seen.iter_mut().zip(&expected[1..]) {
            *value = left(*value, *of, posted);
        }
        *conversions = left(*conversions, expected[4], came);
        *revenue = left(*revenue, expected[5], came);
        let commission = model.cells[cell].terms.commission;
        *spend = spend.map(|s| s + commission * (1.0 - came) * all);
        let mut shares = model.response_shares(month, cell);
        shares.pop();
        let happened = months - month;
        let of = |(later, share): (usize, f64)| {
            if later >= happened {
                share * all
            } else if came > 0.0 {
                share / came * until_now
            } else if later + 1 == happened {
                until_now
            } else {
                0.0
            }
        };
        shares.into_iter().enumerate().map(of).collect()
    }
}

/// Share of a quantity of what a cell booked in a month that is there at the end of the months that happened, where posts come
/// days after their booking.
pub(super) fn there(
    model: &Model,
    months: usize,
    (month, cell): (usize, usize),
    quantity: Quantity,
) -> f64 {
    match quantity {
        Quantity::Impressions | Quantity::Engagements | Quantity::Clicks => {
            if model.cells[cell].terms.post_days == 0 {
                return 1.0;
            }
            let end = f64::from(model.horizon.first_day(months));
            model.response(month, cell).posted_by(end)
        }
        Quantity::Conversions | Quantity::Revenue => sold(model, months, month, cell).iter().sum(),
        Quantity::Spend | Quantity::Profit | Quantity::NetReach => 1.0,
    }
}

impl Past {
    /// Spreads actual totals over the cells of their tier and type: each quantity as the plan expected it of them.
    #[must_use]
    pub fn new(model: &Model, counts: &Array2<f64>, actuals: &Actuals, left: &Remaining) -> Self {
        let mut rows = Vec::new();
        let mut there_were = Array2::zeros((actuals.months, model.cells.len()));
        // What is expected now of posts that are not there yet.
        let believed = model.posts_later().then(|| Model {
            belief: Some(posterior(model, counts, actuals)),
            ..model.clone()
        });
        for row in &actuals.rows {
            let mut cells = booked(model, counts, row);
            cells.retain(|(_, count)| *count > 0.0);
            if cells.is_empty() {
                // Something happened that nobody planned: as one partnership.
                let nothing = row.spend == 0.0 && row.conversions == 0.0 && row.revenue == 0.0;
                let own = |cell: &usize| {
                    let c = &model.cells[*cell];
                    c.tier == row.tier && c.partnership == row.partnership
                };
                match (0..model.cells.len()).find(own) {
                    Some(cell) if !nothing => cells.push((cell, 1.0)),
                    _ => continue,
                }
            }
            let mut month = counts.row(row.month).to_vec();
            for &(cell, count) in &cells {
                month[cell] = count;
                there_were[[row.month, cell]] += count;
            }
            let units = valuation::units_in_month(model, row.month, &month);
            let later = |cell: usize| model.cells[cell].terms.post_days > 0;
            let any_later = cells.iter().any(|&(cell, _)| later(cell));
            let now = match &believed {
                Some(believed) if any_later => {
                    valuation::units_in_month(believed, row.month, &month)
                }
                _ => Vec::new(),
            };
            for &(cell, count) in &cells {
                let values = Quantity::SIMULATED.map(|quantity| {
                    if !model.defines(row.tier, quantity) {
                        return None;
                    }
                    let weight = |&(cell, count): &(usize, f64)| {
                        let all = count * units[cell].get(quantity).unwrap_or(0.0);
                        if any_later {
                            all * there(model, actuals.months, (row.month, cell), quantity)
                        } else {
                            all
                        }
                    };
                    let all: f64 = cells.iter().map(weight).sum();
                    let number: f64 = cells.iter().map(|(_, count)| count).sum();
                    let share = if all > 0.0 {
                        weight(&(cell, count)) / all
                    } else {
                        count / number
                    };
                    Some(row.get(quantity).map_or(f64::NAN, |total| total * share))
                });
                let at = (row.month, cell);
                let expected = later(cell).then(|| {
                    Quantity::SIMULATED.map(|q| now.get(cell)?.get(q).map(|each| count * each))
                });
                rows.push(Happened::new(model, actuals.months, at, values, expected));
            }
        }
        rows.sort_by_key(|row| (row.month, row.cell));
        Self {
            months: actuals.months,
            cells: left.cells.clone(),
            rows,
            counts: there_were,
        }
    }

    /// What one partnership cost and brought, by month and cell, for [`Model::happened`]. What was not known, clicks say, is left out.
    #[must_use]
    pub fn units(&self, model: &Model) -> Vec<(usize, usize, UnitValue)> {
        let of = |row: &Happened| {
            let count = self.counts[[row.month, row.cell]];
            let each = |i: usize| row.values[i].map(|value| value / count);
            let known = |i: usize| each(i).filter(|value| value.is_finite());
            let (spend, revenue) = (each(0)?, each(5)?);
            let unit = UnitValue {
                spend,
                impressions: known(1),
                engagements: known(2),
                clicks: known(3),
                conversions: each(4)?,
                revenue,
                profit: model.order.margin * revenue - spend,
                hours: valuation::law(model, row.cell).expected().hours,
            };
            (count > 0.0).then_some((row.month, row.cell, unit))
        };
        self.rows.iter().filter_map(of).collect()
    }

    /// Partnerships of the months that happened, and in front of `to_come`, a plan of the months after them.
    #[must_use]
    pub fn and(&self, to_come: &Array2<f64>) -> Array2<f64> {
        let mut out = Array2::zeros((self.months + to_come.nrows(), self.counts.ncols()));
        for ((month, cell), &count) in self.counts.indexed_iter() {
            out[[month, cell]] = count;
        }
        for ((month, cell), &count) in to_come.indexed_iter() {
            out[[self.months + month, self.cells[cell]]] += count;
        }
        out
    }

    /// Puts the months that happened in front of simulated ones.
    pub fn complete(&self, block: &mut PlanBlock, trials: usize) {
        for cell in &mut block.cells {
            cell.month += self.months;
            cell.cell = self.cells[cell.cell];
        }
        for audience in &mut block.audiences {
            audience.month += self.months;
        }
        let constant = |row: &Happened| {
            let column =
                |i: usize| row.values[i].map_or_else(Vec::new, |value| vec![value; trials]);
            CellBlock {
                spend: column(0),
                impressions: column(1),
                engagements: column(2),
                clicks: column(3),
                conversions: column(4),
                revenue: column(5),
                month: row.month,
                cell: row.cell,
                sold: row.sold.iter().map(|&part| vec![part; trials]).collect(),
                places: Vec::new(),
                cleanup: Vec::new(),
                joined: Vec::new(),
                left: Vec::new(),
            }
        };
        let mut cells: Vec<CellBlock> = self.rows.iter().map(constant).collect();
        cells.append(&mut block.cells);
        block.cells = cells;
    }
}
