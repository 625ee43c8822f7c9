"""What a visit proves, for features that ask for it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists

from server.visits.models import Visit
from server.visits.verdict import Verdict


def was_on_site(visit_id: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that a visit was judged to be inside the fence."""
    return exists().where(Visit.id == visit_id, Visit.verdict == Verdict.ON_SITE.value)
