//! The pipeline's limit on new partnerships.
//!
//! A cell needs in month m as many new partners as it books beyond those who stay, nₘ = max(0, xₘ − s xₘ₋₁), with s =
//! (1 − churn)·repeat, for ambassadors within their term 1 − churn; in its first month beyond the partners there
//! are at the start. Waves are bookings of their own and take nobody from the pipeline. What is needed until every month is within what the pipeline
//! delivers until its end: partners delivered and not booked wait.
//!
//! The sum of such maxima is the largest of its linear parts, one for each set of cells and months taken. The program holds
//! those that a plan has broken so far, and is solved again until none is.

use ndarray::Array2;

use crate::model::{
    Activity, BookedAs, Constraint, ConstraintKind, Form, Model, PipelineLaw, Unit, counts_of,
};

/// Name of the rule.
pub(super) const NAME: &str = "pipeline.partnership";

/// How far needs may lie beyond what is delivered, relative to it (at least to one partner).
const TOLERANCE: f64 = 1e-7;

/// A model's limits.
pub(super) struct Limits<'a> {
    model: &'a Model,
    activities: &'a [Activity],
    /// Partners delivered until the end of each month.
    pub(super) delivered: Vec<f64>,
    stay: f64,
    within_term: f64,
    starting: Vec<f64>,
}

impl<'a> Limits<'a> {
    /// Those of a model with a pipeline.
    pub(super) fn of(model: &'a Model, activities: &'a [Activity]) -> Option<Self> {
        let pipeline = model.horizon.pipeline.as_ref()?;
        let law = PipelineLaw::new(pipeline, &model.horizon);
        let delivered = |month: usize| match pipeline.with {
            Some(p) => law.delivered_with(month, p) as f64,
            None => law.delivered_mean(month),
        };
        Some(Self {
            model,
            activities,
            delivered: (0..model.months).map(delivered).collect(),
            stay: pipeline.stay(),
            within_term: 1.0 - pipeline.churn,
            starting: (0..model.cells.len())
                .map(|cell| pipeline.starting.get(cell).copied().unwrap_or(0.0))
                .collect(),
        })
    }

    /// What of a month's partners of a cell is there from the month before, and how many come from the start.
    fn there(&self, month: usize, cell: usize) -> (f64, f64) {
        let first = self.model.months_of(cell).start;
        if month == first {
            return (0.0, self.starting[cell]);
        }
        let stay = match self.model.cells[cell].booked_as {
            BookedAs::Open | BookedAs::Wave(_) => self.stay,
            BookedAs::Level { level, start } => {
                let term = self.model.horizon.levels[level].term_months;
                if month < start + term {
                    self.within_term
                } else {
                    self.stay
                }
            }
        };
        (stay, 0.0)
    }

    /// New partners that counts need in a month for a cell, below 0 where more stay than are booked.
    fn need(&self, counts: &Array2<f64>, month: usize, cell: usize) -> f64 {
        let (stay, starting) = self.there(month, cell);
        let before = if stay == 0.0 {
            0.0
        } else {
            counts[[month - 1, cell]]
        };
        counts[[month, cell]] - stay * before - starting
    }

    fn events(&self, until: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let cells = 0..self.model.cells.len();
        let lasting =
            |cell: &usize| !matches!(self.model.cells[*cell].booked_as, BookedAs::Wave(_));
        cells.filter(lasting).flat_map(move |cell| {
            let months = self.model.months_of(cell);
            months
                .filter(move |&m| m <= until)
                .map(move |month| (month, cell))
        })
    }

    /// New partners that counts need until the end of a month.
    pub(super) fn needed(&self, counts: &Array2<f64>, until: usize) -> f64 {
        self.events(until)
            .map(|(month, cell)| self.need(counts, month, cell).max(0.0))
            .sum()
    }

    /// The rule until a month for the cells and months of which `taken` holds.
    fn part(&self, until: usize, taken: impl Fn(usize, usize) -> bool) -> Constraint {
        let mut of = Array2::<f64>::zeros((self.model.months, self.model.cells.len()));
        let mut high = self.delivered[until];
        for (month, cell) in self
            .events(until)
            .filter(|&(month, cell)| taken(month, cell))
        {
            let (stay, starting) = self.there(month, cell);
            of[[month, cell]] += 1.0;
            if stay != 0.0 {
                of[[month - 1, cell]] -= stay;
            }
            high += starting;
        }
        let of = &of;
        let per = |a: &Activity| {
            a.months
                .clone()
                .map(|month| of[[month, a.cell]])
                .sum::<f64>()
        };
        Constraint {
            name: NAME.to_owned(),
            month: Some(until),
            kind: ConstraintKind::Supply,
            form: Form::Sum(self.activities.iter().map(per).collect()),
            low: None,
            high: Some(high),
            asked: None,
            scales: None,
            stage_band: false,
            unit: Unit::Count,
            origin: self
                .model
                .horizon
                .pipeline
                .as_ref()
                .map_or(crate::model::Origin::Default, |p| p.origin.clone()),
            importance: 1.0,
        }
    }

    /// The rules to begin with: until every month, of all cells and months.
    pub(super) fn first(&self) -> Vec<Constraint> {
        (0..self.model.months)
            .map(|until| self.part(until, |_, _| true))
            .collect()
    }

    /// What amounts break.
    pub(super) fn broken(&self, amounts: &[f64]) -> Vec<Constraint> {
        let counts = counts_of(self.model, self.activities, amounts);
        (0..self.model.months)
            .filter(|&until| {
                let most = self.delivered[until];
                self.needed(&counts, until) > most + TOLERANCE * most.max(1.0)
            })
            .map(|until| self.part(until, |month, cell| self.need(&counts, month, cell) > 0.0))
            .collect()
    }
}
