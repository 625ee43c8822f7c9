"""What a rep asks for on the phone: days off the week rule, and a missed week to be counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel import changes, journal
from server.kernel import problems as common
from server.kernel.auth import Actor
from server.kernel.clock import Clock, iso_week
from server.kernel.ops import Applied, Handler, Op, Outcome, Rejected
from server.kernel.payload import Payload, digest, read_text, read_time, refuse
from server.kernel.problems import Problem
from server.office.calendar import parse_week
from server.office.models import OfficeExemption, OfficeMakeUp
from server.office.weeks.facts import Decision, exemption_record, make_up_record
from server.office.weeks.requests import KINDS, check_days

REASON_MAX = 2_000
Row = OfficeExemption | OfficeMakeUp
R = TypeVar("R", OfficeExemption, OfficeMakeUp)
_ONE_DAY = len("2026-11-23")


def _read_day(payload: Payload, field: str) -> date:
    value = payload.get(field)
    if not isinstance(value, str) or len(value) != _ONE_DAY:
        raise refuse(field)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise refuse(field) from error


def _exemption(actor: Actor, op: Op) -> OfficeExemption:
    """Read {kind, first_day, last_day, reason, at}. Raises op_malformed."""
    kind = op.payload.get("kind")
    if kind not in KINDS:
        raise refuse("kind")
    first, last = _read_day(op.payload, "first_day"), _read_day(op.payload, "last_day")
    try:
        check_days(first, last)
    except Problem as problem:
        raise refuse("last_day") from problem
    return OfficeExemption(
        id=op.record_id,
        person_id=actor.user_id,
        kind=kind,
        first_day=first,
        last_day=last,
        reason=read_text(op.payload, "reason", REASON_MAX),
        state=Decision.PENDING.value,
        asked_by=actor.user_id,
        asked_at=op.evidence.correct(read_time(op.payload, "at")),
        payload_digest=digest(op.payload),
    )


def _make_up(actor: Actor, op: Op) -> OfficeMakeUp:
    """Read {week, reason, at}. Raises op_malformed, also for a week to come."""
    asked_at = op.evidence.correct(read_time(op.payload, "at"))
    week = op.payload.get("week")
    try:
        name = parse_week(week if isinstance(week, str) else "").name
    except Problem as problem:
        raise refuse("week") from problem
    if name > iso_week(asked_at):
        raise refuse("week")
    return OfficeMakeUp(
        id=op.record_id,
        person_id=actor.user_id,
        week=name,
        reason=read_text(op.payload, "reason", REASON_MAX),
        state=Decision.PENDING.value,
        asked_at=asked_at,
        payload_digest=digest(op.payload),
    )


def _handler(
    model: type[R],
    entity: str,
    event: journal.Event,
    read: Callable[[Actor, Op], R],
    record: Callable[[R], dict[str, Any]],
) -> Handler:
    """A handler that stores each request once. Rejects op_malformed, record_exists."""

    def handle(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
        ids = {op.record_id for op in ops}
        there = {row.id: row for row in session.scalars(select(model).where(model.id.in_(ids)))}
        new: list[R] = []
        outcomes: list[Outcome] = []
        for op in ops:
            try:
                row = read(actor, op)
            except Problem as problem:
                outcomes.append(Rejected(problem))
                continue
            known = there.get(op.record_id)
            if known is None:
                there[op.record_id] = row
                new.append(row)
                outcomes.append(Applied(record(row)))
            elif known.person_id == actor.user_id and known.payload_digest == row.payload_digest:
                outcomes.append(Applied(record(known)))
            else:
                outcomes.append(Rejected(common.RECORD_EXISTS.error()))
        _write(session, actor, clock, entity, event, [(row.id, record(row)) for row in new], new)
        return outcomes

    return handle


def _write(
    session: Session,
    actor: Actor,
    clock: Clock,
    entity: str,
    event: journal.Event,
    said: Sequence[tuple[str, dict[str, Any]]],
    rows: Sequence[Row],
) -> None:
    if not rows:
        return
    session.add_all(rows)
    session.flush()
    changes.touch(session, changes.user_scope(actor.user_id), entity, [one for one, _ in said])
    journal.record_many(session, clock, actor, [(event, entity, one, data) for one, data in said])


OPS: dict[str, Handler] = {
    "office.exemption_request": _handler(
        OfficeExemption,
        "office_exemption",
        journal.Event.EXEMPTION_ASKED,
        _exemption,
        exemption_record,
    ),
    "office.make_up": _handler(
        OfficeMakeUp, "office_make_up", journal.Event.MAKE_UP_ASKED, _make_up, make_up_record
    ),
}
