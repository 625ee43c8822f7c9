"""The board rep × week: 13 weeks of every rep in scope, who is due today, and streaks.

2,000 reps are 26,000 cells: a row of the answer is a list of states, and what a cell rests on is
asked for when somebody opens it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from server.accounts.queries import RepRow, region_names, rep_rows, scope_regions
from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.clock import Clock, iso_week, org_day, wire_time
from server.office.calendar import parse_week, weeks_back
from server.office.models import OfficeCheckIn, OfficeExemption, OfficeMakeUp, OfficeNotice
from server.office.records import check_in_record
from server.office.weeks.facts import (
    Facts,
    exemption_record,
    load_facts,
    make_up_record,
    notice_record,
)
from server.office.weeks.rule import Person, Plan, WeekState, states_of
from server.office.weeks.standings import Standing, load_marks, load_standings, week_plans

BOARD_WEEKS: Final = 13
# A Monday's check-in may fill the week before, which may have lent its own to the one before that:
# the count begins so many weeks earlier for those whom that concerns.
LEAD_WEEKS: Final = 13
_CHECK_IN: Table = OfficeCheckIn.__table__  # type: ignore[assignment]  # declared wider than it is


@dataclass(frozen=True, slots=True)
class BoardFilters:
    """What of the board is wanted; q is part of a name or user name."""

    region: str | None = None
    state: str | None = None
    due: bool = False
    q: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A rep's row."""

    rep: RepRow
    standing: Standing
    due: bool


@dataclass(frozen=True, slots=True)
class Board:
    """A week and those before it; lines are what the filters leave, counts are of all."""

    plans: Sequence[Plan]
    lines: Sequence[Line]
    counts: dict[str, int]
    due: int


def make_board(
    session: Session, actor: Actor, clock: Clock, week_text: str, filters: BoardFilters
) -> Board:
    """Work out the board. Raises week_invalid, and not_found for a region out of scope."""
    now, today = clock.now(), org_day(clock.now())
    names = [one.name for one in weeks_back(parse_week(week_text), BOARD_WEEKS + LEAD_WEEKS)]
    reps = rep_rows(session, scope_regions(session, actor, filters.region))
    ids = [rep.id for rep in reps]
    standings = load_standings(session, ids, names, LEAD_WEEKS, now)
    wanted, q = filters.state, (filters.q or "").strip().lower()
    counts: Counter[str] = Counter()
    lines, all_due = [], 0
    for rep in reps:
        standing = standings.by_person[rep.id]
        counts[standing.states[-1]] += 1
        due = standing.due_from is not None and standing.due_from <= today
        all_due += due
        if (wanted and standing.states[-1] != wanted) or (filters.due and not due):
            continue
        if q and q not in rep.name.lower() and q not in rep.username.lower():
            continue
        lines.append(Line(rep, standing, due))
    return Board(standings.plans, lines, {one.value: counts[one] for one in WeekState}, all_due)


def board_record(session: Session, board: Board, now: datetime) -> dict[str, Any]:
    """The board as the API writes it.

    {week, this_week, start, end, weeks: [{week, holiday, calendar_missing}], rows: [{id, name,
    username, region_name, states, due, streak, streak_more}], counts, due}; states are oldest
    first.
    """
    names, last = region_names(session), board.plans[-1]
    return {
        "week": last.name,
        "this_week": iso_week(now),
        "start": wire_time(last.start),
        "end": wire_time(last.end),
        "weeks": [
            {
                "week": plan.name,
                "holiday": plan.holiday,
                "calendar_missing": plan.calendar_missing,
            }
            for plan in board.plans
        ],
        "rows": [
            {
                "id": line.rep.id,
                "name": line.rep.name,
                "username": line.rep.username,
                "region_name": names.get(line.rep.region_id, ""),
                "states": line.standing.states,
                "due": line.due,
                "streak": line.standing.streak,
                "streak_more": line.standing.streak_more,
            }
            for line in board.lines
        ],
        "counts": board.counts,
        "due": board.due,
    }


def _counted(
    session: Session, rep: RepRow, plans: Sequence[Plan], now: datetime
) -> tuple[Person, Facts, list[WeekState], dict[datetime, str]]:
    facts = load_facts(session, [rep.id], plans[0].monday, plans[0].name)
    person, counted = facts.person(rep.id), dict[datetime, str]()
    marks = load_marks(session, [rep.id], [plan.name for plan in plans]).get(rep.id, {})
    return person, facts, states_of(plans, marks, person, now, counted), counted


def rep_weeks(
    session: Session, rep: RepRow, plans: Sequence[Plan], now: datetime
) -> tuple[Person, list[WeekState]]:
    """One rep's states in some weeks, of which the first LEAD_WEEKS are only counted through."""
    person, _, states, _ = _counted(session, rep, plans, now)
    return person, states


def person_week(
    session: Session, actor: Actor, clock: Clock, week_text: str, person_id: str
) -> dict[str, Any]:
    """What a cell of the board rests on.

    {person, week, state, office_id, calendar_missing, check_ins: [… with counted_for], exemptions,
    make_ups, notices}. Check-ins of the Monday after are among them where they fill this week.
    Raises week_invalid, and not_found for a rep out of scope.
    """
    week, now = parse_week(week_text), clock.now()
    found = rep_rows(session, actor.region_ids, person_id=person_id)
    if not found:
        raise problems.NOT_FOUND.error(field="user_id")
    [rep] = found
    after = iso_week(week.end + timedelta(hours=12))
    names = [*(one.name for one in weeks_back(week, LEAD_WEEKS)), after]
    plans = week_plans(session, names)
    _, facts, states, counted = _counted(session, rep, plans, now)
    plan, last_day = plans[-2], plans[-2].monday + timedelta(days=6)
    rows = session.execute(
        select(_CHECK_IN)
        .where(_CHECK_IN.c.author_id == rep.id, _CHECK_IN.c.week.in_([week.name, after]))
        .order_by(_CHECK_IN.c.at, _CHECK_IN.c.id)
    ).mappings()
    check_ins = [
        check_in_record(row) | {"counted_for": counted.get(row["at"]) if row["accepted"] else None}
        for row in rows
    ]
    own = OfficeExemption.person_id == rep.id
    spans = (OfficeExemption.first_day <= last_day, OfficeExemption.last_day >= plan.monday)
    exemptions = session.scalars(select(OfficeExemption).where(own, *spans))
    make_ups = session.scalars(
        select(OfficeMakeUp).where(OfficeMakeUp.person_id == rep.id, OfficeMakeUp.week == week.name)
    )
    notices = session.scalars(
        select(OfficeNotice)
        .where(OfficeNotice.person_id == rep.id, OfficeNotice.week == week.name)
        .order_by(OfficeNotice.at)
    )
    return {
        "person": {
            "id": rep.id,
            "name": rep.name,
            "username": rep.username,
            "region_name": region_names(session).get(rep.region_id, ""),
        },
        "week": week.name,
        "state": states[-2],
        "office_id": facts.duties.get(rep.id, (None, None))[0],
        "calendar_missing": plan.calendar_missing,
        "check_ins": [one for one in check_ins if week.name in (one["week"], one["counted_for"])],
        "exemptions": [exemption_record(row) for row in exemptions],
        "make_ups": [make_up_record(row) for row in make_ups],
        "notices": [notice_record(row) for row in notices],
    }
