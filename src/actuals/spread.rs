//! How far totals of one month, tier and type scatter around what the shared factors make of them.
//!
//! A total of n creators' values with relative variance c² each has the relative variance c²/n; its logarithm is taken as normal with
//! variance ln(1 + c²/n), which keeps its mean. Creators keep their qualities from month to month, so these parts
//! are the same in all months; delivery, incidents, orders and their values are new each month.

use crate::distribution::Distribution;
use crate::model::{Basis, Cell, InputGroup, Model};

/// A part of the scatter that stays from month to month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasting {
    /// Followers and view rates.
    Reach,
    /// Engagement rates.
    Engagement,
    /// Click rates.
    Click,
    /// Conversion rates.
    Conversion,
    /// Fees.
    Fee,
    /// Costs per 1,000 impressions.
    Cpm,
    /// Costs per engagement.
    Cpe,
    /// Costs per click.
    Cpc,
    /// Costs per conversion.
    Cpa,
}

impl Lasting {
    /// The input that varies from creator to creator.
    pub(super) fn input(self) -> InputGroup {
        match self {
            Self::Reach => InputGroup::CreatorFollowers,
            Self::Engagement => InputGroup::CreatorEngagementRate,
            Self::Click => InputGroup::CreatorClickRate,
            Self::Conversion => InputGroup::CreatorConversionRate,
            Self::Fee => InputGroup::CreatorFee,
            Self::Cpm => InputGroup::CreatorCpm,
            Self::Cpe => InputGroup::CreatorCpe,
            Self::Cpc => InputGroup::CreatorCpc,
            Self::Cpa => InputGroup::CreatorCpa,
        }
    }
}

/// E\[X²\]/E\[X\]², 1 for what is certain.
fn excess(d: &Distribution) -> f64 {
    let mean = d.mean();
    if mean > 0.0 {
        1.0 + d.variance() / (mean * mean)
    } else {
        1.0
    }
}

/// E\[1/X²\]/E\[1/X\]².
fn inverse_excess(d: &Distribution) -> f64 {
    match d.mean_of_inverse() {
        Some(mean) if !d.is_certain() => (d.mean_of_inverse_square() / (mean * mean)).max(1.0),
        _ => 1.0,
    }
}

fn log_variance(relative: f64) -> f64 {
    libm::log1p(relative.max(0.0))
}

/// Variances of the logarithms of a row's totals, of n creators.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    /// The lasting parts that come in with impressions, engagements, clicks and conversions. On the
    /// benchmark basis each stage has its own beside the first, which is the fee's.
    pub(super) stages: [Option<(Lasting, f64)>; 4],
    /// What all stages share from the first: followers basis none, benchmark basis the fee.
    pub(super) common: Option<(Lasting, f64)>,
    /// Whether stages follow each other, so that a stage has the parts of all before it.
    pub(super) chained: bool,
    /// Delivery and incidents, in all stages of a month.
    pub(super) appears: f64,
    /// Drawn fees, and whether the content appears for which they are due.
    pub(super) fee: (Lasting, f64),
    pub(super) fee_due: f64,
}

impl Spread {
    /// Of `n` creators of a cell.
    pub(super) fn of(model: &Model, cell: &Cell, n: f64) -> Self {
        let tier = &model.tiers[cell.tier];
        let n = n.max(1e-9);
        let part = |relative: f64| log_variance(relative / n);
        let delivery = cell.terms.delivery.max(1e-9);
        let appears = model.incidents.of_one().kept_excess() / delivery - 1.0;
        let fee = excess(&tier.fee);
        let fee_due = part((1.0 / delivery - 1.0) * fee);
        match &tier.basis {
            Basis::Followers(f) => {
                let mut weight = excess(&f.followers) * excess(&f.view_rate);
                let reach = (Lasting::Reach, part(weight - 1.0));
                let appears = part(appears * weight);
                let mut next = |kind: Lasting, rate: &Distribution| {
                    let own = excess(rate);
                    let variance = part((own - 1.0) * weight);
                    weight *= own;
                    Some((kind, variance))
                };
                let stages = [
                    Some(reach),
                    next(Lasting::Engagement, &f.engagement_rate),
                    next(Lasting::Click, &f.click_rate),
                    next(Lasting::Conversion, &f.conversion_rate),
                ];
                Self {
                    stages,
                    common: None,
                    chained: true,
                    appears,
                    fee: (Lasting::Fee, part(fee - 1.0)),
                    fee_due,
                }
            }
            Basis::Benchmark(b) => {
                let own =
                    |kind: Lasting, d: &Distribution| (kind, part((inverse_excess(d) - 1.0) * fee));
                Self {
                    stages: [
                        b.cpm.as_ref().map(|d| own(Lasting::Cpm, d)),
                        b.cpe.as_ref().map(|d| own(Lasting::Cpe, d)),
                        b.cpc.as_ref().map(|d| own(Lasting::Cpc, d)),
                        Some(own(Lasting::Cpa, &b.cpa)),
                    ],
                    common: Some((Lasting::Fee, part(fee - 1.0))),
                    chained: false,
                    appears: part(appears * fee),
                    fee: (Lasting::Fee, part(fee - 1.0)),
                    fee_due,
                }
            }
        }
    }

    /// The lasting parts in a stage: 0 impressions, 1 engagements, 2 clicks, 3 conversions.
    pub(super) fn lasting(&self, stage: usize) -> Vec<(Lasting, f64)> {
        let first = if self.chained { 0 } else { stage };
        let own = self.stages[first..=stage].iter().flatten();
        self.common.iter().chain(own).copied().collect()
    }
    /// The same, and 4 for drawn fees.
    pub(super) fn of_stage(&self, stage: usize) -> Vec<(Lasting, f64)> {
        if stage < self.stages.len() {
            self.lasting(stage)
        } else {
            vec![self.fee]
        }
    }

    /// Every lasting part that varies, once.
    pub(super) fn all(&self) -> Vec<(Lasting, f64)> {
        let mut out: Vec<(Lasting, f64)> = Vec::new();
        let stages = self.stages.iter().flatten();
        for part in self.common.iter().chain(stages).chain([&self.fee]) {
            if part.1 > 0.0 && out.iter().all(|(kind, _)| *kind != part.0) {
                out.push(*part);
            }
        }
        out
    }
}
