use std::fs;
use std::path::Path;

use super::written::{read, text};
use crate::export::trials::GROUP_ROWS;
use crate::export::{ExportError, TrialWriter};
use crate::fixture::{infeasible, model, plan};
use crate::model::{CellBlock, Model, Plan, PlanBlock, TrialBlock, TrialSink};

/// Two plans, booked in macro.sponsored and mid.sponsored, and in micro.affiliate (without CPM).
fn planned() -> Vec<(Model, Plan)> {
    let model = model("base", false);
    let base = plan("base", &model, &[2.0, 0.0, 3.0, 0.0, 0.0, 0.0]);
    let other = plan("=other", &model, &[0.0, 0.0, 1.0, 0.0, 0.0, 9.0]);
    vec![(model.clone(), base), (model, other)]
}

fn cell(cell: usize, trials: std::ops::Range<u64>, defined: bool) -> CellBlock {
    let scale = (cell + 1) as f64;
    let column = |factor: f64| -> Vec<f64> {
        let value = |t: u64| scale * factor + ((t * 2_654_435_761) % 1009) as f64 / 7.0;
        trials.clone().map(value).collect()
    };
    CellBlock {
        month: 0,
        cell,
        spend: column(100.0),
        impressions: if defined { column(1e4) } else { Vec::new() },
        engagements: if defined { column(1e3) } else { Vec::new() },
        clicks: Vec::new(),
        conversions: trials.clone().map(|t| (t % 17) as f64).collect(),
        revenue: column(400.0),
        ..CellBlock::default()
    }
}

fn block(trials: std::ops::Range<u64>) -> TrialBlock {
    let booked = |cells: &[(usize, bool)]| PlanBlock {
        cells: cells
            .iter()
            .map(|&(c, defined)| cell(c, trials.clone(), defined))
            .collect(),
        audiences: Vec::new(),
    };
    TrialBlock {
        first_trial: trials.start,
        trials: (trials.end - trials.start) as usize,
        plans: vec![
            booked(&[(0, true), (2, true)]),
            booked(&[(2, true), (5, false)]),
        ],
    }
}

fn write(path: &Path, trials: u64, size: u64) {
    let mut writer = TrialWriter::create(path, &planned()).unwrap();
    for start in (0..trials).step_by(size as usize) {
        let end = (start + size).min(trials);
        writer.write(&block(start..end)).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn rows_are_ordered_and_sums_are_right() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trials.parquet");
    write(&path, 10, 3);
    let frame = read(&path);
    let columns: Vec<String> = frame
        .get_column_names()
        .iter()
        .map(std::string::ToString::to_string)
        .collect();
    assert_eq!(
        columns,
        [
            "plan",
            "trial",
            "month",
            "tier",
            "spend",
            "impressions",
            "engagements",
            "clicks",
            "conversions",
            "revenue",
            "profit"
        ]
    );
    assert_eq!(frame.height(), 10 * 2 * 4);
    let number = |name: &str, row: usize| frame.column(name).unwrap().f64().unwrap().get(row);
    let trial = frame.column("trial").unwrap().i64().unwrap();
    for row in 0..frame.height() {
        assert_eq!(trial.get(row), i64::try_from(row / 8).ok());
        assert_eq!(
            frame.column("month").unwrap().i32().unwrap().get(row),
            Some(1)
        );
        let plan = if row % 8 < 4 { "base" } else { "'=other" };
        assert_eq!(text(&frame, "plan", row).as_deref(), Some(plan));
        let tier = [None, Some("macro"), Some("mid"), Some("micro")][row % 4];
        assert_eq!(text(&frame, "tier", row).as_deref(), tier);
    }
    // Trial 4: the base plan's rows, then the other's.
    let of = |cell_index: usize| cell(cell_index, 4..5, true);
    let first = 4 * 8;
    let near = |a: Option<f64>, b: f64| assert!((a.unwrap() - b).abs() < 1e-9, "{a:?} {b}");
    near(number("spend", first), of(0).spend[0] + of(2).spend[0]);
    near(number("impressions", first + 1), of(0).impressions[0]);
    near(number("revenue", first + 2), of(2).revenue[0]);
    near(number("conversions", first), 8.0);
    let revenue = of(0).revenue[0] + of(2).revenue[0];
    near(
        number("profit", first),
        0.6 * revenue - of(0).spend[0] - of(2).spend[0],
    );
    // A tier without partnerships is zero; what a part leaves undefined is null in the total.
    assert_eq!(number("spend", first + 3), Some(0.0));
    assert_eq!(number("impressions", first + 3), Some(0.0));
    assert_eq!(number("clicks", first), None);
    assert!(number("impressions", first + 6).is_some());
    assert_eq!(number("impressions", first + 7), None);
    assert_eq!(number("impressions", first + 4), None);
    near(number("spend", first + 4), of(2).spend[0] + of(5).spend[0]);
}

#[test]
fn bytes_do_not_depend_on_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let trials = (2 * GROUP_ROWS / 8 + 777) as u64; // three row groups
    let bytes = |size: u64| {
        let path = dir.path().join(format!("{size}.parquet"));
        write(&path, trials, size);
        fs::read(&path).unwrap()
    };
    let whole = bytes(trials);
    assert_eq!(
        read(&dir.path().join(format!("{trials}.parquet"))).height() as u64,
        8 * trials
    );
    for size in [1024, 1000, 8192] {
        assert!(bytes(size) == whole, "blocks of {size}");
    }
}

