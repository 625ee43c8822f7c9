"""Reading what was seen of campaigns: for the change feed, the board, and the page of a visit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids
from server.campaigns.models import Campaign
from server.campaigns.seen.models import CampaignSeen, Seen
from server.campaigns.seen.records import seen_record
from server.kernel.auth import Actor
from server.kernel.bulk import Lookup
from server.kernel.clock import wire_time
from server.kernel.ops import Reader
from server.materials.proofs import last_handed_at
from server.materials.stock.queries import materials_by_id
from server.stores.queries import chunks
from server.visits.queries import find_visit

_SEEN: Table = CampaignSeen.__table__  # type: ignore[assignment]  # declared wider than it is
_BY_ID = Lookup(_SEEN.c.id, told=True)


def read_seen(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Reader of the change feed: what the person saw."""
    mine = (row for row in _BY_ID(session, ids) if row["author_id"] == actor.user_id)
    return {row["id"]: seen_record(row) for row in mine}


READERS: dict[str, Reader] = {"campaign_seen": read_seen}


@dataclass(frozen=True, slots=True)
class Line:
    """The last word about a material at a store; quantity units are there, or missing."""

    state: Seen
    quantity: int | None
    at: datetime


@dataclass(slots=True)
class AtStore:
    """What is known of a store: by material id, and the newest look at it as a whole."""

    lines: dict[str, Line] = field(default_factory=dict)
    photo_kinds: list[str] = field(default_factory=list)
    note: str = ""
    author_id: str = ""
    at: datetime | None = None

    @property
    def missing(self) -> frozenset[str]:
        """The materials of which the last word is that they are missing."""
        return frozenset(key for key, line in self.lines.items() if line.state is Seen.MISSING)


def seen_at(
    session: Session,
    campaign_id: str,
    start: datetime,
    end: datetime,
    store_ids: Collection[str],
) -> dict[str, AtStore]:
    """The last word about each store, from start until before end; stores without are left out.

    The newest counts, material by material. What was missing and has been handed out for the
    campaign since is missing no more.
    """
    found: dict[str, AtStore] = {}
    for part in chunks(store_ids):
        rows = session.execute(
            select(_SEEN)
            .where(
                _SEEN.c.campaign_id == campaign_id,
                _SEEN.c.store_id.in_(part),
                _SEEN.c.at >= start,
                _SEEN.c.at < end,
            )
            .order_by(_SEEN.c.at, _SEEN.c.id)
        ).mappings()
        for row in rows:
            one = found.setdefault(row["store_id"], AtStore())
            for line in row["materials"]:
                said = Line(Seen(line["state"]), line["quantity"], row["at"])
                one.lines[line["material_id"]] = said
            one.photo_kinds, one.note = row["photo_kinds"], row["note"]
            one.author_id, one.at = row["author_id"], row["at"]
    doubted = [key for key, one in found.items() if one.missing]
    given = last_handed_at(session, campaign_id, start, end, doubted)
    for store_id in doubted:
        one, handed = found[store_id], given.get(store_id, {})
        for key in one.missing & handed.keys():
            if handed[key] > one.lines[key].at:
                del one.lines[key]
    return found


def told(one: AtStore | None, names: Mapping[str, str]) -> dict[str, Any] | None:
    """{at, rep_name, photo_kinds, note} of the newest look at a store. names by person's id."""
    if one is None:
        return None
    return {
        "at": wire_time(one.at),
        "rep_name": names.get(one.author_id, ""),
        "photo_kinds": one.photo_kinds,
        "note": one.note,
    }


def authors(session: Session, ones: Collection[AtStore]) -> dict[str, str]:
    """Names of those who looked last, by id."""
    people = people_by_ids(session, {one.author_id for one in ones})
    return {key: str(row["name"]) for key, row in people.items()}


def seen_in_visit(session: Session, actor: Actor, visit_id: str) -> dict[str, Any]:
    """{items}: what was seen of campaigns in a visit, as it was seen, each with its names.

    Raises not_found for a visit out of the actor's scope.
    """
    find_visit(session, actor, visit_id)
    query = select(_SEEN, Campaign.name.label("campaign_name"))
    query = query.join(Campaign, Campaign.id == _SEEN.c.campaign_id)
    query = query.where(_SEEN.c.visit_id == visit_id).order_by(_SEEN.c.at, _SEEN.c.id)
    rows = session.execute(query).mappings().all()
    used = {line["material_id"] for row in rows for line in row["materials"]}
    materials = materials_by_id(session, used) if used else {}
    items = []
    for row in rows:
        lines = [line | {"name": materials[line["material_id"]].name} for line in row["materials"]]
        record = seen_record(row) | {"campaign_name": row["campaign_name"], "materials": lines}
        items.append(record)
    return {"items": items}
