//! The months of a plan: budgets, seasonality, how long responses take, when money moves.

use std::ops::Range;

use super::ambassador::Level;
use super::cross_promotion::CrossPromotion;
use super::pipeline::Pipeline;
use super::wave::Wave;

/// Days of a month where the scenario names no first month.
pub const NOMINAL_DAYS: u32 = 30;

/// What a scenario says about time.
#[derive(Debug, Clone, PartialEq)]
pub struct Horizon {
    /// One a month, in order; as many as [`super::Model::months`].
    pub months: Vec<Month>,
    /// How budgets of months hang together.
    pub budget_over: BudgetOver,
    /// What shares and least spend speak of.
    pub diversity_over: Over,
    /// AR(1) coefficient of the latent normals of the market and platform factors, month to month, in
    /// [−1, 1]: `z_m = φ z_{m−1} + √(1 − φ²) ε_m`. The other shared factors are the same in all months.
    pub market_persistence: f64,
    /// Days after a post by which half of its conversions have come; 0: all at once.
    pub response_half_life_days: f64,
    /// When money moves.
    pub payment: Payment,
    /// Where new partnerships come from; `None`: as many as wanted.
    pub pipeline: Option<Pipeline>,
    /// Ambassador levels, in the order of the file.
    pub levels: Vec<Level>,
    /// Campaign waves, in the order of the file.
    pub waves: Vec<Wave>,
    /// What tags of higher tiers do for lower ones; `None`: nothing.
    pub cross_promotion: Option<CrossPromotion>,
}

/// One month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Month {
    /// Budget released for it, as a multiple of [`super::Rules::budget`]; they are one on average.
    pub budget_share: f64,
    /// Multiplies expected conversions of what is posted in it ([`super::Model::season`]).
    pub seasonality: f64,
    /// Days in it.
    pub days: u32,
}

/// How budgets of months hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BudgetOver {
    /// Each month's spend is within its own budget.
    Month,
    /// What a month leaves can be spent later: spend until the end of every month is within the
    /// budgets released until then.
    CarryOver,
    /// One budget for all months together, spent whenever it does most.
    Horizon,
}

/// What a rule speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Over {
    /// Every month by itself.
    Month,
    /// The horizon as a whole.
    Horizon,
}

/// When money moves, in days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Payment {
    /// From a post to the payment of its fee.
    pub fee_days: f64,
    /// From a sale to the payment of its commission.
    pub commission_days: f64,
    /// From a sale to the receipt of its revenue.
    pub sales_receipt_days: f64,
}

impl Payment {
    /// All at once.
    pub const AT_ONCE: Self = Self {
        fee_days: 0.0,
        commission_days: 0.0,
        sales_receipt_days: 0.0,
    };
}

impl Horizon {
    /// Equal months, without anything that time does.
    #[must_use]
    pub fn equal(months: usize) -> Self {
        Self {
            months: vec![
                Month {
                    budget_share: 1.0,
                    seasonality: 1.0,
                    days: NOMINAL_DAYS,
                };
                months
            ],
            budget_over: BudgetOver::Month,
            diversity_over: Over::Month,
            market_persistence: 1.0,
            response_half_life_days: 0.0,
            payment: Payment::AT_ONCE,
            pipeline: None,
            levels: Vec::new(),
            waves: Vec::new(),
            cross_promotion: None,
        }
    }

    /// First day of a month, counted from the first day of the horizon (0). One past the last month gives the end.
    #[must_use]
    pub fn first_day(&self, month: usize) -> u32 {
        self.months[..month].iter().map(|m| m.days).sum()
    }

    /// Days of the horizon.
    #[must_use]
    pub fn days(&self) -> u32 {
        self.first_day(self.months.len())
    }

    /// Months that a wave touches, from 0.
    #[must_use]
    pub fn touched(&self, wave: &Wave) -> Range<usize> {
        let of = |day: u32| {
            (0..self.months.len())
                .find(|&month| day < self.first_day(month + 1))
                .unwrap_or(self.months.len().saturating_sub(1))
        };
        of(wave.first_day)..of(wave.first_day + wave.days.max(1) - 1) + 1
    }

    /// Days of a wave within a month.
    #[must_use]
    pub fn days_within(&self, wave: &Wave, month: usize) -> u32 {
        let end = (wave.first_day + wave.days).min(self.first_day(month + 1));
        end.saturating_sub(wave.first_day.max(self.first_day(month)))
    }

    /// Whether every month can be planned by itself: no budget, share, wave, commitment or pipeline ties them together, and creators
    /// do not promote each other (which the program of horizons plans).
    #[must_use]
    pub fn is_separable(&self) -> bool {
        let one = self.months.len() == 1;
        self.waves.is_empty()
            && self.levels.is_empty()
            && self.pipeline.is_none()
            && self.cross_promotion.is_none()
            && (one || self.budget_over == BudgetOver::Month && self.diversity_over == Over::Month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::wave;

    #[test]
    fn a_wave_touches_the_months_its_days_are_in() {
        let mut horizon = Horizon::equal(3);
        for (month, days) in horizon.months.iter_mut().zip([31, 28, 31]) {
            month.days = days;
        }
        assert_eq!(horizon.touched(&wave(0, 31)), 0..1);
        assert_eq!(horizon.touched(&wave(30, 2)), 0..2);
        assert_eq!(horizon.touched(&wave(31, 28)), 1..2);
        assert_eq!(horizon.touched(&wave(20, 50)), 0..3);
        let days: Vec<u32> = (0..3)
            .map(|m| horizon.days_within(&wave(20, 50), m))
            .collect();
        assert_eq!(days, [11, 28, 11]);
        assert_eq!(horizon.days_within(&wave(0, 5), 1), 0);
    }
}
