"""Records with a code that only one of them may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.kernel.problems import Kind


class HasCode(Protocol):
    """A record named by its code."""

    code: str


def save_coded(
    session: Session, row: HasCode, taken: Kind, values: Mapping[str, Any] | None = None
) -> None:
    """Give a new or known record these values and write it.

    Raises taken where its code is another's.
    Asked of the database, not looked up before: two people may choose the same code at once.
    """
    values = values or {}
    code = values.get("code", row.code)
    try:
        with session.begin_nested():
            for key, value in values.items():
                setattr(row, key, value)
            session.add(row)
            session.flush()
    except IntegrityError as error:
        raise taken.error(field="code", code=code) from error
