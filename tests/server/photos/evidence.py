"""Bringing photos in and asking what was found about them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from server.photos.queries import Finding, findings_of
from server.visits.models import Visit

DAY_S = 86_400


def recoded(data: bytes, quality: int = 60, form: str = "JPEG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, form, quality=quality, **more)
    return out.getvalue()


Add = Callable[..., str]


def findings(session: Session, visit: str) -> list[Finding]:
    session.expire_all()
    return findings_of(session, [visit]).get(visit, [])


def flags(session: Session, visit: str) -> dict[str, dict[str, Any]]:
    row = session.get_one(Visit, visit, populate_existing=True)
    return {flag["code"]: flag for flag in row.flags}
