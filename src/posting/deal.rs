//! How many posts each creator has in each month.

use super::post::{MOST_A_MONTH, MOST_POSTS, TooManyPosts};
use crate::model::{Model, Plan};

/// Posts of a cell in a month, dealt to creators.
#[derive(Debug, Clone)]
pub(super) struct Dealt {
    pub(super) cell: usize,
    pub(super) month: usize,
    /// The creator of each post, from 1; all first posts stand before all second ones.
    pub(super) creators: Vec<usize>,
}

/// All posts of a plan by month and cell, cells without posts left out.
pub(super) fn deal(model: &Model, plan: &Plan) -> Result<Vec<Dealt>, TooManyPosts> {
    let a_month = |cell: usize| model.cells[cell].terms.posts.max(0.0);
    let all: f64 = plan
        .counts
        .indexed_iter()
        .map(|((_, cell), count)| count.max(0.0) * a_month(cell))
        .sum();
    if all.is_nan() || all > MOST_POSTS as f64 {
        return Err(TooManyPosts::InAll(all));
    }
    let mut dealt = Vec::new();
    for (cell, counts) in plan.counts.columns().into_iter().enumerate() {
        let posts = a_month(cell);
        if posts > MOST_A_MONTH as f64 && counts.iter().any(|&n| n > 0.0) {
            return Err(TooManyPosts::OfOne {
                cell: model.key(cell).to_string(),
                posts,
            });
        }
        let mut planned = 0.0;
        let mut before = 0;
        // Whose turn it is.
        let mut next = 0;
        for (month, &count) in counts.iter().enumerate() {
            planned += count.max(0.0) * posts;
            let until = rounded(planned);
            let number = until - before;
            before = until;
            if number == 0 {
                continue;
            }
            let creators = whole_creators(count);
            let of = |turn: usize| (next + turn) % creators + 1;
            dealt.push(Dealt {
                cell,
                month,
                creators: (0..number).map(of).collect(),
            });
            next = (next + number) % creators;
        }
    }
    dealt.sort_by_key(|d| (d.month, d.cell));
    Ok(dealt)
}

/// Sums of counts such as 0.1 are off by a hair.
const HAIR: f64 = 1e-9;

fn rounded(posts: f64) -> usize {
    (posts + 0.5 + HAIR).floor() as usize
}

/// How many creators a count is, at least 1.
pub(super) fn whole_creators(count: f64) -> usize {
    ((count - HAIR).ceil() as usize).max(1)
}
