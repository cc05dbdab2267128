//! The months of a plan on one screen: what they yield, when it is sold and paid, and what cash that takes.

use super::figures::{UNDEFINED, plan_name, probability};
use super::layout::{Grid, Page};
use crate::engine::{PlanResult, RunResult};
use crate::forecast::{self, CashMetric, CashRow, ForecastMetric};
use crate::model::{Metric, Model, Plan};
use crate::summary::{Estimate, ScopeKind};
use crate::units::{YearMonth, currency_sign, fixed, listed, money, percent, ratio};

const P10: usize = 1;
const P50: usize = 3;
const P90: usize = 5;

/// The months' tables and what they come to; nothing where there is one month and nothing is said about time.
pub(super) fn write(page: &mut Page, result: &RunResult, plan: &PlanResult) {
    let view = View {
        result,
        model: &plan.model,
        plan: &plan.plan.name,
    };
    if !forecast::applies(view.model) || view.cash(None, CashMetric::Paid).is_none() {
        return;
    }
    let name = plan_name(view.plan);
    if view.model.months > 1 {
        let scale = view.scale();
        let sign = currency_sign(&view.model.currency);
        let unit = format!("{}{}", sign.trim_end(), scale.name);
        page.heading(&format!("What {name} yields by month ({unit})"));
        let whole = view.yields(&scale, true);
        if whole.natural_width() <= page.width() {
            page.table(&whole);
        } else {
            page.table(&view.yields(&scale, false));
        }
        page.sentence(
            "Revenue is what the month's posts bring, whenever it comes. The last line is of totals, its ROAS their ratio: quantiles of months do not add up.",
        );
        page.heading(&format!("What {name} sells, pays and receives ({unit})"));
        page.table(
            &view
                .moves(&scale)
                .fitted(page.width(), &["owed", "due", "cumulative", "to come"]),
        );
        page.sentence("Expected amounts; to come, cumulative, owed and due at the end of the month. Need: paid until then less what was received before the month.");
    } else {
        page.heading(&format!("When {name} sells, pays and receives"));
    }
    view.earned(page);
    view.later(page, &plan.plan);
    view.need(page);
}

/// How large amounts are written.
struct Scale {
    by: f64,
    name: &'static str,
}

impl Scale {
    fn write(&self, value: Option<f64>) -> String {
        value.map_or_else(|| UNDEFINED.to_owned(), |v| fixed(v / self.by, 0))
    }
}

struct View<'a> {
    result: &'a RunResult,
    model: &'a Model,
    plan: &'a str,
}

