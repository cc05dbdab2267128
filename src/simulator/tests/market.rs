//! Models built in code.

use ndarray::Array2;

use crate::distribution::Distribution;
use crate::fixture;
use crate::model::{
    Basis, Benchmark, BookedAs, Cell, Factors, Followers, Horizon, Model, Rules, Segment, Terms,
    Tier, Uncertainty,
};

/// The preset uncertainty of shared factors.
pub(super) const PRESET: Uncertainty = Uncertainty {
    market: 0.10,
    platform: 0.10,
    engagement_rate: 0.10,
    click_rate: 0.15,
    conversion_rate: 0.20,
    order_value: 0.05,
    fee: 0.05,
    benchmark: 0.15,
};

/// A lognormal with 5 % and 95 % quantiles.
pub(super) fn amount(p5: f64, p95: f64) -> Distribution {
    Distribution::lognormal_interval(p5, p95).unwrap()
}

/// A beta with 5 % and 95 % quantiles.
pub(super) fn rate(p5: f64, p95: f64) -> Distribution {
    Distribution::beta_interval(p5, p95).unwrap()
}

/// A number.
pub(super) fn number(value: f64) -> Distribution {
    Distribution::Certain(value)
}

fn tier(name: &str, fee: Distribution, basis: Basis) -> Tier {
    Tier {
        name: name.to_owned(),
        fee,
        basis,
        min_creators: 0.0,
        max_creators: None,
    }
}

/// A tier on the followers basis with uncertain followers, rates and fee.
pub(super) fn by_followers(
    name: &str,
    followers: (f64, f64),
    fee: (f64, f64),
    engagement: (f64, f64),
) -> Tier {
    tier(
        name,
        amount(fee.0, fee.1),
        Basis::Followers(Followers {
            followers: amount(followers.0, followers.1),
            view_rate: rate(0.2, 0.4),
            engagement_rate: rate(engagement.0, engagement.1),
            click_rate: rate(0.05, 0.15),
            conversion_rate: rate(0.02, 0.08),
        }),
    )
}

/// A tier on the benchmark basis.
pub(super) fn by_benchmark(name: &str, fee: Distribution, benchmark: Benchmark) -> Tier {
    tier(name, fee, Basis::Benchmark(benchmark))
}

/// The same tier with every distribution replaced by its mean.
pub(super) fn certain(tier: &Tier) -> Tier {
    let mean = |d: &Distribution| number(d.mean());
    let basis = match &tier.basis {
        Basis::Followers(f) => Basis::Followers(Followers {
            followers: mean(&f.followers),
            view_rate: mean(&f.view_rate),
            engagement_rate: mean(&f.engagement_rate),
            click_rate: mean(&f.click_rate),
            conversion_rate: mean(&f.conversion_rate),
        }),
        Basis::Benchmark(b) => Basis::Benchmark(Benchmark {
            cpm: b.cpm.as_ref().map(mean),
            cpe: b.cpe.as_ref().map(mean),
            cpc: b.cpc.as_ref().map(mean),
            cpa: mean(&b.cpa),
            roas: b.roas,
        }),
    };
    Tier {
        fee: mean(&tier.fee),
        basis,
        ..tier.clone()
    }
}

/// Mega, macro and micro by followers, mid by benchmark with an uncertain CPA and no CPC.
pub(super) fn tiers() -> Vec<Tier> {
    vec![
        by_followers("mega", (5e5, 5e6), (1e4, 5e4), (0.01, 0.03)),
        by_followers("macro", (1e5, 5e5), (5e3, 2e4), (0.03, 0.05)),
        by_benchmark(
            "mid",
            amount(1e3, 5e3),
            Benchmark {
                cpm: Some(number(20.0)),
                cpe: Some(amount(1.5, 2.5)),
                cpc: None,
                cpa: Distribution::gamma_mean_sd(40.0, 8.0).unwrap(),
                roas: Some(3.8),
            },
        ),
        by_followers("micro", (1e3, 1e4), (200.0, 1e3), (0.10, 0.20)),
    ]
}

