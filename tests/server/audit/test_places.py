"""Names for the map without tiles."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.stores import domain
from tests.server.conftest import Login, World

NEAR = "120.5,31.2,120.8,31.4"
FAR = "73,18,135,54"


@pytest.fixture
def town(session: Session, world: World, clock: FrozenClock) -> None:
    """Forty stores on a line through the park, one far-off guess, one closed, two in the west."""

    def add(code: str, region: str, lat: float, lon: float, **values: Any) -> None:
        domain.create_store(
            session,
            world.actors["office"],
            clock,
            {
                "code": code,
                "name": code,
                "region_id": world.regions[region],
                "lat": lat,
                "lon": lon,
            }
            | values,
        )

    for number in range(40):
        add(f"P{number}", "park", 31.30, 120.60 + number / 1_000)
    add("guess", "park", 43.9, 126.5, pin_quality_m=2_000.0)
    add("closed", "park", 31.35, 120.75, active=False)
    add("W1", "west", 31.25, 120.55)
    add("W2", "west", 31.25, 120.57)
    session.commit()


def names(client: Any, bbox: str) -> dict[str, dict[str, Any]]:
    answer = client.get("/api/v1/map/places", query_string={"bbox": bbox})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    places: list[dict[str, Any]] = answer.json["places"]
    weights = [place["weight"] for place in places]
    assert weights == sorted(weights, reverse=True)
    return {place["name"]: place for place in places}


@pytest.mark.usefixtures("town")
def test_from_afar_districts_close_up_stores(login: Login) -> None:
    office = login("office")
    far = names(office, FAR)
    assert set(far) == {"park", "west"}
    # A pin that is only a guess does not drag its district's name away.
    assert (far["park"]["lat"], far["park"]["weight"]) == (pytest.approx(31.30), 40)
    near = names(office, NEAR)
    stores = {name for name in near if name.startswith("P")}
    assert 1 <= len(stores) < 10  # thinned: one name a cell
    assert sum(near[name]["weight"] for name in stores) == 40
    assert {"park", "west"} <= set(near)
    assert "closed" not in near
    assert len(names(office, "120.599,31.29,120.605,31.31")) > 2


@pytest.mark.usefixtures("town")
def test_names_stay_put_while_the_map_moves(login: Login) -> None:
    office = login("office")
    here, moved = names(office, NEAR), names(office, "120.51,31.21,120.81,31.41")
    assert {name for name in here if name.startswith("P")} == {
        name for name in moved if name.startswith("P")
    }


@pytest.mark.usefixtures("town")
def test_names_are_those_of_the_scope(login: Login) -> None:
    assert not {"W1", "W2", "west"} & set(names(login("sup_east"), NEAR))
    west = names(login("sup_west"), NEAR)
    assert set(west) <= {"W1", "W2", "west"}
    assert west["west"]["weight"] == 2


def test_nothing_there(login: Login) -> None:
    assert names(login("office"), NEAR) == {}


@pytest.mark.parametrize("bbox", ["", "1,2,3", "x"])
def test_bad_box(login: Login, bbox: str) -> None:
    answer: Any = login("office").get("/api/v1/map/places", query_string={"bbox": bbox})
    assert (answer.status_code, answer.json["field"]) == (422, "bbox")
