//! Reading what a plan must promise beyond its mean: `[risk]` and `budget.with`.

use super::problem::Fault;
use super::reader::Reader;
use super::risk_keys::{MOST_RULES, RISK_METRICS};
use super::tree::{Node, Value};
use super::value;
use crate::model::{Bound, Metric, Model, Objective, Risk, RiskMeasure, RiskObjective, RiskRule};

/// The worst tenth counts where a file does not say.
const DEFAULT_LEVEL: f64 = 0.9;
/// Fewest trials of the program that a tail must hold.
const LEAST_TAIL: f64 = 20.0;

impl Reader<'_> {
    /// Reads [`Model::risk`].
    pub(super) fn risk(&mut self, model: &mut Model) {
        let mut risk = Risk {
            seed: self.seed(),
            ..Risk::NONE
        };
        let lifted = self
            .node(&["risk"])
            .is_none_or(|node| !matches!(node.value, Value::Table(_)));
        if !lifted {
            if let Some(trials) =
                self.with(&["risk", "trials"], |n| value::whole(n, 1_000, 1_000_000))
            {
                risk.trials = usize::try_from(trials).unwrap_or(risk.trials);
            }
            for key in ["cvar", "probability"] {
                self.risk_rules(key, &mut risk);
            }
            risk.objective = self.risk_objective(model, risk.trials);
        }
        if let Some(Some(with)) = self.with(&["budget", "with"], value::level_or_free) {
            let path = ["budget", "with"];
            if let Some(node) = self.root.at(&path) {
                self.tail(node, "budget.with", with, risk.trials);
            }
            risk.rules.push(RiskRule {
                metric: Metric::Spend,
                measure: RiskMeasure::Probability { with },
                bound: Bound::AtMost(model.rules.budget),
                key: "budget".to_owned(),
                origin: self.origin(&path),
            });
        }
        model.risk = risk;
        self.only_by_month(model);
    }

    fn risk_rules(&mut self, kind: &'static str, risk: &mut Risk) {
        let path = ["risk", kind];
        for key in ["metric", "level", "at_least", "at_most", "with"] {
            let belongs = match key {
                "level" => kind == "cvar",
                "with" => kind == "probability",
                _ => true,
            };
            if belongs {
                self.seen.insert(format!("risk.{kind}.{key}"));
            }
        }
        let Some(node) = self.node(&path) else {
            return;
        };
        if matches!(node.value, Value::Text(_)) {
            return;
        }
        let Value::Array(list) = &node.value else {
            let rule = self.risk_rule(node, kind, path.join("."), risk.trials);
            risk.rules.extend(rule);
            return;
        };
        if list.is_empty() {
            self.fault(
                Fault::at(node.mark, format!("risk.{kind} is an empty list"))
                    .expected("expected a table, or a list of at least one"),
            );
        }
        if list.len() > MOST_RULES {
            self.fault(Fault::at(
                node.mark,
                format!("risk.{kind} has more than {MOST_RULES} rules"),
            ));
        }
        for (index, entry) in list.iter().take(MOST_RULES).enumerate() {
            let key = format!("risk.{kind}[{}]", index + 1);
            let rule = self.risk_rule(entry, kind, key, risk.trials);
            risk.rules.extend(rule);
        }
    }

    /// One table of `cvar` or `probability`; what is wrong with it is a fault.
    fn risk_rule(
        &mut self,
        node: &Node,
        kind: &str,
        key: String,
        trials: usize,
    ) -> Option<RiskRule> {
        if !matches!(node.value, Value::Table(_)) {
            self.tainted = true;
            return None;
        }
        let metric = self.risk_metric(node, &key);
        let probability = if kind == "probability" {
            "with"
        } else {
            "level"
        };
        let stated = self.risk_number(node, probability);
        if kind == "probability" && node.get("with").is_none() && !self.meant_here(kind, "with") {
            self.fault(
                Fault::at(node.mark, format!("{key} has no probability"))
                    .expected("add e.g. with = 0.8")
                    .help("a level on expected totals is an enforced target: targets.roas = { at_least = 3, enforce = true }"),
            );
        }
        if let (Some(level), Some(place)) = (stated, node.get(probability)) {
            self.tail(place, &format!("{key}.{probability}"), level, trials);
        }
        let metric = metric?;
        let bound = self.risk_bound(node, kind, &key, metric)?;
        let measure = if kind == "probability" {
            RiskMeasure::Probability { with: stated? }
        } else {
            let level = if node.get("level").is_some() {
                stated?
            } else {
                DEFAULT_LEVEL
            };
            RiskMeasure::Cvar { level }
        };
        Some(RiskRule {
            metric,
            measure,
            bound,
            key,
            origin: self.sources.origin(node.mark),
        })
    }

    fn risk_metric(&mut self, node: &Node, key: &str) -> Option<Metric> {
        let Some(place) = node.get("metric") else {
            let kind = key.split(['.', '[']).nth(1).unwrap_or_default();
            if !self.meant_here(kind, "metric") {
                self.fault(
                    Fault::at(node.mark, format!("{key} has no metric"))
                        .expected("add e.g. metric = \"revenue\""),
                );
            }
            return None;
        };
        let word = value::word(place, RISK_METRICS).ok();
        self.tainted |= word.is_none();
        word.and_then(Metric::from_name)
    }

    /// A number that the list of keys has checked; a bad one taints the reading.
    fn risk_number(&mut self, node: &Node, key: &str) -> Option<f64> {
        let place = node.get(key)?;
        let number = value::number(place).ok();
        self.tainted |= number.is_none();
        number
    }

    fn meant_here(&mut self, kind: &str, key: &str) -> bool {
        self.was_meant(&["risk", kind, key])
            || (1..=MOST_RULES).any(|i| self.was_meant(&["risk", &format!("{kind}[{i}]"), key]))
    }

    /// The bound on a metric: at most for spend and CPA, at least for the others.
    fn risk_bound(&mut self, node: &Node, kind: &str, key: &str, metric: Metric) -> Option<Bound> {
        let (right, wrong) = if metric.number_means_at_most() {
            ("at_most", "at_least")
        } else {
            ("at_least", "at_most")
        };
        let name = metric.name();
        if let Some(place) = node.get(wrong) {
            let fault = Fault::at(place.mark, format!("{key} bounds {name} on its good side"))
                .expected(format!("expected {right}"))
                .help(format!(
                    "the risk of {name} is that it is too {}: write {right} = …",
                    if right == "at_least" { "low" } else { "high" }
                ));
            self.fault(fault);
            return None;
        }
        let Some(place) = node.get(right) else {
            if !self.meant_here(kind, right) {
                self.fault(
                    Fault::at(node.mark, format!("{key} has no level"))
                        .expected(format!("add {right} = …")),
                );
            }
            return None;
        };
        let value = self.risk_number(node, right)?;
        if value < 0.0 && !matches!(metric, Metric::Profit | Metric::Roi) {
            self.fault(
                Fault::at(place.mark, format!("a level of {value} for {name}"))
                    .expected("expected a number of 0 or more"),
            );
            return None;
        }
        Some(if right == "at_least" {
            Bound::AtLeast(value)
        } else {
            Bound::AtMost(value)
        })
    }

    /// A tail of too few trials says nothing.
    fn tail(&mut self, place: &Node, key: &str, level: f64, trials: usize) {
        let inside = (1.0 - level) * trials as f64;
        if inside > LEAST_TAIL - 1e-6 || !(0.0..1.0).contains(&level) {
            return;
        }
        let needed = (LEAST_TAIL / (1.0 - level) - 1e-6).ceil();
        let fault = Fault::at(
            place.mark,
            format!("{key} = {level} leaves a tail of {inside:.1} of {trials} trials"),
        )
        .expected(format!("expected {LEAST_TAIL} trials in the tail or more"));
        let fault = if needed <= 1e6 {
            fault.help(format!("set risk.trials = {needed} or more"))
        } else {
            fault.help("the most that risk.trials allows, 1,000,000, holds levels up to 0.99998")
        };
        self.fault(fault);
    }

    fn risk_objective(&mut self, model: &Model, trials: usize) -> Option<RiskObjective> {
        let path = ["risk", "objective"];
        let node = self.node(&path)?;
        if !matches!(node.value, Value::Table(_)) {
            return None;
        }
        let mean = self.number(&["risk", "objective", "mean"]);
        let cvar = self.number(&["risk", "objective", "cvar"]);
        let level = self.number(&["risk", "objective", "level"]);
        if node.get("cvar").is_none() && !self.was_meant(&["risk", "objective", "cvar"]) {
            self.fault(
                Fault::at(
                    node.mark,
                    "risk.objective has no weight of the worst trials",
                )
                .expected("add e.g. cvar = 0.5"),
            );
        }
        if let (Some(level), Some(place)) = (level, node.get("level")) {
            self.tail(place, "risk.objective.level", level, trials);
        }
        if node.get("mean").is_some() && mean == Some(0.0) && cvar == Some(0.0) {
            self.fault(
                Fault::at(
                    node.mark,
                    "risk.objective weighs nothing: mean and cvar are 0",
                )
                .expected("expected one of them above 0"),
            );
        }
        let good = matches!(
            model.objective,
            Objective::Revenue | Objective::Profit | Objective::Conversions
        );
        if !good {
            let name = model.objective.name();
            let why = if model.objective == Objective::Roas {
                "a mean of ratios is not linear in counts"
            } else {
                "it is of sales, not of views"
            };
            self.fault(
                Fault::at(
                    node.mark,
                    format!("risk.objective does not go with objective = \"{name}\": {why}"),
                )
                .expected("expected objective = \"revenue\", \"profit\" or \"conversions\"")
                .help("a rule can be kept with any objective: risk.cvar or risk.probability"),
            );
        }
        Some(RiskObjective {
            mean: mean.unwrap_or(1.0),
            cvar: cvar?,
            level: level.unwrap_or(DEFAULT_LEVEL),
            origin: self.sources.origin(node.mark),
        })
    }
}