/// The preset terms of the four partnership types.
pub(super) fn terms(name: &str) -> Terms {
    let none = Terms {
        fee: 1.0,
        fee_amount: None,
        commission: 0.0,
        product_cost: 0.0,
        posts: 1.0,
        delivery: 1.0,
        conversion_lift: 1.0,
        hours: 2.0,
        post_days: 0,
    };
    match name {
        "affiliate" => Terms {
            fee: 0.3,
            commission: 0.15,
            delivery: 0.9,
            conversion_lift: 1.1,
            ..none
        },
        "seeding" => Terms {
            fee: 0.0,
            product_cost: 80.0,
            delivery: 0.6,
            hours: 1.0,
            ..none
        },
        "ambassador" => Terms {
            fee_amount: Some(900.0),
            commission: 0.1,
            product_cost: 80.0,
            posts: 2.0,
            delivery: 0.95,
            hours: 3.0,
            ..none
        },
        _ => none,
    }
}

/// A segment of a name and factors.
pub(super) fn segment(name: &str, factors: Factors) -> Segment {
    Segment {
        name: name.to_owned(),
        factors,
        tiers: None,
    }
}

/// A model that offers every tier × partnership (× category × region).
pub(super) fn model(
    tiers: Vec<Tier>,
    partnerships: &[&str],
    categories: Vec<Segment>,
    regions: Vec<Segment>,
) -> Model {
    let all = |segments: &[Segment]| -> Vec<Option<usize>> {
        if segments.is_empty() {
            vec![None]
        } else {
            (0..segments.len()).map(Some).collect()
        }
    };
    let mut cells = Vec::new();
    for tier in 0..tiers.len() {
        for (partnership, name) in partnerships.iter().enumerate() {
            for category in all(&categories) {
                for region in all(&regions) {
                    let of = |segments: &[Segment], i: Option<usize>| {
                        i.map_or(Factors::ONE, |i| segments[i].factors)
                    };
                    cells.push(Cell {
                        tier,
                        partnership,
                        category,
                        region,
                        terms: terms(name),
                        factors: of(&categories, category).times(of(&regions, region)),
                        assumed: false,
                        booked_as: BookedAs::Open,
                    });
                }
            }
        }
    }
    Model {
        fractional_counts: true,
        rules: Rules::of_budget(
            1e6,
            [
                tiers.len(),
                partnerships.len(),
                categories.len(),
                regions.len(),
            ],
        ),
        categories,
        regions,
        hour_cost: 20.0,
        uncertainty: PRESET,
        ..fixture::plain_model(tiers, partnerships, cells, 1e6)
    }
}

/// [`model`] without segments, over so many months.
pub(super) fn over(months: usize, tiers: Vec<Tier>, partnerships: &[&str]) -> Model {
    Model {
        months,
        horizon: Horizon::equal(months),
        ..model(tiers, partnerships, Vec::new(), Vec::new())
    }
}

/// Leaves nothing to chance but orders.
pub(super) fn without_chance(model: &mut Model) {
    model.uncertainty = Uncertainty::NONE;
    model.tiers = model.tiers.iter().map(certain).collect();
    for cell in &mut model.cells {
        cell.terms.delivery = 1.0;
        cell.terms.commission = 0.0;
    }
}

/// The same counts in every month: those given by key, 0 for the rest.
pub(super) fn every_month(model: &Model, wanted: &[(&str, f64)]) -> Array2<f64> {
    let first = counts(model, wanted);
    Array2::from_shape_fn(first.dim(), |(_, cell)| first[[0, cell]])
}

/// Counts of the first month: those given by key, 0 for the rest.
pub(super) fn counts(model: &Model, wanted: &[(&str, f64)]) -> Array2<f64> {
    let mut counts = Array2::zeros((model.months, model.cells.len()));
    for &(key, count) in wanted {
        let cell = (0..model.cells.len()).find(|&cell| model.key(cell).to_string() == key);
        counts[[0, cell.unwrap()]] = count;
    }
    counts
}
