//! Waves, ambassador levels, the pipeline and cross-promotion.

use super::*;
use crate::distribution::Distribution;
use crate::model::{BookedAs, WaveKind, WaveSchedule};

/// The block of the contract, word for word, without what stands elsewhere in a file.
const KEYS: &str = r#"
months = 3
budget = [300_000, 420_000, 280_000]          # or { total = 1_000_000, carry_over = true }; a number is each month's
[diversity]
over = "month"                                # month | horizon
[time]
seasonality = [1.0, 1.15, 0.9]                # demand factor per month
market_persistence = 0.6                      # AR(1) coefficient of the market and platform factors, month to month
response_half_life_days = 10                  # adstock of conversions after a post
[payment]
fee_days = 3
commission_days = 30
sales_receipt_days = 7
[pipeline]
identified = 100                              # per month; each may be a distribution
vetted = 0.30                                 # share of identified
contacted = 0.67                              # share of vetted
response = "25% to 40%"
partnership = "40% to 60%"                    # share of responses
repeat = 0.70
lead_weeks = 4
churn = 0.08                                  # per month
starting_creators = { "mid.sponsored" = 10 }
[ambassadors.bronze]                          # silver, gold likewise; presets from seed-facts
tiers = ["micro"]
retainer = 500
commission = 0
posts = 2
term_months = 3
tenure_lift = 0.05                            # on conversion per month of tenure, at most tenure_lift_max
tenure_lift_max = 0.5
[[wave]]
name = "launch"
kind = "launch"                               # tease | launch | sustain
start = "2026-08-03"                          # or week = 5
days = 7
budget = [30_000, 50_000]
count = { "mega" = [1, 1], "macro" = [3, 3], "mid" = [10, 10], "micro.seeding" = [20, 30] }
conversion_lift = 1.2
[cross_promotion]
fan_out = { mega = 3, macro = 3, mid = 2 }    # lower-tier creators each one tags
reach_lift = 0.05
[incidents]
probability = 0.01                            # per partnership and month
"#;

fn contract() -> Scenario {
    read(&format!(
        "schema = 1\nname = \"q3\"\nstart = \"2026-07\"{KEYS}"
    ))
}

fn booked(model: &Model, as_what: impl Fn(BookedAs) -> bool) -> Vec<String> {
    (0..model.cells.len())
        .filter(|&i| as_what(model.cells[i].booked_as))
        .map(|i| model.key(i).to_string())
        .collect()
}

fn quarter(more: &str) -> String {
    format!("schema = 1\nname = \"t\"\nmonths = 3\nbudget = 600_000\n{more}")
}

