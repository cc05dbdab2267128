//! Reading the market: tiers, segments, partnership terms and the cells they make.

use super::keys::{Kind, MOST_POST_DAYS, TIERS};
use super::problem::Fault;
use super::reader::{FOLLOWERS_KEYS, Reader};
use super::value;
use crate::distribution::Distribution;
use crate::model::{
    Basis, Benchmark, BookedAs, Cell, Factors, Followers, Model, Segment, Terms, Tier,
};

/// Most cells of a model.
const MOST_CELLS: usize = 20_000;

impl Reader<'_> {
    pub(super) fn tier(
        &mut self,
        tier: &'static str,
        funnel: [Distribution; 3],
        fractional: bool,
    ) -> Tier {
        let fee = self.needed(&["tiers", tier, "fee"], Kind::Amount);
        let basis = if self.root.at(&["tiers", tier, "benchmark"]).is_some() {
            self.both_bases(tier);
            Basis::Benchmark(self.benchmark(tier))
        } else {
            let mut own = |rate: &'static str, default: Distribution| {
                self.distribution(&["tiers", tier, rate], Kind::Rate)
                    .unwrap_or(default)
            };
            let [view, click, conversion] = funnel;
            let (view_rate, click_rate, conversion_rate) = (
                own("view_rate", view),
                own("click_rate", click),
                own("conversion_rate", conversion),
            );
            Basis::Followers(Followers {
                followers: self.needed(&["tiers", tier, "followers"], Kind::Amount),
                view_rate,
                engagement_rate: self.needed(&["tiers", tier, "engagement_rate"], Kind::Rate),
                click_rate,
                conversion_rate,
            })
        };
        let min_creators = self
            .node(&["tiers", tier, "min_creators"])
            .and_then(|node| self.whole_count(node, fractional))
            .unwrap_or(0.0);
        let max_creators = self
            .node(&["tiers", tier, "max_creators"])
            .and_then(|node| self.whole_count(node, fractional));
        if let Some(max) = max_creators
            && min_creators > max
        {
            let fault = self
                .fault_at(
                    &["tiers", tier, "min_creators"],
                    format!(
                        "min_creators of {tier}, {min_creators}, is above its max_creators, {max}"
                    ),
                )
                .expected(format!("expected at most {max}"))
                .help(format!(
                    "max_creators = {max} comes from {}",
                    self.origin(&["tiers", tier, "max_creators"])
                ));
            self.fault(fault);
        }
        Tier {
            name: tier.to_owned(),
            fee,
            basis,
            min_creators,
            max_creators,
        }
    }

    fn both_bases(&mut self, tier: &str) {
        let Some(table) = self.root.at(&["tiers", tier]) else {
            return;
        };
        for key in FOLLOWERS_KEYS {
            if let Some(item) = table.item(key)
                && self.sources.is_users(item.key_mark)
            {
                let at = self
                    .mark(&["tiers", tier, "benchmark"])
                    .map_or_else(String::new, |m| {
                        format!(" (benchmark stands at {})", self.sources.location(m))
                    });
                self.fault(
                    Fault::at(
                        item.key_mark,
                        format!("{tier} states both a benchmark and {key}{at}"),
                    )
                    .expected("belongs to the followers basis")
                    .help("a tier yields by its benchmark or by followers and rates: keep one"),
                );
            }
        }
    }

    fn benchmark(&mut self, tier: &'static str) -> Benchmark {
        let mut read = |key: &'static str| {
            self.distribution(&["tiers", tier, "benchmark", key], Kind::CostPer)
        };
        let (cpm, cpe, cpc, cpa) = (read("cpm"), read("cpe"), read("cpc"), read("cpa"));
        let cpa_path = ["tiers", tier, "benchmark", "cpa"];
        if self.root.at(&cpa_path).is_none() && !self.was_meant(&cpa_path) {
            let fault = self
                .fault_at(
                    &["tiers", tier, "benchmark"],
                    format!("the benchmark of {tier} has no cpa"),
                )
                .expected("cpa is required")
                .help("e.g. benchmark = { cpm = 20, cpe = 2, cpa = 40 }; cpm, cpe and cpc are optional");
            self.fault(fault);
        }
        Benchmark {
            cpm,
            cpe,
            cpc,
            cpa: cpa.unwrap_or(Distribution::Certain(1.0)),
            roas: self.number(&["tiers", tier, "benchmark", "roas"]),
        }
    }

    pub(super) fn segments(&mut self, dimension: &'static str, tiers: &[&str]) -> Vec<Segment> {
        let Some(node) = self.node(&["segments", dimension]) else {
            return Vec::new();
        };
        node.items()
            .iter()
            .map(|item| {
                let name = item.key.as_str();
                let mut factor = |key: &'static str| {
                    self.number(&["segments", dimension, name, key])
                        .unwrap_or(1.0)
                };
                let factors = Factors {
                    fee: factor("fee"),
                    view_rate: factor("view_rate"),
                    engagement_rate: factor("engagement_rate"),
                    click_rate: factor("click_rate"),
                    conversion_rate: factor("conversion_rate"),
                };
                let own = self
                    .names(&["segments", dimension, name, "tiers"], TIERS)
                    .map(|own| {
                        (0..tiers.len())
                            .filter(|&i| own.contains(&tiers[i]))
                            .collect::<Vec<_>>()
                    });
                Segment {
                    name: name.to_owned(),
                    factors,
                    tiers: own,
                }
            })
            .collect()
    }

    fn terms(&mut self, tier: &str, kind: &str) -> Terms {
        let general = ["partnerships", kind];
        let own = ["tiers", tier, "partnership", kind];
        for level in [&general[..], &own[..]] {
            let has = |key: &str| self.root.at(level).is_some_and(|n| n.get(key).is_some());
            if has("fee") && has("fee_amount") {
                let path = [level, &["fee_amount"]].concat();
                let fault = self
                    .fault_at(&path, format!("{} has both fee and fee_amount", level.join(".")))
                    .expected("keep one of them")
                    .help("fee multiplies the tier's fee per post; fee_amount is currency a month instead");
                self.fault(fault);
            }
        }
        let mut read = |key: &'static str| {
            let own_value = self.number(&[&own[..], &[key]].concat());
            let general_value = self.number(&[&general[..], &[key]].concat());
            (own_value, general_value)
        };
        let (fee, fee_amount) = match (read("fee"), read("fee_amount")) {
            ((Some(fee), _), (None, _)) => (fee, None),
            ((_, general_fee), (Some(amount), _)) => (general_fee.unwrap_or(1.0), Some(amount)),
            ((None, general_fee), (None, amount)) => (general_fee.unwrap_or(1.0), amount),
        };
        let mut pick = |key: &'static str, neutral: f64| {
            let (own, general) = read(key);
            own.or(general).unwrap_or(neutral)
        };
        Terms {
            fee,
            fee_amount,
            commission: pick("commission", 0.0),
            product_cost: pick("product_cost", 0.0),
            posts: pick("posts", 1.0),
            delivery: pick("delivery", 1.0),
            conversion_lift: pick("conversion_lift", 1.0),
            hours: pick("hours", 0.0),
            post_days: self.post_days(&[&own, &general]),
        }
    }

    /// Days from a booking to its post, by the first of several tables that say it.
    pub(super) fn post_days(&mut self, tables: &[&[&str]]) -> u32 {
        let mut read = |table: &&[&str]| {
            let path = [table, &["post_days"][..]].concat();
            self.with(&path, |n| value::whole(n, 0, MOST_POST_DAYS))
        };
        let found: Vec<Option<u64>> = tables.iter().map(&mut read).collect();
        let days = found.into_iter().flatten().next().unwrap_or(0);
        u32::try_from(days).unwrap_or(0)
    }

    pub(super) fn cells(&mut self, model: &Model, offered: &[Vec<&str>]) -> Vec<Cell> {
        let options = |segments: &[Segment], tier: usize| -> Vec<Option<usize>> {
            if segments.is_empty() {
                return vec![None];
            }
            (0..segments.len())
                .filter(|&i| segments[i].tiers.as_ref().is_none_or(|t| t.contains(&tier)))
                .map(Some)
                .collect()
        };
        let all = model.tiers.len()
            * model.partnerships.len()
            * model.categories.len().max(1)
            * model.regions.len().max(1);
        if all > MOST_CELLS {
            let fault = self
                .fault_at(
                    &["segments"],
                    format!("tiers × types × categories × regions make up to {all} cells"),
                )
                .expected(format!("expected at most {MOST_CELLS}"));
            self.fault(fault);
            return Vec::new();
        }
        let mut out = Vec::new();
        for (tier, types) in offered.iter().enumerate() {
            let name = model.tiers[tier].name.clone();
            for (partnership, kind) in model.partnerships.iter().enumerate() {
                if !types.contains(&kind.name.as_str()) {
                    continue;
                }
                let terms = self.terms(&name, &kind.name);
                for category in options(&model.categories, tier) {
                    for region in options(&model.regions, tier) {
                        let of = |segments: &[Segment], i: Option<usize>| {
                            i.map_or(Factors::ONE, |i| segments[i].factors)
                        };
                        out.push(Cell {
                            tier,
                            partnership,
                            category,
                            region,
                            terms: terms.clone(),
                            factors: of(&model.categories, category)
                                .times(of(&model.regions, region)),
                            assumed: false,
                            booked_as: BookedAs::Open,
                        });
                    }
                }
            }
        }
        if out.is_empty() && !self.tainted {
            let fault = self
                .fault_at(
                    &["partnerships", "use"],
                    "no cell is offered: no tier in use offers a partnership type in use",
                )
                .help("see tiers.use, partnerships.use and the partnerships of each tier; segments may limit tiers too");
            self.fault(fault);
        }
        out
    }
}
