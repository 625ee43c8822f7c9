"""Rejections that a new judgement has taken all grounds from: cleared.

Not stored, so that the rejection stands again where the doubt comes back. Who rejects a visit that
has no flag has other grounds, and no judgement takes those away.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, and_, exists

from server.audit.reviews.models import ReviewState, VisitReview
from server.visits.models import Visit
from server.visits.pins import teaches_nothing
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


def is_rejected() -> ColumnElement[bool]:
    """The condition that a visit is rejected, and not cleared; for rows of the visit table."""
    mine = _REVIEW.c.visit_id == _VISIT.c.id
    rejected = _REVIEW.c.state == ReviewState.REJECTED.value
    return exists().where(mine, rejected, ~cleared()).correlate(_VISIT)


# Whoever was not there knows no pin.
teaches_nothing(is_rejected)
