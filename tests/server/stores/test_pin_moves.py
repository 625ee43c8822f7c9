"""A corrected pin reaches the visits that were judged by the wrong one, whoever corrects it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel.jobs import run_now
from server.visits.rejudge import REJUDGE
from tests.server.conftest import Login, World
from tests.server.stores.conftest import MakeStore
from tests.server.sync.phone import PIN, Phone


@pytest.mark.parametrize("way", ["patch", "import", "radius"])
def test_visits_are_judged_again(
    login: Login, session: Session, world: World, make_store: MakeStore, way: str
) -> None:
    rep = world.people["rep_a"]
    # A kilometre north of where the rep truly stood.
    store = make_store("K1", lat=PIN[0] + 0.01, lon=PIN[1], pin_source="import", rep_ids=[rep])
    store_id = store.id
    session.commit()
    path, phone = f"/api/v1/stores/{store_id}", Phone(login("rep_a"), rep)
    (answer,) = phone.push(phone.check_in(store_id))
    assert answer["result"]["verdict"] == "off_site"
    phone.pull()
    office = login("office")
    if way == "import":
        done: Any = office.post(
            "/api/v1/stores/import",
            query_string={"crs": "wgs84", "region_id": world.regions["park"]},
            data=f"code,name,lat,lng\nK1,K1号店,{PIN[0]},{PIN[1]}\n",
            content_type="text/csv",
        )
        assert done.json["updated"] == 1
    else:
        values = {"lat": PIN[0]} if way == "patch" else {"radius_m": 2_000.0}
        done = office.patch(path, json=values, headers={"If-Match": '"1"'})
    assert done.status_code == 200, done.get_data(as_text=True)
    # The office does not wait for it: the visits are judged again in the background.
    run_now(REJUDGE)
    told = {change["entity"]: change["record"] for change in phone.pull()}
    assert told["visit"]["verdict"] == "on_site"
    assert told["store"]["rev"] == 2
    page: Any = login("sup_east").get(f"/api/v1/visits/{answer['result']['id']}")
    assert [one["verdict"] for one in page.json["judgements"]] == ["off_site"]
