//! What happened in the first months of a horizon.

use super::Quantity;

/// Totals of the months that happened, by tier and partnership type.
#[derive(Debug, Clone, PartialEq)]
pub struct Actuals {
    /// Months that happened: the first of the horizon.
    pub months: usize,
    /// One for each month, tier and type in which something happened; what has no row was nothing.
    pub rows: Vec<ActualRow>,
}

/// What partnerships of one tier and type cost and yielded in one month.
#[derive(Debug, Clone, PartialEq)]
pub struct ActualRow {
    /// Month, from 0.
    pub month: usize,
    /// Index into `Model::tiers`.
    pub tier: usize,
    /// Index into `Model::partnerships`.
    pub partnership: usize,
    /// Partnerships there were; `None`: those of the plan.
    pub count: Option<f64>,
    /// Currency.
    pub spend: f64,
    /// `None` where it is not known.
    pub impressions: Option<f64>,
    /// `None` where it is not known.
    pub engagements: Option<f64>,
    /// `None` where it is not known.
    pub clicks: Option<f64>,
    /// Orders.
    pub conversions: f64,
    /// Currency.
    pub revenue: f64,
}

impl ActualRow {
    /// One of the quantities that are simulated; `None` where it is not known, and for others.
    #[must_use]
    pub fn get(&self, quantity: Quantity) -> Option<f64> {
        match quantity {
            Quantity::Spend => Some(self.spend),
            Quantity::Impressions => self.impressions,
            Quantity::Engagements => self.engagements,
            Quantity::Clicks => self.clicks,
            Quantity::Conversions => Some(self.conversions),
            Quantity::Revenue => Some(self.revenue),
            Quantity::Profit | Quantity::NetReach => None,
        }
    }
}

impl Actuals {
    /// Spend of a month, in currency.
    #[must_use]
    pub fn spend(&self, month: usize) -> f64 {
        let own = self.rows.iter().filter(|row| row.month == month);
        own.map(|row| row.spend).sum()
    }
}
