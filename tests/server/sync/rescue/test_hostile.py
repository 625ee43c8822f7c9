"""Rescue files that are damaged, made up, or made to hurt."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.kernel.ids import new_id
from server.photos.models import Upload
from server.sync.rescue import archive
from tests.server.conftest import Login
from tests.server.photos.conftest import sha
from tests.server.sync.phone import Phone
from tests.server.sync.rescue.making import (
    RescueFile,
    counted,
    everything,
    imported,
    listed,
    put,
    send,
    whole_visit,
    zipped,
)


def test_bad_files_are_told_one_by_one(
    phone: Phone,
    office: FlaskClient,
    store_id: str,
    author: dict[str, str],
    session: Session,
    fresh: Callable[[], bytes],
) -> None:
    good, wrong, absent, empty = fresh(), fresh(), fresh(), b""
    ops = whole_visit(phone, store_id, good, wrong, absent)
    file = RescueFile(author, ops, [good])
    manifest = file.manifest()
    outside = fresh()
    file.extra = {
        f"files/{sha(wrong)}.jpg": wrong[:-1] + b"x",
        "files/empty.jpg": empty,
        "../outside.jpg": outside,
        "files/not-listed.jpg": fresh(),
    }
    manifest["files"] += [
        listed(wrong),
        listed(absent),
        listed(empty, "files/empty.jpg"),
        # A name is looked for among the entries, and is no path.
        listed(b"", "/etc/passwd") | {"sha256": "0" * 64},
        listed(outside, "../outside.jpg"),
        listed(good),
    ]
    body = imported(office, file.build(manifest))
    assert [(row["status"], (row["problem"] or {}).get("code")) for row in body["files"]] == [
        ("stored", None),
        ("bad", "hash_mismatch"),
        ("bad", "rescue_file_missing"),
        ("bad", "rescue_file_missing"),
        ("bad", "rescue_file_missing"),
        ("stored", None),
    ]
    assert counted(body) == {"applied": 6, "files_stored": 2, "files_bad": 4}
    uploads = session.scalars(select(Upload.sha256).where(Upload.user_id == author["id"]))
    assert set(uploads) == {sha(good), sha(outside)}
    # What was bad comes from the phone later.
    assert put(phone, wrong).json["complete"] is True


def test_an_author_of_nobody(
    phone: Phone, office: FlaskClient, store_id: str, session: Session
) -> None:
    stranger = {"id": new_id(), "name": "x", "username": "rep_a"}
    before = everything(session)
    for dry_run in (True, False):
        data = RescueFile(stranger, whole_visit(phone, store_id)).build()
        answer = send(office, data, dry_run=dry_run)
        assert (answer.status_code, answer.json["code"]) == (422, "rescue_author_unknown")
    assert everything(session) == before


@pytest.mark.parametrize("who", ["rep_a", "sup_east"])
def test_only_the_office_enters_files(
    phone: Phone, login: Login, store_id: str, author: dict[str, str], who: str
) -> None:
    answer = send(login(who), RescueFile(author, whole_visit(phone, store_id)).build())
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


def test_a_file_packed_anew_by_hand(
    phone: Phone,
    office: FlaskClient,
    store_id: str,
    author: dict[str, str],
    fresh: Callable[[], bytes],
) -> None:
    photo = fresh()
    file = RescueFile(author, whole_visit(phone, store_id, photo), [photo])
    body = imported(office, file.build(method=zipfile.ZIP_DEFLATED))
    assert counted(body) == {"applied": 4, "files_stored": 1}


def refused(client: FlaskClient, data: bytes, field: str) -> None:
    """Both with and without a trial the file is unreadable, and it is said where."""
    for dry_run in (True, False):
        answer = send(client, data, dry_run=dry_run)
        assert answer.status_code == 422, answer.get_data(as_text=True)
        assert (answer.json["code"], answer.json["field"]) == ("rescue_unreadable", field)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def test_what_is_no_zip(office: FlaskClient, author: dict[str, str], session: Session) -> None:
    whole = RescueFile(author, photos=[b"x" * 5_000]).build()
    before = everything(session)
    # The end of a zip's table of contents, which says that the table lies before the file.
    before_start = b"PK\x05\x06" + bytes(4) + b"\x01\0\x01\0" + b"\xff\xff\0\0" + bytes(6)
    for data in (b"", b"PK", b"no zip" * 1_000, cut(whole), whole[:-1], before_start):
        refused(office, data, "file")
    assert everything(session) == before


@pytest.mark.parametrize("fault", ["absent", "twice", "in a folder"])
def test_where_rescue_json_must_be(office: FlaskClient, author: dict[str, str], fault: str) -> None:
    text = json.dumps(RescueFile(author).manifest()).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = {"absent": [], "twice": ["rescue.json"] * 2, "in a folder": ["a/rescue.json"]}
        for name in ["README.txt", *names[fault]]:
            made.writestr(name, text)
    refused(office, out.getvalue(), "rescue.json")


def without(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in manifest.items() if key != name}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"format": "zip"}, "format"),
        ({"version": 2}, "version"),
        ({"version": True}, "version"),
        ({"version": None}, "version"),
        ({"author": None}, "author"),
        ({"author": {"id": "rep_a"}}, "author.id"),
        ({"author": {"id": ["x"]}}, "author.id"),
        ({"device": []}, "device"),
        ({"device": {"id": ""}}, "device.id"),
        ({"device": {"id": "a\0b"}}, "device.id"),
        ({"ops": {}}, "ops"),
        ({"ops": [1] * 50_001}, "ops"),
        ({"files": None}, "files"),
        ({"files": ["x"]}, "files.0"),
        ({"files": [{"sha256": "AB" * 32, "name": "x"}]}, "files.0"),
        ({"files": [{"sha256": "ab" * 32, "name": 7}]}, "files.0"),
        ({"files": [1] * 20_001}, "files"),
    ],
    ids=str,
)
def test_what_rescue_json_must_say(
    office: FlaskClient, author: dict[str, str], changes: dict[str, Any], field: str
) -> None:
    file = RescueFile(author)
    refused(office, file.build(file.manifest() | changes), field)
    [name] = changes
    if "." not in field:
        refused(office, file.build(without(file.manifest(), name)), field)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b'{"format": NaN}', b"null"])
def test_rescue_json_that_is_none(office: FlaskClient, author: dict[str, str], text: bytes) -> None:
    field = "format" if text in {b"[]", b"null"} else "rescue.json"
    refused(office, RescueFile(author).build(text), field)


def test_small_faults_are_forgiven(office: FlaskClient, author: dict[str, str]) -> None:
    manifest = RescueFile(author).manifest()
    manifest |= {"made_at": "yesterday", "more": 1, "device": {"id": "p", "schema": "1"}}
    assert imported(office, RescueFile(author).build(manifest))["made_at"] is None


def test_rescue_json_that_grows(
    office: FlaskClient, author: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zip bomb is read no further than its limit, whatever size it claims."""
    bomb = json.dumps(RescueFile(author).manifest()).encode() + b" " * (archive.CHUNK * 8)
    read = 0
    real = zipfile.ZipExtFile.read

    def counts(self: Any, size: int = -1) -> bytes:
        nonlocal read
        data = real(self, size)
        read += len(data)
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counts)
    monkeypatch.setattr(archive, "MAX_MANIFEST_BYTES", archive.CHUNK)
    refused(office, RescueFile(author).build(bomb, method=zipfile.ZIP_DEFLATED), "rescue.json")
    assert 0 < read <= 2 * 2 * archive.CHUNK


