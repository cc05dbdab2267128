//! The posting calendar as a table, and the files of it.

use std::fs;
use std::path::Path;

use super::csv::csv;
use super::error::ExportError;
use super::ics::ics;
use super::parquet::{CANNOT_WRITE, write_table};
use super::table::Table;
use super::whole::names;
use crate::engine::RunResult;
use crate::model::{CellKey, Model, Plan};
use crate::posting::{self, Post, TooManyPosts};

/// A plan's posts with its model.
#[derive(Debug, Clone, Copy)]
pub struct PlanPosts<'a> {
    /// The model that the plan is of.
    pub model: &'a Model,
    /// The plan.
    pub plan: &'a Plan,
    /// Its calendar.
    pub posts: &'a [Post],
}

struct Row<'a> {
    plan: &'a str,
    post: &'a Post,
    date: Option<String>,
    weekday: Option<&'static str>,
    /// From 1.
    day: usize,
    /// The date it is booked on.
    booked: Option<String>,
    time: String,
    key: CellKey,
    name: String,
    /// Whether the cell is of a wave, not of a level.
    wave: bool,
}

/// `calendar.parquet` and `calendar.csv`: one row a post, plan by plan, in order of time. The day a post is booked on has columns where
/// terms of a plan say that content comes days after the booking.
#[must_use]
pub fn calendar(plans: &[PlanPosts<'_>]) -> Table {
    let rows: Vec<Row<'_>> = plans.iter().flat_map(rows).collect();
    let booked = |r: &Row<'_>, wave: bool| match &r.key.booked_as {
        Some((name, _)) if r.wave == wave => Some(name.clone()),
        _ => None,
    };
    let waves: Vec<Option<String>> = rows.iter().map(|r| booked(r, true)).collect();
    let levels: Vec<Option<String>> = rows.iter().map(|r| booked(r, false)).collect();
    let table = Table::new()
        .text("plan", &rows, |r| Some(r.plan))
        .month("month", &rows, |r| Some(r.post.month + 1))
        .month("day", &rows, |r| Some(r.day))
        .text("date", &rows, |r| r.date.as_deref())
        .text("weekday", &rows, |r| r.weekday)
        .text("time", &rows, |r| Some(&r.time))
        .text("slot", &rows, |r| Some(r.post.slot().name()))
        .text("tier", &rows, |r| Some(&r.key.tier))
        .text("partnership", &rows, |r| Some(&r.key.partnership))
        .text("category", &rows, |r| r.key.category.as_deref())
        .text("region", &rows, |r| r.key.region.as_deref())
        .text("wave", &waves, Option::as_deref)
        .text("level", &levels, Option::as_deref)
        .text("cell", &rows, |r| Some(&r.name))
        .whole("creator", &rows, |r| Some(r.post.creator))
        .whole("post", &rows, |r| Some(r.post.number));
    if plans.iter().any(|p| p.model.posts_later()) {
        table
            .month("booked_day", &rows, |r| Some(r.post.booked as usize + 1))
            .text("booked_date", &rows, |r| r.booked.as_deref())
    } else {
        table
    }
}

fn rows<'a>(plan: &PlanPosts<'a>) -> Vec<Row<'a>> {
    let PlanPosts { model, plan, posts } = *plan;
    let of = |post: &'a Post| {
        let date = posting::date(model, post.month, post.day);
        let key = model.key(post.cell);
        let booked = model.cells[post.cell].booked_as;
        Row {
            plan: &plan.name,
            post,
            date: date.map(|d| d.to_string()),
            weekday: date.map(posting::weekday),
            day: post.day as usize + 1,
            booked: posting::date(model, post.month, post.booked).map(|d| d.to_string()),
            time: post.time(),
            name: key.to_string(),
            key,
            wave: matches!(booked, crate::model::BookedAs::Wave(_)),
        }
    };
    posts.iter().map(of).collect()
}

/// The calendar of one plan as CSV, in the columns of [`calendar`].
#[must_use]
pub fn calendar_csv(plan: PlanPosts<'_>) -> String {
    csv(&calendar(&[plan]))
}

/// The calendar of one plan for calendar programs; `None` where the scenario names no first month.
#[must_use]
pub fn calendar_ics(scenario: &str, plan: PlanPosts<'_>) -> Option<String> {
    ics(scenario, plan)
}

/// Whether runs of a model write a calendar: it has several months, or waves.
#[must_use]
pub fn has_calendar(model: &Model) -> bool {
    model.months > 1 || !model.horizon.waves.is_empty()
}

/// Why plans of a run have no posting calendar though their scenario has one; a sentence each.
#[must_use]
pub fn calendar_warnings(result: &RunResult) -> Vec<String> {
    let refused = |p: &crate::engine::PlanResult| {
        let error = posts(p)?.err()?;
        Some(format!("no posting calendar for {}: {error}", p.plan.name))
    };
    result.plans.iter().filter_map(refused).collect()
}

fn posts(result: &crate::engine::PlanResult) -> Option<Result<Vec<Post>, TooManyPosts>> {
    (has_calendar(&result.model) && result.plan.is_usable())
        .then(|| posting::calendar(&result.model, &result.plan))
}

/// Writes the calendar's files where the run has one, and says which. The iCalendar file is of the
/// first plan, the others are of all.
pub(super) fn write_calendar(
    folder: &Path,
    result: &RunResult,
) -> Result<Vec<&'static str>, ExportError> {
    let Some(first) = result.plans.first().filter(|p| has_calendar(&p.model)) else {
        return Ok(Vec::new());
    };
    let all: Vec<_> = result
        .plans
        .iter()
        .map(|p| (p, posts(p).and_then(Result::ok).unwrap_or_default()))
        .collect();
    let plans: Vec<PlanPosts<'_>> = all
        .iter()
        .map(|(p, posts)| PlanPosts {
            model: &p.model,
            plan: &p.plan,
            posts,
        })
        .collect();
    let table = calendar(&plans);
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(ExportError::io(CANNOT_WRITE, &path))
    };
    write_table(&folder.join(names::CALENDAR), &table)?;
    write(names::CALENDAR_CSV, csv(&table))?;
    let mut files = vec![names::CALENDAR, names::CALENDAR_CSV];
    if let (Some(plan), true) = (plans.first(), first.plan.is_usable())
        && let Some(text) = ics(&result.scenario, *plan)
    {
        write(names::CALENDAR_ICS, text)?;
        files.push(names::CALENDAR_ICS);
    }
    Ok(files)
}
