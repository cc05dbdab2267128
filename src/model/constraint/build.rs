//! The rules of a model as constraints on columns.

use crate::model::metric::Quantity;
use crate::model::origin::Origin;
use crate::model::rules::{Band, BandSource, UserAmount};
use crate::model::target::{Bound, Target, TargetScope};
use crate::model::valuation::UnitValue;
use crate::model::{Cell, Model};

use super::{BudgetScale, Constraint, ConstraintKind, Form, Rule, Unit};

pub(super) fn plain(name: impl Into<String>, form: Form, origin: &Origin) -> Constraint {
    Constraint {
        name: name.into(),
        month: Some(0),
        kind: ConstraintKind::Supply,
        rule: Rule::Other,
        form,
        low: None,
        high: None,
        asked: None,
        scales: None,
        stage_band: false,
        unit: Unit::Count,
        origin: origin.clone(),
        importance: 1.0,
    }
}

/// Rules over columns: cells in a month, or what books them in one or in all months.
pub(super) struct Builder<'a> {
    pub(super) model: &'a Model,
    /// The cell of each column.
    pub(super) columns: &'a [usize],
    /// What one unit of each column costs and yields in the month or months in question.
    pub(super) units: &'a [UnitValue],
    /// Partnerships, months added up, of one unit of each column.
    pub(super) present: Vec<f64>,
    /// What shares of the budget are of.
    pub(super) budget: f64,
}

