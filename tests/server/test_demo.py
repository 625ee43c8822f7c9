"""The demo company: believable, and the same for a seed."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

import pytest
from sqlalchemy.orm import Session

from server.demo import company
from server.demo.drawing import Request, draw
from server.demo.ids import demo_id
from server.demo.places import DISTRICTS, Shop, shops
from server.demo.script import RepDay, Size, rep_days, reports
from server.kernel.clock import iso_week, org_day
from server.kernel.geo import great_circle_m
from server.kernel.ids import is_id
from server.photos.likeness import near
from tests.server.conftest import NOW


def test_an_empty_database_is_no_demo(session: Session) -> None:
    assert not company.is_demo(session)


def plan(seed: int, now: datetime) -> tuple[list[Shop], list[RepDay]]:
    rng, size = random.Random(seed), Size()
    ids = [demo_id(rng, now) for _ in range(300)]
    places = shops(rng, ids, size.shops_per_rep)
    return places, list(rep_days(rng, places, now, size))


def test_a_seed_gives_the_same_company() -> None:
    assert plan(1, NOW) == plan(1, NOW)
    assert plan(1, NOW) != plan(2, NOW)
    size = Size()
    assert reports(random.Random(1), NOW, size) == reports(random.Random(1), NOW, size)


@pytest.mark.parametrize("hours", [0, 4, 9, 16, 30, 140])
def test_the_full_script_is_believable(hours: int) -> None:
    """From Monday noon to Sunday morning: whenever it is loaded, nothing lies in the future."""
    now = NOW + timedelta(hours=hours)
    places, days = plan(company.SEED, now)
    assert len(places) == len({shop.name for shop in places}) == 300
    assert len({shop.code for shop in places}) == len({shop.id for shop in places}) == 300
    assert all(is_id(shop.id) for shop in places)
    assert Counter(Counter(shop.rep for shop in places).values()) == {25: 12}
    stops = [(day, at, stop) for day in days for at, lot in day.lots for stop in lot]
    for day, received_at, stop in stops:
        assert stop.shop.rep == day.rep
        assert stop.in_at < now
        assert stop.in_at <= (stop.out_at or stop.in_at) <= received_at <= now
        assert org_day(stop.in_at).isoweekday() <= 5
        assert all(stop.in_at < shot.at < now for shot in stop.shots)
    a_day = Counter((day.rep, org_day(stop.in_at)) for day, _, stop in stops)
    whole = [count for (_, on), count in a_day.items() if on != org_day(now)]
    assert set(whole) <= set(range(6, 13))
    assert 8 <= sum(whole) / len(whole) <= 12
    assert 2_800 < len(stops) < 4_200
    assert 120 < sum(len(stop.shots) for _, _, stop in stops) < 400


def test_nobody_is_in_two_shops_at_once() -> None:
    _, days = plan(company.SEED, NOW)
    for day in days:
        stops = sorted((stop for _, lot in day.lots for stop in lot), key=lambda stop: stop.in_at)
        for before, after in pairwise(stops):
            left = before.out_at or before.in_at
            metres = great_circle_m(*before.shop.door, *after.shop.door)
            assert after.in_at > left
            assert metres / (after.in_at - left).total_seconds() < 60 / 3.6


def test_shops_stand_in_their_quarter() -> None:
    """The spots keep clear of the lakes; so does everything that lies inside one of them."""
    places, _ = plan(company.SEED, NOW)
    spots = {(district.code, spot.name): spot for district in DISTRICTS for spot in district.spots}
    for shop in places:
        spot = next(
            spot
            for (district, name), spot in spots.items()
            if district == shop.district and name in shop.name
        )
        assert great_circle_m(*shop.door, spot.lat, spot.lon) <= spot.radius_m + 5
    assert 1 <= sum(shop.pin_is_wrong for shop in places) <= 5


def test_reports_have_gaps_and_doubts() -> None:
    found = reports(random.Random(company.SEED), NOW, Size())
    by_rep = Counter((report.rep, iso_week(report.at)) for report in found)
    assert max(by_rep.values()) == 1
    assert 12 * 6 * 0.6 < len(found) < 12 * 7 * 0.95
    assert sum(report.reason is not None for report in found) >= 3
    assert all(report.at < NOW for report in found)


def test_reports_at_the_turn_of_a_year() -> None:
    now = datetime(2027, 1, 8, 10, tzinfo=UTC)
    weeks = {iso_week(report.at) for report in reports(random.Random(5), now, Size())}
    assert {"2026-W52", "2026-W53", "2027-W01"} <= weeks


@pytest.mark.parametrize("kind", ["shelf", "storefront", "price_tag", "posm", "pile"])
def test_a_picture_follows_from_its_request(kind: str) -> None:
    request = Request(kind, 7, "禾穗里便利（观前店）", "2026-11-23 10:20  陆晓东")
    first = draw(request)
    assert draw(request).sha256 == first.sha256
    assert draw(Request(kind, 8, request.sign, request.stamp)).sha256 != first.sha256
    assert (first.prepared.mime, first.prepared.width) == ("image/jpeg", 1000)


def test_a_picture_needs_no_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.demo.drawing._font", lambda size: None)
    for kind in ("shelf", "storefront", "price_tag", "posm", "pile"):
        assert len(draw(Request(kind, 7, "禾穗里便利", "陆晓东")).data) > 10_000


def test_other_processes_draw_the_same() -> None:
    request = Request("shelf", 3, "门店", "水印")
    with company._studio(1) as commission:
        assert commission(request).result().sha256 == draw(request).sha256


def test_pictures_of_different_seeds_are_different_pictures() -> None:
    """Honest reps of the demo are not flagged for their photos."""
    rng = random.Random(3)
    scenes = {"posm": 24, "pile": 24, "storefront": 12, "price_tag": 12, "shelf": 8}
    seen = [
        draw(Request(kind, rng.getrandbits(48), "园区一店", "2026-11-23 10:00")).prepared.seen
        for kind, count in scenes.items()
        for _ in range(count)
    ]
    prints = [one for one in seen if one is not None]
    assert len(prints) == sum(scenes.values())
    assert sum(near(one, other) for one, other in combinations(prints, 2)) == 0
