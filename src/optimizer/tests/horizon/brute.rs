//! Random small horizons, and their best plans by enumeration.

use ndarray::Array2;

use crate::model::valuation::{self, UnitValue};
use crate::model::{
    BookedAs, Bound, BudgetOver, Cell, Factors, Horizon, Level, Metric, Model, Objective, Origin,
    Over, Plan, Quantity, Target, TargetScope, Wave, WaveKind, WaveSchedule,
};
use crate::optimizer::tests::{Random, two_tiers, within};
use crate::optimizer::{check_plan, hang_together, sample};

/// What ties the months of a random horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::optimizer::tests) enum Tie {
    None,
    CarryOver,
    Pot,
    Shares,
    Wave,
    Level,
    Target,
    All,
}

pub(in crate::optimizer::tests) const TIES: [Tie; 8] = [
    Tie::None,
    Tie::CarryOver,
    Tie::Pot,
    Tie::Shares,
    Tie::Wave,
    Tie::Level,
    Tie::Target,
    Tie::All,
];

/// Two open cells in two or three months, a wave's or a level's cell beside them now and then.
pub(in crate::optimizer::tests) fn random_horizon(random: &mut Random, tie: Tie) -> Model {
    let months = if tie == Tie::All {
        2
    } else {
        2 + random.below(2)
    };
    let tiers = two_tiers(random);
    let types = [sample::types()[random.below(3)].clone()];
    let mut model = sample::model(tiers, &types, 1.0, |_, _| true);
    model.objective = Objective::ALL[random.below(6)];
    model.months = months;
    model.horizon = Horizon::equal(months);
    model.rules.budget = random.between(1_500.0, 8_000.0);
    let equal = random.chance(0.2);
    let mut shares: Vec<f64> = (0..months).map(|_| random.between(0.3, 1.7)).collect();
    let mean = shares.iter().sum::<f64>() / months as f64;
    for share in &mut shares {
        *share /= mean;
    }
    for (month, share) in model.horizon.months.iter_mut().zip(shares) {
        if !equal {
            month.budget_share = share;
            month.seasonality = random.between(0.5, 1.6);
        }
    }
    for tier in &mut model.tiers {
        tier.max_creators = Some((1 + random.below(if months == 2 { 3 } else { 2 })) as f64);
    }
    let rules = &mut model.rules;
    rules.min_spend = [0.0, 0.0, 0.4, 0.7][random.below(4)];
    if model.objective == Objective::Roas {
        rules.min_spend = rules.min_spend.max(0.3);
    }
    if random.chance(0.4) || tie == Tie::Shares {
        let low = [0.0, 0.1, 0.3][random.below(3)];
        rules.tier_budget_share[0] = sample::band(low, (low + random.between(0.2, 0.6)).min(1.0));
    }
    if random.chance(0.2) {
        rules.min_creators = Some(random.below(3) as f64);
    }
    if random.chance(0.2) {
        rules.hours_per_month = Some(random.between(4.0, 12.0));
    }
    if random.chance(0.2) {
        rules.max_creator_budget_share = Some(random.between(0.2, 0.7));
    }
    let all = tie == Tie::All;
    if tie == Tie::CarryOver || all && random.chance(0.5) {
        model.horizon.budget_over = BudgetOver::CarryOver;
    } else if tie == Tie::Pot || all && random.chance(0.5) {
        model.horizon.budget_over = BudgetOver::Horizon;
    }
    if tie == Tie::Shares || all && random.chance(0.5) {
        model.horizon.diversity_over = Over::Horizon;
    }
    if tie == Tie::Wave || all {
        add_wave(random, &mut model);
    }
    if tie == Tie::Level || all {
        add_levels(random, &mut model);
    }
    if tie == Tie::Target || all && random.chance(0.5) {
        model.targets.push(random_target(random));
    }
    model
}

