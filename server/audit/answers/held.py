"""What is held about a person here: what they answered to flags."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table, select

from server.audit.answers.models import VisitReply
from server.kernel.held import Section, tell_of

_REPLY: Table = VisitReply.__table__  # type: ignore[assignment]  # declared wider than it is

SECTIONS: Final = (
    tell_of(
        Section(
            "replies",
            lambda user_id: select(_REPLY).where(_REPLY.c.author_id == user_id),
            _REPLY.c.received_at,
            _REPLY.c.id,
            ("received_at", "text", "photo_id", "erased_at"),
        )
    ),
)