impl Builder<'_> {
    pub(super) fn costs(&self) -> Vec<f64> {
        self.units.iter().map(|u| u.spend).collect()
    }

    pub(super) fn ones(&self) -> Vec<f64> {
        self.present.clone()
    }

    /// `values` where the cell is chosen, 0 elsewhere.
    pub(super) fn only(&self, values: Vec<f64>, chosen: impl Fn(&Cell) -> bool) -> Vec<f64> {
        values
            .into_iter()
            .zip(self.columns)
            .map(|(v, &cell)| {
                if chosen(&self.model.cells[cell]) {
                    v
                } else {
                    0.0
                }
            })
            .collect()
    }

    pub(super) fn budget(&self) -> Constraint {
        let rules = &self.model.rules;
        Constraint {
            kind: ConstraintKind::Budget,
            rule: Rule::Budget,
            high: Some(self.budget),
            scales: Some(BudgetScale::Budget),
            unit: Unit::Money,
            ..plain("budget", Form::Sum(self.costs()), &rules.budget_origin)
        }
    }

    pub(super) fn min_spend(&self) -> Constraint {
        let rules = &self.model.rules;
        Constraint {
            kind: ConstraintKind::Budget,
            rule: Rule::LeastSpend,
            low: Some(rules.min_spend * self.budget),
            scales: Some(BudgetScale::LowShare(rules.min_spend)),
            unit: Unit::Money,
            ..plain(
                "diversity.min_spend",
                Form::Sum(self.costs()),
                &rules.min_spend_origin,
            )
        }
    }

    /// Least partnerships, one at least.
    pub(super) fn least(&self) -> Constraint {
        let rules = &self.model.rules;
        match rules.min_creators {
            Some(least) if least >= 1.0 => Constraint {
                low: Some(least),
                ..plain(
                    "diversity.min_creators",
                    Form::Sum(self.ones()),
                    &rules.min_creators_origin,
                )
            },
            _ => self.any(),
        }
    }

    pub(super) fn any(&self) -> Constraint {
        Constraint {
            rule: Rule::OnePartnership,
            low: Some(1.0),
            ..plain(
                "at least one partnership",
                Form::Sum(self.ones()),
                &Origin::Default,
            )
        }
    }

    pub(super) fn most(&self) -> Option<Constraint> {
        let rules = &self.model.rules;
        rules.max_creators.map(|most| Constraint {
            high: Some(most),
            ..plain(
                "diversity.max_creators",
                Form::Sum(self.ones()),
                &rules.max_creators_origin,
            )
        })
    }

    pub(super) fn hours(&self) -> Option<Constraint> {
        let rules = &self.model.rules;
        let hours = self.units.iter().map(|u| u.hours).collect();
        rules.hours_per_month.map(|cap| Constraint {
            kind: ConstraintKind::Hours,
            high: Some(cap),
            unit: Unit::Hours,
            ..plain(
                "operations.hours_per_month",
                Form::Sum(hours),
                &rules.hours_origin,
            )
        })
    }

    pub(super) fn bands(&self, out: &mut Vec<Constraint>) {
        let rules = &self.model.rules;
        let mut add =
            |rule: Rule, name: String, band: &Option<Band>, of: Vec<f64>, all: Vec<f64>| {
                let Some(band) = band else { return };
                out.push(Constraint {
                    kind: ConstraintKind::Band,
                    rule,
                    low: Some(band.low),
                    high: Some(band.high),
                    asked: band.asked,
                    stage_band: band.source == BandSource::Stage,
                    unit: Unit::Share,
                    ..plain(
                        name,
                        Form::Ratio {
                            numerator: of,
                            denominator: all,
                        },
                        &band.origin,
                    )
                });
            };
        for (i, tier) in self.model.tiers.iter().enumerate() {
            add(
                Rule::SpendShare,
                format!("diversity.tier_budget_share.{}", tier.name),
                &rules.tier_budget_share[i],
                self.only(self.costs(), |c| c.tier == i),
                self.costs(),
            );
        }
        for (i, partnership) in self.model.partnerships.iter().enumerate() {
            add(
                Rule::Other,
                format!("diversity.partnership_share.{}", partnership.name),
                &rules.partnership_share[i],
                self.only(self.ones(), |c| c.partnership == i),
                self.ones(),
            );
        }
        for (i, category) in self.model.categories.iter().enumerate() {
            add(
                Rule::SpendShare,
                format!("diversity.category_budget_share.{}", category.name),
                &rules.category_budget_share[i],
                self.only(self.costs(), |c| c.category == Some(i)),
                self.costs(),
            );
        }
        for (i, region) in self.model.regions.iter().enumerate() {
            add(
                Rule::SpendShare,
                format!("diversity.region_budget_share.{}", region.name),
                &rules.region_budget_share[i],
                self.only(self.costs(), |c| c.region == Some(i)),
                self.costs(),
            );
        }
    }

    pub(super) fn largest(&self) -> Option<Constraint> {
        let rules = &self.model.rules;
        let shares = self.units.iter().map(|u| u.spend / self.budget).collect();
        rules.max_creator_budget_share.map(|most| Constraint {
            kind: ConstraintKind::Band,
            high: Some(most),
            scales: Some(BudgetScale::PerBudget),
            unit: Unit::Share,
            ..plain(
                "diversity.max_creator_budget_share",
                Form::Largest(shares),
                &rules.max_creator_budget_share_origin,
            )
        })
    }

    pub(super) fn supply(&self, out: &mut Vec<Constraint>) {
        let rules = &self.model.rules;
        for (i, tier) in self.model.tiers.iter().enumerate() {
            let counts = || Form::Sum(self.only(self.ones(), |c| c.tier == i));
            if tier.min_creators > 0.0 {
                out.push(Constraint {
                    low: Some(tier.min_creators),
                    ..plain(
                        format!("tiers.{}.min_creators", tier.name),
                        counts(),
                        &rules.tier_min_creators_origin[i],
                    )
                });
            }
            if let Some(most) = tier.max_creators {
                out.push(Constraint {
                    high: Some(most),
                    ..plain(
                        format!("tiers.{}.max_creators", tier.name),
                        counts(),
                        &rules.tier_max_creators_origin[i],
                    )
                });
            }
        }
    }

    /// An undefined quantity counts as 0; the reader refuses enforced targets on those.
    pub(super) fn quantity(&self, quantity: Quantity, scope: TargetScope, factor: f64) -> Vec<f64> {
        let values = self
            .units
            .iter()
            .map(|u| factor * u.get(quantity).unwrap_or(0.0))
            .collect();
        self.only(values, |c| match scope {
            TargetScope::Total => true,
            TargetScope::Tier(tier) => c.tier == tier,
        })
    }

    pub(super) fn target(&self, target: &Target) -> Constraint {
        let metric = target.metric;
        let numerator = self.quantity(metric.numerator(), target.scope, metric.factor());
        let form = match metric.denominator() {
            None => Form::Sum(numerator),
            Some(below) => Form::Ratio {
                numerator,
                denominator: self.quantity(below, target.scope, 1.0),
            },
        };
        let (low, high) = match target.bound {
            Bound::AtLeast(v) => (Some(v), None),
            Bound::AtMost(v) => (None, Some(v)),
        };
        Constraint {
            kind: ConstraintKind::Target,
            low,
            high,
            unit: Unit::Metric(metric),
            ..plain(target.key.clone(), form, &target.origin)
        }
    }

    pub(super) fn user(&self, out: &mut Vec<Constraint>) {
        for rule in &self.model.rules.user {
            let mut coefficients = vec![0.0; self.units.len()];
            for (pattern, coefficient) in &rule.terms {
                let meant = self.model.matching(pattern);
                for (column, cell) in self.columns.iter().enumerate() {
                    if meant.contains(cell) {
                        coefficients[column] += coefficient;
                    }
                }
            }
            for (column, c) in coefficients.iter_mut().enumerate() {
                *c *= match rule.amount {
                    UserAmount::Count => self.present[column],
                    UserAmount::Spend => self.units[column].spend,
                };
            }
            out.push(Constraint {
                kind: ConstraintKind::User,
                low: rule.min,
                high: rule.max,
                unit: match rule.amount {
                    UserAmount::Count => Unit::Plain,
                    UserAmount::Spend => Unit::Money,
                },
                ..plain(rule.name.clone(), Form::Sum(coefficients), &rule.origin)
            });
        }
    }
}
