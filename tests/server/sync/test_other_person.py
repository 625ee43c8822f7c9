"""A browser's cookie may become another person's between two requests of a phone's sync."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.photos.models import Upload
from server.sync.models import OpReceipt
from tests.server.sync.phone import Phone

SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"  # of b"test"
SIZES = {"Upload-Offset": "0", "Upload-Length": "4"}
OCTETS = "application/offset+octet-stream"

# method, path, what it carries
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "push": ("POST", "/sync/push", {"json": {"schema": 1, "device": {"id": "d"}, "ops": []}}),
    "first pull": ("GET", "/sync/pull", {}),
    "head": ("HEAD", f"/uploads/{SHA}", {}),
    "bytes": ("PATCH", f"/uploads/{SHA}", {"data": b"test", "content_type": OCTETS}),
    "report": ("PUT", "/sync/device", {"json": {}}),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_what_names_somebody_else_is_refused(
    phone: Phone, other_phone: Phone, session: Session, name: str
) -> None:
    method, path, said = REQUESTS[name]
    headers = {"Storewalk-Person": other_phone.user_id} | (SIZES if name == "bytes" else {})
    answer = phone.client.open(f"/api/v1{path}", method=method, headers=headers, **said)
    # 401: the phone keeps everything and waits until its owner has logged in.
    assert answer.status_code == 401
    assert "json" in answer.content_type
    if method != "HEAD":
        assert answer.json["code"] == "other_person"
    assert session.scalar(select(func.count()).select_from(Upload)) == 0
    assert session.scalar(select(func.count()).select_from(OpReceipt)) == 0


def test_ones_own_name_and_none_are_taken(phone: Phone, store_id: str) -> None:
    named = phone.send([phone.check_in(store_id)], {"Storewalk-Person": phone.user_id})
    assert [one["status"] for one in named.json["results"]] == ["applied"]
    headers = {"Storewalk-Person": phone.user_id} | SIZES
    sent = phone.client.patch(
        f"/api/v1/uploads/{SHA}", data=b"test", content_type=OCTETS, headers=headers
    )
    assert sent.json["complete"] is True
    assert phone.client.head(f"/api/v1/uploads/{SHA}").headers["Upload-Complete"] == "?1"
