"""What sync push hands to the features, and what they answer: one outcome for every op."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

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
