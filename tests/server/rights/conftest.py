"""A visit of rep_a that is flagged, their phone, and the supervisor who looks."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.server.conftest import Login
from tests.server.sync.conftest import other_phone, phone, store_id
from tests.server.sync.phone import PIN, Phone

__all__ = ["other_phone", "phone", "store_id"]  # fixtures are found by name
OUT = "2026-11-23T03:50:00.000Z"
FAR = {"lat": PIN[0] + 0.01, "lon": PIN[1], "accuracy_m": 12.0, "age_s": 1.0, "source": "gps"}


@pytest.fixture
def visit_id(phone: Phone, store_id: str) -> str:
    """Checked in a kilometre away, and out again without a photo."""
    check_in = phone.check_in(store_id, fix=FAR)
    visit: str = check_in["record_id"]
    out = phone.op("visit.check_out", {"at": OUT, "fix": FAR, "photos": 0}, visit)
    assert {row["status"] for row in phone.push(check_in, out)} == {"applied"}
    return visit


@pytest.fixture
def supervisor(login: Login) -> FlaskClient:
    return login("sup_east")
