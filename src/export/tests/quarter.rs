use super::written::{columns, read, record};
use crate::export::{Description, names, result_json, write_files};
use crate::fixture::{quarter, result};

const ESTIMATES: &str =
    "mean, sd, mc_error, p05, p10, p25, p50, p75, p90, p95, p05_error, p50_error, p95_error";

#[test]
fn a_quarter_has_two_files_more() {
    let dir = tempfile::tempdir().unwrap();
    let run = quarter(3, 1.0);
    write_files(dir.path(), &run, &Description::default(), &record()).unwrap();
    let forecast = read(&dir.path().join(names::FORECAST));
    assert_eq!(
        columns(&forecast),
        format!("plan, month, metric, additive, {ESTIMATES}")
    );
    assert_eq!(forecast.height(), 3 * 4);
    let cash = read(&dir.path().join(names::CASH));
    assert_eq!(
        columns(&cash),
        format!("plan, month, metric, additive, {ESTIMATES}, prob_peak, prob_peak_error")
    );
    assert_eq!(cash.height(), 13 * 4);

    // Means of what is additive add up over months to the horizon's, which has no month.
    let months = cash.column("month").unwrap().i32().unwrap();
    let metrics = cash.column("metric").unwrap().str().unwrap();
    let additive = cash.column("additive").unwrap().bool().unwrap();
    let means = cash.column("mean").unwrap().f64().unwrap();
    for row in (0..cash.height()).filter(|&r| months.get(r).is_none()) {
        if !additive.get(row).unwrap() {
            continue;
        }
        let metric = metrics.get(row);
        let sum: f64 = (0..cash.height())
            .filter(|&r| months.get(r).is_some() && metrics.get(r) == metric)
            .map(|r| means.get(r).unwrap())
            .sum();
        let all = means.get(row).unwrap();
        assert!((sum - all).abs() <= 1e-9 * all.abs(), "{metric:?}");
    }

    let value = result_json(&run, &Description::default());
    assert_eq!(value["forecast"].as_array().unwrap().len(), 12);
    assert_eq!(value["cash"].as_array().unwrap().len(), 52);
    assert_eq!(value["cash"][0]["metric"], "fees");
    assert!(value["cash"][0]["month"].is_null());
}

#[test]
fn a_month_has_neither() {
    let dir = tempfile::tempdir().unwrap();
    let run = result(false);
    write_files(dir.path(), &run, &Description::default(), &record()).unwrap();
    assert!(!dir.path().join(names::FORECAST).exists());
    assert!(!dir.path().join(names::CASH).exists());
    let value = result_json(&run, &Description::default());
    assert!(value.get("forecast").is_none() && value.get("cash").is_none());
}
