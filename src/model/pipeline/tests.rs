//! Closed forms, enumeration, and a slow simulation.

use super::*;
use crate::model::Horizon;
use crate::rng::{Address, Stream};

fn certain(value: f64) -> Distribution {
    Distribution::Certain(value)
}

/// The playbook's month: 100 identified, 20 contacted, 30 % × 50 %.
fn playbook() -> Pipeline {
    Pipeline {
        identified: certain(100.0),
        vetted: certain(0.30),
        contacted: certain(2.0 / 3.0),
        response: certain(0.30),
        partnership: certain(0.50),
        repeat: certain(0.70),
        lead_weeks: 0.0.into(),
        churn: Distribution::Certain(0.08),
        starting: Vec::new(),
        with: None,
        origin: Origin::Default,
    }
}

fn doubtful() -> Pipeline {
    Pipeline {
        identified: Distribution::lognormal_mean_sd(12.5, 4.0).unwrap(),
        vetted: Distribution::beta_mean_sd(0.8, 0.05).unwrap(),
        contacted: certain(0.9),
        response: Distribution::beta_interval(0.25, 0.40).unwrap(),
        partnership: Distribution::beta_interval(0.40, 0.60).unwrap(),
        lead_weeks: 5.0.into(),
        ..playbook()
    }
}

/// 20 contacts × 30 % × 50 % are 3 partners, not 5 to 10.
#[test]
fn the_playbooks_month_brings_three() {
    let pipeline = playbook();
    assert!((pipeline.flow() - 3.0).abs() < 1e-12);
    let law = PipelineLaw::new(&pipeline, &Horizon::equal(1));
    assert!((law.mean_in(0) - 3.0).abs() < 1e-12);
    assert!((law.law_in(0).mean() - 3.0).abs() < 1e-12);
    // Binomial(100, 0.03).
    assert!((law.variance_in(0) - 2.91).abs() < 1e-12);
    let five = law.law_in(0).at_least(5);
    assert!((five - 0.182_145_5).abs() < 1e-6, "{five}");
}

/// Binomial(n, 0.15): P(≥ 5 of 45) and its neighbours by the plain sum of terms.
#[test]
fn contacts_for_five_partners() {
    let plain = |n: u32| {
        let mut term = 0.85_f64.powi(n.cast_signed());
        let mut below = term;
        for k in 0..4 {
            term *= f64::from(n - k) / f64::from(k + 1) * (0.15 / 0.85);
            below += term;
        }
        1.0 - below
    };
    let pipeline = playbook();
    for n in [5, 20, 34, 44, 67, 200] {
        let found = pipeline.chance(u64::from(n), 5);
        assert!((found - plain(n)).abs() < 1e-12, "{n}: {found}");
    }
    for with in [0.1, 0.5, 0.8, 0.99] {
        let needed = pipeline.contacts_needed(5, with).unwrap();
        let needed = u32::try_from(needed).unwrap();
        assert!(
            plain(needed) >= with && plain(needed - 1) < with,
            "{with}: {needed}"
        );
    }
    assert_eq!(pipeline.contacts_needed(0, 0.9), Some(0));
    let never = Pipeline {
        response: certain(0.0),
        ..playbook()
    };
    assert_eq!(never.contacts_needed(1, 0.5), None);
    let always = Pipeline {
        response: certain(1.0),
        partnership: certain(1.0),
        ..playbook()
    };
    assert_eq!(always.contacts_needed(7, 0.99), Some(7));
}

/// With q uniform on [0, 1] every number from 0 to n is equally likely (Bayes, 1763).
#[test]
fn a_uniform_rate_makes_all_numbers_alike() {
    let pipeline = Pipeline {
        identified: certain(9.0),
        vetted: certain(1.0),
        contacted: certain(1.0),
        response: Distribution::uniform(0.0, 1.0).unwrap(),
        partnership: certain(1.0),
        ..playbook()
    };
    let law = PipelineLaw::new(&pipeline, &Horizon::equal(1)).law_in(0);
    for k in 0..=9 {
        assert!(
            (law.probability(k) - 0.1).abs() < 1e-7,
            "{k}: {}",
            law.probability(k)
        );
    }
    for wanted in 0..=9 {
        let chance = pipeline.chance(9, wanted);
        assert!(
            (chance - (10.0 - wanted as f64) / 10.0).abs() < 1e-7,
            "{wanted}: {chance}"
        );
    }
}

