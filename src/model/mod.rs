//! The nouns: what a campaign is, what a plan is, what one plan yields.
//!
//! Everything here is plain data plus the one definition of cost and yield
//! ([`valuation`]). Nothing here reads files, solves programs, draws random
//! numbers or prints.
//!
//! - *The market*: `market`, `cell`, `dependence`, `incidents`, [`audience`], `roster`; its months: `horizon`, `wave`,
//!   `ambassador`, [`pipeline`], `cross_promotion`, `response`, `actuals`.
//! - *What is asked*: `rules`, `target`, `risk`, `settings`; `constraint` has the rules in linear form, `activity` the
//!   unknowns of several months.
//! - *What it comes to*: [`valuation`], with `funnel`, `products`, [`conditional`], `belief`, `believed` and [`joint`] below
//!   it; `input` names what is random in it.
//! - *What is found*: `plan`, `worth`, `outcome`, measured by `metric`.
//! - *Ports*, which upper floors implement: `ports`.

mod activity;
mod actuals;
mod ambassador;
pub mod audience;
mod belief;
mod believed;
mod cell;
pub mod conditional;
mod constraint;
mod cross_promotion;
mod dependence;
mod funnel;
mod horizon;
mod importance;
mod incidents;
mod input;
pub mod joint;
mod known;
mod market;
mod metric;
mod origin;
mod outcome;
pub mod pipeline;
mod plan;
mod ports;
mod products;
mod response;
mod risk;
mod roster;
mod rules;
mod settings;
mod target;
pub mod valuation;
pub mod wave;
mod worth;

pub use activity::{Activity, activities, counts_of, sum_of, units_of};
pub use actuals::{ActualRow, Actuals};
pub use ambassador::{Commitment, Level, commitments_beyond};
pub use audience::Audience;
pub(crate) use belief::{BY_TIER, TIERS, prior};
pub use belief::{FactorBelief, FactorName};
pub use believed::Believed;
pub(crate) use believed::{name_of, square};
pub use cell::{BookedAs, Cell, CellKey, CellPattern, Factors, Terms};
pub use constraint::{
    BudgetScale, Constraint, ConstraintKind, Excess, Form, Rule, Unit, constraints,
    constraints_over,
};
pub use cross_promotion::{CrossPromotion, largest_reach_factors, pairs_within, reach_factors};
pub use dependence::{Dependence, Quality};
pub use horizon::{BudgetOver, Horizon, Month, NOMINAL_DAYS, Over, Payment};
pub use importance::Importance;
pub use incidents::Incidents;
pub use input::InputGroup;
pub use known::{Known, LASTING_STAGES, LastingPart};
pub use market::{
    Basis, Benchmark, Followers, Order, Partnership, Segment, Stage, Tier, Uncertainty,
};
pub(crate) use metric::names as metric_names;
pub use metric::{Metric, Quantity};
pub use origin::{Assumption, Location, Origin};
pub use outcome::{AudienceBlock, CellBlock, CreatorBlock, PlanBlock, TrialBlock};
pub use pipeline::{Before, Pipeline, PipelineLaw};
pub use plan::{
    BASE, Conflict, ConflictMember, ConstraintState, Gap, HeldBy, JointChange, Plan, PlanStatus,
    SetLine, SolverReport,
};
pub use ports::{Cancel, NoProgress, Progress, SinkError, TrialSink};
pub use response::Response;
pub use risk::{FactorSample, Risk, RiskMeasure, RiskObjective, RiskRule, RiskState, SAFE};
pub use roster::{Creator, OwnLaw, Past, RosterField, RosterSettings, creator_value, past_ignored};
pub use rules::{Band, BandSource, Rules, UserAmount, UserRule};
pub use settings::{BestWanted, Indifference, Objective, PlanSettings, Trials};
pub use target::{Bound, Target, TargetScope};
pub use wave::{Wave, WaveKind, WaveSchedule};
pub use worth::{Alternative, PriceRange, UnusedCell};

use ndarray::Array2;
use std::ops::Range;

/// One fully resolved planning problem: the base scenario or one what-if.
///
/// Built by `scenario`, read by `optimizer` and `simulator`. Indices into
/// [`Model::tiers`], [`Model::partnerships`], [`Model::categories`],
/// [`Model::regions`] and [`Model::cells`] are used throughout.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Name of the plan this model leads to: `base`, or the what-if's name.
    pub name: String,
    /// ISO 4217 code, `CNY` unless the file says otherwise.
    pub currency: String,
    /// First month as (year, month), if the file names one.
    pub start: Option<(i16, i8)>,
    /// Number of months of the horizon.
    pub months: usize,
    /// Its months, and all that a scenario says about time. [`Rules::budget`] is the mean of its months' budgets.
    pub horizon: Horizon,
    /// Stage whose tier budget shares preset the bands.
    pub stage: Stage,
    /// What the program maximizes.
    pub objective: Objective,
    /// True: counts need not be whole.
    pub fractional_counts: bool,
    /// A fixed plan, months × cells in the order of [`Model::cells`]: simulated, not optimized. Cells have counts in
    /// [`Model::months_of`] them alone; those of a level are the same in its term and never grow.
    pub counts: Option<Array2<f64>>,
    /// Targets, of totals and of tiers.
    pub targets: Vec<Target>,
    /// Order value and margin.
    pub order: Order,
    /// Tiers in use, in the glossary's order (mega, macro, mid, micro, nano).
    pub tiers: Vec<Tier>,
    /// Partnership types in use, in the glossary's order.
    pub partnerships: Vec<Partnership>,
    /// Categories, empty if the scenario has none.
    pub categories: Vec<Segment>,
    /// Regions, empty if the scenario has none.
    pub regions: Vec<Segment>,
    /// Offered cells, ordered by tier, partnership, category, region.
    pub cells: Vec<Cell>,
    /// Whom posts can reach, one for each category and region; empty where nothing saturates.
    pub audiences: Vec<Audience>,
    /// Budget, diversity, operations and the user's own rules.
    pub rules: Rules,
    /// Handling cost per hour, in currency.
    pub hour_cost: f64,
    /// Doubt about averages, shared by all creators of a trial.
    pub uncertainty: Uncertainty,
    /// Dependence between the qualities of one creator, and between tiers.
    pub dependence: Dependence,
    /// Incidents.
    pub incidents: Incidents,
    /// What plans promise beyond the mean.
    pub risk: Risk,
    /// What is known of the shared factors; `None`: no more than [`Model::uncertainty`] says.
    pub belief: Option<FactorBelief>,
    /// What one partnership cost and brought where a month happened, by month and cell: in place of what is expected.
    pub happened: Vec<(usize, usize, valuation::UnitValue)>,
    /// Creators who were seen in months that happened, by cell; empty where nobody was.
    pub known: Vec<Option<Known>>,
}

