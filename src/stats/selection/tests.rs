use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use rand_distr::{Distribution as _, StandardNormal};

use super::*;

/// Plans whose batches have normal sums: plan i has mean `means[i]`, standard deviation 1 + i of
/// its own and, on top, what all plans share.
struct Normals {
    rng: SmallRng,
    means: Vec<f64>,
    shared: f64,
    plans: Vec<ReplicateSums>,
}

impl Normals {
    fn new(seed: u64, means: &[f64], shared: f64) -> Self {
        Self {
            rng: SmallRng::seed_from_u64(seed),
            means: means.to_vec(),
            shared,
            plans: vec![ReplicateSums::default(); means.len()],
        }
    }

    /// Adds so many trials to every batch.
    fn extend(&mut self, trials: f64) {
        let mut normal = || -> f64 { StandardNormal.sample(&mut self.rng) };
        for batch in 0..REPLICATES {
            let common = self.shared * normal();
            for (i, (plan, mean)) in self.plans.iter_mut().zip(&self.means).enumerate() {
                let own = (1.0 + i as f64) * normal();
                plan.numerator[batch] += trials * mean + trials.sqrt() * (common + own);
                plan.denominator[batch] += trials;
            }
        }
    }

    /// The selection of looks at 64·2^k trials a batch, at most eight.
    fn choose(&mut self, zone: f64, error: impl Fn(u32) -> f64) -> Selection {
        let mut trials = 64.0;
        self.extend(trials);
        for look in 0.. {
            let found = select(&self.plans, false, error(look), zone).unwrap();
            if found.standing() != Standing::Open || look == 7 {
                return found;
            }
            self.extend(trials);
            trials *= 2.0;
        }
        unreachable!()
    }
}

const RUNS: u32 = 2000;
const ERROR: f64 = 0.1;
/// Runs of 2,000 that may go wrong at an error of 10 %: their mean of 200 and five standard
/// deviations of 13.4. A procedure that errs as often as it may passes it once in three million
/// times, and each of the checks below makes one.
const MOST_WRONG: u32 = 267;

fn spent(look: u32) -> f64 {
    ERROR * error_share(look)
}

/// Runs in which the selection is as told.
fn runs(
    means: &[f64],
    zone: f64,
    error: impl Fn(u32) -> f64,
    told: impl Fn(&Selection) -> bool,
) -> u32 {
    let mut count = 0;
    for seed in 0..RUNS {
        let mut plans = Normals::new(u64::from(seed), means, 3.0);
        count += u32::from(told(&plans.choose(zone, &error)));
    }
    count
}

fn certain(found: &Selection) -> bool {
    found.standing() == Standing::Worse
}

#[test]
fn equal_plans_are_rarely_told_apart() {
    let means = [10.0; 5];
    let wrong = runs(&means, 0.0, spent, certain);
    assert!(wrong <= MOST_WRONG, "{wrong}");
    // Without its two corrections the procedure fails this check.
    let plain = |_: u32| ERROR * 4.0;
    let wrong = runs(&means, 0.0, plain, certain);
    assert!(wrong > MOST_WRONG, "{wrong}");
}

#[test]
fn a_worse_plan_is_rarely_chosen() {
    // The slippage configuration: the best ahead of all others by the same little.
    for (best, lead) in [(0, 0.02), (2, 0.1), (4, 0.3)] {
        let mut means = [10.0; 5];
        means[best] += lead;
        let wrong = runs(&means, 0.0, spent, |found| {
            certain(found) && found.best != best
        });
        assert!(wrong <= MOST_WRONG, "{best}: {wrong}");
        // All others beyond the indifference zone, just so.
        let wrong = runs(&means, lead * 0.999, spent, |found| {
            found.standing() != Standing::Open && found.best != best
        });
        assert!(wrong <= MOST_WRONG, "{best}, with a zone: {wrong}");
    }
}

#[test]
fn a_clear_best_and_a_close_call_are_found() {
    // Leads of at least five errors after eight looks.
    let found = runs(&[10.0, 10.5, 9.0, 10.0, 9.0], 0.0, spent, |found| {
        certain(found) && found.best == 1
    });
    assert!(found >= RUNS * 95 / 100, "{found}");
    // Equal plans are all within a zone as wide.
    let found = runs(&[10.0; 5], 0.5, spent, |found| {
        found.standing() == Standing::Within
    });
    assert!(found >= RUNS * 90 / 100, "{found}");
}

#[test]
fn error_shares_add_up_to_one() {
    // What is left after look k is 2/(k + 3).
    let spent: f64 = (0..1000).map(error_share).sum();
    assert!((spent - (1.0 - 2.0 / 1002.0)).abs() < 1e-12);
}

#[test]
fn the_direction_the_zone_and_ties_count() {
    let plan = |value: f64| {
        let mut plan = ReplicateSums::default();
        plan.extend(&[value; 64]);
        plan
    };
    let standings = |lower: bool, zone: f64, values: &[f64]| {
        let plans: Vec<ReplicateSums> = values.iter().map(|&v| plan(v)).collect();
        let found = select(&plans, lower, 0.05, zone).unwrap();
        let rivals: Vec<Standing> = found.rivals.iter().map(|r| r.standing).collect();
        (found.best, rivals, found.standing())
    };
    use Standing::{Equal, Open, Worse};
    assert_eq!(
        standings(false, 0.0, &[1.0, 3.0, 2.0]),
        (1, vec![Worse, Worse], Worse)
    );
    assert_eq!(
        standings(true, 0.0, &[1.0, 3.0, 2.0]),
        (0, vec![Worse, Worse], Worse)
    );
    assert_eq!(
        standings(false, 0.0, &[3.0, 3.0, 2.0]),
        (0, vec![Equal, Worse], Worse)
    );
    assert_eq!(standings(false, 9.0, &[3.0, 3.0]), (0, vec![Equal], Equal));
    // Nothing has happened yet.
    assert_eq!(standings(false, 9.0, &[0.0, 0.0]), (0, vec![Open], Open));
    assert_eq!(standings(true, 0.0, &[3.0]), (0, vec![], Worse));
    // No figure, no choice.
    let mut none = ReplicateSums::default();
    none.extend_ratio(&[1.0; 64], &[0.0; 64]);
    assert_eq!(select(&[plan(1.0), none], true, 0.05, 0.0), None);
    assert_eq!(select(&[], true, 0.05, 0.0), None);
}
