//! What makes a result vary: the random inputs of the model, in groups.

/// A group of random inputs that vary together in a sensitivity analysis.
///
/// Every random number of a trial belongs to exactly one group, and groups are independent of each
/// other. Shared factors are the doubt about averages, all tiers of a kind in one group;
/// creators' inputs are the differences from creator to creator; the pipeline is who leaves and who comes; orders are the chance in how many
/// buy and what an order is worth, given all the rest. Where followers and fees are
/// correlated, what followers tell about a fee belongs to the followers, and the rest to the fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum InputGroup {
    /// Shared doubt about conversions of all tiers.
    Market,
    /// Shared doubt about impressions of all tiers.
    Platform,
    /// Shared doubt about engagement rates, tier by tier.
    EngagementRate,
    /// Shared doubt about click rates, tier by tier.
    ClickRate,
    /// Shared doubt about conversion rates, tier by tier.
    ConversionRate,
    /// Shared doubt about order values, tier by tier.
    OrderValue,
    /// Shared doubt about fees, tier by tier.
    Fee,
    /// Shared doubt about all yields of tiers on the benchmark basis, tier by tier.
    Benchmark,
    /// Creators' followers.
    CreatorFollowers,
    /// Creators' fees.
    CreatorFee,
    /// Creators' view rates.
    CreatorViewRate,
    /// Creators' engagement rates.
    CreatorEngagementRate,
    /// Creators' click rates.
    CreatorClickRate,
    /// Creators' conversion rates.
    CreatorConversionRate,
    /// Creators' costs per 1,000 impressions.
    CreatorCpm,
    /// Creators' costs per engagement.
    CreatorCpe,
    /// Creators' costs per click.
    CreatorCpc,
    /// Creators' costs per conversion.
    CreatorCpa,
    /// Whether a creator's content appears.
    CreatorDelivery,
    /// Whether a creator has an incident, and whether it shocks the brand.
    CreatorIncidents,
    /// Who is there: partners leave, and the pipeline delivers new ones.
    Pipeline,
    /// The number of orders and their values, given all else.
    Orders,
}

impl InputGroup {
    /// All groups, in the order of the outputs: shared, creators', orders.
    pub const ALL: [Self; 22] = [
        Self::Market,
        Self::Platform,
        Self::EngagementRate,
        Self::ClickRate,
        Self::ConversionRate,
        Self::OrderValue,
        Self::Fee,
        Self::Benchmark,
        Self::CreatorFollowers,
        Self::CreatorFee,
        Self::CreatorViewRate,
        Self::CreatorEngagementRate,
        Self::CreatorClickRate,
        Self::CreatorConversionRate,
        Self::CreatorCpm,
        Self::CreatorCpe,
        Self::CreatorCpc,
        Self::CreatorCpa,
        Self::CreatorDelivery,
        Self::CreatorIncidents,
        Self::Pipeline,
        Self::Orders,
    ];

    /// Name in outputs. That of a shared factor is its key below `[uncertainty]`; creators' inputs
    /// have their key behind `creators.`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Platform => "platform",
            Self::EngagementRate => "engagement_rate",
            Self::ClickRate => "click_rate",
            Self::ConversionRate => "conversion_rate",
            Self::OrderValue => "order_value",
            Self::Fee => "fee",
            Self::Benchmark => "benchmark",
            Self::CreatorFollowers => "creators.followers",
            Self::CreatorFee => "creators.fee",
            Self::CreatorViewRate => "creators.view_rate",
            Self::CreatorEngagementRate => "creators.engagement_rate",
            Self::CreatorClickRate => "creators.click_rate",
            Self::CreatorConversionRate => "creators.conversion_rate",
            Self::CreatorCpm => "creators.cpm",
            Self::CreatorCpe => "creators.cpe",
            Self::CreatorCpc => "creators.cpc",
            Self::CreatorCpa => "creators.cpa",
            Self::CreatorDelivery => "creators.delivery",
            Self::CreatorIncidents => "creators.incidents",
            Self::Pipeline => "pipeline",
            Self::Orders => "orders",
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Platform => "platform",
            Self::EngagementRate => "engagement rates",
            Self::ClickRate => "click rates",
            Self::ConversionRate => "conversion rates",
            Self::OrderValue => "order values",
            Self::Fee => "fees",
            Self::Benchmark => "benchmarks",
            Self::CreatorFollowers => "creators' followers",
            Self::CreatorFee => "creators' fees",
            Self::CreatorViewRate => "creators' view rates",
            Self::CreatorEngagementRate => "creators' engagement rates",
            Self::CreatorClickRate => "creators' click rates",
            Self::CreatorConversionRate => "creators' conversion rates",
            Self::CreatorCpm => "creators' CPM",
            Self::CreatorCpe => "creators' CPE",
            Self::CreatorCpc => "creators' CPC",
            Self::CreatorCpa => "creators' CPA",
            Self::CreatorDelivery => "creators' delivery",
            Self::CreatorIncidents => "creators' incidents",
            Self::Pipeline => "who is there (pipeline)",
            Self::Orders => "chance in orders",
        }
    }

    /// Whether it is a shared factor: doubt about an average, which does not average out over creators.
    #[must_use]
    pub fn is_shared(self) -> bool {
        self <= Self::Benchmark
    }

    /// Whether it is a shared factor with one value a tier.
    #[must_use]
    pub fn is_per_tier(self) -> bool {
        self.is_shared() && self > Self::Platform
    }
}
