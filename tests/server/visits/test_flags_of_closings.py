"""What the end of a visit shows is a flag and its number, which queue and map go by."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from server.kernel.clock import org_day, wire_time
from server.visits.counted_days import changed_days
from server.visits.flag_bits import bits_of, flag_bits
from server.visits.models import Visit, VisitDayChange
from tests.server.visits.hand import Hand, applied


def close_with_the_clock_set_back(rep: Hand, visit_id: str, kind: str) -> None:
    """Two hours of it, between check-in and closing."""
    back = rep.clock.now() - timedelta(hours=2)
    payload = {"at": wire_time(back), "fix": None, "reason": "店休"}
    applied(rep.run(rep.op(kind, payload, visit_id, device_at=back))[0])


def visit(session: Session, visit_id: str) -> Visit:
    return session.get_one(Visit, visit_id, populate_existing=True)


@pytest.mark.parametrize("kind", ["visit.check_out", "visit.cancel"])
def test_a_closing_writes_both(rep: Hand, store_id: str, session: Session, kind: str) -> None:
    visit_id = rep.check_in(store_id)
    session.execute(delete(VisitDayChange))
    close_with_the_clock_set_back(rep, visit_id, kind)
    row = visit(session, visit_id)
    assert "clock_moved" in [flag["code"] for flag in row.flags]
    assert row.flag_bits == flag_bits(row.flags)
    assert changed_days(session) == [org_day(row.checked_in_at)]


def test_those_called_off_without_it_are_mended(rep: Hand, store_id: str, session: Session) -> None:
    called_off, clean, still_open = (rep.check_in(store_id) for _ in range(3))
    close_with_the_clock_set_back(rep, called_off, "visit.cancel")
    applied(rep.run(rep.op("visit.cancel", {"at": rep.ago(), "reason": "店休"}, clean))[0])
    before = {one: visit(session, one).flag_bits for one in (clean, still_open)}
    session.execute(update(Visit).where(Visit.id == called_off).values(flag_bits=0))
    session.execute(delete(VisitDayChange))
    step = import_module("server.migrations.versions.0015_closings")
    with Operations.context(MigrationContext.configure(session.connection())):
        step.number_the_flags()
    row = visit(session, called_off)
    assert row.flag_bits & bits_of(["clock_moved"])
    assert {one: visit(session, one).flag_bits for one in (clean, still_open)} == before
    assert org_day(row.checked_in_at) in changed_days(session)


def test_closings_from_before_get_their_place(rep: Hand, store_id: str, session: Session) -> None:
    called_off, left, still_open = (rep.check_in(store_id) for _ in range(3))
    applied(rep.run(rep.op("visit.cancel", {"at": rep.ago(), "reason": "店休"}, called_off))[0])
    rep.check_out(left)
    places = {one: visit(session, one).close_seq for one in (called_off, left, still_open)}
    assert places == {called_off: 4, left: 5, still_open: None}
    session.execute(update(Visit).values(close_seq=None))
    step = import_module("server.migrations.versions.0015_closings")
    with Operations.context(MigrationContext.configure(session.connection())):
        step.place_the_closings()
    assert {one: visit(session, one).close_seq for one in places} == places
