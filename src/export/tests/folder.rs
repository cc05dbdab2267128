use std::fs;
use std::path::Path;

use crate::export::{ExportError, OutputFolder};

const OURS: &str = r#"{ "generator": "influencer-matrix" }"#;

fn fill(folder: &OutputFolder, text: &str) {
    fs::write(folder.path().join("manifest.json"), OURS).unwrap();
    fs::write(folder.path().join("result.json"), text).unwrap();
}

fn entries(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_folder_appears_when_whole_and_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("a/b");
    let folder = OutputFolder::create(&out, "q2").unwrap();
    fill(&folder, "one");
    assert!(!out.join("q2").exists());
    assert_eq!(folder.finish().unwrap(), out.join("q2"));
    assert_eq!(entries(&out), ["q2"]);
    fs::write(out.join("q2/old.parquet"), "").unwrap();

    let folder = OutputFolder::create(&out, "q2").unwrap();
    fill(&folder, "two");
    assert_eq!(
        fs::read_to_string(out.join("q2/result.json")).unwrap(),
        "one"
    );
    folder.finish().unwrap();
    assert_eq!(
        fs::read_to_string(out.join("q2/result.json")).unwrap(),
        "two"
    );
    assert_eq!(entries(&out), ["q2"]);
    assert_eq!(entries(&out.join("q2")), ["manifest.json", "result.json"]);
}

#[test]
fn a_dropped_folder_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = OutputFolder::create(dir.path(), "q2").unwrap();
    fill(&folder, "half");
    drop(folder);
    assert!(entries(dir.path()).is_empty());
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path();
    for manifest in [
        None,
        Some("{}"),
        Some("not json"),
        Some(r#"{"generator":"x"}"#),
    ] {
        let theirs = out.join("theirs");
        fs::create_dir(&theirs).unwrap();
        fs::write(theirs.join("notes.txt"), "mine").unwrap();
        if let Some(text) = manifest {
            fs::write(theirs.join("manifest.json"), text).unwrap();
        }
        let refused = OutputFolder::create(out, "theirs").unwrap_err();
        assert!(matches!(refused, ExportError::NotOurs { .. }));
        assert!(refused.to_string().contains("is not replaced"));
        assert_eq!(
            fs::read_to_string(theirs.join("notes.txt")).unwrap(),
            "mine"
        );
        assert_eq!(entries(out), ["theirs"]);
        fs::remove_dir_all(&theirs).unwrap();
    }
    fs::write(out.join("file"), "").unwrap();
    let refused = OutputFolder::create(out, "file").unwrap_err().to_string();
    assert!(refused.contains("is a file, not a folder"), "{refused}");
    // A file where the parent should be.
    assert!(matches!(
        OutputFolder::create(&out.join("file"), "q2"),
        Err(ExportError::Io { .. })
    ));
}

#[test]
fn what_came_meanwhile_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let folder = OutputFolder::create(dir.path(), "q2").unwrap();
    fill(&folder, "new");
    fs::create_dir(dir.path().join("q2")).unwrap();
    fs::write(dir.path().join("q2/notes.txt"), "mine").unwrap();
    assert!(matches!(folder.finish(), Err(ExportError::NotOurs { .. })));
    assert_eq!(entries(dir.path()), ["q2"]);
    assert_eq!(entries(&dir.path().join("q2")), ["notes.txt"]);
}

#[test]
fn names_stay_inside() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["", ".", "..", "../x", "a/b", "a\\b", ".hidden"] {
        let refused = OutputFolder::create(dir.path(), name);
        assert!(matches!(refused, Err(ExportError::Name { .. })), "{name}");
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_not_followed_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real");
        fs::create_dir(&real).unwrap();
        fs::write(real.join("manifest.json"), OURS).unwrap();
        symlink(&real, dir.path().join("q2")).unwrap();
        symlink(dir.path().join("nowhere"), dir.path().join("dangling")).unwrap();
        for name in ["q2", "dangling"] {
            let refused = OutputFolder::create(dir.path(), name).unwrap_err();
            assert!(refused.to_string().contains("is a symbolic link"));
        }
        // The parent may be a link.
        symlink(&real, dir.path().join("out")).unwrap();
        let folder = OutputFolder::create(&dir.path().join("out"), "x").unwrap();
        fill(&folder, "");
        folder.finish().unwrap();
        assert!(real.join("x/result.json").exists());
    }

    #[test]
    fn others_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let plain = dir.path().join("plain");
        fs::create_dir(&plain).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = OutputFolder::create(dir.path(), "q2").unwrap();
        assert_eq!(mode(folder.path()), mode(&plain));
    }
}
