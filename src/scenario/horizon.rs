//! Reading the months: budgets, seasons, when sales come and money moves.

use super::horizon_keys::{LARGEST_SEASON, MOST_MONTHS};
use super::keys::{LARGEST, OVER};
use super::problem::Fault;
use super::reader::Reader;
use super::time_value;
use super::tree::{Node, Value};
use crate::model::{BudgetOver, Horizon, Model, NOMINAL_DAYS, Objective, Origin, Over, Payment};

impl Reader<'_> {
    /// Reads [`Model::months`] and [`Model::horizon`] but its budgets.
    pub(super) fn horizon(&mut self, model: &mut Model) {
        let stated = self.with(&["months"], time_value::months);
        self.months_unknown = self.was_meant(&["months"]) || stated.is_none();
        // So many that whatever the file speaks of has its place.
        let months = stated
            .filter(|_| !self.months_unknown)
            .unwrap_or(MOST_MONTHS);
        model.months = usize::try_from(months).unwrap_or(1);
        let mut horizon = Horizon::equal(model.months);
        for (month, own) in horizon.months.iter_mut().enumerate() {
            own.days = days(model.start, month);
        }
        if let Some(factors) = self.one_a_month(
            &["time", "seasonality"],
            "factors",
            LARGEST_SEASON,
            &horizon,
        ) {
            for (month, factor) in horizon.months.iter_mut().zip(factors) {
                month.seasonality = factor;
            }
        }
        horizon.market_persistence = self.number(&["time", "market_persistence"]).unwrap_or(1.0);
        horizon.response_half_life_days = self
            .number(&["time", "response_half_life_days"])
            .unwrap_or(0.0);
        if self.word(&["diversity", "over"], OVER) == Some("horizon") {
            horizon.diversity_over = Over::Horizon;
        }
        model.horizon = horizon;
    }

    /// When money moves, of a model with all its cells. A month of which the file says nothing of time has no forecast and no
    /// cash: payments are at once.
    pub(super) fn payment(&mut self, model: &Model) -> Payment {
        const KEYS: [&str; 3] = ["fee_days", "commission_days", "sales_receipt_days"];
        let mut days = |key: &'static str| self.number(&["payment", key]).unwrap_or(0.0);
        let payment = Payment {
            fee_days: days(KEYS[0]),
            commission_days: days(KEYS[1]),
            sales_receipt_days: days(KEYS[2]),
        };
        let stated = KEYS.iter().any(|key| {
            let origin = self.origin(&["payment", key]);
            !matches!(origin, Origin::Preset(_) | Origin::Default)
        });
        let timeless = model.months == 1
            && model.horizon.response_half_life_days == 0.0
            && !model.posts_later();
        if timeless && !stated {
            Payment::AT_ONCE
        } else {
            payment
        }
    }

    /// A list of as many numbers as there are months; another length is a fault.
    fn one_a_month(
        &mut self,
        path: &[&str],
        what: &str,
        max: f64,
        horizon: &Horizon,
    ) -> Option<Vec<f64>> {
        let node = self.node(path)?;
        let mut faults = Vec::new();
        let list = time_value::monthly(node, max, &mut faults);
        if !faults.is_empty() {
            // The list of keys has said so.
            self.tainted = true;
            return None;
        }
        let months = horizon.months.len();
        if list.len() == months {
            return Some(list);
        }
        if self.months_unknown {
            self.tainted = true;
            return None;
        }
        let key = path.join(".");
        let plural = |n: usize, word: &str| {
            format!(
                "{n} {}",
                if n == 1 {
                    word.trim_end_matches('s')
                } else {
                    word
                }
            )
        };
        let from = match self.origin(&["months"]) {
            Origin::Default => " (months = 1 is the default)".to_owned(),
            _ => String::new(),
        };
        let fault = Fault::at(
            node.mark,
            format!(
                "{key} has {} for {}{from}",
                plural(list.len(), what),
                plural(months, "months")
            ),
        )
        .expected(format!("expected {}, one a month", plural(months, what)));
        let fault = if list.len() as u64 <= MOST_MONTHS {
            fault.help(format!("or months = {} for the whole file", list.len()))
        } else {
            fault
        };
        self.fault(fault);
        None
    }

    /// Mean budget a month, and where it was written; the months' budgets go into the horizon.
    pub(super) fn budget(&mut self, horizon: &mut Horizon) -> (f64, Origin) {
        let failed = |reader: &mut Self| {
            reader.tainted = true;
            (1.0, reader.origin(&["budget"]))
        };
        let Some(node) = self.node(&["budget"]) else {
            return failed(self);
        };
        let months = horizon.months.len();
        let (key, carry_over) = match &node.value {
            Value::Table(_) => {
                let carry_over = self.flag(&["budget", "carry_over"]);
                for key in ["amount", "total", "months"] {
                    self.seen.insert(format!("budget.{key}"));
                }
                match self.form_of_budget(node) {
                    Some(key) => (key, carry_over),
                    None => return failed(self),
                }
            }
            Value::Array(_) => ("list", None),
            _ => ("number", None),
        };
        let path: &[&str] = match key {
            "list" | "number" => &["budget"],
            _ => &["budget", key],
        };
        horizon.budget_over = match (key, carry_over) {
            ("total", None) => BudgetOver::Horizon,
            (_, Some(true)) => BudgetOver::CarryOver,
            _ => BudgetOver::Month,
        };
        let origin = self.origin(path);
        if !matches!(key, "list" | "months") {
            let Some(amount) = self.number(path) else {
                return failed(self);
            };
            let parts = if key == "total" { months as f64 } else { 1.0 };
            return (amount / parts, origin);
        }
        let Some(list) = self.one_a_month(path, "amounts", LARGEST, horizon) else {
            return failed(self);
        };
        let mean = list.iter().sum::<f64>() / months as f64;
        if mean <= 0.0 {
            let place = self.root.at(path).map_or(node.mark, |n| n.mark);
            self.fault(
                Fault::at(place, "no month has a budget")
                    .expected("expected an amount above 0 in one month at least"),
            );
            return failed(self);
        }
        for (month, amount) in horizon.months.iter_mut().zip(&list) {
            month.budget_share = share(*amount, mean);
        }
        (mean, origin)
    }

    /// Which of amount, total and months a budget states.
    fn form_of_budget(&mut self, node: &Node) -> Option<&'static str> {
        let mut stated = ["amount", "total", "months"]
            .into_iter()
            .filter(|key| node.get(key).is_some());
        match (stated.next(), stated.next()) {
            (Some(one), None) => Some(one),
            (Some(one), Some(other)) => {
                let place = node.item(other).map_or(node.mark, |item| item.key_mark);
                self.fault(
                    Fault::at(place, format!("the budget states both {one} and {other}"))
                        .expected("keep one of them")
                        .help("amount is each month's, total the horizon's, months a list of one amount a month"),
                );
                None
            }
            (None, _) => {
                // The amount may stand where something else is wrong.
                if !self.tainted
                    && !["amount", "total", "months"]
                        .iter()
                        .any(|key| self.was_meant(&["budget", key]))
                {
                    let fault = self
                        .fault_at(&["budget"], "this budget has no amount")
                        .expected("add e.g. amount = 300_000")
                        .help("amount is each month's; or total, the horizon's; or months, a list of one amount a month");
                    self.fault(fault);
                }
                None
            }
        }
    }

    /// `[risk]` and `budget.with` speak of every month by itself.
    pub(super) fn only_by_month(&mut self, model: &Model) {
        let horizon = &model.horizon;
        let several = model.months > 1;
        let share = |month: usize| horizon.months[month].budget_share;
        let equal =
            (1..model.months).all(|m| share(m - 1) == share(m) && model.same_season(m - 1, m));
        let ties = [
            (!horizon.waves.is_empty(), "campaign waves"),
            (!horizon.levels.is_empty(), "ambassador levels"),
            (several && horizon.pipeline.is_some(), "[pipeline]"),
            (
                several && horizon.budget_over != BudgetOver::Month,
                "a budget over the months",
            ),
            (
                several && horizon.diversity_over == Over::Horizon,
                "diversity.over = \"horizon\"",
            ),
            (
                several && model.targets.iter().any(|target| target.enforce),
                "enforced targets, which speak of the horizon",
            ),
            (
                several && !equal && model.objective == Objective::Roas,
                "objective = \"roas\" over unequal months",
            ),
        ];
        let ties: Vec<&str> = ties
            .iter()
            .filter_map(|&(there, name)| there.then_some(name))
            .collect();
        let promised = !model.risk.rules.is_empty() || model.risk.objective.is_some();
        if !promised || ties.is_empty() || self.tainted {
            return;
        }
        let (path, what): (&[&str], _) = if model.risk.objective.is_none()
            && model.risk.rules.iter().all(|r| r.key == "budget")
        {
            (&["budget", "with"], "budget.with")
        } else {
            (&["risk"], "[risk]")
        };
        let fault = self
            .fault_at(
                path,
                format!(
                    "{what} speaks of every month by itself, but here months hang together: {}",
                    ties.join(", ")
                ),
            )
            .expected("expected months that can be planned one by one")
            .help(format!(
                "leave out {what} or what ties the months; [targets] with a probability judge any plan"
            ));
        self.fault(fault);
    }

    /// A what-if is compared with the base trial by trial and total by total: over the same months.
    pub(super) fn same_months(&mut self, model: &Model, base: &Model) {
        if model.months == base.months {
            return;
        }
        let fault = self
            .fault_at(
                &["months"],
                format!(
                    "this what-if has {} months and the base {}",
                    model.months, base.months
                ),
            )
            .expected(format!("expected {}", base.months))
            .help("totals of different horizons say nothing about each other: give it a scenario file of its own");
        self.fault(fault);
    }
}

