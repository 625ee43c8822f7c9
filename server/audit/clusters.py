"""Check-ins on a map, counted by the server: a browser freezes on ten thousand markers.

A check-in's Morton number (kernel.geo) holds its cell at every zoom: the number shifted right by
two bits is the cell one level up. So one GROUP BY does the clustering, and a viewport is a few
ranges of an index: from afar of the sums of days and months (sums.py), close up of check-ins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Table,
    and_,
    cast,
    func,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from server.accounts.queries import scope_regions
from server.audit.models import MapSum
from server.audit.sums import level_for, read_sums, spans_of
from server.kernel.auth import Actor
from server.kernel.clock import Clock, day_bounds, wire_time
from server.kernel.geo import MORTON_BITS, interleave, tile_xy
from server.visits.flag_bits import bits_of
from server.visits.models import Visit
from server.visits.queries import VisitFilters, visit_conditions

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is

MAX_CLUSTERS = 400
# From here on a street is wide enough to show each check-in by itself, if they are not too many.
SINGLES_FROM_ZOOM = 15
# A map tile is 256 pixels wide; two levels below it are cells of 64, the size of a bubble.
_LEVELS_BELOW_TILE = 2
_MAX_RANGES = 16


@dataclass(frozen=True, slots=True)
class Box:
    """A viewport in WGS-84 degrees."""

    west: float
    south: float
    east: float
    north: float


@dataclass(slots=True)
class _Cluster:
    """The check-ins of one cell, added up."""

    count: int = 0
    lat_sum: float = 0.0
    lon_sum: float = 0.0
    west: float = 180.0
    south: float = 90.0
    east: float = -180.0
    north: float = -90.0
    morton: int = 0
    by_verdict: dict[str, int] = field(default_factory=dict)

    def add(self, row: Row[Any]) -> None:
        """Take in the sums of one verdict in one cell."""
        self.count += row.visits
        self.lat_sum += row.lat_sum
        self.lon_sum += row.lon_sum
        self.west, self.east = min(self.west, row.west), max(self.east, row.east)
        self.south, self.north = min(self.south, row.south), max(self.north, row.north)
        self.morton = row.morton
        self.by_verdict[row.verdict] = self.by_verdict.get(row.verdict, 0) + row.visits

    def as_dict(self) -> dict[str, Any]:
        """The cluster as the API writes it."""
        return {
            "lat": self.lat_sum / self.count,
            "lon": self.lon_sum / self.count,
            "count": self.count,
            "by_verdict": self.by_verdict,
            "bounds": [self.west, self.south, self.east, self.north],
        }


def find_clusters(
    session: Session, actor: Actor, clock: Clock, box: Box, zoom: int, wanted: VisitFilters
) -> dict[str, Any]:
    """Clusters of the check-ins that the actor may see inside the box: {clusters, total, unplaced}.

    total counts those in the box (from afar in the cells that it touches), unplaced those of the
    whole selection that have no position.
    A cluster of one carries id, store_id, author_id and checked_in_at; from SINGLES_FROM_ZOOM on
    all do, unless there are more than MAX_CLUSTERS. Raises not_found for a region out of scope.
    """
    conditions = visit_conditions(session, actor, clock, wanted)
    level = min(zoom + _LEVELS_BELOW_TILE, MORTON_BITS)
    rows = _rows(session, actor, box, level, wanted, conditions)
    total = sum(row.visits for row in rows)
    if zoom >= SINGLES_FROM_ZOOM and total <= MAX_CLUSTERS:
        found = _singles(session, _inside(box), conditions) if total else []
    else:
        clusters = list(_merged(rows).values())
        found = _alone(session, conditions, [one for one in clusters if one.count == 1])
        found += [cluster.as_dict() for cluster in clusters if cluster.count > 1]
    placeless = select(func.count()).where(_VISIT.c.morton.is_(None), *conditions)
    return {"clusters": found, "total": total, "unplaced": session.scalar(placeless) or 0}


def _rows(
    session: Session,
    actor: Actor,
    box: Box,
    level: int,
    wanted: VisitFilters,
    conditions: Sequence[ColumnElement[bool]],
) -> Sequence[Row[Any]]:
    """Sums by cell and verdict, from wherever they are had soonest."""
    if wanted.rep or wanted.store:
        # A person's or a store's check-ins are few, wherever on the map they are.
        return _count(session, [_in_box(box, true())], conditions, level)
    if level_for(level) is None:
        return _count(session, _inside(box), conditions, level)
    spans = spans_of(session, wanted.first, wanted.last)
    rows = read_sums(
        session, spans, cell_ranges(box), level, sum_conditions(session, actor, wanted)
    )
    if spans.raw:
        rows += _count(
            session, [_in_box(box, _on_days(*run)) for run in spans.raw], conditions, level
        )
    return rows


def sum_conditions(
    session: Session, actor: Actor, wanted: VisitFilters
) -> list[ColumnElement[bool]]:
    """What visit_conditions says of visits, said of their sums."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.region or not actor.is_office:
        regions = scope_regions(session, actor, wanted.region)
        conditions.append(MapSum.region_id.in_(regions))
    if wanted.verdicts:
        conditions.append(MapSum.verdict.in_(wanted.verdicts))
    if wanted.flags:
        conditions.append(MapSum.flag_bits.bitwise_and(bits_of(wanted.flags)) != 0)
    return conditions


