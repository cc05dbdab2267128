//! Sheet `months`: budget, spend and expected revenue of each month, added up from the plan.

use super::cell::{Cell, Head, Kind, Sheet, at, letters, quotient};
use super::plan::{Booked, Columns};
use crate::engine::RunResult;
use crate::model::BudgetOver;

const HEAD: [Head; 9] = [
    ("plan", 18.0),
    ("month", 9.0),
    ("period", 10.0),
    ("budget", 13.0),
    ("partnerships", 13.0),
    ("spend", 13.0),
    ("left of budget", 15.0),
    ("expected revenue", 17.0),
    ("ROAS of expected totals", 23.0),
];
const BUDGET: usize = 3;
const COUNT: usize = 4;
const SPEND: usize = 5;
const REVENUE: usize = 7;

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    budget: f64,
    count: f64,
    spend: f64,
    revenue: f64,
}

/// One row a usable plan and month, and one a plan's horizon.
pub(super) fn months(
    result: &RunResult,
    booked: &[Booked],
    columns: Columns,
    period: impl Fn(usize) -> String,
) -> Sheet {
    let mut sheet = Sheet::new("months", &HEAD, 3);
    let last = booked.len() + 1;
    for plan in result.plans.iter().filter(|p| p.plan.is_usable()) {
        let (name, model) = (&plan.plan.name, &plan.model);
        let first = sheet.next();
        let mut all = Sums::default();
        // Months of one pot have no budgets of their own.
        let pot = model.months > 1 && model.horizon.budget_over == BudgetOver::Horizon;
        for month in 1..=model.months {
            let mut sums = Sums {
                budget: model.budget_of(month - 1),
                ..Sums::default()
            };
            for b in booked
                .iter()
                .filter(|b| b.plan == *name && b.month == month)
            {
                sums.count += b.count;
                sums.spend += b.spend;
                sums.revenue += b.revenue;
            }
            let row = sheet.next();
            let sum = |column: usize, result: f64, kind: Kind| {
                let range = |c: usize| format!("plan!${0}$2:${0}${last}", letters(c));
                // Exact: names may look like conditions, which SUMIFS would obey.
                let text = format!(
                    "=SUMPRODUCT(EXACT({},$A{row})*({}=$B{row})*{})",
                    range(0),
                    range(1),
                    range(column)
                );
                Cell::Formula(text, result, kind)
            };
            // A plan that books nothing has no rows to add up.
            let sum = |column, result, kind| {
                if booked.is_empty() {
                    Cell::Number(0.0, kind)
                } else {
                    sum(column, result, kind)
                }
            };
            let mut cells = vec![
                Cell::text(name),
                Cell::whole(month),
                Cell::text(period(month)),
                Cell::number((!pot).then_some(sums.budget), Kind::Money),
                sum(columns.count, sums.count, parts(sums.count)),
                sum(columns.spend, sums.spend, Kind::Money),
            ];
            cells.push(if pot { Cell::Empty } else { left(row, sums) });
            cells.push(sum(columns.revenue, sums.revenue, Kind::Money));
            cells.push(roas(row, sums));
            sheet.row(cells);
            all.budget += sums.budget;
            all.count += sums.count;
            all.spend += sums.spend;
            all.revenue += sums.revenue;
        }
        if model.months > 1 {
            let row = sheet.next();
            let total = |column: usize, result: f64, kind: Kind| {
                let text = format!("=SUM({}:{})", at(column, first), at(column, row - 1));
                Cell::formula(text, Some(result), kind)
            };
            sheet.total(vec![
                Cell::text(name),
                Cell::text("horizon"),
                Cell::Empty,
                if pot {
                    Cell::number(Some(model.budget()), Kind::Money)
                } else {
                    total(BUDGET, all.budget, Kind::Money)
                },
                total(COUNT, all.count, parts(all.count)),
                total(SPEND, all.spend, Kind::Money),
                left(row, all),
                total(REVENUE, all.revenue, Kind::Money),
                roas(row, all),
            ]);
        }
    }
    sheet
}

fn parts(count: f64) -> Kind {
    if count.fract() == 0.0 {
        Kind::Count
    } else {
        Kind::Parts
    }
}

fn left(row: usize, sums: Sums) -> Cell {
    let text = format!("={}-{}", at(BUDGET, row), at(SPEND, row));
    Cell::formula(text, Some(sums.budget - sums.spend), Kind::Money)
}

fn roas(row: usize, sums: Sums) -> Cell {
    let text = format!("={}/{}", at(REVENUE, row), at(SPEND, row));
    Cell::formula(text, quotient(sums.revenue, sums.spend), Kind::Ratio)
}
