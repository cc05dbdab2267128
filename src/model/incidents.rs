//! Incidents: a partnership's content turns out a problem, and perhaps harms the whole brand.
//!
//! In a month each partnership has an incident with probability p, independently of everything else.
//! Of its month's yields (impressions, engagements, clicks, conversions) the share ℓ is lost, its
//! costs are still due, and a clean-up cost is added. Given an incident, it is shocking with
//! probability q; in a month with at least one shocking incident the share s of the conversions of
//! the whole plan is lost. A partnership of weight w (planned in part) has w times the clean-up cost
//! and is shocking with probability q·w, so that nothing jumps as its weight grows to one.

/// Probabilities and costs of incidents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incidents {
    /// Probability of an incident, per partnership and month.
    pub probability: f64,
    /// Share of the partnership's yields of the month that an incident loses.
    pub yield_lost: f64,
    /// Cost of an incident, in currency.
    pub cleanup_cost: f64,
    /// Probability that an incident is shocking.
    pub shock_probability: f64,
    /// Share of the plan's conversions lost in a month with a shocking incident.
    pub shock: f64,
    /// Whether a figure of these is a preset.
    pub assumed: bool,
}

impl Incidents {
    /// No incidents.
    pub const NONE: Self = Self {
        probability: 0.0,
        yield_lost: 1.0,
        cleanup_cost: 0.0,
        shock_probability: 0.0,
        shock: 0.0,
        assumed: false,
    };

    /// Whether incidents can change anything of a partnership's own cost or yields.
    #[must_use]
    pub fn matter(&self) -> bool {
        self.probability > 0.0 && (self.yield_lost > 0.0 || self.cleanup_cost > 0.0)
            || self.shocks()
    }

    /// What of these a single creator's draws depend on: [`Incidents::NONE`] without a probability.
    #[must_use]
    pub fn of_one(self) -> Self {
        if self.probability > 0.0 {
            Self {
                assumed: false,
                ..self
            }
        } else {
            Self::NONE
        }
    }

    /// Whether shocks can happen and lose something.
    #[must_use]
    pub fn shocks(&self) -> bool {
        self.shocking() > 0.0 && self.shock > 0.0
    }

    /// Probability of a shocking incident, per whole partnership and month.
    fn shocking(&self) -> f64 {
        self.probability * self.shock_probability
    }

    /// Expected share of a partnership's own yields that is kept: 1 − p ℓ.
    #[must_use]
    pub fn kept(&self) -> f64 {
        1.0 - self.probability * self.yield_lost
    }

    /// E\[(1 − ℓJ)²\] / E\[1 − ℓJ\]²; 1 where nothing is kept.
    #[must_use]
    pub fn kept_excess(&self) -> f64 {
        let kept = self.kept();
        if kept <= 0.0 {
            return 1.0;
        }
        let left = 1.0 - self.yield_lost;
        (1.0 - self.probability + self.probability * left * left) / (kept * kept)
    }

    /// Expected clean-up cost of a partnership and month: p × cost.
    #[must_use]
    pub fn expected_cleanup(&self) -> f64 {
        self.probability * self.cleanup_cost
    }

    /// Of a month's partnerships: Π (1 − p q w) over all of them, and over all but a whole one or but the part
    /// of each cell.
    fn calm(&self, counts: &[f64]) -> Calm {
        let still = |w: f64| 1.0 - self.shocking() * w;
        let whole: f64 = counts.iter().map(|c| c.floor()).sum();
        let wholes = libm::pow(still(1.0), whole);
        let parts: Vec<f64> = counts.iter().map(|c| still(c - c.floor())).collect();
        // Products from the left and from the right: a factor may be 0, so that none can be divided out.
        let mut but_part = Vec::with_capacity(parts.len());
        let mut left = 1.0;
        for part in &parts {
            but_part.push(left);
            left *= part;
        }
        let mut right = 1.0;
        for (but, part) in but_part.iter_mut().zip(&parts).rev() {
            *but *= right * wholes;
            right *= part;
        }
        Calm {
            all: left * wholes,
            but_whole: left * libm::pow(still(1.0), (whole - 1.0).max(0.0)),
            but_part,
        }
    }

    /// Share of the expected conversions of a partnership of weight `w` that fall in months without a shock; the
    /// others of its month have no shock with probability `others`.
    ///
    /// A partnership's own incident both lowers its yields and may be the shocking one, so the two
    /// are not independent: with J its incident, X its shock and S any shock of the month,
    ///
    /// ```text
    /// E[(1 − ℓJ)(1 − S)] = E[(1 − ℓJ)(1 − X)] Π over the others (1 − p q w)
    /// E[(1 − ℓJ)(1 − X)] = 1 − p + p (1 − ℓ)(1 − q w)
    /// ```
    ///
    /// of E\[1 − ℓJ\] = 1 − pℓ; 1 where nothing is kept.
    fn calm_share_of_one(&self, w: f64, others: f64) -> f64 {
        let kept = self.kept();
        if kept <= 0.0 {
            return 1.0;
        }
        let (p, q) = (self.probability, self.shock_probability);
        let own = 1.0 - p + p * (1.0 - self.yield_lost) * (1.0 - q * w);
        own * others / kept
    }

    /// Incidents of a partnership of weight `w` in months without a shock: given that its own is not shocking, it
    /// has one with probability p (1 − q w) / (1 − p q w), independently of all others, and none is shocking.
    #[must_use]
    pub fn in_calm(&self, w: f64) -> Self {
        let still = 1.0 - self.shocking() * w;
        Self {
            probability: if still > 0.0 {
                (self.probability * (1.0 - self.shock_probability * w) / still).clamp(0.0, 1.0)
            } else {
                // Never without a shock.
                self.probability
            },
            shock_probability: 0.0,
            ..*self
        }
    }

