"""A body too large for memory, kept on the disk for as long as it is read."""

from __future__ import annotations

import errno
import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from server.photos.problems import STORAGE_FULL
from server.photos.uploads import Source
from server.sync import problems

_PIECE: Final = 256 * 1024
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def spooled(source: Source, folder: Path, limit: int) -> Iterator[tuple[BinaryIO, str]]:
    """The whole source as a file in that folder, and its sha256.

    The file has no name there, so it is gone with this process whatever ends it. Raises
    rescue_too_large beyond limit bytes, storage_full.
    """
    found, length = hashlib.sha256(), 0
    # Unbuffered, so that a full disk is told where a piece is written.
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        while piece := source.read(_PIECE):
            length += len(piece)
            if length > limit:
                raise problems.RESCUE_TOO_LARGE.error(limit=limit)
            found.update(piece)
            _write(file, piece)
        file.seek(0)
        yield io.BufferedReader(file), found.hexdigest()


def _write(file: io.FileIO, piece: bytes) -> None:
    rest = memoryview(piece)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise STORAGE_FULL.error() from error
        raise
