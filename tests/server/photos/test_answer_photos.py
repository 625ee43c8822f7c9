"""A photo added after the closing is part of an answer: it shows something and accuses nobody."""

from __future__ import annotations

from itertools import count

from sqlalchemy import update
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.visits.models import Visit
from server.visits.rejudge import rejudge_store
from tests.server.photos.evidence import Add, findings, flags, recoded
from tests.server.photos.test_old_photos import local, with_time
from tests.server.visits.hand import Hand, applied

LONG_AGO = local(30 * 24)


def old(shelf: bytes) -> bytes:
    """The picture as a gallery shot of last month."""
    return with_time(shelf, LONG_AGO, "+08:00")


def test_an_old_one_is_found_and_is_no_flag(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add
) -> None:
    closing = rep.op("visit.check_out", {"at": rep.ago(), "fix": None, "photos": 0}, visit_id)
    applied(rep.run(closing)[0])
    before = flags(session, visit_id)
    assert "no_photo" in before
    photo = add(rep, visit_id, old(shelf), source="file")
    # Who looks sees how old it is, beside the photo.
    assert [(one.kind, one.photo_id) for one in findings(session, visit_id)] == [("old", photo)]
    assert flags(session, visit_id) == before


def test_one_of_the_visit_that_arrives_late_is_a_flag(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add
) -> None:
    before_the_closing = Hand(session, rep.actor, rep.clock, count(next(rep.seq)))
    rep.check_out(visit_id)
    add(before_the_closing, visit_id, old(shelf), source="file")
    assert "photo_old" in flags(session, visit_id)


def test_the_visits_own_photo_sent_again_is_not_held_against_it(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add
) -> None:
    add(rep, visit_id, shelf, ago=60)
    rep.check_out(visit_id)
    add(rep, visit_id, shelf)
    assert "photo_reused" not in flags(session, visit_id)


def test_one_from_another_visit_is_a_flag(
    session: Session, rep: Hand, store_id: str, visit_id: str, shelf: bytes, add: Add
) -> None:
    elsewhere = rep.check_in(store_id)
    add(rep, elsewhere, shelf, ago=60)
    rep.check_out(visit_id)
    add(rep, visit_id, recoded(shelf))
    assert "photo_reused" in flags(session, visit_id)


def test_the_closing_may_arrive_after_it(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add
) -> None:
    closing = rep.op("visit.check_out", {"at": rep.ago(), "fix": None, "photos": 0}, visit_id)
    add(rep, visit_id, old(shelf), source="file")
    assert "photo_old" in flags(session, visit_id)
    applied(rep.run(closing)[0])
    assert "photo_old" not in flags(session, visit_id)


def test_one_from_another_phone_goes_by_its_time(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add, clock: FrozenClock
) -> None:
    rep.check_out(visit_id)
    clock.advance(3_600)
    photo = add(rep, visit_id, old(shelf), source="file")
    session.execute(update(Visit).where(Visit.id == visit_id).values(device_id="phone-before"))
    store = session.get_one(Visit, visit_id, populate_existing=True).store_id
    rejudge_store(session, None, clock, store)
    assert "photo_old" not in flags(session, visit_id)
    assert findings(session, visit_id)[0].photo_id == photo


def test_judging_again_takes_away_what_was_said_before(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add, clock: FrozenClock
) -> None:
    add(rep, visit_id, old(shelf), source="file")
    assert "photo_old" in flags(session, visit_id)
    # A visit closed before the app knew of this, its flag as it was then.
    values = {"state": "completed", "close_seq": 0, "checked_out_at": clock.now()}
    session.execute(update(Visit).where(Visit.id == visit_id).values(**values))
    store = session.get_one(Visit, visit_id, populate_existing=True).store_id
    rejudge_store(session, None, clock, store)
    assert "photo_old" not in flags(session, visit_id)
