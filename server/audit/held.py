"""What is held about a person here: answers, decisions about their visits, and the journal."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Table, and_, or_, select
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids
from server.audit.answers import held as answers
from server.audit.reviews.models import ReviewEntry
from server.kernel.held import Section, tell_of
from server.kernel.journal import JournalEntry
from server.visits.models import Visit

_JOURNAL: Table = JournalEntry.__table__  # type: ignore[assignment]  # declared wider than it is
_ENTRY: Table = ReviewEntry.__table__  # type: ignore[assignment]  # likewise
_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # likewise


def _name_actors(session: Session, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    people = people_by_ids(session, {item["actor_id"] for item in items if item["actor_id"]})
    for item in items:
        person = people.get(item["actor_id"])
        item["actor_name"] = person["name"] if person else None
    return items


def _about(user_id: str) -> Any:
    own = select(_VISIT.c.id).where(_VISIT.c.author_id == user_id)
    kind, subject = _JOURNAL.c.subject_kind, _JOURNAL.c.subject_id
    return select(_JOURNAL).where(
        or_(and_(kind == "person", subject == user_id), and_(kind == "visit", subject.in_(own)))
    )


def _decided(user_id: str) -> Any:
    own = select(_VISIT.c.id).where(_VISIT.c.author_id == user_id)
    return select(_ENTRY).where(_ENTRY.c.visit_id.in_(own))


SECTIONS: Final = (
    *answers.SECTIONS,
    tell_of(
        Section(
            "reviews",
            _decided,
            _ENTRY.c.at,
            _ENTRY.c.id,
            ("at", "action", "text", "actor_name"),
            _name_actors,
        )
    ),
    tell_of(
        Section(
            "journal",
            _about,
            _JOURNAL.c.at,
            _JOURNAL.c.id,
            ("at", "event", "actor_name", "data"),
            _name_actors,
        )
    ),
)
