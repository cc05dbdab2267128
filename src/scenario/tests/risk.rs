//! `[risk]` and `budget.with` in all their forms.

use super::*;
use crate::model::{Risk, RiskMeasure};

fn risk(more: &str) -> Risk {
    minimal(more).base.risk
}

#[test]
fn rules_are_read_in_order_with_their_defaults() {
    let found = risk(
        "seed = 11\n[risk]\ntrials = \"20k\"\n\
         cvar = [{ metric = \"revenue\", at_least = \"300k\" }, { metric = \"spend\", at_most = 1, level = 0.8 }]\n\
         probability = { metric = \"cpa\", at_most = 50, with = \"70%\" }\n\
         objective = { cvar = 0.5 }\n",
    );
    let rules: Vec<_> = found
        .rules
        .iter()
        .map(|r| (r.key.as_str(), r.metric, r.measure, r.bound))
        .collect();
    let cvar = |level| RiskMeasure::Cvar { level };
    assert_eq!(
        rules,
        [
            (
                "risk.cvar[1]",
                Metric::Revenue,
                cvar(0.9),
                Bound::AtLeast(3e5)
            ),
            ("risk.cvar[2]", Metric::Spend, cvar(0.8), Bound::AtMost(1.0)),
            (
                "risk.probability",
                Metric::Cpa,
                RiskMeasure::Probability { with: 0.7 },
                Bound::AtMost(50.0)
            ),
        ]
    );
    let objective = found.objective.as_ref().expect("an objective");
    assert_eq!(
        (objective.mean, objective.cvar, objective.level),
        (1.0, 0.5, 0.9)
    );
    assert_eq!((found.trials, found.seed), (20_000, 11));
    assert!(matches!(&found.rules[2].origin, Origin::File(at) if at.line == 8));
    assert!(!risk("").applies());
    assert!(!risk("[risk]\ntrials = 5_000\n").applies());
}

#[test]
fn what_ifs_change_and_lift_rules_one_by_one() {
    let scenario = minimal(
        "[risk]\ncvar = { metric = \"revenue\", at_least = 1 }\n\
         probability = { metric = \"roas\", at_least = 3, with = 0.8 }\nobjective = { cvar = 1 }\n\
         [[what_if]]\nname = \"a\"\nrisk = \"none\"\n\
         [[what_if]]\nname = \"b\"\nrisk.cvar.level = 0.95\nrisk.objective.mean = 0\n\
         [[what_if]]\nname = \"c\"\nrisk.cvar = \"none\"\nrisk.objective = \"none\"\n\
         [[what_if]]\nname = \"d\"\nrisk.probability = [{ metric = \"roi\", at_least = -0.5, with = 0.6 }]\n",
    );
    let [a, b, c, d] = &scenario.what_ifs[..] else {
        panic!("four what-ifs");
    };
    assert!(!a.risk.applies());
    assert_eq!(b.risk.rules[0].measure, RiskMeasure::Cvar { level: 0.95 });
    assert_eq!(b.risk.rules[0].bound, Bound::AtLeast(1.0));
    let weights = b.risk.objective.as_ref().map(|o| (o.mean, o.cvar));
    assert_eq!(weights, Some((0.0, 1.0)));
    assert_eq!(c.risk.rules.len(), 1);
    assert!(c.risk.objective.is_none());
    let rule = &d.risk.rules[1];
    assert_eq!(
        (rule.metric, rule.bound),
        (Metric::Roi, Bound::AtLeast(-0.5))
    );
}

#[test]
fn a_budget_is_an_amount_with_a_probability_or_without() {
    let read_budget = |text: &str| {
        let text = format!("schema = 1\nname = \"t\"\n{text}");
        let scenario = read(&text);
        let of = |m: &Model| {
            let with = m.risk.rules.iter().find(|r| r.key == "budget");
            (m.rules.budget, with.map(|r| (r.measure, r.bound)))
        };
        let what_ifs: Vec<_> = scenario.what_ifs.iter().map(of).collect();
        (of(&scenario.base), what_ifs)
    };
    let kept = |with, amount| Some((RiskMeasure::Probability { with }, Bound::AtMost(amount)));
    let (base, what_ifs) = read_budget(
        "budget = { amount = \"300k\", with = 0.95 }\n\
         [[what_if]]\nname = \"more\"\nbudget = 400_000\n\
         [[what_if]]\nname = \"surer\"\nbudget.with = 0.99\n\
         [[what_if]]\nname = \"lifted\"\nbudget.with = \"free\"\nrisk = \"none\"\n",
    );
    assert_eq!(base, (3e5, kept(0.95, 3e5)));
    assert_eq!(
        what_ifs,
        [(4e5, kept(0.95, 4e5)), (3e5, kept(0.99, 3e5)), (3e5, None)]
    );
    let (base, what_ifs) = read_budget(
        "budget = 300_000\n[[what_if]]\nname = \"sure\"\nbudget.with = 0.9\n\
         [[what_if]]\nname = \"both\"\nbudget = { amount = 1, with = 0.5 }\n",
    );
    assert_eq!(base, (3e5, None));
    assert_eq!(what_ifs, [(3e5, kept(0.9, 3e5)), (1.0, kept(0.5, 1.0))]);
}

#[test]
fn words_and_figures_of_the_command_line_add_up() {
    let file = with_head("[risk]\ncvar = { metric = \"revenue\", at_least = 1 }\n");
    let keys = |pairs: &[(&str, &str)]| -> Vec<String> {
        let read = try_read(&file, &set(pairs)).expect("valid");
        read.base.risk.rules.into_iter().map(|r| r.key).collect()
    };
    assert_eq!(keys(&[]), ["risk.cvar"]);
    assert!(keys(&[("risk", "none")]).is_empty());
    let rule = "{ metric = \"roas\", at_least = 1, with = 0.5 }";
    let later = [("risk", "none"), ("risk.probability", rule)];
    assert_eq!(keys(&later), ["risk.probability"]);
    assert_eq!(keys(&[("budget.with", "0.9")]), ["risk.cvar", "budget"]);
}
