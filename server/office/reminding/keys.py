"""The key with which push services recognise this server (VAPID, RFC 8292).

It is made by itself the first time it is wanted, or by `flask storewalk push-key`, and stays in the
data folder: with another key every browser would have to subscribe anew.
"""

from __future__ import annotations

import base64
import os
from functools import lru_cache
from pathlib import Path
from typing import Final

NAME: Final = "push-key.pem"


def key_file(folder: Path) -> Path:
    """The key's file, made where there is none; readable by the server alone."""
    path = folder / NAME
    if path.exists():
        return path
    from py_vapid import Vapid02

    key = Vapid02()
    key.generate_keys()
    draft = folder / f"{NAME}.{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_pem())
        file.flush()
        os.fsync(file.fileno())
    try:
        # Two workers may come here at once: the first one's key is the key of both.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path


def public_key(folder: Path) -> str:
    """The public half as browsers want it: an uncompressed point in base64url."""
    return _public(str(key_file(folder)))


@lru_cache(maxsize=8)
def _public(path: str) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from py_vapid import Vapid02

    key = Vapid02.from_file(path)
    point = key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
