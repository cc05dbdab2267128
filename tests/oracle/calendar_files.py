"""Checks the posting calendars of runs with a reader of iCalendar that shares no code with the writer.

    calendar_files.py FOLDER...      each the output folder of a run of several months or with waves

calendar.csv, calendar.parquet and calendar.ics must say the same, and what plan.parquet says: as many creators
of each kind in each month as are booked, and nobody twice at one time. Exit code 1 if anything is off.
"""

import csv
import json
import math
import re
import sys
from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path

import icalendar
import polars as pl


class Wrong(Exception):
    pass


def check_table(folder):
    table = pl.read_parquet(folder / "calendar.parquet")
    with (folder / "calendar.csv").open(encoding="utf-8", newline="") as file:
        text = list(csv.DictReader(file))
    if list(text[0] if text else table.columns) != table.columns or len(text) != len(table):
        raise Wrong("calendar.csv has other columns or rows than calendar.parquet")
    for line, row in zip(text, table.iter_rows(named=True)):
        if line != {name: "" if value is None else str(value) for name, value in row.items()}:
            raise Wrong(f"calendar.csv: {line} is not {row}")
        if any(re.match(r"[=+\-@\t\r]", value) for value in line.values()):
            raise Wrong(f"calendar.csv: a formula in {line}")
    return table


def check_plan(folder, table):
    plan = pl.read_parquet(folder / "plan.parquet").filter(pl.col("count") > 0)
    kind = ["plan", "month", "tier", "partnership", "category", "region"]
    booked = defaultdict(float)
    for row in plan.iter_rows(named=True):
        # Of fractions of a partnership one more creator posts now and then.
        booked[tuple(row[name] for name in kind)] += math.ceil(row["count"] - 1e-9)
    found = defaultdict(set)
    times = Counter()
    for row in table.iter_rows(named=True):
        found[tuple(row[name] for name in kind)].add((row["cell"], row["creator"]))
        times[row["plan"], row["cell"], row["creator"], row["day"], row["time"]] += 1
    whole = all(row == int(row) for row in plan["count"])
    for key, creators in found.items():
        if len(creators) > booked[key] or whole and len(creators) != booked[key]:
            raise Wrong(f"{key}: {len(creators)} creators post, {booked[key]} are booked")
    if whole and set(found) != set(booked):
        raise Wrong(f"booked and never posting: {set(booked) - set(found)}")
    if times and max(times.values()) > 1:
        raise Wrong(f"twice at one time: {times.most_common(1)}")


def check_ics(folder, table):
    path = folder / "calendar.ics"
    dated = table.filter(pl.col("date").is_not_null())
    if not path.exists():
        if len(dated):
            raise Wrong("there are dates and no calendar.ics")
        return 0
    raw = path.read_bytes()
    if not raw.endswith(b"\r\n") or b"\n" in raw.replace(b"\r\n", b""):
        raise Wrong("calendar.ics: lines do not all end with CR LF")
    if max(map(len, raw.split(b"\r\n"))) > 75:
        raise Wrong("calendar.ics: a line is longer than 75 bytes")
    if any(c < 32 for c in raw.replace(b"\r\n", b"")):
        raise Wrong("calendar.ics: a control character")
    calendar = icalendar.Calendar.from_ical(raw)
    events = list(calendar.walk("VEVENT"))
    if calendar.errors or any(event.errors for event in events):
        raise Wrong("calendar.ics: the reader finds errors")
    base = dated.filter(pl.col("plan") == table["plan"][0]) if len(table) else dated
    if len(events) != len(base):
        raise Wrong(f"calendar.ics: {len(events)} events of {len(base)} posts")
    if len({str(event["UID"]) for event in events}) != len(events):
        raise Wrong("calendar.ics: identifiers used twice")
    for event, row in zip(events, base.iter_rows(named=True)):
        begin = event["DTSTART"].dt
        if not isinstance(begin, datetime) or begin.tzinfo is not None:
            raise Wrong(f"calendar.ics: {begin} is no floating time")
        if begin != datetime.fromisoformat(f"{row['date']}T{row['time']}"):
            raise Wrong(f"calendar.ics: {begin} is not {row['date']} {row['time']}")
        if date.fromisoformat(row["date"]).strftime("%a") != row["weekday"]:
            raise Wrong(f"{row['date']} is no {row['weekday']}")
        if event["DTSTAMP"].dt.isoformat() != "1970-01-01T00:00:00+00:00":
            raise Wrong("calendar.ics: a stamp of its time")
        expected = f"{unmarked(row['cell'])} #{row['creator']}, post {row['post']}"
        if str(event["SUMMARY"]) != expected:
            raise Wrong(f"calendar.ics: {str(event['SUMMARY'])!r} is not {expected!r}")
    return len(events)


def unmarked(text):
    return text[1:] if re.match(r"'+[=+\-@\t\r\n＝＋－＠]", text) else text


def main():
    wrong = False
    for folder in map(Path, sys.argv[1:]):
        try:
            files = json.loads((folder / "manifest.json").read_text())["files"]
            if not {"calendar.csv", "calendar.parquet"} <= set(files):
                raise Wrong("the manifest names no calendar")
            table = check_table(folder)
            check_plan(folder, table)
            print(f"{folder}: {len(table)} posts, {check_ics(folder, table)} events")
        except Wrong as problem:
            wrong = True
            print(f"{folder}: {problem}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
