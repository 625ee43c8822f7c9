"""campaign.seen of sync push: what a rep found of a campaign at a store.

It has been seen, so it is kept: also where the campaign was closed, or the store or a material
taken out of it, while the phone was offline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from server.campaigns.models import Campaign, State
from server.campaigns.problems import CAMPAIGN_UNKNOWN
from server.campaigns.seen.models import CampaignSeen, Seen
from server.campaigns.seen.records import seen_record
from server.kernel import changes, journal, problems
from server.kernel.auth import Actor
from server.kernel.bulk import BulkInsert, Lookup
from server.kernel.clock import Clock
from server.kernel.ids import is_id
from server.kernel.ops import (
    Deferred,
    Handler,
    Op,
    Outcome,
    Rejected,
    Row,
    answer_each,
    read_each,
)
from server.kernel.payload import Payload, digest, read_id, read_optional_text, read_time, refuse
from server.materials.stock.queries import materials_by_id
from server.photos.arrived import KINDS
from server.visits.queries import VisitRef, visits_for_ops

ENTITY: Final = "campaign_seen"
NOTE_MAX: Final = 500
LINES_MAX: Final = 50
QUANTITY_MAX: Final = 10_000
# A list, for what a payload says may not be hashable.
_STATES: Final = [one.value for one in Seen]
_SEEN: Table = CampaignSeen.__table__  # type: ignore[assignment]  # declared wider than it is
_FIND = Lookup(_SEEN.c.id)
_WRITE = BulkInsert(_SEEN)


@dataclass(slots=True)
class Said:
    """The payload of campaign.seen."""

    campaign_id: str
    visit_id: str
    at: datetime
    materials: list[dict[str, Any]]
    photo_kinds: list[str]
    note: str
    digest: bytes


def read_seen(op: Op) -> Said:
    """Read campaign.seen. Raises op_malformed, quantity_invalid."""
    payload = op.payload
    said = Said(
        campaign_id=read_id(payload, "campaign_id"),
        visit_id=read_id(payload, "visit_id"),
        at=read_time(payload, "at"),
        materials=_materials(payload),
        photo_kinds=_photo_kinds(payload),
        note=read_optional_text(payload, "note", NOTE_MAX) or "",
        digest=digest(payload),
    )
    if not said.materials and not said.photo_kinds:
        raise refuse("materials")
    return said


def _materials(payload: Payload) -> list[dict[str, Any]]:
    lines = payload.get("materials")
    if not isinstance(lines, list) or len(lines) > LINES_MAX:
        raise refuse("materials")
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        key = line.get("material_id") if isinstance(line, dict) else None
        if not is_id(key) or key in found or line.get("state") not in _STATES:
            raise refuse("materials")
        quantity = _quantity(line.get("quantity"))
        found[str(key)] = {"material_id": key, "state": line["state"], "quantity": quantity}
    return list(found.values())


def _quantity(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= QUANTITY_MAX:
        raise problems.QUANTITY_INVALID.error(field="payload.materials", value=str(value)[:40])
    return value


def _photo_kinds(payload: Payload) -> list[str]:
    kinds = payload.get("photo_kinds") or []
    known = isinstance(kinds, list) and all(isinstance(one, str) for one in kinds)
    if not known or len(set(kinds)) != len(kinds) or set(kinds) - set(KINDS):
        raise refuse("photo_kinds")
    return list(kinds)


def add_seen(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """campaign.seen: keep what was found at the store of a visit of the rep's own.

    Defers dependency_missing; rejects op_malformed, quantity_invalid, visit_unknown (somebody
    else's), campaign_unknown, material_unknown, record_exists (the id has another content).
    """
    read = read_each(ops, read_seen)
    said = [one for one in read if isinstance(one, Said)]
    known: dict[str, Row] = {row["id"]: row for row in _FIND(session, [op.record_id for op in ops])}
    visits = visits_for_ops(session, actor, {one.visit_id for one in said}) if said else {}
    campaigns = _begun(session, {one.campaign_id for one in said})
    named = {line["material_id"] for one in said for line in one.materials}
    materials = materials_by_id(session, named).keys() if named else frozenset[str]()

    def add(op: Op, one: Said) -> Row | Outcome:
        visit = visits.get(one.visit_id)
        refusal = _refusal(visit, one, actor, campaigns, materials)
        if refusal is not None or visit is None:
            return refusal or Deferred(problems.DEPENDENCY_MISSING.error())
        return _row(op, one, actor, visit)

    outcomes, added = answer_each(actor, ops, read, known, add, seen_record)
    if added:
        _WRITE(session, list(added.values()))
        changes.touch(session, changes.user_scope(actor.user_id), ENTITY, added)
        journal.record_many(session, clock, actor, [_entry(row) for row in added.values()])
    return outcomes


def _begun(session: Session, ids: set[str]) -> set[str]:
    """Those that are campaigns and no drafts: of a draft no phone was ever told."""
    if not ids:
        return set()
    query = select(Campaign.id).where(Campaign.id.in_(ids), Campaign.state != State.DRAFT.value)
    return set(session.scalars(query))


def _refusal(
    visit: VisitRef | None,
    said: Said,
    actor: Actor,
    campaigns: set[str],
    materials: Any,
) -> Outcome | None:
    if visit is None:
        return Deferred(problems.DEPENDENCY_MISSING.error(field="payload.visit_id"))
    if visit.author_id != actor.user_id:
        return Rejected(problems.VISIT_UNKNOWN.error(field="payload.visit_id"))
    if said.campaign_id not in campaigns:
        return Rejected(CAMPAIGN_UNKNOWN.error(field="payload.campaign_id"))
    if any(line["material_id"] not in materials for line in said.materials):
        return Rejected(problems.MATERIAL_UNKNOWN.error(field="payload.materials"))
    return None


def _row(op: Op, said: Said, actor: Actor, visit: VisitRef) -> dict[str, Any]:
    return {
        "id": op.record_id,
        "campaign_id": said.campaign_id,
        "store_id": visit.store_id,
        "visit_id": visit.id,
        "author_id": actor.user_id,
        "at": op.evidence.correct(said.at),
        "received_at": op.evidence.received_at,
        "materials": said.materials,
        "photo_kinds": said.photo_kinds,
        "note": said.note,
        "payload_digest": said.digest,
    }


def _entry(row: Row) -> journal.Row:
    missing = sum(line["state"] == Seen.MISSING for line in row["materials"])
    data = {"seen_id": row["id"], "campaign_id": row["campaign_id"], "missing": missing}
    return journal.Event.CAMPAIGN_SEEN, "visit", row["visit_id"], data


OPS: dict[str, Handler] = {"campaign.seen": add_seen}
