//! `imatrix`: plans and simulates creator campaigns from a scenario file.

mod cli;

fn main() -> std::process::ExitCode {
    cli::start(std::env::args_os())
}
