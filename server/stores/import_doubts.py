"""What looks wrong in a file although every row can be taken: findings that need other rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

from server.kernel.crs import Crs, is_shifted
from server.kernel.geo import great_circle_m
from server.stores.import_rows import Candidate, place_of
from server.stores.import_words import Remark

# From three on, one position for several addresses is a geocoder's fallback rather than a mall.
SHARED_FROM = 3
# A pin known to be a guess must not accuse anybody nearby (domain rule 2, q).
DOUBTFUL_PIN_M = 2_000.0
FAR_FROM_CITY_M = 60_000.0
# A group whose pins lie all over the country says nothing about where one of them should be.
_COMPACT_SHARE = 0.6
_ROWS_NAMED = 5


def find_doubts(candidates: Sequence[Candidate], crs: Crs) -> list[Remark]:
    """All doubts about these rows; raises the quality_m of pins that are likely wrong."""
    shared = list(_shared_positions(candidates))
    guessed = {remark.row for remark in shared}
    far = list(_far_from_their_city([one for one in candidates if one.row not in guessed]))
    wrong = guessed | {remark.row for remark in far}
    for one in candidates:
        if one.row in wrong:
            one.quality_m = DOUBTFUL_PIN_M
    return [
        *shared,
        *far,
        *_abroad(candidates, crs),
        *_same_names(candidates),
        *_without_city(candidates),
    ]


def _shared_positions(candidates: Sequence[Candidate]) -> Iterator[Remark]:
    groups: dict[tuple[float, float], list[Candidate]] = defaultdict(list)
    for one in candidates:
        groups[one.raw_position].append(one)
    for (lat, lon), group in groups.items():
        if len(group) < SHARED_FROM:
            continue
        params = {"count": len(group), "position": f"{lat},{lon}", "quality": int(DOUBTFUL_PIN_M)}
        for one in group:
            yield Remark(one.row, "lat", "position_shared", params)


def _far_from_their_city(candidates: Sequence[Candidate]) -> Iterator[Remark]:
    groups: dict[str, list[Candidate]] = defaultdict(list)
    for one in candidates:
        if place := place_of(one.values):
            groups[place].append(one)
    for place, group in groups.items():
        if len(group) <= SHARED_FROM:
            continue
        lat, lon = median(one.lat for one in group), median(one.lon for one in group)
        away = [(great_circle_m(one.lat, one.lon, lat, lon), one) for one in group]
        near = sum(distance <= FAR_FROM_CITY_M for distance, _ in away)
        if near < _COMPACT_SHARE * len(group):
            continue
        for distance, one in away:
            if distance > FAR_FROM_CITY_M:
                params = {
                    "place": place,
                    "km": round(distance / 1000),
                    "quality": int(DOUBTFUL_PIN_M),
                }
                yield Remark(one.row, "lat", "position_far", params)


def _abroad(candidates: Sequence[Candidate], crs: Crs) -> Iterator[Remark]:
    if crs is not Crs.WGS84:
        for one in candidates:
            if not is_shifted(one.lat, one.lon):
                yield Remark(one.row, "lat", "position_abroad", {"crs": crs.value})


def _same_names(candidates: Sequence[Candidate]) -> Iterator[Remark]:
    rows: dict[str, list[int]] = defaultdict(list)
    for one in candidates:
        rows[one.values["name"]].append(one.row)
    for one in candidates:
        others = [row for row in rows[one.values["name"]] if row != one.row]
        if others:
            named = ", ".join(str(row) for row in others[:_ROWS_NAMED])
            if len(others) > _ROWS_NAMED:
                named += ", …"
            yield Remark(one.row, "name", "name_twice", {"rows": named})


def _without_city(candidates: Sequence[Candidate]) -> Iterator[Remark]:
    for one in candidates:
        if one.values.get("address") and not one.values.get("city"):
            yield Remark(one.row, "address", "city_missing", {})
