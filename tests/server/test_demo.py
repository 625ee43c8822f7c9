"""The demo company: believable, made of real records, the same for a seed, loaded once."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.demo import company, people
from server.demo.drawing import Request, draw
from server.demo.ids import demo_id
from server.demo.places import DISTRICTS, Shop, shops
from server.demo.script import RepDay, Size, rep_days, reports
from server.kernel.blobs import blob_store, content_key, thumb_key
from server.kernel.clock import FrozenClock, iso_week, org_day
from server.kernel.db import Base
from server.kernel.geo import great_circle_m
from server.kernel.ids import is_id
from server.materials import ledger
from server.materials.models import LedgerEntry
from tests.server.conftest import NOW

SMALL = Size(
    shops_per_rep=4, days=10, visits_a_day=(2, 3), photo_days=5, photo_share=0.25, workers=0
)


def rows(session: Session) -> dict[str, int]:
    """Rows by table."""
    return {
        name: session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in Base.metadata.tables.items()
    }


@pytest.fixture
def summary(session: Session, clock: FrozenClock) -> company.Summary:
    loaded = company.load(session, clock, size=SMALL)
    session.commit()
    return loaded


def log_in(client: FlaskClient, username: str) -> dict[str, str]:
    answer: Any = client.post(
        "/api/v1/session", json={"username": username, "password": people.PASSWORD}
    )
    assert answer.status_code == 200, answer.json
    return {"Authorization": f"Bearer {answer.json['token']}"}


def test_loads_once(summary: company.Summary, session: Session, clock: FrozenClock) -> None:
    before = rows(session)
    assert before["user_account"] == summary.counts["person"] == 15
    assert before["store"] == summary.counts["store"] == 48
    assert before["visit"] == summary.counts["visit.check_in"] > 100
    assert before["handout"] == summary.counts["handout.add"] > 20
    assert before["office_check_in"] == summary.counts["office.check_in"] > 10
    assert before["visit_note"] > 10
    assert before["office"] == 3
    assert before["material"] == 8
    assert before["region"] == 9
    assert company.is_demo(session)
    assert_books_balance(session)
    again = company.load(session, clock, size=SMALL)
    session.commit()
    assert again.counts == {}
    assert again.logins == company.logins()
    assert rows(session) == before


def assert_books_balance(session: Session) -> None:
    places = set(session.scalars(select(LedgerEntry.from_place)))
    places |= set(session.scalars(select(LedgerEntry.to_place)))
    found = ledger.balances(session, places)
    assert sum(found.values()) == 0
    assert all(amount >= 0 for (place, _), amount in found.items() if place == ledger.WAREHOUSE)


def test_an_empty_database_is_no_demo(session: Session) -> None:
    assert not company.is_demo(session)


def test_everybody_can_log_in_and_sees_their_part(
    summary: company.Summary, client: FlaskClient
) -> None:
    assert any(people.PASSWORD in line for line in summary.logins)
    seen = {}
    for who in ("rep01", "rep12", "sup01", "sup02", "office"):
        head = log_in(client, who)
        visits: Any = client.get("/api/v1/visits", headers=head)
        stores: Any = client.get("/api/v1/stores?limit=500", headers=head)
        seen[who] = (visits.json["total"], stores.json["total"])
    assert seen["rep01"][1] == seen["rep12"][1] == 4
    assert seen["sup01"][1] == seen["sup02"][1] == 24
    assert seen["sup01"][0] + seen["sup02"][0] == seen["office"][0]
    assert 0 < seen["rep01"][0] < seen["sup01"][0]
    board: Any = client.get("/api/v1/office/weeks/2026-W47", headers=log_in(client, "office"))
    assert sum(board.json["counts"].values()) == len(board.json["rows"]) == 12
    assert board.json["counts"]["done"] > board.json["counts"]["doubtful"]
    assert_phone_gets_all(client, "rep03")


def assert_phone_gets_all(client: FlaskClient, username: str) -> None:
    answer: Any = client.get("/api/v1/sync/pull?limit=500", headers=log_in(client, username))
    found = Counter(row["entity"] for row in answer.json["changes"] if row["record"] is not None)
    assert found["store"] == 4
    assert found["material"] == found["stock"] == 8
    assert found["office"] == 3
    # The rep and the supervisor above.
    assert found["person"] == 2
    assert found["visit"] > 5


def test_photos_and_signatures_are_real(
    summary: company.Summary, session: Session, client: FlaskClient
) -> None:
    photo, handout = Base.metadata.tables["photo"], Base.metadata.tables["handout"]
    photos = session.execute(select(photo)).mappings().all()
    assert len(photos) == summary.counts["photo.add"] > 10
    assert len({row["sha256"] for row in photos}) == len(photos)
    head = log_in(client, "office")
    for row in photos:
        # A lost one is still on its phone.
        assert row["state"] in {"complete", "awaiting_bytes"}
        if row["state"] == "complete":
            assert blob_store().size(content_key(row["sha256"])) == row["bytes"]
            assert blob_store().exists(thumb_key(row["sha256"], "screen"))
            path = f"/api/v1/photos/{row['id']}/thumb"
            assert client.get(path, headers=head).mimetype == "image/jpeg"
    signed = session.scalars(select(handout.c.id).where(handout.c.signature_sha256.is_not(None)))
    found = [client.get(f"/api/v1/handouts/{one}/signature", headers=head) for one in signed]
    assert len(found) > 5
    assert {(answer.status_code, answer.mimetype) for answer in found} == {(200, "image/png")}


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
