"""Resumable uploads: a partial file for each person and hash, which grows as the bytes arrive.

The file's size is the offset. A lock is held for each piece that is written and never while
waiting for the network, so a connection that died unnoticed blocks nobody; two senders of the
same file agree piece by piece, and the slower one is told where the file now stands.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from server.kernel import problems as common
from server.kernel.blobs import BlobStore, content_key, sync_directory
from server.kernel.problems import Problem
from server.photos import problems

CHUNK: Final = 64 * 1024
# A phone that comes back later than this starts the file from its beginning.
PARTIAL_KEPT_S: Final = 14 * 86_400

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Source(Protocol):
    """What the bytes are read from: request.stream."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""


def check_hash(sha256: str) -> str:
    """The hash if it is written as one. Raises the problem validation_failed."""
    if not _SHA256.fullmatch(sha256):
        raise common.VALIDATION_FAILED.error(field="sha256")
    return sha256


@dataclass(frozen=True, slots=True)
class Appended:
    """Bytes that are here now, and the hash of them all where one request brought them all."""

    received: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class PartialUpload:
    """The unfinished upload of one person's file; root is the folder of all of them."""

    root: Path
    user_id: str
    sha256: str
    # The partial file; put together once, since each piece asks for it.
    path: Path = field(init=False)

    def __post_init__(self) -> None:
        """Name the file."""
        object.__setattr__(self, "path", self.root / self.user_id / self.sha256)

    @property
    def received(self) -> int:
        """Bytes that are here."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, offset: int, length: int, source: Source) -> Appended:
        """Add what the source gives, from offset on.

        What came of an unfinished file is on the disk when this returns or raises, so a link that
        breaks loses nothing; a whole one is synced by finish(). Raises offset_mismatch (with the
        true offset), length_mismatch (more than the length announced; the surplus is not kept),
        storage_full.
        """
        descriptor = self._open()
        try:
            with self._locked(descriptor):
                self._check_position(descriptor, offset)
            if offset > length:
                raise problems.LENGTH_MISMATCH.error(length=length)
            return self._take(descriptor, offset, length, source)
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int, offset: int, length: int, source: Source) -> Appended:
        # Nobody else can have written a byte of a file that one request wrote from 0 to its end.
        hashed = hashlib.sha256() if offset == 0 else None
        try:
            for piece in _pieces(source):
                if offset + len(piece) > length:
                    raise problems.LENGTH_MISMATCH.error(length=length)
                with self._locked(descriptor):
                    self._check_position(descriptor, offset)
                    _write(descriptor, piece, offset)
                offset += len(piece)
                if hashed is not None:
                    hashed.update(piece)
        finally:
            if offset < length:
                os.fsync(descriptor)
                sync_directory(self.path.parent)
                sync_directory(self.root)
        return Appended(offset, hashed.hexdigest() if hashed is not None else None)

    def finish(self, length: int, store: BlobStore, sha256: str | None = None) -> None:
        """Verify the whole file and move it into the blob store for good.

        sha256: its hash where append() has taken it. Raises hash_mismatch, and then nothing of the
        file is kept; offset_mismatch if it is not all here, or another request finished it at the
        same moment.
        """
        descriptor = self._open()
        try:
            with self._locked(descriptor):
                self._check_position(descriptor, length)
                found = sha256 or _hash(self.path)
                if found != self.sha256:
                    self.path.unlink()
                    raise problems.HASH_MISMATCH.error(field="sha256")
                store.put_file(content_key(self.sha256), self.path)
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(self.path, flags, 0o600)
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, flags, 0o600)

    @contextmanager
    def _locked(self, descriptor: int) -> Iterator[None]:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _check_position(self, descriptor: int, offset: int) -> None:
        """Hold that the open file is still the one at its path, and ends at offset."""
        mine = os.fstat(descriptor)
        try:
            there = os.stat(self.path)  # noqa: PTH116 -- for each piece, at half the price
        except FileNotFoundError:
            there = None
        # Finished or thrown away by another request: this descriptor now leads to the blob, or
        # to nothing, and must not be written to.
        if there is None or there.st_ino != mine.st_ino:
            raise wrong_offset(there.st_size if there else 0)
        if mine.st_size != offset:
            raise wrong_offset(mine.st_size)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wrong_offset(true_offset: int) -> Problem:
    """The problem offset_mismatch, which tells the true offset in words and as a header."""
    return problems.OFFSET_MISMATCH.error(
        field="Upload-Offset",
        offset=true_offset,
        headers={"Upload-Offset": str(true_offset), "Upload-Complete": "?0"},
    )


def _pieces(source: Source) -> Iterator[bytes]:
    while True:
        try:
            piece = source.read(CHUNK)
        except OSError:
            # The link broke: what came before is kept, and nobody waits for the answer.
            return
        if not piece:
            return
        yield piece


def _write(descriptor: int, piece: bytes, offset: int) -> None:
    rest = memoryview(piece)
    try:
        while rest:
            written = os.pwrite(descriptor, rest, offset)
            rest, offset = rest[written:], offset + written
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise problems.STORAGE_FULL.error() from error
        raise


def forget_old(root: Path) -> int:
    """Remove partial files that have not grown for PARTIAL_KEPT_S. Returns how many."""
    if not root.is_dir():
        return 0
    oldest = time.time() - PARTIAL_KEPT_S
    old = [path for path in root.glob("*/*") if path.stat().st_mtime < oldest]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
