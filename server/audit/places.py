"""Names for a map without tiles, taken from the stores: districts from afar, stores close up."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids, region_names
from server.audit.clusters import Box
from server.kernel.auth import Actor
from server.stores.queries import region_centres, store_names, stores_by_cell

MAX_PLACES = 200
# About zoom 11 on a laptop's screen: further out, shop names are noise.
_STORES_BELOW_SPAN = 1.0
_CELLS_ACROSS = 8
# A pin less certain than this says nothing about where its district lies.
_TRUSTED_WITHIN_M = 500.0


def find_places(session: Session, actor: Actor, box: Box) -> list[dict[str, Any]]:
    """Names inside the box, heaviest first: {name, lat, lon, weight}; weight counts stores."""
    names = region_names(session)
    places = [
        _place(names.get(region_id, ""), lat, lon, count)
        for region_id, lat, lon, count in region_centres(session, actor, _TRUSTED_WITHIN_M)
        if box.south <= lat <= box.north and box.west <= lon <= box.east
    ]
    span = max(box.east - box.west, 1e-6)
    if span <= _STORES_BELOW_SPAN:
        # A power of two, so that the grid (and the names shown) only changes with the zoom.
        step = 2.0 ** math.floor(math.log2(span / _CELLS_ACROSS))
        corners = (box.west, box.south, box.east, box.north)
        places += [_place(*found) for found in stores_by_cell(session, actor, corners, step)]
    places.sort(key=lambda place: (-place["weight"], place["name"]))
    return places[:MAX_PLACES]


def _place(name: str, lat: float, lon: float, weight: int) -> dict[str, Any]:
    return {"name": name, "lat": lat, "lon": lon, "weight": weight}


def name_singles(session: Session, clusters: Iterable[dict[str, Any]]) -> None:
    """Write store_name and author_name into those clusters that are a single check-in.

    Whether the caller may see them is the caller's to check.
    """
    singles = [one for one in clusters if "id" in one]
    stores = store_names(session, (one["store_id"] for one in singles))
    people = people_by_ids(session, {one["author_id"] for one in singles})
    for one in singles:
        author = people.get(one["author_id"])
        one["store_name"] = stores.get(one["store_id"], "")
        one["author_name"] = author["name"] if author else ""
