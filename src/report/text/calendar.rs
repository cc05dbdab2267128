//! The posting calendar as a table.

use super::figures::plan_name;
use super::layout::{Grid, Page};
use super::whole::ReportContext;
use crate::model::{Model, Plan};
use crate::posting::{self, Post};
use crate::units;

/// Who posts when, a line a post.
#[must_use]
pub fn calendar(
    scenario: &str,
    model: &Model,
    plan: &Plan,
    posts: &[Post],
    context: &ReportContext,
) -> String {
    let mut page = Page::new(context.color, context.width);
    let number = match posts.len() {
        1 => "1 post".to_owned(),
        n => format!("{} posts", units::count(n as f64)),
    };
    page.heading(&format!("{scenario}: {}, {number}", plan_name(&plan.name)));
    let mut grid = Grid::new(["day", "time", "partnership", "creator", "post"])
        .left(1)
        .left(2);
    let mut before = None;
    for post in posts {
        // A day is named once.
        let day = if before == Some(post.day) {
            String::new()
        } else {
            day(model, post)
        };
        before = Some(post.day);
        grid.row([
            day,
            post.time(),
            model.key(post.cell).to_string(),
            post.creator.to_string(),
            post.number.to_string(),
        ]);
    }
    page.table(&grid);
    page.into_text()
}

fn day(model: &Model, post: &Post) -> String {
    match posting::date(model, post.month, post.day) {
        Some(date) => format!("{} {date}", posting::weekday(date)),
        None => format!("day {}", post.day + 1),
    }
}