/// Beta-binomial: C(n, k) B(k + α, n − k + β) / B(α, β), also for numbers far beyond a rate's own spread.
#[test]
fn a_beta_rate_gives_the_beta_binomial() {
    for (n, alpha, beta) in [(40_u32, 6.0, 14.0), (3000, 30.0, 70.0), (60, 0.8, 2.0)] {
        let pipeline = Pipeline {
            identified: certain(f64::from(n)),
            vetted: certain(1.0),
            contacted: certain(1.0),
            response: Distribution::beta_shape(alpha, beta).unwrap(),
            partnership: certain(1.0),
            ..playbook()
        };
        let law = PipelineLaw::new(&pipeline, &Horizon::equal(1)).law_in(0);
        let ln_beta = |a: f64, b: f64| libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
        let mut below = 0.0;
        for k in 0..=n {
            let (hits, misses) = (f64::from(k), f64::from(n - k));
            let choose = -ln_beta(hits + 1.0, misses + 1.0) - libm::log(f64::from(n + 1));
            let wanted =
                libm::exp(choose + ln_beta(hits + alpha, misses + beta) - ln_beta(alpha, beta));
            let found = law.probability(u64::from(k));
            assert!((found - wanted).abs() < 1e-7, "{n} {k}: {found} {wanted}");
            below += wanted;
            assert!((1.0 - law.at_least(u64::from(k) + 1) - below).abs() < 1e-6);
        }
    }
}

#[test]
fn those_identified_land_by_days() {
    let mut horizon = Horizon::equal(3);
    for (month, days) in horizon.months.iter_mut().zip([31, 28, 31]) {
        month.days = days;
    }
    let pipeline = Pipeline {
        lead_weeks: 4.0.into(),
        ..playbook()
    };
    let w = pipeline.landing(&horizon);
    // Day 28 of 31 on: three days land in the first month, 28 in the second.
    assert!((w[[0, 0]] - 3.0 / 31.0).abs() < 1e-15);
    assert!((w[[0, 1]] - 28.0 / 31.0).abs() < 1e-15);
    assert!((w[[0, 2]]).abs() < 1e-15);
    assert!((w[[1, 2]] - 1.0).abs() < 1e-15);
    assert!((w[[2, 2]] - 3.0 / 31.0).abs() < 1e-15);
    assert_eq!(w[[1, 0]], 0.0);
}

/// Every combination of three people a month in two months, with whether each passes and where it lands.
#[test]
fn enumeration_of_every_person() {
    let pipeline = Pipeline {
        identified: certain(2.25),
        vetted: certain(0.9),
        contacted: certain(0.8),
        response: certain(0.7),
        partnership: certain(0.6),
        lead_weeks: (10.0 / 7.0).into(),
        ..playbook()
    };
    let horizon = Horizon::equal(2);
    let law = PipelineLaw::new(&pipeline, &horizon);
    let q = 0.9 * 0.8 * 0.7 * 0.6;
    let mut in_month = [[0.0_f64; 8]; 2];
    let mut until = [[0.0_f64; 8]; 2];
    // Fates of a person: 0 none, 1 this month, 2 the next; the third person of a month exists with probability 1/4.
    for code in 0..3_u32.pow(6) {
        let fates: Vec<u32> = (0..6).map(|i| code / 3_u32.pow(i) % 3).collect();
        let mut p = 1.0;
        let mut arrived = [0_usize; 2];
        for (person, &fate) in fates.iter().enumerate() {
            let there = if person % 3 == 2 { 0.25 } else { 1.0 };
            let (now, later) = (there * q * 20.0 / 30.0, there * q * 10.0 / 30.0);
            p *= [1.0 - now - later, now, later][fate as usize];
            let month = person / 3 + fate.saturating_sub(1) as usize;
            if fate > 0 && month < 2 {
                arrived[month] += 1;
            }
        }
        for m in 0..2 {
            in_month[m][arrived[m]] += p;
            until[m][arrived[..=m].iter().sum::<usize>()] += p;
        }
    }
    for m in 0..2 {
        for k in 0..8 {
            let found = law.law_in(m).probability(k as u64);
            assert!((found - in_month[m][k]).abs() < 1e-14, "{m} {k}");
            let found = law.delivered(m).probability(k as u64);
            assert!((found - until[m][k]).abs() < 1e-14, "{m} {k}");
        }
        assert!((law.law_in(m).mean() - law.mean_in(m)).abs() < 1e-13);
        assert!((law.law_in(m).variance() - law.variance_in(m)).abs() < 1e-13);
        assert!((law.delivered(m).variance() - law.delivered_variance(m)).abs() < 1e-13);
    }
}

