"""The purge commits batch by batch: no phone waits for all of it, and what was erased stays so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.accounts.retention import Retention
from server.kernel.clock import FrozenClock
from server.purge import Purged, look, purge
from server.visits.views import VisitView
from tests.server.conftest import Login, World
from tests.server.contract.day import made
from tests.server.sync.phone import AT, Phone

DAY_S = 86_400.0
COUNT: Final = 5
OLD = Retention(views=100, replies=100)


@pytest.fixture
def due(
    phone: Phone, visit_id: str, world: World, login: Login, session: Session, clock: FrozenClock
) -> None:
    """Five each of what is erased with the words and the views."""
    rep = world.people["rep_a"]
    for _ in range(COUNT):
        task = {"title": "更换价签", "rep_ids": [rep]}
        [task] = made(login("sup_east").post("/api/v1/tasks", json=task))["items"]
        said = {"at": AT, "note": "店长不在", "visit_id": None}
        reply = {"visit_id": visit_id, "at": AT, "text": "搬家了"}
        ops = [phone.op("task.done", said, task["id"]), phone.op("visit.reply", reply)]
        assert {row["status"] for row in phone.push(*ops)} == {"applied"}
    names = ("office", "sup_east", "sup_west", "rep_b", "rep_w")
    row = {"visit_id": visit_id, "author_id": rep, "at": clock.now(), "day": clock.now().date()}
    session.execute(insert(VisitView), [row | {"viewer_id": world.people[name]} for name in names])
    session.commit()
    clock.advance(101 * DAY_S)


@pytest.mark.parametrize(
    ("module", "what"),
    [
        ("server.tasks.erase", "task_notes"),
        ("server.audit.answers.erase", "replies"),
        ("server.visits.erase", "views"),
    ],
)
def test_what_was_erased_before_a_power_cut_stays_erased(
    due: None,
    session: Session,
    clock: FrozenClock,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    what: str,
) -> None:
    monkeypatch.setattr(f"{module}._AT_ONCE", 2)
    real: Callable[[], None] = session.commit
    commits = 0

    def cut() -> None:
        nonlocal commits
        commits += left(session, clock)[what] != before[what]
        if commits == 2:
            raise PowerCutError
        real()

    before = left(session, clock)
    assert before[what] == COUNT
    monkeypatch.setattr(session, "commit", cut)
    with pytest.raises(PowerCutError):
        purge(session, clock, OLD)
    session.rollback()
    monkeypatch.setattr(session, "commit", real)
    assert left(session, clock)[what] == COUNT - 2
    assert getattr(purge(session, clock, OLD), what) == COUNT - 2
    assert look(session, clock, OLD) == Purged()


class PowerCutError(Exception):
    """The machine stops while it commits."""


def left(session: Session, clock: FrozenClock) -> dict[str, Any]:
    found = look(session, clock, OLD)
    return {name: getattr(found, name) for name in ("task_notes", "replies", "views")}
