//! The posting calendar → iCalendar (RFC 5545).
//!
//! Times are floating: local to whoever looks, in no time zone. `DTSTAMP` is fixed, so that a run gives the same bytes again;
//! `UID` is a hash of scenario, plan, cell, creator and post number, so that a calendar imported again replaces its events.

use ics::components::Property;
use ics::properties::{Categories, Description, DtStart, Duration, Summary, Transp};
use ics::{Event, ICalendar, escape_text};
use sha2::{Digest, Sha256};

use super::calendar::PlanPosts;
use crate::posting::{self, Post};

/// The stamp of every event: no time of a run.
const STAMP: &str = "19700101T000000Z";
/// What made the file. No version: the bytes would change with it.
const PRODUCT: &str = "-//influencer-matrix//posting calendar//EN";
/// Most bytes of a line, without its end.
const LINE: usize = 75;

/// The text of the file; `None` where the scenario names no first month.
pub(super) fn ics(scenario: &str, plan: PlanPosts<'_>) -> Option<String> {
    plan.model.start?;
    let name = if plan.plan.name == "base" {
        scenario.to_owned()
    } else {
        format!("{scenario}: {}", plan.plan.name)
    };
    let mut calendar = ICalendar::new("2.0", PRODUCT);
    calendar.push(Property::new("METHOD", "PUBLISH"));
    calendar.push(Property::new("X-WR-CALNAME", text(&name)));
    for post in plan.posts {
        calendar.add_event(event(scenario, plan, post)?);
    }
    Some(refolded(&calendar.to_string()))
}

fn event<'a>(scenario: &str, plan: PlanPosts<'_>, post: &Post) -> Option<Event<'a>> {
    let PlanPosts { model, plan, .. } = plan;
    let date = posting::date(model, post.month, post.day)?;
    let key = model.key(post.cell);
    let (cell, creator, number) = (key.to_string(), post.creator, post.number);
    let begin = format!(
        "{}T{:02}{:02}00",
        date.strftime("%Y%m%d"),
        post.minute / 60,
        post.minute % 60
    );
    let mut lines = vec![
        format!("plan: {}", plan.name),
        format!("tier: {}", key.tier),
        format!("partnership: {}", key.partnership),
    ];
    lines.extend(key.category.iter().map(|c| format!("category: {c}")));
    lines.extend(key.region.iter().map(|r| format!("region: {r}")));
    lines.extend(key.booked_as.iter().map(|b| format!("booked as: {}", b.0)));
    lines.push(format!("creator {creator} of the cell, post {number}"));
    if post.booked != post.day {
        let booked = posting::date(model, post.month, post.booked)?;
        lines.push(format!("booked and shipped: {booked}"));
    }
    let mut event = Event::new(uid(&[scenario, &plan.name, &cell], post), STAMP);
    event.push(DtStart::new(begin));
    event.push(Duration::new("PT30M"));
    event.push(Summary::new(text(&format!(
        "{cell} #{creator}, post {number}"
    ))));
    // The breaks between the lines are ours; those within names are gone.
    let lines: Vec<String> = lines.iter().map(|line| text(line)).collect();
    event.push(Description::new(lines.join("\\n")));
    event.push(Categories::new(text(&key.tier)));
    event.push(Transp::transparent());
    Some(event)
}

fn uid(names: &[&str], post: &Post) -> String {
    let mut hash = Sha256::new();
    for name in names {
        // With the length in front no two lists of names are one text.
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
    }
    hash.update((post.creator as u64).to_le_bytes());
    hash.update((post.number as u64).to_le_bytes());
    let digest = hash.finalize();
    let number = digest[..16]
        .iter()
        .fold(0_u128, |number, &byte| (number << 8) | u128::from(byte));
    format!("{number:032x}@influencer-matrix")
}

/// A text value: control characters are spaces, what has a meaning is escaped.
fn text(value: &str) -> String {
    let plain: String = value
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    escape_text(plain).into_owned()
}

/// Folds lines anew: the library's continued lines have 76 bytes with the space in front, and the standard has
/// 75 at most. No character is split.
fn refolded(text: &str) -> String {
    let whole = text.replace("\r\n ", "");
    let mut out = String::with_capacity(whole.len() * 21 / 20);
    for line in whole.split_terminator("\r\n") {
        let mut used = 0;
        for c in line.chars() {
            if used + c.len_utf8() > LINE {
                out.push_str("\r\n ");
                used = 1;
            }
            out.push(c);
            used += c.len_utf8();
        }
        out.push_str("\r\n");
    }
    out
}
