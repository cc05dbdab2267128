//! Cross-promotion: creators of higher tiers tag creators of lower ones.

use std::ops::Range;

use super::Model;

/// Who tags whom, and what a tag does. Creators of a tier tag creators of the next lower tier in use,
/// each at most once a month; a tagged creator's reach in the days after is lifted.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossPromotion {
    /// Lower-tier creators that each creator of a tier tags, one a tier of the model.
    pub fan_out: Vec<f64>,
    /// Added to the factor on the reach of a tagged creator's posts.
    pub reach_lift: f64,
    /// Days after the tagging post within which posts are lifted, its own day included; `None`: all posts of the month.
    pub days: Option<u32>,
}

impl CrossPromotion {
    /// Share of a tier's `booked` creators who are tagged by so many creators of the next higher tier: min(1, f·h / n)
    /// with fan-out f, as many tags going to each creator as to any other.
    #[must_use]
    pub fn tagged(&self, higher: usize, creators: f64, booked: f64) -> f64 {
        let tags = self.fan_out.get(higher).copied().unwrap_or(0.0) * creators;
        if booked > 0.0 {
            (tags / booked).min(1.0)
        } else {
            0.0
        }
    }
}

/// Share of the pairs of a day of `tags` and a day of `posts` in which the post is on the day of the tag or one of so many
/// days after it: the probability that a post is lifted, where tagging and tagged posts are spread evenly over their days. On one
/// day the tag comes first, as in the calendar. Windows without a day have one, their first.
///
/// With windows of m days from a and of n days from b, the pairs (x, y) with y − x ≤ k are, by adding up over x,
/// `G(k) = T(c + m) − T(c) − T(c + m − n) + T(c − n)`, where c = k + a − b and T(j) = j (j + 1)/2 for j > 0, else 0. Those
/// with 0 ≤ y − x ≤ N are G(N) − G(−1), of m·n.
#[must_use]
pub fn pairs_within(tags: &Range<u32>, posts: &Range<u32>, days: u32) -> f64 {
    let (a, b) = (i64::from(tags.start), i64::from(posts.start));
    let length = |days: &Range<u32>| i64::from(days.end) - i64::from(days.start);
    let (m, n) = (length(tags).max(1), length(posts).max(1));
    let up_to = |j: i64| if j > 0 { j * (j + 1) / 2 } else { 0 };
    let pairs = |k: i64| {
        let c = k + a - b;
        up_to(c + m) - up_to(c) - up_to(c + m - n) + up_to(c - n)
    };
    (pairs(i64::from(days)) - pairs(-1)) as f64 / (m * n) as f64
}

/// Factors on the reach of all cells' creators in a month's plan of these counts (one a cell): on impressions, engagements, clicks and
/// conversions. 1 + lift × the tagged share of the cell's tier ([`CrossPromotion::tagged`]) × the share of its posts that lie in the days
/// after a tag; exactly 1 without cross-promotion.
///
/// That share is 1 without [`CrossPromotion::days`]. With them it is the mean of [`pairs_within`] over the next higher tier's
/// creators of the month, whose tags are spread over lower ones without regard to days. It is all the mean over the tier's creators: who of
/// them is tagged is not told apart.
#[must_use]
pub fn reach_factors(model: &Model, month: usize, counts: &[f64]) -> Vec<f64> {
    let Some(promotion) = &model.horizon.cross_promotion else {
        return vec![1.0; counts.len()];
    };
    let mut booked = vec![0.0; model.tiers.len()];
    for (cell, count) in model.cells.iter().zip(counts) {
        booked[cell.tier] += count;
    }
    let lifted = |tier: usize| {
        let Some(higher) = tier.checked_sub(1) else {
            return 0.0;
        };
        promotion.reach_lift * promotion.tagged(higher, booked[higher], booked[tier])
    };
    let Some(days) = promotion.days else {
        return model.cells.iter().map(|c| 1.0 + lifted(c.tier)).collect();
    };
    let windows = Windows::of(model, month, |cell| counts[cell]);
    let factor = |cell: usize| {
        let tier = model.cells[cell].tier;
        let lifted = lifted(tier);
        if lifted == 0.0 {
            return 1.0;
        }
        let posts = model.days_of_posts(month, cell);
        let within = |(tags, count): &(Range<u32>, f64)| count * pairs_within(tags, &posts, days);
        let sum: f64 = windows.0[tier - 1].iter().map(within).sum();
        1.0 + lifted * (sum / booked[tier - 1])
    };
    (0..counts.len()).map(factor).collect()
}

