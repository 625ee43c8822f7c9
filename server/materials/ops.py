"""The handouts of sync push. They have happened: they are stored, and flagged where stock lacks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from server.campaigns.choosing import Fits, chosen, fits_for, tell_of_stores
from server.kernel import changes, journal, problems
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.kernel.ops import (
    Applied,
    Deferred,
    Handler,
    Op,
    Outcome,
    Rejected,
    Row,
    answer_each,
    read_each,
)
from server.kernel.payload import (
    Payload,
    digest,
    read_id,
    read_optional_id,
    read_optional_text,
    read_time,
    refuse,
)
from server.materials import ledger
from server.materials import problems as own
from server.materials.ledger import Entry, EntryKind
from server.materials.models import Batch, Handout, Material
from server.materials.records import handout_record
from server.visits.queries import VisitRef, visits_for_ops

MAX_QUANTITY: Final = 10_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HANDOUT: Table = Handout.__table__  # type: ignore[assignment]  # declared wider than it is


@dataclass(frozen=True, slots=True)
class Said:
    """The payload of handout.add."""

    visit_id: str
    material_id: str
    quantity: int
    recipient: str
    signature_sha256: str | None
    at: datetime
    digest: bytes
    batch_id: str | None
    photo_id: str | None
    campaign_id: str | None
    # Apps of the first releases say nothing of campaigns, which is not the same as none.
    campaign_said: bool


def read_handout(op: Op) -> Said:
    """Read handout.add. Raises op_malformed and quantity_invalid."""
    payload = op.payload
    return Said(
        visit_id=read_id(payload, "visit_id"),
        material_id=read_id(payload, "material_id"),
        quantity=_quantity(payload),
        recipient=read_optional_text(payload, "recipient", 120) or "",
        signature_sha256=_signature(payload),
        at=read_time(payload, "at"),
        digest=digest(payload),
        batch_id=read_optional_id(payload, "batch_id"),
        photo_id=read_optional_id(payload, "photo_id"),
        campaign_id=read_optional_id(payload, "campaign_id"),
        campaign_said="campaign_id" in payload,
    )


def _quantity(payload: Payload) -> int:
    value = payload.get("quantity")
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_QUANTITY:
        raise problems.QUANTITY_INVALID.error(field="payload.quantity", value=str(value)[:40])
    return value


def _signature(payload: Payload) -> str | None:
    value = payload.get("signature_sha256")
    if value is None:
        return None
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise refuse("signature_sha256")
    return value


def add_handouts(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """handout.add: store what was given to whom, and move it from the rep's stock to the store.

    Never refused for lack of stock: the handout is flagged over_issued instead. Defers
    dependency_missing; rejects op_malformed, quantity_invalid, visit_unknown (somebody else's),
    material_unknown, batch_unknown, record_exists (the id has another content). A fixed number of
    queries, however long the batch is.
    """
    read = read_each(ops, read_handout)
    said = [one for one in read if isinstance(one, Said)]
    known = _known(session, [op.record_id for op in ops])
    visits = visits_for_ops(session, actor, {one.visit_id for one in said})
    wanted = {one.material_id for one in said}
    materials = set(session.scalars(select(Material.id).where(Material.id.in_(wanted))))
    batches = _batches(session, {one.batch_id for one in said if one.batch_id})
    at_stores = {visit.store_id for visit in visits.values()}
    fits = fits_for(session, at_stores, materials)

    def add(op: Op, one: Said) -> Row | Outcome:
        visit = visits.get(one.visit_id)
        refusal = _refusal(visit, one, actor, materials, batches)
        if refusal is not None or visit is None:
            return refusal or Deferred(problems.DEPENDENCY_MISSING.error())
        return _row(op, one, actor, visit) | _counted_for(op, one, visit, fits)

    outcomes, added = answer_each(actor, ops, read, known, add, handout_record)
    written = _write(session, actor, clock, list(added.values()))
    return [
        Applied(handout_record(written[op.record_id]))
        if isinstance(outcome, Applied) and op.record_id in written
        else outcome
        for op, outcome in zip(ops, outcomes, strict=True)
    ]


def _known(session: Session, ids: Sequence[str]) -> dict[str, Row]:
    rows = session.execute(select(_HANDOUT).where(_HANDOUT.c.id.in_(set(ids)))).mappings()
    return {row["id"]: dict(row) for row in rows}


def _batches(session: Session, ids: set[str]) -> dict[str, str]:
    """Material by batch id."""
    rows = session.execute(select(Batch.id, Batch.material_id).where(Batch.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def _refusal(
    visit: VisitRef | None,
    said: Said,
    actor: Actor,
    materials: set[str],
    batches: dict[str, str],
) -> Outcome | None:
    if visit is None:
        return Deferred(problems.DEPENDENCY_MISSING.error(field="payload.visit_id"))
    if visit.author_id != actor.user_id:
        return Rejected(problems.VISIT_UNKNOWN.error(field="payload.visit_id"))
    if said.material_id not in materials:
        return Rejected(problems.MATERIAL_UNKNOWN.error(field="payload.material_id"))
    if said.batch_id is not None and batches.get(said.batch_id) != said.material_id:
        return Rejected(own.BATCH_UNKNOWN.error(field="payload.batch_id"))
    return None


def _row(op: Op, said: Said, actor: Actor, visit: VisitRef) -> dict[str, Any]:
    evidence = op.evidence
    return {
        "id": op.record_id,
        "visit_id": visit.id,
        "store_id": visit.store_id,
        "region_id": visit.region_id,
        "author_id": actor.user_id,
        "material_id": said.material_id,
        "quantity": said.quantity,
        "recipient": said.recipient,
        "signature_sha256": said.signature_sha256,
        "at": evidence.correct(said.at),
        # The ledger flags it: only the books know what had happened until then.
        "flags": [],
        "received_at": evidence.received_at,
        "device_id": op.device_id,
        "device_seq": evidence.device_seq,
        "device_at": evidence.device_at,
        "clock_offset_ms": evidence.clock_offset_ms,
        "monotonic_ms": evidence.monotonic_ms,
        "payload_digest": said.digest,
        "batch_id": said.batch_id,
        "photo_id": said.photo_id,
        "reversed_at": None,
    }


def _counted_for(op: Op, said: Said, visit: VisitRef, fits: Fits) -> dict[str, str | None]:
    """The campaign: what the rep chose where it fits, else the one that does."""
    fitting = fits.get((visit.store_id, said.material_id), [])
    at = op.evidence.correct(said.at)
    campaign_id = chosen(fitting, at, said=said.campaign_said, wanted=said.campaign_id)
    return {"campaign_id": campaign_id}


def _write(session: Session, actor: Actor, clock: Clock, rows: Sequence[Row]) -> dict[str, Row]:
    """Write the handouts and their entries; the rows as they are then, flagged, by id."""
    if not rows:
        return {}
    session.execute(insert(_HANDOUT), [dict(row) for row in rows])
    place = ledger.rep_place(actor.user_id)
    ledger.append(
        session,
        [
            Entry(
                kind=EntryKind.HANDOUT,
                material_id=row["material_id"],
                from_place=place,
                to_place=ledger.store_place(row["store_id"]),
                quantity=row["quantity"],
                at=row["at"],
                author_id=actor.user_id,
                handout_id=row["id"],
                batch_id=row["batch_id"],
                evidence_sha256=row["signature_sha256"],
            )
            for row in rows
        ],
        clock=clock,
    )
    written = _known(session, [row["id"] for row in rows])
    scope = changes.user_scope(actor.user_id)
    changes.touch(session, scope, "handout", [row["id"] for row in rows])
    changes.touch(session, scope, "stock", [row["material_id"] for row in rows])
    counted = {row["store_id"] for row in rows if row["campaign_id"]}
    tell_of_stores(session, counted, [actor.user_id])
    journal.record_many(
        session,
        clock,
        actor,
        [
            (
                journal.Event.HANDOUT_ADDED,
                "visit",
                row["visit_id"],
                {
                    "handout_id": row["id"],
                    "material_id": row["material_id"],
                    "quantity": row["quantity"],
                    "over_issued": bool(written[row["id"]]["flags"]),
                },
            )
            for row in rows
        ],
    )
    return written


OPS: dict[str, Handler] = {"handout.add": add_handouts}
