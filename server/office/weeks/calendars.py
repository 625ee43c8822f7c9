"""Years of holidays: those that came with the program, and reading what the office uploads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import orjson

from server.kernel.problems import Problem, Words
from server.office import problems

YEARS: Final = range(2000, 2201)
MAX_ROWS: Final = 2_000
MAX_ERRORS: Final = 200
_NAME_MAX: Final = 40
_YES: Final = {"true": True, "1": True, "yes": True, "是": True, "休": True}
_NO: Final = {"false": False, "0": False, "no": False, "否": False, "班": False}
_COLUMNS: Final = ("name", "date", "isOffDay")

_WORDS: Final = {
    "date_invalid": Words("日期应写成 2026-10-01", "Write the date like 2026-10-01"),
    "off_invalid": Words("isOffDay 应为 true 或 false", "isOffDay must be true or false"),
    "name_invalid": Words("名称为 1 到 40 个字", "The name has 1 to 40 characters"),
    "year_other": Words("日期不在 {year} 年", "The date is not in {year}"),
    "date_twice": Words("这一天出现了两次", "This day is there twice"),
    "row_invalid": Words("这一行不是对象", "This row is not an object"),
    "weekday_worked": Words(
        "周一到周五本来就是工作日，无需列为调休",
        "Monday to Friday are working days anyway",
    ),
}


def builtin(first: int, last: int) -> dict[int, list[dict[str, Any]]]:
    """The years that have been announced, as the package of China's calendar has them.

    A year that it does not know is left out: it must not look like one without holidays.
    """
    # Loaded when it is wanted: only setting up asks for it.
    from chinese_calendar import constants

    found: dict[int, dict[date, tuple[str, bool]]] = {}
    for days, off in ((constants.holidays, True), (constants.workdays, False)):
        for day, name in days.items():
            if first <= day.year <= last:
                found.setdefault(day.year, {})[day] = (constants.Holiday(name).chinese, off)
    return {
        year: [
            {"date": day.isoformat(), "name": name, "off": off}
            for day, (name, off) in sorted(days.items())
        ]
        for year, days in found.items()
    }


def read_days(days: Iterable[Mapping[str, Any]]) -> dict[date, bool]:
    """Stored days as {day: is it off}."""
    return {date.fromisoformat(one["date"]): one["off"] for one in days}


class Upload:
    """A calendar file as it was read: its year, its days, and what is wrong with which row."""

    def __init__(self, language: str) -> None:
        self.year = 0
        self.days: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self._language = language
        self._seen: set[date] = set()

    def refuse(self, row: int, field: str, code: str) -> None:
        """Note what is wrong with a row; rows count from 1."""
        said = _WORDS[code].say(self._language, {"year": self.year})
        self.errors.append({"row": row, "field": field, "code": code, "message": said})

    def add(self, row: int, raw: Any) -> None:
        """Read one day {name, date, isOffDay}."""
        if not isinstance(raw, Mapping):
            self.refuse(row, "", "row_invalid")
            return
        day, off, name = _day(raw.get("date")), _off(raw.get("isOffDay")), raw.get("name")
        before = len(self.errors)
        if not isinstance(name, str) or not 1 <= len(name.strip()) <= _NAME_MAX:
            self.refuse(row, "name", "name_invalid")
        if off is None:
            self.refuse(row, "isOffDay", "off_invalid")
        if day is None:
            self.refuse(row, "date", "date_invalid")
        elif day.year != self.year:
            self.refuse(row, "date", "year_other")
        elif day in self._seen:
            self.refuse(row, "date", "date_twice")
        elif off is False and day.isoweekday() < 6:
            self.refuse(row, "isOffDay", "weekday_worked")
        if len(self.errors) > before or day is None:
            return
        self._seen.add(day)
        self.days.append({"date": day.isoformat(), "name": str(name).strip(), "off": off})


def read_upload(data: bytes, language: str) -> Upload:
    """Read a file {year, days: [{name, date, isOffDay}]}, or a CSV with those three columns.

    What is wrong with a row stands in its errors. Raises calendar_unreadable for what is neither,
    and calendar_not_announced for a year without any day: it must not look like one that is known.
    """
    text = _text(data)
    upload = Upload(language)
    if text.lstrip().startswith(("{", "[")):
        upload.year, rows = _json(text)
    else:
        upload.year, rows = _csv(text)
    if upload.year not in YEARS or len(rows) > MAX_ROWS:
        raise _unreadable("year" if upload.year not in YEARS else "days")
    if not rows:
        raise problems.CALENDAR_NOT_ANNOUNCED.error(field="days", year=upload.year)
    for number, row in enumerate(rows, 1):
        upload.add(number, row)
        if len(upload.errors) >= MAX_ERRORS:
            break
    upload.days.sort(key=lambda one: str(one["date"]))
    return upload


def _unreadable(field: str) -> Problem:
    return problems.CALENDAR_UNREADABLE.error(field=field)


def _text(data: bytes) -> str:
    # What Excel writes in China, beside what everything else does.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise _unreadable("")


def _json(text: str) -> tuple[int, list[Any]]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _unreadable("") from error
    if not isinstance(found, dict) or not isinstance(found.get("days"), list):
        raise _unreadable("days")
    year = found.get("year")
    return (year if type(year) is int else 0), found["days"]


def _csv(text: str) -> tuple[int, list[Any]]:
    try:
        reader = csv.DictReader(io.StringIO(text), strict=True)
        names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
        if any(column.lower() not in names for column in _COLUMNS):
            raise _unreadable("")
        rows = [{column: row.get(names[column.lower()]) for column in _COLUMNS} for row in reader]
    except csv.Error as error:
        raise _unreadable("") from error
    days = [day for row in rows if (day := _day(row["date"])) is not None]
    # A CSV names no year: that of its first day is meant, and other rows must fit.
    return (days[0].year if days else 0), rows


def _day(value: object) -> date | None:
    if not isinstance(value, str) or len(value.strip()) != len("2026-10-01"):
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        return None


def _off(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    key = value.strip().lower() if isinstance(value, str) else ""
    return _YES.get(key, _NO.get(key))
