//! Reading the rules of a plan: budget, bounds and the user's own constraints.

use std::collections::HashMap;

use super::cells;
use super::importance;
use super::problem::Fault;
use super::reader::Reader;
use super::source::Mark;
use super::tree::{Node, Value};
use super::value;
use super::vary::{Takes, takes};
use crate::model::{
    CellPattern, Importance, Model, Objective, Origin, Rules, UserAmount, UserRule,
};

/// Whether a rule that is no `[[constraint]]` has this name: a key path that bounds something, or
/// one of the words that stand for what no key says.
fn is_built_in(name: &str) -> bool {
    let rules = [
        "diversity",
        "operations",
        "tiers",
        "targets",
        "risk",
        "budget",
    ];
    let is_key = || {
        let (table, _) = name.split_once('.').unwrap_or((name, ""));
        rules.contains(&table) && matches!(takes(name), Takes::Real | Takes::Whole)
    };
    let is_level = || {
        let table = name.rsplit_once('.').map_or("", |(table, _)| table);
        (table == "targets" || table.starts_with("tiers.") && table.ends_with(".targets"))
            && takes(name) != Takes::Unknown
    };
    let risk = ["risk.cvar", "risk.probability", "risk.objective"];
    ["at least one partnership", "objective"].contains(&name)
        || risk.contains(&name)
        || is_key()
        || is_level()
}

