"""What one rep did, and what the server has acknowledged of it: the truth a run is held against."""

from __future__ import annotations

import hashlib
import io
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from server.kernel.clock import Clock, wire_time
from server.kernel.ids import new_id

Op = dict[str, Any]
FIX = {"lat": 31.3001, "lon": 120.6, "accuracy_m": 12.0, "age_s": 1.0, "source": "gps"}
KINDS = ("shelf", "posm", "price_tag", "outdoor")


def picture(rng: random.Random, size: tuple[int, int], form: str = "JPEG") -> bytes:
    """A picture of nothing, that compresses badly."""
    noise = rng.randbytes(size[0] * size[1] * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", size, noise).save(out, form)
    return out.getvalue()


@dataclass
class Diary:
    """One rep's work. Ops and files are made here; the writer notes what became of them."""

    user_id: str
    stores: list[str]
    materials: list[str]
    rng: random.Random
    # Every op ever made, by id, and the files that they announce, by hash.
    ops: dict[str, Op] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    # The first answer to each acknowledged op, and the files acknowledged as complete.
    answers: dict[str, Any] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    # Ops that were on their way at least once.
    sent: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def visit(self) -> list[str]:
        """Make a visit with a note, photos and handouts; the ids of its ops, in their order."""
        rng = self.rng
        check_in = self._op(
            "visit.check_in",
            {
                "store_id": rng.choice(self.stores),
                "at": self._now(),
                "planned": rng.random() < 0.5,
                "fix": FIX if rng.random() < 0.8 else None,
                "reason": None,
            },
        )
        visit_id = self.ops[check_in]["record_id"]
        made = [check_in]
        for _ in range(rng.choice((0, 1, 1, 2))):
            text = f"note {rng.randrange(10**6)}"
            said = {"visit_id": visit_id, "at": self._now(), "text": text}
            made.append(self._op("visit.note", said, after=check_in))
        made += [self._photo(visit_id, check_in) for _ in range(rng.choice((0, 1, 2, 3)))]
        made += [self._handout(visit_id, check_in) for _ in range(rng.choice((0, 0, 1, 2)))]
        if rng.random() < 0.1:
            said = {"at": self._now(), "reason": "the store is closed"}
            made.append(self._op("visit.cancel", said, visit_id, after=check_in))
        else:
            said = {"at": self._now(), "fix": None}
            made.append(self._op("visit.check_out", said, visit_id, after=check_in))
        return made

    def _photo(self, visit_id: str, check_in: str) -> str:
        rng = self.rng
        if self.files and rng.random() < 0.1:
            # The very same picture once more.
            data = rng.choice(list(self.files.values()))
        else:
            data = picture(rng, (240, 180) if rng.random() < 0.2 else (48, 36))
        said = {
            "visit_id": visit_id,
            "office_check_in_id": None,
            "kind": rng.choice(KINDS),
            "sha256": self._keep(data),
            "bytes": len(data),
            "width": 1,
            "height": 1,
            "mime": "image/jpeg",
            "taken_at": self._now(),
            "source": "camera",
        }
        return self._op("photo.add", said, after=check_in)

    def _handout(self, visit_id: str, check_in: str) -> str:
        rng = self.rng
        signature = picture(rng, (24, 12), "PNG") if rng.random() < 0.5 else None
        said = {
            "visit_id": visit_id,
            "material_id": rng.choice(self.materials),
            "quantity": rng.randint(1, 5),
            "recipient": "刘店长",
            "signature_sha256": self._keep(signature) if signature else None,
            "at": self._now(),
        }
        return self._op("handout.add", said, after=check_in)

    def _keep(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.files[sha256] = data
        return sha256

    def _op(
        self, kind: str, payload: dict[str, Any], record_id: str = "", *, after: str = ""
    ) -> str:
        op_id = new_id()
        self.ops[op_id] = {
            "op_id": op_id,
            "kind": kind,
            "record_id": record_id or new_id(),
            "author": self.user_id,
            "depends_on": [after] if after else [],
            "payload": payload,
            "device_seq": len(self.ops) + 1,
            "device_at": self._now(),
            "clock_offset_ms": 0,
            "monotonic_ms": None,
        }
        return op_id

    def _now(self) -> str:
        return str(wire_time(Clock().now()))

    def waiting(self) -> list[str]:
        """Ops that nobody has acknowledged."""
        return [op_id for op_id in self.ops if op_id not in self.answers]

    def announced(self) -> list[str]:
        """Files whose bytes are not acknowledged."""
        return [sha256 for sha256 in self.files if sha256 not in self.stored]

    def of_kind(self, *kinds: str) -> list[Op]:
        """The ops of these kinds, in the order in which they were made."""
        return [op for op in self.ops.values() if op["kind"] in kinds]

    def took(self, op_id: str, result: dict[str, Any], *, first_try: bool) -> bool:
        """Hold the answer to one op against all that came before it; True if it is done with."""
        status, problem = result["status"], result["problem"]
        kind = self.ops[op_id]["kind"]
        self.counts[status] += 1
        if status == "deferred":
            assert kind != "visit.check_in", result
            assert problem["code"] == "dependency_missing", result
            assert op_id not in self.answers, "an acknowledged op is put off"
            return False
        if op_id in self.answers:
            assert status == "replayed", f"acknowledged before, now {result}"
            assert result["result"] == self.answers[op_id], "another answer than the first"
            return True
        allowed = {"applied"} if first_try else {"applied", "replayed"}
        assert status in allowed, f"{kind}: {result}"
        if status == "replayed":
            self.counts["answers lost"] += 1
        self.answers[op_id] = result["result"]
        return True
