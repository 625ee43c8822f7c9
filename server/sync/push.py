"""Push: a batch of ops, each answered by itself, all of it in one transaction.

An op is applied at most once. Its receipt is written with its record; the same op sent again gets
the first answer's bytes, another content under its id is a conflict. What a bad op does to the
database is undone alone; the rest of the batch goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import Table
from sqlalchemy.orm import Session

from server.audit.answers.ops import OPS as ANSWER_OPS
from server.campaigns.seen.ops import OPS as SEEN_OPS
from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.bulk import BulkInsert, Lookup
from server.kernel.clock import Clock, wire_time
from server.kernel.ops import Applied, Deferred, Handler, Op, Outcome, Rejected
from server.kernel.problems import Problem
from server.kernel.turns import take_turn
from server.materials.ops import OPS as MATERIAL_OPS
from server.materials.stock.ops import OPS as STOCK_OPS
from server.office.ops import OPS as OFFICE_OPS
from server.office.weeks.ops import OPS as WEEK_OPS
from server.photos.ops import OPS as PHOTO_OPS
from server.sync import devices
from server.sync.envelope import Device, digest, op_id_of, read_op
from server.sync.models import OpReceipt
from server.tasks.ops import OPS as TASK_OPS
from server.visits.ops import OPS as VISIT_OPS

log = logging.getLogger(__name__)

_RECEIPT: Table = OpReceipt.__table__  # type: ignore[assignment]  # declared wider than it is
_FIND_RECEIPTS = Lookup(
    _RECEIPT.c.op_id,
    (_RECEIPT.c.op_id, _RECEIPT.c.author_id, _RECEIPT.c.digest, _RECEIPT.c.result),
)
_WRITE_RECEIPTS = BulkInsert(_RECEIPT)

HANDLERS: Final[Mapping[str, Handler]] = (
    VISIT_OPS
    | PHOTO_OPS
    | MATERIAL_OPS
    | STOCK_OPS
    | OFFICE_OPS
    | WEEK_OPS
    | ANSWER_OPS
    | SEEN_OPS
    | TASK_OPS
)

# A record comes after what it belongs to, in whatever order a batch was written.
PHASES: Final = (
    "visit.check_in",
    "office.check_in",
    "visit.note",
    "photo.add",
    "stock.confirm",
    "handout.add",
    "stock.transfer",
    "stock.return",
    "stock.count",
    "visit.reply",
    "campaign.seen",
    "task.done",
    "visit.check_out",
    "visit.cancel",
    "office.exemption_request",
    "office.make_up",
)


@dataclass(slots=True)
class _Slot:
    """One place in the batch and what became of it."""

    index: int
    op_id: str | None
    op: Op | None = None
    status: str = ""
    result: bytes | None = None
    problem: Problem | None = None
    digest: bytes = b""


@dataclass(slots=True)
class _Batch:
    slots: list[_Slot]
    applied: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)


def push(
    session: Session,
    actor: Actor,
    clock: Clock,
    device: Device,
    raw_ops: Sequence[Any],
    language: str,
) -> bytes:
    """Apply a batch and return the JSON of its answer. The caller commits before sending it."""
    try:
        batch = _run(session, actor, clock, device, raw_ops, one_by_one=False)
        session.flush()
    except Problem:
        raise
    except Exception:
        # One op broke the batch in a way no check foresaw (or another tab won a race). Undo all
        # of it, and give each op its own savepoint, so that the rest is stored.
        log.exception("batch of %d ops failed; going through it one by one", len(raw_ops))
        session.rollback()
        batch = _run(session, actor, clock, device, raw_ops, one_by_one=True)
    devices.note_contact(session, actor, clock, device)
    return orjson.dumps(
        {
            "server_time": wire_time(clock.now()),
            "results": [_answer(slot, language) for slot in batch.slots],
        }
    )


def _run(
    session: Session,
    actor: Actor,
    clock: Clock,
    device: Device,
    raw_ops: Sequence[Any],
    *,
    one_by_one: bool,
) -> _Batch:
    batch = _Batch(_read(raw_ops, actor, device, clock))
    take_turn(session, actor.user_id)
    _recognise(session, actor, batch)
    for kind in PHASES:
        slots = [s for s in batch.slots if not s.status and s.op and s.op.kind == kind]
        for wave in _waves(slots):
            for group in [[slot] for slot in wave] if one_by_one else [wave]:
                _phase(session, actor, clock, kind, group, batch, guarded=one_by_one)
    _write_receipts(session, actor, clock, batch)
    return batch


def _read(raw_ops: Sequence[Any], actor: Actor, device: Device, clock: Clock) -> list[_Slot]:
    received_at = clock.now()
    slots = []
    seen: set[str] = set()
    for index, raw in enumerate(raw_ops):
        slot = _Slot(index, op_id_of(raw))
        slots.append(slot)
        read = read_op(raw, actor, device.id, received_at)
        if isinstance(read, Problem):
            slot.status, slot.problem = "rejected", read
            continue
        if read.kind not in HANDLERS:
            slot.status = "rejected"
            slot.problem = problems.OP_KIND_UNKNOWN.error(field="kind", kind=read.kind[:64])
            continue
        try:
            slot.op, slot.digest = read, digest(read)
        except Problem as problem:
            slot.status, slot.problem = "rejected", problem
            continue
        if read.op_id in seen:
            slot.status = "again"
        seen.add(read.op_id)
    return slots


def _recognise(session: Session, actor: Actor, batch: _Batch) -> None:
    """Answer what was applied before, and what this batch has more than once.

    What was applied before is the measure for all of its id; else the first in the batch is, and
    its twin is answered like a repetition.
    """
    first = {s.op_id: s for s in batch.slots if not s.status and s.op_id}
    if not first:
        return
    receipts = {receipt["op_id"]: receipt for receipt in _FIND_RECEIPTS(session, first)}
    for slot in batch.slots:
        if slot.status not in {"", "again"} or slot.op is None:
            continue
        op_id = slot.op.op_id
        receipt = receipts.get(op_id)
        if receipt is None:
            if slot.status == "again":
                slot.status = "twin" if first[op_id].digest == slot.digest else "conflict"
        elif receipt["digest"] == slot.digest and receipt["author_id"] == actor.user_id:
            slot.status, slot.result = "replayed", receipt["result"]
            batch.applied.add(op_id)
        else:
            slot.status = "conflict"
            batch.failed.add(op_id)
        if slot.status == "conflict":
            slot.problem = problems.OP_CONFLICT.error(field="op_id")
    batch.failed -= batch.applied


def _waves(slots: list[_Slot]) -> Iterator[list[_Slot]]:
    """Ops of one kind, those first that wait for none of the others; nearly always one wave."""
    while slots:
        pending = {slot.op_id for slot in slots}
        free = [s for s in slots if s.op and pending.isdisjoint(s.op.depends_on)]
        # Ops that wait for each other would wait for ever: they are taken as they come.
        free = free or slots
        yield free
        taken = {slot.index for slot in free}
        slots = [slot for slot in slots if slot.index not in taken]


def _phase(
    session: Session,
    actor: Actor,
    clock: Clock,
    kind: str,
    slots: Sequence[_Slot],
    batch: _Batch,
    *,
    guarded: bool,
) -> None:
    ready = []
    for slot in slots:
        if slot.op is not None and batch.failed.intersection(slot.op.depends_on):
            _settle(slot, Deferred(problems.DEPENDENCY_MISSING.error()), batch)
        else:
            ready.append(slot)
    if not ready:
        return
    ops = [slot.op for slot in ready if slot.op is not None]
    outcomes: list[Outcome]
    if guarded:
        try:
            with session.begin_nested():
                outcomes = HANDLERS[kind](session, actor, clock, ops)
        except Exception:
            log.exception("op %s (%s) failed", ops[0].op_id, kind)
            outcomes = [Deferred(problems.INTERNAL.error())]
    else:
        outcomes = HANDLERS[kind](session, actor, clock, ops)
    for slot, outcome in zip(ready, outcomes, strict=True):
        _settle(slot, outcome, batch)


def _settle(slot: _Slot, outcome: Outcome, batch: _Batch) -> None:
    op_id = slot.op_id or ""
    match outcome:
        case Applied(record):
            slot.status, slot.result = "applied", orjson.dumps(record)
            batch.applied.add(op_id)
        case Rejected(problem):
            slot.status, slot.problem = "rejected", problem
            batch.failed.add(op_id)
        case Deferred(problem):
            slot.status, slot.problem = "deferred", problem
            batch.failed.add(op_id)


def _write_receipts(session: Session, actor: Actor, clock: Clock, batch: _Batch) -> None:
    at = clock.now()
    # Sorted, so that two pushes of the same ops lock their rows in one order.
    rows = [
        {
            "op_id": slot.op.op_id,
            "author_id": actor.user_id,
            "kind": slot.op.kind,
            "record_id": slot.op.record_id,
            "digest": slot.digest,
            "result": slot.result,
            "device_id": slot.op.device_id,
            "device_seq": slot.op.evidence.device_seq,
            "at": at,
        }
        for slot in sorted(batch.slots, key=lambda slot: slot.op_id or "")
        if slot.status == "applied" and slot.op is not None
    ]
    _WRITE_RECEIPTS(session, rows)
    # A twin repeats the first of its id, also where another content under that id came between.
    firsts = {s.op_id: s for s in reversed(batch.slots) if s.op_id and s.status != "twin" and s.op}
    for slot in batch.slots:
        if slot.status == "twin":
            first = firsts[slot.op_id or ""]
            slot.status = "replayed" if first.status == "applied" else first.status
            slot.result, slot.problem = first.result, first.problem


def _answer(slot: _Slot, language: str) -> dict[str, Any]:
    return {
        "op_id": slot.op_id,
        "index": slot.index,
        "status": slot.status,
        "result": None if slot.result is None else orjson.Fragment(slot.result),
        "problem": None if slot.problem is None else slot.problem.as_dict(language),
    }