/// Moments in closed form against those of the law by quadrature, with four uncertain inputs. The kinks of ⌊N⌋ at few identified
/// limit the variance's.
#[test]
fn quadrature_keeps_the_moments() {
    let law = PipelineLaw::new(&doubtful(), &Horizon::equal(4));
    for m in 0..4 {
        let (alone, until) = (law.law_in(m), law.delivered(m));
        for (found, wanted, error) in [
            (alone.mean(), law.mean_in(m), 1e-6),
            (until.mean(), law.delivered_mean(m), 1e-6),
            (alone.variance(), law.variance_in(m), 1e-3),
            (until.variance(), law.delivered_variance(m), 1e-3),
        ] {
            let difference = (found - wanted).abs();
            assert!(difference <= error * wanted, "{m}: {found} {wanted}");
        }
    }
}

/// People one by one, with another generator's path through the same laws. Each of the 3 × 12 frequencies is within
/// 4.5 standard errors: a false alarm in 4,000 runs.
#[test]
fn a_slow_simulation_agrees() {
    const TRIALS: usize = 40_000;
    let pipeline = doubtful();
    let horizon = Horizon::equal(3);
    let law = PipelineLaw::new(&pipeline, &horizon);
    let mut stream = Stream::new(
        7,
        Address {
            slot: 3,
            quantity: 1,
            block: 0,
        },
    );
    let mut pool: Vec<f64> = Vec::new();
    let mut uniform = || {
        if pool.is_empty() {
            pool = vec![0.0; 4096];
            stream.fill_uniforms(&mut pool);
        }
        pool.pop().unwrap()
    };
    let mut seen = [[0_usize; 12]; 3];
    for _ in 0..TRIALS {
        let people = pipeline.identified.quantile(uniform());
        let rates = pipeline.rates().map(|rate| rate.quantile(uniform()));
        let mut arrived = [0_usize; 3];
        for month in 0..3 {
            let extra = uniform() < people - people.floor();
            for _ in 0..people.floor() as usize + usize::from(extra) {
                let day = 30.0 * (f64::from(month) + uniform());
                let passes = rates.iter().all(|&rate| uniform() < rate);
                let first = ((day + 35.0) / 30.0) as usize;
                if passes && first < 3 {
                    arrived[first] += 1;
                }
            }
        }
        let mut sum = 0;
        for (seen, arrived) in seen.iter_mut().zip(arrived) {
            sum += arrived;
            seen[sum.min(11)] += 1;
        }
    }
    for (m, seen) in seen.iter().enumerate() {
        let exact = law.delivered(m);
        for (k, &times) in seen.iter().enumerate() {
            let p = if k == 11 {
                exact.at_least(11)
            } else {
                exact.probability(k as u64)
            };
            let error = (p * (1.0 - p).max(0.0) / TRIALS as f64).sqrt();
            let found = times as f64 / TRIALS as f64;
            assert!(
                (found - p).abs() <= 4.5 * error + 1e-4,
                "{m} {k}: {found} {p}"
            );
        }
    }
}

#[test]
fn what_is_counted_on_is_there_that_often() {
    let law = PipelineLaw::new(&doubtful(), &Horizon::equal(3));
    for p in [0.5, 0.8, 0.95] {
        let n = law.delivered_with(2, p);
        let whole = law.delivered(2);
        assert!(whole.at_least(n) >= p && whole.at_least(n + 1) < p);
        assert_eq!(law.delivered_quantile(2, 0.5), whole.quantile(0.5));
    }
}

#[test]
fn the_bottleneck_is_the_step_that_brings_most() {
    let april = Pipeline {
        identified: certain(120.0),
        vetted: certain(0.5),
        contacted: certain(0.75),
        response: certain(0.40),
        partnership: certain(5.0 / 18.0),
        ..playbook()
    };
    let found = april.bottleneck();
    assert_eq!(found.step, Step::Partnership);
    // 45 contacts × 40 % are 18 who respond; half of them instead of five.
    assert!((april.flow() - 5.0).abs() < 1e-12);
    assert!((found.gain_to_target - 4.0).abs() < 1e-12);
    // All met: ten points more where the rate is least.
    let met = playbook();
    assert_eq!(met.bottleneck().step, Step::Vetted);
    assert!((met.bottleneck().gain_of_ten - 1.0).abs() < 1e-12);
    assert!((met.stay() - 0.644).abs() < 1e-12);
    assert!((met.steady_active() - 3.0 / 0.356).abs() < 1e-12);
    assert!((met.steady_partners() - 37.5).abs() < 1e-9);
    let closed = Pipeline {
        response: certain(0.0),
        ..playbook()
    };
    assert_eq!(closed.bottleneck().step, Step::Response);
    assert!((closed.bottleneck().gain_to_target - 3.0).abs() < 1e-12);
}