def _on_days(first: date, last: date) -> ColumnElement[bool]:
    start, end = day_bounds(first, last)
    return and_(_VISIT.c.checked_in_at >= start, _VISIT.c.checked_in_at < end)


def _alone(
    session: Session, conditions: Sequence[ColumnElement[bool]], clusters: Sequence[_Cluster]
) -> list[dict[str, Any]]:
    """The check-ins that have their cells to themselves."""
    if not clusters:
        return []
    numbers = [cluster.morton for cluster in clusters]
    # Its neighbour outside the box may stand on the very same spot.
    west, east = min(one.west for one in clusters), max(one.east for one in clusters)
    south, north = min(one.south for one in clusters), max(one.north for one in clusters)
    within = _in_box(Box(west, south, east, north), _VISIT.c.morton.in_(numbers))
    return _singles(session, [within], conditions)


def _count(
    session: Session,
    ranges: Sequence[ColumnElement[bool]],
    conditions: Sequence[ColumnElement[bool]],
    level: int,
) -> Sequence[Row[Any]]:
    """Sums by cell and verdict. UNION ALL, since SQLite leaves a covering index for an OR."""
    c = _VISIT.c
    # PostgreSQL shifts by an INTEGER only; a bare parameter would be a BIGINT there.
    cell = c.morton.bitwise_rshift(cast(2 * (MORTON_BITS - level), Integer)).label("cell")
    points = union_all(
        *(
            select(cell, c.morton, c.verdict, c.in_lat, c.in_lon).where(one, *conditions)
            for one in ranges
        )
    ).subquery()
    p = points.c
    return session.execute(
        select(
            p.cell,
            p.verdict,
            func.count().label("visits"),
            func.sum(p.in_lat).label("lat_sum"),
            func.sum(p.in_lon).label("lon_sum"),
            func.min(p.in_lon).label("west"),
            func.max(p.in_lon).label("east"),
            func.min(p.in_lat).label("south"),
            func.max(p.in_lat).label("north"),
            func.min(p.morton).label("morton"),
        ).group_by(p.cell, p.verdict)
    ).all()


def _merged(rows: Sequence[Row[Any]]) -> dict[int, _Cluster]:
    """Clusters by cell; where they are too many, cells grow until they are few enough."""
    shift = 0
    while len({row.cell >> shift for row in rows}) > MAX_CLUSTERS:
        shift += 2
    clusters: dict[int, _Cluster] = {}
    for row in rows:
        clusters.setdefault(row.cell >> shift, _Cluster()).add(row)
    return clusters


def _singles(
    session: Session,
    ranges: Sequence[ColumnElement[bool]],
    conditions: Sequence[ColumnElement[bool]],
) -> list[dict[str, Any]]:
    """The check-ins themselves. UNION ALL, since an OR would have SQLite read all those days."""
    c = _VISIT.c
    wanted = (c.id, c.store_id, c.author_id, c.checked_in_at, c.verdict, c.in_lat, c.in_lon)
    rows = session.execute(union_all(*(select(*wanted).where(one, *conditions) for one in ranges)))
    return [
        {
            "lat": row.in_lat,
            "lon": row.in_lon,
            "count": 1,
            "by_verdict": {row.verdict: 1},
            "bounds": [row.in_lon, row.in_lat, row.in_lon, row.in_lat],
            "id": row.id,
            "store_id": row.store_id,
            "author_id": row.author_id,
            "checked_in_at": wire_time(row.checked_in_at),
        }
        for row in rows
    ]


def _inside(box: Box) -> list[ColumnElement[bool]]:
    """Conditions that together hold for the check-ins in the box, each for others than the rest."""
    return [_in_box(box, _VISIT.c.morton.between(first, last)) for first, last in cell_ranges(box)]


def _in_box(box: Box, found: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(
        found,
        _VISIT.c.in_lat.between(box.south, box.north),
        _VISIT.c.in_lon.between(box.west, box.east),
    )


def cell_ranges(box: Box) -> list[tuple[int, int]]:
    """Ranges of Morton numbers (both ends included) that cover the box, at most 16, disjoint."""
    left, top = tile_xy(box.north, box.west)
    right, bottom = tile_xy(box.south, box.east)
    shift = 0
    while ((right >> shift) - (left >> shift) + 1) * (
        (bottom >> shift) - (top >> shift) + 1
    ) > _MAX_RANGES:
        shift += 1
    cells = sorted(
        interleave(x, y)
        for x in range(left >> shift, (right >> shift) + 1)
        for y in range(top >> shift, (bottom >> shift) + 1)
    )
    return [(first << 2 * shift, ((last + 1) << 2 * shift) - 1) for first, last in _runs(cells)]


def _runs(cells: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of consecutive numbers."""
    first = last = cells[0]
    for cell in cells[1:]:
        if cell != last + 1:
            yield first, last
            first = cell
        last = cell
    yield first, last
