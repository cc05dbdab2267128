//! Outcomes: what plans yield in a block of consecutive trials.

use super::metric::Quantity;

/// All plans' outcomes in consecutive trials.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialBlock {
    /// Number of the first trial, from 0.
    pub first_trial: u64,
    /// Trials in the block.
    pub trials: usize,
    /// One a plan, in the order the plans were given.
    pub plans: Vec<PlanBlock>,
}

/// One plan's outcome in a block, for each cell with a count above zero.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanBlock {
    /// The booked cells, in the order of `Model::cells`.
    pub cells: Vec<CellBlock>,
    /// The audiences, in the order of `Model::audiences`; empty where the model has none.
    pub audiences: Vec<AudienceBlock>,
}

/// One audience in a block.
#[derive(Debug, Clone, PartialEq)]
pub struct AudienceBlock {
    /// Month, from 0.
    pub month: usize,
    /// Index into `Model::audiences`.
    pub audience: usize,
    /// People reached at least once in the month.
    pub net_reach: Vec<f64>,
}

/// One cell's totals in a block. All columns have one value a trial.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CellBlock {
    /// Month, from 0.
    pub month: usize,
    /// Index into `Model::cells`.
    pub cell: usize,
    /// Currency.
    pub spend: Vec<f64>,
    /// Empty where the tier's benchmark has no CPM.
    pub impressions: Vec<f64>,
    /// Empty where the tier's benchmark has no CPE.
    pub engagements: Vec<f64>,
    /// Empty where the tier's benchmark has no CPC.
    pub clicks: Vec<f64>,
    /// Orders, whole numbers.
    pub conversions: Vec<f64>,
    /// Currency.
    pub revenue: Vec<f64>,
    /// Part of `revenue` by month of sale: entry k is sold k months after the posting month, one entry for each
    /// month left of the horizon; the rest is sold later. Empty where all is sold at once.
    pub sold: Vec<Vec<f64>>,
    /// Partnerships that are there, at most as many as planned; empty where all always are.
    pub places: Vec<f64>,
    /// New creators in the month, whole numbers; empty where `places` is.
    pub joined: Vec<f64>,
    /// Creators that leave at the end of the month, whole numbers; empty where `places` is.
    pub left: Vec<f64>,
    /// Part of `spend` for cleaning up after incidents; empty where there is none.
    pub cleanup: Vec<f64>,
}

impl CellBlock {
    /// A simulated quantity's column; `None` where it is not defined, and for profit.
    #[must_use]
    pub fn column(&self, quantity: Quantity) -> Option<&[f64]> {
        let column = match quantity {
            Quantity::Spend => &self.spend,
            Quantity::Impressions => &self.impressions,
            Quantity::Engagements => &self.engagements,
            Quantity::Clicks => &self.clicks,
            Quantity::Conversions => &self.conversions,
            Quantity::Revenue => &self.revenue,
            Quantity::Profit | Quantity::NetReach => return None,
        };
        (!column.is_empty()).then_some(column.as_slice())
    }
}

/// One creator of one plan in a block of trials, over the horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CreatorBlock<'a> {
    /// Index of the plan, in the order the plans were given.
    pub plan: usize,
    /// Index into `Model::cells` of the plan's model.
    pub cell: usize,
    /// Index of the creator among those of the cell.
    pub slot: usize,
    /// Currency: fees, product, handling and commission on `revenue`, one value a trial.
    pub spend: &'a [f64],
    /// Currency: what the creator is expected to sell given its own qualities and the shared
    /// factors of the trial, without the chance in single orders.
    pub revenue: &'a [f64],
}
