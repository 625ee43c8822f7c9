"""Bad input, from one end to the other: the real server, real sockets, real files.

Each test is one entry of the list: a clear problem in both languages, the rest of the batch
applied, nothing else changed, nothing lost, and the server's memory bounded. What single parts do
in detail is tested beside them (sync/test_push.py, photos/test_uploads.py, photos/test_images.py,
photos/test_live.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from server.accounts.models import LoginSession
from server.app import create_app
from server.config import Settings
from server.kernel.clock import Clock
from server.kernel.db import db
from server.kernel.ids import new_id
from tests.browser.site import PATIENCE_S, Site, make_site
from tests.server.contract.live import (
    HUGE,
    LANGUAGES,
    Answer,
    LiveClient,
    Rep,
    assert_clear,
    assert_refused,
    pour,
)
from tests.server.photos.conftest import picture, real_files, sha
from tests.server.photos.test_images import REFUSED
from tests.server.photos.test_live import memory_peak_kb
from tests.server.sync.phone import AT, PIN

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    running = make_site(tmp_path_factory.mktemp("bad-input"))
    yield running
    running.stop()


@pytest.fixture
def rep(site: Site) -> Rep:
    """rep1, whose phone has pulled all there is."""
    found = Rep.open(site, "rep1")
    found.pull()
    return found


@pytest.fixture
def other(site: Site) -> Rep:
    return Rep.open(site, "rep2")


@pytest.fixture
def store_id(site: Site) -> str:
    return next(iter(site.company.stores.values()))


def in_both(ask: Any) -> dict[str, Answer]:
    return {language: ask(language) for language in LANGUAGES}


def results_in_both(rep: Rep, ops: list[Any]) -> tuple[list[Any], list[dict[str, Any]]]:
    """The results of a batch, and of it once more in English: what was applied is replayed."""
    zh = rep.send(ops, {"Accept-Language": "zh-CN"}).json["results"]
    en = rep.send(ops, {"Accept-Language": "en"}).json["results"]
    problems = [
        {"zh-CN": one["problem"], "en": two["problem"]} for one, two in zip(zh, en, strict=True)
    ]
    again = {"applied": "replayed"}
    assert [row["status"] for row in en] == [again.get(row["status"], row["status"]) for row in zh]
    return zh, problems


def test_wrong_password(site: Site) -> None:
    client = LiveClient(site, "rep1")
    assert_refused(in_both(lambda one: client.log_in("wrong", one)), 401, "wrong_credentials")
    nobody = LiveClient(site, "nobody-of-that-name")
    assert nobody.log_in("wrong").data == client.log_in("wrong").data
    assert client.get("/me").status_code == 401
    assert client.log_in().status_code == 200


def test_expired_session_in_mid_queue(site: Site, rep: Rep, other: Rep, store_id: str) -> None:
    first, second = rep.check_in(store_id), rep.check_in(store_id)
    photo = picture(time.time_ns() % 1_000_003)
    assert rep.push(first)[0]["status"] == "applied"
    begun = rep.client.send(
        "PATCH",
        f"/uploads/{sha(photo)}",
        photo[:500],
        **{"Upload-Offset": "0", "Upload-Length": str(len(photo))},
    )
    assert begun.json["received"] == 500
    expire_sessions(site, rep.user_id)

    def push(language: str) -> Answer:
        return rep.send([first, second], {"Accept-Language": language})

    def upload(language: str) -> Answer:
        return rep.client.upload(photo, sha(photo), 500, **{"Accept-Language": language})

    assert_refused(in_both(push), 401, "unauthenticated")
    assert_refused(in_both(upload), 401, "unauthenticated")

    # The next one to log in on this phone sends none of it under their own name.
    taken_over = Rep(other.client, other.user_id, rep.device_id)
    [refused_first, refused_second] = taken_over.push(first, second)
    assert refused_first["problem"]["code"] == refused_second["problem"]["code"]
    assert refused_first["problem"]["code"] == "author_mismatch"

    assert rep.client.log_in().status_code == 200
    assert second["record_id"] not in rep.told()
    statuses = [row["status"] for row in rep.push(first, second)]
    assert statuses == ["replayed", "applied"]
    assert rep.client.upload(photo, sha(photo), 500).json["complete"] is True


def expire_sessions(site: Site, user_id: str) -> None:
    app = create_app(Settings(data_dir=site.data, password_cost="test"))
    with app.app_context():
        ended = update(LoginSession).where(LoginSession.user_id == user_id)
        db.session.execute(ended.values(expires_at=Clock().now()))
        db.session.commit()
        db.engine.dispose()


def test_someone_elses_store_and_visit(site: Site, rep: Rep, other: Rep, store_id: str) -> None:
    office = LiveClient(site, "office")
    office.log_in()
    values = {"code": f"X-{new_id()}", "name": "别人的店", "lat": PIN[0], "lon": PIN[1]}
    values |= {"region_id": site.company.regions["park"], "rep_ids": [other.user_id]}
    their_store = office.post("/stores", values).json["id"]
    theirs = other.check_in(their_store)
    assert other.push(theirs)[0]["status"] == "applied"
    visit = theirs["record_id"]
    their_page = other.client.get(f"/visits/{visit}").json

    good, bad = rep.check_in(store_id), rep.check_in(their_store)
    ops = [
        bad,
        good,
        rep.check_in(new_id()),
        rep.op("visit.note", {"visit_id": visit, "at": AT, "text": "x"}),
        rep.op("photo.add", photo_of(visit, "image/jpeg", b"x")),
        rep.op(
            "handout.add", {"visit_id": visit, "material_id": new_id(), "quantity": 1, "at": AT}
        ),
        rep.op("visit.check_out", {"at": AT, "fix": None}, visit),
        rep.op("visit.cancel", {"at": AT, "reason": "x"}, visit),
        rep.op("visit.note", {"visit_id": good["record_id"], "at": AT, "text": "mine"}),
    ]
    results, problems = results_in_both(rep, ops)
    applied = [at for at, row in enumerate(results) if row["status"] == "applied"]
    assert applied == [1, 8]
    for at, code in {0: "store_unknown", 2: "store_unknown"}.items():
        assert_clear(problems[at], code)
    for at in range(3, 8):
        assert_clear(problems[at], "visit_unknown")
    for path in (f"/visits/{visit}", f"/stores/{their_store}"):

        def ask(language: str, path: str = path) -> Answer:
            return rep.client.get(path, **{"Accept-Language": language})

        assert_refused(in_both(ask), 404, "not_found")
    assert other.client.get(f"/visits/{visit}").json == their_page
    assert set(rep.told()) == {good["record_id"], ops[8]["record_id"]}


def test_unknown_kind_and_missing_id(rep: Rep, store_id: str) -> None:
    before, after = rep.check_in(store_id), rep.check_in(store_id)
    no_id = {key: value for key, value in rep.check_in(store_id).items() if key != "op_id"}
    ops = [before, rep.op("visit.teleport", {}), no_id, None, after]
    results, problems = results_in_both(rep, ops)
    statuses = [row["status"] for row in results]
    assert statuses == ["applied", "rejected", "rejected", "rejected", "applied"]
    assert_clear(problems[1], "op_kind_unknown")
    assert_clear(problems[2], "op_id_missing")
    assert_clear(problems[3], "op_malformed")
    assert set(rep.told()) == {before["record_id"], after["record_id"]}


@pytest.mark.parametrize("body", [b"{", b'{"ops": [}', b"\xff\xfe", b"", b'{"schema": NaN}'])
def test_malformed_json(rep: Rep, store_id: str, body: bytes) -> None:
    def push(language: str) -> Answer:
        head = {"Content-Type": "application/json", "Accept-Language": language}
        return rep.client.send("POST", "/sync/push", body, **head)

    assert_refused(in_both(push), 400, "malformed_json")
    assert rep.told() == {}
    assert rep.push(rep.check_in(store_id))[0]["status"] == "applied"


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "in chunks"])
def test_a_body_of_50_mb(site: Site, rep: Rep, store_id: str, chunked: bool) -> None:
    office = LiveClient(site, "office")
    office.log_in()
    before = memory_peak_kb(site)
    upload = {"Upload-Offset": "0", "Upload-Length": "1000"}
    for client, method, path, kind in (
        (LiveClient(site), "POST", "/session", "application/json"),
        (rep.client, "POST", "/sync/push", "application/json"),
        (rep.client, "PATCH", f"/uploads/{'7' * 64}", "application/offset+octet-stream"),
        (office, "POST", "/stores/import?crs=wgs84", "text/csv"),
        (office, "POST", "/stores", "application/json"),
    ):

        def send(language: str, at: Any = (client, method, path, kind)) -> Answer | None:
            who, how, where, what = at
            said = {"Content-Type": what, "Accept-Language": language} | upload
            return pour(who, how, where, HUGE, chunked=chunked, **said)

        answers = in_both(send)
        assert answers["en"] is not None, "the server hung up without a word"
        if chunked and method == "PATCH":
            # Its length was announced all the same, in a header of its own.
            assert_refused(answers, 422, "length_mismatch")
        else:
            assert_refused(answers, 413, "too_large")
    grown = memory_peak_kb(site) - before
    # The largest body that is read as a whole is a file to import.
    assert grown < 60_000, f"{grown} KB"
    head = rep.client.send("HEAD", f"/uploads/{'7' * 64}")
    assert int(head.headers["Upload-Offset"]) <= 1000
    assert rep.told() == {}
    assert rep.push(rep.check_in(store_id))[0]["status"] == "applied"


def test_a_file_in_chunks_is_never_cut_off(site: Site) -> None:
    """A list that is too long is refused as a whole, and not imported as far as it was read."""
    office = LiveClient(site, "office")
    office.log_in()
    stores = office.get("/stores").json["total"]
    line = b"C%07d,shop,31.3,120.6,park\n"
    data = b"code,name,lat,lon,region\n" + b"".join(line % n for n in range(400_000))
    answer = pour(
        office,
        "POST",
        "/stores/import?crs=wgs84",
        data,
        chunked=True,
        **{"Content-Type": "text/csv"},
    )
    assert answer is not None
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert office.get("/stores").json["total"] == stores


def test_wrong_hash(rep: Rep) -> None:
    photo = picture(time.time_ns() % 1_000_003)
    announced = sha(photo)
    damaged = photo[:-1] + bytes([photo[-1] ^ 1])

    def upload(language: str) -> Answer:
        return rep.client.upload(damaged, announced, **{"Accept-Language": language})

    assert_refused(in_both(upload), 422, "hash_mismatch")
    head = rep.client.send("HEAD", f"/uploads/{announced}").headers
    assert (head["Upload-Offset"], head["Upload-Complete"]) == ("0", "?0")
    assert rep.client.upload(photo, announced).json["complete"] is True


def photo_of(visit_id: str, mime: str, data: bytes) -> dict[str, Any]:
    return {
        "visit_id": visit_id,
        "office_check_in_id": None,
        "kind": "shelf",
        "sha256": sha(data),
        "bytes": len(data),
        "width": 1600,
        "height": 1200,
        "mime": mime,
        "taken_at": AT,
        "source": "file",
    }


def bad_pictures() -> dict[str, tuple[bytes, str | None]]:
    """Bytes by name, with the problem that they end in; None for what can be shown after all."""
    whole = picture(1, (640, 480))
    made: dict[str, tuple[bytes, str | None]] = {
        "whole.jpg": (whole, None),
        "truncated.jpg": (whole[: len(whole) // 2], "photo_truncated"),
        "a png named.jpg": (picture(2, (640, 480), "PNG"), None),
        "a text named.jpg": (b"this is no picture at all", "photo_unreadable"),
    }
    real: list[Path] = real_files("broken")
    return made | {path.name: (path.read_bytes(), REFUSED.get(path.name)) for path in real}


def test_pictures_that_are_none(site: Site, rep: Rep, store_id: str) -> None:
    """Every file goes the whole way: record, PATCH, the embedded jobs, the pages, the feed."""
    pictures = bad_pictures()
    check_in = rep.check_in(store_id)
    visit = check_in["record_id"]
    # All of them are said to be JPEGs: the server looks for itself.
    adds = {
        name: rep.op("photo.add", photo_of(visit, "image/jpeg", pictures[name][0]))
        for name in pictures
    }
    results = rep.push(check_in, *adds.values())
    assert {row["status"] for row in results} == {"applied"}
    before = memory_peak_kb(site)
    for data, _ in pictures.values():
        answer = rep.client.upload(data, sha(data))
        assert (answer.status_code, answer.json["complete"]) == (201, True)
    photos = settled(rep, visit)
    assert len(photos) == len(pictures)
    told = rep.told()
    for name, (data, code) in pictures.items():
        photo_id = adds[name]["record_id"]
        photo = photos[photo_id]
        assert (photo["state"], photo["problem"]) == ("unreadable" if code else "complete", code)
        assert told[photo_id] is not None, name
        assert told[photo_id]["problem"] == code, name
        original = rep.client.get(f"/photos/{photo_id}/original")
        assert original.data == data, f"{name} is not what was sent"
        if code is None:
            assert rep.client.get(f"/photos/{photo_id}/thumb").data.startswith(b"\xff\xd8\xff")
            continue
        assert original.headers["Content-Type"] == "application/octet-stream"
        assert original.headers["Content-Disposition"].startswith("attachment")

        def show(language: str, photo_id: str = photo_id) -> Answer:
            return rep.client.get(f"/photos/{photo_id}/screen", **{"Accept-Language": language})

        assert_refused(in_both(show), 422, code)
    supervisor = LiveClient(site, "sup")
    supervisor.log_in()
    page = supervisor.get(f"/visits/{visit}").json
    assert (page["photos_total"], page["photos_arrived"]) == (len(pictures), len(pictures))
    grown = memory_peak_kb(site) - before
    print(f"{len(pictures)} pictures, memory grown by {grown // 1024} MB")
    assert grown < 120_000, f"{grown} KB"


def settled(rep: Rep, visit_id: str) -> dict[str, dict[str, Any]]:
    """The photos of the visit once the jobs have looked at all of them, by id."""
    end = time.monotonic() + PATIENCE_S
    while True:
        page = rep.client.get(f"/visits/{visit_id}").json
        photos = {photo["id"]: photo for photo in page["photos"]}
        if all(one["state"] in {"complete", "unreadable"} for one in photos.values()):
            return photos
        assert time.monotonic() < end, rep.client.site.log()
        time.sleep(0.1)