pub(super) fn random_target(random: &mut Random) -> Target {
    let (metric, bound) = match random.below(3) {
        0 => (Metric::Roas, Bound::AtLeast(random.between(0.1, 0.5))),
        1 => (Metric::Cpa, Bound::AtMost(random.between(300.0, 900.0))),
        _ => (
            Metric::Conversions,
            Bound::AtLeast(random.between(1.0, 12.0)),
        ),
    };
    Target {
        metric,
        scope: TargetScope::Total,
        bound,
        with: None,
        enforce: true,
        key: "targets.it".to_owned(),
        origin: Origin::Default,
    }
}

/// A wave of micro creators over one or two months.
pub(super) fn add_wave(random: &mut Random, model: &mut Model) {
    let low = random.below(2) as f64;
    model.horizon.waves.push(Wave {
        name: "launch".to_owned(),
        kind: WaveKind::Launch,
        first_day: 20 + random.below(25) as u32,
        days: 1 + random.below(15) as u32,
        budget: (
            random.chance(0.3).then(|| random.between(100.0, 900.0)),
            random.chance(0.5).then(|| random.between(500.0, 4_000.0)),
        ),
        counts: vec![(
            sample::pattern("micro"),
            low,
            random.chance(0.7).then_some(low + random.below(3) as f64),
        )],
        factors: Factors::ONE,
        origin: Origin::Default,
        budget_origin: Origin::Default,
        count_origins: Vec::new(),
        schedule: WaveSchedule::default(),
    });
    let cell = Cell {
        booked_as: BookedAs::Wave(model.horizon.waves.len() - 1),
        ..model.cells[1].clone()
    };
    model.cells.push(cell);
}

/// Micro ambassadors who can start in any month but the last.
pub(super) fn add_levels(random: &mut Random, model: &mut Model) {
    let mut terms = sample::sponsored();
    terms.fee_amount = Some(random.between(100.0, 700.0));
    terms.posts = 2.0;
    model.horizon.levels.push(Level {
        name: "gold".to_owned(),
        tiers: vec![1],
        terms: terms.clone(),
        term_months: 1 + random.below(3),
        tenure_lift: random.between(-0.3, 0.5),
        tenure_lift_max: 0.4,
        origin: Origin::Default,
    });
    let starts = if model.horizon.waves.is_empty() {
        model.months - 1
    } else {
        1
    };
    for start in 0..starts {
        model.cells.push(Cell {
            booked_as: BookedAs::Level { level: 0, start },
            terms: terms.clone(),
            ..model.cells[1].clone()
        });
    }
}

/// Months × cells of expected values.
pub(super) fn values(model: &Model) -> Vec<Vec<UnitValue>> {
    (0..model.months)
        .map(|month| {
            (0..model.cells.len())
                .map(|cell| valuation::law_in(model, month, cell).expected())
                .collect()
        })
        .collect()
}

