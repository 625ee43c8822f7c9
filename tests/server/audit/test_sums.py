"""The map's sums against the check-ins themselves, whatever has changed since they were made."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.audit.models import MapPeriod, MapSum, Period
from server.audit.sums import Spans, add_up, spans_of
from server.kernel.clock import FrozenClock
from server.visits.counted_days import changed_days, note_days
from server.visits.flag_bits import CODES, bits_of
from server.visits.models import Visit
from server.visits.verdict import Verdict
from tests.server.audit.conftest import Seed
from tests.server.audit.test_clusters import CHINA, ask
from tests.server.conftest import NOW, Login, World

VERDICTS = [verdict.value for verdict in Verdict]
DAYS = 75


@pytest.fixture
def year(seed: Seed, session: Session) -> list[dict[str, Any]]:
    """Check-ins all over China in the last 75 days; one day of each week without any."""
    chance = random.Random(11)
    points = []
    for number in range(900):
        days = chance.randrange(DAYS)
        points.append(
            {
                "lat": chance.uniform(22, 42),
                "lon": chance.uniform(100, 122),
                "verdict": chance.choice(VERDICTS),
                "who": chance.choice(["rep_a", "rep_b"]),
                "region": chance.choice(["park", "west"]),
                "at": NOW - timedelta(days=days - days % 7 % 2, minutes=number % 300),
                "flags": chance.sample(CODES, chance.randrange(3)),
            }
        )
    return seed(points)


def answers(login: Login, world: World) -> list[Any]:
    """The map as several people ask for it; whole views, so that cells and boxes are the same."""
    day = NOW.date()
    found = []
    for who in ("office", "sup_east"):
        client = login(who)
        for zoom in (3, 8, 13):
            for query in (
                {},
                {"from_": str(day - timedelta(days=70)), "to": str(day - timedelta(days=1))},
                {"from_": str(day - timedelta(days=20))},
                {"verdict": "off_site,uncertain"},
                {"flag": "short_visit"},
                {"flag": "clock_moved,photo_reused", "verdict": "on_site"},
                {"rep": world.people["rep_b"]},
            ):
                answer = ask(client, bbox=CHINA, zoom=zoom, **query)
                for one in answer["clusters"]:
                    one["lat"], one["lon"] = round(one["lat"], 6), round(one["lon"], 6)
                answer["clusters"].sort(key=lambda one: (one["lat"], one["lon"], one["count"]))
                found.append(answer)
    return found


def test_the_sums_say_what_the_check_ins_say(
    login: Login, world: World, year: list[dict[str, Any]], session: Session, clock: FrozenClock
) -> None:
    before = answers(login, world)
    assert before[0]["total"] > 800
    assert add_up(session, clock) > 60
    marked = select(MapPeriod.start).where(MapPeriod.period == int(Period.MONTH))
    assert session.scalars(marked).all() == [date(2026, 9, 1), date(2026, 10, 1)]
    assert answers(login, world) == before
    assert add_up(session, clock) == 0


def test_what_changes_afterwards_counts_at_once_and_is_added_up_again(
    login: Login, world: World, year: list[dict[str, Any]], session: Session, clock: FrozenClock
) -> None:
    add_up(session, clock)
    some = [row for row in year if row["checked_in_at"] < NOW - timedelta(days=30)][:40]
    client = login("office")
    day = str(some[0]["checked_in_at"].date() - timedelta(days=1))

    def off_site() -> int:
        return int(ask(client, bbox=CHINA, zoom=4, verdict="off_site", from_=day)["total"])

    session.execute(
        update(Visit).where(Visit.id.in_([row["id"] for row in some])).values(verdict="off_site")
    )
    note_days(session, [row["checked_in_at"] for row in some])
    session.commit()
    changed = answers(login, world)
    assert off_site() > 0
    assert len(changed_days(session)) > 1
    assert add_up(session, clock) == len({row["checked_in_at"].date() for row in some})
    assert changed_days(session) == []
    assert answers(login, world) == changed
    assert spans_of(session, date(2026, 9, 1), date(2026, 10, 31)).raw == []


def test_today_is_counted_from_the_check_ins(
    login: Login, seed: Seed, session: Session, clock: FrozenClock
) -> None:
    seed([{"at": NOW - timedelta(days=2)}, {"at": NOW - timedelta(minutes=5)}])
    add_up(session, clock)
    today = NOW.date()
    assert spans_of(session, None, None) == Spans(
        [], [today - timedelta(days=2), today - timedelta(days=1)], [(today, today)]
    )
    assert ask(login("office"), zoom=3)["total"] == 2
    seed([{"at": NOW - timedelta(minutes=1)}])
    assert ask(login("office"), zoom=3)["total"] == 3


def test_a_change_made_while_a_day_is_added_up_is_not_forgotten(
    seed: Seed, session: Session, clock: FrozenClock
) -> None:
    rows = seed([{"at": NOW - timedelta(days=2)}])
    note_days(session, [rows[0]["checked_in_at"]])
    session.commit()
    add_up(session, clock)
    assert changed_days(session) == []
    note_days(session, [rows[0]["checked_in_at"]])
    session.commit()
    assert changed_days(session) == [rows[0]["checked_in_at"].date()]


def test_an_empty_company_has_nothing_to_add_up(
    login: Login, session: Session, clock: FrozenClock
) -> None:
    assert add_up(session, clock) == 0
    assert spans_of(session, None, None) == Spans([], [], [])
    assert ask(login("office"), zoom=3)["total"] == 0
    assert session.scalar(select(MapSum.visits)) is None


def test_each_code_has_a_bit_of_its_own() -> None:
    assert bits_of(CODES) == (1 << len(CODES)) - 1
    assert bits_of([]) == 0


def test_the_command_adds_up_and_begins_anew(
    app: Flask, seed: Seed, session: Session, clock: FrozenClock
) -> None:
    seed([{"at": NOW - timedelta(days=400)}])
    run = app.test_cli_runner()
    assert "Days added up: 1" in run.invoke(args=["storewalk", "map-sums"]).output
    assert "Days added up: 0" in run.invoke(args=["storewalk", "map-sums"]).output
    assert "Days added up: 1" in run.invoke(args=["storewalk", "map-sums", "--anew"]).output
