//! What other plans are looked for among: a month's program, or one over several months.

use ndarray::Array2;

use crate::model::valuation::{self, UnitValue};
use crate::model::{Activity, BookedAs, Constraint, Model, counts_of, joint};
use crate::optimizer::check::{check, check_plan};
use crate::optimizer::goal::Goal;
use crate::optimizer::program::Program;

/// A figure of a point of the program.
type Figure<'a> = Of<'a, Option<f64>>;

/// Something of a point.
type Of<'a, T> = Box<dyn Fn(&[f64]) -> T + 'a>;

/// A program, and what its points mean.
pub(crate) struct Among<'a> {
    pub(super) program: &'a Program,
    pub(super) goal: &'a Goal,
    /// The rules, where the program may hold less than all sums of one that is an excess.
    pub(super) rules: &'a [Constraint],
    /// Columns that are alike in something, a flag each.
    pub(super) groups: Vec<Vec<bool>>,
    /// The columns whose sum is the count of a cell in a month.
    pub(super) places: Vec<Vec<usize>>,
    /// What a point is worth for the search.
    pub(super) value: Figure<'a>,
    /// The objective, as it is told.
    pub(super) objective: Figure<'a>,
    /// Whether a point keeps the rules as stated.
    pub(super) keeps: Of<'a, bool>,
    /// Months × cells; one row where every month has the same.
    pub(super) counts: Of<'a, Array2<f64>>,
}

impl<'a> Among<'a> {
    /// The plans of a month.
    pub(crate) fn month(model: &'a Model, program: &'a Program, goal: &'a Goal) -> Self {
        // Where creators act on each other, what is found is valued as a whole.
        let together = joint::applies(model);
        let objective = move |x: &[f64]| {
            let units = if together {
                valuation::units_in(model, x)
            } else {
                valuation::units(model)
            };
            valuation::objective(&units, x, model.objective)
        };
        let cells: Vec<usize> = (0..model.cells.len()).collect();
        Self {
            program,
            goal,
            rules: &[],
            groups: groups(model, &cells),
            places: cells.iter().map(|&cell| vec![cell]).collect(),
            value: if together {
                Box::new(objective)
            } else {
                Box::new(|x| Some(goal.value(x)))
            },
            objective: Box::new(objective),
            keeps: Box::new(|x| check(model, x).is_empty()),
            counts: Box::new(|x| Array2::from_shape_fn((1, x.len()), |(_, cell)| x[cell])),
        }
    }

    /// The plans of several months, columns being activities with what one of each costs and yields.
    pub(crate) fn months(
        model: &'a Model,
        activities: &'a [Activity],
        sums: &'a [UnitValue],
        rules: &'a [Constraint],
        (program, goal): (&'a Program, &'a Goal),
    ) -> Self {
        let cells: Vec<usize> = activities.iter().map(|a| a.cell).collect();
        let mut groups = groups(model, &cells);
        let mut add = |own: &dyn Fn(&Activity) -> bool| {
            groups.push(activities.iter().map(own).collect());
        };
        for month in 0..model.months {
            add(&|a| a.months.contains(&month));
        }
        for wave in 0..model.horizon.waves.len() {
            add(&|a| model.cells[a.cell].booked_as == BookedAs::Wave(wave));
        }
        for of in 0..model.horizon.levels.len() {
            add(
                &|a| matches!(model.cells[a.cell].booked_as, BookedAs::Level { level, .. } if level == of),
            );
        }
        let mut places = vec![Vec::new(); model.months * model.cells.len()];
        for (column, activity) in activities.iter().enumerate() {
            for month in activity.months.clone() {
                places[month * model.cells.len() + activity.cell].push(column);
            }
        }
        let counts = move |x: &[f64]| counts_of(model, activities, x);
        Self {
            program,
            goal,
            rules,
            groups,
            places,
            value: Box::new(|x| Some(goal.value(x))),
            objective: Box::new(|x| valuation::objective(sums, x, model.objective)),
            keeps: Box::new(move |x| check_plan(model, &counts(x)).is_empty()),
            counts: Box::new(counts),
        }
    }

    /// The counts of a point, by place.
    pub(super) fn placed(&self, x: &[f64]) -> Vec<f64> {
        let places = self.places.iter();
        places
            .map(|own| own.iter().map(|&column| x[column]).sum())
            .collect()
    }
}

/// Columns by the tier, the type, the category and the region of their cells.
fn groups(model: &Model, columns: &[usize]) -> Vec<Vec<bool>> {
    let cells = &model.cells;
    let mut groups: Vec<Vec<bool>> = Vec::new();
    let mut add = |of: &dyn Fn(usize) -> Option<usize>, n: usize| {
        for group in 0..n {
            groups.push(columns.iter().map(|&i| of(i) == Some(group)).collect());
        }
    };
    add(&|i| Some(cells[i].tier), model.tiers.len());
    add(&|i| Some(cells[i].partnership), model.partnerships.len());
    add(&|i| cells[i].category, model.categories.len());
    add(&|i| cells[i].region, model.regions.len());
    groups
}
