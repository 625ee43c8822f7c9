"""What this feature holds about a person: visits, judgements, notes, and who looked at them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids
from server.kernel.held import Section, tell_of
from server.stores.held import name_stores
from server.visits.models import Visit, VisitJudgement, VisitNote
from server.visits.views import VisitView

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_JUDGEMENT: Table = VisitJudgement.__table__  # type: ignore[assignment]  # likewise
_NOTE: Table = VisitNote.__table__  # type: ignore[assignment]  # likewise
_VIEW: Table = VisitView.__table__  # type: ignore[assignment]  # likewise


def _name_viewers(session: Session, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    viewers = people_by_ids(session, {item["viewer_id"] for item in items})
    for item in items:
        viewer = viewers.get(item["viewer_id"])
        item["viewer_name"] = viewer["name"] if viewer else None
        item["viewer_role"] = viewer["role"] if viewer else None
    return name_stores(session, items)


def _judged(session: Session, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Flags without their refs: the photo seen before may be somebody else's."""
    for item in items:
        item["flags"] = [
            {key: value for key, value in flag.items() if key != "refs"} for flag in item["flags"]
        ]
    return name_stores(session, items)


def _of_own_visits(table: Table, *columns: Any) -> Any:
    """SELECT of the rows of a table that belong to a person's visits."""
    return lambda user_id: (
        select(table, *columns)
        .join(_VISIT, _VISIT.c.id == table.c.visit_id)
        .where(_VISIT.c.author_id == user_id)
    )


SECTIONS: Final = (
    tell_of(
        Section(
            "visits",
            lambda user_id: select(_VISIT).where(_VISIT.c.author_id == user_id),
            _VISIT.c.checked_in_at,
            _VISIT.c.id,
            (
                *("checked_in_at", "store_name", "state", "in_lat", "in_lon", "in_accuracy_m"),
                *("verdict", "distance_m", "flags"),
            ),
            _judged,
        )
    ),
    tell_of(
        Section(
            "judgements",
            _of_own_visits(_JUDGEMENT, _VISIT.c.store_id),
            _JUDGEMENT.c.at,
            _JUDGEMENT.c.id,
            ("at", "store_name", "verdict", "distance_m", "flags", "cause"),
            _judged,
        )
    ),
    tell_of(
        Section(
            "notes",
            lambda user_id: select(_NOTE).where(_NOTE.c.author_id == user_id),
            _NOTE.c.at,
            _NOTE.c.id,
            ("at", "text"),
        )
    ),
    tell_of(
        Section(
            "views",
            lambda user_id: (
                select(_VIEW, _VISIT.c.store_id)
                .join(_VISIT, _VISIT.c.id == _VIEW.c.visit_id)
                .where(_VIEW.c.author_id == user_id)
            ),
            _VIEW.c.at,
            _VIEW.c.visit_id + _VIEW.c.viewer_id,
            ("day", "viewer_name", "viewer_role", "store_name"),
            _name_viewers,
        )
    ),
)
