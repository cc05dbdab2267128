//! Checks over a whole model, made when every value of it is good.

use super::reader::Reader;
use crate::model::{Basis, BudgetOver, Model, Objective, UserAmount, valuation};

impl Reader<'_> {
    /// Checks that need every value of the model to be good.
    pub(super) fn whole(&mut self, model: &Model) {
        let units = valuation::units(model);
        let rules = &model.rules;
        for (i, unit) in units.iter().enumerate() {
            let tier = model.tiers[model.cells[i].tier].name.as_str();
            let finite = [
                Some(unit.spend),
                unit.impressions,
                unit.engagements,
                unit.clicks,
                Some(unit.conversions),
                Some(unit.revenue),
                Some(unit.profit),
                Some(unit.hours),
            ]
            .into_iter()
            .flatten()
            .all(|v| v.is_finite() && v.abs() < 1e100);
            if !finite {
                let fault = self
                    .fault_at(
                        &["tiers", tier],
                        format!(
                            "the numbers of the cell {} are too large to compute with",
                            model.key(i)
                        ),
                    )
                    .expected("its expected cost or yield overflows");
                self.fault(fault);
                return;
            }
        }
        if model.counts.is_none() {
            self.bounded(model, &units);
        }
        for tier in &model.tiers {
            if matches!(tier.basis, Basis::Benchmark(_)) && tier.fee.mean() == 0.0 {
                self.warnings.push(format!(
                    "{} yields nothing: its benchmark is results per fee, and its fee is 0",
                    tier.name
                ));
            }
        }
        for (i, tier) in model.tiers.iter().enumerate() {
            if !model.cells.iter().any(|c| c.tier == i) {
                self.warnings.push(format!(
                    "{} is in tiers.use but offers no partnership type in use",
                    tier.name
                ));
            }
        }
        let most = match model.horizon.budget_over {
            BudgetOver::Month => (0..model.months)
                .map(|month| model.budget_of(month))
                .fold(0.0, f64::max),
            BudgetOver::CarryOver | BudgetOver::Horizon => model.budget(),
        };
        if most > 0.0
            && model.counts.is_none()
            && units.iter().all(|u| u.spend > most)
            && let Some(least) = units.iter().map(|u| u.spend).reduce(f64::min)
        {
            self.warnings.push(format!(
                "{}: the budget buys no partnership: the cheapest costs {least:.0} {} in expectation",
                rules.budget_origin, model.currency
            ));
        }
    }

    /// A cell that costs nothing, gains for the objective and has no bound makes the program
    /// unbounded.
    fn bounded(&mut self, model: &Model, units: &[valuation::UnitValue]) {
        let rules = &model.rules;
        if rules.max_creators.is_some() {
            return;
        }
        let free: Vec<usize> = (0..units.len())
            .filter(|&i| {
                let cell = &model.cells[i];
                if units[i].spend > 0.0 {
                    return false;
                }
                let hours_cap = rules.hours_per_month.is_some() && units[i].hours > 0.0;
                let key = model.key(i);
                let user_cap = rules.user.iter().any(|rule| {
                    rule.amount == UserAmount::Count && {
                        let coefficient: f64 = rule
                            .terms
                            .iter()
                            .filter(|(p, _)| p.matches(&key))
                            .map(|(_, c)| c)
                            .sum();
                        rule.max.is_some() && coefficient > 0.0
                            || rule.min.is_some() && coefficient < 0.0
                    }
                });
                let gain = match model.objective {
                    Objective::Profit => units[i].profit,
                    Objective::Revenue | Objective::Roas => units[i].revenue,
                    Objective::Conversions => units[i].conversions,
                    Objective::Engagements => units[i].engagements.unwrap_or(0.0),
                    Objective::Impressions => units[i].impressions.unwrap_or(0.0),
                };
                gain > 0.0
                    && model.tiers[cell.tier].max_creators.is_none()
                    && !hours_cap
                    && !user_cap
            })
            .collect();
        // Shares of partnerships bound a free cell through the others, which cost something.
        let reach: f64 = (0..model.partnerships.len())
            .map(|p| {
                let offered = free.iter().any(|&i| model.cells[i].partnership == p);
                match &rules.partnership_share[p] {
                    Some(band) if !offered => {
                        if band.low > 0.0 {
                            f64::NEG_INFINITY
                        } else {
                            0.0
                        }
                    }
                    Some(band) => band.high,
                    None => f64::from(u8::from(offered)),
                }
            })
            .sum();
        if let Some(&cell) = free.first()
            && reach >= 1.0
        {
            let tier = model.tiers[model.cells[cell].tier].name.clone();
            let fault = self
                .fault_at(
                    &["tiers", &tier, "max_creators"],
                    format!(
                        "the program is unbounded: the cell {} costs nothing, yields {} and has no bound",
                        model.key(cell),
                        model.objective.name()
                    ),
                )
                .expected("nothing limits this cell")
                .help(format!(
                    "set tiers.{tier}.max_creators or diversity.max_creators to a number"
                ));
            self.fault(fault);
        }
    }
}
