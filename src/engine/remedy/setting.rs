//! A moved bound as `--set KEY=VALUE`, in the keys and figures that a scenario file has.

use crate::model::{
    BudgetOver, ConstraintKind, ConstraintState, JointChange, Metric, Model, Plan, Stage, Unit,
};
use crate::scenario::Scenario;

mod budgets;

use budgets::Budgets;

/// How finely figures are rounded, the roundest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fineness {
    /// 0.1 points, ¥100, whole numbers.
    Round,
    /// A hundredth of that.
    Fine,
    /// As computed, and a hair more.
    Exact,
}

/// All of them, in the order to be tried.
pub(super) const FINENESS: [Fineness; 3] = [Fineness::Round, Fineness::Fine, Fineness::Exact];

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) key: String,
    pub(super) value: String,
}

impl Setting {
    /// `--set KEY=VALUE`, quoted for a POSIX shell where that is needed.
    pub(super) fn argument(&self) -> String {
        format!(
            "--set {}",
            shell_quoted(&format!("{}={}", self.key, self.value))
        )
    }
}

/// Changes as settings; a second version pins the bands that the first may scale. Nothing where a
/// rule's name cannot be written as a key.
pub(super) fn settings(
    scenario: &Scenario,
    model: &Model,
    plan: &Plan,
    changes: &[JointChange],
    fineness: Fineness,
) -> [Option<Vec<Setting>>; 2] {
    let over_months = model.months > 1 || model.horizon.budget_over != BudgetOver::Month;
    let budget = changes
        .iter()
        .find(|c| c.constraint == "budget" && c.kind == ConstraintKind::Budget)
        .map_or(model.rules.budget, |c| {
            rounded(c.to, true, Unit::Money, fineness)
        });
    let mut out: Vec<Setting> = Vec::new();
    let mut named = Vec::new();
    let merged = widest(changes);
    let mut budgets = over_months.then(|| Budgets::of(scenario, model, changes, fineness));
    for change in &merged {
        let state = plan.constraints.iter().find(|s| {
            s.name == change.constraint && s.kind == change.kind && s.month == change.month
        });
        let one = match (&mut budgets, change.constraint.as_str()) {
            (Some(budgets), "budget") => budgets.setting.take(),
            (Some(budgets), "diversity.min_spend") if change.from > 0.0 => {
                let share = model.rules.min_spend * change.to / change.from * budgets.rounding;
                let share = rounded(share, false, Unit::Share, fineness).max(0.0);
                Some(Setting {
                    key: change.constraint.clone(),
                    value: share.to_string(),
                })
            }
            (Some(_), "pipeline.partnership") => more_identified(model, change, fineness),
            _ => state.and_then(|s| setting(scenario, model, s, change, budget, fineness)),
        };
        match one {
            Some(one) => out.push(one),
            None => return [None, None],
        }
        named.extend(state.map(|s| s.name.as_str()));
    }
    // a number among the bands has scaled the stage's others; as a band it no longer does
    let scales = model.stage != Stage::Custom
        && named
            .iter()
            .any(|n| n.starts_with("diversity.tier_budget_share."));
    let pinned = scales.then(|| {
        let others = plan
            .constraints
            .iter()
            .filter(|s| s.month == Some(0) && s.name.starts_with("diversity.tier_budget_share."))
            .filter(|s| !named.contains(&s.name.as_str()));
        let bands = others.filter_map(|s| {
            Some(Setting {
                key: band_key(&s.name)?,
                value: band(s.low?, s.high?),
            })
        });
        bands.chain(out.iter().cloned()).collect()
    });
    [Some(out), pinned]
}

/// Of changes of one rule in several months, which one key states, the one that moves farthest.
fn widest(changes: &[JointChange]) -> Vec<JointChange> {
    let by = |c: &JointChange| {
        let size = (c.to - c.from).abs();
        if c.from == 0.0 {
            size
        } else {
            size / c.from.abs()
        }
    };
    let mut out: Vec<JointChange> = Vec::new();
    for change in changes {
        let same = |known: &&mut JointChange| {
            known.constraint == change.constraint
                && known.kind == change.kind
                && (known.to > known.from) == (change.to > change.from)
        };
        match out.iter_mut().find(same) {
            Some(known) if by(change) > by(known) => *known = change.clone(),
            Some(_) => {}
            None => out.push(change.clone()),
        }
    }
    out
}

