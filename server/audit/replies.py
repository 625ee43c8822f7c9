"""What reps answered to the doubts about their visits, as reviews need it.

Who stores the answers says so with tell_of(); until then nobody has answered anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, false
from sqlalchemy.orm import Session


class Source(Protocol):
    """Where the answers are."""

    def of_visits(
        self, session: Session, visit_ids: Collection[str]
    ) -> Mapping[str, Sequence[dict[str, Any]]]:
        """By visit id, oldest first: {id, at, text, photo_id}; at is when the server got it."""
        ...

    def since(self, visit_id: ColumnElement[str], at: ColumnElement[Any]) -> ColumnElement[bool]:
        """The condition that the visit has an answer received after that time, or any if NULL."""
        ...


_sources: list[Source] = []


def tell_of(source: Source) -> None:
    """Name where the answers are; naming it again changes nothing."""
    if source not in _sources:
        _sources.append(source)


def forget(source: Source) -> None:
    """Take a source back."""
    _sources.remove(source)


def replies_of(session: Session, visit_ids: Collection[str]) -> dict[str, Sequence[dict[str, Any]]]:
    """The answers to visits by visit id, oldest first; visits without are left out."""
    found: dict[str, Sequence[dict[str, Any]]] = {}
    for source in _sources:
        found |= source.of_visits(session, visit_ids)
    return found


def replied_since(visit_id: ColumnElement[str], at: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that a visit was answered for after that time (ever, where it is NULL)."""
    condition: ColumnElement[bool] = false()
    for source in _sources:
        condition = condition | source.since(visit_id, at)
    return condition
