//! Bars and a tornado in characters.

/// Columns of a full bar.
const BAR: f64 = 10.0;
/// Columns on either side of the middle of a tornado.
const SIDE: usize = 12;

/// A bar whose length is `value` of `largest`.
pub(super) fn bar(value: Option<f64>, largest: Option<f64>) -> String {
    let (Some(value), Some(largest)) = (value, largest.filter(|l| *l > 0.0)) else {
        return String::new();
    };
    let eighths = (8.0 * BAR * (value / largest).clamp(0.0, 1.0)).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    bar.push_str(part);
    bar
}

/// The scale of a tornado: the middle and what a full side means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    middle: f64,
    side: f64,
}

impl Scale {
    pub(super) fn new(middle: f64, ends: impl Iterator<Item = (Option<f64>, Option<f64>)>) -> Self {
        let side = ends
            .flat_map(|(low, high)| [low, high])
            .flatten()
            .map(|end| (end - middle).abs())
            .fold(0.0, f64::max);
        Self { middle, side }
    }

    /// One input: light where it is low, dark where it is high.
    pub(super) fn draw(&self, low: Option<f64>, high: Option<f64>) -> String {
        let mut left = [' '; SIDE];
        let mut right = [' '; SIDE];
        for (end, mark) in [(low, '░'), (high, '█')] {
            let Some(end) = end.filter(|_| self.side > 0.0) else {
                continue;
            };
            let length = (SIDE as f64 * ((end - self.middle) / self.side).abs()).round();
            let length = (length as usize).min(SIDE);
            if end < self.middle {
                left[SIDE - length..].fill(mark);
            } else {
                right[..length].fill(mark);
            }
        }
        left.into_iter().chain(['│']).chain(right).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion() {
        assert_eq!(bar(Some(1.0), Some(1.0)), "██████████");
        assert_eq!(bar(Some(0.5), Some(2.0)), "██▌");
        assert_eq!(bar(Some(-0.01), Some(1.0)), "");
        assert_eq!(bar(Some(0.5), Some(0.0)), "");
        assert_eq!(bar(None, Some(1.0)), "");
    }

    #[test]
    fn a_tornado_points_where_the_input_takes_the_result() {
        let ends = [(Some(8.0), Some(14.0)), (Some(11.0), Some(9.0))];
        let scale = Scale::new(10.0, ends.into_iter());
        assert_eq!(
            scale.draw(Some(8.0), Some(14.0)),
            "      ░░░░░░│████████████"
        );
        assert_eq!(
            scale.draw(Some(11.0), Some(9.0)),
            "         ███│░░░         "
        );
        assert_eq!(scale.draw(None, None), "            │            ");
        assert_eq!(
            Scale::new(10.0, std::iter::empty())
                .draw(Some(10.0), Some(10.0))
                .trim(),
            "│"
        );
    }
}