/// So many more people identified a month as the pipeline would have to deliver more of.
fn more_identified(model: &Model, change: &JointChange, fineness: Fineness) -> Option<Setting> {
    let pipeline = model.horizon.pipeline.as_ref()?;
    let times = change.to / change.from;
    let identified = pipeline.identified.mean() * times;
    let value = match fineness {
        Fineness::Round => whole(identified, true),
        _ => rounded(identified, true, Unit::Plain, fineness),
    };
    (times.is_finite() && times > 1.0).then(|| Setting {
        key: "pipeline.identified".to_owned(),
        value: value.to_string(),
    })
}

fn setting(
    scenario: &Scenario,
    model: &Model,
    state: &ConstraintState,
    change: &JointChange,
    budget: f64,
    fineness: Fineness,
) -> Option<Setting> {
    let up = change.to > change.from;
    let fractional = model.fractional_counts;
    let unit = change.unit;
    let bound = |value: f64| {
        if unit == Unit::Count && !fractional {
            whole(value, up)
        } else {
            rounded(value, up, unit, fineness)
        }
    };
    let plain = |key: String, value: f64| {
        Some(Setting {
            key,
            value: value.to_string(),
        })
    };
    match (state.kind, state.name.as_str()) {
        (ConstraintKind::User, name) => {
            let side = if up { "max" } else { "min" };
            plain(
                format!("constraint.{}.{side}", key_part(name)?),
                bound(change.to),
            )
        }
        // A probability moves; of a tail mean the level that is asked for.
        (ConstraintKind::Risk, key) if unit == Unit::Share => {
            plain(format!("{key}.with"), bound(change.to))
        }
        (ConstraintKind::Target | ConstraintKind::Risk, key) => {
            let side = if up { "at_most" } else { "at_least" };
            plain(format!("{key}.{side}"), bound(change.to))
        }
        (_, "budget") => {
            let amount = "budget.amount";
            let table = scenario.entries().iter().any(|e| e.key == amount);
            plain(if table { amount } else { "budget" }.to_owned(), budget)
        }
        (_, "diversity.min_spend") => {
            let share = rounded(change.to / budget, false, Unit::Share, fineness);
            plain("diversity.min_spend".to_owned(), share.max(0.0))
        }
        (ConstraintKind::Band, "diversity.max_creator_budget_share") => {
            plain(state.name.clone(), bound(change.to).min(1.0))
        }
        (ConstraintKind::Band, name) => {
            let to = bound(change.to).clamp(0.0, 1.0);
            let (low, high) = if up {
                (state.low?, to)
            } else {
                (to, state.high?)
            };
            Some(Setting {
                key: band_key(name)?,
                value: band(low, high),
            })
        }
        (_, name) => plain(name.to_owned(), bound(change.to).max(0.0)),
    }
}

fn band(low: f64, high: f64) -> String {
    format!("[{low}, {high}]")
}

/// `diversity.category_budget_share."home & garden"`.
fn band_key(name: &str) -> Option<String> {
    let mut parts = name.splitn(3, '.');
    let (table, key, own) = (parts.next()?, parts.next()?, parts.next()?);
    Some(format!("{table}.{key}.{}", key_part(own)?))
}

