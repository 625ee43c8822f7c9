"""Two offices: one in the east at PIN, one 5 km north of it in the west."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from server.config import Settings
from server.kernel.clock import FrozenClock
from server.kernel.ops import Op, Outcome
from server.office import domain
from server.office.ops import OPS
from tests.server.conftest import World
from tests.server.office.pushing import PushService, push_service
from tests.server.visits.conftest import other_rep, rep
from tests.server.visits.hand import PIN, Hand, fix

__all__ = ["other_rep", "rep"]


def add_office(
    session: Session, world: World, clock: FrozenClock, code: str, north_m: float, **more: Any
) -> str:
    values = {
        "code": code,
        "name": f"办公点{code}",
        "region_id": world.regions["hq"],
        "lat": PIN[0] + north_m / 110_860,
        "lon": PIN[1],
    } | more
    office = domain.create_office(session, world.actors["office"], clock, values)
    session.commit()
    found: str = office.id
    return found


@pytest.fixture
def east(session: Session, world: World, clock: FrozenClock) -> str:
    return add_office(session, world, clock, "E", 0)


@pytest.fixture
def west(session: Session, world: World, clock: FrozenClock) -> str:
    return add_office(session, world, clock, "W", 5_000)


def report(hand: Hand, **more: Any) -> Op:
    """An office check-in made right now at PIN, naming no office."""
    record_id, offset_ms = more.pop("record_id", None), more.pop("offset_ms", 0)
    payload = {"office_id": None, "at": hand.ago(), "fix": fix(), "reason": None}
    return hand.op("office.check_in", payload | more, record_id, offset_ms=offset_ms)


def send(hand: Hand, *ops: Op) -> list[Outcome]:
    """Hand the ops to their handler and commit."""
    outcomes = OPS["office.check_in"](hand.session, hand.actor, hand.clock, ops)
    hand.session.commit()
    return outcomes


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service() as found:
        yield found


@pytest.fixture
def rules(app: Flask) -> Iterator[Settings]:
    """Settings by which this machine is a push service."""
    before: Settings = app.config["SETTINGS"]
    found = replace(before, push_hosts="127.0.0.1")
    app.config["SETTINGS"] = found
    yield found
    app.config["SETTINGS"] = before