/// A repeat rate in doubt, with a beta's raw moments Π (α + i) / (α + β + i), and 1 / (1 − κρ) as the sum of its powers.
#[test]
fn a_doubtful_repeat_rate_holds_for_all_months() {
    let (alpha, beta) = (8.0, 2.0);
    let pipeline = Pipeline {
        repeat: Distribution::Beta { alpha, beta },
        churn: Distribution::Certain(0.12),
        ..playbook()
    };
    let powers = pipeline.staying(9);
    let mut exact = 1.0;
    for (k, power) in powers.iter().enumerate() {
        assert!((power - exact).abs() < 1e-10, "{k}: {power} for {exact}");
        exact *= 0.88 * (alpha + k as f64) / (alpha + beta + k as f64);
    }
    // More than the power of the mean.
    assert!(powers[4] > 1.08 * pipeline.stay().powi(4));
    let (mut term, mut sum) = (1.0, 0.0);
    for k in 0..2000 {
        sum += term;
        term *= 0.88 * (alpha + f64::from(k)) / (alpha + beta + f64::from(k));
    }
    let found = pipeline.steady_active() / pipeline.flow();
    assert!((found - sum).abs() < 1e-8 * sum, "{found} for {sum}");
    // Nobody leaves: (α + β − 1) / (β − 1), and infinite up to β = 1.
    let faithful = |repeat| Pipeline {
        repeat,
        churn: Distribution::Certain(0.0),
        ..playbook()
    };
    let of = |beta| faithful(Distribution::Beta { alpha, beta }).steady_active();
    assert!((of(2.0) - 27.0).abs() < 1e-9);
    assert!(of(1.0).is_infinite() && of(0.5).is_infinite());
    let half = Distribution::Uniform { min: 0.0, max: 0.5 };
    let exact = 3.0 * 2.0 * std::f64::consts::LN_2;
    assert!((faithful(half).steady_active() - exact).abs() < 1e-8);
    let up_to_one = Distribution::Uniform { min: 0.5, max: 1.0 };
    assert!(faithful(up_to_one).steady_active().is_infinite());
}

/// If everyone works again, partners at work and partners who have not left are the same to the last digit.
#[test]
fn who_has_not_left_is_at_work_if_all_work_again() {
    let pipeline = Pipeline {
        repeat: certain(1.0),
        churn: Distribution::Certain(0.1),
        identified: certain(100.5),
        ..playbook()
    };
    let found = (pipeline.steady_active(), pipeline.steady_partners());
    assert!((found.0 - found.1).abs() < 1e-12, "{found:?}");
}

/// Churn in doubt beside a repeat rate in doubt: products of raw moments of betas, and sums of their powers.
#[test]
fn a_doubtful_churn_holds_for_all_months() {
    let (kept, again) = ((18.0, 2.0), (8.0, 3.0));
    let pipeline = Pipeline {
        churn: Distribution::Beta {
            alpha: kept.1,
            beta: kept.0,
        },
        repeat: Distribution::Beta {
            alpha: again.0,
            beta: again.1,
        },
        ..playbook()
    };
    let ratio = |(a, b): (f64, f64), k: usize| (a + k as f64) / (a + b + k as f64);
    let powers = pipeline.staying(12);
    let mut exact = 1.0;
    for (k, power) in powers.iter().enumerate() {
        assert!((power - exact).abs() < 1e-10, "{k}: {power} for {exact}");
        exact *= ratio(kept, k) * ratio(again, k);
    }
    assert!((pipeline.stay() - 0.9 * 8.0 / 11.0).abs() < 1e-12);
    let (mut term, mut sum) = (1.0, 0.0);
    for k in 0..20_000 {
        sum += term;
        term *= ratio(kept, k) * ratio(again, k);
    }
    let found = pipeline.steady_active() / pipeline.flow();
    assert!((found - sum).abs() < 1e-7 * sum, "{found} for {sum}");
    // E[1/c] = (α + β − 1) / (α − 1), infinite up to α = 1; on an interval away from 0 the logarithm.
    let all = pipeline.steady_partners() / pipeline.flow();
    assert!((all - 19.0).abs() < 1e-9, "{all}");
    let leaving = |churn| Pipeline {
        churn,
        ..playbook()
    };
    let near_none = leaving(Distribution::Beta {
        alpha: 1.0,
        beta: 9.0,
    });
    assert!(near_none.steady_partners().is_infinite());
    assert!(near_none.steady_active().is_finite());
    let between = leaving(Distribution::Uniform { min: 0.1, max: 0.2 });
    let exact = 3.0 * 10.0 * std::f64::consts::LN_2;
    assert!((between.steady_partners() - exact).abs() < 1e-8);
}

