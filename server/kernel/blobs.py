"""The content-addressed store of photo bytes: a folder, or a bucket by way of obstore.

put_* return only once the bytes would survive a power cut (folder: file, then directory synced).
Storing a key again is harmless, since equal keys mean equal bytes.
"""

from __future__ import annotations

import contextlib
import filecmp
import io
import os
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import obstore
import obstore.store
from flask import current_app

from server.config import Settings
from server.kernel.ids import new_id


def content_key(sha256: str) -> str:
    """Key of a photo's (or signature's) original bytes."""
    return f"photos/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def thumb_key(sha256: str, size: str) -> str:
    """Key of a derived picture: size is thumb or screen."""
    return f"thumbs/{size}/{sha256[:2]}/{sha256[2:4]}/{sha256}.jpg"


class BlobStore(Protocol):
    """Keeps bytes under keys for good."""

    def put_file(self, key: str, path: Path) -> None:
        """Store a file's bytes durably; the file may be moved away."""

    def put_bytes(self, key: str, data: bytes) -> None:
        """Store bytes durably."""

    def open(self, key: str) -> BinaryIO:
        """Open for reading. Raises FileNotFoundError."""

    def path(self, key: str) -> Path | None:
        """Where the bytes lie as a local file, or None if they are elsewhere."""

    def exists(self, key: str) -> bool:
        """True if something is stored under the key."""

    def delete(self, key: str) -> None:
        """Remove; nothing happens if it is not there."""

    def size(self, key: str) -> int:
        """Number of bytes. Raises FileNotFoundError."""


def sync_directory(path: Path) -> None:
    """Make renames inside a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _same_bytes(one: Path, other: Path) -> bool:
    try:
        return filecmp.cmp(one, other, shallow=False)
    except FileNotFoundError:
        return False


def _sync(file: Path, folders: list[Path]) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    for folder in folders:
        sync_directory(folder)


class FolderBlobs:
    """Blobs as files below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def _make_directories(self, path: Path) -> list[Path]:
        """Make what is missing above a file; returns the folders that have to be synced for it."""
        touched = [path]
        while not path.is_dir():
            path = path.parent
            touched.append(path)
        touched[0].mkdir(parents=True, exist_ok=True)
        return touched

    def put_file(self, key: str, path: Path) -> None:
        """Move the file in, then sync it and its folder.

        In this order a journalling file system needs one commit for the bytes and the new name.
        A name whose bytes a power cut took was never acknowledged, and is written anew; where the
        same bytes lie there already, they stay, since somebody may have been told of them.
        """
        target = self.root / key
        folders = self._make_directories(target.parent)
        if _same_bytes(target, path):
            path.unlink()
        else:
            try:
                path.replace(target)
            except OSError:
                with path.open("rb") as file:
                    self._write(target, file)
                path.unlink()
        _sync(target, folders)

    def put_bytes(self, key: str, data: bytes) -> None:
        """Write to a temporary name, rename, then sync the file and its folder."""
        target = self.root / key
        folders = self._make_directories(target.parent)
        self._write(target, io.BytesIO(data))
        _sync(target, folders)

    def _write(self, target: Path, source: BinaryIO) -> None:
        temporary = target.with_name(f".{target.name}.{new_id()}")
        try:
            with temporary.open("wb") as file:
                shutil.copyfileobj(source, file)
                file.flush()
                if target.exists():
                    # What is there was acknowledged: it may only be replaced by what is durable.
                    os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def open(self, key: str) -> BinaryIO:
        """Open the file."""
        return (self.root / key).open("rb")

    def path(self, key: str) -> Path | None:
        """The file, or None if it is not there."""
        path = self.root / key
        return path if path.is_file() else None

    def exists(self, key: str) -> bool:
        """True if the file is there."""
        return (self.root / key).is_file()

    def delete(self, key: str) -> None:
        """Remove the file."""
        (self.root / key).unlink(missing_ok=True)

    def size(self, key: str) -> int:
        """Size of the file."""
        return (self.root / key).stat().st_size


class BucketBlobs:
    """Blobs in an S3, GCS, Azure or S3-compatible bucket."""

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def store(self) -> Any:
        """Opened when first used: its threads would not come along when a web worker is forked."""
        return obstore.store.from_url(self._url)

    def put_file(self, key: str, path: Path) -> None:
        """Upload a file (in parts if large), then remove it here."""
        obstore.put(self.store, key, path)
        path.unlink()

    def put_bytes(self, key: str, data: bytes) -> None:
        """Upload bytes."""
        obstore.put(self.store, key, data)

    def open(self, key: str) -> BinaryIO:
        """Fetch the object into memory; photos are at most max_photo_bytes."""
        return io.BytesIO(bytes(obstore.get(self.store, key).bytes()))

    def path(self, key: str) -> Path | None:
        """None: the bytes are not on this machine."""
        del key
        return None

    def exists(self, key: str) -> bool:
        """True if the object is there."""
        try:
            obstore.head(self.store, key)
        except FileNotFoundError:
            return False
        return True

    def delete(self, key: str) -> None:
        """Remove the object."""
        with contextlib.suppress(FileNotFoundError):
            obstore.delete(self.store, key)

    def size(self, key: str) -> int:
        """Size of the object."""
        return int(obstore.head(self.store, key)["size"])


def make_store(settings: Settings) -> BlobStore:
    """The configured store."""
    if settings.blob_url:
        return BucketBlobs(settings.blob_url)
    return FolderBlobs(settings.data_dir / "blobs")


def blob_store() -> BlobStore:
    """The store of the current app."""
    store: BlobStore = current_app.extensions["storewalk.blobs"]
    return store
