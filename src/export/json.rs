//! result.json: the whole result but the trials, in one object.

use ndarray::{ArrayView1, Axis};
use serde_json::{Map, Value, json};

use super::table::defined;
use super::{quarter, tables};
use crate::engine::{PlanResult, RunResult};
use crate::judging::TargetResult;
use crate::model::{
    Bound, Commitment, ConflictMember, ConstraintState, Model, Origin, UnusedCell,
    commitments_beyond, joint,
};
use crate::ranking::BestPlan;
use crate::stats::Standing;
use crate::units::YearMonth;

/// What result.json says of the scenario beside its name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// The file's `description`.
    pub description: Option<String>,
}

/// The result as one JSON object. It holds no wall times and no thread counts: the same input gives the same text.
///
/// Rows have the columns of the parquet files as keys; texts are as the user wrote them.
#[must_use]
pub fn result_json(result: &RunResult, description: &Description) -> Value {
    let base = result.plans.first().map(|p| &p.model);
    let mut object = json!({
        "scenario": result.scenario,
        "description": description.description,
        "currency": base.map(|m| m.currency.as_str()),
        "start": base.and_then(|m| month_name(m, 0)),
        "seed": result.seed,
        "trials": result.trials,
        "plans": result.plans.iter().map(plan_json).collect::<Vec<_>>(),
        "summary": tables::summary(&result.summary).json_rows(),
        "comparison": tables::comparison(&result.comparison).json_rows(),
        "rebalancing": tables::rebalancing(&result.rebalancing).json_rows(),
        "constraints": tables::constraints(result).json_rows(),
        "dependency": tables::dependency(&result.dependency).json_rows(),
        "warnings": result.warnings,
    });
    if let Some(found) = &result.best {
        object["best"] = best(found);
    }
    if !result.variance.is_empty() {
        object["variance"] = json!(tables::variance(&result.variance).json_rows());
        object["learned"] = json!(tables::learned(&result.learned).json_rows());
    }
    for (_, key, table) in quarter::tables(result) {
        object[key] = table.json_rows().into();
    }
    object
}

/// The choice among plans.
fn best(found: &BestPlan) -> Value {
    let standing = |standing| match standing {
        Standing::Worse => "worse",
        Standing::Within => "within",
        Standing::Equal => "equal",
        Standing::Open => "open",
    };
    json!({
        "metric": found.wanted.metric.name(),
        "probability": found.wanted.probability,
        "indifference": number((found.zone > 0.0).then_some(found.zone)),
        "verdict": match found.standing {
            Standing::Worse => "best",
            Standing::Within => "within indifference",
            Standing::Equal => "all equal",
            Standing::Open => "undecided",
        },
        "plan": found.plan,
        "figure": number(found.figure),
        "trials": found.trials,
        "rivals": found.rivals.iter().map(|rival| json!({
            "plan": rival.plan,
            "figure": number(rival.figure),
            "difference": number(Some(rival.difference)),
            "error": number(Some(rival.error)),
            "standing": standing(rival.standing),
        })).collect::<Vec<_>>(),
        "left_out": found.left_out,
    })
}

pub(super) fn number(value: Option<f64>) -> Value {
    defined(value).map_or(Value::Null, Value::from)
}

/// Whole counts without a decimal point.
fn count(value: f64) -> Value {
    let whole = value.fract() == 0.0 && value.abs() < 9e15;
    if whole {
        Value::from(value as i64)
    } else {
        number(Some(value))
    }
}

/// `2026-04` for a month from 0, if the scenario has a start.
fn month_name(model: &Model, month: usize) -> Option<String> {
    let (year, first) = model.start?;
    let start = YearMonth::new(year, first)?;
    let month = start.plus_months(u32::try_from(month).ok()?)?;
    Some(month.to_string())
}