def test_rescue_json_of_nothing_but_brackets(office: FlaskClient, author: dict[str, str]) -> None:
    brackets = b"[" + b"[]," * 2_000_000 + b"[]]"
    refused(office, RescueFile(author).build(brackets, method=zipfile.ZIP_DEFLATED), "rescue.json")
    deep = b"[" * 100_000 + b"]" * 100_000
    refused(office, RescueFile(author).build(deep), "rescue.json")


def test_a_picture_that_grows(
    phone: Phone, office: FlaskClient, author: dict[str, str], app: Any, session: Session
) -> None:
    limit = app.config["SETTINGS"].max_photo_bytes
    bomb = bytes(limit + 1)
    file = RescueFile(author, photos=[bomb])
    body = imported(office, file.build(method=zipfile.ZIP_DEFLATED))
    assert [row["problem"]["code"] for row in body["files"]] == ["too_large"]
    assert session.scalar(select(func.count()).select_from(Upload)) == 0


def test_all_pictures_together_have_a_limit(
    office: FlaskClient, author: dict[str, str], app: Any, fresh: Callable[[], bytes]
) -> None:
    """Packed tightly they may be more than the whole file may have: then the later ones are bad."""
    before = app.config["SETTINGS"]
    photos = [fresh() + bytes(100_000), fresh() + bytes(100_000)]
    app.config["SETTINGS"] = replace(before, max_rescue_bytes=150_000)
    try:
        data = RescueFile(author, photos=photos).build(method=zipfile.ZIP_DEFLATED)
        body = imported(office, data, dry_run=True)
    finally:
        app.config["SETTINGS"] = before
    assert [row["status"] for row in body["files"]] == ["stored", "bad"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_other_compression_is_not_read(
    office: FlaskClient, author: dict[str, str], method: int
) -> None:
    refused(office, RescueFile(author).build(method=method), "rescue.json")


def test_a_damaged_picture(
    phone: Phone,
    office: FlaskClient,
    author: dict[str, str],
    store_id: str,
    fresh: Callable[[], bytes],
) -> None:
    """One byte that changed on the way costs that picture and nothing else."""
    damaged, whole = fresh(), fresh()
    file = RescueFile(author, whole_visit(phone, store_id, damaged, whole), [damaged, whole])
    data = bytearray(file.build())
    data[data.index(damaged) + 50] ^= 1
    body = imported(office, bytes(data))
    assert counted(body) == {"applied": 5, "files_stored": 1, "files_bad": 1}
    assert body["files"][0]["problem"]["code"] == "hash_mismatch"


def test_a_locked_zip(office: FlaskClient, author: dict[str, str]) -> None:
    data = bytearray(RescueFile(author).build())
    # The flag "encrypted", in the entry's own head and in the table of contents.
    data[data.index(b"PK\x03\x04", 10) + 6] |= 1
    data[data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1) + 8] |= 1
    refused(office, bytes(data), "rescue.json")