/// What [`reach_factors`] are at most in any plan of a month, one a cell; they are 1 at least.
#[must_use]
pub fn largest_reach_factors(model: &Model, month: usize) -> Vec<f64> {
    let cells = model.cells.len();
    let Some(promotion) = &model.horizon.cross_promotion else {
        return vec![1.0; cells];
    };
    let Some(days) = promotion.days else {
        return vec![1.0 + promotion.reach_lift; cells];
    };
    let open = |cell: usize| f64::from(u8::from(model.months_of(cell).contains(&month)));
    let windows = Windows::of(model, month, open);
    let most = |cell: usize| {
        let Some(higher) = model.cells[cell].tier.checked_sub(1) else {
            return 1.0;
        };
        let posts = model.days_of_posts(month, cell);
        let within = windows.0[higher].iter();
        let within = within.map(|(tags, _)| pairs_within(tags, &posts, days));
        1.0 + promotion.reach_lift * within.fold(0.0, f64::max)
    };
    (0..cells).map(most).collect()
}

/// By tier: the days that its creators of a month post on, and how many of them do.
struct Windows(Vec<Vec<(Range<u32>, f64)>>);

impl Windows {
    fn of(model: &Model, month: usize, count: impl Fn(usize) -> f64) -> Self {
        let mut all: Vec<Vec<(Range<u32>, f64)>> = vec![Vec::new(); model.tiers.len()];
        for (index, cell) in model.cells.iter().enumerate() {
            let count = count(index);
            if count <= 0.0 {
                continue;
            }
            let days = model.days_of_posts(month, index);
            let known = &mut all[cell.tier];
            match known.iter_mut().find(|(own, _)| *own == days) {
                Some((_, sum)) => *sum += count,
                None => known.push((days, count)),
            }
        }
        Self(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn tags_go_to_the_next_lower_tier_up_to_all_of_it() {
        let mut model = fixture::model("base", false);
        let counts: Vec<f64> = (0..model.cells.len()).map(|i| 1.0 + i as f64).collect();
        assert!(reach_factors(&model, 0, &counts).iter().all(|&f| f == 1.0));
        model.horizon.cross_promotion = Some(CrossPromotion {
            fan_out: vec![2.0; model.tiers.len()],
            reach_lift: 0.05,
            days: None,
        });
        let booked = |tier: usize| -> f64 {
            let cells = model.cells.iter().zip(&counts);
            cells.filter(|(c, _)| c.tier == tier).map(|(_, n)| n).sum()
        };
        for (cell, factor) in model.cells.iter().zip(reach_factors(&model, 0, &counts)) {
            let wanted = if cell.tier == 0 {
                1.0
            } else {
                let tags = 2.0 * booked(cell.tier - 1);
                1.0 + 0.05 * (tags / booked(cell.tier)).min(1.0)
            };
            assert_eq!(factor, wanted);
        }
        let nobody = vec![0.0; counts.len()];
        assert!(reach_factors(&model, 0, &nobody).iter().all(|&f| f == 1.0));
    }

    /// How likely a post is lifted, day by day.
    fn slowly(tags: &Range<u32>, posts: &Range<u32>, days: u32) -> f64 {
        let mut hits = 0;
        for tag in tags.clone() {
            for post in posts.clone() {
                hits += u32::from(post >= tag && post - tag <= days);
            }
        }
        f64::from(hits) / (tags.len() * posts.len()) as f64
    }

    #[test]
    fn pairs_are_those_counted_day_by_day() {
        let windows = [0..31, 31..59, 0..1, 4..11, 28..35, 58..59, 14..45, 300..330];
        for tags in &windows {
            for posts in &windows {
                for days in [0, 1, 3, 7, 20, 30, 31, 60, 400, 3650] {
                    let found = pairs_within(tags, posts, days);
                    let wanted = slowly(tags, posts, days);
                    assert!(
                        (found - wanted).abs() < 1e-15,
                        "{tags:?} {posts:?} {days}: {found} {wanted}"
                    );
                }
            }
        }
        // A month of d days: half of the pairs and half of those on one day.
        assert_eq!(pairs_within(&(0..30), &(0..30), 30), 31.0 / 60.0);
        // An empty window posts on the day nearest to it.
        assert_eq!(pairs_within(&(5..5), &(5..5), 0), 1.0);
    }

    /// Three tiers with open, wave and later cells: the mean over all pairs of creators, one by one.
    #[test]
    fn posts_after_a_tag_are_lifted() {
        use crate::model::{BookedAs, Horizon, Wave, WaveSchedule};
        let mut model = fixture::model("base", false);
        let (tier, cell) = (model.tiers[0].clone(), model.cells[0].clone());
        model.tiers = vec![tier.clone(), tier.clone(), tier];
        model.months = 2;
        model.horizon = Horizon::equal(2);
        model.horizon.waves = vec![Wave {
            schedule: WaveSchedule::Even,
            ..fixture::wave(25, 10)
        }];
        model.cells = (0..9)
            .map(|i| {
                let mut own = cell.clone();
                own.tier = i / 3;
                own.booked_as = BookedAs::Open;
                match i % 3 {
                    1 => own.booked_as = BookedAs::Wave(0),
                    2 => own.terms.post_days = 14,
                    _ => {}
                }
                own
            })
            .collect();
        let lift = 0.3;
        model.horizon.cross_promotion = Some(CrossPromotion {
            fan_out: vec![2.0, 1.5, 0.0],
            reach_lift: lift,
            days: Some(5),
        });
        let counts = [1.0, 2.0, 1.0, 8.0, 4.0, 0.0, 3.0, 2.0, 4.0];
        for month in 0..2 {
            let factors = reach_factors(&model, month, &counts);
            let most = largest_reach_factors(&model, month);
            let days = |cell: usize| model.days_of_posts(month, cell);
            for (cell, factor) in factors.iter().enumerate() {
                let tier = cell / 3;
                let booked = |tier: usize| counts[3 * tier..3 * tier + 3].iter().sum::<f64>();
                let wanted = if tier == 0 {
                    1.0
                } else {
                    let fan_out = [2.0, 1.5][tier - 1];
                    let tagged = f64::min(fan_out * booked(tier - 1) / booked(tier), 1.0);
                    let within = (3 * tier - 3..3 * tier)
                        .map(|h| counts[h] * slowly(&days(h), &days(cell), 5))
                        .sum::<f64>();
                    1.0 + lift * tagged * within / booked(tier - 1)
                };
                assert!((factor - wanted).abs() < 1e-14, "{month} {cell}");
                assert!((1.0..=most[cell]).contains(factor), "{month} {cell}");
                assert!(most[cell] <= 1.0 + lift);
            }
            // Whoever posts two weeks later is tagged too late for most.
            assert!(factors[8] < factors[6]);
        }
        // A plan of one window each reaches what is possible at most.
        let mut counts = [0.0; 9];
        (counts[1], counts[4]) = (10.0, 1.0);
        let (found, most) = (
            reach_factors(&model, 0, &counts),
            largest_reach_factors(&model, 0),
        );
        assert_eq!(found[4], most[4]);
    }
}
