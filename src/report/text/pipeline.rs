//! The pipeline as a recruiter reads it: `imatrix pipeline`.

use super::layout::{Grid, Page, Tone};
use super::whole::ReportContext;
use crate::model::pipeline::Step;
use crate::model::{Model, Plan};
use crate::recruiting::{Health, Measure, Recruiting, misses};
use crate::units::{YearMonth, count, fixed, percent};

/// Columns that a narrow screen does without, the first first.
const SPARE: [&str; 3] = ["ten points more", "P10–P90 ", "at the playbook's"];

/// The terminal report of a pipeline: from identified to partner, new partners by month, contacts that a
/// wanted number takes, and health against the playbook. With a plan it has the partnerships that the plan books.
#[must_use]
pub fn pipeline(
    scenario: &str,
    model: &Model,
    found: &Recruiting,
    plan: Option<&Plan>,
    context: &ReportContext,
) -> String {
    let mut page = Page::new(context.color, context.width);
    match context.description.as_deref().map(str::trim) {
        Some(text) if !text.is_empty() => page.heading(&format!("{scenario}: {text}")),
        _ => page.heading(scenario),
    }
    page.wrapped(
        "",
        "",
        &format!(
            "{} creators identified a month lead to {} a month in expectation, once the lead time has passed.",
            number(found.steps[0].value),
            partners(found.flow, "new partner"),
        ),
    );
    steps(&mut page, found);
    months(&mut page, model, found, plan);
    contacts(&mut page, found);
    health(&mut page, found);
    lasting(&mut page, found);
    page.into_text()
}

fn steps(page: &mut Page, found: &Recruiting) {
    page.heading("From identified to partner");
    let mut grid = Grid::new([
        "step",
        "rate",
        "a month",
        "playbook",
        "at the playbook's",
        "ten points more",
    ]);
    for step in &found.steps {
        let is_rate = step.step != Step::Identified;
        let figure = |value: f64| {
            if is_rate {
                percent(value)
            } else {
                number(value)
            }
        };
        grid.row([
            step.step.name().to_owned(),
            if is_rate {
                percent(step.value)
            } else {
                String::new()
            },
            number(step.after),
            figure(step.step.target()),
            if misses(step, found.flow) {
                format!("+{}", number(step.gain_to_target))
            } else {
                "met".to_owned()
            },
            if is_rate {
                format!("+{}", number(step.gain_of_ten))
            } else {
                String::new()
            },
        ]);
    }
    page.table(&grid.fitted(page.width(), &SPARE));
    let narrow = &found.bottleneck;
    let name = words(narrow.step);
    let figure = |value: f64| {
        if narrow.step == Step::Identified {
            number(value)
        } else {
            percent(value)
        }
    };
    page.sentence(&if found.short {
        format!(
            "Bottleneck: {name}. At the playbook's {} instead of {} it brings {} more a month, more than any other step.",
            figure(narrow.step.target()),
            figure(narrow.value),
            partners(narrow.gain_to_target, "partner"),
        )
    } else {
        format!(
            "Every step meets the playbook. Bottleneck: {name}. Ten points more there bring {} more a month, more than at any other step.",
            partners(narrow.gain_of_ten, "partner"),
        )
    });
}

fn months(page: &mut Page, model: &Model, found: &Recruiting, plan: Option<&Plan>) {
    page.heading("New partners, by the month of their first post");
    // Headers may not be equal: one of them can be left out.
    let mut header = vec![
        "month",
        "expected",
        "P10–P90",
        "until its end",
        "P10–P90 ",
        "at work",
    ];
    if plan.is_some() {
        header.push("plan books");
    }
    let mut grid = Grid::new(header);
    let mut over: Vec<String> = Vec::new();
    for flow in &found.months {
        let range = |(_, low, high): (f64, u64, u64)| format!("{low}–{high}");
        let name = month_name(model, flow.month);
        let mut row = vec![
            name.clone(),
            number(flow.new.0),
            range(flow.new),
            number(flow.until.0),
            range(flow.until),
            number(flow.active),
        ];
        if let Some(plan) = plan {
            let booked = plan.counts.row(flow.month).sum();
            row.push(number(booked));
            if booked > flow.active + 0.05 {
                over.push(name);
            }
        }
        grid.row(row);
    }
    page.table(&grid.fitted(page.width(), &SPARE));
    page.sentence(&format!(
        "At work: of the {} at the beginning and of those who came, each stays for the next month with a probability of {} (does not leave, and works again){}.",
        partners(found.starting, "partner"),
        percent(found.stay),
        if found.doubtful {
            " in expectation; whether more or fewer stay holds for all months"
        } else {
            ""
        },
    ));
    if plan.is_some() {
        page.sentence(&if over.is_empty() {
            "The plan books no more partnerships than there are partners at work.".to_owned()
        } else {
            format!(
                "{} in {}: more partnerships than partners expected at work.",
                page.tone(Tone::Warning, "The plan books more"),
                crate::units::listed(&over),
            )
        });
    }
}

