"""Uploads: resumed where they broke off, verified by hash, each person's own."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.config import Settings
from server.kernel.blobs import FolderBlobs, blob_store, content_key
from server.kernel.problems import Problem
from server.photos import uploads
from server.photos.models import Upload
from server.photos.uploads import PartialUpload
from tests.server.conftest import Login, World
from tests.server.photos.conftest import Put, sha


def head(client: Any, sha256: str) -> tuple[int, str]:
    answer = client.head(f"/api/v1/uploads/{sha256}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"]), answer.headers["Upload-Complete"]


def test_in_one_piece(login: Login, put: Put, fresh: bytes, session: Session) -> None:
    client = login("rep_a")
    assert head(client, sha(fresh)) == (0, "?0")
    answer = put(client, fresh)
    assert answer.status_code == 201
    assert answer.json == {"sha256": sha(fresh), "received": len(fresh), "complete": True}
    assert answer.headers["Upload-Complete"] == "?1"
    assert head(client, sha(fresh)) == (len(fresh), "?1")
    with blob_store().open(content_key(sha(fresh))) as file:
        assert file.read() == fresh
    row = session.scalars(select(Upload).where(Upload.sha256 == sha(fresh))).one()
    assert row.bytes == len(fresh)


def test_resumed_piece_by_piece(login: Login, put: Put, fresh: bytes) -> None:
    client, step = login("rep_a"), 500
    for offset in range(0, len(fresh), step):
        assert head(client, sha(fresh)) == (offset, "?0")
        piece = fresh[offset : offset + step]
        answer = put(client, piece, sha256=sha(fresh), offset=offset, length=len(fresh))
        assert answer.json["received"] == offset + len(piece)
    assert answer.json["complete"] is True
    assert answer.status_code == 201


def test_sent_again_when_it_is_there(login: Login, put: Put, fresh: bytes) -> None:
    client = login("rep_a")
    put(client, fresh)
    again = put(client, fresh)
    assert again.status_code == 201
    assert again.json["complete"] is True


def test_wrong_offset_tells_the_true_one(login: Login, put: Put, fresh: bytes) -> None:
    client = login("rep_a")
    put(client, fresh[:300], sha256=sha(fresh), length=len(fresh))
    for offset in (0, 299, 301, len(fresh)):
        answer = put(client, b"x", sha256=sha(fresh), offset=offset, length=len(fresh))
        assert (answer.status_code, answer.json["code"]) == (409, "offset_mismatch")
        assert answer.headers["Upload-Offset"] == "300"
        assert answer.json["params"]["offset"] == 300
    assert head(client, sha(fresh)) == (300, "?0")


def test_wrong_hash_keeps_nothing(login: Login, put: Put, fresh: bytes, session: Session) -> None:
    client, other = login("rep_a"), sha(fresh + b"!")
    answer = put(client, fresh, sha256=other)
    assert (answer.status_code, answer.json["code"]) == (422, "hash_mismatch")
    assert head(client, other) == (0, "?0")
    assert not blob_store().exists(content_key(other))
    assert session.scalars(select(Upload).where(Upload.sha256 == other)).all() == []


def test_more_than_announced(login: Login, put: Put, fresh: bytes) -> None:
    client = login("rep_a")
    answer = put(client, fresh, length=len(fresh) - 1)
    assert (answer.status_code, answer.json["code"]) == (422, "length_mismatch")
    assert head(client, sha(fresh)) == (0, "?0")


@pytest.mark.parametrize(
    ("offset", "length", "status", "code"),
    [
        ("x", "10", 400, "upload_header_invalid"),
        ("-1", "10", 400, "upload_header_invalid"),
        ("0", "", 400, "upload_header_invalid"),
        ("0", "ten", 400, "upload_header_invalid"),
        ("0", "0", 400, "upload_header_invalid"),
        ("0", "١٢", 400, "upload_header_invalid"),
        ("0", "9" * 16, 400, "upload_header_invalid"),
        ("0", str(26 * 1024 * 1024), 413, "too_large"),
        ("11", "10", 409, "offset_mismatch"),
    ],
)
def test_bad_headers(
    login: Login, fresh: bytes, offset: str, length: str, status: int, code: str
) -> None:
    answer: Any = login("rep_a").patch(
        f"/api/v1/uploads/{sha(fresh)}",
        data=b"x",
        headers={"Upload-Offset": offset, "Upload-Length": length.encode().decode("latin-1")},
    )
    assert (answer.status_code, answer.json["code"]) == (status, code)


@pytest.mark.parametrize("sha256", ["0" * 63, "G" * 64, "A" * 64, "." * 64, "0" * 65])
def test_bad_hashes(login: Login, put: Put, sha256: str) -> None:
    client = login("rep_a")
    assert client.head(f"/api/v1/uploads/{sha256}").status_code in {404, 422}
    assert put(client, b"x", sha256=sha256).status_code in {404, 422}


def test_what_another_has_sent_is_not_yours(login: Login, put: Put, fresh: bytes) -> None:
    put(login("rep_a"), fresh)
    other = login("rep_b")
    assert head(other, sha(fresh)) == (0, "?0")
    assert put(other, fresh).status_code == 201
    assert head(other, sha(fresh)) == (len(fresh), "?1")


def test_nobody_uploads_without_a_session(client: Any, put: Put, world: World) -> None:
    assert put(client, b"x").status_code == 401
    assert client.head(f"/api/v1/uploads/{'0' * 64}").status_code == 401


class Counting:
    """A body that says how much of it was read."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        self.taken += size
        return b"\0" * size

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@pytest.mark.parametrize("announced", ["52428800", "100"])
def test_a_huge_body_is_not_read(login: Login, announced: str) -> None:
    body = Counting(50 * 1024 * 1024)
    answer: Any = login("rep_a").patch(
        f"/api/v1/uploads/{'1' * 64}",
        environ_overrides={"wsgi.input": body, "CONTENT_LENGTH": str(body.left)},
        headers={"Upload-Offset": "0", "Upload-Length": announced},
    )
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert body.taken == 0


