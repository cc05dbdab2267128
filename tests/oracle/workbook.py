"""Checks workbooks of runs by another library than the one that wrote them.

    workbook.py FOLDER...            each the output folder of a run with --xlsx

Every formula is calculated anew from the cells it names and compared with the result that stands beside it; every
quantile is compared with summary.parquet. Texts must be texts, whatever they begin with. Exit code 1 if anything is off.
"""

import json
import math
import re
import sys
from datetime import datetime
from pathlib import Path

import openpyxl
import polars as pl

SHEETS = ["plan", "months", "forecast", "cash", "charts", "comparison", "variance", "targets", "assumptions", "about"]
ALWAYS = [name for name in SHEETS if name not in ("cash", "charts", "variance")]
FORMATS = {"#,##0", "#,##0.0000", "#,##0.00", "0.00", "0.0%", "0.00%"}
CELL = r"\$?[A-Z]+\$?\d+"
RANGE = rf"(?:[a-z]+!)?{CELL}:{CELL}"


class Wrong(Exception):
    pass


def close(a, b):
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6)


def values(book, sheet, where):
    """The values of a cell or a range, flat."""
    if "!" in where:
        sheet, where = where.split("!")
    found = book[sheet][where.replace("$", "")]
    rows = found if isinstance(found, tuple) else ((found,),)
    return [cell.value for row in rows for cell in row]


def calculate(book, sheet, formula):
    """The formulas that workbooks have, and no others."""
    def one(where):
        value = values(book, sheet, where)[0]
        if not isinstance(value, (int, float)):
            raise Wrong(f"{sheet}: {formula} needs a number in {where}, there is {value!r}")
        return value

    if m := re.fullmatch(rf"=({CELL})([-+*/])({CELL})", formula):
        a, b = one(m[1]), one(m[3])
        return {"-": a - b, "+": a + b, "*": a * b, "/": a / b if m[2] == "/" else None}[m[2]]
    if m := re.fullmatch(rf"=({CELL})/ABS\(({CELL})\)", formula):
        return one(m[1]) / abs(one(m[2]))
    if m := re.fullmatch(rf"=SUM\(({RANGE})\)", formula):
        return math.fsum(v for v in values(book, sheet, m[1]) if isinstance(v, (int, float)))
    if m := re.fullmatch(rf"=SUMPRODUCT\(EXACT\(({RANGE}),({CELL})\)\*\(({RANGE})=({CELL})\)\*({RANGE})\)", formula):
        names, months, amounts = (values(book, sheet, m[i]) for i in (1, 3, 5))
        name, month = values(book, sheet, m[2])[0], values(book, sheet, m[4])[0]
        if not len(names) == len(months) == len(amounts):
            raise Wrong(f"{sheet}: {formula} has ranges of different lengths")
        return math.fsum(v for n, t, v in zip(names, months, amounts) if n == name and t == month)
    raise Wrong(f"{sheet}: a formula that no sheet should have: {formula}")


def check_sheet(written, cached, name):
    sheet = written[name]
    if not sheet.freeze_panes or not sheet.freeze_panes.endswith("2"):
        raise Wrong(f"{name}: the header is not frozen: {sheet.freeze_panes}")
    if sheet.max_row > 1 and not sheet.auto_filter.ref:
        raise Wrong(f"{name}: no filter")
    if not all(sheet.column_dimensions[letter].width > 5 for letter in ("A", "B")):
        raise Wrong(f"{name}: no column widths")
    formulas = 0
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            if cell.value is None:
                continue
            beside = cached[name][cell.coordinate].value
            if cell.data_type == "f":
                formulas += 1
                result = calculate(cached, name, cell.value)
                if not isinstance(beside, (int, float)) or not close(result, beside):
                    raise Wrong(f"{name}!{cell.coordinate}: {cell.value} is {result}, written {beside!r}")
            elif cell.data_type == "n":
                if not math.isfinite(cell.value):
                    raise Wrong(f"{name}!{cell.coordinate}: {cell.value}")
            elif cell.data_type != "s":
                raise Wrong(f"{name}!{cell.coordinate}: of type {cell.data_type}")
            if cell.data_type in "fn" and cell.number_format not in FORMATS:
                raise Wrong(f"{name}!{cell.coordinate}: number format {cell.number_format}")
    return formulas


