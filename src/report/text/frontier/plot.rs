//! A plot in characters.

use crate::report::text::layout::display_width;

/// One point of a plot.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dot {
    pub(super) x: f64,
    pub(super) y: f64,
    /// A range to draw as a line through it.
    pub(super) range: Option<(f64, f64)>,
    pub(super) mark: char,
}

/// Rows of a plot.
const ROWS: usize = 13;
/// Columns between the axes, at most.
const WIDEST: usize = 72;

/// Lines of a plot with labelled ends; none of fewer than two points.
pub(super) fn plot(
    dots: &[Dot],
    width: usize,
    x_label: impl Fn(f64) -> String,
    y_label: impl Fn(f64) -> String,
) -> Vec<String> {
    let ends = |of: &dyn Fn(&Dot) -> [f64; 2]| {
        dots.iter()
            .flat_map(of)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            })
    };
    let (left, right) = ends(&|d| [d.x, d.x]);
    let (low, high) = ends(&|d| {
        d.range
            .map_or([d.y, d.y], |(a, b)| [a.min(d.y), b.max(d.y)])
    });
    // Dots on one spot are no picture.
    let spot = left == right && low == high;
    if dots.len() < 2 || spot || !(high - low).is_finite() {
        return Vec::new();
    }
    let labels = [
        y_label(high),
        y_label(f64::midpoint(low, high)),
        y_label(low),
    ];
    let margin = labels.iter().map(|l| display_width(l)).max().unwrap_or(0);
    let columns = width.saturating_sub(margin + 5).clamp(16, WIDEST);
    let place = |v: f64, (from, to): (f64, f64), cells: usize| {
        if to > from {
            ((v - from) / (to - from) * (cells - 1) as f64).round() as usize
        } else {
            cells / 2
        }
    };
    let mut canvas = vec![vec![' '; columns]; ROWS];
    let row = |v: f64| ROWS - 1 - place(v, (low, high), ROWS).min(ROWS - 1);
    let column = |v: f64| place(v, (left, right), columns).min(columns - 1);
    for dot in dots {
        if let Some((a, b)) = dot.range {
            for line in &mut canvas[row(b)..=row(a)] {
                line[column(dot.x)] = '│';
            }
        }
    }
    // Marks last: a range must not hide one.
    for dot in dots {
        canvas[row(dot.y)][column(dot.x)] = dot.mark;
    }
    for dot in dots.iter().filter(|d| d.mark != super::DOT) {
        canvas[row(dot.y)][column(dot.x)] = dot.mark;
    }
    let mut lines = Vec::with_capacity(ROWS + 2);
    for (number, cells) in canvas.iter().enumerate() {
        let label = match number {
            0 => labels[0].as_str(),
            n if n == ROWS / 2 => labels[1].as_str(),
            n if n == ROWS - 1 => labels[2].as_str(),
            _ => "",
        };
        let pad = " ".repeat(margin - display_width(label));
        let tick = if label.is_empty() { '│' } else { '┤' };
        let cells: String = cells.iter().collect();
        lines.push(format!("  {pad}{label} {tick}{}", cells.trim_end()));
    }
    let blank = " ".repeat(margin);
    lines.push(format!("  {blank} └{}", "─".repeat(columns)));
    let (from, to) = (x_label(left), x_label(right));
    let middle = x_label(f64::midpoint(left, right));
    let room = columns.saturating_sub([&from, &middle, &to].map(|l| display_width(l)).iter().sum());
    let first = (columns / 2).saturating_sub(display_width(&from) + display_width(&middle) / 2);
    lines.push(if room >= 4 && first < room {
        let (a, b) = (" ".repeat(first), " ".repeat(room - first));
        format!("  {blank}  {from}{a}{middle}{b}{to}")
    } else {
        let gap = columns.saturating_sub(display_width(&from) + display_width(&to));
        format!("  {blank}  {from}{}{to}", " ".repeat(gap.max(1)))
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_rises_from_corner_to_corner() {
        let dots: Vec<Dot> = (0..3)
            .map(|i| Dot {
                x: f64::from(i),
                y: 10.0 * f64::from(i),
                range: (i == 1).then_some((5.0, 15.0)),
                mark: if i == 2 { '◆' } else { '●' },
            })
            .collect();
        let lines = plot(&dots, 30, |x| format!("{x}"), |y| format!("{y}"));
        assert_eq!(lines.len(), 15);
        assert_eq!(lines[0], "  20 ┤                      ◆");
        assert_eq!(lines[12], "   0 ┤●");
        assert!(lines[6].starts_with("  10 ┤") && lines[6].contains('●'));
        assert_eq!(lines[14].trim(), "0          1          2");
        let range = lines
            .iter()
            .filter(|l| l[4..].contains('│') && l.ends_with('│'))
            .count();
        assert!(range > 3, "{lines:#?}");
        assert!(lines.iter().all(|l| display_width(l) <= 30));
    }

    #[test]
    fn flat_and_lonely_points_do_no_harm() {
        let dot = |x, y| Dot {
            x,
            y,
            range: None,
            mark: '●',
        };
        assert!(plot(&[dot(1.0, 1.0)], 80, |x| x.to_string(), |y| y.to_string()).is_empty());
        assert!(
            plot(
                &[dot(1.0, f64::NAN), dot(2.0, f64::INFINITY)],
                80,
                |x| x.to_string(),
                |y| y.to_string()
            )
            .is_empty()
        );
        let flat = plot(
            &[dot(1.0, 5.0), dot(2.0, 5.0)],
            80,
            |x| x.to_string(),
            |y| y.to_string(),
        );
        assert_eq!(flat.iter().filter(|l| l.contains('●')).count(), 1);
    }
}
