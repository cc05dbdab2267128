//! What a plan books in one cell and month: constants that turn sums over creators into totals.

use super::SimulationError;
use super::draws::{Owners, cell, sold};
use super::factors::{Doubt, Factors, Product};
use super::inversion::{OrderLaw, OrderTables};
use super::tables::Tables;
use crate::model::valuation::CellLaw;
use crate::model::{Basis, CellKey, InputGroup, Model};

/// What the plans of a run have in common.
#[derive(Debug)]
pub(super) struct Shared {
    /// Shared factors.
    pub(super) factors: Factors,
    /// Order laws.
    pub(super) orders: OrderTables,
    /// Quantile tables.
    pub(super) tables: Tables,
    /// Owners of draws.
    pub(super) owners: Owners,
}

impl Shared {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            factors: Factors::new(seed),
            orders: OrderTables::default(),
            tables: Tables::default(),
            owners: Owners::default(),
        }
    }
}

/// A booking of `count` creators of one cell in one month. Plans that book the same share it.
#[derive(Debug, PartialEq)]
pub(super) struct Job {
    /// Month, from 0.
    pub(super) month: usize,
    /// How many creators; the last may be a fraction.
    pub(super) count: f64,
    /// Hash of the cell, for its conversions and revenue.
    pub(super) owner: u64,
    /// Multiplies the sum of fees per post; 0 where a fixed fee replaces them.
    pub(super) fee_multiplier: f64,
    /// Per creator whose content appears.
    pub(super) fixed_fee: f64,
    /// Per incident.
    pub(super) cleanup_cost: f64,
    /// Per creator, whatever happens.
    pub(super) standing_cost: f64,
    /// Share of revenue.
    pub(super) commission: f64,
    /// Posts × factors: multiplies impressions, engagements, clicks, expected conversions.
    pub(super) stages: [f64; 4],
    /// Shared factors of the same.
    pub(super) stage_factors: [Product; 4],
    /// Shared factor of drawn fees.
    pub(super) fee_factor: Product,
    /// Shared factor of revenue.
    pub(super) order_factor: Product,
    /// Law of revenue given conversions.
    pub(super) order: OrderLaw,
    /// By months after the posting month: the share of orders not sold before that are sold then, and whose draws say
    /// which. Empty where all are sold at once.
    pub(super) response: Vec<(f64, u64)>,
    /// Whether conversions are drawn later, plan by plan: columns then hold expected conversions in
    /// place of conversions, fees in place of spend, and no revenue.
    pub(super) deferred: bool,
}

impl Job {
    pub(super) fn new(
        key: &CellKey,
        law: &CellLaw<'_>,
        model: &Model,
        (month, count): (usize, f64),
        shared: &mut Shared,
    ) -> Result<Self, SimulationError> {
        let tier = key.tier.as_str();
        let Shared {
            factors,
            orders,
            owners,
            ..
        } = shared;
        let doubt = Doubt::of(model, month);
        let mut times = |before, input, tier: &str, spread| {
            factors.times(owners, before, (input, tier), spread, &doubt)
        };
        let u = &model.uncertainty;
        let platform = times(None, InputGroup::Platform, "", u.platform)?;
        let stage_factors = match law.basis {
            Basis::Followers(_) => {
                let engaged = times(
                    platform,
                    InputGroup::EngagementRate,
                    tier,
                    u.engagement_rate,
                )?;
                let clicked = times(engaged, InputGroup::ClickRate, tier, u.click_rate)?;
                let converted =
                    times(clicked, InputGroup::ConversionRate, tier, u.conversion_rate)?;
                let bought = times(converted, InputGroup::Market, "", u.market)?;
                [platform, engaged, clicked, bought]
            }
            Basis::Benchmark(_) => {
                let yielded = times(platform, InputGroup::Benchmark, tier, u.benchmark)?;
                let bought = times(yielded, InputGroup::Market, "", u.market)?;
                [yielded, yielded, yielded, bought]
            }
        };
        let fee_factor = times(None, InputGroup::Fee, tier, u.fee)?;
        let order_factor = times(None, InputGroup::OrderValue, tier, u.order_value)?;
        let owner = cell(key);
        owners.register(owner, || format!("the cell {key}"))?;
        Ok(Self {
            month,
            count,
            owner,
            fee_multiplier: law.fee_multiplier().unwrap_or(0.0),
            fixed_fee: law.fixed_fee(),
            cleanup_cost: if law.incidents.probability > 0.0 {
                law.incidents.cleanup_cost
            } else {
                0.0
            },
            standing_cost: law.standing_cost(),
            commission: law.terms.commission,
            stages: law.stage_factors().map(|factor| factor * law.terms.posts),
            stage_factors,
            fee_factor,
            order_factor,
            order: orders.law(law.order),
            response: Vec::new(),
            deferred: false,
        })
    }

    /// The same with its orders split over months, by shares of the posting month and those after it, the last of what
    /// comes later.
    pub(super) fn sold(
        mut self,
        shares: &[f64],
        shared: &mut Shared,
    ) -> Result<Self, SimulationError> {
        let mut left = 1.0;
        let within = shares.len().saturating_sub(1);
        for (later, share) in shares[..within].iter().enumerate() {
            let owner = sold(self.owner, later);
            let name = || format!("sales {later} months after those of {}", self.owner);
            shared.owners.register(owner, name)?;
            let part = if left > 0.0 { share / left } else { 0.0 };
            self.response.push((part.clamp(0.0, 1.0), owner));
            left -= share;
        }
        Ok(self)
    }

    /// Multiplies what its creators reach.
    pub(super) fn reached(&mut self, factor: f64) {
        for stage in &mut self.stages {
            *stage *= factor;
        }
    }

    /// Spend without fees: standing cost and commission. `places` are the creators who are there, if not all are.
    pub(super) fn standing(&self, revenue: &[f64], places: &[f64], spend: &mut [f64]) {
        for (spend, (revenue, places)) in spend.iter_mut().zip(revenue.iter().zip(places)) {
            *spend = self.standing_cost * places + self.commission * revenue;
        }
        if !places.is_empty() {
            return;
        }
        let standing = self.standing_cost * self.count;
        for (spend, revenue) in spend.iter_mut().zip(revenue) {
            *spend = standing + self.commission * revenue;
        }
    }

    /// Index of the last creator booked, whole or in part. Counts are above 0.
    pub(super) fn last_creator(&self) -> usize {
        self.count.ceil() as usize - 1
    }

    /// Weight of a creator booked.
    pub(super) fn weight(&self, creator: usize) -> f64 {
        if creator == self.last_creator() && self.fraction() > 0.0 {
            self.fraction()
        } else {
            1.0
        }
    }

    /// Weight of the last creator if it is a fraction; 0 if it is whole.
    pub(super) fn fraction(&self) -> f64 {
        self.count - self.count.floor()
    }
}
