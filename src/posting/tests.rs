use std::collections::{BTreeMap, HashSet};

use ndarray::Array2;
use proptest::prelude::*;

use super::*;
use crate::fixture;
use crate::model::{BookedAs, Cell, Horizon, Model, Plan, Tier, Wave, WaveSchedule};

const TIERS: [&str; 5] = ["mega", "macro", "mid", "micro", "nano"];

/// A market of the five tiers; each tier has an open cell and one in each wave.
fn market(days: &[u32], waves: Vec<Wave>) -> Model {
    let mut model = fixture::model("base", false);
    let tier = model.tiers[0].clone();
    model.tiers = TIERS
        .map(|name| Tier {
            name: name.to_owned(),
            ..tier.clone()
        })
        .to_vec();
    let cell = model.cells[0].clone();
    model.cells = (0..5)
        .flat_map(|tier| {
            let booked = (0..waves.len()).map(BookedAs::Wave);
            std::iter::once(BookedAs::Open)
                .chain(booked)
                .map(move |booked_as| (tier, booked_as))
        })
        .map(|(tier, booked_as)| Cell {
            tier,
            booked_as,
            ..cell.clone()
        })
        .collect();
    model.months = days.len();
    model.horizon = Horizon::equal(days.len());
    for (month, &days) in model.horizon.months.iter_mut().zip(days) {
        month.days = days;
    }
    model.horizon.waves = waves;
    model
}

fn wave(first_day: u32, days: u32, schedule: WaveSchedule) -> Wave {
    Wave {
        schedule,
        ..fixture::wave(first_day, days)
    }
}

fn plan(model: &Model, counts: Array2<f64>) -> Plan {
    Plan {
        counts,
        ..fixture::plan("base", model, &vec![0.0; model.cells.len()])
    }
}

/// The cell of a tier: open, or of a wave from 1.
fn cell(model: &Model, tier: &str, booked: usize) -> usize {
    let tier = TIERS.iter().position(|&name| name == tier).unwrap();
    tier * (1 + model.horizon.waves.len()) + booked
}

