"""What was found about a visit's photos, for the page on which a supervisor looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from server.accounts.organisation import rules
from server.accounts.queries import people_by_ids, region_names
from server.kernel.auth import Actor
from server.kernel.clock import org_day, wire_time
from server.photos.models import Photo
from server.photos.queries import Finding, added_at, findings_of, photo_scope
from server.photos.records import Row
from server.stores.queries import store_refs
from server.visits.queries import find_visit

_PHOTO: Table = Photo.__table__  # type: ignore[assignment]  # declared wider than it is


def findings_page(session: Session, actor: Actor, visit_id: str) -> dict[str, Any]:
    """The findings of a visit's photos, each pair with both sides: {items}.

    Of old photos those that the organisation's rules call so.

    Of a photo out of the actor's scope the other side tells the day and the region alone. Raises
    not_found for a visit out of the actor's scope.
    """
    find_visit(session, actor, visit_id)
    limit_s = rules(session).photo_old_s
    findings = [
        one
        for one in findings_of(session, [visit_id]).get(visit_id, [])
        if one.old_s is None or one.old_s > limit_s
    ]
    named = {one.photo_id for one in findings} | {
        one.other_photo_id for one in findings if one.other_photo_id
    }
    photos = _photos(session, named)
    names = _names(session, photos)
    seen = _visible(session, actor, named)
    return {"items": [_item(one, photos, names, seen) for one in findings]}


@dataclass(frozen=True, slots=True)
class _Names:
    stores: Mapping[str, tuple[str, str]]
    people: Mapping[str, str]
    regions: Mapping[str, str]


def _photos(session: Session, ids: set[str]) -> dict[str, Row]:
    rows = session.execute(select(_PHOTO).where(_PHOTO.c.id.in_(ids))).mappings()
    return {row["id"]: row for row in rows}


def _visible(session: Session, actor: Actor, ids: set[str]) -> set[str]:
    query = select(_PHOTO.c.id).where(_PHOTO.c.id.in_(ids), photo_scope(actor))
    return set(session.scalars(query))


def _names(session: Session, photos: Mapping[str, Row]) -> _Names:
    rows = photos.values()
    stores = store_refs(session, {row["store_id"] for row in rows if row["store_id"]})
    people = people_by_ids(session, {row["author_id"] for row in rows})
    return _Names(
        stores={store.id: (store.name, store.code) for store in stores.values()},
        people={person_id: person["name"] for person_id, person in people.items()},
        regions=region_names(session),
    )


def _item(
    finding: Finding, photos: Mapping[str, Row], names: _Names, seen: set[str]
) -> dict[str, Any]:
    other_id = finding.other_photo_id
    other = None
    if other_id is not None:
        row = photos[other_id]
        other = _side(row, names) if other_id in seen else _hidden(row, names)
    return {
        "kind": finding.kind.value,
        "photo": _side(photos[finding.photo_id], names),
        "other": other,
        "distance_bits": finding.distance_bits,
        "likeness": finding.likeness,
        "exif_difference_s": finding.exif_difference_s,
    }


def _side(row: Row, names: _Names) -> dict[str, Any]:
    store_name, store_code = names.stores.get(row["store_id"], ("", ""))
    return {
        "visible": True,
        "day": org_day(added_at(row)).isoformat(),
        "region_name": names.regions.get(row["region_id"], ""),
        "photo_id": row["id"],
        "kind": row["kind"],
        "added_at": wire_time(added_at(row)),
        "visit_id": row["visit_id"],
        "office_check_in_id": row["office_check_in_id"],
        "store_name": store_name,
        "store_code": store_code,
        "author_name": names.people.get(row["author_id"], ""),
    }


def _hidden(row: Row, names: _Names) -> dict[str, Any]:
    whole = _side(row, names)
    open_to_all = {name: whole[name] for name in ("day", "region_name")}
    return dict.fromkeys(whole) | open_to_all | {"visible": False}