/// A part of a key path, in quotes where it needs them. Names with a control character cannot be
/// typed.
fn key_part(name: &str) -> Option<String> {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(bare) {
        Some(name.to_owned())
    } else if name.chars().any(char::is_control) {
        None
    } else if !name.contains(['"', '\\']) {
        Some(format!("\"{name}\""))
    } else if !name.contains('\'') {
        Some(format!("'{name}'"))
    } else {
        let escaped = name.replace('\\', r"\\").replace('"', r#"\""#);
        Some(format!("\"{escaped}\""))
    }
}

/// A whole number on the side that lets more pass.
fn whole(value: f64, up: bool) -> f64 {
    on_grid(value, up, 1.0)
}

/// A figure that people write, on the side that lets more pass.
fn rounded(value: f64, up: bool, unit: Unit, fineness: Fineness) -> f64 {
    // steps to one, so that a figure is a whole number divided by them: 0.217, not 217 × 0.001
    let steps = match unit {
        Unit::Share => 1000.0,
        Unit::Metric(Metric::Roas | Metric::Roi) => 100.0,
        Unit::Count => 1.0,
        Unit::Money | Unit::Hours | Unit::Metric(_) | Unit::Plain => by_size(value),
    };
    match fineness {
        Fineness::Round => on_grid(value, up, steps),
        Fineness::Fine => on_grid(value, up, 100.0 * steps),
        Fineness::Exact => {
            let more = 1e-9 * value.abs().max(1e-3);
            if up { value + more } else { value - more }
        }
    }
}

/// Steps to one that leave three digits or so: ¥36,100, ¥1,240, 12.4, 0.31.
fn by_size(value: f64) -> f64 {
    match value.abs() {
        v if v >= 1e6 => 1e-3,
        v if v >= 1e4 => 1e-2,
        v if v >= 1e3 => 1e-1,
        v if v >= 100.0 => 1.0,
        v if v >= 10.0 => 10.0,
        _ => 100.0,
    }
}

fn on_grid(value: f64, up: bool, steps: f64) -> f64 {
    let scaled = value * steps;
    let near = scaled.round();
    // what the arithmetic missed by a hair is the round figure
    let whole = if (scaled - near).abs() <= 1e-7 * scaled.abs().max(1e-3) {
        near
    } else if up {
        scaled.ceil()
    } else {
        scaled.floor()
    };
    // no negative zero
    let whole = whole + 0.0;
    if steps >= 1.0 {
        whole / steps
    } else {
        whole * (1.0 / steps).round()
    }
}

/// One argument of a POSIX shell.
fn shell_quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_round_to_the_side_that_lets_more_pass() {
        let round = |v, up, unit| rounded(v, up, unit, Fineness::Round);
        assert_eq!(round(0.21690, true, Unit::Share), 0.217);
        assert_eq!(round(0.12040, false, Unit::Share), 0.12);
        assert_eq!(round(0.07, true, Unit::Share), 0.07);
        assert_eq!(round(360_042.3, true, Unit::Money), 360_100.0);
        assert_eq!(round(1_234.5, false, Unit::Money), 1_230.0);
        assert_eq!(round(2.999_999_999_9, false, Unit::Plain), 3.0);
        assert_eq!(round(-2.0, true, Unit::Plain), -2.0);
        assert_eq!(round(2.618, false, Unit::Metric(Metric::Roas)), 2.61);
        assert_eq!(whole(2.2, true), 3.0);
        assert_eq!(whole(2.000_000_01, true), 2.0);
        assert_eq!(rounded(0.2169, true, Unit::Share, Fineness::Fine), 0.2169);
        assert!(rounded(0.2169, true, Unit::Share, Fineness::Exact) > 0.2169);
    }

    #[test]
    fn names_become_keys_and_arguments_become_words_of_a_shell() {
        assert_eq!(key_part("skin-care").as_deref(), Some("skin-care"));
        assert_eq!(key_part("a b").as_deref(), Some("\"a b\""));
        assert_eq!(key_part("say \"no\"").as_deref(), Some("'say \"no\"'"));
        assert_eq!(
            key_part(r#"both " and ' and \"#).as_deref(),
            Some(r#""both \" and ' and \\""#)
        );
        assert_eq!(key_part("a\nb"), None);
        assert_eq!(shell_quoted("budget=36100"), "budget=36100");
        assert_eq!(shell_quoted("a=[0, 1]"), "'a=[0, 1]'");
        assert_eq!(shell_quoted("it's"), r"'it'\''s'");
    }
}
