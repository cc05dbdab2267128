//! A folder of its own for each test, and the command run in it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// One certain creator, simulated quickly.
pub(crate) const CERTAIN: &str = r#"
schema = 1
name = "certain"
budget = 2_000
seed = 1
trials = 2_000
uncertainty = "none"
counts = { "mid.sponsored" = 1 }
tiers.use = ["mid"]
tiers.mid = { followers = 50_000, fee = 2_000, engagement_rate = 0.08 }
partnerships.use = ["sponsored"]
targets.cpa = 340
"#;

/// Two tiers and two types, a base plan that is optimized, and two what-ifs.
pub(crate) const PLANNED: &str = r#"
schema = 1
name = "planned"
budget = 60_000
seed = 7
trials = 20_000
tiers.use = ["mid", "micro"]
partnerships.use = ["sponsored", "affiliate"]
targets.roas = 0.3

[diversity]
tier_budget_share = { mid = [0.3, 0.7], micro = [0.3, 0.7] }

[[what_if]]
name = "more micro"
diversity.tier_budget_share.micro = [0.6, 0.7]

[[what_if]]
name = "less budget"
budget = 30_000
"#;

/// A user's rule asks for more creators than there is supply of.
pub(crate) const INFEASIBLE: &str = r#"
schema = 1
name = "infeasible"
budget = 60_000
seed = 7
trials = 2_000
tiers.use = ["mid", "micro"]
partnerships.use = ["sponsored"]

[[constraint]]
name = "a crowd of mid creators"
count = { mid = 1 }
min = 500

[[what_if]]
name = "without the rule's tier"
counts = { "micro.sponsored" = 10 }
"#;

/// Two mistakes.
pub(crate) const INVALID: &str = r#"
schema = 1
name = "invalid"
budgett = 60_000
seed = "seven"
"#;

pub(crate) struct Place {
    folder: TempDir,
}

/// What a run of the command left.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// With `NAME.toml` of each text given.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let place = Self::new();
        for (name, text) in files {
            place.write(name, text);
        }
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).expect("a folder");
        }
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&self.read(name)).expect("JSON")
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Names of what a folder holds, hidden ones too, sorted; nothing if there is no such folder.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(folder)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn command(&self) -> Command {
        self.command_of(env!("CARGO_BIN_EXE_imatrix"))
    }

    pub(crate) fn command_of(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_remove("NO_COLOR")
            .env("COLUMNS", "100")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command().args(args).output().expect("imatrix starts"))
    }

    /// Runs a command that writes below `out`, and interrupts it at its work.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self, args: &[&str]) -> Ran {
        use std::time::{Duration, Instant};

        let mut child = self.command().args(args).spawn().expect("imatrix starts");
        // The folder in the making appears when the long part begins; Ctrl-C is watched by then.
        let begun = Instant::now();
        while self.names("out").is_empty() {
            let waited = begun.elapsed();
            assert!(waited < Duration::from_mins(1), "no folder appears");
            assert!(child.try_wait().expect("a child").is_none(), "it ended");
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(200));
        let kill = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(kill.expect("kill runs").success());
        Ran::of(child.wait_with_output().expect("it ends"))
    }
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Panics with everything the command said if it ended with another code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(
            self.stderr.contains(words),
            "no {words:?} in:\n{}",
            self.stderr
        );
        self
    }
}
