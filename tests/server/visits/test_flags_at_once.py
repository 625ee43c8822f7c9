"""Two transactions write flags of one visit at the same moment: none of them is lost.

On SQLite one waits for the other's commit by itself. PostgreSQL (tests/server/sync/conftest.py says
how) lets both read what neither has committed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.kernel.db import db
from server.stores.models import Store
from server.visits import rejudge
from server.visits.domain import judge_photos
from server.visits.flags import FindingKind, PhotoFinding
from server.visits.models import RejudgeDue, Visit
from server.visits.rejudge import rejudge_store
from tests.server.conftest import NOW
from tests.server.own_app import own_app
from tests.server.sync.phone import AT
from tests.server.sync.test_at_once import make_phones

__all__ = ["own_app"]

# Long enough for the other one to come as far as it can.
_HEAD_START_S = 0.7
Work = Callable[[], None]


@contextmanager
def meanwhile(work: Work) -> Iterator[None]:
    """Let another transaction begin within the block, and end after it."""
    thread = threading.Thread(target=work)

    def begin() -> None:
        thread.start()
        thread.join(_HEAD_START_S)

    begin()
    yield
    thread.join(30)
    assert not thread.is_alive()


class Story:
    """An open visit of a minute, and a photo in it that was seen before."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        (self.phone, *_), self.store_id = make_phones(app)
        op = self.phone.check_in(self.store_id)
        self.visit_id: str = op["record_id"]
        self.phone.push(op)

    def leave(self) -> None:
        """Check out after a minute, without a photo."""
        at = AT.replace("03:30:00", "03:31:00")
        said = {"visit_id": self.visit_id, "at": at, "fix": None, "photos": 0}
        answers = self.phone.push(self.phone.op("visit.check_out", said, self.visit_id))
        assert answers[0]["status"] == "applied", answers

    def find(self, session: Session) -> None:
        """Note the finding; the caller commits."""
        finding = PhotoFinding(FindingKind.REUSED, "p1", "v2", "p2", 0)
        judge_photos(session, None, FrozenClock(NOW), {self.visit_id: [finding]})

    def found(self) -> None:
        """Note the finding in a transaction of its own."""
        with self.app.app_context():
            self.find(db.session())
            db.session.commit()
            db.session.remove()

    def codes(self) -> set[str]:
        """The flags that the visit has in the end."""
        with self.app.app_context():
            query = select(Visit.flags).where(Visit.id == self.visit_id)
            found = db.session.scalars(query).one()
            db.session.remove()
            return {flag["code"] for flag in found}

    def move_pin(self, degrees: float, after_s: float) -> None:
        """Put the store's pin elsewhere and have its visits judged again in the background."""
        with self.app.app_context():
            session = db.session()
            session.get_one(Store, self.store_id).lat += degrees
            clock = FrozenClock(NOW + timedelta(seconds=after_s))
            rejudge.ask_rejudge(session, None, clock, self.store_id)
            session.commit()
            db.session.remove()


@pytest.fixture
def story(own_app: Flask) -> Story:
    return Story(own_app)


def test_a_check_out_while_a_photo_is_compared(story: Story) -> None:
    with story.app.app_context():
        story.find(db.session())
        db.session.flush()
        with meanwhile(story.leave):
            db.session.commit()
            db.session.remove()
    assert story.codes() >= {"photo_reused", "short_visit"}


def test_a_check_out_while_its_store_is_judged_again(story: Story) -> None:
    with story.app.app_context():
        session = db.session()
        session.get_one(Store, story.store_id).lat += 0.05
        session.commit()
        rejudge_store(session, None, FrozenClock(NOW), story.store_id)
        session.flush()
        with meanwhile(story.leave):
            session.commit()
            db.session.remove()
    assert story.codes() >= {"off_site", "short_visit"}


def test_a_photo_is_compared_while_its_store_is_judged_again(story: Story) -> None:
    story.leave()
    with story.app.app_context():
        session = db.session()
        session.get_one(Store, story.store_id).lat += 0.05
        session.commit()
        rejudge_store(session, None, FrozenClock(NOW), story.store_id)
        session.flush()
        with meanwhile(story.found):
            session.commit()
            db.session.remove()
    assert story.codes() >= {"off_site", "photo_reused", "short_visit"}


def test_a_pin_is_moved_again_while_its_store_is_judged(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.leave()
    story.move_pin(0.05, after_s=1)
    moved = threading.Thread(target=lambda: story.move_pin(-0.05, after_s=2))
    real = rejudge.rejudge_store

    def judged(*args: Any) -> int:
        changed = real(*args)
        if moved.ident is None:
            moved.start()
            moved.join(_HEAD_START_S)
        return changed

    monkeypatch.setattr(rejudge, "rejudge_store", judged)
    with story.app.app_context():
        rejudge.rejudge_due()
        moved.join(30)
        # The second pin may have come when the job was over; the next sweep finds it.
        rejudge.rejudge_due()
        assert db.session.scalars(select(Visit.verdict)).one() == "on_site"
        assert db.session.scalars(select(RejudgeDue)).all() == []
        db.session.remove()
