"""The map's clusters against counting by hand, and who may see which."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from server.audit.clusters import MAX_CLUSTERS, Box, cell_ranges
from server.audit.jobs import STATISTICS
from server.kernel.geo import morton
from server.kernel.jobs import run_now
from server.visits.verdict import Verdict
from tests.server.audit.conftest import Seed
from tests.server.conftest import Login, World

VERDICTS = [verdict.value for verdict in Verdict]
CHINA = "73,18,135,54"


def ask(client: Any, status: int = 200, **query: Any) -> Any:
    query = {"bbox": CHINA, "zoom": 5} | {key.rstrip("_"): query[key] for key in query}
    answer = client.get("/api/v1/map/clusters", query_string=query)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.json


def scattered(count: int, seed_number: int = 7) -> list[dict[str, Any]]:
    """Points around Suzhou: thick in the middle, some far out."""
    chance = random.Random(seed_number)
    return [
        {
            "lat": 31.3 + chance.gauss(0, 0.2),
            "lon": 120.6 + chance.gauss(0, 0.3),
            "verdict": chance.choice(VERDICTS),
            "who": chance.choice(["rep_a", "rep_b"]),
        }
        for _ in range(count)
    ]


def inside(rows: list[dict[str, Any]], bbox: str) -> list[dict[str, Any]]:
    west, south, east, north = map(float, bbox.split(","))
    return [
        row
        for row in rows
        if row["in_lat"] is not None
        and south <= row["in_lat"] <= north
        and west <= row["in_lon"] <= east
    ]


@pytest.mark.parametrize("zoom", [0, 3, 8, 11, 13, 14, 15, 18, 24])
@pytest.mark.parametrize(
    "bbox", [CHINA, "120.5,31.2,120.7,31.4", "120.59,31.29,120.6,31.3", "0,0,1,1"]
)
def test_counts_are_those_of_brute_force(login: Login, seed: Seed, zoom: int, bbox: str) -> None:
    rows = inside(seed(scattered(600)), bbox)
    answer = ask(login("office"), bbox=bbox, zoom=zoom)
    clusters = answer["clusters"]
    assert answer["total"] == len(rows) == sum(one["count"] for one in clusters)
    assert len(clusters) <= MAX_CLUSTERS
    verdicts: Counter[str] = Counter()
    for one in clusters:
        verdicts.update(one["by_verdict"])
        assert sum(one["by_verdict"].values()) == one["count"]
        west, south, east, north = one["bounds"]
        assert west <= one["lon"] <= east
        assert south <= one["lat"] <= north
        assert ("id" in one) == (one["count"] == 1)
    assert verdicts == Counter(row["verdict"] for row in rows)
    mean = sum(one["lat"] * one["count"] for one in clusters)
    assert mean == pytest.approx(sum(row["in_lat"] for row in rows))


@pytest.mark.parametrize("zoom", [6, 10, 13])
def test_each_cluster_holds_one_cell(login: Login, seed: Seed, zoom: int) -> None:
    rows = seed(scattered(300))
    shift = 2 * (26 - zoom - 2)
    cells: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        cells.setdefault(morton(row["in_lat"], row["in_lon"]) >> shift, []).append(row)
    expected = sorted(
        (
            len(members),
            round(sum(row["in_lat"] for row in members) / len(members), 6),
            min(row["in_lon"] for row in members),
        )
        for members in cells.values()
    )
    found = sorted(
        (one["count"], round(one["lat"], 6), one["bounds"][0])
        for one in ask(login("office"), zoom=zoom)["clusters"]
    )
    assert found == expected


def test_close_up_each_check_in_stands_alone(login: Login, seed: Seed, world: World) -> None:
    rows = seed([{"lat": 31.3, "lon": 120.6}] * 3 + [{"lat": 31.3001, "lon": 120.6}])
    answer = ask(login("office"), zoom=16)
    assert sorted(one["id"] for one in answer["clusters"]) == sorted(row["id"] for row in rows)
    one = answer["clusters"][0]
    assert one["author_id"] == world.people["rep_a"]
    assert one["store_id"] == rows[0]["store_id"]
    assert one["checked_in_at"].endswith("Z")
    assert len(ask(login("office"), zoom=14)["clusters"]) == 1


def test_too_many_close_up_are_clustered_all_the_same(login: Login, seed: Seed) -> None:
    chance = random.Random(3)
    points = [
        {"lat": 31.3 + chance.random() / 50, "lon": 120.6 + chance.random() / 50}
        for _ in range(MAX_CLUSTERS * 2)
    ]
    seed(points)
    answer = ask(login("office"), zoom=18)
    assert answer["total"] == len(points)
    assert 1 < len(answer["clusters"]) <= MAX_CLUSTERS


@pytest.mark.parametrize(
    ("who", "places"),
    [("office", {"park", "west"}), ("sup_east", {"park"}), ("sup_west", {"west"})],
)
def test_a_supervisor_counts_their_own_only(
    login: Login, seed: Seed, who: str, places: set[str]
) -> None:
    points = [{"region": "park", "lat": 31.3}] * 3 + [{"region": "west", "who": "rep_w"}] * 5
    points += [{"region": "west", "who": "rep_w", "lat": None, "lon": None}]
    rows = seed(points)
    counts = {"park": 3, "west": 5}
    for zoom in (4, 16):
        answer = ask(login(who), zoom=zoom)
        assert answer["total"] == sum(counts[place] for place in places)
        assert answer["unplaced"] == (1 if "west" in places else 0)
        assert sum(one["count"] for one in answer["clusters"]) == answer["total"]
    own = {row["id"] for row in rows[:3]} if places == {"park"} else None
    if own:
        assert {one["id"] for one in answer["clusters"]} == own


def test_region_of_others_is_not_found(login: Login, world: World, seed: Seed) -> None:
    seed([{"region": "west", "who": "rep_w"}])
    assert ask(login("sup_east"), 404, region=world.regions["west"])["code"] == "not_found"
    assert ask(login("sup_east"), rep=world.people["rep_w"])["total"] == 0
    assert ask(login("office"), region=world.regions["west"])["total"] == 1
    assert ask(login("office"), region=world.regions["east"])["total"] == 0


def test_reps_have_no_map(login: Login) -> None:
    assert ask(login("rep_a"), 403)["code"] == "forbidden"
    answer = login("rep_a").get("/api/v1/map/places", query_string={"bbox": CHINA})
    assert answer.status_code == 403


def test_filters(login: Login, world: World, seed: Seed) -> None:
    # 16:00 UTC is midnight in Shanghai: the second point belongs to the next day there.
    late = datetime(2026, 11, 20, 15, 59, tzinfo=UTC)
    seed(
        [
            {"at": late, "verdict": "on_site"},
            {"at": late + timedelta(minutes=1), "verdict": "uncertain", "who": "rep_b"},
            {
                "at": late + timedelta(days=1, minutes=1),
                "verdict": "off_site",
                "lat": None,
                "lon": None,
            },
        ]
    )
    client = login("sup_east")

    def total(**query: Any) -> tuple[int, int]:
        answer = ask(client, **query)
        return answer["total"], answer["unplaced"]

    assert total() == (2, 1)
    assert total(from_="2026-11-20", to="2026-11-20") == (1, 0)
    assert total(from_="2026-11-21", to="2026-11-21") == (1, 0)
    assert total(from_="2026-11-22") == (0, 1)
    assert total(rep=world.people["rep_b"]) == (1, 0)
    assert total(verdict="uncertain") == (1, 0)
    assert total(verdict="uncertain,off_site") == (1, 1)
    assert total(verdict=["uncertain", "on_site"]) == (2, 0)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "a,b,c,d"}, "bbox"),
        ({"bbox": "nan,0,1,1"}, "bbox"),
        ({"bbox": "2,0,1,1"}, "bbox"),
        ({"bbox": "0,2,1,1"}, "bbox"),
        ({"zoom": 25}, "zoom"),
        ({"zoom": "x"}, "zoom"),
        ({"verdict": "guilty"}, "verdict"),
        ({"from_": "yesterday"}, "from"),
    ],
)
def test_bad_queries(login: Login, query: dict[str, Any], field: str) -> None:
    answer = ask(login("office"), 422, **query)
    assert answer["code"] == "validation_failed"
    assert answer["field"].split(".")[0] == field


def test_a_view_of_several_worlds_counts_one(login: Login, seed: Seed) -> None:
    seed([{}, {"lat": -33.9, "lon": 151.2}])
    assert ask(login("office"), bbox="-700,-120,700,120", zoom=0)["total"] == 2


degrees = st.tuples(st.floats(-85, 85), st.floats(-180, 180))


@given(degrees, degrees, degrees)
def test_ranges_cover_the_box(
    a: tuple[float, float], b: tuple[float, float], point: tuple[float, float]
) -> None:
    box = Box(min(a[1], b[1]), min(a[0], b[0]), max(a[1], b[1]), max(a[0], b[0]))
    ranges = cell_ranges(box)
    assert 1 <= len(ranges) <= 16
    assert all(first <= last for first, last in ranges)
    assert all(one[1] < other[0] for one, other in pairwise(ranges))
    corners = [(box.south, box.west), (box.north, box.east), (box.south, box.east)]
    if box.south <= point[0] <= box.north and box.west <= point[1] <= box.east:
        corners.append(point)
    for lat, lon in corners:
        number = morton(lat, lon)
        assert any(first <= number <= last for first, last in ranges)


@pytest.mark.parametrize(("zoom", "index"), [(12, "ix_visit_time"), (15, "ix_visit_map")])
def test_the_count_is_read_from_an_index(
    login: Login, session: Session, seed: Seed, zoom: int, index: str
) -> None:
    seed(scattered(50))
    statements: list[tuple[str, Any]] = []

    def remember(_c: Any, _cur: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        statements.append((statement, parameters))

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", remember)
    try:
        ask(login("office"), bbox="120.5,31.2,120.7,31.4", zoom=zoom)
    finally:
        event.remove(engine, "before_cursor_execute", remember)
    counting = [one for one in statements if "GROUP BY" in one[0] and "visit" in one[0]]
    assert len(counting) == 1
    if session.get_bind().dialect.name == "sqlite":
        statement, values = counting[0]
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        reads = [step for row in plan if "visit" in (step := str(row[3]))]
        assert reads
        assert all(f"USING COVERING INDEX {index}" in step for step in reads), reads


def test_statistics_are_gathered(session: Session, seed: Seed) -> None:
    seed(scattered(50))
    run_now(STATISTICS)
    if session.get_bind().dialect.name == "sqlite":
        known = session.execute(text("SELECT idx FROM sqlite_stat1 WHERE tbl = 'visit'"))
        assert "ix_visit_map" in {row[0] for row in known}
