"""Reading the envelope of a push: every op is checked by itself, so one bad op harms no other."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from server.kernel import problems
from server.kernel.auth import Actor
from server.kernel.clock import TimeEvidence, parse_time
from server.kernel.ids import is_id
from server.kernel.ops import Op
from server.kernel.problems import Problem

MAX_OPS = 500
_MAX_DAYS_MS = 3_660 * 86_400_000
# A counter may be fast: so much has surely passed for each millisecond of it.
_COUNTED_RIGHT = timedelta(milliseconds=0.999)


@dataclass(frozen=True, slots=True)
class Device:
    """What the phone says about itself with each push.

    Of what cannot be read it has said nothing: app_version "", schema and unsent 0.
    """

    id: str
    app_version: str
    schema: int
    unsent: int
    oldest_unsent_at: datetime | None


def read_batch(body: Any) -> tuple[Device, list[Any]]:
    """The device and the raw ops. Raises validation_failed naming the field at fault.

    Only what the ops cannot be told by is a fault. How the phone is and how much it holds is for
    the list of phones: no op waits because that was said in a way that nobody understands.
    """
    if not isinstance(body, dict):
        raise problems.VALIDATION_FAILED.error(field="")
    ops = body.get("ops")
    if not isinstance(ops, list) or len(ops) > MAX_OPS:
        raise problems.VALIDATION_FAILED.error(field="ops", limit=MAX_OPS)
    device = body.get("device")
    if not isinstance(device, dict):
        raise problems.VALIDATION_FAILED.error(field="device")
    device_id = device.get("id")
    if not isinstance(device_id, str) or not 1 <= len(device_id) <= 64 or "\0" in device_id:
        raise problems.VALIDATION_FAILED.error(field="device.id")
    version = device.get("app_version")
    return Device(
        id=device_id,
        app_version=version.replace("\0", "")[:40] if isinstance(version, str) else "",
        schema=_number(body.get("schema"), 1, 1_000),
        unsent=_number(device.get("unsent"), 0, 10_000_000),
        oldest_unsent_at=_time(device.get("oldest_unsent_at")),
    ), ops


def _number(said: object, low: int, high: int) -> int:
    return said if isinstance(said, int) and _whole(said, low, high) else 0


def _time(said: object) -> datetime | None:
    with contextlib.suppress(ValueError):
        return parse_time(said)
    return None


def op_id_of(raw: Any) -> str | None:
    """The op's id if it has a usable one."""
    found = raw.get("op_id") if isinstance(raw, dict) else None
    return found if is_id(found) else None


def read_op(raw: Any, actor: Actor, device_id: str, received_at: datetime) -> Op | Problem:
    """One op, or the problem why it can never be applied as it is written."""
    if not isinstance(raw, dict):
        return problems.OP_MALFORMED.error()
    if not is_id(raw.get("op_id")):
        return problems.OP_ID_MISSING.error(field="op_id")
    if raw.get("author") != actor.user_id:
        return problems.AUTHOR_MISMATCH.error(field="author")
    kind, payload = raw.get("kind"), raw.get("payload")
    if not isinstance(kind, str) or not kind:
        return problems.OP_MALFORMED.error(field="kind")
    if not is_id(raw.get("record_id")):
        return problems.OP_MALFORMED.error(field="record_id")
    if not isinstance(payload, dict):
        return problems.OP_MALFORMED.error(field="payload")
    depends_on = raw.get("depends_on", [])
    if not isinstance(depends_on, list) or not all(is_id(one) for one in depends_on):
        return problems.OP_MALFORMED.error(field="depends_on")
    try:
        evidence = _evidence(raw, received_at)
    except _BadFieldError as bad:
        return problems.OP_MALFORMED.error(field=bad.args[0])
    return Op(raw["op_id"], kind, raw["record_id"], payload, tuple(depends_on), evidence, device_id)


class _BadFieldError(ValueError):
    """Names the field at fault."""


def _evidence(raw: Mapping[str, Any], received_at: datetime) -> TimeEvidence:
    try:
        device_at = parse_time(raw.get("device_at"))
    except ValueError as error:
        raise _BadFieldError("device_at") from error
    offset, monotonic = raw.get("clock_offset_ms"), raw.get("monotonic_ms")
    if offset is not None and not _whole(offset, -_MAX_DAYS_MS, _MAX_DAYS_MS):
        raise _BadFieldError("clock_offset_ms")
    if monotonic is not None and not _whole(monotonic, 0, _MAX_DAYS_MS):
        raise _BadFieldError("monotonic_ms")
    if not _whole(raw.get("device_seq"), 0, 2**53):
        raise _BadFieldError("device_seq")
    contact_at = None if offset is None else _contact(raw, monotonic or 0, received_at)
    return TimeEvidence(device_at, offset, monotonic, raw["device_seq"], received_at, contact_at)


def _contact(raw: Mapping[str, Any], counted_ms: int, received_at: datetime) -> datetime | None:
    """The server's time at the op's contact, or None where that is not said or cannot be.

    No op is refused for it: older apps do not know the field. What lies after the receipt was told
    by a server whose clock was ahead, and proves nothing.
    """
    contact_at = _time(raw.get("contact_at"))
    if contact_at is None or contact_at + _COUNTED_RIGHT * counted_ms > received_at:
        return None
    return contact_at


def _whole(value: object, low: int, high: int) -> bool:
    # True is an int to isinstance.
    return type(value) is int and low <= value <= high


def digest(op: Op) -> bytes:
    """What makes two sendings the same op. How often it was tried does not count.

    Raises op_malformed where the payload is nested too deep.
    """
    evidence = op.evidence
    said = [op.kind, op.record_id, op.payload, evidence.device_at, evidence.device_seq]
    try:
        text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        # orjson reads four times as many levels as it writes.
        raise problems.OP_MALFORMED.error(field="payload") from error
    return hashlib.sha256(text).digest()
