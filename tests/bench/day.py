"""What a rep's phone pushes in the benches: ops as the app makes them, no two alike."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from server.kernel.ids import new_id
from tests.bench.serving import Place
from tests.bench.wire import json_request

PUSH = "/api/v1/sync/push"
# Far enough back for all that a bench pushes, at a visit every ten minutes.
FIRST_DAY_AGO = 300
KINDS = ("storefront", "shelf", "price_tag")
REASONS = ("商场内信号弱，定位不准", "门店搬到了马路对面", "店长在仓库，从后门进店")


@dataclass
class Rep:
    """A rep's logged-in phone: makes ops and the bytes of pushes."""

    place: Place
    name: str
    device_id: str
    token: str = ""
    seq: Iterator[int] = field(default_factory=lambda: count(1))
    random: random.Random = field(default_factory=lambda: random.Random(1))
    # The phone's clock, which goes on as the day does: who is at two stores at once is flagged.
    now: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=FIRST_DAY_AGO))

    def __post_init__(self) -> None:
        self.token = self.token or self.place.log_in(self.name, self.device_id)
        self.user_id = self.place.company.people[self.name]
        self.stores = self.place.stores[self.name]
        self.began = self.now

    def later(self, minutes: int) -> str:
        """The phone's time after so many minutes more, as the app writes it."""
        self.now += timedelta(minutes=minutes)
        return wire(self.now)

    def op(self, kind: str, record_id: str, payload: dict[str, Any], at: str) -> dict[str, Any]:
        """An op with the time evidence of a phone whose clock is a little off."""
        seq = next(self.seq)
        return {
            "op_id": new_id(),
            "kind": kind,
            "record_id": record_id,
            "author": self.user_id,
            "depends_on": [],
            "payload": payload,
            "device_seq": seq,
            "device_at": at,
            "clock_offset_ms": 1250,
            "monotonic_ms": 40_000 + round((self.now - self.began).total_seconds() * 1000),
        }

    def fix(self, lat: float, lon: float) -> dict[str, Any]:
        """A fix up to 300 m from a pin, so that every verdict comes up."""
        return {
            "lat": round(lat + self.random.uniform(-0.003, 0.003), 6),
            "lon": round(lon + self.random.uniform(-0.003, 0.003), 6),
            "accuracy_m": round(self.random.uniform(5, 90), 1),
            "age_s": round(self.random.uniform(0, 3), 1),
            "source": "gps",
        }

    def check_in(self, number: int) -> dict[str, Any]:
        """visit.check_in at one of the rep's stores, with a fix and a reason."""
        store_id, lat, lon = self.stores[number % len(self.stores)]
        at = self.later(10)
        payload = {
            "store_id": store_id,
            "at": at,
            "planned": number % 4 > 0,
            "fix": self.fix(lat, lon),
            "reason": REASONS[number % len(REASONS)],
        }
        return self.op("visit.check_in", new_id(), payload, at)

    def visit(self, number: int) -> list[dict[str, Any]]:
        """A whole visit: check-in, three photos, a handout, check-out."""
        check_in = self.check_in(number)
        visit_id = check_in["record_id"]
        _, lat, lon = self.stores[number % len(self.stores)]
        later = [
            *(self.photo(visit_id, kind) for kind in KINDS),
            self._handout(visit_id, number),
            self.op(
                "visit.check_out",
                visit_id,
                {"at": self.later(4), "fix": self.fix(lat, lon)},
                wire(self.now),
            ),
        ]
        for op in later:
            op["depends_on"] = [check_in["op_id"]]
        return [check_in, *later]

    def photo(self, visit_id: str, kind: str, data: bytes | None = None) -> dict[str, Any]:
        """photo.add; the bytes' hash, or that of bytes never sent."""
        found = data if data is not None else new_id().encode()
        payload = {
            "visit_id": visit_id,
            "kind": kind,
            "sha256": hashlib.sha256(found).hexdigest(),
            "bytes": len(data) if data is not None else 250_000,
            "width": 1600,
            "height": 1200,
            "mime": "image/jpeg",
            "taken_at": self.later(1),
            "source": "camera",
        }
        return self.op("photo.add", new_id(), payload, wire(self.now))

    def _handout(self, visit_id: str, number: int) -> dict[str, Any]:
        materials = list(self.place.company.materials.values())
        payload = {
            "visit_id": visit_id,
            "material_id": materials[number % len(materials)],
            "quantity": 1,
            "recipient": "王店长",
            "signature_sha256": None,
            "at": self.later(1),
        }
        return self.op("handout.add", new_id(), payload, wire(self.now))

    def push(self, ops: Sequence[dict[str, Any]]) -> bytes:
        """The bytes of the request that pushes these ops."""
        document = {
            "schema": 1,
            "device": {
                "id": self.device_id,
                "app_version": "0.1.0",
                "unsent": len(ops),
                "oldest_unsent_at": wire(datetime.now(UTC) - timedelta(minutes=60)),
            },
            "ops": ops,
        }
        return json_request(PUSH, document, self.token)


def wire(at: datetime) -> str:
    """A time as the app writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
