"""Reading answers: for the change feed, the page of a visit, and the queue of reviews."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, exists, or_
from sqlalchemy.orm import Session

from server.audit.answers.models import VisitReply
from server.audit.answers.records import reply_record
from server.kernel.auth import Actor
from server.kernel.bulk import Lookup
from server.kernel.ops import Reader
from server.photos.queries import photos_of_visit
from server.visits.queries import find_visit

_REPLY: Table = VisitReply.__table__  # type: ignore[assignment]  # declared wider than it is
_BY_ID = Lookup(_REPLY.c.id, told=True)
_OF_VISITS = Lookup(_REPLY.c.visit_id)


def read_replies(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: the person's own answers."""
    mine = (row for row in _BY_ID(session, ids) if row["author_id"] == actor.user_id)
    return {row["id"]: reply_record(row) for row in mine}


READERS: dict[str, Reader] = {"visit_reply": read_replies}


def of_visits(session: Session, visit_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The answers to visits by visit id, as they came in; visits without are left out.

    Each is {id, at, text, photo_id}; at is when the server got it. Whether the caller may see the
    visits is the caller's to check.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    rows = _OF_VISITS(session, visit_ids)
    for row in sorted(rows, key=lambda one: (one["received_at"], one["id"])):
        reply = reply_record(row)
        told = {"id": reply["id"], "at": reply["received_at"]}
        told |= {"text": reply["text"], "photo_id": reply["photo_id"]}
        found.setdefault(row["visit_id"], []).append(told)
    return found


def since(visit_id: ColumnElement[str], at: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that a visit was answered for after that time, or ever, where it is NULL."""
    return exists().where(
        _REPLY.c.visit_id == visit_id, or_(at.is_(None), _REPLY.c.received_at > at)
    )


def replies_page(session: Session, actor: Actor, visit_id: str) -> dict[str, Any]:
    """{items}: the answers to a visit as they came in, each with its photo where that is here.

    Raises not_found for a visit out of the actor's scope.
    """
    find_visit(session, actor, visit_id)
    rows = _OF_VISITS(session, [visit_id])
    photos = {photo["id"]: photo for photo in photos_of_visit(session, visit_id)} if rows else {}
    rows.sort(key=lambda one: (one["received_at"], one["id"]))
    return {"items": [reply_record(row) | {"photo": photos.get(row["photo_id"])} for row in rows]}
