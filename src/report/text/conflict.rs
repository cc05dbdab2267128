//! Why there is no plan.

use super::layout::Page;
use crate::model::{Conflict, ConflictMember};

/// The conflict as its sentences tell it; without them its members with their places, and what would help.
pub(super) fn write(page: &mut Page, conflict: &Conflict) {
    let all = || {
        conflict
            .members
            .iter()
            .chain(conflict.others.iter().flatten())
    };
    for sentence in &conflict.sentences {
        let member = |m: &ConflictMember| sentence.strip_suffix('.') == Some(m.words.as_str());
        if all().any(member) {
            page.item(sentence);
        } else {
            page.sentence(sentence);
        }
    }
    if conflict.sentences.is_empty() {
        structured(page, conflict);
    }
    if let Some(set) = &conflict.set_line {
        page.sentence("Tried, and there is a plan with it:");
        // in one piece, to be copied
        page.line(&format!("    {}", set.line));
    }
}

fn structured(page: &mut Page, conflict: &Conflict) {
    if !conflict.members.is_empty() {
        page.sentence("These rules cannot hold together; without any one of them the rest can:");
        members(page, &conflict.members);
    }
    for set in &conflict.others {
        page.sentence("Apart from those, these cannot hold together either:");
        members(page, set);
    }
    if conflict.none_alone_is_enough {
        page.sentence("Changing one of them alone is not enough.");
    }
    if !conflict.joint_change.is_empty() {
        page.sentence("The cheapest change that makes a plan possible:");
        for change in &conflict.joint_change {
            page.item(&change.words);
        }
    }
}

fn members(page: &mut Page, members: &[ConflictMember]) {
    for member in members {
        let stated = if member.stated.is_empty() {
            &member.constraint
        } else {
            &member.stated
        };
        page.item(&format!("{stated} ({})", member.origin));
        if !member.words.is_empty() {
            page.wrapped("      ", "      ", &member.words);
        }
    }
}
