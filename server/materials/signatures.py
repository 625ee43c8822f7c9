"""Signatures: small pictures drawn with a finger, sent and stored like photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from server.materials import problems
from server.materials.models import Handout, Material
from server.photos.domain import open_verified

_STARTS: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Signature:
    """The bytes as sent; mime is image/png, image/jpeg, or octet-stream for anything else."""

    sha256: str
    mime: str
    data: bytes


def signature_of(session: Session, handout: Handout) -> Signature:
    """The signature of a handout.

    Raises signature_missing where none was given, signature_not_arrived while its bytes are still
    on the phone: only bytes that the handout's own author has sent count.
    """
    sha256 = handout.signature_sha256
    if sha256 is None:
        raise problems.SIGNATURE_MISSING.error()
    file = open_verified(session, handout.author_id, sha256)
    if file is None:
        raise problems.SIGNATURE_NOT_ARRIVED.error()
    with file:
        return _picture(sha256, file.read())


def photo_of(session: Session, material: Material) -> Signature | None:
    """The picture of a material, or None where there is none."""
    if material.photo_sha256 is None or material.photo_by is None:
        return None
    file = open_verified(session, material.photo_by, material.photo_sha256)
    if file is None:
        return None
    with file:
        return _picture(material.photo_sha256, file.read())


def _picture(sha256: str, data: bytes) -> Signature:
    mime = next((m for start, m in _STARTS.items() if data.startswith(start)), None)
    return Signature(sha256, mime or "application/octet-stream", data)
