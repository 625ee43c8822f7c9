"""What every blob store promises, on a folder and on a bucket (obstore's in memory)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from server.config import Settings
from server.kernel.blobs import BlobStore, BucketBlobs, FolderBlobs, content_key, make_store

DATA = b"some bytes of a photo" * 100
KEY = content_key(hashlib.sha256(DATA).hexdigest())


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return (
        FolderBlobs(tmp_path / "blobs") if request.param == "folder" else BucketBlobs("memory:///")
    )


def test_bytes_come_back(store: BlobStore) -> None:
    store.put_bytes(KEY, DATA)
    assert store.exists(KEY)
    assert store.size(KEY) == len(DATA)
    with store.open(KEY) as file:
        assert file.read() == DATA


def test_a_file_is_moved_in(store: BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "partial"
    source.write_bytes(DATA)
    store.put_file(KEY, source)
    assert not source.exists()
    with store.open(KEY) as file:
        assert file.read() == DATA


def test_storing_again_is_harmless(store: BlobStore) -> None:
    store.put_bytes(KEY, DATA)
    store.put_bytes(KEY, DATA)
    assert store.size(KEY) == len(DATA)


def test_what_is_not_there(store: BlobStore) -> None:
    assert not store.exists(KEY)
    assert store.path(KEY) is None
    store.delete(KEY)
    with pytest.raises(FileNotFoundError):
        store.open(KEY)
    with pytest.raises(FileNotFoundError):
        store.size(KEY)


def test_deleted_is_gone(store: BlobStore) -> None:
    store.put_bytes(KEY, DATA)
    store.delete(KEY)
    assert not store.exists(KEY)


def test_the_setting_chooses(tmp_path: Path) -> None:
    assert isinstance(make_store(Settings(data_dir=tmp_path)), FolderBlobs)
    assert isinstance(make_store(Settings(data_dir=tmp_path, blob_url="memory:///")), BucketBlobs)


def test_a_file_that_is_there_already_stays_the_one_it_was(tmp_path: Path) -> None:
    store = FolderBlobs(tmp_path / "blobs")
    store.put_bytes(KEY, DATA)
    before = (tmp_path / "blobs" / KEY).stat().st_ino
    again = tmp_path / "again"
    again.write_bytes(DATA)
    store.put_file(KEY, again)
    assert not again.exists()
    assert (tmp_path / "blobs" / KEY).stat().st_ino == before


def test_what_a_power_cut_spoilt_is_written_anew(tmp_path: Path) -> None:
    store = FolderBlobs(tmp_path / "blobs")
    store.put_bytes(KEY, DATA)
    (tmp_path / "blobs" / KEY).write_bytes(b"")
    again = tmp_path / "again"
    again.write_bytes(DATA)
    store.put_file(KEY, again)
    with store.open(KEY) as file:
        assert file.read() == DATA
