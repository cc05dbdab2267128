use super::*;
use crate::fixture;
use crate::report::text::layout::display_width;
use crate::sensitivity::{Inputs, Measure};

#[test]
fn a_choice_between_two_plans() {
    let text = explanation(&fixture::explanation(), &ReportContext::default());
    insta::assert_snapshot!("two_plans", text);
}

#[test]
fn a_narrow_screen() {
    let narrow = ReportContext {
        width: 60,
        ..ReportContext::default()
    };
    let text = explanation(&fixture::explanation(), &narrow);
    insta::assert_snapshot!("narrow", text);
    for line in text.lines() {
        assert!(display_width(line) <= 60, "{line}");
    }
}

#[test]
fn nothing_alone_is_worth_learning() {
    let mut found = fixture::explanation();
    for row in &mut found.sensitivity {
        if row.measure == Measure::Evppi && row.inputs != Inputs::All {
            row.value = Some(0.0);
        }
    }
    let text = explanation(&found, &ReportContext::default());
    let end = text.split("What is worth learning").nth(1).unwrap();
    insta::assert_snapshot!("nothing_alone", end);
}

#[test]
fn other_markets_are_no_choice() {
    let mut found = fixture::explanation();
    if let Some(choice) = &mut found.choice {
        choice.plans.truncate(1);
        choice.profits.truncate(1);
    }
    let text = explanation(&found, &ReportContext::default());
    let end = text.split("What is worth learning").nth(1).unwrap();
    insta::assert_snapshot!("other_markets", end);
}

#[test]
fn what_does_not_vary_is_said_and_not_divided_by() {
    let mut found = fixture::explanation();
    for row in &mut found.sensitivity {
        match row.measure {
            Measure::Sd => row.value = Some(0.0),
            Measure::FirstOrder | Measure::Total => row.value = None,
            _ => {}
        }
    }
    let text = explanation(&found, &ReportContext::default());
    assert!(
        text.contains("Nothing: it is 3.30 in every trial"),
        "{text}"
    );
    assert!(text.contains("does not vary"), "{text}");
    assert!(!text.contains("NaN"), "{text}");
}

#[test]
fn a_ratio_that_few_trials_define_is_said_to_be_so() {
    let mut found = fixture::explanation();
    found.defined = vec![1234, 0];
    for row in &mut found.sensitivity {
        match row.measure {
            Measure::Sd => row.value = Some(0.0),
            Measure::FirstOrder | Measure::Total => row.value = None,
            Measure::Expected if row.plan.as_deref() != Some("base") => row.value = None,
            _ => {}
        }
    }
    let text = explanation(&found, &ReportContext::default());
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("it is 3.30 wherever something is spent, in 1,234 of 100,000 trials."),
        "{text}"
    );
    assert!(
        words.contains("is not defined: nothing is spent."),
        "{text}"
    );
    assert!(!text.contains("does not vary"), "{text}");
}

#[test]
fn what_has_no_plan_is_said_to_have_none() {
    let mut found = fixture::explanation();
    found.run.plans[1].plan.status = crate::model::PlanStatus::Infeasible;
    if let Some(choice) = &mut found.choice {
        choice.plans.truncate(1);
        choice.profits.truncate(1);
    }
    let text = explanation(&found, &ReportContext::default());
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains(
            "\"micro to 40%\" has no plan to choose. That leaves one plan, and so nothing to decide."
        ),
        "{text}"
    );
    assert!(!text.contains("[[what_if]]"), "{text}");
}

#[test]
fn approximate_worths_are_marked_and_bound_nothing() {
    let mut found = fixture::explanation();
    for row in &mut found.sensitivity {
        if row.measure == Measure::Evppi
            && row.inputs == Inputs::One(crate::model::InputGroup::Orders)
        {
            row.value = Some(1_500.0);
        }
    }
    let text = explanation(&found, &ReportContext::default());
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("chance in orders before deciding is worth ≈ ¥1,500, benchmarks ¥1,234."),
        "{text}"
    );
    assert!(
        words.contains("no more than ¥1,900 can come of it. ≈ takes"),
        "{text}"
    );
    assert!(!words.contains("That is the most"), "{text}");
}

#[test]
fn large_errors_conclude_nothing() {
    let mut found = fixture::explanation();
    for row in &mut found.sensitivity {
        if row.measure == Measure::FirstOrder {
            row.error = Some(0.05);
        }
    }
    let text = explanation(&found, &ReportContext::default());
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("is not known: what they explain alone is known to 10 points only"),
        "{text}"
    );
    assert!(!text.contains("do not act on each other"), "{text}");
}
