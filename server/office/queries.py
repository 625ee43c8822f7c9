"""Reading offices, office check-ins and the week's board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from server.accounts.queries import region_names, reps_in, scope_regions
from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.bulk import Lookup
from server.kernel.clock import Clock, wire_time
from server.kernel.ops import Reader
from server.office.calendar import Week, parse_week, weeks_back
from server.office.models import Office, OfficeCheckIn
from server.office.records import Row, check_in_record, office_record

_CHECK_IN: Table = OfficeCheckIn.__table__  # type: ignore[assignment]  # declared wider than it is
_BY_ID = Lookup(_CHECK_IN.c.id, told=True)
BOARD_WEEKS: Final = 6


class WeekState(StrEnum):
    """How a rep stands in a week: reported, reported but not surely there, not yet, not at all."""

    DONE = "done"
    DOUBTFUL = "doubtful"
    OPEN = "open"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class CheckInRef:
    """What another feature needs to know of an office check-in."""

    id: str
    author_id: str
    region_id: str


def check_ins_for_ops(session: Session, actor: Actor, ids: Iterable[str]) -> dict[str, CheckInRef]:
    """The office check-ins that exist, whoever's they are.

    An op about one whose author_id is not the actor's is the caller's to reject.
    """
    del actor
    names = ("id", "author_id", "region_id")
    query = select(*(_CHECK_IN.c[name] for name in names)).where(_CHECK_IN.c.id.in_(set(ids)))
    return {row.id: CheckInRef(*row) for row in session.execute(query)}


def read_offices(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: everybody is told of every office."""
    del actor
    rows = session.scalars(select(Office).where(Office.id.in_(ids)))
    return {row.id: office_record(row) for row in rows}


def read_check_ins(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: the person's own office check-ins."""
    mine = (row for row in _BY_ID(session, ids) if row["author_id"] == actor.user_id)
    return {row["id"]: check_in_record(row) for row in mine}


READERS: dict[str, Reader] = {"office": read_offices, "office_check_in": read_check_ins}


def list_offices(session: Session, *, active: bool | None = None) -> list[dict[str, Any]]:
    """All offices by code; a rep may report at any of them."""
    query = select(Office).order_by(Office.code)
    if active is not None:
        query = query.where(Office.active == active)
    return [office_record(row) for row in session.scalars(query)]


def find_office(session: Session, office_id: str) -> Office:
    """One office. Raises the problem not_found."""
    office = session.get(Office, office_id)
    if office is None:
        raise problems.NOT_FOUND.error(field="office_id")
    return office


def week_state(week: Week, now: datetime, check_ins: Sequence[Row]) -> WeekState:
    """The state of a person in a week from their check-ins in it (domain rule 7)."""
    if any(row["accepted"] for row in check_ins):
        return WeekState.DONE
    if check_ins:
        return WeekState.DOUBTFUL
    return WeekState.MISSED if week.closed(now) else WeekState.OPEN


def week_board(
    session: Session, actor: Actor, clock: Clock, week_text: str, *, region_id: str | None = None
) -> dict[str, Any]:
    """The board rep × week: the week asked for and the five before it, oldest first.

    {week, start, end, closed, offices, rows: [{person, weeks: [{week, state, check_in}], state,
    check_in}], counts}; state and check_in of a row are those of the week asked for, and so are
    the counts. Raises week_invalid, and not_found for a region out of the actor's scope.
    """
    week, now = parse_week(week_text), clock.now()
    weeks = weeks_back(week, BOARD_WEEKS)
    people = reps_in(session, scope_regions(session, actor, region_id))
    found = _check_ins(session, [row["id"] for row in people], [one.name for one in weeks])
    names = region_names(session)
    rows = []
    for person in people:
        cells = [_cell(one, now, found.get((person["id"], one.name), [])) for one in weeks]
        rows.append(
            {
                "person": {
                    "id": person["id"],
                    "name": person["name"],
                    "region_name": names.get(person["region_id"], ""),
                },
                "weeks": cells,
                "state": cells[-1]["state"],
                "check_in": cells[-1]["check_in"],
            }
        )
    counts = Counter(row["state"] for row in rows)
    return {
        "week": week.name,
        "start": wire_time(week.start),
        "end": wire_time(week.end),
        "closed": week.closed(now),
        "offices": list_offices(session),
        "rows": rows,
        "counts": {state.value: counts[state.value] for state in WeekState},
    }


def _check_ins(
    session: Session, people: Sequence[str], weeks: Sequence[str]
) -> dict[tuple[str, str], list[Row]]:
    query = (
        select(_CHECK_IN)
        .where(_CHECK_IN.c.week.in_(weeks), _CHECK_IN.c.author_id.in_(people))
        .order_by(_CHECK_IN.c.at, _CHECK_IN.c.id)
    )
    found: dict[tuple[str, str], list[Row]] = {}
    for row in session.execute(query).mappings():
        found.setdefault((row["author_id"], row["week"]), []).append(row)
    return found


def _cell(week: Week, now: datetime, check_ins: Sequence[Row]) -> dict[str, Any]:
    # The first accepted one made the week; where none was, the latest try tells the most.
    accepted = [row for row in check_ins if row["accepted"]]
    shown = accepted[:1] or check_ins[-1:]
    return {
        "week": week.name,
        "state": week_state(week, now, check_ins).value,
        "check_in": check_in_record(shown[0]) if shown else None,
    }
