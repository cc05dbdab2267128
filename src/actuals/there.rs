//! Who was there in the months that happened.

use ndarray::Array2;

use super::observe::booked;
use crate::model::{ActualRow, Actuals, Model, valuation};

/// Partnerships and spend of the months that happened, by month and cell.
pub(super) struct Booked {
    pub(super) counts: Array2<f64>,
    pub(super) spend: Array2<f64>,
}

impl Booked {
    /// Counts are the file's, spread as the plan has them, else the plan's; spend is the file's, spread as the plan expected it.
    pub(super) fn new(model: &Model, counts: &Array2<f64>, actuals: &Actuals) -> Self {
        let shape = (actuals.months, model.cells.len());
        let (mut there, mut spend) = (Array2::zeros(shape), Array2::zeros(shape));
        for row in actuals.rows.iter().filter(|row| !is_nothing(row)) {
            let mut cells = booked(model, counts, row);
            cells.retain(|(_, count)| *count > 0.0);
            if cells.is_empty() {
                let own = |cell: &usize| {
                    let c = &model.cells[*cell];
                    c.tier == row.tier && c.partnership == row.partnership
                };
                // It stands as one partnership.
                cells.extend((0..model.cells.len()).find(own).map(|cell| (cell, 1.0)));
            }
            let mut month = counts.row(row.month).to_vec();
            for &(cell, count) in &cells {
                month[cell] = count;
            }
            let units = valuation::units_in_month(model, row.month, &month);
            let due: f64 = cells.iter().map(|&(cell, n)| n * units[cell].spend).sum();
            let number: f64 = cells.iter().map(|(_, n)| n).sum();
            for (cell, n) in cells {
                let share = if due > 0.0 {
                    n * units[cell].spend / due
                } else {
                    n / number
                };
                there[[row.month, cell]] += n;
                spend[[row.month, cell]] += share * row.spend;
            }
        }
        Self {
            counts: there,
            spend,
        }
    }
}

/// Whether a row says that nothing was spent and nothing came.
pub(super) fn is_nothing(row: &ActualRow) -> bool {
    row.spend == 0.0 && row.conversions == 0.0 && row.revenue == 0.0
}

/// Partnerships of the last month that happened, by cell: the file's count, spread as the plan has it and in whole numbers where it is one,
/// else the plan's. What has no row, or one that says nothing was spent and nothing came, was not there.
pub(super) fn there(model: &Model, counts: &Array2<f64>, actuals: &Actuals) -> Vec<f64> {
    let mut out = vec![0.0; model.cells.len()];
    let Some(last) = actuals.months.checked_sub(1) else {
        return out;
    };
    for row in actuals.rows.iter().filter(|row| row.month == last) {
        if row.count.is_none() && is_nothing(row) {
            continue;
        }
        let mut cells = booked(model, counts, row);
        if !model.fractional_counts && row.count.is_some_and(|count| count.fract() == 0.0) {
            whole(&mut cells);
        }
        for (cell, count) in cells {
            out[cell] += count;
        }
    }
    out
}

/// Rounds numbers to whole ones of the same sum: down, and those with the largest remainders up; of equal ones the first.
fn whole(cells: &mut [(usize, f64)]) {
    let sum: f64 = cells.iter().map(|(_, count)| count).sum();
    // A hair of rounding is no remainder.
    let down = |count: f64| (count + 1e-9).floor();
    let mut short = (sum - cells.iter().map(|(_, n)| down(*n)).sum::<f64>()).round();
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by(|&a, &b| {
        let rest = |i: usize| cells[i].1 - down(cells[i].1);
        rest(b).total_cmp(&rest(a)).then(a.cmp(&b))
    });
    for i in order {
        let up = if short >= 1.0 { 1.0 } else { 0.0 };
        cells[i].1 = down(cells[i].1) + up;
        short -= up;
    }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn the_largest_remainders_go_up() {
        let mut cells = vec![(0, 4.2), (1, 1.9), (2, 0.9), (3, 0.0)];
        whole(&mut cells);
        assert_eq!(cells, [(0, 4.0), (1, 2.0), (2, 1.0), (3, 0.0)]);
        let mut cells = vec![(0, 7.0 * 3.0 / 7.0), (1, 7.0 * 4.0 / 7.0)];
        whole(&mut cells);
        assert_eq!(cells, [(0, 3.0), (1, 4.0)]);
    }
}
