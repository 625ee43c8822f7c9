"""What takes long in the office keeps no phone from sending: its pushes need the same write lock.

On PostgreSQL (tests/server/sync/test_at_once.py says how) nobody waits for another's lock of all.
"""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.kernel import sheets
from tests.server.conftest import log_in
from tests.server.own_app import own_app
from tests.server.sync.phone import Phone
from tests.server.sync.test_at_once import make_phones

__all__ = ["own_app"]

_PATIENCE_S = 5.0


class Field:
    """A rep who may send a check-in at any moment, and an office at its desk."""

    def __init__(self, app: Flask) -> None:
        phones, self.store_id = make_phones(app)
        self.phone: Phone = phones[0]
        self.office: FlaskClient = log_in(app, "office")
        self.sent = threading.Event()
        self._sender = threading.Thread(target=self._send)

    def _send(self) -> None:
        assert self.phone.push(self.phone.check_in(self.store_id))[0]["status"] == "applied"
        self.sent.set()

    def send_now(self) -> bool:
        """Push from another thread, once; True if it was answered before this one goes on."""
        if self._sender.ident is None:
            self._sender.start()
        return self.sent.wait(_PATIENCE_S)

    def made(self, path: str, values: dict[str, Any]) -> Any:
        answer: Any = self.office.post(f"/api/v1{path}", json=values)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return answer.json

    def campaign(self) -> str:
        values = {"code": "P1", "name": "活动", "first_day": "2026-11-16", "last_day": "2026-11-29"}
        found: str = self.made("/campaigns", values)["id"]
        return found

    def close(self) -> None:
        self._sender.join(30)
        assert self.sent.is_set()


@pytest.fixture
def field(own_app: Flask) -> Field:
    return Field(own_app)


class SlowBody(io.BytesIO):
    """A file of the office on a slow line: while it arrives, a rep sends."""

    def __init__(self, data: bytes, field: Field) -> None:
        super().__init__(data)
        self.field = field
        self.went_on = False

    def readinto(self, buffer: Any, /) -> int:
        self.went_on = self.field.send_now()
        return super().readinto(buffer)


def test_a_list_of_stores_on_a_slow_line(field: Field) -> None:
    path = f"/api/v1/campaigns/{field.campaign()}/stores/import"
    data = b"code\nS1\n"
    body = SlowBody(data, field)
    answer: Any = field.office.post(
        path, input_stream=body, content_length=len(data), content_type="text/csv"
    )
    assert (answer.status_code, answer.json["total"]) == (200, 1)
    field.close()
    assert body.went_on


@pytest.mark.parametrize(
    ("module", "path", "body"),
    [
        ("tasks.export", "/tasks/export?format=xlsx", None),
        ("materials.stock.export", "/stock/export", {"table": "ledger", "format": "xlsx"}),
        ("materials.stock.export", "/stock/export", {"table": "stock", "format": "csv"}),
        ("campaigns.sheets", "/campaigns/{campaign}/export", {"table": "board", "format": "csv"}),
        ("campaigns.sheets", "/campaigns/{campaign}/export", {"table": "effect", "format": "csv"}),
        (
            "campaigns.sheets",
            "/campaigns/{campaign}/export",
            {"table": "summaries", "format": "xlsx"},
        ),
        ("office.weeks.export", "/office/weeks/2026-W48/export?format=xlsx", None),
    ],
)
def test_a_table_that_takes_long_to_write(
    field: Field,
    own_app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    path: str,
    body: dict[str, str] | None,
) -> None:
    """The journal still says who took it."""
    went_on: list[bool] = []

    def write(*args: Any) -> bytes:
        went_on.append(field.send_now())
        return sheets.write(*args)

    monkeypatch.setattr(f"server.{module}.write", write)
    path = path.format(campaign=field.campaign())
    answer: Any = field.office.post(f"/api/v1{path}", json=body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    field.close()
    assert went_on == [True]
    day = "2026-11-23"
    log: Any = field.office.get(f"/api/v1/journal/export?from={day}&to={day}&format=jsonl")
    assert log.get_data(as_text=True).count("exported") == 2
