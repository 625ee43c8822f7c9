"""Everything that a decision on one visit needs.

In one answer, so that the next can be fetched while this one is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids
from server.audit.replies import replies_of
from server.audit.reviews import blind
from server.audit.reviews.models import ReviewEntry, ReviewState
from server.audit.reviews.queue import (
    DOUBTFUL,
    hidden_from,
    joined,
    rejected_of,
    reviews_of,
    state_now,
)
from server.audit.reviews.risk import risk_of
from server.kernel.auth import Actor
from server.kernel.clock import Clock, day_bounds, org_day, parse_time, wire_time
from server.kernel.geo import great_circle_m
from server.stores.queries import store_refs
from server.visits.models import Visit
from server.visits.page import visit_page
from server.visits.queries import visit_scope

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_ENTRY: Table = ReviewEntry.__table__  # type: ignore[assignment]  # likewise
# A rep makes 20 to 30 visits a day; a clock gone wild may pile up more.
MAX_OF_DAY: Final = 80
EARLIER_DAYS: Final = 90
EARLIER_SHOWN: Final = 5

Row = Mapping[Any, Any]


def review_page(session: Session, actor: Actor, clock: Clock, visit_id: str) -> dict[str, Any]:
    """A visit with its review, risk, the rep's day, earlier findings, answers and history.

    Where the actor is to re-audit it blindly, review, history and risk tell nothing of the first
    decision. Raises not_found for a visit out of the actor's scope.
    """
    page = _evidence(session, actor, clock, visit_id)
    review = reviews_of(session, actor, [visit_id])[visit_id]
    visit = page["visit"]
    author = visit["author_id"]
    rejected = 0 if review["blind"] else rejected_of(session, clock, {author}).get(author, 0)
    codes = [flag["code"] for flag in visit["flags"]]
    risk = risk_of(codes, visit["verdict"], visit["distance_m"], rejected)
    return page | {
        "review": review,
        "risk": risk.as_dict(),
        "history": [] if review["blind"] else _history(session, visit_id),
    }


def standing_of(session: Session, actor: Actor, visit_id: str) -> dict[str, Any]:
    """Where a review stands, after a decision: {review, history}."""
    review = reviews_of(session, actor, [visit_id])[visit_id]
    return {"review": review, "history": _history(session, visit_id)}


def case_page(session: Session, actor: Actor, clock: Clock, case_id: str) -> dict[str, Any]:
    """The evidence of a visit to be judged blindly: {case_id, visit, day, earlier, replies}."""
    case = blind.find_case(session, actor, case_id)
    return {"case_id": case.id} | _evidence(session, actor, clock, case.visit_id)


def _evidence(session: Session, actor: Actor, clock: Clock, visit_id: str) -> dict[str, Any]:
    visit = visit_page(session, actor, clock, visit_id)
    del visit["journal"]
    return {
        "visit": visit,
        "day": _day(session, actor, visit),
        "earlier": {
            "store": _earlier(session, actor, visit, _VISIT.c.store_id == visit["store_id"]),
            "rep": _earlier(session, actor, visit, _VISIT.c.author_id == visit["author_id"]),
        },
        "replies": list(replies_of(session, [visit_id]).get(visit_id, ())),
    }


def _history(session: Session, visit_id: str) -> list[dict[str, Any]]:
    query = select(_ENTRY).where(_ENTRY.c.visit_id == visit_id).order_by(_ENTRY.c.seq)
    rows = session.execute(query).mappings().all()
    people = people_by_ids(session, {row["actor_id"] for row in rows})
    return [
        {
            "id": row["id"],
            "at": wire_time(row["at"]),
            "actor_id": row["actor_id"],
            "actor_name": people[row["actor_id"]]["name"],
            "action": row["action"],
            "text": row["text"],
            "undoes": row["undoes"],
            "bulk_id": row["bulk_id"],
        }
        for row in rows
    ]


def _day(session: Session, actor: Actor, visit: dict[str, Any]) -> list[dict[str, Any]]:
    """The rep's visits of that day that the actor may see, in order, with the ways between.

    distance_m and travel_s are from the stop before: between the two check-in fixes, and from its
    check-out (or check-in, where it has none). speed_kmh is there only where a flag says that
    nobody can have gone so fast.
    """
    day = org_day(parse_time(visit["checked_in_at"]))
    start, end = day_bounds(day, day)
    names = ("id", "store_id", "checked_in_at", "checked_out_at", "state", "verdict", "flags")
    query = (
        select(*(_VISIT.c[name] for name in (*names, "in_lat", "in_lon")))
        .where(
            _VISIT.c.author_id == visit["author_id"],
            _VISIT.c.checked_in_at >= start,
            _VISIT.c.checked_in_at < end,
            visit_scope(session, actor, None),
        )
        .order_by(_VISIT.c.checked_in_at, _VISIT.c.id)
        .limit(MAX_OF_DAY)
    )
    rows = session.execute(query).mappings().all()
    stores = store_refs(session, {row["store_id"] for row in rows})
    stops = [_stop(row, stores) for row in rows]
    for (before, here), stop in zip(pairwise(rows), stops[1:], strict=True):
        stop.update(_way(before, here))
    return stops


def _stop(row: Row, stores: Mapping[str, Any]) -> dict[str, Any]:
    store = stores.get(row["store_id"])
    return {
        "id": row["id"],
        "store_name": store.name if store else "",
        "checked_in_at": wire_time(row["checked_in_at"]),
        "checked_out_at": wire_time(row["checked_out_at"]),
        "state": row["state"],
        "verdict": row["verdict"],
        "flags": [flag["code"] for flag in row["flags"]],
        "lat": row["in_lat"],
        "lon": row["in_lon"],
        "distance_m": None,
        "travel_s": None,
        "speed_kmh": None,
    }


def _way(before: Row, here: Row) -> dict[str, Any]:
    way: dict[str, Any] = {}
    if before["in_lat"] is not None and here["in_lat"] is not None:
        ends = (before["in_lat"], before["in_lon"], here["in_lat"], here["in_lon"])
        way["distance_m"] = round(great_circle_m(*ends), 1)
    left = before["checked_out_at"] or before["checked_in_at"]
    # A check-out after the next check-in happens when a rep forgets it: no time lies between.
    way["travel_s"] = max(0.0, round((here["checked_in_at"] - left).total_seconds(), 1))
    for flag in here["flags"]:
        if flag["code"] == "impossible_travel":
            way["speed_kmh"] = flag["numbers"]["speed_kmh"]
    return way


def _earlier(
    session: Session, actor: Actor, visit: dict[str, Any], same: ColumnElement[bool]
) -> dict[str, Any]:
    """Doubtful visits of the EARLIER_DAYS days before: {doubtful, rejected, items}."""
    at = parse_time(visit["checked_in_at"])
    conditions = [
        same,
        DOUBTFUL,
        _VISIT.c.id != visit["id"],
        _VISIT.c.checked_in_at >= at - timedelta(days=EARLIER_DAYS),
        _VISIT.c.checked_in_at <= at,
        visit_scope(session, actor, None),
    ]
    rejected = (state_now() == ReviewState.REJECTED.value) & ~hidden_from(actor)
    counts = (
        select(func.count(), func.count().filter(rejected)).select_from(joined()).where(*conditions)
    )
    doubtful, said_no = session.execute(counts).one()
    names = ("id", "store_id", "author_id", "checked_in_at", "verdict", "flags")
    query = (
        select(*(_VISIT.c[name] for name in names))
        .where(*conditions)
        .order_by(_VISIT.c.checked_in_at.desc(), _VISIT.c.id.desc())
        .limit(EARLIER_SHOWN)
    )
    rows = session.execute(query).mappings().all()
    return {"doubtful": doubtful, "rejected": said_no, "items": _named(session, actor, rows)}


def _named(session: Session, actor: Actor, rows: Sequence[Row]) -> list[dict[str, Any]]:
    stores = store_refs(session, {row["store_id"] for row in rows})
    people = people_by_ids(session, {row["author_id"] for row in rows})
    reviews = reviews_of(session, actor, [row["id"] for row in rows])
    return [
        {
            "id": row["id"],
            "checked_in_at": wire_time(row["checked_in_at"]),
            "store_name": stores[row["store_id"]].name if row["store_id"] in stores else "",
            "author_name": people[row["author_id"]]["name"],
            "verdict": row["verdict"],
            "flags": [flag["code"] for flag in row["flags"]],
            "state": reviews[row["id"]]["state"],
        }
        for row in rows
    ]
