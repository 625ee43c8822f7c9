"""A corrected pin judges again; what was said before stays in the history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.changes import Change, user_scope
from server.kernel.clock import FrozenClock
from server.stores.models import Store
from server.visits.models import Visit, VisitJudgement
from server.visits.queries import read_visits
from server.visits.rejudge import rejudge_store
from tests.server.conftest import World
from tests.server.visits.hand import PIN, Hand, fix
from tests.server.written import as_written


def move_pin(session: Session, store_id: str, **values: Any) -> None:
    session.execute(update(Store).where(Store.id == store_id).values(**values))
    session.commit()


@pytest.mark.parametrize(
    "correction",
    [
        {"lat": PIN[0] + 500 / 110_860},  # the pin was half a kilometre off
        {"radius_m": 600.0},  # the site is large
        {"pin_quality_m": 400.0},  # the pin is only roughly known
    ],
)
def test_an_honest_rep_is_cleared(
    rep: Hand,
    store_id: str,
    session: Session,
    world: World,
    clock: FrozenClock,
    correction: dict[str, float],
) -> None:
    visit_id = rep.check_in(store_id, seconds_ago=100, fix=fix(500))
    accused = rep.check_out(visit_id)
    assert [flag["code"] for flag in accused["flags"]] == ["off_site", "short_visit"]
    told_before = session.scalars(
        select(Change.seq).where(
            Change.scope == user_scope(rep.actor.user_id), Change.record_id == visit_id
        )
    ).one()
    clock.advance(60)
    move_pin(session, store_id, **correction)
    assert rejudge_store(session, world.actors["office"], clock, store_id) == 1
    session.commit()
    record = as_written(read_visits(session, rep.actor, [visit_id]))[visit_id]
    assert record["verdict"] == "on_site"
    # What has nothing to do with the place stays.
    assert [flag["code"] for flag in record["flags"]] == ["short_visit"]
    assert record["rev"] == accused["rev"] + 1
    old = session.scalars(select(VisitJudgement)).one()
    assert (old.visit_id, old.verdict, old.cause) == (visit_id, "off_site", "pin_changed")
    assert old.explanation == accused["explanation"]
    assert old.flags == accused["flags"]
    assert old.at == clock.now()
    last = journal.for_subject(session, "visit", visit_id)[-1]
    assert last["event"] == "visit.judged"
    assert last["data"] == {
        "before": "off_site",
        "after": "on_site",
        "cause": "pin_changed",
        "cleared": ["off_site"],
    }
    assert last["actor_id"] == world.people["office"]
    told = session.scalars(
        select(Change.seq).where(
            Change.scope == user_scope(rep.actor.user_id), Change.record_id == visit_id
        )
    ).one()
    assert told > told_before


def test_nothing_changed_writes_nothing(
    rep: Hand, store_id: str, session: Session, world: World, clock: FrozenClock
) -> None:
    rep.check_in(store_id)
    rep.check_in(store_id, fix=None)
    assert rejudge_store(session, world.actors["office"], clock, store_id) == 0
    assert session.scalars(select(VisitJudgement)).all() == []


def test_other_stores_are_left_alone(
    rep: Hand,
    other_rep: Hand,
    store_id: str,
    other_store_id: str,
    session: Session,
    world: World,
    clock: FrozenClock,
) -> None:
    rep.check_in(store_id, fix=fix(500))
    other = other_rep.check_in(other_store_id, fix=fix(500))
    move_pin(session, store_id, radius_m=1_000.0)
    assert rejudge_store(session, world.actors["office"], clock, store_id) == 1
    assert session.get_one(Visit, other, populate_existing=True).verdict == "off_site"


def test_every_judgement_of_the_past_is_kept(
    rep: Hand, store_id: str, session: Session, world: World, clock: FrozenClock
) -> None:
    visit_id = rep.check_in(store_id, fix=fix(500))
    for radius in (600.0, 100.0, 700.0):
        clock.advance(timedelta(days=1).total_seconds())
        move_pin(session, store_id, radius_m=radius)
        rejudge_store(session, world.actors["office"], clock, store_id)
    rows = session.scalars(select(VisitJudgement).order_by(VisitJudgement.at)).all()
    assert [row.verdict for row in rows] == ["off_site", "on_site", "off_site"]
    assert session.get_one(Visit, visit_id, populate_existing=True).verdict == "on_site"