fn said(text: &str) -> String {
    match try_read(text, &Overrides::default()) {
        Ok(_) => panic!("accepted: {text}"),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn the_block_of_the_contract_is_read_as_it_says() {
    let scenario = contract();
    let model = &scenario.base;
    let horizon = &model.horizon;
    assert!(scenario.warnings.is_empty(), "{:?}", scenario.warnings);
    let wave = &horizon.waves[0];
    assert_eq!(
        (wave.name.as_str(), wave.kind),
        ("launch", WaveKind::Launch)
    );
    // 31 days of July, and the third of August.
    assert_eq!((wave.first_day, wave.days), (33, 7));
    assert_eq!(horizon.touched(wave), 1..2);
    assert_eq!(wave.budget, (Some(30_000.0), Some(50_000.0)));
    assert_eq!(wave.schedule, WaveSchedule::Launch);
    let counts: Vec<_> = wave.counts.iter().map(|c| (c.1, c.2)).collect();
    let both = |n: f64| (n, Some(n));
    assert_eq!(
        counts,
        [both(1.0), both(3.0), both(10.0), (20.0, Some(30.0))]
    );
    near(wave.factors.conversion_rate, 1.2);
    // Micro's plain ambassadors are gone: three starts of bronze stand for them.
    assert_eq!(
        booked(model, |b| matches!(b, BookedAs::Level { .. })),
        [
            "micro.ambassador@bronze+1",
            "micro.ambassador@bronze+2",
            "micro.ambassador@bronze+3"
        ]
    );
    let open = booked(model, |b| b == BookedAs::Open);
    assert!(!open.contains(&"micro.ambassador".to_owned()), "{open:?}");
    assert!(open.contains(&"mid.ambassador".to_owned()), "{open:?}");
    assert_eq!(
        booked(model, |b| b == BookedAs::Wave(0)),
        [
            "mega.sponsored@launch",
            "macro.sponsored@launch",
            "macro.affiliate@launch",
            "macro.ambassador@launch",
            "mid.sponsored@launch",
            "mid.affiliate@launch",
            "mid.ambassador@launch",
            "micro.seeding@launch"
        ]
    );
    // A wave's cell has the open cell's terms and the wave's factors.
    let at = |key: &str| {
        let index = (0..model.cells.len()).find(|&i| model.key(i).to_string() == key);
        &model.cells[index.expect("a cell")]
    };
    assert_eq!(at("mid.sponsored@launch").terms, at("mid.sponsored").terms);
    near(at("mid.sponsored@launch").factors.conversion_rate, 1.2);
    near(at("mid.sponsored").factors.conversion_rate, 1.0);
    let level = &horizon.levels[0];
    assert_eq!((level.name.as_str(), level.term_months), ("bronze", 3));
    assert_eq!(level.tiers, [3]);
    let terms = &at("micro.ambassador@bronze+2").terms;
    assert_eq!(terms.fee_amount, Some(500.0));
    near(terms.commission, 0.0);
    near(terms.posts, 2.0);
    // What a level leaves out is that of plain ambassadors.
    near(terms.product_cost, 80.0);
    near(terms.hours, 3.0);
    near(level.lift(2), 1.10);
    near(level.lift(40), 1.5);
    let pipeline = horizon.pipeline.as_ref().expect("a pipeline");
    near(pipeline.identified.mean(), 100.0);
    near(pipeline.churn.mean(), 0.08);
    near(pipeline.starting.iter().sum(), 10.0);
    assert_eq!(pipeline.starting.len(), model.cells.len());
    assert_eq!(pipeline.with, None);
    let cross = horizon.cross_promotion.as_ref().expect("cross-promotion");
    assert_eq!(cross.fan_out, [3.0, 3.0, 2.0, 0.0, 0.0]);
    near(cross.reach_lift, 0.05);
    assert!(!horizon.is_separable());
}

#[test]
fn levels_have_the_playbooks_presets_and_say_so() {
    let scenario = read(&quarter(
        "[ambassadors.bronze]\n[ambassadors.silver]\n[ambassadors.gold]\n",
    ));
    let levels = &scenario.base.horizon.levels;
    let found: Vec<_> = levels
        .iter()
        .map(|l| {
            (
                l.name.as_str(),
                l.tiers.clone(),
                l.terms.fee_amount.unwrap(),
                l.terms.commission,
                l.terms.posts,
                l.terms.product_cost,
                l.term_months,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("bronze", vec![3], 500.0, 0.0, 2.0, 80.0, 3),
            ("silver", vec![2], 2_000.0, 0.15, 4.0, 0.0, 6),
            ("gold", vec![1], 8_000.0, 0.20, 6.0, 0.0, 12),
        ]
    );
    near(levels[0].lift(5), 1.0);
    let origin = |key: &str| entry(&scenario, key).origin.clone();
    for (key, from) in [
        ("retainer", Origin::Preset(Assumption::Playbook)),
        ("tiers", Origin::Preset(Assumption::Assumption)),
        ("tenure_lift", Origin::Default),
    ] {
        assert_eq!(origin(&format!("ambassadors.silver.{key}")), from, "{key}");
    }
    // A level of another name has no presets, and says what it lacks.
    let text = said(&quarter("[ambassadors.platinum]\nposts = 3\n"));
    for lacks in ["no tiers", "no retainer", "no term_months"] {
        assert!(text.contains(lacks), "{text}");
    }
    // A what-if lifts one level, and lifts all waves.
    let scenario = read(&quarter(
        "[ambassadors.bronze]\n[ambassadors.gold]\n[[wave]]\nname = \"w\"\nweek = 2\ndays = 20\n\
         [[what_if]]\nname = \"no gold\"\nambassadors.gold = \"none\"\n[[what_if]]\nname = \"no waves\"\nwave = []\n",
    ));
    assert_eq!(scenario.what_ifs[0].horizon.levels.len(), 1);
    assert_eq!(scenario.what_ifs[1].horizon.waves.len(), 0);
    assert_eq!(scenario.base.horizon.waves[0].kind, WaveKind::Launch);
}

#[test]
fn waves_start_in_a_week_or_on_a_date_and_are_reached_by_name() {
    let text = quarter(
        "start = \"2027-01\"\n[[wave]]\nname = \"tease\"\nkind = \"tease\"\nweek = 4\ndays = 14\ntiers = [\"micro\"]\n\
         partnerships = [\"seeding\", \"sponsored\"]\nbudget = 9_000\ncount = { \"micro.seeding\" = [5, \"free\"] }\n\
         [[wave]]\nname = \"sustain\"\nkind = \"sustain\"\nstart = 2027-03-31\ndays = 1\nschedule = \"even\"\nfee = 1.1\n",
    );
    let model = read(&text).base;
    let [tease, sustain] = &model.horizon.waves[..] else {
        panic!("two waves")
    };
    assert_eq!((tease.first_day, tease.days), (21, 14));
    assert_eq!(model.horizon.touched(tease), 0..2);
    assert_eq!(tease.budget, (None, Some(9_000.0)));
    assert_eq!(tease.counts[0].2, None);
    assert_eq!(
        booked(&model, |b| b == BookedAs::Wave(0)),
        ["micro.sponsored@tease", "micro.seeding@tease"]
    );
    assert_eq!(sustain.first_day, 31 + 28 + 30);
    assert_eq!(sustain.schedule, WaveSchedule::Even);
    // All cells, where neither counts nor tiers say otherwise.
    let open = booked(&model, |b| b == BookedAs::Open).len();
    assert_eq!(booked(&model, |b| b == BookedAs::Wave(1)).len(), open);
    let changed = try_read(
        &text,
        &set(&[("wave.tease.days", "3"), ("wave.tease.fee", "2")]),
    )
    .unwrap_or_else(|p| panic!("{p}"))
    .base;
    assert_eq!(changed.horizon.waves[0].days, 3);
    near(changed.horizon.waves[0].factors.fee, 2.0);
    assert_eq!(changed.horizon.waves[1], model.horizon.waves[1]);
}

#[test]
fn fixed_counts_speak_of_months_waves_and_levels() {
    let with = |counts: &str| {
        quarter(&format!(
            "counts = {counts}\n[[wave]]\nname = \"launch\"\nweek = 4\ndays = 14\n[ambassadors.bronze]\nterm_months = 2\n"
        ))
    };
    let model = read(&with(
        "{ \"mid.sponsored\" = 2, \"mid.sponsored@launch\" = 3, \"micro.ambassador@bronze+2\" = 4 }",
    ))
    .base;
    let counts = model.counts.as_ref().expect("fixed counts");
    let column = |key: &str| {
        let cell = (0..model.cells.len()).find(|&i| model.key(i).to_string() == key);
        counts.column(cell.expect("a cell")).to_vec()
    };
    assert_eq!(counts.dim(), (3, model.cells.len()));
    assert_eq!(column("mid.sponsored"), [2.0, 2.0, 2.0]);
    // Nine days in month 1 and five in month 2.
    assert_eq!(column("mid.sponsored@launch"), [2.0, 1.0, 0.0]);
    assert_eq!(column("micro.ambassador@bronze+2"), [0.0, 4.0, 4.0]);
    near(counts.sum(), 6.0 + 3.0 + 8.0);
    // A list has a table a month.
    let listed = "[{ \"mid.sponsored\" = 2, \"micro.ambassador@bronze+1\" = 4 }, { \"micro.ambassador@bronze+1\" = 4, \"mid.sponsored@launch\" = 1 }, \
        { \"mid.sponsored\" = 1, \"micro.ambassador@bronze+1\" = 2 }]";
    let model = read(&with(listed)).base;
    let counts = model.counts.as_ref().expect("fixed counts");
    assert_eq!(counts.sum_axis(ndarray::Axis(1)).to_vec(), [6.0, 5.0, 3.0]);
    for (wrong, why) in [
        (
            "[{ \"mid.sponsored\" = 2 }]",
            "counts is a list of 1 for 3 months",
        ),
        (
            "[{ \"mid.sponsored@launch\" = 2 }, {}, { \"mid.sponsored@launch\" = 1 }]",
            "is counted in month 3",
        ),
        (
            "[{ \"micro.ambassador@bronze+1\" = 2 }, { \"micro.ambassador@bronze+1\" = 1 }, {}]",
            "goes from 2 to 1 in month 2",
        ),
        (
            "[{ \"micro.ambassador@bronze+1\" = 2 }, { \"micro.ambassador@bronze+1\" = 3 }, {}]",
            "goes from 2 to 3 in month 2",
        ),
        (
            "{ \"micro.ambassador\" = 2 }",
            "it is booked as a commitment, e.g. micro.ambassador@bronze+1",
        ),
        ("{ \"micro.ambassador@bronze\" = 2 }", "names several cells"),
        (
            "{ \"micro.ambassador@bronze+4\" = 2 }",
            "expected @bronze+1 to @bronze+3",
        ),
        ("{ \"mid.sponsored@lunch\" = 2 }", "did you mean @launch?"),
        (
            "{ \"mid.sponsored@launch+2\" = 2 }",
            "only ambassador levels have a month they start in",
        ),
        ("[3, 4, 5]", "a table of cell keys for each month"),
    ] {
        let text = said(&with(wrong));
        assert!(text.contains(why), "{wrong}: {text}");
    }
}

#[test]
fn rules_reach_waves_and_levels_by_their_keys() {
    let model = read(&quarter(
        "[[wave]]\nname = \"launch\"\nweek = 4\ndays = 14\n[ambassadors.bronze]\n[[constraint]]\nname = \"a\"\nmax = 9\n\
         count = { \"mid@launch\" = 1, \"micro.ambassador@bronze+2\" = 1, \"*@bronze\" = 2, mid = 1 }\n",
    ))
    .base;
    let named = |i: usize| model.matching(&model.rules.user[0].terms[i].0).len();
    let find = |key: &str| {
        (0..4)
            .find(|&i| format!("{:?}", model.rules.user[0].terms[i].0).contains(key))
            .expect("a term")
    };
    assert_eq!(model.rules.user[0].terms.len(), 4);
    // Mid sponsored, affiliate and ambassador in the wave; one start; three starts.
    assert_eq!(named(find("launch")), 3);
    assert_eq!(named(find("Some(2)")), 1);
    let wild = (0..4).find(|&i| named(i) == 3 && i != find("launch"));
    assert!(wild.is_some());
    // A key without @ sums over all: three open and three of the wave.
    assert!((0..4).any(|i| named(i) == 6));
}

#[test]
fn a_pipeline_has_the_playbooks_presets_and_is_lifted_by_a_word() {
    let scenario = read(&quarter(
        "[pipeline]\nidentified = 200\n[[what_if]]\nname = \"no limit\"\npipeline = \"none\"\n",
    ));
    let pipeline = scenario.base.horizon.pipeline.as_ref().expect("a pipeline");
    let flow = [
        pipeline.identified.mean(),
        pipeline.vetted.mean(),
        pipeline.contacted.mean(),
        pipeline.response.mean(),
        pipeline.partnership.mean(),
        pipeline.repeat.mean(),
        pipeline.lead_weeks.mean(),
        pipeline.churn.mean(),
    ];
    for (found, wanted) in flow
        .into_iter()
        .zip([200.0, 0.3, 0.67, 0.3, 0.5, 0.7, 6.0, 0.1])
    {
        near(found, wanted);
    }
    assert_eq!(
        entry(&scenario, "pipeline.churn").origin,
        Origin::Preset(Assumption::Playbook)
    );
    assert!(scenario.what_ifs[0].horizon.pipeline.is_none());
}

#[test]
fn content_may_come_days_after_its_booking() {
    let base = |more: &str| minimal(more).base;
    let days = |model: &Model| -> Vec<(String, u32)> {
        let of = |cell| {
            (
                model.key(cell).to_string(),
                model.cells[cell].terms.post_days,
            )
        };
        (0..model.cells.len())
            .map(of)
            .filter(|(_, days)| *days > 0)
            .collect()
    };
    let plain = base("");
    assert!(days(&plain).is_empty());
    assert_eq!(plain.horizon.payment, crate::model::Payment::AT_ONCE);
    let general = base("partnerships.seeding.post_days = 14\n");
    assert_eq!(
        days(&general),
        [
            ("micro.seeding".to_owned(), 14),
            ("nano.seeding".to_owned(), 14)
        ]
    );
    // The month's posts come later: something is said of time, and payments have their presets.
    near(general.horizon.payment.sales_receipt_days, 7.0);
    let own = base(
        "partnerships.seeding.post_days = \"14\"\ntiers.micro.partnership.seeding = { post_days = 0 }\n\
         tiers.micro.partnership.sponsored.post_days = 3.0\n[[wave]]\nname = \"w\"\nweek = 2\ndays = 7\ncount = { \"nano.seeding\" = 4 }\n",
    );
    let names: Vec<_> = days(&own);
    assert_eq!(
        names,
        [
            ("micro.sponsored".to_owned(), 3),
            ("nano.seeding".to_owned(), 14),
            ("nano.seeding@w".to_owned(), 14),
        ]
    );
    let levels = read(&quarter(
        "partnerships.ambassador.post_days = 5\n[ambassadors.bronze]\n[ambassadors.silver]\npost_days = 0\n",
    ));
    let of = |name: &str| {
        let mut levels = levels.base.horizon.levels.iter();
        levels.find(|l| l.name == name).unwrap().terms.post_days
    };
    assert_eq!((of("bronze"), of("silver")), (5, 0));
}

#[test]
fn tags_last_for_days() {
    let of = |more: &str| {
        let text = format!("[cross_promotion]\nfan_out = {{ mega = 3 }}\nreach_lift = 0.1\n{more}");
        read(&quarter(&text))
            .base
            .horizon
            .cross_promotion
            .unwrap()
            .days
    };
    assert_eq!(of(""), None);
    assert_eq!(of("days = 7\n"), Some(7));
    assert_eq!(of("days = 0\n"), Some(0));
}

#[test]
fn lead_times_are_of_the_whole_way_or_of_its_steps() {
    let lead = |text: &str| {
        let scenario = read(&quarter(text));
        let pipeline = scenario.base.horizon.pipeline.clone().expect("a pipeline");
        (pipeline, scenario)
    };
    let (pipeline, scenario) = lead("[pipeline]\ncontact_weeks = 1\ncontent_weeks = \"1 to 3\"\n");
    let content = Distribution::lognormal_interval(1.0, 3.0).unwrap();
    near(pipeline.lead_weeks.mean(), 1.0 + 2.0 + content.mean());
    assert_eq!(
        entry(&scenario, "pipeline.partnership_weeks").origin,
        Origin::Preset(Assumption::Playbook)
    );
    assert!(
        scenario
            .entries()
            .iter()
            .all(|e| e.key != "pipeline.lead_weeks")
    );
    // A layer above replaces what is below.
    let (pipeline, scenario) = lead(
        "[pipeline]\nlead_weeks = \"3 to 5\"\nchurn = \"5% to 10%\"\n[[what_if]]\nname = \"quick\"\npipeline.contact_weeks = 0\n",
    );
    near(
        pipeline.lead_weeks.mean(),
        Distribution::lognormal_interval(3.0, 5.0).unwrap().mean(),
    );
    near(
        pipeline.churn.mean(),
        Distribution::beta_interval(0.05, 0.10).unwrap().mean(),
    );
    let quick = scenario.what_ifs[0].horizon.pipeline.as_ref().unwrap();
    near(quick.lead_weeks.mean(), 4.0);
    let faults = said(&quarter("[pipeline]\nlead_weeks = 4\ncontact_weeks = 1\n"));
    assert!(faults.contains("as a whole and by its steps"), "{faults}");
    let faults = said(&quarter("[pipeline]\nlead_weeks = 600\n"));
    assert!(faults.contains("at most 520"), "{faults}");
}

/// A term of three months from the third of three months has two left, from the second one, from the first none.
#[test]
fn what_terms_owe_after_the_horizon() {
    let scenario = read(&quarter(
        "[ambassadors.bronze]\ntiers = [\"micro\"]\nretainer = 500\ncommission = 0\nproduct_cost = 0\nhours = 0\nterm_months = 3\n",
    ));
    let model = &scenario.base;
    let mut counts = ndarray::Array2::zeros((3, model.cells.len()));
    for (cell, own) in model.cells.iter().enumerate() {
        if let BookedAs::Level { start, .. } = own.booked_as {
            for month in start..3 {
                counts[[month, cell]] = (start + 2) as f64;
            }
        }
    }
    let owed: Vec<(usize, f64, f64)> = crate::model::commitments_beyond(model, &counts)
        .into_iter()
        .map(|c| (c.months, c.count, c.spend))
        .collect();
    assert_eq!(owed, [(1, 3.0, 1_500.0), (2, 4.0, 4_000.0)]);
}
