//! A walk over a key in words: a table, a plot, and where more stops being worth it.

mod findings;
mod least;
mod plot;

use self::plot::Dot;
use super::figures::{axis_value, emptied, label, objective, partnerships, probability, value};
use super::layout::{Grid, Page, Tone};
use super::whole::ReportContext;
use crate::engine::Frontier;
use crate::frontier::{By, FrontierRow, Knee, Verdict, dominated};
use crate::model::{BudgetOver, Metric, Model, Plan, Target, TargetScope};
use crate::units::{count, money, percent, ratio};

/// A point of a plot.
const DOT: char = '●';
/// The scenario's own value.
const OWN: char = '○';
/// The last value that is worth it, or the answer.
const KNEE: char = '◆';
/// Columns that narrow terminals do without, the first first.
const SPARE: [&str; 5] = ["creators", "P5–P95 of profit", "spend", "P5–P95", "sd"];
/// Warnings said at most.
const WARNINGS: usize = 6;

/// The findings of a walk over the budget, the risk or a key.
#[must_use]
pub fn frontier(found: &Frontier, context: &ReportContext) -> String {
    let mut page = Page::new(context.color, context.width);
    let Some(first) = found.run.plans.first() else {
        return page.into_text();
    };
    let view = View {
        found,
        model: &first.model,
    };
    view.title(&mut page);
    if found.points.iter().any(|p| p.simulated.is_some()) {
        match found.axis.by {
            By::Risk => view.risk_table(&mut page),
            By::Budget | By::Key => view.table(&mut page),
        }
    }
    findings::without_plan(&mut page, &view);
    view.plots(&mut page);
    match found.axis.by {
        By::Budget => findings::budget(&mut page, &view),
        By::Risk => findings::risk(&mut page, &view),
        By::Key => findings::key(&mut page, &view),
    }
    findings::gaps(&mut page, &view);
    least::write(&mut page, &view);
    view.warnings(&mut page);
    page.into_text()
}

/// Most digits that a value takes beyond the usual ones.
const FINEST: usize = 6;

/// What is said of.
struct View<'a> {
    found: &'a Frontier,
    model: &'a Model,
}

