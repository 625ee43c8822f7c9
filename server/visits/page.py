"""Everything about one visit, for the page that a supervisor judges it on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from server.accounts.organisation import rules
from server.accounts.queries import people_by_ids
from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.materials.queries import handouts_of_visit
from server.photos.queries import photos_of_visit
from server.stores.queries import store_refs
from server.visits.models import VisitJudgement, VisitNote
from server.visits.queries import find_visit, list_items
from server.visits.records import judgement_record, note_record

_NOTE: Table = VisitNote.__table__  # type: ignore[assignment]  # declared wider than it is
_JUDGEMENT: Table = VisitJudgement.__table__  # type: ignore[assignment]  # likewise


def visit_page(session: Session, actor: Actor, clock: Clock, visit_id: str) -> dict[str, Any]:
    """The visit as in the list, with store, author, notes, photos, handouts, judgements, journal.

    The store's radius_m is the one that counts: its own, or the organisation's. Raises not_found
    for a visit out of the actor's scope.
    """
    row = find_visit(session, actor, visit_id)
    page = list_items(session, clock, [row])[0]
    return page | {
        "store": _store(session, row["store_id"]),
        "author": people_by_ids(session, [row["author_id"]]).get(row["author_id"]),
        "notes": _notes(session, visit_id),
        "photos": photos_of_visit(session, visit_id),
        "handouts": handouts_of_visit(session, visit_id),
        "judgements": _judgements(session, visit_id),
        "journal": _journal(session, visit_id),
    }


def _store(session: Session, store_id: str) -> dict[str, Any] | None:
    found = store_refs(session, [store_id]).get(store_id)
    if found is None:
        return None
    store = asdict(found)
    if store["radius_m"] is None:
        store["radius_m"] = rules(session).radius_m
    return store


def _notes(session: Session, visit_id: str) -> list[dict[str, Any]]:
    query = select(_NOTE).where(_NOTE.c.visit_id == visit_id)
    rows = session.execute(query.order_by(_NOTE.c.at, _NOTE.c.id)).mappings()
    return [note_record(row) for row in rows]


def _judgements(session: Session, visit_id: str) -> list[dict[str, Any]]:
    query = select(_JUDGEMENT).where(_JUDGEMENT.c.visit_id == visit_id)
    rows = session.execute(query.order_by(_JUDGEMENT.c.at, _JUDGEMENT.c.id)).mappings()
    return [judgement_record(row) for row in rows]


def _journal(session: Session, visit_id: str) -> list[dict[str, Any]]:
    entries = journal.for_subject(session, "visit", visit_id)
    people = people_by_ids(session, {entry["actor_id"] for entry in entries if entry["actor_id"]})
    for entry in entries:
        person = people.get(entry["actor_id"])
        entry["actor_name"] = person["name"] if person else None
    return entries