def test_too_many_entries(office: FlaskClient, author: dict[str, str]) -> None:
    entries = {f"files/{number}": b"" for number in range(20_000)}
    manifest = json.dumps(RescueFile(author).manifest()).encode()
    refused(office, zipped({"rescue.json": manifest} | entries), "entries")


def test_a_table_of_contents_too_large_for_memory(
    office: FlaskClient, author: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = {f"{number:0200}": b"" for number in range(2_000)}
    manifest = json.dumps(RescueFile(author).manifest()).encode()
    monkeypatch.setattr(archive, "_MAX_PIECE", 200_000)
    refused(office, zipped({"rescue.json": manifest} | entries), "file")


def test_the_same_name_twice(
    office: FlaskClient, author: dict[str, str], fresh: Callable[[], bytes]
) -> None:
    """Of two entries of one name the last is read, and not used where its hash is another."""
    photo = fresh()
    file = RescueFile(author, photos=[photo])
    name = listed(photo)["name"]
    out = io.BytesIO(file.build())
    with zipfile.ZipFile(out, "a") as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.writestr(name, b"another")
    assert counted(imported(office, out.getvalue())) == {"files_bad": 1}
    manifest = file.manifest()
    manifest["files"] *= 2
    assert counted(imported(office, file.build(manifest))) == {"files_stored": 1}


def test_too_large_a_file(office: FlaskClient, author: dict[str, str], app: Any) -> None:
    before = app.config["SETTINGS"]
    data = RescueFile(author, photos=[bytes(10_000)]).build()
    app.config["SETTINGS"] = replace(before, max_rescue_bytes=len(data) - 1)
    try:
        announced = send(office, data)
        in_chunks = office.post(
            "/api/v1/rescue",
            input_stream=io.BytesIO(data),
            headers={"Content-Type": "application/zip", "Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input_terminated": True},
        )
        app.config["SETTINGS"] = replace(before, max_rescue_bytes=len(data))
        fits = send(office, data)
    finally:
        app.config["SETTINGS"] = before
    for answer in (announced, in_chunks):
        assert (answer.status_code, answer.json["code"]) == (413, "rescue_too_large")
        assert answer.json["params"] == {"limit": len(data) - 1}
    assert fits.status_code == 200


def test_another_kind_of_body(office: FlaskClient) -> None:
    answer = send(office, b"{}", **{"Content-Type": "application/json"})
    assert (answer.status_code, answer.json["code"]) == (415, "not_json")