fn plan_json(result: &PlanResult) -> Value {
    let plan = &result.plan;
    let usable = plan.is_usable();
    let mut out = json!({
        "name": plan.name,
        "status": plan.status.name(),
        "reason": match &plan.status {
            crate::model::PlanStatus::Failed { reason } => Some(reason.as_str()),
            _ => None,
        },
        "maximizes": result.model.objective.name(),
        "objective": number(plan.objective),
        "bound": number(plan.gap.map(|g| g.bound)),
        "gap": number(plan.gap.map(|g| g.relative)),
        "gap_certified": plan.gap.map(|g| g.certified),
        "counts": if usable { counts(result, None) } else { Value::Null },
        "months": if usable { months(result) } else { json!([]) },
        "unspent": if usable { number(Some(plan.unspent)) } else { Value::Null },
        "unspent_held_by": plan.unspent_held_by.iter().map(|h| json!({
            "constraint": h.constraint,
            "reason": h.reason,
        })).collect::<Vec<_>>(),
        "targets": result.targets.iter().map(target).collect::<Vec<_>>(),
        "binding": plan.constraints.iter().filter(|c| c.binding).map(binding).collect::<Vec<_>>(),
        "conflict": plan.conflict.as_ref().map(|conflict| json!({
            "sentences": conflict.sentences,
            "members": conflict.members.iter().map(member).collect::<Vec<_>>(),
            "others": conflict.others.iter()
                .map(|set| set.iter().map(member).collect::<Vec<_>>())
                .collect::<Vec<_>>(),
            "none_alone_is_enough": conflict.none_alone_is_enough,
            "joint_change": conflict.joint_change.iter().map(|change| json!({
                "constraint": change.constraint,
                "from": number(Some(change.from)),
                "to": number(Some(change.to)),
                "words": change.words,
            })).collect::<Vec<_>>(),
            "open": conflict.open,
            "set_line": conflict.set_line.as_ref().map(|set| json!({
                "line": set.line,
                "settings": set.settings.iter().map(|(key, value)| json!({
                    "key": key,
                    "value": value,
                })).collect::<Vec<_>>(),
                "tried": true,
            })),
        })),
        "warnings": plan.warnings,
    });
    if result.model.risk.applies() {
        out["risks"] = tables::risk(std::slice::from_ref(result))
            .without("plan")
            .json_rows()
            .into();
    }
    out["unused"] = plan.unused.iter().map(|u| unused(result, u)).collect();
    // Only where ambassadors' terms end later.
    let beyond = commitments_beyond(&result.model, &plan.counts);
    if usable && !beyond.is_empty() {
        let owed = |c: &Commitment| {
            json!({
                "cell": result.model.key(c.cell).to_string(),
                "count": number(Some(c.count)),
                "months_left": c.months,
                "spend": number(Some(c.spend)),
            })
        };
        out["commitments_beyond"] = beyond.iter().map(owed).collect();
    }
    // Only where they were asked for.
    if !plan.alternatives.is_empty() {
        out["alternatives"] = alternatives(result);
    }
    // Only where the scenario has audiences.
    if usable && !result.model.audiences.is_empty() {
        out["audiences"] = audiences(result);
    }
    out
}

/// A cell without partnerships, and what it would take.
fn unused(result: &PlanResult, unused: &UnusedCell) -> Value {
    let mut out = json!({
        "cell": result.model.key(unused.cell).to_string(),
        "enters_at_unit_cost": number(unused.enters_at_unit_cost),
        "fee_factor": number(unused.fee_factor),
        "enters_at_unit_revenue": number(unused.enters_at_unit_revenue),
        "conversion_factor": number(unused.conversion_factor),
        "kept_out_by": unused.kept_out_by,
    });
    // Only where months differ.
    if let Some(month) = unused.month {
        out["month"] = (month + 1).into();
    }
    if let Some(until) = unused.until {
        out["until"] = (until + 1).into();
    }
    out
}

