"""A file on its way: whole, resumed, from a wrong offset, damaged, too large."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final

from tests.contract.phone import Json, request

HALF: Final = 20


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _head(sha256: str) -> Json:
    return request("HEAD", f"/uploads/{sha256}")


def _patch(file: bytes, offset: Any, data: bytes, length: Any = None) -> Json:
    headers = {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
        "Upload-Length": str(len(file) if length is None else length),
    }
    text = base64.b64encode(data).decode()
    return request("PATCH", f"/uploads/{_sha(file)}", headers=headers, base64=text)


def stories() -> dict[str, list[tuple[str, Json]]]:
    """Each story is about a file of its own."""
    whole, resumed, moved, damaged, refused = (
        f"the bytes of photo {number}, as far as an upload is concerned".encode()
        for number in range(5)
    )
    broke = "the first half, before the link broke"
    return {
        "whole": [
            ("unknown", _head(_sha(whole))),
            ("all of it", _patch(whole, 0, whole)),
            ("complete", _head(_sha(whole))),
            ("again", _patch(whole, 0, whole)),
        ],
        "resumed": [
            (broke, _patch(resumed, 0, resumed[:HALF])),
            ("where it stands", _head(_sha(resumed))),
            ("the rest", _patch(resumed, HALF, resumed[HALF:])),
        ],
        "from a wrong offset": [
            ("unknown", _head(_sha(moved))),
            (broke, _patch(moved, 0, moved[:HALF])),
            ("from the beginning", _patch(moved, 0, moved)),
            ("from where it stands", _patch(moved, HALF, moved[HALF:])),
        ],
        "damaged on the way": [
            ("unknown", _head(_sha(damaged))),
            ("damaged", _patch(damaged, 0, damaged.replace(b"photo", b"phot0"))),
            ("nothing is kept", _head(_sha(damaged))),
            ("once more", _patch(damaged, 0, damaged)),
        ],
        "refused": [
            ("unknown", _head(_sha(refused))),
            ("too large", _patch(refused, 0, b"x", 26 * 1024 * 1024)),
            ("more than announced", _patch(refused, 0, refused, len(refused) - 1)),
            ("no number", _patch(refused, "x", refused)),
            ("no hash", _head("nothing")),
        ],
    }
