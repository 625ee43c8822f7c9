"""Photos held against each other: who is told what, and what becomes of the visit."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server.demo.drawing import Request, draw
from server.kernel import journal
from server.kernel.changes import Change, user_scope
from server.kernel.clock import FrozenClock
from server.kernel.jobs import run_now
from server.office.ops import OPS as OFFICE_OPS
from server.photos import domain, evidence, images
from server.photos.background import SWEEP
from server.photos.models import Photo, PhotoFinding, PhotoPrint
from server.visits.models import Visit
from tests.server.conftest import World
from tests.server.photos.conftest import sha
from tests.server.photos.evidence import DAY_S, Add, findings, flags, recoded
from tests.server.visits.hand import Hand, applied


def test_the_same_file_at_another_visit(
    session: Session, rep: Hand, other_rep: Hand, visit_id: str, other_store_id: str,
    shelf: bytes, add: Add,
) -> None:  # fmt: skip
    first = add(rep, visit_id, shelf, ago=3600)
    other_visit = other_rep.check_in(other_store_id)
    second = add(other_rep, other_visit, shelf)
    assert findings(session, visit_id) == []
    [found] = findings(session, other_visit)
    assert (found.kind, found.photo_id, found.other_photo_id) == ("reused_exact", second, first)
    assert (found.other_visit_id, found.distance_bits, found.likeness) == (visit_id, 0, 1.0)
    assert "photo_reused" not in flags(session, visit_id)
    flag = flags(session, other_visit)["photo_reused"]
    assert flag["numbers"] == {"photos": 1, "distance": 0}
    assert flag["words"]["zh-CN"] == "1 张照片与别处已有的完全相同"
    assert flag["words"]["en"] == "1 photo seen before, byte by byte the same"


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF"])
def test_the_same_photo_in_another_encoding_months_later(
    session: Session, rep: Hand, store_id: str, visit_id: str, shelf: bytes, add: Add, form: str
) -> None:
    add(rep, visit_id, shelf, ago=300 * DAY_S)
    again = rep.check_in(store_id)
    add(rep, again, recoded(shelf, 45, form))
    [found] = findings(session, again)
    assert found.kind == "reused_near"
    assert found.distance_bits is not None
    assert found.distance_bits <= 8
    assert (found.likeness or 0) > 0.95


def test_more_than_a_year_apart_is_not_held_against_anybody(
    session: Session, rep: Hand, store_id: str, visit_id: str, shelf: bytes, add: Add
) -> None:
    add(rep, visit_id, shelf, ago=367 * DAY_S)
    again = rep.check_in(store_id)
    add(rep, again, shelf)
    assert findings(session, again) == []


def test_another_shelf_is_no_finding(
    session: Session, rep: Hand, store_id: str, visit_id: str, shelf: bytes, add: Add
) -> None:
    add(rep, visit_id, shelf, ago=60)
    again = rep.check_in(store_id)
    add(rep, again, draw(Request("shelf", 5_000_017, "店", "2026-11-23 10:00  店  人")).data)
    assert findings(session, again) == []
    assert flags(session, again) == {}


def test_shots_in_a_row_are_none_but_the_same_file_twice_is(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add
) -> None:
    first = add(rep, visit_id, shelf, ago=30)
    add(rep, visit_id, recoded(shelf, 50), ago=20)
    assert findings(session, visit_id) == []
    twice = add(rep, visit_id, shelf, ago=10)
    [found] = findings(session, visit_id)
    assert (found.kind, found.photo_id, found.other_photo_id) == ("reused_exact", twice, first)


def test_the_later_one_has_the_finding_whichever_came_first(
    session: Session, rep: Hand, other_rep: Hand, visit_id: str, other_store_id: str,
    shelf: bytes, add: Add,
) -> None:  # fmt: skip
    """rep_a took it, and was offline while rep_b's copy arrived."""
    other_visit = other_rep.check_in(other_store_id)
    copy = add(other_rep, other_visit, recoded(shelf))
    assert flags(session, other_visit) == {}
    original = add(rep, visit_id, shelf, ago=2 * DAY_S)
    assert findings(session, visit_id) == []
    [found] = findings(session, other_visit)
    assert (found.photo_id, found.other_photo_id) == (copy, original)
    assert "photo_reused" in flags(session, other_visit)
    assert "photo_reused" not in flags(session, visit_id)


def test_what_the_file_says_of_its_time_makes_nobody_the_first(
    session: Session, rep: Hand, other_rep: Hand, visit_id: str, other_store_id: str,
    shelf: bytes, add: Add,
) -> None:  # fmt: skip
    """A phone's taken_at of a chosen file is the file's own time, which anybody can write."""
    add(rep, visit_id, shelf, ago=3600)
    other_visit = other_rep.check_in(other_store_id)
    add(other_rep, other_visit, shelf, taken_at=other_rep.ago(90 * DAY_S), source="file")
    assert findings(session, visit_id) == []
    assert len(findings(session, other_visit)) == 1


