//! What is measured: totals and ratios of totals.

/// A total that adds up over cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quantity {
    /// Currency paid.
    Spend,
    /// Views of posts.
    Impressions,
    /// Likes, comments, saves, shares.
    Engagements,
    /// Clicks to the shop.
    Clicks,
    /// Orders.
    Conversions,
    /// Currency received.
    Revenue,
    /// Margin × revenue − spend.
    Profit,
    /// People reached at least once; of a model with audiences.
    NetReach,
}

impl Quantity {
    /// The six quantities that are simulated; profit follows from two of them.
    pub const SIMULATED: [Self; 6] = [
        Self::Spend,
        Self::Impressions,
        Self::Engagements,
        Self::Clicks,
        Self::Conversions,
        Self::Revenue,
    ];

    /// Those and net reach, which belongs to audiences and not to creators.
    pub const COLLECTED: [Self; 7] = [
        Self::Spend,
        Self::Impressions,
        Self::Engagements,
        Self::Clicks,
        Self::Conversions,
        Self::Revenue,
        Self::NetReach,
    ];

    /// Column and key name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NetReach => "net_reach",
            Self::Spend => "spend",
            Self::Impressions => "impressions",
            Self::Engagements => "engagements",
            Self::Clicks => "clicks",
            Self::Conversions => "conversions",
            Self::Revenue => "revenue",
            Self::Profit => "profit",
        }
    }
}

/// A reported metric: a total, or a ratio of two totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Currency paid.
    Spend,
    /// Currency received.
    Revenue,
    /// Margin × revenue − spend.
    Profit,
    /// Views of posts.
    Impressions,
    /// Likes, comments, saves, shares.
    Engagements,
    /// Clicks to the shop.
    Clicks,
    /// Orders.
    Conversions,
    /// Revenue / spend.
    Roas,
    /// Profit / spend.
    Roi,
    /// 1000 × spend / impressions.
    Cpm,
    /// Spend / engagements.
    Cpe,
    /// Spend / conversions.
    Cpa,
    /// People reached at least once.
    NetReach,
    /// Impressions / net reach: how often a person reached is.
    Frequency,
}

/// Names of metrics, in their order.
pub(crate) const fn names<const N: usize>(metrics: [Metric; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut i = 0;
    while i < N {
        names[i] = metrics[i].name();
        i += 1;
    }
    names
}

impl Metric {
    /// All metrics, in the order of the outputs; the last two are of models with audiences.
    pub const ALL: [Self; 14] = [
        Self::Spend,
        Self::Revenue,
        Self::Profit,
        Self::Impressions,
        Self::Engagements,
        Self::Clicks,
        Self::Conversions,
        Self::Roas,
        Self::Roi,
        Self::Cpm,
        Self::Cpe,
        Self::Cpa,
        Self::NetReach,
        Self::Frequency,
    ];

    /// Those that plans can compete on: all but spend, of which neither more nor less is better, and those of audiences.
    pub const CONTESTED: [Self; 11] = [
        Self::Revenue,
        Self::Profit,
        Self::Impressions,
        Self::Engagements,
        Self::Clicks,
        Self::Conversions,
        Self::Roas,
        Self::Roi,
        Self::Cpm,
        Self::Cpe,
        Self::Cpa,
    ];

    /// Those of a plan's headline, which get a small picture, in its order.
    pub const HEADLINE: [Self; 6] = [
        Self::Spend,
        Self::Revenue,
        Self::Profit,
        Self::Conversions,
        Self::Roas,
        Self::Cpa,
    ];

    /// Column and key name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spend => "spend",
            Self::Revenue => "revenue",
            Self::Profit => "profit",
            Self::Impressions => "impressions",
            Self::Engagements => "engagements",
            Self::Clicks => "clicks",
            Self::Conversions => "conversions",
            Self::Roas => "roas",
            Self::Roi => "roi",
            Self::Cpm => "cpm",
            Self::Cpe => "cpe",
            Self::Cpa => "cpa",
            Self::NetReach => "net_reach",
            Self::Frequency => "frequency",
        }
    }

    /// The metric of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.name() == name)
    }

    /// Numerator: the total itself, or the ratio's upper part.
    #[must_use]
    pub fn numerator(self) -> Quantity {
        match self {
            Self::Spend | Self::Cpm | Self::Cpe | Self::Cpa => Quantity::Spend,
            Self::Revenue | Self::Roas => Quantity::Revenue,
            Self::Profit | Self::Roi => Quantity::Profit,
            Self::Impressions | Self::Frequency => Quantity::Impressions,
            Self::Engagements => Quantity::Engagements,
            Self::Clicks => Quantity::Clicks,
            Self::Conversions => Quantity::Conversions,
            Self::NetReach => Quantity::NetReach,
        }
    }

    /// Denominator of a ratio; `None` for totals.
    #[must_use]
    pub fn denominator(self) -> Option<Quantity> {
        match self {
            Self::Roas | Self::Roi => Some(Quantity::Spend),
            Self::Cpm => Some(Quantity::Impressions),
            Self::Cpe => Some(Quantity::Engagements),
            Self::Cpa => Some(Quantity::Conversions),
            Self::Frequency => Some(Quantity::NetReach),
            _ => None,
        }
    }

    /// Whether it is one of audiences: not defined without them, nor for a part of one.
    #[must_use]
    pub fn is_of_audiences(self) -> bool {
        matches!(self, Self::NetReach | Self::Frequency)
    }

    /// Constant factor: 1000 for CPM, 1 otherwise.
    #[must_use]
    pub fn factor(self) -> f64 {
        if self == Self::Cpm { 1000.0 } else { 1.0 }
    }

    /// Whether less is better: the cost-per metrics.
    #[must_use]
    pub fn lower_is_better(self) -> bool {
        matches!(self, Self::Cpm | Self::Cpe | Self::Cpa)
    }

    /// Whether a bare number as target means "at most": spend and the cost-per metrics.
    #[must_use]
    pub fn number_means_at_most(self) -> bool {
        self == Self::Spend || self.lower_is_better()
    }

    /// Whether it is an amount of currency (and not a count or a plain ratio).
    #[must_use]
    pub fn is_money(self) -> bool {
        matches!(
            self,
            Self::Spend | Self::Revenue | Self::Profit | Self::Cpm | Self::Cpe | Self::Cpa
        )
    }
}
