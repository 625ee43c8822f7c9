"""photo.add of sync push: the record of a photo. Its bytes travel apart (see uploads.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from server.campaigns.choosing import tell_of_stores
from server.config import settings
from server.kernel import changes, jobs, journal, problems
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.kernel.ops import Applied, Deferred, Handler, Op, Outcome, Rejected
from server.kernel.payload import (
    Payload,
    digest,
    read_optional_id,
    read_time,
    read_whole,
    refuse,
)
from server.kernel.problems import Problem
from server.office import queries as office
from server.photos.domain import PROCESS
from server.photos.models import Kind, Photo, PhotoState
from server.photos.queries import uploaded
from server.photos.records import Row, photo_record
from server.visits.queries import visits_for_ops

_PHOTO: Table = Photo.__table__  # type: ignore[assignment]  # declared wider than it is
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MIME: Final = re.compile(r"[a-z0-9.+-]{1,15}/[a-z0-9.+-]{1,16}")
_KINDS: Final = frozenset(Kind)
_SOURCES: Final = frozenset({"camera", "file"})
_MAX_SIDE: Final = 100_000


@dataclass(frozen=True, slots=True)
class PhotoSaid:
    """The payload of photo.add; exactly one of the two parents is there."""

    visit_id: str | None
    office_check_in_id: str | None
    kind: str
    sha256: str
    length: int
    width: int
    height: int
    mime: str
    taken_at: datetime
    source: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class _Parent:
    author_id: str
    region_id: str
    store_id: str | None


def read_photo(op: Op, max_bytes: int) -> PhotoSaid:
    """Read photo.add. Raises op_malformed."""
    payload = op.payload
    visit_id = read_optional_id(payload, "visit_id")
    office_check_in_id = read_optional_id(payload, "office_check_in_id")
    if (visit_id is None) == (office_check_in_id is None):
        raise refuse("visit_id")
    return PhotoSaid(
        visit_id=visit_id,
        office_check_in_id=office_check_in_id,
        kind=_one_of(payload, "kind", _KINDS),
        sha256=_matching(payload, "sha256", _SHA256),
        length=read_whole(payload, "bytes", 1, max_bytes),
        width=read_whole(payload, "width", 0, _MAX_SIDE),
        height=read_whole(payload, "height", 0, _MAX_SIDE),
        mime=_matching(payload, "mime", _MIME),
        taken_at=read_time(payload, "taken_at"),
        source=_one_of(payload, "source", _SOURCES),
        digest=digest(payload),
    )


def _one_of(payload: Payload, field: str, allowed: frozenset[str]) -> str:
    value = payload.get(field)
    if not isinstance(value, str) or value not in allowed:
        raise refuse(field)
    return value


def _matching(payload: Payload, field: str, pattern: re.Pattern[str]) -> str:
    value = payload.get(field)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise refuse(field)
    return value


def add_many(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """photo.add: store the record, and link it to its bytes if this person has sent them already.

    Defers dependency_missing (the visit or office check-in is not here yet); rejects op_malformed,
    visit_unknown (somebody else's), record_exists (the id has another content).
    """
    max_bytes = settings().max_photo_bytes
    read = [_read(op, max_bytes) for op in ops]
    said = [one for one in read if isinstance(one, PhotoSaid)]
    parents = _parents(session, actor, said)
    known = _known(session, [op.record_id for op in ops])
    sent = uploaded(session, actor.user_id, {one.sha256 for one in said})
    added: dict[str, Row] = {}
    outcomes: list[Outcome] = []
    for op, one in zip(ops, read, strict=True):
        if isinstance(one, Problem):
            outcomes.append(Rejected(one))
            continue
        there = known.get(op.record_id) or added.get(op.record_id)
        if there is not None:
            same = there["author_id"] == actor.user_id and there["payload_digest"] == one.digest
            outcomes.append(
                Applied(photo_record(there)) if same else Rejected(problems.RECORD_EXISTS.error())
            )
            continue
        parent = parents.get(one.visit_id or one.office_check_in_id or "")
        if parent is None:
            outcomes.append(Deferred(problems.DEPENDENCY_MISSING.error()))
        elif parent.author_id != actor.user_id:
            outcomes.append(Rejected(problems.VISIT_UNKNOWN.error()))
        else:
            added[op.record_id] = row = _row(op, one, actor, parent, sent.get(one.sha256), clock)
            outcomes.append(Applied(photo_record(row)))
    if added:
        _write(session, actor, clock, list(added.values()))
    return outcomes


def _read(op: Op, max_bytes: int) -> PhotoSaid | Problem:
    try:
        return read_photo(op, max_bytes)
    except Problem as problem:
        return problem


def _known(session: Session, ids: Sequence[str]) -> dict[str, Row]:
    rows = session.execute(select(_PHOTO).where(_PHOTO.c.id.in_(ids))).mappings()
    return {row["id"]: row for row in rows}


def _parents(session: Session, actor: Actor, said: Sequence[PhotoSaid]) -> Mapping[str, _Parent]:
    found: dict[str, _Parent] = {}
    visit_ids = {one.visit_id for one in said if one.visit_id}
    if visit_ids:
        for visit in visits_for_ops(session, actor, visit_ids).values():
            found[visit.id] = _Parent(visit.author_id, visit.region_id, visit.store_id)
    check_in_ids = {one.office_check_in_id for one in said if one.office_check_in_id}
    if check_in_ids:
        for check_in in office.check_ins_for_ops(session, actor, check_in_ids).values():
            found[check_in.id] = _Parent(check_in.author_id, check_in.region_id, None)
    return found


def _row(
    op: Op, said: PhotoSaid, actor: Actor, parent: _Parent, sent: int | None, clock: Clock
) -> dict[str, Any]:
    state = PhotoState.AWAITING_BYTES if sent is None else PhotoState.STORED
    return {
        "id": op.record_id,
        "visit_id": said.visit_id,
        "office_check_in_id": said.office_check_in_id,
        "store_id": parent.store_id,
        "author_id": actor.user_id,
        "region_id": parent.region_id,
        "kind": said.kind,
        "sha256": said.sha256,
        "bytes": said.length if sent is None else sent,
        "width": said.width,
        "height": said.height,
        "mime": said.mime,
        "orientation": None,
        "taken_at": op.evidence.correct(said.taken_at),
        "source": said.source,
        "state": state.value,
        "problem": None,
        "uploaded_at": None if sent is None else clock.now(),
        "claimed_at": None,
        "attempts": 0,
        "device_id": op.device_id,
        "device_seq": op.evidence.device_seq,
        "device_at": op.evidence.device_at,
        "clock_offset_ms": op.evidence.clock_offset_ms,
        "monotonic_ms": op.evidence.monotonic_ms,
        "contact_at": op.evidence.contact_at,
        "received_at": op.evidence.received_at,
        "payload_digest": said.digest,
        "exif": None,
        "compared_by": None,
        "was_complete": None,
    }


def _write(session: Session, actor: Actor, clock: Clock, rows: Sequence[Row]) -> None:
    session.execute(insert(_PHOTO), rows)
    scope = changes.user_scope(actor.user_id)
    changes.touch(session, scope, "photo", [row["id"] for row in rows])
    arrived = {row["store_id"] for row in rows if row["state"] == PhotoState.STORED}
    tell_of_stores(session, arrived - {None}, [actor.user_id])
    # Its "2 of 5 photos to go" has changed.
    changes.touch(session, scope, "visit", {row["visit_id"] for row in rows if row["visit_id"]})
    journal.record_many(
        session,
        clock,
        actor,
        [
            (
                journal.Event.PHOTO_ADDED,
                "visit" if row["visit_id"] else "office_check_in",
                row["visit_id"] or row["office_check_in_id"],
                {"photo_id": row["id"], "kind": row["kind"], "sha256": row["sha256"]},
            )
            for row in rows
        ],
    )
    for row in rows:
        if row["state"] == PhotoState.STORED:
            jobs.enqueue(session, PROCESS, row["id"])


OPS: dict[str, Handler] = {"photo.add": add_many}
