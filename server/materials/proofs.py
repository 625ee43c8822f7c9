"""The handouts of a campaign, with what proves each of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, String, column, func, select, values
from sqlalchemy.orm import Session

from server.kernel.db import Utc
from server.materials.models import Handout
from server.photos.arrived import has_arrived
from server.photos.queries import sent_by
from server.stores.queries import chunks
from server.visits.proofs import was_on_site

# Of this many campaigns one statement tells.
_PERIODS: Final = 1_000


def proved_handouts(
    session: Session,
    campaign_id: str,
    start: datetime,
    end: datetime,
    regions: Collection[str] | None,
) -> list[dict[str, Any]]:
    """{store_id, region_id, rep_id, material_id, quantity, signed, photographed, on_site} of each.

    From start until before end, without those that were reversed. regions None means all. A
    signature and a photo count once their bytes are here.
    """
    signed = sent_by(Handout.author_id.expression, Handout.signature_sha256.expression)
    query = select(
        Handout.store_id,
        Handout.region_id,
        Handout.author_id.label("rep_id"),
        Handout.material_id,
        Handout.quantity,
        signed.label("signed"),
        has_arrived(Handout.visit_id.expression).label("photographed"),
        was_on_site(Handout.visit_id.expression).label("on_site"),
    ).where(*_counted(campaign_id, start, end))
    if regions is not None:
        query = query.where(Handout.region_id.in_(regions))
    return [
        dict(row) | {key: bool(row[key]) for key in ("signed", "photographed", "on_site")}
        for row in session.execute(query).mappings()
    ]


def last_handed_at(
    session: Session, campaign_id: str, start: datetime, end: datetime, store_ids: Iterable[str]
) -> dict[str, dict[str, datetime]]:
    """When a campaign's handouts of the period last gave a material, by it, by store id."""
    found: dict[str, dict[str, datetime]] = {}
    for store_id, material_id, at in _by_material(
        session, func.max(Handout.at), (campaign_id, start, end), store_ids
    ):
        found.setdefault(store_id, {})[material_id] = at
    return found


def handed_at(
    session: Session, campaign_id: str, start: datetime, end: datetime, store_ids: Iterable[str]
) -> dict[str, dict[str, int]]:
    """Units by material id by store id, that a campaign's handouts of the period have given."""
    found: dict[str, dict[str, int]] = {}
    for store_id, material_id, quantity in _by_material(
        session, func.sum(Handout.quantity), (campaign_id, start, end), store_ids
    ):
        found.setdefault(store_id, {})[material_id] = int(quantity)
    return found


def handed_of_many(
    session: Session, periods: Mapping[str, tuple[datetime, datetime]], store_ids: Iterable[str]
) -> dict[str, dict[str, dict[str, int]]]:
    """handed_at of many campaigns at once: {campaign id: {store id: {material id: units}}}.

    periods are (start, end) by campaign id.
    """
    found: dict[str, dict[str, dict[str, int]]] = {}
    asked = [(key, *period) for key, period in sorted(periods.items())]
    stores = list(store_ids)
    for at in range(0, len(asked), _PERIODS):
        wanted = values(
            column("campaign_id", String),
            column("start", Utc),
            column("end", Utc),
            name="wanted_campaigns",
        ).data(asked[at : at + _PERIODS])
        w = wanted.cte("wanted").c
        key = (Handout.campaign_id, Handout.store_id, Handout.material_id)
        for part in chunks(stores):
            rows = session.execute(
                select(*key, func.sum(Handout.quantity))
                .where(*_counted(w.campaign_id, w.start, w.end), Handout.store_id.in_(part))
                .group_by(*key)
            )
            for campaign_id, store_id, material_id, quantity in rows:
                of_store = found.setdefault(str(campaign_id), {}).setdefault(store_id, {})
                of_store[material_id] = int(quantity)
    return found


def _by_material(
    session: Session,
    told: ColumnElement[Any],
    campaign: tuple[str, datetime, datetime],
    store_ids: Iterable[str],
) -> Iterator[tuple[str, str, Any]]:
    """(store id, material id, told) of a campaign's handouts; campaign is (id, start, end)."""
    for part in chunks(store_ids):
        rows = session.execute(
            select(Handout.store_id, Handout.material_id, told)
            .where(*_counted(*campaign), Handout.store_id.in_(part))
            .group_by(Handout.store_id, Handout.material_id)
        )
        yield from rows.tuples()


def _counted(campaign_id: Any, start: Any, end: Any) -> list[ColumnElement[bool]]:
    """The conditions of a handout that counts for a campaign: what was reversed does not."""
    return [
        Handout.campaign_id == campaign_id,
        Handout.at >= start,
        Handout.at < end,
        Handout.reversed_at.is_(None),
    ]
