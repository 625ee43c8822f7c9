"""The calendar of office days as iCalendar (RFC 5545): one all-day entry a week."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from server.accounts.queries import locales, people_by_ids, rep_rows
from server.kernel import problems
from server.kernel.clock import Clock, iso_week
from server.kernel.problems import Words
from server.office.calendar import parse_week, weeks_back
from server.office.weeks.board import LEAD_WEEKS, rep_weeks
from server.office.weeks.rule import KEPT, Person, Plan, WeekState
from server.office.weeks.standings import week_plans

BACK: Final = 4
AHEAD: Final = 8
_LINE_BYTES: Final = 75
_NAME: Final = Words("巡店 · 回司报到", "Storewalk · office check-in")
_TITLE: Final = Words("回司报到（第 {n} 周）", "Office check-in (week {n})")
_DONE: Final = Words("✓ 已报到（第 {n} 周）", "✓ Reported (week {n})")


def calendar_of(session: Session, clock: Clock, person_id: str) -> str:
    """A rep's weeks, four back and eight ahead, each on its last day.

    Exempt weeks have none. Raises not_found for somebody who is no active rep.
    """
    person = people_by_ids(session, [person_id]).get(person_id)
    rows = rep_rows(session, [person["region_id"]], person_id=person_id) if person else []
    if not rows:
        raise problems.NOT_FOUND.error()
    language = locales(session, [person_id]).get(person_id, "zh-CN")
    names = _week_names(clock.now())
    plans = week_plans(session, names)
    who, states = rep_weeks(session, rows[0], plans, clock.now())
    shown = slice(LEAD_WEEKS, None)
    return _write(plans[shown], states[shown], who, person_id, language, clock.now())


def _week_names(now: datetime) -> list[str]:
    this = parse_week(iso_week(now))
    names = [one.name for one in weeks_back(this, LEAD_WEEKS + BACK + 1)]
    end = this.end
    for _ in range(AHEAD):
        # Noon of a Monday is in its week, whatever the clocks do that night.
        week = parse_week(iso_week(end + timedelta(hours=12)))
        names.append(week.name)
        end = week.end
    return names


def _write(
    plans: Sequence[Plan],
    states: Sequence[WeekState],
    who: Person,
    person_id: str,
    language: str,
    now: datetime,
) -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Storewalk//Office weeks//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(_NAME.say(language, {}))}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    ]
    for plan, state in zip(plans, states, strict=True):
        days = who.expected(plan) or list(plan.expected)
        if state in {WeekState.EXEMPT, WeekState.BEFORE} or not days:
            continue
        title = (_DONE if state in KEPT else _TITLE).say(language, {"n": int(plan.name[6:])})
        lines += _entry(plan, days[-1], title, person_id, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _entry(plan: Plan, day: date, title: str, person_id: str, now: datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{plan.name}-{person_id}@storewalk",
        f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_escaped(title)}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _escaped(text: str) -> str:
    for char in "\\;,":
        text = text.replace(char, "\\" + char)
    return text.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of at most 75 bytes, none of which cuts a character."""
    piece, size = "", 0
    for char in line:
        bytes_of = len(char.encode())
        if size + bytes_of > _LINE_BYTES:
            yield piece
            piece, size = " ", 1
        piece, size = piece + char, size + bytes_of
    yield piece
