"""A pin learns from no visit that somebody has rejected."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from server.accounts.organisation import rules
from server.kernel.clock import FrozenClock
from server.visits.pins import usable_fixes
from tests.server.audit.reviews.conftest import Sit
from tests.server.audit.reviews.test_cleared import RIGHT, move, rep, store_id, visit
from tests.server.visits.hand import Hand

__all__ = ["move", "rep", "store_id"]  # fixtures are found by name


def test_a_rejected_visit_teaches_nothing(
    rep: Hand, store_id: str, desk: Sit, session: Session, clock: FrozenClock
) -> None:
    sup = desk("sup_east")
    one, _ = visit(rep, store_id), visit(rep, store_id)

    def teaching() -> int:
        return len(usable_fixes(session, clock, rules(session), [store_id])[store_id])

    assert teaching() == 2
    sup.decide(one, "reject")
    assert teaching() == 1
    sup.undo(one)
    assert teaching() == 2
    sup.decide(one, "ask", text="在哪里？")
    assert teaching() == 2


def test_a_cleared_one_teaches_again(
    rep: Hand, store_id: str, desk: Sit, session: Session, clock: FrozenClock, move: Any
) -> None:
    one = visit(rep, store_id)
    desk("sup_east").decide(one, "reject")
    assert usable_fixes(session, clock, rules(session), [store_id])[store_id] == []
    move(RIGHT)
    assert len(usable_fixes(session, clock, rules(session), [store_id])[store_id]) == 1
