//! Reading ambassador levels and the cells they add, the pipeline, and cross-promotion.

use super::commitment_keys::MOST_TAG_DAYS;
use super::keys::{Kind, TIERS};
use super::problem::Fault;
use super::reader::Reader;
use super::source::Mark;
use super::tree::{Node, Value};
use super::value::{self, short};
use super::waves::unusable;
use crate::distribution::Distribution;
use crate::model::pipeline::{Lead, LeadStep};
use crate::model::{BookedAs, Cell, CrossPromotion, Level, Model, Pipeline, Terms};

/// The partnership type that levels are of.
const TYPE: &str = "ambassador";
/// Most cells of a model.
const MOST_CELLS: usize = 20_000;

/// Most creators identified a month: the exact law of partners has a weight for each.
const MOST_IDENTIFIED: f64 = 1e7;

/// Most weeks of each step to the first post.
const MOST_WEEKS: f64 = 520.0;

/// Where the tail of a distribution of them is looked at.
const FAR: f64 = 1.0 - 1e-12;

impl Reader<'_> {
    /// Reads the levels of a model with open cells. They replace the plain ambassadors of their tiers; their own
    /// cells, one for each start month, are returned.
    pub(super) fn levels(&mut self, model: &mut Model, offered: &[Vec<&str>]) -> Vec<Cell> {
        let Some(node) = self.node(&["ambassadors"]) else {
            return Vec::new();
        };
        self.seen.insert("ambassadors.*".to_owned());
        let mut levels = Vec::new();
        for item in node.items() {
            if !matches!(item.node.value, Value::Table(_)) {
                self.tainted |= matches!(item.node.value, Value::Bad);
                continue;
            }
            if let Some(fault) = unusable(&item.key, item.key_mark) {
                self.fault(fault);
                continue;
            }
            levels.push(self.level(&item.key, item.key_mark, model, offered));
        }
        let Some(kind) = model.partnerships.iter().position(|p| p.name == TYPE) else {
            return Vec::new();
        };
        let has = |cell: &Cell, level: &Level| {
            cell.partnership == kind && level.tiers.contains(&cell.tier)
        };
        let mut out = Vec::new();
        for (index, level) in levels.iter().enumerate() {
            for cell in model.cells.iter().filter(|cell| has(cell, level)) {
                for start in 0..model.months {
                    if out.len() > MOST_CELLS {
                        break;
                    }
                    out.push(Cell {
                        terms: level.terms.clone(),
                        booked_as: BookedAs::Level {
                            level: index,
                            start,
                        },
                        ..cell.clone()
                    });
                }
            }
        }
        model
            .cells
            .retain(|cell| !levels.iter().any(|level| has(cell, level)));
        model.horizon.levels = levels;
        out
    }

    fn level(&mut self, name: &str, mark: Mark, model: &Model, offered: &[Vec<&str>]) -> Level {
        let path = ["ambassadors", name];
        let shown = short(name);
        let tiers = self.level_tiers(name, mark, model, offered);
        let term = self.with(&[&path[..], &["term_months"]].concat(), |n| {
            value::whole(n, 1, 120)
        });
        let retainer = self.number(&[&path[..], &["retainer"]].concat());
        for (key, example) in [("retainer", "500"), ("term_months", "6")] {
            let path = [&path[..], &[key]].concat();
            if self.root.at(&path).is_none() && !self.was_meant(&path) {
                self.fault(
                    Fault::at(mark, format!("the ambassador level {shown} has no {key}"))
                        .expected(format!("add {key} = {example}"))
                        .help(
                            "bronze, silver and gold have presets; levels of other names have none",
                        ),
                );
            }
        }
        let mut pick = |key: &'static str, neutral: f64| {
            let own = self.number(&[&path[..], &[key]].concat());
            let general = self.number(&["partnerships", TYPE, key]);
            own.or(general).unwrap_or(neutral)
        };
        let terms = Terms {
            fee: 1.0,
            fee_amount: Some(retainer.unwrap_or(0.0)),
            commission: pick("commission", 0.0),
            product_cost: pick("product_cost", 0.0),
            posts: pick("posts", 1.0),
            delivery: pick("delivery", 1.0),
            conversion_lift: pick("conversion_lift", 1.0),
            hours: pick("hours", 0.0),
            post_days: self.post_days(&[&path, &["partnerships", TYPE]]),
        };
        let mut number = |key: &'static str| {
            self.number(&[&path[..], &[key]].concat())
                .unwrap_or_default()
        };
        Level {
            name: name.to_owned(),
            tiers,
            terms,
            term_months: usize::try_from(term.unwrap_or(1)).unwrap_or(1),
            tenure_lift: number("tenure_lift"),
            tenure_lift_max: number("tenure_lift_max"),
            origin: self.sources.origin(mark),
        }
    }

    /// The tiers of a level that are in use and offer ambassadors.
    fn level_tiers(
        &mut self,
        name: &str,
        mark: Mark,
        model: &Model,
        offered: &[Vec<&str>],
    ) -> Vec<usize> {
        let path = ["ambassadors", name, "tiers"];
        let shown = short(name);
        let Some(own) = self.names(&path, TIERS) else {
            if self.root.at(&path).is_none() && !self.was_meant(&path) {
                self.fault(
                    Fault::at(mark, format!("the ambassador level {shown} has no tiers"))
                        .expected("add e.g. tiers = [\"micro\"]"),
                );
            }
            return Vec::new();
        };
        let used = |tier: &str| model.tiers.iter().position(|t| t.name == tier);
        let tiers: Vec<usize> = own
            .iter()
            .filter_map(|tier| used(tier))
            .filter(|&tier| offered[tier].contains(&TYPE))
            .collect();
        if tiers.is_empty() && !self.tainted {
            let why = own
                .first()
                .map_or_else(String::new, |tier| match used(tier) {
                    _ if !model.partnerships.iter().any(|p| p.name == TYPE) => {
                        format!("{TYPE} is not in partnerships.use")
                    }
                    None => format!("{tier} is not in tiers.use"),
                    Some(_) => {
                        format!("{tier} does not offer {TYPE}; see tiers.{tier}.partnerships")
                    }
                });
            let place = self.mark(&path).unwrap_or(mark);
            self.fault(
                Fault::at(
                    place,
                    format!("no tier of the ambassador level {shown} can have it"),
                )
                .expected(why)
                .of_names(),
            );
        }
        tiers
    }

    /// Waves and levels multiply cells.
    pub(super) fn few_enough(&mut self, model: &Model) {
        let cells = model.cells.len();
        if cells <= MOST_CELLS {
            return;
        }
        let key = if model.horizon.levels.is_empty() {
            "wave"
        } else {
            "ambassadors"
        };
        let fault = self
            .fault_at(
                &[key],
                format!("waves and ambassador levels, one cell a start month, make more than {MOST_CELLS} cells"),
            )
            .expected("fewer segments, waves, levels or months");
        self.fault(fault);
    }

    /// Reads the pipeline of a model with all its cells.
    pub(super) fn pipeline(&mut self, model: &mut Model, offered: &[Vec<&str>]) {
        let Some(node) = self.node(&["pipeline"]) else {
            return;
        };
        if !matches!(node.value, Value::Table(_)) {
            return;
        }
        let mut flow = |key: &'static str, kind| {
            self.distribution(&["pipeline", key], kind)
                .unwrap_or(Distribution::Certain(0.0))
        };
        let identified = flow("identified", Kind::Amount);
        let mut share = |key| flow(key, Kind::Rate);
        let (vetted, contacted) = (share("vetted"), share("contacted"));
        let (response, partnership) = (share("response"), share("partnership"));
        let (repeat, churn) = (share("repeat"), share("churn"));
        if identified.quantile(FAR) > MOST_IDENTIFIED {
            let fault = self
                .fault_at(
                    &["pipeline", "identified"],
                    "more creators identified a month than the flow is worked out for",
                )
                .expected(
                    "expected at most 10 million a month, in the far tail of a distribution too",
                );
            self.fault(fault);
        }
        let lead_weeks = self.lead(node);
        let with = self
            .with(&["pipeline", "with"], value::level_or_free)
            .flatten();
        let mut starting = vec![0.0; model.cells.len()];
        if let Some(table) = self.node(&["pipeline", "starting_creators"]) {
            for (cell, count, mark) in self.single_cells(table, model, offered) {
                if model.cells[cell].booked_as == BookedAs::Open {
                    starting[cell] = count;
                    continue;
                }
                let key = model.key(cell);
                self.fault(
                    Fault::at(mark, format!("{key} cannot be there at the beginning")).expected(
                        "expected a key without @: waves and commitments start in the horizon",
                    ),
                );
            }
        }
        model.horizon.pipeline = Some(Pipeline {
            identified,
            vetted,
            contacted,
            response,
            partnership,
            repeat,
            lead_weeks,
            churn,
            starting,
            before: None,
            with,
            origin: self.sources.origin(node.mark),
        });
    }

    /// Reads how long it takes to the first post: the whole way or its steps.
    fn lead(&mut self, pipeline: &Node) -> Lead {
        for step in LeadStep::ALL {
            self.seen.insert(format!("pipeline.{}", step.key()));
        }
        let mut weeks = |key: &'static str| {
            let path = ["pipeline", key];
            let weeks = self
                .distribution(&path, Kind::Amount)
                .unwrap_or(Distribution::Certain(0.0));
            if weeks.quantile(FAR) > MOST_WEEKS {
                let fault = self
                    .fault_at(&path, "more weeks than a partner can take")
                    .expected("expected at most 520, in the far tail of a distribution too");
                self.fault(fault);
            }
            weeks
        };
        if !LeadStep::ALL
            .iter()
            .any(|s| pipeline.get(s.key()).is_some())
        {
            return Lead::whole(weeks("lead_weeks"));
        }
        let lead = Lead::by_step(LeadStep::ALL.map(|step| weeks(step.key())));
        if pipeline.get("lead_weeks").is_some() {
            let fault = self
                .fault_at(
                    &["pipeline", "lead_weeks"],
                    "the way to the first post as a whole and by its steps",
                )
                .expected(
                    "expected lead_weeks, or contact_weeks, partnership_weeks and content_weeks, which add up to it",
                );
            self.fault(fault);
        }
        lead
    }

    /// Reads who tags whom.
    pub(super) fn cross_promotion(&mut self, model: &mut Model) {
        let Some(node) = self.node(&["cross_promotion"]) else {
            return;
        };
        if !matches!(node.value, Value::Table(_)) {
            return;
        }
        for (key, example) in [
            ("fan_out", "fan_out = { mega = 3 }"),
            ("reach_lift", "reach_lift = 0.05"),
        ] {
            if node.get(key).is_none() && !self.was_meant(&["cross_promotion", key]) {
                self.missing(node, key, example);
            }
        }
        let lift = self.number(&["cross_promotion", "reach_lift"]);
        let days = self.with(&["cross_promotion", "days"], |n| {
            value::whole(n, 0, MOST_TAG_DAYS)
        });
        let mut fan_out = vec![0.0; model.tiers.len()];
        if let Some(table) = self.node(&["cross_promotion", "fan_out"]) {
            for item in table.items() {
                let path = ["cross_promotion", "fan_out", item.key.as_str()];
                let Some(creators) = self.number(&path) else {
                    continue;
                };
                let tier = model.tiers.iter().position(|t| t.name == item.key);
                match tier {
                    Some(tier) if tier + 1 < model.tiers.len() => fan_out[tier] = creators,
                    _ if creators == 0.0 => {}
                    _ => self.warnings.push(format!(
                        "{}: cross_promotion.fan_out.{} has no effect, since {}",
                        self.sources.place(item.key_mark),
                        item.key,
                        if tier.is_some() {
                            "there is no lower tier in use".to_owned()
                        } else {
                            format!("{} is not in tiers.use", item.key)
                        }
                    )),
                }
            }
        }
        model.horizon.cross_promotion = Some(CrossPromotion {
            fan_out,
            reach_lift: lift.unwrap_or(0.0),
            days: days.and_then(|days| u32::try_from(days).ok()),
        });
    }

    fn missing(&mut self, node: &Node, key: &str, example: &str) {
        self.fault(
            Fault::at(node.mark, format!("cross_promotion has no {key}"))
                .expected(format!("add e.g. {example}")),
        );
    }
}
