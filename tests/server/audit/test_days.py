"""The check-ins of each day, from the sums and from the check-ins, against counting by hand."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.audit.sums import add_up
from server.kernel.clock import FrozenClock, org_day
from server.visits.counted_days import note_days
from server.visits.flag_bits import CODES
from server.visits.verdict import Verdict
from tests.server.audit.conftest import Seed
from tests.server.audit.test_clusters import ask as ask_clusters
from tests.server.conftest import NOW, Login, World

VERDICTS = [verdict.value for verdict in Verdict]
TODAY = org_day(NOW)


def ask(client: Any, status: int = 200, **query: Any) -> Any:
    query = {key.rstrip("_"): value for key, value in query.items()}
    answer = client.get("/api/v1/map/days", query_string=query)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.json["days"] if status == 200 else answer.json


@pytest.fixture
def rows(seed: Seed) -> list[dict[str, Any]]:
    """Check-ins at any hour of the last 70 days, some without a position."""
    chance = random.Random(5)
    return seed(
        [
            {
                "lat": None if chance.random() < 0.1 else chance.uniform(22, 42),
                "lon": chance.uniform(100, 122),
                "verdict": chance.choice(VERDICTS),
                "who": chance.choice(["rep_a", "rep_b"]),
                "region": chance.choice(["park", "west"]),
                "at": NOW - timedelta(days=chance.randrange(70), minutes=chance.randrange(1_440)),
                "flags": chance.sample(CODES, chance.randrange(3)),
            }
            for _ in range(500)
        ]
    )


def by_hand(rows: list[dict[str, Any]], wanted: Any) -> list[dict[str, Any]]:
    found: dict[date, Counter[str]] = {}
    for row in rows:
        if row["morton"] is not None and wanted(row):
            day = org_day(row["checked_in_at"])
            found.setdefault(day, Counter())[row["verdict"]] += 1
    return [
        {"day": str(day), "count": verdicts.total(), "by_verdict": dict(verdicts)}
        for day, verdicts in sorted(found.items())
    ]


@pytest.mark.parametrize("summed", [False, True], ids=["visits", "sums"])
def test_each_day_is_counted(
    login: Login,
    world: World,
    rows: list[dict[str, Any]],
    session: Session,
    clock: FrozenClock,
    summed: bool,
) -> None:
    if summed:
        assert add_up(session, clock) > 50
    client = login("office")
    first, last = TODAY - timedelta(days=45), TODAY - timedelta(days=3)
    rep, store = world.people["rep_b"], rows[0]["store_id"]
    west = world.regions["west"]
    doubtful = {"off_site", "uncertain"}
    for query, wanted in (
        ({}, lambda row: True),
        (
            {"from_": str(first), "to": str(last)},
            lambda row: first <= org_day(row["checked_in_at"]) <= last,
        ),
        ({"verdict": "off_site,uncertain"}, lambda row: row["verdict"] in doubtful),
        (
            {"flag": "no_photo"},
            lambda row: any(flag["code"] == "no_photo" for flag in row["flags"]),
        ),
        ({"rep": rep}, lambda row: row["author_id"] == rep),
        ({"store": store}, lambda row: row["store_id"] == store),
        ({"region": west}, lambda row: row["region_id"] == west),
    ):
        expected = by_hand(rows, wanted)
        assert expected, query
        assert ask(client, **query) == expected, query


def test_a_day_that_has_changed_counts_at_once(
    login: Login,
    seed: Seed,
    rows: list[dict[str, Any]],
    session: Session,
    clock: FrozenClock,
) -> None:
    add_up(session, clock)
    more = seed([{"at": NOW - timedelta(days=40)}] * 3)
    note_days(session, [row["checked_in_at"] for row in more])
    session.commit()
    days = ask(login("office"))
    assert days == by_hand([*rows, *more], lambda row: True)
    assert sum(day["count"] for day in days) == ask_clusters(login("office"))["total"]


def test_only_ones_own_regions_are_counted(
    login: Login, world: World, rows: list[dict[str, Any]], session: Session, clock: FrozenClock
) -> None:
    west = world.regions["west"]
    for _ in ("visits", "sums"):
        found = ask(login("sup_west"))
        assert found == by_hand(rows, lambda row: row["region_id"] == west)
        assert ask(login("sup_east"), 404, region=west)["code"] == "not_found"
        assert ask(login("rep_a"), 403)["code"] == "forbidden"
        add_up(session, clock)


def test_nothing_and_nonsense(login: Login) -> None:
    assert ask(login("office")) == []
    assert ask(login("office"), from_="0001-01-01", to="9999-12-30") == []
    for query in ({"from_": "yesterday"}, {"verdict": "guilty"}, {"flag": "red"}):
        assert ask(login("office"), 422, **query)["code"] == "validation_failed"


def test_single_check_ins_are_named_where_asked(login: Login, seed: Seed) -> None:
    seed([{"lat": 31.3}, {"lat": 31.4}, {"lat": 35}])
    [named, *_] = ask_clusters(login("office"), zoom=16, named=True)["clusters"]
    assert (named["store_name"], named["author_name"]) == ("park店", "rep_a")
    [plain, *_] = ask_clusters(login("office"), zoom=16)["clusters"]
    assert "store_name" not in plain