/// Posts by day of the wave (from 1), tier and time.
fn by_day(model: &Model, posts: &[Post], first: u32) -> BTreeMap<(u32, &'static str), Vec<String>> {
    let mut days: BTreeMap<(u32, &'static str), Vec<String>> = BTreeMap::new();
    for post in posts {
        let tier = TIERS[model.cells[post.cell].tier];
        days.entry((post.day - first + 1, tier))
            .or_default()
            .push(post.time());
    }
    days
}

/// Micro by seeding two weeks after its booking: everybody else's days and times are as ever, its own that much later, behind the wave, the
/// month and the horizon.
#[test]
fn later_posts_are_later() {
    let mut model = market(&[31, 30], vec![wave(50, 7, WaveSchedule::Launch)]);
    model.start = Some((2026, 8));
    let mut counts = Array2::zeros((2, model.cells.len()));
    for (tier, n) in [
        ("mega", 1.0),
        ("macro", 3.0),
        ("mid", 10.0),
        ("micro", 20.0),
    ] {
        counts[[1, cell(&model, tier, 1)]] = n;
    }
    let late = cell(&model, "nano", 0);
    for month in 0..2 {
        counts[[month, late]] = 6.0;
    }
    let plan = plan(&model, counts);
    let before = calendar(&model, &plan).unwrap();
    assert!(before.iter().all(|p| p.booked == p.day));
    let seeded = [late, cell(&model, "micro", 1)];
    for &cell in &seeded {
        model.cells[cell].terms.post_days = 14;
    }
    let after = calendar(&model, &plan).unwrap();
    assert!(after.is_sorted_by_key(|p| (p.day, p.minute)));
    let of = |posts: &[Post], later: bool| -> Vec<Post> {
        let own = posts.iter().filter(|p| seeded.contains(&p.cell) == later);
        let mut own: Vec<Post> = own.copied().collect();
        own.sort_by_key(|p| (p.cell, p.month, p.creator, p.booked));
        own
    };
    for (before, after) in of(&before, true).iter().zip(of(&after, true)) {
        assert_eq!((after.booked, after.day), (before.day, before.day + 14));
        assert_eq!((after.month, after.creator), (before.month, before.creator));
    }
    // Everybody else keeps the day, and higher tiers of the wave still come first.
    let (was, is) = (of(&before, false), of(&after, false));
    assert_eq!(was.len(), is.len());
    for (was, is) in was.iter().zip(&is) {
        assert_eq!(
            (was.day, was.cell, was.creator),
            (is.day, is.cell, is.creator)
        );
    }
    let tiers: Vec<usize> = after
        .iter()
        .filter(|p| !seeded.contains(&p.cell))
        .map(|p| model.cells[p.cell].tier)
        .collect();
    assert!(tiers.is_sorted(), "{tiers:?}");
    // The last is booked on day 57 of 61 and posts after the horizon, on a date of its own.
    let last = after.last().unwrap();
    assert!(last.day > 61);
    let date = |day| super::date(&model, last.month, day).unwrap().to_string();
    assert_eq!(date(61), "2026-10-01");
    assert!(date(last.day) > date(61) && date(last.booked) < date(61));
}

/// The playbook's launch week: day 1 mega, days 2–3 macro, 4–5 mid, 6–7 micro, in prime time.
#[test]
fn the_launch_week_is_the_playbooks() {
    let mut model = market(&[31], vec![wave(2, 7, WaveSchedule::Launch)]);
    model.start = Some((2026, 8));
    let mut counts = Array2::zeros((1, model.cells.len()));
    for (tier, n) in [
        ("mega", 1.0),
        ("macro", 3.0),
        ("mid", 10.0),
        ("micro", 20.0),
    ] {
        counts[[0, cell(&model, tier, 1)]] = n;
    }
    let plan = plan(&model, counts);
    let posts = calendar(&model, &plan).unwrap();
    let days: Vec<(u32, &str, usize)> = by_day(&model, &posts, 2)
        .iter()
        .map(|((day, tier), times)| (*day, *tier, times.len()))
        .collect();
    let expected = [
        (1, "mega", 1),
        (2, "macro", 1),
        (3, "macro", 2),
        (4, "mid", 5),
        (5, "mid", 5),
        (6, "micro", 10),
        (7, "micro", 10),
    ];
    assert_eq!(days, expected);
    assert!(
        posts
            .iter()
            .filter(|p| model.cells[p.cell].tier < 3)
            .all(|p| p.slot() == Slot::Prime)
    );
    assert_eq!(
        date(&model, 0, posts[0].day).unwrap().to_string(),
        "2026-08-03"
    );
}

/// The playbook's weekly calendar: Monday mega 10:00 and 2 macro 14:00, Tuesday and Wednesday 5 mid a day
/// from 19 to 21 h, Thursday and Friday 10 micro a day, nothing new on the weekend.
#[test]
fn the_week_is_the_playbooks() {
    // 1 August 2026 is a Saturday. Without dates the wave's first day is a Monday.
    for (start, first) in [(Some((2026, 8)), 2), (None, 5)] {
        let mut model = market(&[31], vec![wave(first, 7, WaveSchedule::Week)]);
        model.start = start;
        let mut counts = Array2::zeros((1, model.cells.len()));
        for (tier, n) in [
            ("mega", 1.0),
            ("macro", 2.0),
            ("mid", 10.0),
            ("micro", 20.0),
        ] {
            counts[[0, cell(&model, tier, 1)]] = n;
        }
        let plan = plan(&model, counts);
        let posts = calendar(&model, &plan).unwrap();
        let days = by_day(&model, &posts, first);
        let mid = ["19:00", "19:30", "20:00", "20:30", "21:00"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(days[&(1, "mega")], ["10:00"]);
        assert_eq!(days[&(1, "macro")], ["14:00", "14:00"]);
        assert_eq!(days[&(2, "mid")], mid);
        assert_eq!(days[&(3, "mid")], mid);
        assert_eq!(days[&(4, "micro")].len(), 10);
        assert_eq!(days[&(5, "micro")].len(), 10);
        assert_eq!(days.len(), 6);
    }
}

/// A wave that starts on a Wednesday keeps to weekdays; a weekday that it lacks is replaced by the nearest.
#[test]
fn weekdays_are_the_calendars() {
    let counts_of = |model: &Model, month: &[(&str, f64)]| {
        let mut counts = Array2::zeros((1, model.cells.len()));
        for &(tier, n) in month {
            counts[[0, cell(model, tier, 1)]] = n;
        }
        counts
    };
    let mut model = market(&[31], vec![wave(4, 7, WaveSchedule::Week)]); // Wednesday the 5th to Tuesday the 11th
    model.start = Some((2026, 8));
    let plan_of = plan(
        &model,
        counts_of(&model, &[("mega", 1.0), ("mid", 2.0), ("micro", 2.0)]),
    );
    let posts = calendar(&model, &plan_of).unwrap();
    let days: Vec<u32> = by_day(&model, &posts, 4).keys().map(|key| key.0).collect();
    assert_eq!(days, [1, 2, 3, 6, 7]); // mid, micro, micro, mega, mid
    model.horizon.waves[0].days = 2; // Wednesday and Thursday
    let plan_of = plan(
        &model,
        counts_of(&model, &[("mega", 1.0), ("mid", 2.0), ("micro", 2.0)]),
    );
    let posts = calendar(&model, &plan_of).unwrap();
    let days: Vec<(u32, &str)> = by_day(&model, &posts, 4).keys().copied().collect();
    assert_eq!(days, [(1, "mega"), (1, "mid"), (2, "micro")]);
}

/// Posts of the always-on plan: as many on each day, give or take one, and each cell's own posts evenly.
#[test]
fn open_posts_are_spread_evenly() {
    let model = market(&[30, 31], Vec::new());
    let counts = Array2::from_shape_fn((2, 5), |(month, tier)| {
        [1.0, 4.0, 15.0, 60.0, 41.0][tier] + month as f64
    });
    let plan = plan(&model, counts);
    let posts = calendar(&model, &plan).unwrap();
    for month in 0..2 {
        let first = model.horizon.first_day(month);
        let days = model.horizon.months[month].days;
        let mut loads = vec![0; days as usize];
        let mut own = vec![vec![0.0; days as usize]; 5];
        for post in posts.iter().filter(|p| p.month == month) {
            loads[(post.day - first) as usize] += 1;
            own[post.cell][(post.day - first) as usize] += 1.0;
        }
        let most = loads.iter().max().unwrap();
        assert!(loads.iter().all(|n| most - n <= 1), "{loads:?}");
        for (tier, own) in own.iter().enumerate() {
            // Until each day, a cell has posted its share of the days, give or take two posts.
            let mut sum = 0.0;
            for (day, n) in own.iter().enumerate() {
                sum += n;
                let even = plan.counts[[month, tier]] * (day + 1) as f64 / f64::from(days);
                assert!(
                    (sum - even).abs() <= 2.0,
                    "tier {tier} day {day}: {sum} {even}"
                );
            }
        }
    }
}

/// A post and a half a month is two, one, two, one; one creator in ten posts now and then.
#[test]
fn parts_of_posts_add_up() {
    let mut model = market(&[30; 4], Vec::new());
    model.cells[3].terms.posts = 1.5;
    let mut counts = Array2::zeros((4, 5));
    for month in 0..4 {
        counts[[month, 3]] = 3.0;
        counts[[month, 4]] = 0.3;
    }
    let plan = plan(&model, counts);
    let posts = calendar(&model, &plan).unwrap();
    let of = |cell: usize, month: usize| {
        posts
            .iter()
            .filter(|p| p.cell == cell && p.month == month)
            .count()
    };
    assert_eq!([0, 1, 2, 3].map(|month| of(3, month)), [5, 4, 5, 4]);
    assert_eq!([0, 1, 2, 3].map(|month| of(4, month)), [0, 1, 0, 0]);
    for creator in 1..=3 {
        assert_eq!(
            posts
                .iter()
                .filter(|p| p.cell == 3 && p.creator == creator)
                .count(),
            6
        );
    }
}

#[test]
fn far_too_many_posts_are_refused() {
    let mut model = market(&[30], Vec::new());
    let mut counts = Array2::zeros((1, 5));
    counts[[0, 4]] = 250_001.0;
    let many = plan(&model, counts.clone());
    let error = calendar(&model, &many).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the plan has 250001 posts, and a calendar at most 250000"
    );
    counts[[0, 4]] = f64::INFINITY;
    assert!(calendar(&model, &plan(&model, counts.clone())).is_err());
    counts[[0, 4]] = 1.0;
    model.cells[4].terms.posts = 1_001.0;
    let error = calendar(&model, &plan(&model, counts.clone())).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("nano.sponsored has 1001 posts a month"),
        "{error}"
    );
    model.cells[4].terms.posts = 1_000.0;
    let posts = calendar(&model, &plan(&model, counts)).unwrap();
    assert_eq!(posts.len(), 1_000);
    let when: HashSet<(u32, u16)> = posts.iter().map(|p| (p.day, p.minute)).collect();
    assert_eq!(when.len(), 1_000);
}

