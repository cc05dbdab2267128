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
