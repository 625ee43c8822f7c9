"""Taking a photo's bytes in: the partial file, the blob store and the database, in this order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from server.config import settings
from server.kernel import problems as common
from server.kernel.auth import Actor
from server.kernel.blobs import blob_store, content_key
from server.kernel.clock import Clock
from server.kernel.db import read_only
from server.photos import domain, problems
from server.photos.queries import has_uploaded
from server.photos.uploads import PartialUpload, Source, check_hash, wrong_offset

OFFSET: Final = "Upload-Offset"
LENGTH: Final = "Upload-Length"


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of an upload is here, in bytes; complete means verified and on the disk."""

    sha256: str
    received: int
    complete: bool

    def as_dict(self) -> dict[str, Any]:
        """The answer's body."""
        return {"sha256": self.sha256, "received": self.received, "complete": self.complete}

    def headers(self) -> dict[str, str]:
        """The answer's headers."""
        return {
            OFFSET: str(self.received),
            "Upload-Complete": "?1" if self.complete else "?0",
            "Cache-Control": "no-store",
        }


def partials_root() -> Path:
    """The folder of unfinished uploads; beside the blobs, so that a file can simply be moved."""
    return settings().data_dir / "uploads"


def progress(session: Session, actor: Actor, sha256: str) -> Progress:
    """How far this person's upload has come; 0 for one never begun. Raises validation_failed."""
    check_hash(sha256)
    with read_only():
        done = has_uploaded(session, actor.user_id, sha256)
        # Holds no connection: what follows may be a body that takes minutes to arrive.
        session.rollback()
    if done is not None:
        return Progress(sha256, done, complete=True)
    partial = PartialUpload(partials_root(), actor.user_id, sha256)
    return Progress(sha256, partial.received, complete=False)


def receive(
    session: Session,
    actor: Actor,
    clock: Clock,
    sha256: str,
    sizes: tuple[str | None, str | None],
    source: Source,
) -> Progress:
    """Append bytes to this person's upload, and finish it with the last of them.

    sizes: the texts of Upload-Offset and Upload-Length. The caller commits before answering.
    Raises validation_failed, upload_header_invalid, too_large, offset_mismatch, length_mismatch,
    hash_mismatch, storage_full. Bytes of an upload that is complete already are not read.
    """
    here = progress(session, actor, sha256)
    offset = _whole(OFFSET, sizes[0])
    length = _whole(LENGTH, sizes[1])
    limit = settings().max_photo_bytes
    if length > limit:
        raise common.TOO_LARGE.error(field=LENGTH, limit=limit)
    if length == 0:
        raise problems.UPLOAD_HEADER_INVALID.error(field=LENGTH, header=LENGTH)
    if here.complete:
        return here
    partial = PartialUpload(partials_root(), actor.user_id, sha256)
    came = partial.append(offset, length, source)
    if came.received < length:
        return Progress(sha256, came.received, complete=False)
    partial.finish(length, blob_store(), came.sha256)
    domain.bytes_arrived(session, clock, actor.user_id, sha256, length)
    if not blob_store().exists(content_key(sha256)):
        # The same bytes of long ago were being erased in that moment: they are asked for again.
        raise wrong_offset(0)
    return Progress(sha256, length, complete=True)


def _whole(name: str, text: str | None) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 15:
        raise problems.UPLOAD_HEADER_INVALID.error(field=name, header=name)
    return int(text)
