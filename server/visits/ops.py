"""The visit ops of sync push: a batch is checked whole and written in bulk, each op answered alone.

Every handler asks the database a fixed number of questions, however many ops it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Table, bindparam, update
from sqlalchemy.orm import Session

from server.accounts.organisation import rules
from server.kernel import changes, journal, problems
from server.kernel.auth import Actor
from server.kernel.bulk import BulkInsert, Lookup
from server.kernel.clock import Clock, TimeEvidence, wire_time
from server.kernel.geo import morton
from server.kernel.ops import Applied, Deferred, Handler, Op, Outcome, Rejected
from server.kernel.problems import Problem
from server.photos import queries as photos
from server.stores.queries import StoreRef, stores_for_ops
from server.visits import fields
from server.visits.beside import weigh
from server.visits.closing import close_clock, close_seq, dwell_s
from server.visits.counted_days import note_days
from server.visits.domain import NEIGHBOUR, StoreJudge, change_flags, judge_photos
from server.visits.fields import CheckIn, Closing, Note
from server.visits.flag_bits import flag_columns
from server.visits.flags import OWN, PHOTO, own_flags, replaced
from server.visits.models import State, Visit, VisitNote
from server.visits.photo_findings import relieved
from server.visits.records import NO_PHOTOS, Row, note_record, visit_record

T = TypeVar("T")
_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_NOTE: Table = VisitNote.__table__  # type: ignore[assignment]  # likewise
_FIND_VISITS = Lookup(_VISIT.c.id)
_FIND_NOTES = Lookup(_NOTE.c.id)
_WRITE_VISITS = BulkInsert(_VISIT, leave_out=("erased_at",))
_WRITE_NOTES = BulkInsert(_NOTE)


def check_in_many(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """visit.check_in: store the visit, then judge it. Where and when it was never refuses it.

    Rejects op_malformed, store_unknown (never the rep's), record_exists (the id has another
    content). The time is the phone's, corrected by its clock offset, never after the receipt.
    """
    read = [_read(fields.read_check_in, op) for op in ops]
    known = _visits(session, [op.record_id for op in ops])
    stores = stores_for_ops(
        session, actor, {one.store_id for one in read if isinstance(one, CheckIn)}
    )
    judge = StoreJudge(session)
    added: dict[str, dict[str, Any]] = {}
    outcomes: list[Outcome] = []
    for op, said in zip(ops, read, strict=True):
        if isinstance(said, Problem):
            outcomes.append(Rejected(said))
            continue
        there = known.get(op.record_id) or added.get(op.record_id)
        if there is not None:
            same = there["author_id"] == actor.user_id and there["in_digest"] == said.digest
            outcomes.append(_AS_IT_IS if same else Rejected(problems.RECORD_EXISTS.error()))
            continue
        store = stores.get(said.store_id)
        if store is None:
            outcomes.append(Rejected(problems.STORE_UNKNOWN.error(field="payload.store_id")))
            continue
        added[op.record_id] = _new_visit(actor, op, said, store, judge)
        outcomes.append(_ADDED)
    if added:
        rows = list(added.values())
        late = weigh(session, judge.rules, actor.user_id, rows, stores)
        for row in rows:
            row.update(flag_columns(row["flags"]))
        _WRITE_VISITS(session, rows)
        note_days(session, (row["checked_in_at"] for row in rows))
        beside = {row["id"]: flags for row, flags in late}
        change_flags(session, None, clock, beside, NEIGHBOUR)
        _tell(session, actor, "visit", added)
        journal.record_many(
            session,
            clock,
            actor,
            [
                (
                    journal.Event.VISIT_RECEIVED,
                    "visit",
                    visit_id,
                    {"store_id": row["store_id"], "verdict": row["verdict"]},
                )
                for visit_id, row in added.items()
            ],
        )
    outcomes = [
        Applied(visit_record(added[op.record_id], NO_PHOTOS)) if outcome is _ADDED else outcome
        for op, outcome in zip(ops, outcomes, strict=True)
    ]
    return _fill_in(session, ops, outcomes, {**known, **added})


def _new_visit(
    actor: Actor, op: Op, said: CheckIn, store: StoreRef, judge: StoreJudge
) -> dict[str, Any]:
    fix, evidence = said.fix, op.evidence
    judgement = judge(fix, store)
    return {
        "id": op.record_id,
        "author_id": actor.user_id,
        "store_id": store.id,
        "region_id": store.region_id,
        "state": _IN_PROGRESS,
        "planned": said.planned,
        "device_id": op.device_id,
        "device_seq": evidence.device_seq,
        "device_at": evidence.device_at,
        "clock_offset_ms": evidence.clock_offset_ms,
        "monotonic_ms": evidence.monotonic_ms,
        "contact_at": evidence.contact_at,
        "received_at": evidence.received_at,
        "said_at": said.at,
        "checked_in_at": evidence.correct(said.at),
        "in_lat": fix.lat if fix else None,
        "in_lon": fix.lon if fix else None,
        "in_accuracy_m": fix.accuracy_m if fix else None,
        "in_fix_age_s": fix.age_s if fix else None,
        "in_fix_source": fix.source if fix else None,
        "in_reason": said.reason,
        "in_digest": said.digest,
        "morton": morton(fix.lat, fix.lon) if fix else None,
        "verdict": str(judgement.verdict),
        "distance_m": judgement.distance_m,
        "rule_version": judgement.rule_version,
        "explanation": judgement.explanation,
        **flag_columns(judgement.flags),
        "checked_out_at": None,
        "out_lat": None,
        "out_lon": None,
        "out_accuracy_m": None,
        "out_fix_age_s": None,
        "out_fix_source": None,
        "close_digest": None,
        "dwell_s": None,
        "cancel_reason": None,
        "time_error_s": evidence.error_s(said.at),
        "close_step_s": None,
        "close_seq": None,
        "photos_said": None,
        "complete_at": None,
        "rev": 1,
    }


def _evidence(evidence: TimeEvidence) -> dict[str, Any]:
    return {
        "device_seq": evidence.device_seq,
        "device_at": evidence.device_at,
        "clock_offset_ms": evidence.clock_offset_ms,
        "monotonic_ms": evidence.monotonic_ms,
        "contact_at": evidence.contact_at,
        "received_at": evidence.received_at,
    }


def check_out_many(
    session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]
) -> list[Outcome]:
    """visit.check_out: end an open visit and take its dwell time.

    Defers dependency_missing (the check-in is not here yet); rejects op_malformed, visit_unknown
    (somebody else's), visit_closed.
    """
    wanted = rules(session)

    def close(row: Row, op: Op, said: Closing) -> dict[str, Any]:
        out_at = op.evidence.correct(said.at)
        stayed_s = dwell_s(row, op.evidence, said)
        step_s, flags = close_clock(row, op, wanted)
        own = own_flags(wanted, dwell_s=stayed_s, completed=True, photos=said.photos)
        flags = replaced(flags, OWN, own)
        return {
            "state": State.COMPLETED.value,
            "checked_out_at": out_at,
            **fields.fix_columns("out", said.fix),
            "dwell_s": stayed_s,
            **flag_columns(flags),
            "close_step_s": step_s,
            "close_seq": close_seq(row, op),
            "photos_said": said.photos,
            "close_digest": said.digest,
            "rev": row["rev"] + 1,
        }

    event = journal.Event.VISIT_CHECKED_OUT
    return _close_many(session, actor, clock, ops, fields.read_check_out, close, event)


def cancel_many(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """visit.cancel: call an open visit off, with a reason. Answers as check_out_many does."""
    wanted = rules(session)

    def close(row: Row, op: Op, said: Closing) -> dict[str, Any]:
        step_s, flags = close_clock(row, op, wanted)
        return {
            "state": State.CANCELLED.value,
            "cancel_reason": said.reason,
            **flag_columns(flags),
            "close_step_s": step_s,
            "close_seq": close_seq(row, op),
            "close_digest": said.digest,
            "rev": row["rev"] + 1,
        }

    event = journal.Event.VISIT_CANCELLED
    return _close_many(session, actor, clock, ops, fields.read_cancel, close, event)


def _close_many(
    session: Session,
    actor: Actor,
    clock: Clock,
    ops: Sequence[Op],
    reader: Callable[[Op], Closing],
    close: Callable[[Row, Op, Closing], dict[str, Any]],
    event: journal.Event,
) -> list[Outcome]:
    visits = _visits(session, [op.record_id for op in ops])
    closed: dict[str, dict[str, Any]] = {}
    entries: list[journal.Row] = []
    outcomes: list[Outcome] = []
    for op in ops:
        said = _read(reader, op)
        if isinstance(said, Problem):
            outcomes.append(Rejected(said))
            continue
        row = visits.get(op.record_id)
        if row is None:
            outcomes.append(_NOT_HERE)
        elif row["author_id"] != actor.user_id:
            outcomes.append(_NOT_YOURS)
        elif row["close_digest"] == said.digest:
            outcomes.append(_AS_IT_IS)
        elif row["state"] != State.IN_PROGRESS:
            outcomes.append(Rejected(problems.VISIT_CLOSED.error()))
        else:
            closed[op.record_id] = values = close(row, op, said)
            visits[op.record_id] = {**row, **values}
            outcomes.append(_AS_IT_IS)
            # The closing has its own time evidence, which the visit's columns do not hold.
            entries.append((event, "visit", op.record_id, _told(op, said)))
    if closed:
        # The closing may have set flags, and the map counts by them.
        note_days(session, (visits[visit_id]["checked_in_at"] for visit_id in closed))
        names = next(iter(closed.values()))
        session.execute(
            update(_VISIT)
            .where(_VISIT.c.id == bindparam("visit_id"))
            .values({name: bindparam(f"new_{name}") for name in names}),
            [
                {"visit_id": visit_id} | {f"new_{name}": value for name, value in row.items()}
                for visit_id, row in closed.items()
            ],
        )
        _tell(session, actor, "visit", closed)
        journal.record_many(session, clock, actor, entries)
        # Only now is it known which of their photos were added after the closing.
        accused = [one for one in closed if PHOTO & {f["code"] for f in visits[one]["flags"]}]
        if accused and (counting := relieved(session, accused)):
            judge_photos(session, actor, clock, counting)
            visits |= _visits(session, accused)
    return _fill_in(session, ops, outcomes, visits)


def _told(op: Op, said: Closing) -> dict[str, Any]:
    evidence = _evidence(op.evidence)
    return {
        "at": wire_time(said.at),
        "device_id": op.device_id,
        **evidence,
        "device_at": wire_time(op.evidence.device_at),
        "contact_at": wire_time(op.evidence.contact_at),
        "received_at": wire_time(op.evidence.received_at),
    }


def add_notes(session: Session, actor: Actor, clock: Clock, ops: Sequence[Op]) -> list[Outcome]:
    """visit.note: add a note to a visit of one's own, open or closed.

    Defers dependency_missing; rejects op_malformed, visit_unknown, record_exists.
    """
    read = [_read(fields.read_note, op) for op in ops]
    visits = _visits(session, [one.visit_id for one in read if isinstance(one, Note)])
    ids = [op.record_id for op in ops]
    known: dict[str, Row] = {row["id"]: row for row in _FIND_NOTES(session, ids)}
    added: dict[str, Row] = {}
    outcomes: list[Outcome] = []
    for op, said in zip(ops, read, strict=True):
        if isinstance(said, Problem):
            outcomes.append(Rejected(said))
            continue
        there = known.get(op.record_id) or added.get(op.record_id)
        if there is not None:
            same = there["author_id"] == actor.user_id and there["payload_digest"] == said.digest
            outcomes.append(
                Applied(note_record(there)) if same else Rejected(problems.RECORD_EXISTS.error())
            )
            continue
        visit = visits.get(said.visit_id)
        if visit is None or visit["author_id"] != actor.user_id:
            outcomes.append(_NOT_HERE if visit is None else _NOT_YOURS)
            continue
        added[op.record_id] = row = {
            "id": op.record_id,
            "visit_id": said.visit_id,
            "author_id": actor.user_id,
            "at": op.evidence.correct(said.at),
            "received_at": op.evidence.received_at,
            "text": said.text,
            "payload_digest": said.digest,
        }
        outcomes.append(Applied(note_record(row)))
    if added:
        _WRITE_NOTES(session, list(added.values()))
        _tell(session, actor, "note", added)
        journal.record_many(
            session,
            clock,
            actor,
            [
                (journal.Event.VISIT_NOTED, "visit", row["visit_id"], {"note_id": note_id})
                for note_id, row in added.items()
            ],
        )
    return outcomes


_IN_PROGRESS: Final = State.IN_PROGRESS.value

# Stands for "the record as it now is", filled in once the whole batch is known.
_AS_IT_IS: Final = Applied({})
# Stands for "the record as it is written", until its neighbours have had their say.
_ADDED: Final = Applied({})
_NOT_HERE: Final = Deferred(problems.DEPENDENCY_MISSING.error())
_NOT_YOURS: Final = Rejected(problems.VISIT_UNKNOWN.error())


def _fill_in(
    session: Session, ops: Sequence[Op], outcomes: list[Outcome], rows: Mapping[str, Row]
) -> list[Outcome]:
    pairs = list(zip(ops, outcomes, strict=True))
    ids = {op.record_id for op, outcome in pairs if outcome is _AS_IT_IS}
    if not ids:
        return outcomes
    counts = photos.counts(session, ids)
    return [
        Applied(visit_record(rows[op.record_id], counts.get(op.record_id, NO_PHOTOS)))
        if outcome is _AS_IT_IS
        else outcome
        for op, outcome in pairs
    ]


def _read(reader: Callable[[Op], T], op: Op) -> T | Problem:
    try:
        return reader(op)
    except Problem as problem:
        return problem


def _visits(session: Session, ids: Sequence[str]) -> dict[str, Row]:
    return {row["id"]: row for row in _FIND_VISITS(session, set(ids))}


def _tell(session: Session, actor: Actor, entity: str, ids: Iterable[str]) -> None:
    changes.touch(session, changes.user_scope(actor.user_id), entity, ids)


OPS: dict[str, Handler] = {
    "visit.check_in": check_in_many,
    "visit.check_out": check_out_many,
    "visit.cancel": cancel_many,
    "visit.note": add_notes,
}