impl Reader<'_> {
    /// Reads [`Model::rules`].
    pub(super) fn rules(&mut self, model: &mut Model, offered: &[Vec<&str>]) {
        let fractional = model.fractional_counts;
        let mut rules = Rules::of_budget(1.0, [0; 4]);
        (rules.budget, rules.budget_origin) = self.budget(&mut model.horizon);
        rules.min_spend = self.number(&["diversity", "min_spend"]).unwrap_or(0.0);
        rules.min_spend_origin = self.origin(&["diversity", "min_spend"]);
        rules.max_creator_budget_share = self.number(&["diversity", "max_creator_budget_share"]);
        rules.max_creator_budget_share_origin =
            self.origin(&["diversity", "max_creator_budget_share"]);
        rules.min_creators = self
            .node(&["diversity", "min_creators"])
            .and_then(|node| self.whole_count(node, fractional));
        rules.min_creators_origin = self.origin(&["diversity", "min_creators"]);
        rules.max_creators = self
            .node(&["diversity", "max_creators"])
            .and_then(|node| self.whole_count(node, fractional));
        rules.max_creators_origin = self.origin(&["diversity", "max_creators"]);
        if let (Some(min), Some(max)) = (rules.min_creators, rules.max_creators)
            && min > max
        {
            let fault = self
                .fault_at(
                    &["diversity", "min_creators"],
                    format!("min_creators {min} is above max_creators {max}"),
                )
                .expected(format!("expected at most {max}"));
            self.fault(fault);
        }
        rules.hours_per_month = self.number(&["operations", "hours_per_month"]);
        rules.hours_origin = self.origin(&["operations", "hours_per_month"]);
        for tier in &model.tiers {
            let origin = |key| self.origin(&["tiers", &tier.name, key]);
            rules.tier_min_creators_origin.push(origin("min_creators"));
            rules.tier_max_creators_origin.push(origin("max_creators"));
        }
        self.all_bands(model, &mut rules);
        rules.importance = self.importance();
        rules.user = self.user_rules(model, offered, &mut rules.importance);
        if model.objective == Objective::Roas
            && rules.min_spend == 0.0
            && self.root.get("counts").is_none()
        {
            let path: &[&str] = if self.mark(&["diversity", "min_spend"]).is_some() {
                &["diversity", "min_spend"]
            } else {
                &["objective"]
            };
            let fault = self
                .fault_at(path, "objective = \"roas\" with min_spend = 0 has no answer: the best ratio would spend next to nothing")
                .expected("expected min_spend above 0");
            self.fault(fault);
        }
        model.rules = rules;
    }

    fn user_rules(
        &mut self,
        model: &Model,
        offered: &[Vec<&str>],
        weights: &mut Importance,
    ) -> Vec<UserRule> {
        let Some(node) = self.node(&["constraint"]) else {
            return Vec::new();
        };
        let Value::Array(entries) = &node.value else {
            return Vec::new();
        };
        for key in ["name", "count", "spend", "min", "max", "importance"] {
            self.seen.insert(format!("constraint.{key}"));
        }
        let mut names: HashMap<String, Mark> = HashMap::new();
        let mut out = Vec::new();
        for entry in entries {
            if matches!(entry.value, Value::Bad) {
                self.tainted = true;
                continue;
            }
            if let Some(rule) = self.user_rule(entry, model, offered) {
                let mark = entry.get("name").map_or(entry.mark, |n| n.mark);
                if let Some(first) = names.insert(rule.name.clone(), mark) {
                    let first = self.sources.location(first);
                    self.fault(
                        Fault::at(mark, format!("two constraints are named \"{}\"", rule.name))
                            .expected(format!("first at {first}")),
                    );
                }
                if let Some(weight) = entry.get("importance").and_then(importance::weight) {
                    weights.set_own(&rule.name, weight);
                }
                out.push(rule);
            }
        }
        out
    }

    /// A rule's name, which no built-in rule has.
    fn own_name(&mut self, entry: &Node, name: String) -> Option<String> {
        if is_built_in(&name) {
            let mark = entry.get("name").map_or(entry.mark, |n| n.mark);
            self.fault(
                Fault::at(
                    mark,
                    format!(
                        "\"{}\" is the name of a rule of its own",
                        value::short(&name)
                    ),
                )
                .expected("expected a name that no other rule has")
                .help("reports and constraints.parquet tell rules apart by their names"),
            );
            self.tainted = true;
            return None;
        }
        Some(name)
    }

    fn user_rule(
        &mut self,
        entry: &Node,
        model: &Model,
        offered: &[Vec<&str>],
    ) -> Option<UserRule> {
        let mut good = true;
        // What a misspelled key was to say is not missing.
        let mut complain = |reader: &mut Self, keys: &[&str], message: &str, expected: &str| {
            if !keys
                .iter()
                .any(|key| reader.was_meant(&["constraint", key]))
            {
                reader.fault(Fault::at(entry.mark, message).expected(expected));
            }
            good = false;
        };
        let name = if let Some(node) = entry.get("name") {
            value::text(node).ok().map(str::to_owned)
        } else {
            complain(
                self,
                &["name"],
                "this constraint has no name",
                "add e.g. name = \"no more macro than mid\"",
            );
            None
        };
        let (amount, table) = match (entry.get("count"), entry.get("spend")) {
            (Some(table), None) => (UserAmount::Count, Some(table)),
            (None, Some(table)) => (UserAmount::Spend, Some(table)),
            (Some(_), Some(_)) => {
                complain(
                    self,
                    &[],
                    "this constraint has both count and spend",
                    "keep one of them",
                );
                (UserAmount::Count, None)
            }
            (None, None) => {
                complain(
                    self,
                    &["count", "spend"],
                    "this constraint bounds nothing",
                    "add count = { … } or spend = { … }",
                );
                (UserAmount::Count, None)
            }
        };
        let bound = |key: &str| entry.get(key).and_then(|n| value::number(n).ok());
        let (min, max) = (bound("min"), bound("max"));
        if entry.get("min").is_none() && entry.get("max").is_none() {
            complain(
                self,
                &["min", "max"],
                "this constraint has no bound",
                "add min, max or both",
            );
        }
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            complain(
                self,
                &[],
                &format!(
                    "this constraint is empty: min {} is above max {}",
                    value::plain(min),
                    value::plain(max)
                ),
                "expected min ≤ max",
            );
        }
        let mut faults = Vec::new();
        let entries = table.map_or_else(Vec::new, |t| {
            cells::entries(t, &cells::Known::of(model), &mut faults)
        });
        if faults.is_empty()
            && let Some(t) = table
            && entries.is_empty()
            && matches!(t.value, Value::Table(_))
        {
            faults.push(
                Fault::at(t.mark, "this constraint names no cells")
                    .expected("expected e.g. { macro = 1, mid = -1 }"),
            );
        }
        for fault in faults {
            self.fault(fault);
            good = false;
        }
        let terms = self.user_terms(&entries, model, offered);
        good &= terms.len() == entries.len();
        if !good || table.is_none_or(|t| matches!(t.value, Value::Bad)) {
            self.tainted = true;
            return None;
        }
        let name = self.own_name(entry, name?)?;
        Some(UserRule {
            name,
            amount,
            terms,
            min,
            max,
            origin: self.origin_of_rule(entry),
        })
    }

    /// Where a rule was written; what the command line changed of it comes from there.
    fn origin_of_rule(&self, entry: &Node) -> Origin {
        let own = |node: &Node| self.sources.origin(node.mark);
        let parts = ["max", "min", "count", "spend"];
        let mut parts = parts.iter().filter_map(|key| entry.get(key)).map(own);
        parts
            .find(|origin| matches!(origin, Origin::CommandLine(_)))
            .unwrap_or_else(|| own(entry))
    }

    /// The coefficients of a rule; one that cannot be read is a fault and left out.
    fn user_terms(
        &mut self,
        entries: &[cells::Entry],
        model: &Model,
        offered: &[Vec<&str>],
    ) -> Vec<(CellPattern, f64)> {
        let mut terms = Vec::new();
        for entry in entries {
            let ranged = value::ranged(
                entry.node,
                -super::keys::LARGEST,
                super::keys::LARGEST,
                false,
            );
            match ranged {
                Ok(coefficient) => terms.push((entry.pattern.clone(), coefficient)),
                Err(fault) => self.fault(fault),
            }
            if !model.cells.is_empty() && model.matching(&entry.pattern).is_empty() {
                self.warnings.push(format!(
                    "{}: \"{}\" in a constraint names no offered cell ({})",
                    self.sources.place(entry.mark),
                    value::short(&entry.key),
                    cells::why_not_offered(model, &entry.pattern, offered)
                ));
            }
        }
        terms
    }
}
