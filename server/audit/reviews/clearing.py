"""Rejections that a new judgement has taken all grounds from: cleared.

Not stored, so that the rejection stands again where the doubt comes back. Who rejects a visit that
has no flag has other grounds, and no judgement takes those away.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, and_

from server.audit.reviews.models import ReviewState, VisitReview
from server.visits.models import Visit
from server.visits.verdict import Verdict

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_REVIEW: Table = VisitReview.__table__  # type: ignore[assignment]  # likewise


def rejected_for_flags() -> ColumnElement[bool]:
    """The condition that a visit was rejected when it had flags; a verdict in doubt is one, too."""
    return and_(_REVIEW.c.state == ReviewState.REJECTED.value, _REVIEW.c.flag_bits != 0)


def cleared() -> ColumnElement[bool]:
    """The condition that of the flags a visit was rejected for, and of any other, none is left.

    For visit_review and visit joined by whoever asks.
    """
    nothing_doubted = and_(_VISIT.c.flag_bits == 0, _VISIT.c.verdict == Verdict.ON_SITE.value)
    return and_(rejected_for_flags(), nothing_doubted)