/// Other plans, as good within the gap.
fn alternatives(result: &PlanResult) -> Value {
    let cells = |counts: ArrayView1<'_, f64>| -> Map<String, Value> {
        counts
            .iter()
            .enumerate()
            .map(|(cell, &n)| (result.model.key(cell).to_string(), count(n)))
            .collect()
    };
    let plan = &result.plan;
    plan.alternatives
        .iter()
        .map(|a| {
            let mut out = json!({
                "objective": number(Some(a.objective)),
                "objective_difference": number(plan.objective.map(|o| a.objective - o)),
                "moved": number(Some(a.moved)),
                "apart": number(Some(a.apart)),
                "counts": cells(a.counts.sum_axis(Axis(0)).view()),
            });
            // Only where months have counts of their own.
            if a.counts.nrows() > 1 {
                let months = a.counts.rows().into_iter().enumerate();
                out["months"] = months
                    .map(|(month, counts)| json!({ "month": month + 1, "counts": cells(counts) }))
                    .collect();
            }
            out
        })
        .collect()
}

/// Every audience and month with what the plan's impressions on it come to in expectation.
fn audiences(result: &PlanResult) -> Value {
    let model = &result.model;
    let mut out = Vec::new();
    for (month, counts) in result.plan.counts.rows().into_iter().enumerate() {
        let reached = joint::reached(model, month, &counts.to_vec());
        for (audience, reached) in model.audiences.iter().zip(reached) {
            let frequency = reached.impressions / reached.net_reach;
            out.push(json!({
                "month": month + 1,
                "category": audience.category.map(|i| model.categories[i].name.as_str()),
                "region": audience.region.map(|i| model.regions[i].name.as_str()),
                "size": number(Some(audience.size)),
                "impressions": number(Some(reached.impressions)),
                "net_reach": number(Some(reached.net_reach)),
                "frequency": number(Some(frequency)),
            }));
        }
    }
    Value::Array(out)
}

/// Partnerships by cell key, all offered cells: of one month, or over the horizon.
fn counts(result: &PlanResult, month: Option<usize>) -> Value {
    let counts = &result.plan.counts;
    let object: Map<String, Value> = (0..counts.ncols())
        .map(|cell| {
            let value = month.map_or_else(|| counts.column(cell).sum(), |m| counts[[m, cell]]);
            (result.model.key(cell).to_string(), count(value))
        })
        .collect();
    Value::Object(object)
}

fn months(result: &PlanResult) -> Value {
    (0..result.plan.counts.nrows())
        .map(|month| {
            json!({
                "month": month + 1,
                "date": month_name(&result.model, month),
                "counts": counts(result, Some(month)),
            })
        })
        .collect()
}

pub(super) fn target(target: &TargetResult) -> Value {
    let (direction, level) = match target.bound {
        Bound::AtLeast(v) => ("at_least", v),
        Bound::AtMost(v) => ("at_most", v),
    };
    let mut value = json!({
        "target": target.key,
        "metric": target.metric.name(),
        "tier": target.tier,
        (direction): number(Some(level)),
        "with": number(target.with),
        "enforced": target.enforced,
        "expected": number(target.expected),
        "probability": number(target.probability),
        "probability_error": number(target.probability_error),
        "met": target.met,
    });
    if target.simulated {
        value["simulated"] = true.into();
    }
    value
}

fn binding(state: &ConstraintState) -> Value {
    json!({
        "constraint": state.name,
        "month": state.month.map(|month| month + 1),
        "words": state.words,
        "shadow_price": number(state.shadow_price),
        "unit": state.price_unit,
        "cost": number(state.range.cost),
        "range_to": number(state.range.to),
        "range_gain": number(state.range.gain),
        "then_binds": state.range.then_binds,
        "origin": origin(&state.origin),
    })
}

fn member(member: &ConflictMember) -> Value {
    json!({
        "constraint": member.constraint,
        "kind": member.kind.name(),
        "origin": origin(&member.origin),
        "stated": member.stated,
        "least_change": number(member.least_change),
        "changed_to": number(member.changed_to),
        "enough_alone": member.enough_alone,
        "words": member.words,
    })
}

fn origin(origin: &Origin) -> String {
    origin.to_string()
}
