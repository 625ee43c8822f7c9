"""Reading offices and office check-ins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.bulk import Lookup
from server.kernel.ops import Reader
from server.office.models import Office, OfficeCheckIn
from server.office.records import check_in_record, office_record

_CHECK_IN: Table = OfficeCheckIn.__table__  # type: ignore[assignment]  # declared wider than it is
_BY_ID = Lookup(_CHECK_IN.c.id, told=True)


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


def find_office(session: Session, office_id: str, *, lock: bool = False) -> Office:
    """One office. Raises the problem not_found."""
    office = session.get(Office, office_id, with_for_update=lock or None)
    if office is None:
        raise problems.NOT_FOUND.error(field="office_id")
    return office
