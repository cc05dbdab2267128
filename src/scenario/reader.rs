//! The reader: one merged tree to one [`Model`], collecting every fault.

use std::collections::BTreeSet;

use super::counts::AssumedTerms;
use super::keys::{Kind, OBJECTIVES, STAGES, TIERS, TYPES};
use super::problem::Fault;
use super::source::{Mark, Sources};
use super::spread;
use super::time_value;
use super::tree::{Node, Value};
use super::value;
use crate::distribution::Distribution;
use crate::model::{
    Horizon, Model, Objective, Order, Origin, Partnership, Rules, Stage, Tier, Uncertainty,
};

/// Keys of the followers basis in a tier.
pub(super) const FOLLOWERS_KEYS: [&str; 5] = [
    "followers",
    "view_rate",
    "engagement_rate",
    "click_rate",
    "conversion_rate",
];

/// Reads one tree.
pub(super) struct Reader<'a> {
    pub(super) root: &'a Node,
    pub(super) sources: &'a Sources,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<String>,
    /// Terms that rest on assumed presets, by partnership type.
    pub(super) assumed_terms: Vec<AssumedTerms>,
    /// A value was missing or bad and stands replaced: checks over many values would mislead.
    pub(super) tainted: bool,
    /// Something is wrong where tiers, types, segments, waves or levels are named: which names there are is not known.
    pub(super) names_unknown: bool,
    /// The number of months is bad: what depends on it is not judged.
    pub(super) months_unknown: bool,
    /// Key paths asked for, which a test compares with the list of keys.
    pub(super) seen: BTreeSet<String>,
    /// Keys that misspelled keys probably meant.
    pub(super) meant: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: &'a Node, sources: &'a Sources) -> Self {
        Self {
            root,
            sources,
            faults: Vec::new(),
            warnings: Vec::new(),
            assumed_terms: Vec::new(),
            tainted: false,
            names_unknown: false,
            months_unknown: false,
            seen: BTreeSet::new(),
            meant: Vec::new(),
        }
    }

    /// Whether a misspelled key probably meant this path; it is not missing then.
    pub(super) fn was_meant(&mut self, path: &[&str]) -> bool {
        let meant = self.meant.contains(&path.join("."));
        self.tainted |= meant;
        meant
    }

    /// Notes what is wrong, unless it follows from what has been told.
    pub(super) fn fault(&mut self, fault: Fault) {
        self.tainted = true;
        if !(fault.names && self.names_unknown) {
            self.faults.push(fault);
        }
    }

    /// Whether something is wrong where names are given that cell keys use.
    fn names_are_unknown(&self) -> bool {
        const NAMING: [&[&str]; 5] = [
            &["tiers", "use"],
            &["partnerships", "use"],
            &["segments"],
            &["wave"],
            &["ambassadors"],
        ];
        let of_tiers = TIERS
            .iter()
            .map(|tier| vec!["tiers", *tier, "partnerships"]);
        let mut places = NAMING.iter().map(|path| path.to_vec()).chain(of_tiers);
        places.any(|path| {
            let key = path.join(".");
            let meant = |meant: &String| {
                meant
                    .strip_prefix(&key)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            self.root.at(&path).is_some_and(Node::has_bad) || self.meant.iter().any(meant)
        })
    }

    /// The node at a path; bad ones are `None` and taint the reading.
    pub(super) fn node(&mut self, path: &[&str]) -> Option<&'a Node> {
        self.seen.insert(path.join("."));
        let node = self.root.at(path)?;
        if matches!(node.value, Value::Bad) {
            self.tainted = true;
            return None;
        }
        Some(node)
    }

    /// The origin of the value at a path.
    pub(super) fn origin(&self, path: &[&str]) -> Origin {
        self.root
            .at(path)
            .map_or(Origin::Default, |node| self.sources.origin(node.mark))
    }

    /// The mark of the key at a path, or of the nearest table above it that the user wrote, or of
    /// the file's start.
    pub(super) fn mark(&self, path: &[&str]) -> Option<Mark> {
        (1..=path.len()).rev().find_map(|n| {
            let (last, above) = path[..n].split_last()?;
            let mark = self.root.at(above)?.item(last)?.key_mark;
            self.sources.is_users(mark).then_some(mark)
        })
    }

    pub(super) fn fault_at(&self, path: &[&str], message: impl Into<String>) -> Fault {
        Fault {
            mark: Some(self.mark(path).unwrap_or(self.root.mark)),
            ..Fault::of_file(message)
        }
    }

    pub(super) fn with<T>(
        &mut self,
        path: &[&str],
        read: impl FnOnce(&'a Node) -> Result<T, Fault>,
    ) -> Option<T> {
        let node = self.node(path)?;
        match read(node) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(fault);
                None
            }
        }
    }

    pub(super) fn number(&mut self, path: &[&str]) -> Option<f64> {
        self.with(path, value::number)
    }

    pub(super) fn flag(&mut self, path: &[&str]) -> Option<bool> {
        self.with(path, value::flag)
    }

    pub(super) fn text(&mut self, path: &[&str]) -> Option<String> {
        self.with(path, |n| value::text(n).map(str::to_owned))
    }

    pub(super) fn word(
        &mut self,
        path: &[&str],
        words: &'static [&'static str],
    ) -> Option<&'static str> {
        self.with(path, |n| value::word(n, words))
    }

    pub(super) fn distribution(&mut self, path: &[&str], kind: Kind) -> Option<Distribution> {
        self.with(path, |n| spread::distribution(n, kind))
    }

    /// A distribution that every tree has, from the file or the presets.
    pub(super) fn needed(&mut self, path: &[&str], kind: Kind) -> Distribution {
        self.distribution(path, kind).unwrap_or_else(|| {
            self.tainted = true;
            Distribution::Certain(if kind == Kind::Rate { 0.5 } else { 1.0 })
        })
    }

    /// A list of names; the known ones in the glossary's order.
    pub(super) fn names(
        &mut self,
        path: &[&str],
        known: &'static [&'static str],
    ) -> Option<Vec<&'static str>> {
        let node = self.node(path)?;
        let chosen = value::names(node, known, &mut self.faults);
        Some(
            known
                .iter()
                .copied()
                .filter(|k| chosen.contains(k))
                .collect(),
        )
    }

    /// A number of creators that must be whole unless counts may be fractional.
    pub(super) fn whole_count(&mut self, node: &'a Node, fractional: bool) -> Option<f64> {
        match value::count_or_free(node) {
            Ok(Some(count)) if !fractional && count.fract() != 0.0 => {
                self.fault(
                    Fault::at(node.mark, format!("{count} creators cannot be booked"))
                        .expected("expected a whole number")
                        .help("set fractional_counts = true to plan by shares"),
                );
                None
            }
            Ok(count) => count,
            Err(fault) => {
                self.fault(fault);
                None
            }
        }
    }

    /// Checks the keys of the run as a whole; the name, if it is good.
    pub(super) fn required(&mut self) {
        for (key, example) in [
            ("schema", "schema = 1"),
            ("name", "name = \"my-scenario\""),
            ("budget", "budget = 300_000"),
        ] {
            if self.root.get(key).is_none() && !self.was_meant(&[key]) {
                let fault = self
                    .fault_at(&[key], format!("the required key {key} is missing"))
                    .expected(format!("add e.g. {example}"));
                self.fault(fault);
            }
        }
        self.node(&["schema"]);
    }

    pub(super) fn seed(&mut self) -> u64 {
        self.with(&["seed"], |n| value::whole(n, 0, u64::MAX))
            .unwrap_or(0)
    }

    /// Reads the model of a plan.
    pub(super) fn model(&mut self, name: &str) -> Model {
        self.names_unknown = self.names_are_unknown();
        let stage = match self.word(&["stage"], STAGES) {
            Some("awareness") => Stage::Awareness,
            Some("growth") => Stage::Growth,
            Some("maturity") => Stage::Maturity,
            _ => Stage::Custom,
        };
        let objective = self
            .word(&["objective"], OBJECTIVES)
            .and_then(|word| Objective::ALL.into_iter().find(|o| o.name() == word))
            .unwrap_or(Objective::Revenue);
        let fractional = self.flag(&["fractional_counts"]).unwrap_or(false);
        let (mean, sd) = self
            .with(&["order", "value"], spread::order_value)
            .unwrap_or((1.0, 0.0));
        let order = Order {
            mean,
            sd,
            margin: self.number(&["order", "margin"]).unwrap_or(1.0),
        };
        let funnel = ["view_rate", "click_rate", "conversion_rate"]
            .map(|rate| self.needed(&["funnel", rate], Kind::Rate));
        let tier_names = self.names(&["tiers", "use"], TIERS).unwrap_or_default();
        let type_names = self
            .names(&["partnerships", "use"], TYPES)
            .unwrap_or_default();
        let tiers: Vec<Tier> = tier_names
            .iter()
            .map(|tier| self.tier(tier, funnel, fractional))
            .collect();
        self.unused_tiers(&tier_names);
        let offered: Vec<Vec<&str>> = tier_names
            .iter()
            .map(|tier| {
                let own = self.names(&["tiers", tier, "partnerships"], TYPES);
                type_names
                    .iter()
                    .copied()
                    .filter(|t| own.as_ref().is_none_or(|own| own.contains(t)))
                    .collect()
            })
            .collect();
        let categories = self.segments("categories", &tier_names);
        let regions = self.segments("regions", &tier_names);
        let hour_cost = self.number(&["operations", "hour_cost"]).unwrap_or(0.0);
        let mut model = Model {
            name: name.to_owned(),
            currency: self.text(&["currency"]).unwrap_or_default(),
            start: self.with(&["start"], time_value::month),
            months: 1,
            horizon: Horizon::equal(1),
            stage,
            objective,
            fractional_counts: fractional,
            counts: None,
            targets: Vec::new(),
            order,
            tiers,
            partnerships: type_names
                .iter()
                .map(|&name| Partnership {
                    name: name.to_owned(),
                })
                .collect(),
            categories,
            regions,
            cells: Vec::new(),
            rules: Rules::of_budget(1.0, [0; 4]),
            hour_cost,
            audiences: Vec::new(),
            uncertainty: self.uncertainty(),
            dependence: self.dependence(),
            incidents: self.incidents(),
            risk: crate::model::Risk::NONE,
            belief: None,
            happened: Vec::new(),
        };
        self.horizon(&mut model);
        model.cells = self.cells(&model, &offered);
        let committed = self.levels(&mut model, &offered);
        self.waves(&mut model, &offered);
        model.cells.extend(committed);
        self.few_enough(&model);
        model.horizon.payment = self.payment(&model);
        self.pipeline(&mut model, &offered);
        self.cross_promotion(&mut model);
        model.audiences = self.audiences(&model);
        self.rules(&mut model, &offered);
        self.targets(&mut model);
        self.risk(&mut model);
        self.counts(&mut model, &offered);
        self.assumed(&mut model);
        if !self.tainted {
            self.whole(&model);
        }
        model
    }

    fn unused_tiers(&mut self, used: &[&str]) {
        for tier in TIERS {
            if !used.contains(tier)
                && let Some(item) = self.root.get("tiers").and_then(|t| t.item(tier))
                && self.sources.is_users(item.key_mark)
            {
                self.warnings.push(format!(
                    "{}: [tiers.{tier}] has no effect, since {tier} is not in tiers.use",
                    self.sources.place(item.key_mark)
                ));
            }
        }
    }

    fn uncertainty(&mut self) -> Uncertainty {
        let Some(node) = self.node(&["uncertainty"]) else {
            return Uncertainty::NONE;
        };
        if !matches!(node.value, Value::Table(_)) {
            return Uncertainty::NONE;
        }
        let mut read = |key: &'static str| self.number(&["uncertainty", key]).unwrap_or(0.0);
        Uncertainty {
            market: read("market"),
            platform: read("platform"),
            engagement_rate: read("engagement_rate"),
            click_rate: read("click_rate"),
            conversion_rate: read("conversion_rate"),
            order_value: read("order_value"),
            fee: read("fee"),
            benchmark: read("benchmark"),
        }
    }
}