/// A lead of one to five weeks: the share of first posts in each month by enumeration of days and leads.
#[test]
fn leads_that_differ_land_as_enumeration_says() {
    let uniform = |min: f64, max: f64| Distribution::Uniform { min, max };
    let horizon = Horizon::equal(3);
    let steps = 600;
    let middle = |i: usize| (i as f64 + 0.5) / steps as f64;
    let by_enumeration = |lead: &dyn Fn(f64, f64) -> f64| {
        let mut landed = [0.0; 3];
        // Twelve days of the month and the quantiles of two steps.
        for day in 0..12 {
            for i in 0..steps {
                for j in 0..steps {
                    let post = 2.5 * (f64::from(day) + 0.5) + 7.0 * lead(middle(i), middle(j));
                    if let Some(month) = landed.get_mut((post / 30.0) as usize) {
                        *month += 1.0 / (12 * steps * steps) as f64;
                    }
                }
            }
        }
        landed
    };
    let whole = Pipeline {
        lead_weeks: Lead::whole(uniform(1.0, 5.0)),
        ..playbook()
    };
    let one = by_enumeration(&|u, _| 1.0 + 4.0 * u);
    let by_step = Pipeline {
        lead_weeks: Lead::by_step([uniform(0.0, 2.0), uniform(1.0, 3.0), certain(0.5)]),
        ..playbook()
    };
    let two = by_enumeration(&|u, v| 2.0 * u + 1.0 + 2.0 * v + 0.5);
    for (pipeline, wanted) in [(&whole, one), (&by_step, two)] {
        let w = pipeline.landing(&horizon);
        for month in 0..3 {
            let (found, wanted) = (w[[0, month]], wanted[month]);
            // Days in steps of 2.5 of 30 cost about (2.5/30)² of the kink's height.
            assert!(
                (found - wanted).abs() < 2e-3,
                "month {month}: {found} for {wanted}"
            );
        }
        assert!((w.row(0).sum() - 1.0).abs() < 1e-12);
    }
    assert!((by_step.lead_weeks.mean() - 3.5).abs() < 1e-12);
    // Weeks that lie behind everyone come off each lead.
    let later = by_step.lead_weeks.after(70.0);
    assert_eq!(later.mean(), 0.0);
}

/// The probability that two uniform steps take less than a limit is an area of the square.
#[test]
fn steps_are_done_in_time_with_a_probability() {
    let uniform = |max: f64| Distribution::Uniform { min: 0.0, max };
    let lead = Lead::by_step([uniform(4.0), uniform(4.0), certain(1.0)]);
    let (mean, below) = lead.until(LeadStep::Contact, 2.0).unwrap();
    assert!((mean - 2.0).abs() < 1e-12 && (below - 0.5).abs() < 1e-12);
    let (mean, below) = lead.until(LeadStep::Partnership, 3.0).unwrap();
    assert!((mean - 4.0).abs() < 1e-12);
    assert!((below - 9.0 / 32.0).abs() < 3e-3, "{below}");
    let (mean, below) = lead.until(LeadStep::Content, 6.0).unwrap();
    assert!((mean - 5.0).abs() < 1e-12);
    assert!((below - 23.0 / 32.0).abs() < 3e-3, "{below}");
    // Stated as a whole, steps are not known.
    let whole = Lead::from(4.0);
    assert_eq!(whole.until(LeadStep::Contact, 2.0), None);
    assert_eq!(whole.until(LeadStep::Content, 6.0), Some((4.0, 1.0)));
    assert_eq!(whole.until(LeadStep::Content, 4.0), Some((4.0, 0.0)));
}
