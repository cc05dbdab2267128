//! The whole calendar.

use std::collections::HashMap;

use super::days::days;
use super::deal::deal;
use super::post::{Post, TooManyPosts};
use super::times::times;
use crate::model::{Model, Plan};

/// All posts of a plan in order of time.
///
/// # Errors
/// If there are more than [`super::MOST_POSTS`], or a creator has more than [`super::MOST_A_MONTH`] in a month.
pub fn calendar(model: &Model, plan: &Plan) -> Result<Vec<Post>, TooManyPosts> {
    let dealt = deal(model, plan)?;
    let mut posts = times(model, days(model, &dealt));
    posts.sort_unstable_by_key(|p| (p.day, p.minute, p.cell, p.creator));
    let mut numbers: HashMap<(usize, usize), usize> = HashMap::new();
    for post in &mut posts {
        let number = numbers.entry((post.cell, post.creator)).or_default();
        *number += 1;
        post.number = *number;
    }
    Ok(posts)
}
