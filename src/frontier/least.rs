//! The least value that meets what is wanted.

/// What simulation says of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// Whether every target that names a probability is met.
    pub met: bool,
    /// Whether it still is with each probability 1.96 errors lower.
    pub surely: bool,
    /// Whether it would be with each probability 1.96 errors higher.
    pub possibly: bool,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Least {
    /// What became of the search.
    pub verdict: Verdict,
    /// The least value that is possibly enough by the simulation's error; `None` if none is.
    pub possibly: Option<usize>,
    /// The least value from which on, up to the next that is not, all values looked at surely are.
    pub surely: Option<usize>,
    /// The next larger value looked at whose plan misses what the answer meets.
    pub lost_again: Option<usize>,
}

/// What became of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The least value found that meets, and the largest below it that does not.
    Found {
        /// Number of the point.
        point: usize,
        /// Number of the largest point below, none of which meets; `None` if there is none below.
        below: Option<usize>,
    },
    /// No value looked at meets.
    None,
}

/// Reads the answer off points in the order of their values; `None` in place of those without a plan.
#[must_use]
pub fn least(points: &[Option<Evidence>]) -> Least {
    let is = |i: usize, of: fn(&Evidence) -> bool| points[i].as_ref().is_some_and(of);
    let all = || 0..points.len();
    let verdict = match all().find(|&i| is(i, |e| e.met)) {
        Some(point) => Verdict::Found {
            point,
            below: point.checked_sub(1),
        },
        None => Verdict::None,
    };
    let first = match verdict {
        Verdict::Found { point, .. } => Some(point),
        Verdict::None => None,
    };
    Least {
        verdict,
        possibly: all().find(|&i| is(i, |e| e.possibly)),
        surely: all().find(|&i| is(i, |e| e.surely)),
        // Where there is no plan, nothing is known of one.
        lost_again: first
            .and_then(|first| (first + 1..points.len()).find(|&i| is(i, |e| !e.possibly))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: Option<Evidence> = Some(Evidence {
        met: false,
        surely: false,
        possibly: false,
    });
    const NEARLY: Option<Evidence> = Some(Evidence {
        met: false,
        surely: false,
        possibly: true,
    });
    const JUST: Option<Evidence> = Some(Evidence {
        met: true,
        surely: false,
        possibly: true,
    });
    const YES: Option<Evidence> = Some(Evidence {
        met: true,
        surely: true,
        possibly: true,
    });

    #[test]
    fn the_answer_is_the_first_that_meets_with_its_neighbours() {
        let found = least(&[None, NO, NEARLY, JUST, YES, YES]);
        assert_eq!(
            found.verdict,
            Verdict::Found {
                point: 3,
                below: Some(2)
            }
        );
        assert_eq!(
            (found.possibly, found.surely, found.lost_again),
            (Some(2), Some(4), None)
        );
        let found = least(&[YES, NO, YES]);
        assert_eq!(
            found.verdict,
            Verdict::Found {
                point: 0,
                below: None
            }
        );
        assert_eq!(found.lost_again, Some(1));
        // A value without a plan misses nothing.
        assert_eq!(least(&[NO, YES, None]).lost_again, None);
        assert_eq!(least(&[NO, YES, None, NO]).lost_again, Some(3));
        assert_eq!(least(&[NO, None, NEARLY]).verdict, Verdict::None);
        assert_eq!(least(&[]).verdict, Verdict::None);
    }
}
