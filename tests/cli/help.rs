//! The help, as it is printed.

use crate::place::Place;

#[test]
fn the_help_names_every_command_and_exit_code() {
    let ran = Place::new().run(&["--help"]).exits(0);
    insta::assert_snapshot!(ran.stdout, @r"
    Plans and simulates creator campaigns: budget in, plan, distributions and odds out

    Usage: imatrix <COMMAND>

    Commands:
      run       Plan, simulate and compare; print the summary and write the outputs
      optimize  Plan only; write nothing
      simulate  Simulate the base plan: the scenario's fixed counts, or its optimum
      compare   Plan several scenarios and compare all their plans, paired
      what-if   Compare the base plan with one what-if from the command line
      explain   Explain why results vary, and what is worth learning before deciding
      frontier  Show what plans yield over a range of the budget, the risk or any key
      batch     Run every scenario of a folder
      calendar  Print the posting calendar: who posts on which day and at what time
      select    Select individual creators from a roster
      pipeline  Say what recruiting delivers, where it is narrow and how many contacts it takes
      show      Print the resolved scenario, each value with its origin
      check     Check scenario files without planning
      schema    Print the JSON Schema of scenario files
      new       Write a commented starter scenario to NAME.toml
      help      Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Exit codes: 0 done, 1 internal failure, 2 wrong usage or invalid scenario, 3 infeasible, 4 targets
    missed (--require-targets), 5 drift beyond the tolerance (--baseline), 130 interrupted. The worst
    wins, in the order 130, 1, 2, 3, 4, 5.

    Results go to stdout, everything else to stderr. NO_COLOR turns colours off.
    ");
}

#[test]
fn every_command_has_help_on_stdout() {
    let place = Place::new();
    for command in [
        "run", "optimize", "simulate", "compare", "what-if", "explain", "frontier", "batch",
        "select", "pipeline", "calendar", "show", "check", "schema", "new",
    ] {
        let ran = place.run(&[command, "--help"]).exits(0);
        let usage = format!("Usage: imatrix {command}");
        assert!(ran.stdout.contains(&usage), "{}", ran.stdout);
        assert_eq!(ran.stderr, "");
    }
}