#[test]
fn months_have_rows_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trials.parquet");
    let mut planned = planned();
    planned.truncate(1);
    let (model, plan) = &mut planned[0];
    model.months = 2;
    plan.counts = ndarray::Array2::ones((2, model.cells.len()));
    let mut later = cell(2, 0..3, true);
    later.month = 1;
    let block = TrialBlock {
        first_trial: 0,
        trials: 3,
        plans: vec![PlanBlock {
            cells: vec![cell(0, 0..3, true), later.clone()],
            audiences: Vec::new(),
        }],
    };
    let mut writer = TrialWriter::create(&path, &planned).unwrap();
    writer.write(&block).unwrap();
    writer.finish().unwrap();
    let frame = read(&path);
    assert_eq!(frame.height(), 3 * 2 * 4);
    let months = frame.column("month").unwrap().i32().unwrap();
    let spend = frame.column("spend").unwrap().f64().unwrap();
    for trial in 0..3 {
        for row in 0..8 {
            let month = i32::try_from(1 + row / 4).ok();
            assert_eq!(months.get(trial * 8 + row), month);
        }
        // Total and mid of the second month; nothing of the first month in it.
        assert_eq!(spend.get(trial * 8 + 4), Some(later.spend[trial]));
        assert_eq!(spend.get(trial * 8 + 6), Some(later.spend[trial]));
        assert_eq!(spend.get(trial * 8 + 5), Some(0.0));
    }
    later.month = 2;
    let mut writer = TrialWriter::create(&path, &planned).unwrap();
    let plans = vec![PlanBlock {
        cells: vec![later],
        audiences: Vec::new(),
    }];
    let refused = writer.write(&TrialBlock { plans, ..block });
    assert_eq!(refused.unwrap_err().to_string(), "month 3 is unknown");
}

#[test]
fn a_file_without_trials_has_its_columns() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trials.parquet");
    TrialWriter::create(&path, &planned())
        .unwrap()
        .finish()
        .unwrap();
    let frame = read(&path);
    assert_eq!((frame.height(), frame.width()), (0, 11));
}

#[test]
fn unfinished_files_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trials.parquet");
    let mut writer = TrialWriter::create(&path, &planned()).unwrap();
    writer.write(&block(0..5000)).unwrap();
    assert!(path.exists());
    drop(writer);
    assert!(!path.exists());
}

#[test]
fn wrong_blocks_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trials.parquet");
    let mut writer = TrialWriter::create(&path, &planned()).unwrap();
    let gap = writer.write(&block(5..9)).unwrap_err();
    assert_eq!(gap.to_string(), "trial 5 came where trial 0 was due");
    let mut odd = block(0..4);
    odd.plans.push(odd.plans[0].clone());
    assert!(writer.write(&odd).is_err());
    let missing = TrialWriter::create(&dir.path().join("no/trials.parquet"), &planned());
    assert!(matches!(missing, Err(ExportError::Io { .. })));
}

#[test]
fn plans_that_are_not_usable_have_no_rows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trials.parquet");
    let mut planned = planned();
    let lost = infeasible().plans.remove(0);
    planned.insert(1, (lost.model, lost.plan));
    let mut writer = TrialWriter::create(&path, &planned).unwrap();
    writer.write(&block(0..7)).unwrap();
    writer.finish().unwrap();
    assert_eq!(read(&path).height(), 7 * 8);
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trials.parquet");
    std::os::unix::fs::symlink(full, &path).unwrap();
    let mut writer = TrialWriter::create(&path, &planned()).unwrap();
    let mut failed = None;
    for start in (0..200_000).step_by(8192) {
        if let Err(error) = writer.write(&block(start..start + 8192)) {
            failed = Some(error);
            break;
        }
    }
    let message = failed.expect("the disk is full").to_string();
    assert!(message.contains("cannot write"), "{message}");
}
