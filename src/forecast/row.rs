//! Rows of the forecast and of the cash plan.

use crate::summary::Estimate;

/// What is forecast of a plan's revenue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ForecastMetric {
    /// Revenue of the month's posts, whenever it comes.
    Booked,
    /// Revenue of the sales made in the month, whenever they were brought about.
    Earned,
    /// Booked until the end of the month less earned until then.
    ToCome,
}

impl ForecastMetric {
    /// All, in the order of the outputs.
    pub const ALL: [Self; 3] = [Self::Booked, Self::Earned, Self::ToCome];

    /// Name in the outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Earned => "earned",
            Self::ToCome => "to_come",
        }
    }

    /// Whether it is an amount at the end of a month, which does not add up over months. Means of all others do.
    #[must_use]
    pub fn is_stock(self) -> bool {
        self == Self::ToCome
    }
}

/// What is said of a plan's cash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CashMetric {
    /// Paid for posts.
    Fees,
    /// Paid by the month: amounts agreed a month, those of ambassadors' levels too.
    Retainers,
    /// Paid for products.
    Product,
    /// Paid for handling.
    Handling,
    /// Paid to clean up after incidents.
    Cleanup,
    /// Paid as shares of revenue.
    Commission,
    /// The six together.
    Paid,
    /// Received for sales.
    Received,
    /// Received less paid.
    Net,
    /// Received less paid from the beginning until the end of the month.
    Cumulative,
    /// Spend of all posts until the end of the month less paid until then.
    Owed,
    /// Revenue of all posts until the end of the month less received until then: what is sold and not yet received,
    /// and what is still to come.
    Due,
    /// Paid until the end of the month less received until its beginning, at least 0: what has to be at hand if a month's
    /// payments come before its receipts.
    Need,
    /// The largest need of the months.
    PeakNeed,
}

impl CashMetric {
    /// Those of months, in the order of the outputs.
    pub const MONTHLY: [Self; 13] = [
        Self::Fees,
        Self::Retainers,
        Self::Product,
        Self::Handling,
        Self::Cleanup,
        Self::Commission,
        Self::Paid,
        Self::Received,
        Self::Net,
        Self::Cumulative,
        Self::Owed,
        Self::Due,
        Self::Need,
    ];

    /// Those of the horizon, in the order of the outputs: the peak in place of each month's need.
    pub const HORIZON: [Self; 13] = {
        let mut all = Self::MONTHLY;
        all[Self::MONTHLY.len() - 1] = Self::PeakNeed;
        all
    };

    /// Name in the outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fees => "fees",
            Self::Retainers => "retainers",
            Self::Product => "product",
            Self::Handling => "handling",
            Self::Cleanup => "cleanup",
            Self::Commission => "commission",
            Self::Paid => "paid",
            Self::Received => "received",
            Self::Net => "net",
            Self::Cumulative => "cumulative",
            Self::Owed => "owed",
            Self::Due => "due",
            Self::Need => "need",
            Self::PeakNeed => "peak_need",
        }
    }

    /// Whether it is an amount at the end of a month, which does not add up over months. Means of all others do.
    #[must_use]
    pub fn is_stock(self) -> bool {
        matches!(
            self,
            Self::Cumulative | Self::Owed | Self::Due | Self::Need | Self::PeakNeed
        )
    }
}

/// One row of `forecast.parquet`.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastRow {
    /// Plan name.
    pub plan: String,
    /// Month from 1; `None` for the whole horizon, of stocks its end.
    pub month: Option<usize>,
    /// What is forecast.
    pub metric: ForecastMetric,
    /// Estimates over trials, in currency.
    pub estimate: Estimate,
}

/// One row of `cash.parquet`.
#[derive(Debug, Clone, PartialEq)]
pub struct CashRow {
    /// Plan name.
    pub plan: String,
    /// Month from 1; `None` for the whole horizon, of stocks its end.
    pub month: Option<usize>,
    /// What it is.
    pub metric: CashMetric,
    /// Estimates over trials, in currency.
    pub estimate: Estimate,
    /// Of a month's need: share of trials in which it is the largest (the first of several), and its error.
    pub prob_peak: Option<(f64, f64)>,
}