/// Whether counts (months × cells) keep every rule of these horizons.
pub(super) fn allowed(model: &Model, units: &[Vec<UnitValue>], x: &[Vec<f64>]) -> bool {
    let rules = &model.rules;
    let over = &model.horizon;
    let months = x.len();
    let cells = model.cells.len();
    let sum = |month: usize, of: &dyn Fn(usize) -> f64| -> f64 {
        (0..cells).map(|cell| x[month][cell] * of(cell)).sum()
    };
    let spend: Vec<f64> = (0..months)
        .map(|m| sum(m, &|cell| units[m][cell].spend))
        .collect();
    let mid: Vec<f64> = (0..months)
        .map(|m| {
            sum(m, &|cell| {
                if model.cells[cell].tier == 0 {
                    units[m][cell].spend
                } else {
                    0.0
                }
            })
        })
        .collect();
    let number: Vec<f64> = (0..months).map(|m| sum(m, &|_| 1.0)).collect();
    let budget: Vec<f64> = over
        .months
        .iter()
        .map(|m| m.budget_share * rules.budget)
        .collect();
    let all_budget: f64 = budget.iter().sum();
    let all_spend: f64 = spend.iter().sum();
    let mut until = (0.0, 0.0);
    let fit = spend.iter().zip(&budget).all(|(spend, budget)| {
        until = (until.0 + spend, until.1 + budget);
        match over.budget_over {
            BudgetOver::Month => within(*spend, 0.0, *budget),
            BudgetOver::CarryOver => within(until.0, 0.0, until.1),
            BudgetOver::Horizon => within(all_spend, 0.0, all_budget),
        }
    });
    if !fit {
        return false;
    }
    let by_month = over.diversity_over == Over::Month;
    let spend_by_month = by_month && over.budget_over == BudgetOver::Month;
    let parts: Vec<(f64, f64, f64)> = if by_month {
        (0..months).map(|m| (mid[m], spend[m], budget[m])).collect()
    } else {
        vec![(mid.iter().sum(), all_spend, all_budget)]
    };
    if let Some(band) = &rules.tier_budget_share[0]
        && parts
            .iter()
            .any(|&(own, all, _)| all > 0.0 && !within(own / all, band.low, band.high))
    {
        return false;
    }
    let enough = |spend: f64, budget: f64| within(spend, rules.min_spend * budget, f64::INFINITY);
    let enough = if spend_by_month {
        (0..months).all(|m| enough(spend[m], budget[m]))
    } else {
        enough(all_spend, all_budget)
    };
    if !enough {
        return false;
    }
    let least = rules.min_creators.unwrap_or(0.0);
    if number.iter().any(|&n| n < least) || number.iter().sum::<f64>() < 1.0 {
        return false;
    }
    if !hang_together(model) && number.iter().any(|&n| n < 1.0) {
        return false;
    }
    let of = |m: usize| if by_month { budget[m] } else { all_budget };
    (0..months).all(|m| month_holds(model, &units[m], &x[m], of(m)))
        && waves_hold(model, units, x)
        && terms_hold(model, x)
        && targets_hold(model, units, x)
}

/// Supply, hours and the largest partnership of a month, as a share of a budget.
fn month_holds(model: &Model, units: &[UnitValue], x: &[f64], budget: f64) -> bool {
    let rules = &model.rules;
    let sum = |of: &dyn Fn(usize) -> f64| -> f64 {
        x.iter().enumerate().map(|(cell, n)| n * of(cell)).sum()
    };
    let supplied = model.tiers.iter().enumerate().all(|(t, tier)| {
        let own = sum(&|cell| f64::from(u8::from(model.cells[cell].tier == t)));
        own <= tier.max_creators.unwrap()
    });
    let hours = sum(&|cell| model.cells[cell].terms.hours);
    let most = rules.max_creator_budget_share.unwrap_or(f64::INFINITY);
    let mut booked = units.iter().zip(x).filter(|(_, n)| **n > 0.0);
    supplied
        && within(hours, 0.0, rules.hours_per_month.unwrap_or(f64::INFINITY))
        && booked.all(|(unit, _)| unit.spend / budget <= most)
}

fn waves_hold(model: &Model, units: &[Vec<UnitValue>], x: &[Vec<f64>]) -> bool {
    let months = x.len();
    let sum = |month: usize, of: &dyn Fn(usize) -> f64| -> f64 {
        (0..model.cells.len())
            .map(|cell| x[month][cell] * of(cell))
            .sum()
    };
    for wave in &model.horizon.waves {
        let own = |m: usize| -> f64 {
            sum(m, &|cell| {
                f64::from(u8::from(matches!(
                    model.cells[cell].booked_as,
                    BookedAs::Wave(_)
                )))
            })
        };
        let (_, low, high) = &wave.counts[0];
        let n: f64 = (0..months).map(own).sum();
        if !within(n, *low, high.unwrap_or(f64::INFINITY)) {
            return false;
        }
        for m in 0..months {
            let days = (wave.first_day..wave.first_day + wave.days)
                .filter(|day| (*day / 30) as usize == m)
                .count();
            if let Some(high) = high
                && own(m) > (high * days as f64 / f64::from(wave.days) - 1e-9).ceil()
            {
                return false;
            }
        }
        let cost: f64 = (0..months)
            .map(|m| {
                sum(m, &|cell| match model.cells[cell].booked_as {
                    BookedAs::Wave(_) => units[m][cell].spend,
                    _ => 0.0,
                })
            })
            .sum();
        if !within(
            cost,
            wave.budget.0.unwrap_or(0.0),
            wave.budget.1.unwrap_or(f64::INFINITY),
        ) {
            return false;
        }
    }
    true
}

