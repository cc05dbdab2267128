//! Months in sentences about the months to come, counted from the first of the whole horizon.

use crate::model::{Model, Plan};

/// What stands in front of a month's number.
const MONTH: &str = "month ";

/// Moves the months that a plan's sentences name by `gone`. Names that the user gave stay as they are.
pub fn count_from_the_first(plan: &mut Plan, model: &Model, gone: usize) {
    let rules = model.rules.user.iter().map(|rule| rule.name.as_str());
    let waves = model.horizon.waves.iter().map(|wave| wave.name.as_str());
    let levels = model.horizon.levels.iter().map(|level| level.name.as_str());
    let kept: Vec<&str> = rules
        .chain(waves)
        .chain(levels)
        .filter(|name| name.contains(MONTH))
        .collect();
    let move_on = |text: &mut String| *text = later(text, gone, &kept);
    for state in &mut plan.constraints {
        move_on(&mut state.words);
        state.range.then_binds.iter_mut().for_each(move_on);
    }
    for held in &mut plan.unspent_held_by {
        move_on(&mut held.constraint);
        move_on(&mut held.reason);
    }
    plan.warnings.iter_mut().for_each(move_on);
    if let Some(conflict) = &mut plan.conflict {
        for text in conflict.sentences.iter_mut().chain(&mut conflict.open) {
            move_on(text);
        }
        let others = conflict.others.iter_mut().flatten();
        for member in conflict.members.iter_mut().chain(others) {
            move_on(&mut member.constraint);
            move_on(&mut member.stated);
            move_on(&mut member.words);
        }
        for change in &mut conflict.joint_change {
            move_on(&mut change.constraint);
            move_on(&mut change.words);
        }
    }
}

/// Each number behind `month ` raised, but in the names that are kept.
fn later(text: &str, gone: usize, kept: &[&str]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(name) = kept.iter().find(|name| rest.starts_with(**name)) {
            out.push_str(name);
            rest = &rest[name.len()..];
            continue;
        }
        if let Some(after) = rest.strip_prefix(MONTH) {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            if let Ok(month) = after[..digits].parse::<usize>() {
                out.push_str(MONTH);
                out.push_str(&month.saturating_add(gone).to_string());
                rest = &after[digits..];
                continue;
            }
        }
        let next = rest.chars().next().map_or(rest.len(), char::len_utf8);
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::later;

    #[test]
    fn months_move_and_names_do_not() {
        let text = "one more of `month 1 only` in month 1 (¥5) would exceed budget until month 12; a month more";
        assert_eq!(
            later(text, 2, &["month 1 only"]),
            "one more of `month 1 only` in month 3 (¥5) would exceed budget until month 14; a month more"
        );
    }
}
