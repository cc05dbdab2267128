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
    let later = model.posts_later();
    let mut header = vec!["day", "time", "partnership", "creator", "post"];
    header.extend(later.then_some("booked"));
    let mut grid = Grid::new(header).left(1).left(2);
    let mut before = None;
    for post in posts {
        // A day is named once.
        let day = if before == Some(post.day) {
            String::new()
        } else {
            day(model, post, post.day)
        };
        before = Some(post.day);
        let mut row = vec![
            day,
            post.time(),
            model.key(post.cell).to_string(),
            post.creator.to_string(),
            post.number.to_string(),
        ];
        if later {
            row.push(if post.booked == post.day {
                String::new()
            } else {
                self::day(model, post, post.booked)
            });
        }
        grid.row(row);
    }
    page.table(&grid);
    if later {
        page.sentence("Booked: the day the product is shipped, where the post comes later.");
    }
    page.into_text()
}

fn day(model: &Model, post: &Post, day: u32) -> String {
    match posting::date(model, post.month, day) {
        Some(date) => format!("{} {date}", posting::weekday(date)),
        None => format!("day {}", day + 1),
    }
}
