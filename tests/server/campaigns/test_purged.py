"""Pictures go when their time is over; what they have proved of a campaign stays proved."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from server.accounts.retention import Retention
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.photos import domain as photos
from server.photos.models import Photo
from server.purge import purge
from tests.server.campaigns.conftest import Make
from tests.server.conftest import Login
from tests.server.materials.conftest import give, handout
from tests.server.photos.conftest import Put, picture, sha
from tests.server.visits.hand import Hand, applied

SIGNATURE = b"\x89PNG\r\n\x1a\na signature that outlives the photos"
DAY_S = 86_400


def add_photo(rep: Hand, visit_id: str, data: bytes, kind: str, login: Login, put: Put) -> str:
    """A photo that has arrived and was looked into."""
    assert put(login("rep_a"), data).status_code == 201
    op = rep.photo_op(visit_id, sha(data), kind=kind)
    applied(rep.run(op)[0])
    assert photos.process(rep.session, rep.clock, op.record_id)
    return op.record_id


def told(login: Login, campaign: str) -> tuple[Any, Any]:
    """The numbers and the board of a campaign."""
    office = login("office")
    parts = [office.get(f"/api/v1/campaigns/{campaign}/{name}") for name in ("numbers", "board")]
    assert [one.status_code for one in parts] == [200, 200]
    return parts[0].json, parts[1].json


def test_the_numbers_of_an_old_campaign_outlive_its_pictures(
    rep: Hand,
    store_id: str,
    bag: str,
    make: Make,
    login: Login,
    put: Put,
    session: Session,
    clock: FrozenClock,
) -> None:
    campaign = make("P1", [store_id], {bag: 3}, photo_kinds=["pile", "shelf"])
    assert put(login("rep_a"), SIGNATURE).status_code == 201
    proved, unproved = (rep.check_in(store_id, seconds_ago=ago) for ago in (900, 500))
    for visit in (proved, unproved):
        give(rep, handout(rep, visit, bag, 2, signature_sha256=sha(SIGNATURE)))
    number = int(new_id().replace("-", ""), 16) % 1_000_003
    good = add_photo(rep, proved, picture(number), "pile", login, put)
    # Bytes that are no picture prove nothing: neither before nor afterwards.
    broken = add_photo(rep, unproved, b"no picture " + new_id().encode(), "shelf", login, put)
    states = {key: session.get_one(Photo, key).state for key in (good, broken)}
    assert states == {good: "complete", broken: "unreadable"}
    clock.advance(200 * DAY_S)
    before = told(login, campaign)
    assert before[0]["effectiveness"]["effective"] == 1
    assert before[1]["items"][0]["photos"] == ["pile"]

    assert purge(session, clock, Retention(0, 180, 0, 0)).photos == 2
    session.expire_all()
    for key in (good, broken):
        photo = session.get_one(Photo, key)
        assert (photo.state, photo.problem) == ("unreadable", "photo_erased")
    assert told(login, campaign) == before
