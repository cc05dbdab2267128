//! Bands on shares: stage shares, the file's own, and whether they leave any plan.

use super::keys::{TIERS, TYPES};
use super::names::{joined, nearest};
use super::presets;
use super::problem::Fault;
use super::reader::Reader;
use super::source::Mark;
use super::value::{self, Share};
use crate::model::{Band, BandSource, Model, Rules, Segment, Stage};

/// Slack of sums of shares, for rounding.
const ROUNDING: f64 = 1e-9;

/// A dimension of shares: the key of its bands, its members in use, and which of them have cells.
struct Dimension<'m> {
    key: &'static str,
    members: Vec<&'m str>,
    offered: Vec<bool>,
    /// Names that are valid but not in use.
    unused: Vec<&'static str>,
    /// Where members are defined or chosen.
    defined_by: &'static str,
}

fn of_segments<'m>(
    key: &'static str,
    segments: &'m [Segment],
    offered: Vec<bool>,
) -> Dimension<'m> {
    Dimension {
        key,
        members: segments.iter().map(|s| s.name.as_str()).collect(),
        offered,
        unused: Vec::new(),
        defined_by: "[segments]",
    }
}

impl Reader<'_> {
    pub(super) fn all_bands(&mut self, model: &Model, rules: &mut Rules) {
        let tolerance = self.number(&["diversity", "tolerance"]).unwrap_or(0.0);
        let around = self
            .number(&["diversity", "share_tolerance"])
            .unwrap_or(0.0);
        let has = |chosen: &dyn Fn(&crate::model::Cell) -> bool| model.cells.iter().any(chosen);
        let tiers = Dimension {
            key: "tier_budget_share",
            members: model.tiers.iter().map(|t| t.name.as_str()).collect(),
            offered: (0..model.tiers.len())
                .map(|i| has(&|c| c.tier == i))
                .collect(),
            unused: TIERS.to_vec(),
            defined_by: "tiers.use",
        };
        let types = Dimension {
            key: "partnership_share",
            members: model.partnerships.iter().map(|p| p.name.as_str()).collect(),
            offered: (0..model.partnerships.len())
                .map(|i| has(&|c| c.partnership == i))
                .collect(),
            unused: TYPES.to_vec(),
            defined_by: "partnerships.use",
        };
        let stage = self.stage_shares(model);
        rules.tier_budget_share = self.bands(&tiers, stage.as_deref(), tolerance, around);
        rules.partnership_share = self.bands(&types, None, tolerance, around);
        let offered = (0..model.categories.len())
            .map(|i| has(&|c| c.category == Some(i)))
            .collect();
        let categories = of_segments("category_budget_share", &model.categories, offered);
        rules.category_budget_share = self.bands(&categories, None, tolerance, around);
        let offered = (0..model.regions.len())
            .map(|i| has(&|c| c.region == Some(i)))
            .collect();
        let regions = of_segments("region_budget_share", &model.regions, offered);
        rules.region_budget_share = self.bands(&regions, None, tolerance, around);
    }

    /// The stage's shares of the tiers in use, those of other tiers spread pro rata over them.
    fn stage_shares(&mut self, model: &Model) -> Option<Vec<f64>> {
        if model.stage == Stage::Custom {
            return None;
        }
        let mix = presets::stage_mix(model.stage);
        let shares: Vec<f64> = model
            .tiers
            .iter()
            .map(|tier| {
                TIERS
                    .iter()
                    .position(|t| *t == tier.name)
                    .map_or(0.0, |i| mix[i])
            })
            .collect();
        let sum: f64 = shares.iter().sum();
        if sum <= 0.0 {
            if !model.tiers.is_empty() {
                self.warnings.push(format!(
                    "stage \"{}\" has no shares for the tiers in use, so it sets no bands",
                    model.stage.name()
                ));
            }
            return None;
        }
        Some(shares.iter().map(|s| s / sum).collect())
    }

    fn bands(
        &mut self,
        dimension: &Dimension<'_>,
        stage: Option<&[f64]>,
        tolerance: f64,
        around: f64,
    ) -> Vec<Option<Band>> {
        let path = ["diversity", dimension.key];
        let own = self.own_shares(dimension);
        let n = dimension.members.len();
        let fixed = |i: usize| match own[i] {
            Some((Share::Number(share), _)) => Some(share),
            _ => None,
        };
        let fixed_sum: f64 = (0..n).filter_map(fixed).sum();
        let stage_of_fixed: f64 = stage.map_or(0.0, |s| {
            (0..n).filter(|&i| fixed(i).is_some()).map(|i| s[i]).sum()
        });
        let left = 1.0 - stage_of_fixed;
        let scale = if left > ROUNDING {
            ((1.0 - fixed_sum) / left).max(0.0)
        } else {
            0.0
        };
        let stage_origin = self.origin(&["stage"]);
        let bands: Vec<Option<Band>> = (0..n)
            .map(|i| {
                let around_share = |share: f64, by: f64, source, origin| Band {
                    low: tidy((share - by).max(0.0)),
                    high: tidy((share + by).min(1.0)),
                    asked: Some(share),
                    source,
                    origin,
                };
                match own[i] {
                    Some((Share::Number(share), mark)) => Some(around_share(
                        share,
                        around,
                        BandSource::User,
                        self.sources.origin(mark),
                    )),
                    Some((Share::Band(low, high), mark)) => Some(Band {
                        low,
                        high,
                        asked: None,
                        source: BandSource::User,
                        origin: self.sources.origin(mark),
                    }),
                    Some((Share::Free, _)) => None,
                    None => stage.map(|s| {
                        around_share(
                            (s[i] * scale).min(1.0),
                            tolerance,
                            BandSource::Stage,
                            stage_origin.clone(),
                        )
                    }),
                }
            })
            .collect();
        if !self.tainted {
            self.check_sums(dimension, &bands, &path);
        }
        bands
    }

    /// What the file says of each member; names not in use or not defined are faults.
    fn own_shares(&mut self, dimension: &Dimension<'_>) -> Vec<Option<(Share, Mark)>> {
        let mut own = vec![None; dimension.members.len()];
        let Some(node) = self.node(&["diversity", dimension.key]) else {
            return own;
        };
        for item in node.items() {
            let Some(leaf) = self.node(&["diversity", dimension.key, &item.key]) else {
                continue;
            };
            let share = match value::band(leaf) {
                Ok(share) => share,
                Err(fault) => {
                    self.fault(fault);
                    continue;
                }
            };
            if let Some(i) = dimension.members.iter().position(|m| *m == item.key) {
                own[i] = Some((share, leaf.mark));
                continue;
            }
            let nothing_wanted = match share {
                Share::Free => true,
                Share::Number(s) | Share::Band(s, _) => s == 0.0,
            };
            let known = dimension.unused.contains(&item.key.as_str());
            if known && (nothing_wanted || dimension.members.is_empty()) {
                continue;
            }
            let fault = if known {
                Fault::at(
                    item.key_mark,
                    format!("{} is given a share but is not in use", item.key),
                )
                .expected(format!("not in {}", dimension.defined_by))
            } else {
                let what = dimension.key.split('_').next().unwrap_or_default();
                let fault = Fault::at(
                    item.key_mark,
                    format!("{} is not a {what} of this scenario", joined("", &item.key)),
                )
                .of_names();
                match nearest(&item.key, dimension.members.iter().copied()) {
                    Some(near) => fault.expected(format!("did you mean {near}?")),
                    None if dimension.members.is_empty() => fault.expected(format!(
                        "no {what} is defined under {}",
                        dimension.defined_by
                    )),
                    None => fault.expected(format!(
                        "expected one of {}",
                        dimension
                            .members
                            .iter()
                            .take(12)
                            .copied()
                            .collect::<Vec<_>>()
                            .join(", ")
                    )),
                }
            };
            self.fault(fault);
        }
        own
    }

    fn check_sums(&mut self, dimension: &Dimension<'_>, bands: &[Option<Band>], path: &[&str; 2]) {
        if bands.iter().all(Option::is_none) {
            return;
        }
        for (i, band) in bands.iter().enumerate() {
            if let Some(band) = band
                && band.low > ROUNDING
                && !dimension.offered[i]
            {
                let name = dimension.members[i];
                let fault = self
                    .fault_at(
                        if band.source == BandSource::Stage {
                            &["stage"]
                        } else {
                            path
                        },
                        format!(
                            "{name} must get at least {} but has no cell to spend it on",
                            percent(band.low)
                        ),
                    )
                    .expected(format!("no cell of {name} is offered"))
                    .help(format!(
                        "set {}.{} = \"free\", or leave {name} out",
                        path.join("."),
                        joined("", name)
                    ));
                self.fault(fault);
                return;
            }
        }
        let place = |reader: &Self| {
            let own = reader
                .mark(path)
                .filter(|_| bands.iter().flatten().any(|b| b.source == BandSource::User));
            own.or_else(|| reader.mark(&["stage"]))
                .unwrap_or(reader.root.mark)
        };
        let low: f64 = bands.iter().flatten().map(|b| b.low).sum();
        let high: f64 = bands
            .iter()
            .zip(&dimension.offered)
            .map(|(band, &offered)| match band {
                _ if !offered => 0.0,
                Some(band) => band.high,
                None => 1.0,
            })
            .sum();
        let list = |end: &dyn Fn(&Band) -> f64| {
            bands
                .iter()
                .enumerate()
                .filter_map(|(i, b)| {
                    b.as_ref()
                        .filter(|b| end(b) > 0.0)
                        .map(|b| format!("{} {}", dimension.members[i], percent(end(b))))
                })
                .take(12)
                .collect::<Vec<_>>()
                .join(", ")
        };
        if low > 1.0 + ROUNDING {
            let fault = Fault::at(
                place(self),
                format!(
                    "the least shares of {} add up to {}, more than 100 %",
                    path.join("."),
                    percent(low)
                ),
            )
            .expected("these bands leave no plan")
            .help(format!("least shares: {}", list(&|b| b.low)));
            self.fault(fault);
        } else if high < 1.0 - ROUNDING {
            let fault = Fault::at(
                place(self),
                format!(
                    "the largest shares of {} add up to {}, less than 100 %",
                    path.join("."),
                    percent(high)
                ),
            )
            .expected("these bands leave no plan")
            .help(format!("largest shares: {}", list(&|b| b.high)));
            self.fault(fault);
        }
    }
}

/// A share without the last bits that adding a tolerance leaves: 0.17, not 0.16999999999999998.
fn tidy(share: f64) -> f64 {
    (share * 1e12).round() / 1e12
}

/// A share in percent, without trailing zeros.
fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