fn contacts(page: &mut Page, found: &Recruiting) {
    let wanted = &found.wanted;
    let whom = match wanted.partners {
        1 => "1 new partner".to_owned(),
        more => format!("{} new partners", count(more as f64)),
    };
    page.heading(&format!("Contacts for {whom}"));
    let sure = percent(wanted.with);
    page.sentence(&match wanted.contacts {
        Some(contacts) => format!(
            "{whom} or more with a probability of {sure} need {}.",
            match contacts {
                1 => "1 contact".to_owned(),
                more => format!("{} contacts", count(more as f64)),
            }
        ),
        None => format!("No number of contacts leads to {whom} with a probability of {sure}."),
    });
    let made = wanted.contacts_a_month.round();
    page.sentence(&format!(
        "The pipeline makes {} a month, which lead to {} in expectation, and to {} or more with a probability of {}.",
        if made == 1.0 { "1 contact".to_owned() } else { format!("{} contacts", count(made)) },
        partners(found.flow, "new partner"),
        count(wanted.partners as f64),
        percent(wanted.chance),
    ));
}

fn health(page: &mut Page, found: &Recruiting) {
    page.heading("Health against the playbook");
    let mut grid = Grid::new(["", "here", "playbook", "", "probability"]).left(3);
    for row in &found.health {
        let what = match row.measure {
            Measure::Response => "response rate",
            Measure::Partnership => "partners of those who respond",
            Measure::Repeat => "work again",
            Measure::Churn => "leave a month",
            Measure::Contact => "weeks to the contact",
            Measure::Agreement => "weeks to the partnership",
            Measure::FirstContent => "weeks to the first content",
        };
        let verdict = if row.met {
            page.tone(Tone::Good, "met")
        } else {
            page.tone(Tone::Bad, "not met")
        };
        grid.row([
            what.to_owned(),
            figure(row, row.value),
            format!(
                "{} {}",
                if row.measure.is_at_least() {
                    "≥"
                } else {
                    "<"
                },
                figure(row, row.target)
            ),
            verdict,
            row.probability.map_or_else(String::new, percent),
        ]);
    }
    page.table(&grid);
    let by_step = found.health.iter().any(|h| h.measure == Measure::Contact);
    page.sentence(if by_step {
        "Creators' scores have no key in a scenario."
    } else {
        "contact_weeks, partnership_weeks and content_weeks in place of lead_weeks tell the steps apart. Creators' scores \
         have no key in a scenario."
    });
}

fn lasting(page: &mut Page, found: &Recruiting) {
    page.heading("In the long run");
    let doubt = if found.doubtful {
        ", in expectation over what is in doubt"
    } else {
        ""
    };
    page.sentence(&match (found.steady_active, found.steady_partners) {
        (None, _) if found.doubtful => {
            "Too many may stay for ever, so that partners at work have no finite expectation.".to_owned()
        }
        (None, _) => "Nobody ever stops, so that there are ever more partners.".to_owned(),
        (Some(active), None) => format!(
            "{} at work, where as many stop as come (new partners a month / share who stop{doubt}).",
            partners(active, "partner"),
        ),
        (Some(active), Some(all)) => format!(
            "{} at work, where as many stop as come (new partners a month / share who stop{doubt}); {} if everyone who has not left works in every month.",
            partners(active, "partner"),
            number(all),
        ),
    });
}

fn figure(row: &Health, value: f64) -> String {
    if matches!(
        row.measure,
        Measure::Contact | Measure::Agreement | Measure::FirstContent
    ) {
        number(value)
    } else {
        percent(value)
    }
}

fn words(step: Step) -> &'static str {
    match step {
        Step::Identified => "the number identified",
        Step::Vetted => "the share vetted",
        Step::Contacted => "the share contacted",
        Step::Response => "the response rate",
        Step::Partnership => "the partnership rate",
    }
}

/// At most one decimal, two below one.
fn number(value: f64) -> String {
    if value > 0.0 && value < 0.95 {
        fixed(value, 2)
    } else {
        count(value)
    }
}

fn partners(value: f64, word: &str) -> String {
    let text = number(value);
    if text == "1" {
        format!("1 {word}")
    } else {
        format!("{text} {word}s")
    }
}

fn month_name(model: &Model, month: usize) -> String {
    let start = model.start.and_then(|(y, m)| YearMonth::new(y, m));
    start
        .and_then(|start| start.plus_months(u32::try_from(month).ok()?))
        .map_or_else(|| (month + 1).to_string(), |name| name.to_string())
}