def test_a_huge_body_of_unknown_length_is_cut_off(login: Login) -> None:
    body = Counting(50 * 1024 * 1024)
    answer: Any = login("rep_a").patch(
        f"/api/v1/uploads/{'2' * 64}",
        environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True},
        headers={"Upload-Offset": "0", "Upload-Length": "1000"},
    )
    assert (answer.status_code, answer.json["code"]) == (422, "length_mismatch")
    assert body.taken <= uploads.CHUNK


# From here on the files themselves, without a web server.


class Link:
    """A body that comes in given pieces and then, perhaps, breaks."""

    def __init__(self, pieces: list[bytes], error: Exception | None = None) -> None:
        self.pieces, self.error = list(pieces), error

    def read(self, size: int, /) -> bytes:
        if self.pieces:
            return self.pieces.pop(0)
        if self.error is not None:
            raise self.error
        return b""


@pytest.fixture
def partial(tmp_path: Path) -> PartialUpload:
    return PartialUpload(tmp_path, "someone", sha(b"abcdefgh"))


def test_a_broken_link_keeps_what_came(partial: PartialUpload) -> None:
    broken = Link([b"abc", b"de"], ConnectionResetError())
    assert partial.append(0, 8, broken).received == 5
    assert partial.received == 5
    assert partial.path.read_bytes() == b"abcde"


def test_a_reader_that_fails_keeps_what_came(partial: PartialUpload) -> None:
    # As Werkzeug does when the client goes away in the middle.
    with pytest.raises(ValueError, match="gone"):
        partial.append(0, 8, Link([b"abc"], ValueError("gone")))
    assert partial.received == 3


def test_a_full_disk_is_told_and_loses_nothing(
    partial: PartialUpload, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial.append(0, 8, Link([b"abc"]))

    def no_room(*args: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", no_room)
    with pytest.raises(Problem) as refused:
        partial.append(3, 8, Link([b"de"]))
    assert refused.value.kind.code == "storage_full"
    assert partial.received == 3


@given(st.binary(min_size=1, max_size=3_000), st.lists(st.integers(1, 700), max_size=8))
def test_any_cutting_gives_the_same_file(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cuts: list[int]
) -> None:
    root = tmp_path_factory.mktemp("cuts")
    store = FolderBlobs(root / "blobs")
    partial = PartialUpload(root / "uploads", "someone", sha(data))
    for cut in cuts:
        here = partial.received
        partial.append(here, len(data), Link([data[here : here + cut]]))
    here = partial.received
    assert partial.append(here, len(data), Link([data[here:]])).received == len(data)
    partial.finish(len(data), store)
    assert store.size(content_key(sha(data))) == len(data)
    assert not partial.path.exists()


def test_two_senders_of_the_same_file_agree(tmp_path: Path) -> None:
    data = os.urandom(300_000)
    store = FolderBlobs(tmp_path / "blobs")
    outcomes: list[str] = []
    refusals: set[str] = set()
    start = threading.Barrier(4)

    def send() -> None:
        start.wait()
        for _ in range(1_000):
            if store.exists(content_key(sha(data))):
                outcomes.append("there")
                return
            partial = PartialUpload(tmp_path / "uploads", "someone", sha(data))
            here = partial.received
            pieces = [data[n : n + 1_000] for n in range(here, len(data), 1_000)]
            try:
                partial.append(here, len(data), Link(pieces))
                partial.finish(len(data), store)
                outcomes.append("finished")
            except Problem as problem:
                refusals.add(problem.kind.code)
            else:
                return

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 4
    assert "finished" in outcomes
    assert refusals <= {"offset_mismatch"}
    with store.open(content_key(sha(data))) as file:
        assert file.read() == data


def test_a_late_piece_never_reaches_the_finished_file(tmp_path: Path) -> None:
    data = b"abcdefgh"
    store = FolderBlobs(tmp_path / "blobs")
    partial = PartialUpload(tmp_path / "uploads", "someone", sha(data))

    class Slow:
        """Gives its second piece only after somebody else has finished the file."""

        step = 0

        def read(self, size: int, /) -> bytes:
            self.step += 1
            if self.step == 1:
                return data[:4]
            partial.append(4, 8, Link([data[4:]]))
            partial.finish(8, store)
            return b"ZZZZ"

    with pytest.raises(Problem) as refused:
        partial.append(0, 8, Slow())
    assert refused.value.kind.code == "offset_mismatch"
    with store.open(content_key(sha(data))) as file:
        assert file.read() == data


def test_only_old_partials_are_forgotten(tmp_path: Path) -> None:
    old = PartialUpload(tmp_path, "someone", "0" * 64)
    new = PartialUpload(tmp_path, "someone", "1" * 64)
    for partial in (old, new):
        partial.append(0, 8, Link([b"abc"]))
    long_ago = time.time() - uploads.PARTIAL_KEPT_S - 60
    os.utime(old.path, (long_ago, long_ago))
    assert uploads.forget_old(tmp_path) == 1
    assert (old.received, new.received) == (0, 3)
    assert uploads.forget_old(tmp_path / "not there") == 0


def test_uploads_and_blobs_lie_together(app: Flask) -> None:
    # A finished file is moved, not copied: that needs one file system.
    settings: Settings = app.config["SETTINGS"]
    blobs = blob_store()
    assert isinstance(blobs, FolderBlobs)
    assert blobs.root.parent == settings.data_dir
