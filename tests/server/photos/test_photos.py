"""From a photo's record and its bytes, in either order, to pictures in the right hands only."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.blobs import blob_store, content_key, thumb_key
from server.kernel.changes import Change, user_scope
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.kernel.jobs import run_now
from server.office import domain as offices
from server.office.ops import OPS as OFFICE_OPS
from server.photos import domain, images
from server.photos.background import SWEEP
from server.photos.models import Photo, Upload
from server.photos.queries import counts, read_photos
from server.visits.queries import read_visits
from tests.server.conftest import Login, World
from tests.server.photos.conftest import Put, picture, sha
from tests.server.visits.hand import Hand, applied, code, fix

Jobs = list[tuple[str, list[Any]]]


def photo(session: Session, photo_id: str) -> Photo:
    return session.get_one(Photo, photo_id, populate_existing=True)


def seq(session: Session, rep: Hand, record_id: str) -> int:
    query = select(Change.seq).where(
        Change.scope == user_scope(rep.actor.user_id), Change.record_id == record_id
    )
    return session.scalars(query).one()


def test_record_first_bytes_second(
    rep: Hand,
    visit_id: str,
    login: Login,
    put: Put,
    fresh: bytes,
    session: Session,
    sent_jobs: Jobs,
) -> None:
    op = rep.photo_op(visit_id, sha(fresh))
    record = applied(rep.run(op)[0])
    assert (record["state"], record["uploaded_at"]) == ("awaiting_bytes", None)
    assert sent_jobs == []
    assert counts(session, [visit_id]) == {visit_id: (1, 0)}
    before = seq(session, rep, op.record_id), seq(session, rep, visit_id)
    put(login("rep_a"), fresh)
    found = photo(session, op.record_id)
    assert (found.state, found.bytes) == ("stored", len(fresh))
    assert sent_jobs == [("photos.process", [op.record_id])]
    assert counts(session, [visit_id]) == {visit_id: (1, 1)}
    after = seq(session, rep, op.record_id), seq(session, rep, visit_id)
    assert after[0] > before[0]
    assert after[1] > before[1]


def test_bytes_first_record_second(
    rep: Hand, visit_id: str, login: Login, put: Put, fresh: bytes, sent_jobs: Jobs
) -> None:
    put(login("rep_a"), fresh)
    assert sent_jobs == []
    op = rep.photo_op(visit_id, sha(fresh))
    assert applied(rep.run(op)[0])["state"] == "stored"
    assert sent_jobs == [("photos.process", [op.record_id])]


def test_processing_makes_pictures_and_tells_the_phone(
    rep: Hand, visit_id: str, login: Login, put: Put, session: Session, sent_jobs: Jobs
) -> None:
    # Not what the phone said: a PNG, and larger.
    data = picture(int(new_id()[-6:], 16), (2_000, 1_000), "PNG")
    put(login("rep_a"), data)
    op = rep.photo_op(visit_id, sha(data))
    rep.run(op)
    before = seq(session, rep, op.record_id)
    run_now("photos.process", op.record_id)
    record = read_photos(session, rep.actor, [op.record_id])[op.record_id]
    assert (record["state"], record["problem"]) == ("complete", None)
    assert (record["mime"], record["width"], record["height"]) == ("image/png", 2_000, 1_000)
    assert record["bytes"] == len(data)
    assert seq(session, rep, op.record_id) > before
    assert read_visits(session, rep.actor, [visit_id])[visit_id]["photos_arrived"] == 1
    with blob_store().open(thumb_key(sha(data), "thumb")) as file:
        assert Image.open(file).size == (320, 160)


def test_what_cannot_be_shown_is_kept_and_explained(
    rep: Hand,
    visit_id: str,
    login: Login,
    put: Put,
    fresh: bytes,
    session: Session,
    clock: FrozenClock,
    sent_jobs: Jobs,
) -> None:
    data = fresh[: len(fresh) // 2]
    put(login("rep_a"), data)
    op = rep.photo_op(visit_id, sha(data))
    rep.run(op)
    domain.process(session, clock, op.record_id)
    record = read_photos(session, rep.actor, [op.record_id])[op.record_id]
    assert (record["state"], record["problem"]) == ("unreadable", "photo_truncated")
    # The bytes have arrived all the same: the phone may let go of them.
    assert counts(session, [visit_id]) == {visit_id: (1, 1)}
    last = journal.for_subject(session, "visit", visit_id)[-1]
    assert (last["event"], last["data"]["problem"]) == ("photo.unreadable", "photo_truncated")
    client = login("sup_east")
    answer: Any = client.get(f"/api/v1/photos/{op.record_id}/screen")
    assert (answer.status_code, answer.json["code"]) == (422, "photo_truncated")
    answer = client.get(f"/api/v1/photos/{op.record_id}/original")
    assert answer.data == data
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_the_sweep_links_what_missed_each_other(
    rep: Hand, visit_id: str, fresh: bytes, session: Session, clock: FrozenClock, sent_jobs: Jobs
) -> None:
    op = rep.photo_op(visit_id, sha(fresh))
    rep.run(op)
    # The upload was committed at the same moment, unseen by the record and not seeing it.
    blob_store().put_bytes(content_key(sha(fresh)), fresh)
    session.add(
        Upload(
            user_id=rep.actor.user_id,
            sha256=sha(fresh),
            bytes=len(fresh),
            completed_at=clock.now(),
        )
    )
    session.commit()
    run_now(SWEEP)
    assert photo(session, op.record_id).state == "complete"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"visit_id": None}, "payload.visit_id"),
        ({"visit_id": "x"}, "payload.visit_id"),
        ({"office_check_in_id": "0190a6b0-0000-7000-8000-000000000000"}, "payload.visit_id"),
        ({"kind": "selfie"}, "payload.kind"),
        ({"kind": ["shelf"]}, "payload.kind"),
        ({"sha256": "A" * 64}, "payload.sha256"),
        ({"sha256": None}, "payload.sha256"),
        ({"bytes": 0}, "payload.bytes"),
        ({"bytes": 26 * 1024 * 1024}, "payload.bytes"),
        ({"bytes": True}, "payload.bytes"),
        ({"width": -1}, "payload.width"),
        ({"height": 1.5}, "payload.height"),
        ({"mime": "image/jpeg; q=1"}, "payload.mime"),
        ({"taken_at": "today"}, "payload.taken_at"),
        ({"source": "gallery"}, "payload.source"),
    ],
)
def test_malformed_photos(
    rep: Hand, visit_id: str, session: Session, change: dict[str, Any], field: str
) -> None:
    good = rep.photo_op(visit_id, "a" * 64)
    bad = rep.op("photo.add", {**good.payload, **change})
    refused, stored = rep.run(bad, good)
    assert code(refused) == "op_malformed"
    assert refused.problem.field == field  # type: ignore[union-attr]  # code() has told which
    assert code(stored) == "applied"


def test_parents_missing_and_foreign(rep: Hand, other_rep: Hand, visit_id: str) -> None:
    early = rep.photo_op(new_id(), "a" * 64)
    assert code(rep.run(early)[0]) == "deferred dependency_missing"
    foreign = other_rep.photo_op(visit_id, "a" * 64)
    assert code(other_rep.run(foreign)[0]) == "visit_unknown"


def test_the_same_photo_under_another_op_id(rep: Hand, visit_id: str, session: Session) -> None:
    first = rep.photo_op(visit_id, "a" * 64)
    again = rep.op("photo.add", dict(first.payload), first.record_id)
    other = rep.op("photo.add", {**first.payload, "kind": "posm"}, first.record_id)
    answers = rep.run(first, again, other)
    assert [code(one) for one in answers] == ["applied", "applied", "record_exists"]
    assert applied(answers[0]) == applied(answers[1])
    assert code(rep.run(again)[0]) == "applied"
    assert session.scalar(select(func.count()).select_from(Photo)) == 1


def test_a_photo_of_an_office_check_in(
    rep: Hand, session: Session, world: World, clock: FrozenClock
) -> None:
    values = {
        "code": "HQ",
        "name": "总部",
        "region_id": world.regions["hq"],
        "lat": 31.3,
        "lon": 120.6,
    }
    office = offices.create_office(session, world.actors["office"], clock, values)
    payload = {"office_id": office.id, "at": rep.ago(), "fix": fix(), "reason": None}
    check_in = rep.op("office.check_in", payload)
    applied(OFFICE_OPS["office.check_in"](session, rep.actor, clock, [check_in])[0])
    said = rep.photo_op(new_id(), "c" * 64).payload
    parent = {"visit_id": None, "office_check_in_id": check_in.record_id}
    record = applied(rep.run(rep.op("photo.add", {**said, **parent}))[0])
    assert record["office_check_in_id"] == check_in.record_id
    assert photo(session, record["id"]).region_id == world.regions["park"]


def test_processing_again_does_nothing(
    rep: Hand, stored: str, session: Session, clock: FrozenClock
) -> None:
    assert domain.process(session, clock, stored) is True
    before = seq(session, rep, stored)
    assert domain.process(session, clock, stored) is False
    assert domain.process(session, clock, new_id()) is False
    assert seq(session, rep, stored) == before


def test_the_sweep_picks_up_what_was_lost(
    stored: str, fresh: bytes, session: Session, clock: FrozenClock
) -> None:
    assert domain.claim(session, clock, stored) == sha(fresh)
    session.commit()
    run_now(SWEEP)
    # Somebody may be working on it.
    assert photo(session, stored).state == "stored"
    clock.advance(domain.CLAIM_LASTS.total_seconds() + 1)
    run_now(SWEEP)
    assert photo(session, stored).state == "complete"


def test_one_bad_photo_does_not_hold_up_the_sweep(
    rep: Hand, visit_id: str, stored: str, fresh: bytes, session: Session
) -> None:
    twin = rep.photo_op(visit_id, sha(fresh))
    rep.run(twin)
    blob_store().delete(content_key(sha(fresh)))
    run_now(SWEEP)
    assert [photo(session, one).attempts for one in (stored, twin.record_id)] == [1, 1]


def test_a_picture_that_kills_its_worker_is_given_up(
    stored: str, session: Session, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(data: bytes, max_pixels: int) -> None:
        raise MemoryError

    monkeypatch.setattr(images, "prepare", die)
    for _ in range(domain.MAX_ATTEMPTS):
        with pytest.raises(MemoryError):
            domain.process(session, clock, stored)
        clock.advance(domain.CLAIM_LASTS.total_seconds() + 1)
    assert domain.process(session, clock, stored) is False
    found = photo(session, stored)
    assert (found.state, found.problem) == ("unreadable", "photo_unreadable")


def test_knowing_a_hash_gives_nobody_the_bytes(
    rep: Hand, other_rep: Hand, other_store_id: str, login: Login, stored: str, fresh: bytes
) -> None:
    thief = other_rep.photo_op(other_rep.check_in(other_store_id), sha(fresh))
    assert applied(other_rep.run(thief)[0])["state"] == "awaiting_bytes"
    answer: Any = login("rep_b").get(f"/api/v1/photos/{thief.record_id}/original")
    assert (answer.status_code, answer.json["code"]) == (409, "photo_not_arrived")
    session = rep.session
    assert domain.open_verified(session, other_rep.actor.user_id, sha(fresh)) is None
    file = domain.open_verified(session, rep.actor.user_id, sha(fresh))
    assert file is not None
    with file:
        assert file.read() == fresh
