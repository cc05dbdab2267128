//! The explanation in sentences that can be read aloud.

use std::fmt::Write as _;

use super::Finding;
use super::change::{Change, Side};
use super::joint::Joint;
use super::words::{Rounding, amount, finer, named, quoted};
use crate::model::valuation::{self, UnitValue};
use crate::model::{BudgetScale, Constraint, Form, Model, Origin, Rule, Unit};
use crate::units::listed;

/// Decimals that figures may take beyond the usual ones to be told apart.
const MORE: usize = 4;

/// All that was found, to be told.
pub(super) struct Story<'a> {
    pub(super) model: &'a Model,
    pub(super) units: &'a [UnitValue],
    pub(super) constraints: &'a [Constraint],
    /// The sets, first the one that is the conflict.
    pub(super) findings: &'a [Vec<Finding>],
    /// For each set, whether only whole partnerships cannot keep it.
    pub(super) fractions_would_do: &'a [bool],
    pub(super) joint: Option<&'a Joint>,
    pub(super) open: Open,
}

/// What was left open about the sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    /// Whether a member may be one too many.
    pub(super) unsettled: bool,
    /// Whether there may be further sets.
    pub(super) more: bool,
}

/// A failure's reason as a sentence.
pub(super) fn undecided(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// A share of spend that one partnership alone exceeds.
struct TooDear {
    /// The tier's, category's or region's name.
    label: String,
    /// Its cheapest cell.
    cell: usize,
    /// Whether there is only this cell.
    only: bool,
    high: f64,
}

impl Story<'_> {
    fn show(&self, value: f64, unit: Unit, rounding: Rounding) -> String {
        amount(value, unit, &self.model.currency, rounding)
    }

    /// Where a bound moves to, rounded so that the figure is enough, with so many decimals more than
    /// usual.
    fn to(&self, constraint: &Constraint, change: &Change, more: usize) -> String {
        let rounding = match change.side {
            Side::Low => Rounding::Down,
            _ => Rounding::Up,
        };
        let about = if change.proven { "" } else { "about " };
        let currency = &self.model.currency;
        let to = finer(change.to, constraint.unit, currency, rounding, more);
        format!("{about}{to}")
    }

    /// What a change asks for: `allow 84.02 %`.
    fn asks(&self, constraint: &Constraint, change: &Change, more: usize) -> String {
        let to = self.to(constraint, change, more);
        match change.side {
            Side::Budget => format!("be {to}"),
            Side::High => format!("allow {to}"),
            Side::Low if constraint.unit == Unit::Share => format!("start at {to}"),
            Side::Low => format!("come down to {to}"),
        }
    }

    /// The member and its least change: `` `budget` (¥30,000): would have to be ¥360,043 ``.
    pub(super) fn member_words(&self, set: &[Finding], finding: &Finding) -> String {
        let constraint = &self.constraints[finding.index];
        let name = named(constraint, &self.model.currency);
        let all = |changes: &[Change], more: usize| -> String {
            let asked: Vec<String> = changes
                .iter()
                .map(|c| self.asks(constraint, c, more))
                .collect();
            asked.join(", or ")
        };
        // as many decimals as it takes to tell what the set needs from what all rules need
        let whole = !finding.enough_alone && !finding.whole.is_empty();
        let alike = |more: &usize| all(&finding.changes, *more) == all(&finding.whole, *more);
        let more = (0..MORE).find(|more| !(whole && alike(more)));
        let more = more.unwrap_or(MORE);
        if finding.changes.is_empty() {
            return if finding.undecided {
                format!("{name}: the solvers found no change of this rule alone that helps")
            } else {
                format!("{name}: no change of this rule alone helps")
            };
        }
        let mut out = format!("{name}: would have to {}", all(&finding.changes, more));
        if let Some(reason) = self.reason(set, constraint, &finding.changes[0]) {
            let _ = write!(out, " ({reason})");
        }
        if whole {
            let _ = write!(
                out,
                "; to let all rules hold it would have to {}",
                all(&finding.whole, more)
            );
        }
        out
    }

    fn reason(&self, set: &[Finding], constraint: &Constraint, change: &Change) -> Option<String> {
        match constraint.scales {
            Some(BudgetScale::Budget) => {
                let dear = self.too_dear(set, change.to)?;
                let cost = self.units[dear.cell].spend;
                Some(format!(
                    "one {} costs {}{} on average and may take at most {}",
                    dear.label,
                    if dear.only { "" } else { "at least " },
                    self.show(cost, Unit::Money, Rounding::Near),
                    self.show(dear.high, Unit::Share, Rounding::Exact)
                ))
            }
            Some(BudgetScale::LowShare(share)) => {
                let budget = self.model.rules.budget;
                let part = self.show(change.to / budget, Unit::Share, Rounding::Down);
                let alone = !set
                    .iter()
                    .any(|f| self.constraints[f.index].scales == Some(BudgetScale::Budget));
                let instead = if alone && share > 0.0 {
                    let most = self.show(change.to / share, Unit::Money, Rounding::Down);
                    format!("; or the budget at most {most}")
                } else {
                    String::new()
                };
                Some(format!("{part} of the budget{instead}"))
            }
            _ => None,
        }
    }

    /// The share of spend in a set that explains why the budget has to be `to`.
    fn too_dear(&self, set: &[Finding], to: f64) -> Option<TooDear> {
        set.iter().find_map(|finding| {
            let constraint = &self.constraints[finding.index];
            let (Form::Ratio { numerator, .. }, Some(high)) = (&constraint.form, constraint.high)
            else {
                return None;
            };
            let (_, label) = constraint.name.rsplit_once('.')?;
            if constraint.rule != Rule::SpendShare || high <= 0.0 {
                return None;
            }
            let own = || {
                numerator
                    .iter()
                    .enumerate()
                    .filter(|&(_, &cost)| cost > 0.0)
            };
            let (cell, &cost) = own().min_by(|a, b| a.1.total_cmp(b.1))?;
            ((cost / high - to).abs() <= 1e-3 * to).then(|| TooDear {
                label: label.to_owned(),
                cell,
                only: own().count() == 1,
                high,
            })
        })
    }

    /// Whether no change of one member of the first set lets a plan exist.
    pub(super) fn none_alone_is_enough(&self) -> bool {
        self.none_found_alone() && !self.undecided()
    }

    /// Whether no change of one member was found that lets a plan exist.
    fn none_found_alone(&self) -> bool {
        let none = |set: &Vec<Finding>| set.iter().all(|f| !f.enough_alone && f.whole.is_empty());
        self.findings.first().is_none_or(none) && self.joint.is_none_or(|j| j.changes.len() != 1)
    }

    /// The budget after the joint change.
    fn new_budget(&self) -> f64 {
        let raised = self.joint.and_then(|joint| {
            let budget = joint.changes.iter().find(|(_, c)| c.side == Side::Budget)?;
            Some(budget.1.to)
        });
        raised.unwrap_or(self.model.rules.budget)
    }

    /// `` `x` (q.toml:9) from 13 % down to 12.1 % ``.
    pub(super) fn joint_words(&self, index: usize, change: &Change) -> String {
        let constraint = &self.constraints[index];
        let way = if change.to < change.from {
            "down"
        } else {
            "up"
        };
        let from = self.show(change.from, constraint.unit, Rounding::Exact);
        let share = match constraint.scales {
            Some(BudgetScale::LowShare(_)) => {
                let of = change.to / self.new_budget();
                let of = self.show(of, Unit::Share, Rounding::Down);
                format!(" ({of} of the budget)")
            }
            _ => String::new(),
        };
        let place = match &constraint.origin {
            Origin::File(at) => format!(" ({}:{})", at.file, at.line),
            _ => String::new(),
        };
        format!(
            "{}{place} from {from} {way} to {}{share}",
            quoted(&constraint.name),
            self.to(constraint, change, 0)
        )
    }

    pub(super) fn sentences(&self) -> Vec<String> {
        let mut out = Vec::new();
        for (nth, set) in self.findings.iter().enumerate() {
            out.push(self.opening(nth, set));
            for finding in set {
                out.push(format!("{}.", self.member_words(set, finding)));
            }
            out.extend(self.budget_story(set));
        }
        out.push(self.alone());
        out.retain(|sentence| !sentence.is_empty());
        out.extend(self.joint_story());
        out.extend(self.left_open());
        out
    }

    /// What the limit of work did not let be settled.
    pub(super) fn left_open(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut say = |open: bool, what: &str| {
            if open {
                out.push(format!("Left open within the limit of work: {what}."));
            }
        };
        say(
            self.open.unsettled,
            if self.findings.len() == 1 {
                "whether this set could do with one rule less"
            } else {
                "whether every one of these sets needs all of its rules"
            },
        );
        say(self.open.more, "whether there are further conflicts");
        let all = || self.findings.iter().flatten();
        let about = |f: &Finding| f.changes.iter().chain(&f.whole).any(|c| !c.proven);
        say(
            all().any(about),
            "whether the changes given with \"about\" could be smaller",
        );
        say(
            all().any(|f| f.undecided && f.changes.is_empty()),
            "whether a change of one rule alone helps where none was found",
        );
        say(
            self.joint.is_none_or(|joint| !joint.proven),
            if self.joint.is_some() {
                "whether there is a cheaper joint change"
            } else {
                "which joint change lets a plan exist"
            },
        );
        out
    }

    /// Whether nothing could be said about some single change.
    fn undecided(&self) -> bool {
        self.findings.iter().flatten().any(|f| f.undecided)
    }

    fn opening(&self, nth: usize, set: &[Finding]) -> String {
        let names: Vec<String> = set
            .iter()
            .map(|f| quoted(&self.constraints[f.index].name))
            .collect();
        let start = if nth == 0 {
            "No plan keeps all rules: "
        } else {
            "Apart from that, "
        };
        let kind = if self.fractions_would_do.get(nth).is_some_and(|&would| would) {
            " with whole partnerships"
        } else {
            ""
        };
        match names.as_slice() {
            [one] => format!("{start}{one} cannot be kept{kind}."),
            names if self.open.unsettled => {
                format!("{start}{} cannot hold together{kind}.", listed(names))
            }
            [_, _] => format!(
                "{start}{} cannot hold together{kind}; either one alone can.",
                listed(&names)
            ),
            _ => format!(
                "{start}{} cannot hold together{kind}; without any one of them the others can.",
                listed(&names)
            ),
        }
    }

    /// What a budget large enough would do for a stage's band.
    fn budget_story(&self, set: &[Finding]) -> Option<String> {
        let budget = set
            .iter()
            .find(|f| self.constraints[f.index].scales == Some(BudgetScale::Budget))?;
        let bands: Vec<String> = set
            .iter()
            .map(|f| &self.constraints[f.index])
            .filter(|c| c.stage_band)
            .filter_map(|c| c.name.rsplit_once('.').map(|(_, tier)| tier.to_owned()))
            .collect();
        let change = budget.changes.first()?;
        if bands.is_empty() {
            return None;
        }
        let to = self.show(change.to, Unit::Money, Rounding::Up);
        let (noun, tiers) = (
            if bands.len() == 1 { "band" } else { "bands" },
            listed(&bands),
        );
        let doubt = self
            .too_dear(set, change.to)
            .and_then(|dear| self.low_fee(&dear))
            .map_or_else(String::new, |words| format!(" ({words})"));
        Some(format!(
            "With a budget of about {to} the stage's {noun} could be kept for {tiers}{doubt}."
        ))
    }

    /// What the budget would have to be where fees are at their low end.
    fn low_fee(&self, dear: &TooDear) -> Option<String> {
        let law = valuation::law(self.model, dear.cell);
        let multiplier = law.fee_multiplier()?;
        if law.fee.is_certain() || multiplier == 0.0 {
            return None;
        }
        let low = law.fee.quantile(0.05);
        let cheaper = (law.fee.mean() - low) * multiplier * law.terms.delivery;
        let cost = self.units[dear.cell].spend - cheaper;
        Some(format!(
            "at the mean fee; at a fee of {}, which one in twenty stays below, {} would do",
            self.show(low, Unit::Money, Rounding::Near),
            self.show(cost / dear.high, Unit::Money, Rounding::Up)
        ))
    }

    fn alone(&self) -> String {
        let Some(set) = self.findings.first() else {
            return String::new();
        };
        let enough: Vec<String> = set
            .iter()
            .filter(|f| f.enough_alone)
            .map(|f| {
                let constraint = &self.constraints[f.index];
                let to = f.changes.first().map(|c| self.asks(constraint, c, 0));
                let name = quoted(&constraint.name);
                to.map_or_else(|| name.clone(), |to| format!("{name} to {to}"))
            })
            .collect();
        let further: Vec<String> = set
            .iter()
            .filter(|f| !f.enough_alone && !f.whole.is_empty())
            .map(|f| {
                let constraint = &self.constraints[f.index];
                let asked = self.asks(constraint, &f.whole[0], 0);
                format!("{} to {asked}", quoted(&constraint.name))
            })
            .collect();
        if enough.is_empty() && further.is_empty() {
            if !self.none_found_alone() {
                // the joint change is a single one, and said next
                return String::new();
            }
            if self.undecided() {
                return "No one of these changes alone was found to be enough.".to_owned();
            }
            return match self.findings.len() {
                1 => "None of these changes alone is enough to let all rules hold.".to_owned(),
                _ => {
                    "None of these changes alone is enough: each conflict needs its own.".to_owned()
                }
            };
        }
        let ways: Vec<String> = enough.into_iter().chain(further).collect();
        format!(
            "One change alone is enough to let all rules hold: {}.",
            ways.join("; or ")
        )
    }

    pub(super) fn joint_story(&self) -> Option<String> {
        let joint = self.joint?;
        if joint.changes.is_empty() {
            return None;
        }
        let changes: Vec<String> = joint
            .changes
            .iter()
            .map(|(index, change)| self.joint_words(*index, change))
            .collect();
        let found = if joint.proven { "" } else { " found" };
        let what = if changes.len() == 1 {
            "change"
        } else {
            "joint change"
        };
        let order = if self.constraints.iter().any(|c| c.importance != 1.0) {
            ", by your order of importance,"
        } else {
            ""
        };
        Some(format!(
            "The cheapest {what}{found}{order} that lets a plan exist: {}.",
            changes.join("; ")
        ))
    }
}
