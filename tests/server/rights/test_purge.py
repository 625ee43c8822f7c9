"""The purge: what is over goes, what counts stays, and a second run finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.retention import Retention
from server.kernel.blobs import blob_store, content_key, thumb_key
from server.kernel.clock import FrozenClock
from server.kernel.journal import JournalEntry
from server.materials.models import LedgerEntry
from server.photos import domain as photos
from server.purge import Purged, look, purge
from server.visits.rejudge import rejudge_all
from tests.server.conftest import Login, World
from tests.server.contract.day import made, upload
from tests.server.photos.conftest import picture
from tests.server.rights.conftest import FAR, OUT
from tests.server.sync.phone import AT, Phone

ALL = Retention(100, 100, 100, 100)
DAY_S = 86_400.0


def photo_op(phone: Phone, visit_id: str, sha256: str) -> dict[str, Any]:
    payload = {
        "visit_id": visit_id,
        "office_check_in_id": None,
        "kind": "shelf",
        "sha256": sha256,
        "bytes": 1_000,
        "width": 64,
        "height": 48,
        "mime": "image/jpeg",
        "taken_at": AT,
        "source": "camera",
    }
    return phone.op("photo.add", payload)


def log_in_again(login: Login, phone: Phone, supervisor: FlaskClient) -> None:
    """Log-ins do not last as long as the tests wait."""
    for client, who in ((phone.client, "rep_a"), (supervisor, "sup_east")):
        client.environ_base.update(login(who).environ_base)


class Told:
    """What the rep and the supervisor are told of a visit."""

    def __init__(self, phone: Phone, supervisor: FlaskClient, visit_id: str) -> None:
        self.page: Any = supervisor.get(f"/api/v1/visits/{visit_id}").json
        replies: Any = supervisor.get(f"/api/v1/replies?visit={visit_id}").json
        self.replies = replies["items"]
        listed: Any = supervisor.get("/api/v1/visits").json
        self.total = listed["total"]

    def counts(self) -> dict[str, Any]:
        names = ("verdict", "distance_m", "flags", "explanation", "photos_total", "photos_arrived")
        kept = {name: self.page[name] for name in (*names, "state", "dwell_s", "checked_in_at")}
        return kept | {"replies": len(self.replies), "visits": self.total}


@pytest.fixture
def old(
    phone: Phone,
    visit_id: str,
    supervisor: FlaskClient,
    login: Login,
    session: Session,
    clock: FrozenClock,
) -> Iterator[dict[str, Any]]:
    """A visit with everything, 101 days ago: what was sent."""
    office = login("office")
    material = {"code": "B", "name": "袋", "kind": "giveaway", "unit": "个"}
    material_id = made(office.post("/api/v1/materials", json=material))["id"]
    sha256 = upload(phone.client, picture(5))
    photo = photo_op(phone, visit_id, sha256)
    handout = {"visit_id": visit_id, "material_id": material_id, "quantity": 2, "at": AT}
    ops = [
        photo,
        phone.op("handout.add", handout),
        phone.op("visit.reply", {"visit_id": visit_id, "at": OUT, "text": "搬家了"}),
        phone.op("office.check_in", {"office_id": None, "at": AT, "fix": FAR}),
    ]
    assert {row["status"] for row in phone.push(*ops)} == {"applied"}
    photos.process(session, clock, photo["record_id"])
    supervisor.get(f"/api/v1/visits/{visit_id}")
    clock.advance(101 * DAY_S)
    log_in_again(login, phone, supervisor)
    yield {"ops": ops, "photo": photo["record_id"], "sha256": sha256}
    blob_store().delete(content_key(sha256))


def test_what_goes_and_what_stays(
    old: dict[str, Any],
    phone: Phone,
    supervisor: FlaskClient,
    visit_id: str,
    session: Session,
    clock: FrozenClock,
    app: Flask,
) -> None:
    before = Told(phone, supervisor, visit_id)
    ledger = session.scalar(select(func.count()).select_from(LedgerEntry))
    expected = Purged(visit_positions=1, office_positions=1, photos=1, views=1, replies=1)
    assert look(session, clock, ALL) == expected
    assert Told(phone, supervisor, visit_id).page == before.page
    assert purge(session, clock, ALL) == expected
    after = Told(phone, supervisor, visit_id)
    assert after.counts() == before.counts()
    assert session.scalar(select(func.count()).select_from(LedgerEntry)) == ledger
    assert (after.page["fix"], after.page["out_fix"]) == (None, None)
    assert after.replies[0]["text"] == ""
    assert after.replies[0]["erased_at"] is not None
    [photo] = after.page["photos"]
    assert (photo["problem"], photo["sha256"]) == ("photo_erased", old["sha256"])
    for size in ("thumb", "screen", "original"):
        answer: Any = supervisor.get(f"/api/v1/photos/{old['photo']}/{size}")
        assert (answer.status_code, answer.json["code"]) == (410, "photo_erased")
    keys = [content_key(old["sha256"]), *(thumb_key(old["sha256"], s) for s in ("thumb", "screen"))]
    assert [blob_store().exists(key) for key in keys] == [False] * 3
    for section in ("visits", "office_check_ins", "replies", "views"):
        told = phone.client.get(f"/api/v1/me/data/{section}").get_data(as_text=True)
        assert "31.31" not in told
        assert "搬家了" not in told
    [entry] = session.scalars(select(JournalEntry).where(JournalEntry.event == "data.purged"))
    assert entry.data == {"days": asdict(ALL), "erased": asdict(expected)}


def test_a_second_run_does_nothing(
    old: dict[str, Any], session: Session, clock: FrozenClock
) -> None:
    purge(session, clock, ALL)
    assert purge(session, clock, ALL) == look(session, clock, ALL) == Purged()
    entries = select(func.count()).where(JournalEntry.event == "data.purged")
    assert session.scalar(entries) == 1


def test_younger_stays_and_so_does_what_nobody_set(
    old: dict[str, Any], session: Session, clock: FrozenClock
) -> None:
    assert purge(session, clock, Retention(102, 102, 102, 102)) == Purged()
    assert purge(session, clock, Retention()) == Purged()
    assert purge(session, clock, Retention(replies=100)) == Purged(replies=1)


def test_judging_again_leaves_the_verdict_of_erased_positions(
    old: dict[str, Any],
    phone: Phone,
    supervisor: FlaskClient,
    visit_id: str,
    session: Session,
    clock: FrozenClock,
) -> None:
    before = Told(phone, supervisor, visit_id).counts()
    purge(session, clock, ALL)
    assert rejudge_all(session, clock, write=True).visits == 0
    assert Told(phone, supervisor, visit_id).counts() == before


def test_ops_sent_again_after_it_are_still_one(
    old: dict[str, Any],
    phone: Phone,
    supervisor: FlaskClient,
    visit_id: str,
    session: Session,
    clock: FrozenClock,
) -> None:
    before = Told(phone, supervisor, visit_id).counts()
    purge(session, clock, ALL)
    results = phone.push(*old["ops"])
    assert {row["status"] for row in results} <= {"applied", "replayed"}
    assert "搬家了" not in str(results)
    assert Told(phone, supervisor, visit_id).counts() == before


def test_bytes_that_a_younger_photo_shares_stay(
    old: dict[str, Any],
    phone: Phone,
    supervisor: FlaskClient,
    visit_id: str,
    session: Session,
    clock: FrozenClock,
) -> None:
    young = photo_op(phone, visit_id, old["sha256"])
    phone.push(young)
    photos.process(session, clock, young["record_id"])
    assert purge(session, clock, ALL).photos == 1
    answer: Any = supervisor.get(f"/api/v1/photos/{young['record_id']}/original")
    assert answer.status_code == 200
    assert answer.data == picture(5)
    assert supervisor.get(f"/api/v1/photos/{old['photo']}/original").status_code == 410


def test_bytes_erased_can_be_sent_again(
    old: dict[str, Any], phone: Phone, visit_id: str, session: Session, clock: FrozenClock
) -> None:
    purge(session, clock, ALL)
    head = phone.client.head(f"/api/v1/uploads/{old['sha256']}")
    assert head.headers["Upload-Complete"] == "?0"
    again = photo_op(phone, visit_id, old["sha256"])
    phone.push(again)
    assert upload(phone.client, picture(5)) == old["sha256"]
    assert photos.process(session, clock, again["record_id"])


def test_a_signature_under_the_same_hash_stays(
    old: dict[str, Any], phone: Phone, visit_id: str, session: Session, clock: FrozenClock
) -> None:
    page: Any = phone.client.get("/api/v1/me/data/handouts").json
    [entry] = page["items"]
    handout = {"visit_id": visit_id, "material_id": entry["material_id"], "quantity": 1, "at": AT}
    phone.push(phone.op("handout.add", handout | {"signature_sha256": old["sha256"]}))
    assert purge(session, clock, ALL).photos == 1
    assert blob_store().exists(content_key(old["sha256"]))


def test_a_clock_set_back_erases_nothing(
    phone: Phone, store_id: str, session: Session, clock: FrozenClock
) -> None:
    long_ago = "2025-01-01T00:00:00.000Z"
    op = phone.check_in(store_id, at=long_ago) | {"device_at": long_ago}
    assert phone.push(op)[0]["status"] == "applied"
    assert look(session, clock, ALL) == purge(session, clock, ALL) == Purged()


def test_the_phone_hears_of_it_while_it_holds_the_visit(
    phone: Phone,
    supervisor: FlaskClient,
    login: Login,
    visit_id: str,
    session: Session,
    clock: FrozenClock,
) -> None:
    phone.pull()
    clock.advance(31 * DAY_S)
    log_in_again(login, phone, supervisor)
    purge(session, clock, Retention(positions=30))
    [change] = phone.pull()
    assert (change["id"], change["record"]["fix"]) == (visit_id, None)
    assert change["record"]["verdict"] == "off_site"


def test_by_command(old: dict[str, Any], app: Flask) -> None:
    run = app.test_cli_runner().invoke
    for text in ("29", "x", "-1", "29d"):
        assert run(args=["storewalk", "purge", "--older-than", text]).exit_code != 0
    # By the real clock nothing of the tests' future is old; that both ways run is what counts.
    dry = run(args=["storewalk", "purge", "--older-than", "100d", "--dry-run"])
    assert dry.exit_code == 0, dry.output
    assert "visit positions: 0" in dry.output
    assert "Nothing was erased" in dry.output
    wet = run(args=["storewalk", "purge", "--older-than", "100", "--what", "views"])
    assert wet.exit_code == 0, wet.output
    assert "views: 0" in wet.output
    assert "Nothing was erased" not in wet.output


def test_the_days_are_the_offices_to_set(login: Login, session: Session, world: World) -> None:
    office, rep = login("office"), login("rep_a")
    page: Any = rep.get("/api/v1/organisation/retention")
    assert page.json == {"days": asdict(Retention()), "rev": 0}
    path = "/api/v1/organisation/retention"
    values = {"positions": 365}
    assert rep.patch(path, json=values).status_code == 403
    assert office.patch(path, json=values).status_code == 428
    changed: Any = office.patch(path, json=values, headers={"If-Match": '"0"'})
    assert changed.json == {"days": asdict(Retention(positions=365)), "rev": 1}
    assert office.patch(path, json=values, headers={"If-Match": '"0"'}).status_code == 412
    for bad in (29, 1, -1, 40_000, "x"):
        answer = office.patch(path, json={"photos": bad}, headers={"If-Match": '"1"'})
        assert answer.status_code == 422, bad
    [entry] = session.scalars(
        select(JournalEntry).where(JournalEntry.event == "organisation.retention_changed")
    )
    assert entry.data == {"before": {"positions": 0}, "after": {"positions": 365}}
    # The rules of judging have a revision of their own.
    rules: Any = office.get("/api/v1/organisation/rules")
    assert rules.json["rev"] == 0