fn schedules() -> impl Strategy<Value = WaveSchedule> {
    prop::sample::select(WaveSchedule::ALL.to_vec())
}

/// A plan of up to three months with up to two waves, anything whole in any cell in its months.
fn plans() -> impl Strategy<Value = (Model, Plan)> {
    let months = prop::collection::vec(prop::sample::select(vec![28_u32, 30, 31]), 1..4);
    let waves = prop::collection::vec((0_u32..80, 1_u32..40, schedules()), 0..3);
    (
        months,
        waves,
        prop::bool::ANY,
        prop::collection::vec(0_u32..30, 45),
        prop::collection::vec(1_u32..4, 15),
    )
        .prop_map(|(months, waves, dated, counts, posts)| {
            let days: u32 = months.iter().sum();
            let waves = waves
                .into_iter()
                .map(|(first, length, schedule)| {
                    let first = first % days;
                    wave(first, length.min(days - first), schedule)
                })
                .collect();
            let mut model = market(&months, waves);
            model.start = dated.then_some((2026, 7));
            for (cell, posts) in posts.iter().take(model.cells.len()).enumerate() {
                model.cells[cell].terms.posts = f64::from(*posts);
            }
            let counts =
                Array2::from_shape_fn((months.len(), model.cells.len()), |(month, cell)| {
                    if model.months_of(cell).contains(&month) {
                        f64::from(counts[(month * model.cells.len() + cell) % counts.len()])
                    } else {
                        0.0
                    }
                });
            let plan = plan(&model, counts);
            (model, plan)
        })
}

