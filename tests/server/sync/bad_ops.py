"""What a defect, a curious hand or an enemy might push, with the answer that each has to get."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.kernel.ids import new_id
from tests.server.sync.field import Rep

AT = "2026-11-23T03:30:00.000Z"
Answer = tuple[str, str]
Bad = list[tuple[Any, Answer]]
MALFORMED = ("rejected", "op_malformed")
TOO_EARLY = ("deferred", "dependency_missing")
CONFLICT = ("conflict", "op_conflict")


def _op(rep: Rep, kind: str, said: dict[str, Any], /, **more: Any) -> dict[str, Any]:
    """An op as the phone makes it, but not one of its own: nobody waits for it."""
    made = rep.diary.ops.pop(rep.diary._op(kind, said))
    return made | more


def _check_in(rep: Rep, /, **more: Any) -> dict[str, Any]:
    said = {"store_id": rep.diary.stores[0], "at": AT, "planned": True, "fix": None}
    return _op(rep, "visit.check_in", said | more.pop("said", {}), **more)


def _note(rep: Rep, visit_id: str, /, **more: Any) -> dict[str, Any]:
    return _op(rep, "visit.note", {"visit_id": visit_id, "at": AT, "text": "x"}, **more)


def _quantity(rep: Rep, _: Rep) -> Bad:
    said = {"visit_id": new_id(), "material_id": new_id(), "quantity": 0, "at": AT}
    return [(_op(rep, "handout.add", said), ("rejected", "quantity_invalid"))]


def _dependent(rep: Rep, _: Rep) -> Bad:
    """A good note that names a bad op of its own batch."""
    bad = _check_in(rep, said={"at": "soon"})
    return [(bad, MALFORMED), (_note(rep, new_id(), depends_on=[bad["op_id"]]), TOO_EARLY)]


def _changed(rep: Rep, _: Rep) -> Bad:
    """Another content under an op that was applied."""
    found = [rep.diary.ops[op_id] for op_id in rep.stored][:1]
    return [(op | {"payload": op["payload"] | {"reason": new_id()}}, CONFLICT) for op in found]


def _stolen(rep: Rep, other: Rep) -> Bad:
    """Somebody else's op under one's own name."""
    found = [other.diary.ops[op_id] for op_id in other.stored][:1]
    return [(op | {"author": rep.diary.user_id}, CONFLICT) for op in found]


def _trespass(rep: Rep, other: Rep) -> Bad:
    """A note in somebody else's visit."""
    theirs = [other.diary.ops[op_id] for op_id in other.stored]
    visits = [op["record_id"] for op in theirs if op["kind"] == "visit.check_in"][:1]
    return [(_note(rep, visit_id), ("rejected", "visit_unknown")) for visit_id in visits]


# Each makes its ops for a rep, beside whom another one works; none where nothing is to spoil.
BAD: dict[str, Callable[[Rep, Rep], Bad]] = {
    "nothing": lambda rep, _: [(None, MALFORMED)],
    "no id": lambda rep, _: [(_check_in(rep, op_id="42"), ("rejected", "op_id_missing"))],
    "kind": lambda rep, _: [(_op(rep, "visit.teleport", {}), ("rejected", "op_kind_unknown"))],
    "author": lambda rep, _: [(_check_in(rep, author=new_id()), ("rejected", "author_mismatch"))],
    "payload": lambda rep, _: [(_check_in(rep, payload=[]), MALFORMED)],
    "store": lambda rep, _: [
        (_check_in(rep, said={"store_id": new_id()}), ("rejected", "store_unknown"))
    ],
    "time": lambda rep, _: [(_check_in(rep, said={"at": "soon"}), MALFORMED)],
    "orphan": lambda rep, _: [(_note(rep, new_id()), TOO_EARLY)],
    "quantity": _quantity,
    "dependent": _dependent,
    "changed": _changed,
    "stolen": _stolen,
    "trespass": _trespass,
}
