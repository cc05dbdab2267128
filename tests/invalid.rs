//! Every file of `tests/invalid` is refused, with a message held by a snapshot.

use std::path::{Path, PathBuf};

use influencer_matrix::scenario::{Overrides, read_file, read_text};

fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir("tests/invalid")
        .expect("the folder of fixtures")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_invalid_file_is_refused_with_its_message() {
    let files = files();
    assert!(files.len() >= 60, "{} fixtures", files.len());
    let mut accepted = Vec::new();
    for path in files {
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(&path).expect("a readable fixture");
        // The bare name, so that messages are the same on every machine.
        match read_text(&format!("{name}.toml"), &text, &Overrides::default()) {
            Ok(_) => accepted.push(name),
            Err(problems) => {
                assert!(!problems.is_empty(), "{name}: refused without a problem");
                insta::assert_snapshot!(name, problems.render(false));
            }
        }
    }
    assert!(accepted.is_empty(), "accepted: {accepted:?}");
}

#[test]
fn unreadable_files_are_problems() {
    let read = |path: &Path| {
        read_file(path, &Overrides::default())
            .map(|_| ())
            .expect_err("refused")
            .render(false)
    };
    let missing = read(Path::new("tests/invalid/there-is-no-such-file.toml"));
    assert!(missing.contains("there-is-no-such-file.toml"), "{missing}");
    let folder = read(Path::new("tests/invalid"));
    assert!(folder.contains("is a folder"), "{folder}");
    let dir = tempfile::tempdir().expect("a folder");
    let latin = dir.path().join("latin.toml");
    std::fs::write(&latin, b"schema = 1\nname = \"caf\xe9\"\n").expect("written");
    let text = read(&latin);
    assert!(text.contains("latin.toml:2:12"), "{text}");
    let huge = dir.path().join("huge.toml");
    std::fs::write(&huge, "# x\n".repeat(400_000)).expect("written");
    assert!(read(&huge).contains("1 MiB"));
}
