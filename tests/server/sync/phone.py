"""A phone for tests: makes ops as the app does and sends them to the real routes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from flask.testing import FlaskClient

from server.kernel.ids import new_id

AT = "2026-11-23T03:30:00.000Z"
PIN = (31.3, 120.6)


@dataclass
class Phone:
    """One logged-in phone. op() makes, push() sends, pull() follows the feed."""

    client: FlaskClient
    user_id: str
    device_id: str = "phone-1"
    cursor: str | None = None
    seq: count[int] = field(default_factory=lambda: count(1))

    def op(
        self, kind: str, payload: dict[str, Any], record_id: str | None = None, **more: Any
    ) -> dict[str, Any]:
        return {
            "op_id": new_id(),
            "kind": kind,
            "record_id": record_id or new_id(),
            "author": self.user_id,
            "depends_on": [],
            "payload": payload,
            "device_seq": next(self.seq),
            "device_at": AT,
            "clock_offset_ms": 0,
            "monotonic_ms": None,
        } | more

    def check_in(self, store_id: str, **more: Any) -> dict[str, Any]:
        fix = {"lat": PIN[0], "lon": PIN[1], "accuracy_m": 12.0, "age_s": 1.0, "source": "gps"}
        payload = {"store_id": store_id, "at": AT, "planned": True, "fix": fix, "reason": None}
        return self.op("visit.check_in", payload | more)

    def send(self, ops: list[Any], headers: dict[str, str] | None = None) -> Any:
        body = {
            "schema": 1,
            "device": {"id": self.device_id, "app_version": "0.1.0", "unsent": len(ops)},
            "ops": ops,
        }
        return self.client.post("/api/v1/sync/push", json=body, headers=headers)

    def push(self, *ops: Any) -> list[dict[str, Any]]:
        answer = self.send(list(ops))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        results: list[dict[str, Any]] = answer.json["results"]
        assert [row["index"] for row in results] == list(range(len(ops)))
        return results

    def push_text(self, *ops: str | dict[str, Any]) -> list[dict[str, Any]]:
        """Push ops of which some are JSON text already, as what cannot be written otherwise."""
        texts = [op if isinstance(op, str) else json.dumps(op) for op in ops]
        about = json.dumps({"id": self.device_id, "app_version": "0.1.0", "unsent": len(ops)})
        body = f'{{"schema": 1, "device": {about}, "ops": [{", ".join(texts)}]}}'
        answer: Any = self.client.post(
            "/api/v1/sync/push", data=body, content_type="application/json"
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
        results: list[dict[str, Any]] = answer.json["results"]
        return results

    def pull(self, limit: int = 500) -> list[dict[str, Any]]:
        changes: list[dict[str, Any]] = []
        while True:
            query = {"limit": limit} | ({"cursor": self.cursor} if self.cursor else {})
            answer: Any = self.client.get("/api/v1/sync/pull", query_string=query)
            assert answer.status_code == 200, answer.get_data(as_text=True)
            changes += answer.json["changes"]
            self.cursor = answer.json["cursor"]
            if not answer.json["more"]:
                return changes


def nested(op: dict[str, Any], levels: int) -> str:
    """The op's JSON, with so many lists within each other as one more field of its payload."""
    mark = "in here"
    text = json.dumps(op | {"payload": op["payload"] | {"deep": mark}})
    return text.replace(json.dumps(mark), "[" * levels + "]" * levels)
