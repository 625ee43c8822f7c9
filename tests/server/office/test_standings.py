"""What is remembered of a board never outlives what it was worked out from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from server.app import create_app
from server.config import Settings
from server.kernel.clock import FrozenClock
from server.kernel.db import db
from server.office.reminding.domain import remind
from server.office.weeks import requests, settings, standings
from server.office.weeks.board import BoardFilters, make_board
from tests.server.conftest import NOW, World, make_world
from tests.server.office.conftest import add_office, report, send
from tests.server.visits.hand import Hand, applied, fix


@pytest.fixture
def own_app(tmp_path: Path) -> Iterator[Flask]:
    """An app on a database of its own: boards are remembered for whole engines only."""
    app = create_app(Settings(data_dir=tmp_path, password_cost="test"), clock=FrozenClock(NOW))
    with app.app_context():
        db.create_all()
        yield app
        db.session.remove()
        db.engine.dispose()


def test_every_change_is_seen_at_once(own_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    session: Session = db.session()  # type: ignore[assignment]
    clock = FrozenClock(datetime(2026, 11, 25, 2, 0, tzinfo=UTC))
    world: World = make_world(session, clock)
    add_office(session, world, clock, "E", 0)
    boss, rep_id = world.actors["office"], world.people["rep_a"]
    worked_out: list[int] = []
    real = standings._work_out

    def spy(session: Session, ids: list[str], *more: object) -> object:
        worked_out.append(len(ids))
        return real(session, ids, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(standings, "_work_out", spy)

    def states(*, anew: int) -> list[str]:
        """The board of rep_a; so many people were worked out anew for it."""
        before = len(worked_out)
        board = make_board(session, boss, clock, "2026-W48", BoardFilters())
        session.commit()
        assert sum(worked_out[before:]) == anew
        [line] = [one for one in board.lines if one.rep.id == rep_id]
        return [state.value for state in line.standing.states]

    assert states(anew=3)[-2:] == ["before", "open"]
    assert states(anew=0)[-2:] == ["before", "open"]
    settings.change_duty(session, boss, clock, rep_id, {"since": date(2026, 9, 1)})
    session.commit()
    assert states(anew=1)[-2:] == ["missed", "open"]
    hand = Hand(session, world.actors["rep_a"], clock)
    [sent] = send(hand, report(hand, fix=fix(900)))
    assert states(anew=1)[-1] == "doubtful"
    check_in = applied(sent)["id"]
    requests.review_check_in(session, boss, clock, check_in, approve=True, note="")
    session.commit()
    assert states(anew=1)[-1] == "done"
    values = {
        "person_id": rep_id,
        "kind": "leave",
        "first_day": date(2026, 11, 16),
        "last_day": date(2026, 11, 20),
        "reason": "",
    }
    requests.enter_exemption(session, boss, clock, values)
    session.commit()
    assert states(anew=1)[-2] == "exempt"
    rule = {"need": 2, "days": [1, 2, 3, 4, 5, 6, 7], "grace_hours": 12}
    settings.change_rule(session, boss, clock, rule)
    session.commit()
    assert states(anew=3)[-1] == "open"
    # A week ends without anybody doing anything.
    clock.at = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
    assert states(anew=3)[-1] == "missed"
    assert states(anew=0)[-1] == "missed"
    # A reminder is told to the phone: one person more to look at, and nothing changes.
    remind(session, boss, clock, "2026-W48", person_id=rep_id, who=None)
    session.commit()
    assert states(anew=1)[-1] == "missed"


def test_a_change_that_was_undone_was_never_seen(own_app: Flask) -> None:
    session: Session = db.session()  # type: ignore[assignment]
    clock = FrozenClock(datetime(2026, 11, 25, 2, 0, tzinfo=UTC))
    world = make_world(session, clock)
    add_office(session, world, clock, "E", 0)
    boss, rep_id = world.actors["office"], world.people["rep_a"]
    make_board(session, boss, clock, "2026-W48", BoardFilters())
    settings.change_duty(session, boss, clock, rep_id, {"since": date(2026, 9, 1)})
    session.rollback()
    board = make_board(session, boss, clock, "2026-W48", BoardFilters())
    [line] = [one for one in board.lines if one.rep.id == rep_id]
    assert line.standing.states[-2].value == "before"


def test_only_so_many_boards_are_kept(own_app: Flask) -> None:
    session: Session = db.session()  # type: ignore[assignment]
    clock = FrozenClock(NOW)
    world = make_world(session, clock)
    for number in range(10, 30):
        make_board(session, world.actors["office"], clock, f"2026-W{number}", BoardFilters())
    assert len(standings._BOARDS[db.engine]) == standings.KEPT_BOARDS