def rows(book, name):
    data = list(book[name].iter_rows(values_only=True))
    return [dict(zip(data[0], row)) for row in data[1:]]


def unmarked(text):
    """Names in parquet have an apostrophe where a spreadsheet could take them for formulas."""
    if text is not None and re.match(r"'+[=+\-@\t\r\n＝＋－＠]", text):
        return text[1:]
    return text


def same(sheet, what, here, there):
    if (here is None) != (there is None) or (here is not None and not close(here, there)):
        raise Wrong(f"{sheet}: {what}: {here} in the workbook, {there} in the parquet file")


def check_forecast(book, folder):
    summary = pl.read_parquet(folder / "summary.parquet").filter(pl.col("scope") == "total")
    has_months = summary["month"].drop_nulls().len() > 0
    known = {(unmarked(r["plan"]), r["metric"], r["month"]): r for r in summary.iter_rows(named=True)}
    seen = 0
    for row in rows(book, "forecast"):
        month = row["month"] if has_months and row["month"] != "horizon" else None
        key = (row["plan"], row["metric"], month)
        if key not in known:
            if row["metric"] in ("booked", "earned", "to_come"):
                continue
            raise Wrong(f"forecast: {key} is not in summary.parquet")
        seen += 1
        for quantile in ("p10", "p50", "p90"):
            same("forecast", (*key, quantile), row[f"{quantile.upper()} (not additive)"], known[key][quantile])
        headline = known[key]["ratio_of_means"]
        same("forecast", (*key, "expected"), row["expected"], known[key]["mean"] if headline is None else headline)
    if seen != len(known):
        raise Wrong(f"forecast: {seen} rows of {len(known)}")


def check_cash(book, folder):
    if "cash" not in book.sheetnames:
        if (folder / "cash.parquet").exists() and len(pl.read_parquet(folder / "cash.parquet")):
            raise Wrong("cash: no sheet")
        return
    known = {(unmarked(r["plan"]), r["metric"], r["month"]): r
             for r in pl.read_parquet(folder / "cash.parquet").iter_rows(named=True)}
    seen = set()
    for row in rows(book, "cash"):
        month = None if row["month"] == "horizon" else row["month"]
        key = (row["plan"], row["metric"], month)
        if key not in known and month == 1:  # a horizon of one month
            key = (row["plan"], row["metric"], None)
        seen.add(key)
        for quantile in ("p10", "p50", "p90"):
            same("cash", (*key, quantile), row[f"{quantile.upper()} (not additive)"], known[key][quantile])
        same("cash", (*key, "expected"), row["expected"], known[key]["mean"])
    if seen != set(known):
        raise Wrong(f"cash: {len(seen)} rows of {len(known)}")


def check_plan(book, folder):
    booked = pl.read_parquet(folder / "plan.parquet").filter(pl.col("count") != 0)
    here = rows(book, "plan")
    if len(here) != len(booked):
        raise Wrong(f"plan: {len(here)} rows of {len(booked)}")
    for row, there in zip(here, booked.iter_rows(named=True)):
        for name in ("plan", "tier", "partnership", "category", "region"):
            if row[name] != unmarked(there[name]):
                raise Wrong(f"plan: {row[name]!r} in the workbook, {there[name]!r} in the parquet file")
        for name, column in (("partnerships", "count"), ("spend", "spend"), ("expected revenue", "revenue")):
            same("plan", name, row[name], there[column])
    totals = booked.group_by("plan", "month").agg(pl.col("spend", "revenue", "count").sum())
    spent = {(unmarked(r["plan"]), r["month"]): r for r in totals.iter_rows(named=True)}
    result = json.loads((folder / "result.json").read_text())
    for row in rows(book, "months"):
        if row["month"] == "owed after the horizon":
            plan = next(p for p in result["plans"] if p["name"] == unmarked(row["plan"]))
            same("months", "owed", row["spend"], math.fsum(c["spend"] for c in plan["commitments_beyond"]))
        elif row["month"] != "horizon":
            there = spent.get((row["plan"], row["month"]), {"spend": 0.0, "revenue": 0.0, "count": 0.0})
            same("months", "spend", row["spend"], there["spend"])
            same("months", "partnerships", row["partnerships"], there["count"])
            if row["budget"] is None:
                # Months of one pot have no budgets of their own.
                if row["left of budget"] is not None:
                    raise Wrong("months: something is left of no budget")
            else:
                same("months", "left", row["left of budget"], row["budget"] - there["spend"])