/// The multiple of a mean that an amount is, so that mean × multiple is the amount to the last bit where there is such a one.
fn share(amount: f64, mean: f64) -> f64 {
    let near = amount / mean;
    [near, near.next_down(), near.next_up()]
        .into_iter()
        .find(|s| s * mean == amount)
        .unwrap_or(near)
}

/// Days of a month of the horizon.
fn days(start: Option<(i16, i8)>, month: usize) -> u32 {
    let date = start.and_then(|(year, first)| {
        let ahead = i64::from(first) - 1 + i64::try_from(month).ok()?;
        let year = i16::try_from(i64::from(year) + ahead / 12).ok()?;
        let month = i8::try_from(ahead % 12 + 1).ok()?;
        jiff::civil::Date::new(year, month, 1).ok()
    });
    date.and_then(|date| u32::try_from(date.days_in_month()).ok())
        .unwrap_or(NOMINAL_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_have_the_days_of_the_calendar() {
        let of = |start| (0..14).map(|m| days(start, m)).collect::<Vec<_>>();
        assert_eq!(
            of(Some((2027, 12))),
            [31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]
        );
        assert_eq!(of(None), [30; 14]);
        assert_eq!(of(Some((9999, 12)))[..2], [31, 30]);
    }

    #[test]
    fn amounts_come_back_from_their_shares() {
        for list in [
            [300_000.0, 420_000.0, 280_000.0],
            [1.0, 0.1, 7.0],
            [0.0, 3.0, 0.3],
        ] {
            let mean = list.iter().sum::<f64>() / 3.0;
            for amount in list {
                assert_eq!(share(amount, mean) * mean, amount);
            }
        }
    }
}
