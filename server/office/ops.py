"""The office check-ins of sync push: stored first, judged second, never refused for the place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from server.accounts.organisation import Rules, rules
from server.kernel import changes, journal
from server.kernel import problems as common
from server.kernel.auth import Actor
from server.kernel.clock import Clock, iso_week
from server.kernel.geo import Fix
from server.kernel.ops import Applied, Handler, Op, Outcome, Rejected
from server.kernel.payload import (
    Payload,
    digest,
    read_optional_id,
    read_optional_text,
    read_time,
    read_whole,
    refuse,
)
from server.kernel.problems import Problem
from server.office import problems
from server.office.domain import judge_at_office, nearest
from server.office.hours import is_open
from server.office.models import Office, OfficeCheckIn
from server.office.records import Row, check_in_record
from server.office.remarks import other_office, outside_hours
from server.office.weeks.facts import bound_office
from server.visits.verdict import Verdict

REASON_MAX = 2_000
SUMMARY_NUMBERS = ("visits", "successful", "handouts")
# Not told by phones that know no tasks yet.
SUMMARY_TASKS = ("tasks_open", "tasks_done")
_MANY = 1_000_000
_CHECK_IN: Table = OfficeCheckIn.__table__  # type: ignore[assignment]  # declared wider than it is


@dataclass(frozen=True, slots=True)
class Said:
    """The payload of office.check_in."""

    office_id: str | None
    at: datetime
    fix: Fix | None
    reason: str | None
    summary: dict[str, Any] | None
    digest: bytes


def read_check_in(op: Op) -> Said:
    """Read office.check_in. Raises op_malformed; a fix that is no position counts as none."""
    return Said(
        office_id=read_optional_id(op.payload, "office_id"),
        at=read_time(op.payload, "at"),
        fix=Fix.parse(op.payload.get("fix")),
        reason=read_optional_text(op.payload, "reason", REASON_MAX),
        summary=_read_summary(op.payload),
        digest=digest(op.payload),
    )


def _read_summary(payload: Payload) -> dict[str, Any] | None:
    """What the rep tells of the week: counts from the phone's records, and words of their own."""
    raw = payload.get("summary")
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise refuse("summary")
    try:
        found: dict[str, Any] = {name: read_whole(raw, name, 0, _MANY) for name in SUMMARY_NUMBERS}
        found |= {
            name: read_whole(raw, name, 0, _MANY)
            for name in SUMMARY_TASKS
            if raw.get(name) is not None
        }
        return found | {"text": read_optional_text(raw, "text", REASON_MAX)}
    except Problem as problem:
        raise refuse("summary") from problem


def check_in_many(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """office.check_in: store it, judge it, and count it for its week if it was on site.

    Without an office_id it is judged at the office that the person is bound to (one that is
    switched off binds nobody), else at the nearest. Rejects op_malformed, office_unknown,
    record_exists (the id has another content).
    """
    read = [_read(op) for op in ops]
    wanted = rules(session)
    offices = list(session.scalars(select(Office)))
    by_id = {office.id: office for office in offices}
    bound = by_id.get(bound_office(session, actor.user_id) or "")
    known = _known(session, [op.record_id for op in ops])
    added: dict[str, dict[str, Any]] = {}
    outcomes: list[Outcome] = []
    for op, said in zip(ops, read, strict=True):
        if isinstance(said, Problem):
            outcomes.append(Rejected(said))
            continue
        there = known.get(op.record_id) or added.get(op.record_id)
        if there is not None:
            same = there["author_id"] == actor.user_id and there["payload_digest"] == said.digest
            outcomes.append(
                Applied(check_in_record(there)) if same else Rejected(common.RECORD_EXISTS.error())
            )
            continue
        if said.office_id is not None and said.office_id not in by_id:
            outcomes.append(Rejected(problems.OFFICE_UNKNOWN.error(field="payload.office_id")))
            continue
        office = by_id[said.office_id] if said.office_id else bound
        if office is None and said.fix is not None:
            office = nearest(said.fix, offices)
        added[op.record_id] = row = _row(op, said, actor, (office, bound), wanted)
        outcomes.append(Applied(check_in_record(row)))
    _write(session, actor, clock, list(added.values()))
    return outcomes


def _read(op: Op) -> Said | Problem:
    try:
        return read_check_in(op)
    except Problem as problem:
        return problem


def _known(session: Session, ids: Sequence[str]) -> dict[str, Row]:
    rows = session.execute(select(_CHECK_IN).where(_CHECK_IN.c.id.in_(set(ids)))).mappings()
    return {row["id"]: row for row in rows}


def _row(
    op: Op, said: Said, actor: Actor, at_bound: tuple[Office | None, Office | None], wanted: Rules
) -> dict[str, Any]:
    office, bound = at_bound
    judgement = judge_at_office(said.fix, office, wanted)
    evidence, fix = op.evidence, said.fix
    at = evidence.correct(said.at)
    flags, elsewhere = list(judgement.flags), bound is not None and office is not bound
    if bound is not None and elsewhere:
        flags.append(other_office(bound.name))
    if office is not None and not is_open(office.hours, at):
        flags.append(outside_hours(office.hours or [], at))
    return {
        "id": op.record_id,
        "author_id": actor.user_id,
        "office_id": office.id if office else None,
        "region_id": actor.region_id,
        "week": iso_week(at),
        "at": at,
        "lat": fix.lat if fix else None,
        "lon": fix.lon if fix else None,
        "accuracy_m": fix.accuracy_m if fix else None,
        "fix_age_s": fix.age_s if fix else None,
        "fix_source": fix.source if fix else None,
        "verdict": judgement.verdict.value,
        "distance_m": judgement.distance_m,
        "explanation": judgement.explanation,
        "flags": flags,
        "rule_version": judgement.rule_version,
        # Another office than one's own is for a supervisor to decide; the hours are only remarked.
        "accepted": judgement.verdict is Verdict.ON_SITE and not elsewhere,
        "reason": said.reason,
        "received_at": evidence.received_at,
        "device_id": op.device_id,
        "device_seq": evidence.device_seq,
        "device_at": evidence.device_at,
        "clock_offset_ms": evidence.clock_offset_ms,
        "monotonic_ms": evidence.monotonic_ms,
        "payload_digest": said.digest,
        "summary": said.summary,
        "declined": False,
        "review_note": None,
        "reviewed_by": None,
        "reviewed_at": None,
    }


def _write(session: Session, actor: Actor, clock: Clock, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    session.execute(insert(_CHECK_IN), rows)
    scope = changes.user_scope(actor.user_id)
    changes.touch(session, scope, "office_check_in", [row["id"] for row in rows])
    journal.record_many(
        session,
        clock,
        actor,
        [
            (
                journal.Event.OFFICE_CHECKED_IN,
                "office_check_in",
                row["id"],
                {"week": row["week"], "office_id": row["office_id"], "verdict": row["verdict"]},
            )
            for row in rows
        ],
    )


OPS: dict[str, Handler] = {"office.check_in": check_in_many}
