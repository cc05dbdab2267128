//! The pipeline's limit on new partnerships.
//!
//! A cell needs in month m as many new partners as it books beyond those who stay, nₘ = max(0, xₘ − s xₘ₋₁), with s =
//! (1 − churn)·repeat, for ambassadors within their term 1 − churn; in its first month beyond the partners there
//! are at the start. Waves are bookings of their own and take nobody from the pipeline. What is needed until every month is within what the pipeline
//! delivers until its end: partners delivered and not booked wait.
//!
//! The sum of such maxima is one rule a month ([`Excess`]); programs hold those of its sums that a plan has broken so far, and are
//! solved again until none is.

use crate::model::{
    Activity, BookedAs, Constraint, ConstraintKind, Excess, Form, Model, Origin, PipelineLaw, Rule,
    Unit,
};

/// Name of the rule.
pub(super) const NAME: &str = "pipeline.partnership";

/// A model's limits.
pub(super) struct Limits<'a> {
    model: &'a Model,
    activities: &'a [Activity],
    /// Partners delivered until the end of each month.
    delivered: Vec<f64>,
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
            within_term: pipeline.kept(),
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

    /// What a month's partners of a cell need of new ones, over activities.
    fn part(&self, month: usize, cell: usize) -> (Vec<(usize, f64)>, f64) {
        let (stay, starting) = self.there(month, cell);
        let own = self.activities.iter().enumerate();
        let coefficient = |(index, a): (usize, &Activity)| {
            if a.cell != cell {
                return None;
            }
            let now = f64::from(u8::from(a.months.contains(&month)));
            let before = stay != 0.0 && a.months.contains(&(month - 1));
            let sum = now - if before { stay } else { 0.0 };
            (sum != 0.0).then_some((index, sum))
        };
        (own.filter_map(coefficient).collect(), starting)
    }

    /// The rules, one until every month.
    pub(super) fn rules(&self) -> Vec<Constraint> {
        let rule = |until: usize| {
            let events = self.events(until);
            let parts = events.map(|(month, cell)| self.part(month, cell)).collect();
            let pipeline = self.model.horizon.pipeline.as_ref();
            Constraint {
                name: NAME.to_owned(),
                month: Some(until),
                kind: ConstraintKind::Supply,
                rule: Rule::Delivered,
                form: Form::Excess(Excess::new(parts, self.activities.len())),
                low: None,
                high: Some(self.delivered[until]),
                asked: None,
                scales: None,
                stage_band: false,
                unit: Unit::Count,
                origin: pipeline.map_or(Origin::Default, |p| p.origin.clone()),
                importance: 1.0,
            }
        };
        (0..self.model.months).map(rule).collect()
    }
}