/// Stands behind the `@` of a cell that has those creators alone who were there in months that happened. No wave and no level is named
/// so: their names have no spaces.
pub(crate) const THERE: &str = "those there";

impl Model {
    /// The key of a cell by names, e.g. `mid.sponsored.skincare.local`.
    #[must_use]
    pub fn key(&self, cell: usize) -> CellKey {
        let c = &self.cells[cell];
        CellKey {
            tier: self.tiers[c.tier].name.clone(),
            partnership: self.partnerships[c.partnership].name.clone(),
            category: c.category.map(|i| self.categories[i].name.clone()),
            region: c.region.map(|i| self.regions[i].name.clone()),
            booked_as: match c.booked_as {
                BookedAs::Open if self.known_in(cell).is_some_and(|known| known.alone) => {
                    Some((THERE.to_owned(), None))
                }
                BookedAs::Open => None,
                BookedAs::Wave(wave) => Some((self.horizon.waves[wave].name.clone(), None)),
                BookedAs::Level { level, start } => {
                    Some((self.horizon.levels[level].name.clone(), Some(start + 1)))
                }
            },
        }
    }

    /// Budget released for a month, in currency.
    #[must_use]
    pub fn budget_of(&self, month: usize) -> f64 {
        let share = |month: &Month| month.budget_share;
        self.rules.budget * self.horizon.months.get(month).map_or(1.0, share)
    }

    /// Budgets of all months, in currency.
    #[must_use]
    pub fn budget(&self) -> f64 {
        (0..self.months).map(|month| self.budget_of(month)).sum()
    }

    /// Months in which a cell can be booked, from 0: all, those of its tier's days in its wave, or those from the start of
    /// its commitment on.
    #[must_use]
    pub fn months_of(&self, cell: usize) -> Range<usize> {
        match self.cells[cell].booked_as {
            BookedAs::Open => 0..self.months,
            BookedAs::Wave(_) => self.horizon.months_with(&self.wave_days(cell)),
            BookedAs::Level { start, .. } => start..self.months,
        }
    }

    /// Factor on the expected conversions of a cell's partnerships in a month: the season's ([`Model::season`]), and what
    /// an ambassador's tenure adds. Exactly 1 where nothing was said about either.
    #[must_use]
    pub fn conversion_factor(&self, month: usize, cell: usize) -> f64 {
        let season = self.season(month, cell);
        match self.cells[cell].booked_as {
            BookedAs::Level { level, start } if month > start => {
                season * self.horizon.levels[level].lift(month - start)
            }
            _ => season,
        }
    }

    /// The model of one month of the horizon by itself: its budget, and laws with the month's factors in them. Cells
    /// stay in place, those that can't be booked in the month too.
    #[must_use]
    pub fn month(&self, month: usize) -> Self {
        let mut alone = self.clone();
        for (cell, own) in alone.cells.iter_mut().enumerate() {
            own.factors.conversion_rate *= self.conversion_factor(month, cell);
        }
        alone.belief = self.belief.as_ref().map(|belief| belief.in_month(month));
        alone.rules.budget = self.budget_of(month);
        for rule in alone
            .risk
            .rules
            .iter_mut()
            .filter(|rule| rule.key == "budget")
        {
            rule.bound = Bound::AtMost(alone.rules.budget);
        }
        alone.counts = self.counts.as_ref().map(|counts| {
            let row = counts.row(month).insert_axis(ndarray::Axis(0));
            row.to_owned()
        });
        alone.months = 1;
        alone.horizon = Horizon {
            months: vec![Month {
                budget_share: 1.0,
                seasonality: 1.0,
                ..self.horizon.months[month]
            }],
            ..self.horizon.clone()
        };
        alone
    }

    /// Indices of the cells a pattern names.
    #[must_use]
    pub fn matching(&self, pattern: &CellPattern) -> Vec<usize> {
        (0..self.cells.len())
            .filter(|&cell| pattern.matches(&self.key(cell)))
            .collect()
    }

    /// Whether a quantity is defined for a tier. Impressions, engagements and
    /// clicks of a tier on the benchmark basis need their cost-per.
    #[must_use]
    pub fn defines(&self, tier: usize, quantity: Quantity) -> bool {
        match &self.tiers[tier].basis {
            Basis::Followers(_) => true,
            Basis::Benchmark(b) => match quantity {
                Quantity::Impressions => b.cpm.is_some(),
                Quantity::Engagements => b.cpe.is_some(),
                Quantity::Clicks => b.cpc.is_some(),
                _ => true,
            },
        }
    }
}