proptest! {
    /// Exactly the plan's counts × posts, each creator its own, in its month and wave, no two at one time.
    #[test]
    fn the_calendar_is_the_plan((model, plan) in plans()) {
        let posts = calendar(&model, &plan).unwrap();
        let mut found: BTreeMap<(usize, usize, usize), f64> = BTreeMap::new();
        let mut when = HashSet::new();
        for post in &posts {
            *found.entry((post.month, post.cell, post.creator)).or_default() += 1.0;
            prop_assert!(when.insert((post.cell, post.creator, post.day, post.minute)));
            let first = model.horizon.first_day(post.month);
            prop_assert!((first..first + model.horizon.months[post.month].days).contains(&post.day));
            if let BookedAs::Wave(wave) = model.cells[post.cell].booked_as {
                let wave = &model.horizon.waves[wave];
                prop_assert!((wave.first_day..wave.first_day + wave.days).contains(&post.day));
            }
        }
        for ((month, cell), &count) in plan.counts.indexed_iter() {
            let creators = found.range((month, cell, 0)..(month, cell + 1, 0));
            prop_assert_eq!(creators.count(), count as usize);
            for creator in 1..=count as usize {
                prop_assert_eq!(found[&(month, cell, creator)], model.cells[cell].terms.posts);
            }
        }
        prop_assert!(posts.is_sorted_by_key(|p| (p.day, p.minute)));
    }

    /// Within a month's part of a launch, no tier posts before a higher one has.
    #[test]
    fn tiers_of_a_launch_follow_each_other((model, mut plan) in plans()) {
        let mut model = model;
        for wave in &mut model.horizon.waves {
            wave.schedule = WaveSchedule::Launch;
        }
        for cell in &mut model.cells {
            cell.terms.posts = 1.0;
        }
        plan.name = "launch".to_owned();
        let posts = calendar(&model, &plan).unwrap();
        for wave in 0..model.horizon.waves.len() {
            for month in 0..model.months {
                let mut last = [None; 4];
                for post in &posts {
                    if model.cells[post.cell].booked_as == BookedAs::Wave(wave) && post.month == month {
                        let stage = model.cells[post.cell].tier.min(3);
                        for before in last.iter().skip(stage + 1) {
                            let before: Option<(u32, u16)> = *before;
                            // Equal times only where a day has more posts than half hours.
                            prop_assert!(before.is_none_or(|at| at >= (post.day, post.minute)), "{:?} {:?}", before, post);
                        }
                        last[stage] = Some((post.day, post.minute));
                    }
                }
            }
        }
    }

    /// Whatever the counts, a cell has half a post more or less than the plan until the end of each month.
    #[test]
    fn fractional_counts_add_up(counts in prop::collection::vec(0.0..9.0_f64, 12), posts in 0.1..4.0_f64) {
        let mut model = market(&[30; 12], Vec::new());
        model.cells[0].terms.posts = posts;
        let mut all = Array2::zeros((12, 5));
        for (month, &count) in counts.iter().enumerate() {
            all[[month, 0]] = count;
        }
        let plan = plan(&model, all);
        let calendar = calendar(&model, &plan).unwrap();
        let mut planned = 0.0;
        for (month, &count) in counts.iter().enumerate() {
            planned += count * posts;
            let until = calendar.iter().filter(|p| p.month <= month).count() as f64;
            prop_assert!((until - planned).abs() <= 0.5 + 1e-6);
            for post in calendar.iter().filter(|p| p.month == month) {
                prop_assert!(post.creator <= count.ceil() as usize);
            }
        }
    }
}