fn terms_hold(model: &Model, x: &[Vec<f64>]) -> bool {
    for (cell, own) in model.cells.iter().enumerate() {
        if let BookedAs::Level { start, .. } = own.booked_as {
            let term = model.horizon.levels[0].term_months;
            for m in start + 1..x.len() {
                let (before, now) = (x[m - 1][cell], x[m][cell]);
                if now > before || m < start + term && now != before {
                    return false;
                }
            }
        }
    }
    true
}

fn targets_hold(model: &Model, units: &[Vec<UnitValue>], x: &[Vec<f64>]) -> bool {
    let months = x.len();
    let sum = |month: usize, of: &dyn Fn(usize) -> f64| -> f64 {
        (0..model.cells.len())
            .map(|cell| x[month][cell] * of(cell))
            .sum()
    };
    model.targets.iter().all(|target| {
        let total = |q: Quantity| -> f64 {
            (0..months)
                .map(|m| sum(m, &|cell| units[m][cell].get(q).unwrap()))
                .sum()
        };
        let above = target.metric.factor() * total(target.metric.numerator());
        let value = match target.metric.denominator() {
            None => above,
            Some(below) => {
                let below = total(below);
                if above == 0.0 && below == 0.0 {
                    return true;
                }
                above / below
            }
        };
        match target.bound {
            Bound::AtLeast(v) => within(value, v, f64::INFINITY),
            Bound::AtMost(v) => within(value, f64::NEG_INFINITY, v),
        }
    })
}

/// A plan's counts, months × cells.
pub(super) fn rows(plan: &Plan) -> Vec<Vec<f64>> {
    let rows = plan.counts.rows().into_iter();
    rows.map(|row| row.to_vec()).collect()
}

pub(super) fn objective(model: &Model, units: &[Vec<UnitValue>], x: &[Vec<f64>]) -> f64 {
    let metric = valuation::objective_metric(model.objective);
    let total = |q: Quantity| -> f64 {
        x.iter()
            .zip(units)
            .flat_map(|(row, units)| row.iter().zip(units))
            .map(|(n, unit)| n * unit.get(q).unwrap())
            .sum()
    };
    let above = metric.factor() * total(metric.numerator());
    metric
        .denominator()
        .map_or(above, |below| above / total(below))
}

/// All counts within the tiers' supply, months × cells.
pub(super) fn each(model: &Model, mut look: impl FnMut(&[Vec<f64>])) {
    let mut places = Vec::new();
    for cell in 0..model.cells.len() {
        let most = model.tiers[model.cells[cell].tier].max_creators.unwrap();
        places.extend(model.months_of(cell).map(|month| (month, cell, most)));
    }
    let mut x = vec![vec![0.0; model.cells.len()]; model.months];
    loop {
        look(&x);
        let Some(next) = places.iter().position(|&(m, c, most)| x[m][c] < most) else {
            return;
        };
        let (month, cell, _) = places[next];
        x[month][cell] += 1.0;
        for &(month, cell, _) in &places[..next] {
            x[month][cell] = 0.0;
        }
    }
}

/// The best objective over all allowed counts that `beside` allows too.
pub(super) fn enumerate(
    model: &Model,
    random: &mut Random,
    beside: impl Fn(&[Vec<f64>]) -> bool,
) -> Option<f64> {
    let units = values(model);
    let mut best = None::<f64>;
    each(model, |x| {
        let fits = allowed(model, &units, x) && beside(x);
        if fits {
            let value = objective(model, &units, x);
            best = Some(best.map_or(value, |b| b.max(value)));
        }
        // The checker agrees.
        if random.chance(if fits { 0.2 } else { 0.02 }) {
            let counts = Array2::from_shape_fn((model.months, model.cells.len()), |(m, c)| x[m][c]);
            let broken = check_plan(model, &counts);
            assert_eq!(broken.is_empty(), fits, "{x:?}: {broken:?}");
        }
    });
    best
}
