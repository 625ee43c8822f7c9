"""The organisation's rules of judging: shown, set, held to their ranges, told to the phones."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.accounts import organisation
from server.accounts.organisation import Rules
from server.kernel import journal
from tests.server.conftest import Login, World

PATH = "/api/v1/organisation/rules"


def test_defaults_are_the_settings(login: Login) -> None:
    page: Any = login("sup_east").get(PATH).json
    assert page["rules"] == page["defaults"]
    assert page["rev"] == 0
    assert page["rules"]["radius_m"] == 200
    assert page["rules"]["travel_kmh"] == 120


def test_the_office_sets_them(login: Login, session: Session, world: World) -> None:
    office = login("office")
    answer: Any = office.patch(PATH, json={"radius_m": 250, "travel_kmh": 300}, headers=rev(0))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.json["rules"]["radius_m"] == 250
    assert answer.json["defaults"]["radius_m"] == 200
    assert answer.json["rev"] == 1
    assert organisation.rules(session).travel_kmh == 300
    assert login("rep_a").get("/api/v1/me").json["organisation"]["radius_m"] == 250  # type: ignore[index]
    (entry,) = journal.for_subject(session, "organisation", "rules")
    assert entry["data"] == {
        "before": {"radius_m": 200.0, "travel_kmh": 120.0},
        "after": {"radius_m": 250.0, "travel_kmh": 300.0},
    }
    assert entry["actor_id"] == world.people["office"]
    stale: Any = office.patch(PATH, json={"radius_m": 260}, headers=rev(0))
    assert stale.status_code == 412
    same: Any = office.patch(PATH, json={"radius_m": 250}, headers=rev(1))
    assert same.json["rev"] == 1


def rev(number: int) -> dict[str, str]:
    return {"If-Match": f'"{number}"'}


@pytest.mark.parametrize(
    "body",
    [
        {"radius_m": 1},
        {"radius_m": "wide"},
        {"travel_kmh": 1e9},
        {"unknown": 1},
        {"radius_m": None},
    ],
)
def test_what_is_out_of_range_is_refused(login: Login, body: dict[str, Any]) -> None:
    answer: Any = login("office").patch(PATH, json=body, headers={"If-Match": "*"})
    assert answer.status_code == 422
    assert answer.json["field"] == next(iter(body))


def test_zero_is_a_value(login: Login) -> None:
    answer: Any = login("office").patch(PATH, json={"short_visit_s": 0}, headers={"If-Match": "*"})
    assert answer.json["rules"]["short_visit_s"] == 0
    assert login("rep_a").get("/api/v1/me").json["organisation"]["short_visit_s"] == 0  # type: ignore[index]


def test_each_rule_has_its_range_around_its_default() -> None:
    assert list(organisation.RANGES) == [item.name for item in fields(Rules)]
    for name, (low, high) in organisation.RANGES.items():
        assert low <= getattr(Rules(), name) <= high, name
