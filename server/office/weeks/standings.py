"""How many reps stand in some weeks, worked out once for as long as nothing about them changes.

Whatever the rule looks at (check-ins, reviews, leave, make-ups, a person's duty) is told to that
person's phone, and rule and calendar to everybody's: while the numbers of the change feed stand
still and no week ends, a standing is what it was. So the board of thousands reads one number each.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Table, select
from sqlalchemy.orm import Session

from server.kernel.changes import org_counter, user_counters
from server.office.calendar import parse_week
from server.office.models import OfficeCheckIn
from server.office.weeks.facts import FEW, load_facts, load_holidays, load_rules
from server.office.weeks.rule import (
    Mark,
    Person,
    Plan,
    WeekState,
    due_from,
    is_unbroken,
    plan_week,
    rule_for,
    states_of,
    streak,
)

_CHECK_IN: Table = OfficeCheckIn.__table__  # type: ignore[assignment]  # declared wider than it is
# Boards of so many weeks are remembered; people look at this week and page back a little.
KEPT_BOARDS: Final = 8


@dataclass(slots=True)
class Standing:
    """A rep's states, oldest first.

    streak: weeks kept in a row among these; streak_more: it may have begun before them.
    due_from: the day from which they are due, if one is coming, and the week that is then short:
    on a Monday it may be the one before.
    """

    states: list[WeekState]
    streak: int
    streak_more: bool
    due_from: date | None
    due_week: str | None


@dataclass(frozen=True, slots=True)
class Standings:
    """The weeks, and how each person stands in them."""

    plans: Sequence[Plan]
    by_person: Mapping[str, Standing]


@dataclass(slots=True)
class _Kept:
    """What was worked out for a board: under these numbers, each person under their own."""

    org: int
    phase: int
    plans: list[Plan]
    found: dict[str, tuple[int, Standing]]


_Boards = OrderedDict[tuple[str, str], _Kept]
_BOARDS: WeakKeyDictionary[Engine, _Boards] = WeakKeyDictionary()
_LOCK = threading.Lock()


def week_plans(session: Session, names: Sequence[str]) -> list[Plan]:
    """The plans of some weeks under the organisation's rule and calendar."""
    rules, holidays = load_rules(session), load_holidays(session)
    return [plan_week(parse_week(name), rule_for(rules, name), holidays) for name in names]


def load_standings(
    session: Session, ids: Sequence[str], names: Sequence[str], lead: int, now: datetime
) -> Standings:
    """How these people stand in the weeks named; the first `lead` of them are not told.

    They are counted through, since a Monday's check-in may have filled the week before.
    """
    # Numbers first: what is committed after this is worked out anew the next time.
    org, few = org_counter(session), len(ids) <= FEW
    numbers = user_counters(session, ids if few else None)
    kept = _kept(session, names, org, now)
    missing = [one for one in ids if kept.found.get(one, _NOBODY)[0] != numbers.get(one, 0)]
    if missing:
        worked_out = _work_out(session, missing, kept.plans, lead, now)
        kept.found.update({one: (numbers.get(one, 0), worked_out[one]) for one in missing})
    found = kept.found
    return Standings(kept.plans[lead:], {one: found[one][1] for one in ids})


_NOBODY: Final = (-1, Standing([], 0, False, None, None))


def _kept(session: Session, names: Sequence[str], org: int, now: datetime) -> _Kept:
    """What is remembered of this board and still holds; a new one where nothing is."""
    bind, key = session.get_bind(), (names[0], names[-1])
    # A connection of somebody's own may be rolled back with what was worked out on it.
    boards = _boards(bind) if isinstance(bind, Engine) else OrderedDict()
    known = boards.get(key)
    if known is not None and known.org == org and known.phase == _phase(known.plans, now):
        return known
    plans = week_plans(session, names)
    fresh = _Kept(org, _phase(plans, now), plans, {})
    with _LOCK:
        boards[key] = fresh
        boards.move_to_end(key)
        while len(boards) > KEPT_BOARDS:
            boards.popitem(last=False)
    return fresh


def _boards(engine: Engine) -> _Boards:
    with _LOCK:
        return _BOARDS.setdefault(engine, OrderedDict())


def _phase(plans: Sequence[Plan], now: datetime) -> int:
    """How many of the moments have passed at which a state changes by itself."""
    return sum((now >= plan.start) + (now >= plan.grace_end) for plan in plans)


def _work_out(
    session: Session, ids: Sequence[str], plans: Sequence[Plan], lead: int, now: datetime
) -> dict[str, Standing]:
    before, shown = plans[:lead], plans[lead:]
    facts = load_facts(session, ids, plans[0].monday, plans[0].name)
    marks = load_marks(session, ids, [plan.name for plan in shown])
    early = load_marks(session, _lent(marks, before[-1], shown[0]), [one.name for one in before])
    found = {}
    for person_id in ids:
        person, mine = facts.person(person_id), marks.get(person_id, {})
        if person_id in early:
            states = states_of(plans, mine | early[person_id], person, now)[lead:]
        else:
            states = states_of(shown, mine, person, now)
        due = _due_from(shown, states, person, now)
        kept = streak(states)
        more = kept > 0 and person.since < shown[0].monday and is_unbroken(states)
        found[person_id] = Standing(states, kept, more, *due)
    return found


def _due_from(
    plans: Sequence[Plan], states: Sequence[WeekState], person: Person, now: datetime
) -> tuple[date | None, str | None]:
    # Only the last weeks can be open; the first that is due ends first.
    for plan, state in zip(plans[-3:], states[-3:], strict=True):
        day = due_from(plan, state, person, now)
        if day is not None:
            return day, plan.name
    return None, None


def load_marks(
    session: Session, ids: Sequence[str], weeks: Sequence[str]
) -> dict[str, dict[str, list[Mark]]]:
    """Check-ins of these people by person and week, oldest first."""
    if not ids:
        return {}
    table = _CHECK_IN.c
    query = select(table.author_id, table.week, table.at, table.accepted, table.declined)
    query = query.where(table.week >= weeks[0], table.week <= weeks[-1])
    if len(ids) <= FEW:
        query = query.where(table.author_id.in_(ids))
    query = query.order_by(table.week, table.author_id, table.at)
    found: dict[str, dict[str, list[Mark]]] = {}
    for author_id, week, at, accepted, declined in session.execute(query).tuples():
        mark = (at, True if accepted else False if declined else None)
        mine = found.get(author_id)
        if mine is None:
            found[author_id] = {week: [mark]}
        elif week in mine:
            mine[week].append(mark)
        else:
            mine[week] = [mark]
    return found


def _lent(marks: Mapping[str, dict[str, list[Mark]]], before: Plan, first: Plan) -> list[str]:
    """Those whose first Monday may have gone to the week before the first."""
    return [
        person_id
        for person_id, mine in marks.items()
        if any(at < before.grace_end for at, _ in mine.get(first.name, ()))
    ]