def test_a_clock_set_back_since_its_contact_makes_nobody_the_first(
    session: Session, rep: Hand, other_rep: Hand, visit_id: str, other_store_id: str,
    shelf: bytes, add: Add,
) -> None:  # fmt: skip
    """By its clock the copy was added two hours ago; but ten minutes ago its phone was here."""
    add(rep, visit_id, shelf, ago=3600)
    other_visit = other_rep.check_in(other_store_id)
    add(other_rep, other_visit, recoded(shelf), ago=7200, contact_ago=600)
    assert findings(session, visit_id) == []
    assert len(findings(session, other_visit)) == 1


def test_five_pairs_say_it_all(
    session: Session, rep: Hand, store_id: str, shelf: bytes, add: Add
) -> None:
    for number in range(9):
        visit = rep.check_in(store_id)
        add(rep, visit, shelf, ago=1000 - number)
        assert len(findings(session, visit)) == min(number, 5)
    assert flags(session, visit)["photo_reused"]["numbers"]["photos"] == 1


def test_pictures_that_show_nothing_are_like_no_other(
    session: Session, rep: Hand, store_id: str, visit_id: str, add: Add
) -> None:
    def black(value: int) -> bytes:
        out = io.BytesIO()
        Image.new("RGB", (200, 150), (value, value, value)).save(out, "JPEG")
        return out.getvalue()

    add(rep, visit_id, black(1), ago=60)
    again = rep.check_in(store_id)
    photo = add(rep, again, black(2))
    assert findings(session, again) == []
    query = select(func.count()).select_from(PhotoPrint).where(PhotoPrint.photo_id == photo)
    assert session.scalar(query) == 0
    # The same bytes are the same bytes.
    third = rep.check_in(store_id)
    add(rep, third, black(2))
    assert [one.kind for one in findings(session, third)] == ["reused_exact"]


def test_a_claimed_hash_without_its_bytes_is_no_pair(
    session: Session, rep: Hand, other_rep: Hand, visit_id: str, other_store_id: str,
    shelf: bytes, add: Add,
) -> None:  # fmt: skip
    other_visit = other_rep.check_in(other_store_id)
    other_rep.run(other_rep.photo_op(other_visit, sha(shelf)))
    add(rep, visit_id, shelf)
    assert findings(session, visit_id) == findings(session, other_visit) == []


def test_photos_of_office_check_ins_count_too(
    session: Session, rep: Hand, visit_id: str, shelf: bytes, add: Add, world: World
) -> None:
    op = rep.op("office.check_in", {"office_id": None, "at": rep.ago(), "fix": None})
    applied(OFFICE_OPS["office.check_in"](session, rep.actor, rep.clock, [op])[0])
    session.commit()
    first = add(rep, None, shelf, ago=60, office_check_in_id=op.record_id)
    add(rep, visit_id, shelf)
    [found] = findings(session, visit_id)
    assert (found.other_photo_id, found.other_visit_id) == (first, None)


def test_the_flags_reach_phone_and_journal_once(
    session: Session, rep: Hand, store_id: str, visit_id: str, shelf: bytes, add: Add,
    clock: FrozenClock,
) -> None:  # fmt: skip
    add(rep, visit_id, shelf, ago=60)
    again = rep.check_in(store_id)
    photo = add(rep, again, shelf)
    row = session.get_one(Visit, again, populate_existing=True)
    rev = row.rev
    entries = [
        entry["data"]
        for entry in journal.for_subject(session, "visit", again)
        if entry["event"] == "visit.judged" and entry["data"]["cause"] == "photos"
    ]
    assert [entry["raised"] for entry in entries] == [["photo_reused"]]
    query = select(Change.seq).where(
        Change.scope == user_scope(rep.actor.user_id), Change.record_id == again
    )
    assert session.scalars(query).one() > 0
    # The same comparison once more changes nothing.
    with domain.blob_store().open(domain.content_key(session.get_one(Photo, photo).sha256)) as file:
        prepared = images.prepare(file.read(), 25_000_000)
    evidence.compare(session, clock, photo, prepared)
    session.commit()
    assert session.get_one(Visit, again, populate_existing=True).rev == rev
    assert len(findings(session, again)) == 1


def test_photos_from_before_are_compared_by_the_sweep(
    session: Session, rep: Hand, store_id: str, visit_id: str, shelf: bytes, add: Add
) -> None:
    add(rep, visit_id, shelf, ago=60)
    again = rep.check_in(store_id)
    photo = add(rep, again, recoded(shelf))
    session.query(PhotoFinding).delete()
    session.query(PhotoPrint).delete()
    session.execute(update(Photo).values(compared_by=None, exif=None))
    session.execute(update(Visit).values(flags=[]))
    session.commit()
    run_now(SWEEP)
    assert [one.photo_id for one in findings(session, again)] == [photo]
    assert "photo_reused" in flags(session, again)
    assert evidence.not_compared(session) == []
