"""What the end of a visit tells about its time. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from server.accounts.organisation import Rules
from server.kernel.clock import TimeEvidence
from server.kernel.ops import Op
from server.visits.beside import reading
from server.visits.fields import Closing, evidence_of
from server.visits.flags import CLOCK, Flag, replaced
from server.visits.records import Row
from server.visits.timing import clock_flag, step_back_s


def dwell_s(row: Row, evidence: TimeEvidence, said: Closing) -> int:
    """Whole seconds from check-in to check-out, never negative.

    Under one clock offset the phone's own two readings are subtracted: the corrected ones may both
    be cut off at the receipt, which would make every visit of a phone with a fast clock short.
    What the clock was set back since its contact is no time that was not spent.
    """
    if evidence.clock_offset_ms == row["clock_offset_ms"]:
        set_back = evidence.behind_s() - evidence_of(row).behind_s()
        span: timedelta = said.at - row["said_at"] + timedelta(seconds=set_back)
    else:
        span = evidence.correct(said.at) - row["checked_in_at"]
    return max(0, round(span.total_seconds()))


def close_seq(row: Row, op: Op) -> int | None:
    """The place of the closing among the records of the phone that checked in; None by another."""
    return op.evidence.device_seq if op.device_id == row["device_id"] else None


def close_clock(row: Row, op: Op, wanted: Rules) -> tuple[float | None, list[Flag]]:
    """By how many seconds the clock went back within the visit, and its flags with that in them.

    None where it did not, within the tolerance, or where another phone closed the visit.
    """
    flags: list[Any] = row["flags"]
    if op.device_id != row["device_id"]:
        return None, flags
    before = evidence_of(row)
    step_s = step_back_s(reading(before), reading(op.evidence))
    if before.contact_at != op.evidence.contact_at:
        # Within the visit too: the contact since which the clock was set back came after check-in.
        step_s = max(step_s, op.evidence.behind_s())
    flag = clock_flag(step_s, 0.0, wanted.clock_tolerance_s)
    if flag is None:
        return None, flags
    known = [one for one in flags if one["code"] == flag["code"]]
    if known and known[0]["numbers"]["moved_s"] >= flag["numbers"]["moved_s"]:
        return step_s, flags
    return step_s, replaced(flags, CLOCK, [flag])