    /// The most that shocks can leave of a cell's expected conversions in a month of partnerships whose weights add
    /// up to `weights`, however they are parted: 1 − s + s e^(−pq (weights − 1)), for 1 − pqw ≤ e^(−pqw).
    #[must_use]
    pub fn most_left_by_shocks(&self, weights: f64) -> f64 {
        (1.0 - self.shock) + self.shock * libm::exp(-self.shocking() * (weights - 1.0).max(0.0))
    }

    /// What shocks leave of the expected conversions of every cell in a month, as factors: those of its
    /// creators weighted by their weights. 1 without shocks and where the month books nothing; of a cell without
    /// bookings, what they would leave of one more creator's. `counts` has one count a cell; takes time in proportion
    /// to their number.
    #[must_use]
    pub fn left_by_shocks(&self, counts: &[f64]) -> Vec<f64> {
        if !self.shocks() || counts.iter().all(|&count| count <= 0.0) {
            return vec![1.0; counts.len()];
        }
        counts
            .iter()
            .zip(self.calm_shares(counts))
            .map(|(&count, calm)| {
                let (whole, part) = (count.floor(), count - count.floor());
                let calm = if count <= 0.0 {
                    calm[0]
                } else {
                    (whole * calm[0] + part * calm[1]) / count
                };
                (1.0 - self.shock) + self.shock * calm
            })
            .collect()
    }

    /// Shares of the expected conversions that fall in months without a shock, of a whole partnership of every cell and
    /// of its part; of a cell without bookings, of one more creator.
    #[must_use]
    pub fn calm_shares(&self, counts: &[f64]) -> Vec<[f64; 2]> {
        let calm = self.calm(counts);
        counts
            .iter()
            .zip(&calm.but_part)
            .map(|(&count, &but_part)| {
                if count <= 0.0 {
                    return [self.calm_share_of_one(1.0, calm.all); 2];
                }
                let part = count - count.floor();
                [
                    self.calm_share_of_one(1.0, calm.but_whole),
                    self.calm_share_of_one(part, but_part),
                ]
            })
            .collect()
    }
}

/// Probabilities that no partnership of a month has a shocking incident.
struct Calm {
    all: f64,
    but_whole: f64,
    but_part: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pattern of incidents and shocks of a small month, with its probability.
    fn brute_force(i: &Incidents, counts: &[f64], cell: usize) -> (f64, f64) {
        let mut weights = Vec::new();
        for (c, &count) in counts.iter().enumerate() {
            let mut left: f64 = count;
            while left > 0.0 {
                weights.push((c, left.min(1.0)));
                left -= 1.0;
            }
        }
        let n = weights.len();
        let (mut with, mut without) = (0.0, 0.0);
        for pattern in 0..3_usize.pow(n as u32) {
            let state = |k: usize| pattern / 3_usize.pow(k as u32) % 3;
            let mut probability = 1.0;
            let mut shocked = false;
            for (k, &(_, w)) in weights.iter().enumerate() {
                let shocking = i.shock_probability * w;
                probability *= match state(k) {
                    0 => 1.0 - i.probability,
                    1 => i.probability * (1.0 - shocking),
                    _ => i.probability * shocking,
                };
                shocked |= state(k) == 2;
            }
            let own: f64 = weights
                .iter()
                .enumerate()
                .filter(|(_, (c, _))| *c == cell)
                .map(|(k, (_, w))| {
                    w * if state(k) == 0 {
                        1.0
                    } else {
                        1.0 - i.yield_lost
                    }
                })
                .sum();
            without += probability * own;
            with += probability * own * if shocked { 1.0 - i.shock } else { 1.0 };
        }
        (with, without)
    }

    #[test]
    fn shocks_agree_with_every_pattern() {
        let counts = [2.0, 0.0, 1.5, 2.25];
        for (probability, yield_lost, shock_probability, shock) in [
            (0.1, 1.0, 0.3, 0.4),
            (0.5, 0.5, 1.0, 1.0),
            (0.9, 0.0, 0.7, 0.2),
            (1.0, 0.6, 0.5, 0.9),
            (1.0, 0.5, 1.0, 1.0),
        ] {
            let i = Incidents {
                probability,
                yield_lost,
                shock_probability,
                shock,
                ..Incidents::NONE
            };
            for cell in [0, 2, 3] {
                let (with, without) = brute_force(&i, &counts, cell);
                assert!((without - counts[cell] * i.kept()).abs() < 1e-12);
                let found = i.left_by_shocks(&counts)[cell] * without;
                assert!((found - with).abs() < 1e-12, "{i:?}: {found} {with}");
            }
            let mut any = 1.0;
            for w in [1.0, 1.0, 1.0, 0.5, 1.0, 1.0, 0.25] {
                any *= 1.0 - probability * shock_probability * w;
            }
            assert!((i.calm(&counts).all - any).abs() < 1e-12);
        }
    }

    #[test]
    fn certain_shocks_leave_what_they_leave() {
        let all = Incidents {
            probability: 1.0,
            yield_lost: 0.0,
            shock_probability: 1.0,
            shock: 1.0,
            ..Incidents::NONE
        };
        assert_eq!(all.left_by_shocks(&[3.0])[0], 0.0);
        assert_eq!(
            Incidents { shock: 0.25, ..all }.left_by_shocks(&[3.0])[0],
            0.75
        );
        assert_eq!(all.left_by_shocks(&[0.0, 2.0])[0], 0.0);
        assert_eq!(all.left_by_shocks(&[0.0, 0.0])[0], 1.0);
        assert_eq!(Incidents::NONE.left_by_shocks(&[3.0])[0], 1.0);
        assert!(!Incidents::NONE.matter() && all.matter());
    }
}