impl View<'_> {
    /// A value of the key, with as many digits as it takes to tell it from the points beside it.
    fn at(&self, value: f64) -> String {
        let show = |value, more| axis_value(&self.found.axis, value, more, &self.model.currency);
        let others = || self.found.points.iter().map(|p| p.value);
        let alike = |more: &usize| {
            let text = show(value, *more);
            others().any(|other| other != value && show(other, *more) == text)
        };
        let more = (0..FINEST).find(|more| !alike(more)).unwrap_or(FINEST);
        show(value, more)
    }

    fn value_of(&self, point: usize) -> String {
        self.at(self.found.points[point].value)
    }

    fn plan(&self, point: usize) -> &Plan {
        &self.found.run.plans[point].plan
    }

    fn row(&self, point: usize, metric: Metric) -> Option<&FrontierRow> {
        let mut rows = self.found.rows.iter();
        rows.find(|row| row.point == point && row.metric == Some(metric))
    }

    fn figure(&self, metric: Metric, figure: Option<f64>) -> String {
        value(metric, figure, &self.model.currency)
    }

    /// A metric's expected figure at a point; the simulated one where there is no closed form.
    fn expected(&self, point: usize, metric: Metric) -> Option<f64> {
        let row = self.row(point, metric)?;
        row.expected.or_else(|| row.estimate.headline())
    }

    /// The points with a plan, refinements left out, in the order of their values.
    fn steps(&self) -> Vec<usize> {
        let points = &self.found.points;
        (0..points.len())
            .filter(|&i| points[i].simulated.is_some() && !points[i].refined)
            .collect()
    }

    /// The metric that plans maximize.
    fn goal(&self) -> Metric {
        objective(self.model.objective).1
    }

    /// What the table and the findings say of targets: those of the whole plan, one column each.
    fn targets(&self) -> Vec<&Target> {
        let total = |t: &&Target| t.scope == TargetScope::Total;
        self.model.targets.iter().filter(total).collect()
    }

    fn is_own(&self, point: usize) -> bool {
        self.found.axis.own == Some(self.found.points[point].value)
    }

    /// The point that is marked: the answer, or the last that is worth it.
    fn marked(&self) -> Option<usize> {
        if let Some(least) = &self.found.least {
            return match least.verdict {
                Verdict::Found { point, .. } => Some(point),
                Verdict::None => None,
            };
        }
        let own = self.found.knees.iter().find(|pays| !pays.target)?;
        match own.knee {
            Knee::Until { point, .. } => Some(point),
            Knee::Everywhere { .. } | Knee::Nowhere { .. } => None,
        }
    }

    fn mark(&self, point: usize) -> char {
        if self.marked() == Some(point) {
            KNEE
        } else if self.is_own(point) {
            OWN
        } else {
            DOT
        }
    }

    fn title(&self, page: &mut Page) {
        let found = self.found;
        let points = &found.points;
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return;
        };
        let (from, to) = (self.at(first.value), self.at(last.value));
        let scenario = &found.run.scenario;
        let (goal, _) = objective(self.model.objective);
        page.heading(&match found.axis.by {
            By::Budget => {
                let months = &self.model.horizon.months;
                let pot = self.model.horizon.budget_over == BudgetOver::Horizon;
                let equal = months.iter().all(|month| month.budget_share == 1.0);
                let mean = if months.len() > 1 && (pot || !equal) {
                    " on average, shared out as in the file"
                } else {
                    ""
                };
                format!("{scenario}: budgets from {from} to {to} a month{mean}")
            }
            By::Risk => format!("{scenario}: return against risk"),
            By::Key => format!("{scenario}: {} from {from} to {to}", found.axis.key),
        });
        let how = match found.axis.by {
            By::Risk => format!(
                "maximizing expected {goal} + λ × its mean in the worst {} of trials, λ from {from} to {to}",
                percent(1.0 - found.axis.level)
            ),
            By::Budget | By::Key => format!("maximizing expected {goal} at each"),
        };
        let trials = if found.run.trials > 0 {
            let trials = count(found.run.trials as f64);
            format!("; {trials} trials of each plan, seed {}", found.run.seed)
        } else {
            String::new()
        };
        page.wrapped("", "", &format!("{} values, {how}{trials}.", points.len()));
        page.blank();
    }

    /// The name of the first column.
    fn header(&self) -> String {
        match self.found.axis.by {
            By::Budget => "budget".to_owned(),
            By::Risk => "λ".to_owned(),
            By::Key => {
                let key = &self.found.axis.key;
                key.rsplit('.')
                    .next()
                    .unwrap_or(key)
                    .trim_matches('"')
                    .to_owned()
            }
        }
    }

    fn value_cell(&self, point: usize) -> String {
        match self.mark(point) {
            DOT => format!("{}  ", self.value_of(point)),
            mark => format!("{} {mark}", self.value_of(point)),
        }
    }

    fn range(&self, point: usize, metric: Metric) -> String {
        let Some(row) = self.row(point, metric) else {
            return String::new();
        };
        let low = self.figure(metric, row.estimate.p05());
        let high = self.figure(metric, row.estimate.p95());
        format!("{low}–{high}")
    }

    fn creators(&self, point: usize) -> String {
        partnerships(self.plan(point).counts.sum())
    }

    /// A row without a plan. It says so in a column that is never left out.
    fn no_plan(&self, point: usize, columns: usize) -> Vec<String> {
        let mut cells = vec![String::new(); columns];
        cells[0] = self.value_cell(point);
        "no plan".clone_into(&mut cells[3]);
        cells
    }

    fn table(&self, page: &mut Page) {
        let goal = match self.goal() {
            Metric::Roas | Metric::Profit => Metric::Revenue,
            other => other,
        };
        let by_budget = self.found.axis.by == By::Budget;
        let targets = self.targets();
        let target_header = |target: &Target| {
            let sign = match target.bound {
                crate::model::Bound::AtLeast(_) => "≥",
                crate::model::Bound::AtMost(_) => "≤",
            };
            let level = self.figure(target.metric, Some(target.bound.value()));
            format!("P({} {sign} {level})", label(target.metric))
        };
        let mut header = vec![self.header(), "creators".to_owned(), "spend".to_owned()];
        header.extend([label(goal).to_owned(), "P5–P95".to_owned()]);
        if by_budget {
            header.push("marginal".to_owned());
        }
        header.extend(["ROAS".to_owned(), "profit".to_owned()]);
        header.extend(targets.iter().map(|t| target_header(t)));
        let columns = header.len();
        let mut grid = Grid::new(header);
        let last = targets.last().map(|t| target_header(t));
        for (point, it) in self.found.points.iter().enumerate() {
            if it.refined && self.marked() != Some(point) {
                continue;
            }
            if it.simulated.is_none() {
                grid.row(self.no_plan(point, columns));
                continue;
            }
            let figure = |metric| self.figure(metric, self.expected(point, metric));
            let mut cells = vec![self.value_cell(point), self.creators(point)];
            cells.extend([figure(Metric::Spend), figure(goal), self.range(point, goal)]);
            if by_budget {
                let row = self.row(point, Metric::Revenue);
                cells.push(row.and_then(|r| r.marginal).map_or_else(String::new, ratio));
            }
            cells.extend([figure(Metric::Roas), figure(Metric::Profit)]);
            for target in &targets {
                let row = self.row(point, target.metric);
                cells.push(probability(row.and_then(|r| r.estimate.prob_target)));
            }
            grid.row(cells);
        }
        let mut spare: Vec<&str> = SPARE.to_vec();
        if targets.len() > 1 {
            spare.extend(last.as_deref());
        }
        page.table(&grid.fitted(page.width(), &spare));
        let mut said = vec![format!(
            "Figures are expected totals and their ratios{}",
            emptied(self.model)
        )];
        if by_budget {
            let between = self
                .marked()
                .is_some_and(|marked| self.found.points[marked].refined);
            let aside = if between {
                format!(", {KNEE} aside")
            } else {
                String::new()
            };
            said.push(format!(
                "marginal: revenue gained per {} of spend more than in the row before{aside}",
                money(1.0, &self.model.currency)
            ));
        }
        self.legend(page, said);
    }

    fn legend(&self, page: &mut Page, mut said: Vec<String>) {
        let points = 0..self.found.points.len();
        if points.clone().any(|i| self.mark(i) == OWN) {
            said.push(format!("{OWN} is the file's own value"));
        }
        if self.marked().is_some() {
            said.push(match &self.found.least {
                Some(_) => format!("{KNEE} is the answer"),
                None => format!("{KNEE} is the last that earns what it costs"),
            });
        }
        page.sentence(&format!("{}.", said.join("; ")));
    }

    fn risk_table(&self, page: &mut Page) {
        let goal = self.goal();
        let name = label(goal);
        let worst = format!("worst {}", percent(1.0 - self.found.axis.level));
        let header = [
            "λ",
            "creators",
            "spend",
            name,
            worst.as_str(),
            "± error",
            "sd",
            "P5",
            "ROAS",
            "",
        ];
        let mut grid = Grid::new(header).left(9);
        let beaten = self.beaten();
        for (point, it) in self.found.points.iter().enumerate() {
            if it.simulated.is_none() {
                grid.row(self.no_plan(point, header.len()));
                continue;
            }
            let Some(row) = self.row(point, goal) else {
                continue;
            };
            let figure = |metric| self.figure(metric, self.expected(point, metric));
            let note = match it.same_as {
                Some(other) => format!("as λ = {}", self.value_of(other)),
                None if beaten[point] => "beaten in both".to_owned(),
                None => String::new(),
            };
            grid.row([
                self.value_cell(point),
                self.creators(point),
                figure(Metric::Spend),
                figure(goal),
                self.figure(goal, row.tail.map(|t| t.0)),
                super::figures::error(goal, row.tail.map(|t| t.1), &self.model.currency),
                self.figure(goal, row.estimate.sd),
                self.figure(goal, row.estimate.p05()),
                figure(Metric::Roas),
                note,
            ]);
        }
        page.table(&grid.fitted(page.width(), &SPARE));
        let said = format!(
            "Worst {}: the mean of {name} over the worst {} of simulated trials",
            percent(1.0 - self.found.axis.level),
            percent(1.0 - self.found.axis.level),
        );
        self.legend(page, vec![said]);
    }

    /// Of risk: which points another beats in mean and tail.
    fn beaten(&self) -> Vec<bool> {
        let goal = self.goal();
        let figures: Vec<Option<(f64, f64)>> = (0..self.found.points.len())
            .map(|i| Some((self.expected(i, goal)?, self.row(i, goal)?.tail?.0)))
            .collect();
        dominated(&figures)
    }

    fn plots(&self, page: &mut Page) {
        let goal = self.goal();
        let steps = self.steps();
        if self.found.axis.by == By::Risk {
            let dots: Vec<Dot> = steps
                .iter()
                .filter_map(|&i| {
                    Some(Dot {
                        x: self.row(i, goal)?.tail?.0,
                        y: self.expected(i, goal)?,
                        range: None,
                        mark: self.mark(i),
                    })
                })
                .collect();
            let worst = percent(1.0 - self.found.axis.level);
            let heading = format!(
                "Expected {} (up) against its mean in the worst {worst} (right)",
                label(goal)
            );
            self.plot(page, &heading, &dots, |x| self.figure(goal, Some(x)), goal);
            return;
        }
        if self.found.axis.by == By::Budget && self.model.counts.is_some() {
            return;
        }
        let mut metrics = vec![goal];
        let other = if goal == Metric::Profit {
            Metric::Revenue
        } else {
            Metric::Profit
        };
        metrics.extend((self.found.axis.by == By::Budget).then_some(other));
        for metric in metrics {
            let mut shown = steps.clone();
            shown.extend(self.marked().filter(|m| !steps.contains(m)));
            let dots: Vec<Dot> = shown
                .iter()
                .filter_map(|&i| {
                    let estimate = &self.row(i, metric)?.estimate;
                    Some(Dot {
                        x: self.found.points[i].value,
                        y: self.expected(i, metric)?,
                        range: estimate.p05().zip(estimate.p95()),
                        mark: self.mark(i),
                    })
                })
                .collect();
            let heading = format!("Expected {}, with P5 to P95", label(metric));
            self.plot(page, &heading, &dots, |x| self.at(x), metric);
        }
    }

    fn plot(
        &self,
        page: &mut Page,
        heading: &str,
        dots: &[Dot],
        x: impl Fn(f64) -> String,
        y: Metric,
    ) {
        let lines = plot::plot(dots, page.width(), x, |v| self.figure(y, Some(v)));
        if lines.is_empty() {
            return;
        }
        page.heading(heading);
        for line in lines {
            let marked = line.replace(KNEE, &page.tone(Tone::Good, &KNEE.to_string()));
            page.line(&marked);
        }
        page.blank();
    }

    /// Warnings, each once with the values it holds at.
    fn warnings(&self, page: &mut Page) {
        let mut shared: Vec<(&str, Vec<usize>)> = Vec::new();
        for warning in &self.found.run.warnings {
            let of = |plan: &Plan| warning.strip_prefix(&format!("plan {}: ", plan.name));
            let points = 0..self.found.points.len();
            let own = points
                .into_iter()
                .find_map(|i| Some((of(self.plan(i))?, i)));
            let text = own.map_or(warning.as_str(), |(text, _)| text);
            match shared.iter_mut().find(|(known, _)| *known == text) {
                Some((_, points)) => points.extend(own.map(|(_, i)| i)),
                None => shared.push((text, own.map(|(_, i)| i).into_iter().collect())),
            }
        }
        if shared.is_empty() {
            return;
        }
        let heading = page.tone(Tone::Warning, "Warnings");
        page.heading(&heading);
        let more = shared.len().saturating_sub(WARNINGS);
        for (text, mut points) in shared.into_iter().take(WARNINGS) {
            points.sort_unstable();
            page.item(&match points[..] {
                [] => text.to_owned(),
                [one] => format!("at {}: {text}", self.value_of(one)),
                [first, .., last] => format!(
                    "at {} values from {} to {}: {text}",
                    points.len(),
                    self.value_of(first),
                    self.value_of(last)
                ),
            });
        }
        match more {
            0 => {}
            1 => page.item("one more stands in result.json"),
            more => page.item(&format!("{more} more stand in result.json")),
        }
    }
}