impl View<'_> {
    fn summary(&self, month: Option<usize>, metric: Metric) -> Option<&Estimate> {
        let row = self.result.summary.iter().find(|r| {
            r.month == month
                && r.metric == metric
                && r.scope.kind == ScopeKind::Total
                && r.plan == self.plan
        });
        row.map(|r| &r.estimate)
    }

    fn forecast(&self, month: Option<usize>, metric: ForecastMetric) -> Option<&Estimate> {
        let mut rows = self.result.forecast.iter();
        rows.find(|r| r.month == month && r.metric == metric && r.plan == self.plan)
            .map(|r| &r.estimate)
    }

    fn cash(&self, month: Option<usize>, metric: CashMetric) -> Option<&CashRow> {
        let mut rows = self.result.cash.iter();
        rows.find(|r| r.month == month && r.metric == metric && r.plan == self.plan)
    }

    fn months(&self) -> impl Iterator<Item = Option<usize>> {
        (1..=self.model.months).map(Some).chain([None])
    }

    /// `2026-07`, or the month's number where there are no dates.
    fn name(&self, month: Option<usize>) -> String {
        let Some(month) = month else {
            return "all".to_owned();
        };
        let start = self.model.start.and_then(|(y, m)| YearMonth::new(y, m));
        let date = start.and_then(|s| s.plus_months(u32::try_from(month - 1).ok()?));
        date.map_or_else(|| month.to_string(), |d| d.to_string())
    }

    /// Such that the largest amounts have at most six digits.
    fn scale(&self) -> Scale {
        let high = |e: Option<&Estimate>| e.and_then(|e| e.quantiles[P90]).unwrap_or(0.0);
        let largest = high(self.summary(None, Metric::Spend))
            .max(high(self.summary(None, Metric::Revenue)))
            .max(high(self.forecast(None, ForecastMetric::Booked)));
        if largest < 999_999.5 {
            Scale { by: 1.0, name: "" }
        } else if largest < 999_999.5e3 {
            Scale {
                by: 1e3,
                name: " thousand",
            }
        } else {
            Scale {
                by: 1e6,
                name: " million",
            }
        }
    }

    /// Spend, revenue and ROAS by month: three quantiles each, or on narrow screens ROAS' alone.
    fn yields(&self, scale: &Scale, whole: bool) -> Grid {
        let mut header = vec!["month"];
        header.extend(if whole {
            vec!["spend P10", "P50", "P90", "revenue P10", "P50", "P90"]
        } else {
            vec!["spend P50", "revenue P50"]
        });
        header.extend(["ROAS P10", "P50", "P90"]);
        let of_money = if whole {
            vec![P10, P50, P90]
        } else {
            vec![P50]
        };
        let mut grid = Grid::new(header);
        for month in self.months() {
            let mut row = vec![self.name(month)];
            for metric in [Metric::Spend, Metric::Revenue] {
                let found = self.summary(month, metric);
                row.extend(
                    of_money
                        .iter()
                        .map(|&q| scale.write(found.and_then(|e| e.quantiles[q]))),
                );
            }
            let roas = self.summary(month, Metric::Roas);
            row.extend([P10, P50, P90].map(|q| {
                roas.and_then(|e| e.quantiles[q])
                    .map_or_else(|| UNDEFINED.to_owned(), ratio)
            }));
            grid.row(row);
        }
        grid
    }

    /// What is sold, paid and received by month, as expected, and the need for cash.
    fn moves(&self, scale: &Scale) -> Grid {
        let mut grid = Grid::new([
            "month",
            "earned",
            "to come",
            "paid",
            "received",
            "cumulative",
            "owed",
            "due",
            "need P50",
            "P90",
        ]);
        for month in self.months() {
            let mut row = vec![self.name(month)];
            for metric in [ForecastMetric::Earned, ForecastMetric::ToCome] {
                row.push(scale.write(self.forecast(month, metric).and_then(|e| e.mean)));
            }
            for metric in [
                CashMetric::Paid,
                CashMetric::Received,
                CashMetric::Cumulative,
                CashMetric::Owed,
                CashMetric::Due,
            ] {
                let found = self.cash(month, metric);
                row.push(scale.write(found.and_then(|r| r.estimate.mean)));
            }
            let need = if month.is_some() {
                CashMetric::Need
            } else {
                CashMetric::PeakNeed
            };
            for q in [P50, P90] {
                let found = self.cash(month, need);
                row.push(scale.write(found.and_then(|r| r.estimate.quantiles[q])));
            }
            grid.row(row);
        }
        grid
    }

    fn money(&self, value: Option<f64>) -> String {
        value.map_or_else(|| UNDEFINED.to_owned(), |v| money(v, &self.model.currency))
    }

    /// Earned against booked, and what is still to come.
    fn earned(&self, page: &mut Page) {
        let of = |metric| self.forecast(None, metric);
        let mean = |metric| of(metric).and_then(|e| e.mean);
        let (Some(booked), Some(earned), Some(to_come)) = (
            mean(ForecastMetric::Booked),
            mean(ForecastMetric::Earned),
            of(ForecastMetric::ToCome),
        ) else {
            return;
        };
        let (these, them) = match self.model.months {
            1 => ("this month".to_owned(), "it"),
            n => (format!("these {n} months"), "them"),
        };
        let left = to_come.mean.unwrap_or(0.0);
        let booked_words = format!(
            "Posts of {these} are expected to sell {}",
            self.money(Some(booked))
        );
        page.sentence(&if left > 0.0 {
            format!(
                "{booked_words}, of which {} ({}) is earned within {them} and {} is still to come (P10 {}, P90 {}).",
                self.money(Some(earned)),
                percent(earned / booked),
                self.money(Some(left)),
                self.money(to_come.quantiles[P10]),
                self.money(to_come.quantiles[P90]),
            )
        } else {
            format!("{booked_words}, all of it within {them}.")
        });
    }

    /// Whose posts come days after they are booked.
    fn later(&self, page: &mut Page, plan: &Plan) {
        let mut types: Vec<(&str, u32, u32)> = Vec::new();
        for (cell, counts) in self.model.cells.iter().zip(plan.counts.columns()) {
            let days = cell.terms.post_days;
            if days == 0 || counts.iter().all(|&n| n <= 0.0) {
                continue;
            }
            let name = self.model.partnerships[cell.partnership].name.as_str();
            match types.iter_mut().find(|(own, ..)| *own == name) {
                Some((_, least, most)) => (*least, *most) = (days.min(*least), days.max(*most)),
                None => types.push((name, days, days)),
            }
        }
        if types.is_empty() {
            return;
        }
        let said: Vec<String> = types
            .iter()
            .map(|(name, least, most)| {
                let days = match (least, most) {
                    (1, 1) => "1 day".to_owned(),
                    (a, b) if a == b => format!("{a} days"),
                    (a, b) => format!("{a} to {b} days"),
                };
                format!("those of {name} {days}")
            })
            .collect();
        page.sentence(&format!(
            "Some posts come after they are booked and shipped: {}. Sales, fees and commissions follow the post; product and \
             handling are paid when it is booked.",
            listed(&said),
        ));
    }

    /// The largest need for cash, its month, and what is left to pay and to receive.
    fn need(&self, page: &mut Page) {
        let Some(peak) = self.cash(None, CashMetric::PeakNeed) else {
            return;
        };
        let high = peak.estimate.quantiles[P90];
        if high.is_none_or(|v| v <= 0.0) {
            page.sentence("No cash is needed: sales are received before anything is paid.");
        } else {
            let most = (1..=self.model.months)
                .filter_map(|m| Some((m, self.cash(Some(m), CashMetric::Need)?.prob_peak?.0)))
                .fold(None, |best: Option<(usize, f64)>, (m, p)| match best {
                    Some((_, most)) if most >= p => best,
                    _ => Some((m, p)),
                });
            let month = match most {
                Some((month, share)) if self.model.months > 1 => {
                    let name = self.name(Some(month));
                    let name = if self.model.start.is_some() {
                        name
                    } else {
                        format!("month {name}")
                    };
                    if share >= 1.0 {
                        format!(", always in {name}")
                    } else {
                        format!(
                            ", most often in {name} ({} of trials)",
                            probability(Some(share))
                        )
                    }
                }
                _ => String::new(),
            };
            page.sentence(&format!(
                "Peak cash need: {} (P50), {} (P90){month}.",
                self.money(peak.estimate.quantiles[P50]),
                self.money(high),
            ));
        }
        let left = |metric| self.cash(None, metric).and_then(|r| r.estimate.mean);
        let (owed, due) = (left(CashMetric::Owed), left(CashMetric::Due));
        if owed.is_some_and(|v| v > 0.0) || due.is_some_and(|v| v > 0.0) {
            page.sentence(&format!(
                "At the end {} is still owed and {} still due, what is to come included.",
                self.money(owed),
                self.money(due),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::display_width;
    use super::super::{ReportContext, summary};
    use crate::fixture;
    use crate::model::{Horizon, Payment};

    /// From the heading of the months to that of the next section but the targets.
    fn screen(text: &str) -> String {
        let from = text.find("What base yields by month").unwrap();
        let to = text.find("What this rests on").unwrap();
        text[from..to].trim_end().to_owned()
    }

    #[test]
    fn a_quarter_on_one_screen() {
        let text = summary(&fixture::quarter(3, 1.0), &ReportContext::default());
        let screen = screen(&text);
        insta::assert_snapshot!("quarter", screen);
        assert!(screen.lines().count() <= 40);
    }

    #[test]
    fn a_year_of_millions_without_dates() {
        let mut run = fixture::quarter(12, 40.0);
        run.plans[0].model.start = None;
        insta::assert_snapshot!("year", screen(&summary(&run, &ReportContext::default())));
    }

    #[test]
    fn lines_fit() {
        for (months, amounts, width) in [
            (3, 1.0, 100),
            (12, 1.0, 100),
            (24, 1e3, 100),
            (24, 1e5, 72),
            (3, 0.01, 60),
        ] {
            let context = ReportContext {
                width,
                ..ReportContext::default()
            };
            let run = fixture::quarter(months, amounts);
            let text = summary(&run, &context);
            for line in screen(&text).lines() {
                assert!(display_width(line) <= width, "{width}: {line}");
            }
            // Every month and the horizon, in both tables.
            let screen = screen(&text);
            let rows = screen
                .lines()
                .filter(|l| l.starts_with("  202") || l.starts_with("  all  "))
                // A sentence may break before a month.
                .filter(|l| !l.ends_with('.'));
            assert_eq!(rows.count(), 2 * (months + 1), "{screen}");
        }
    }

    #[test]
    fn who_posts_later_is_said() {
        let mut run = fixture::quarter(3, 1.0);
        let plain = summary(&run, &ReportContext::default());
        assert!(!plain.contains("booked and shipped"), "{plain}");
        let plan = &mut run.plans[0];
        let (model, counts) = (&mut plan.model, &plan.plan.counts);
        let booked = |cell: usize| counts.column(cell).iter().any(|&n| n > 0.0);
        let cells = (0..model.cells.len()).filter(|&cell| booked(cell));
        let cells: Vec<usize> = cells.collect();
        for (cell, days) in cells.into_iter().zip([14, 21]) {
            model.cells[cell].terms.post_days = days;
        }
        let text = summary(&run, &ReportContext::default());
        let words: Vec<&str> = text.split_whitespace().collect();
        let words = words.join(" ");
        assert!(
            words.contains("Some posts come after they are booked and shipped: those of"),
            "{text}"
        );
        assert!(words.contains("Sales, fees and commissions follow the post"));
    }

    #[test]
    fn one_month_says_what_time_says() {
        let mut run = fixture::quarter(1, 1.0);
        let text = summary(&run, &ReportContext::default());
        assert!(
            text.contains("When base sells, pays and receives"),
            "{text}"
        );
        assert!(text.contains("Posts of this month are expected to sell"));
        assert!(!text.contains("by month"));
        run.plans[0].model.horizon = Horizon::equal(1);
        assert_eq!(run.plans[0].model.horizon.payment, Payment::AT_ONCE);
        let text = summary(&run, &ReportContext::default());
        assert!(!text.contains("receives"), "{text}");
    }
}