def check_variance(book, folder):
    path = folder / "variance.parquet"
    if ("variance" in book.sheetnames) != path.exists():
        raise Wrong("variance: a sheet without the parquet file, or the other way round")
    if not path.exists():
        return
    here, there = rows(book, "variance"), pl.read_parquet(path).rows(named=True)
    if len(here) != len(there):
        raise Wrong(f"variance: {len(here)} rows of {len(there)}")
    for row, known in zip(here, there):
        month = None if row["month"] == "horizon" else row["month"]
        key = (row["plan"], month, row["tier"], row["metric"])
        if key != (unmarked(known["plan"]), known["month"], known["tier"], known["metric"]):
            raise Wrong(f"variance: {key} in place of {known}")
        for name, column in (
            ("planned", "planned"),
            ("actual", "actual"),
            ("forecast", "forecast"),
            ("forecast P10 (not additive)", "forecast_p10"),
            ("forecast P90 (not additive)", "forecast_p90"),
            ("forecast - planned", "difference"),
            ("difference in %", "relative"),
        ):
            same("variance", (*key, column), row[name], known[column])


def check_charts(written, book):
    metrics = [r for r in rows(book, "forecast") if isinstance(r["P10 (not additive)"], (int, float))]
    if not metrics:
        return 0
    charts = written["charts"]._charts
    first = metrics[0]["plan"]
    least = len({r["metric"] for r in metrics if r["plan"] == first})
    if len(charts) < least:
        raise Wrong(f"charts: {len(charts)} of {least}")
    for chart in charts:
        # The reader adds combined charts to the first; an area on an unseen base, and a line.
        parts = [chart, *chart._charts[1:]] if len(chart._charts) > 1 else [chart]
        series = [s for part in parts for s in part.series]
        if len(series) != 3:
            raise Wrong(f"charts: {len(series)} series")
        lengths = set()
        for one in series:
            where = one.val.numRef.f.replace("'", "")
            found = values(book, "charts", where)
            lengths.add(len(found))
            if not all(isinstance(v, (int, float)) for v in found):
                raise Wrong(f"charts: {where} has no numbers")
        if len(lengths) != 1:
            raise Wrong("charts: series of different lengths")
        if len({tuple(re.findall(r"\d+", s.val.numRef.f)) for s in series}) != 1:
            raise Wrong("charts: series of different rows")
    return len(charts)


def check(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    path = folder / f"{manifest['scenario']}.xlsx"
    if path.name not in manifest["files"]:
        raise Wrong("the manifest does not name the workbook")
    written, cached = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    names = written.sheetnames
    if names != [name for name in SHEETS if name in names] or not set(ALWAYS) <= set(names):
        raise Wrong(f"sheets {names}")
    fixed = datetime(2000, 1, 1)
    if (written.properties.created, written.properties.modified) != (fixed, fixed):
        raise Wrong(f"made {written.properties.created}, changed {written.properties.modified}")
    formulas = sum(check_sheet(written, cached, name) for name in names if name != "charts")
    check_forecast(cached, folder)
    check_cash(cached, folder)
    check_plan(cached, folder)
    check_variance(cached, folder)
    about = {row["what"]: row["value"] for row in rows(cached, "about")}
    for what, value in (
        ("scenario", manifest["scenario"]),
        ("seed", str(manifest["seed"])),
        ("trials", manifest["trials"]),
        ("SHA-256 of the scenario", manifest["scenario_hash"]),
    ):
        if about[what] != value:
            raise Wrong(f"about: {what} is {about[what]!r}, not {value!r}")
    if "seconds" in about or "threads" in about:
        raise Wrong("about: what differs between runs stands in the manifest alone")
    return f"{len(names)} sheets, {formulas} formulas, {check_charts(written, cached)} charts"


def main():
    wrong = False
    for folder in map(Path, sys.argv[1:]):
        try:
            print(f"{folder}: {check(folder)}")
        except Wrong as problem:
            wrong = True
            print(f"{folder}: {problem}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
