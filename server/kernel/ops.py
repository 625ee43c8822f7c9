"""What sync push hands to the features, and what they answer: one outcome for every op."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy.orm import Session

from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.clock import Clock, TimeEvidence
from server.kernel.problems import Problem


# Not frozen, here and where else one is made for each op: a frozen one takes three times as long.
@dataclass(slots=True)
class Op:
    """One thing a person did on a phone. Its author is the actor of the push."""

    op_id: str
    kind: str
    record_id: str
    payload: Mapping[str, Any]
    depends_on: tuple[str, ...]
    evidence: TimeEvidence
    device_id: str


@dataclass(slots=True)
class Applied:
    """The op is stored; record is what the phone gets back."""

    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rejected:
    """The op can never be stored as it is; the phone parks it and shows the problem."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Deferred:
    """Something it depends on is not here yet; the phone sends it again later."""

    problem: Problem


Outcome = Applied | Rejected | Deferred
Handler = Callable[[Session, Actor, Clock, Sequence[Op]], list[Outcome]]
Reader = Callable[[Session, Actor, Sequence[str]], dict[str, dict[str, Any]]]


class HasDigest(Protocol):
    """What was read from a payload; digest tells it from another payload."""

    @property
    def digest(self) -> bytes:
        """16 bytes, as payload.digest() makes them."""
        ...


S = TypeVar("S", bound=HasDigest)
Row = Mapping[str, Any]


def read_each(ops: Sequence[Op], read: Callable[[Op], S]) -> list[S | Problem]:
    """What each op says, or the problem of reading it."""
    found: list[S | Problem] = []
    for op in ops:
        try:
            found.append(read(op))
        except Problem as problem:
            found.append(problem)
    return found


def answer_each(
    actor: Actor,
    ops: Sequence[Op],
    said: Sequence[S | Problem],
    known: Mapping[str, Row],
    add: Callable[[Op, S], Row | Outcome],
    record: Callable[[Row], dict[str, Any]],
) -> tuple[list[Outcome], dict[str, Row]]:
    """The outcome of each op, and the rows to be written, by record id.

    What cannot be read is rejected. The same record again (known, or earlier in the batch) is
    answered with it; another content under its id, or another's record, is record_exists. All else
    is for add: a new row {…, author_id, payload_digest}, or why there is none.
    """
    added: dict[str, Row] = {}
    outcomes: list[Outcome] = []
    for op, one in zip(ops, said, strict=True):
        if isinstance(one, Problem):
            outcomes.append(Rejected(one))
            continue
        there = known.get(op.record_id) or added.get(op.record_id)
        if there is not None:
            same = there["author_id"] == actor.user_id and there["payload_digest"] == one.digest
            outcomes.append(
                Applied(record(there)) if same else Rejected(problems.RECORD_EXISTS.error())
            )
            continue
        made = add(op, one)
        if isinstance(made, Applied | Rejected | Deferred):
            outcomes.append(made)
            continue
        added[op.record_id] = made
        outcomes.append(Applied(record(made)))
    return outcomes, added
