"""A rep's hand for tests: makes ops and gives them to the handlers, as sync push does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from server.kernel.auth import Actor
from server.kernel.clock import Clock, TimeEvidence, wire_time
from server.kernel.ids import new_id
from server.kernel.ops import Applied, Deferred, Op, Outcome, Rejected
from server.photos.ops import OPS as PHOTO_OPS
from server.visits.ops import OPS as VISIT_OPS

PIN = (31.3, 120.6)
HANDLERS = VISIT_OPS | PHOTO_OPS


def fix(north_m: float = 0.0, accuracy_m: float | None = 10.0, **more: Any) -> dict[str, Any]:
    """A fix so many metres north of PIN."""
    lat = PIN[0] + north_m / 110_860
    return {
        "lat": lat,
        "lon": PIN[1],
        "accuracy_m": accuracy_m,
        "age_s": 1.0,
        "source": "gps",
    } | more


@dataclass
class Hand:
    """One person with one phone. The phone's clock is right unless told otherwise."""

    session: Session
    actor: Actor
    clock: Clock
    seq: count[int] = field(default_factory=lambda: count(1))

    def op(
        self,
        kind: str,
        payload: dict[str, Any],
        record_id: str | None = None,
        *,
        device_at: datetime | None = None,
        offset_ms: int | None = 0,
    ) -> Op:
        now = self.clock.now()
        return Op(
            op_id=new_id(),
            kind=kind,
            record_id=record_id or new_id(),
            payload=payload,
            depends_on=(),
            evidence=TimeEvidence(device_at or now, offset_ms, None, next(self.seq), now),
            device_id="phone-1",
        )

    def run(self, *ops: Op) -> list[Outcome]:
        """Hand ops of one kind to their handler and commit."""
        outcomes = HANDLERS[ops[0].kind](self.session, self.actor, self.clock, ops)
        self.session.commit()
        return outcomes

    def ago(self, seconds: float = 0) -> str:
        """A time in the past as the wire writes it."""
        return str(wire_time(self.clock.now() - timedelta(seconds=seconds)))

    def check_in_op(
        self, store_id: str, record_id: str | None = None, seconds_ago: float = 0, **more: Any
    ) -> Op:
        payload = {
            "store_id": store_id,
            "at": self.ago(seconds_ago),
            "planned": True,
            "fix": fix(),
            "reason": None,
        }
        return self.op("visit.check_in", payload | more, record_id)

    def check_in(self, store_id: str, seconds_ago: float = 0, **more: Any) -> str:
        """Check in and return the visit's id."""
        op = self.check_in_op(store_id, seconds_ago=seconds_ago, **more)
        assert isinstance(self.run(op)[0], Applied)
        return op.record_id

    def check_out(self, visit_id: str, seconds_ago: float = 0) -> dict[str, Any]:
        """Check out and return the record."""
        payload = {"at": self.ago(seconds_ago), "fix": fix()}
        return applied(self.run(self.op("visit.check_out", payload, visit_id))[0])

    def photo_op(self, visit_id: str, sha256: str, **more: Any) -> Op:
        payload = {
            "visit_id": visit_id,
            "office_check_in_id": None,
            "kind": "shelf",
            "sha256": sha256,
            "bytes": 1000,
            "width": 1600,
            "height": 1200,
            "mime": "image/jpeg",
            "taken_at": self.ago(),
            "source": "camera",
        }
        return self.op("photo.add", payload | more)


def applied(outcome: Outcome) -> dict[str, Any]:
    """The record of an op that was applied."""
    assert isinstance(outcome, Applied), outcome
    return outcome.record


def code(outcome: Outcome) -> str:
    """What became of an op: applied, or its problem's code, marked where it is only deferred."""
    match outcome:
        case Applied():
            return "applied"
        case Rejected(problem):
            return problem.kind.code
        case Deferred(problem):
            return f"deferred {problem.kind.code}"
