"""What the lists of material show stands in their files, too: batches, values, warehouses."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.materials.models import Material, Warehouse
from tests.server.campaigns.conftest import Make, make
from tests.server.conftest import Login, World
from tests.server.materials.conftest import give, handout, move
from tests.server.visits.hand import Hand

__all__ = ["make"]


def taken(login: Login, table: str, who: str = "office", **narrowed: str) -> list[dict[str, str]]:
    """The rows of a table's file, in English."""
    asked = {"table": table, "format": "csv"} | narrowed
    headers = {"Accept-Language": "en"}
    answer: Any = login(who).post("/api/v1/stock/export", json=asked, headers=headers)
    assert answer.status_code == 200, answer.json
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


@pytest.fixture
def batches(session: Session, world: World, clock: FrozenClock, bag: str) -> str:
    """Bags at 1.50, 30 of them in two batches; one more material without a value."""
    for code, quantity, expires in (("L1", 10, date(2027, 1, 31)), ("L2", 20, None)):
        values = {"batch_code": code, "quantity": quantity, "expires_on": expires}
        move(session, world, clock, "receive", material_id=bag, **values)
    session.get_one(Material, bag).value_cents = 150
    session.commit()
    return bag


def test_the_stock_sheet_tells_batches_and_values(login: Login, batches: str) -> None:
    rows = taken(login, "stock", warehouse="main")
    names = ("batch", "expires", "balance", "in transit", "unit value", "value")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("L1", "2027-01-31", "10", "", "1.5", "15.0"),
        ("L2", "", "20", "", "1.5", "30.0"),
        ("", "", "90", "0", "1.5", "135.0"),
    ]
    office: Any = login("office").get("/api/v1/stock?warehouse=main").json
    assert sum(int(row["balance"]) for row in rows) == office["items"][0]["balance"]


def test_what_is_kept_in_batches_alone_has_no_other_row(
    login: Login, session: Session, world: World, clock: FrozenClock, cap: str
) -> None:
    move(session, world, clock, "receive", material_id=cap, quantity=4, batch_code="L9")
    rows = taken(login, "stock", material=cap)
    assert [(row["batch"], row["balance"], row["value"]) for row in rows] == [("L9", "4", "")]


def test_the_batches_and_where_they_are(
    login: Login, batches: str, session: Session, world: World, clock: FrozenClock
) -> None:
    rows = taken(login, "batches")
    assert [(row["batch"], row["expires"], row["balance"]) for row in rows] == [
        ("L1", "2027-01-31", "10"),
        ("L2", "", "20"),
    ]
    # The warehouse is the whole company's: a supervisor sees nothing of it.
    assert [row["balance"] for row in taken(login, "batches", "sup_east")] == ["0", "0"]


def test_the_list_of_material(login: Login, batches: str, cap: str, session: Session) -> None:
    session.get_one(Material, cap).active = False
    session.get_one(Material, batches).barcode = "0012345678905"
    session.commit()
    names = ("material code", "material", "kind", "unit", "barcode", "unit value", "active")
    assert [tuple(row[name] for name in names) for row in taken(login, "materials")] == [
        ("BAG", "物料BAG", "giveaway", "个", "0012345678905", "1.5", "1"),
        ("CAP", "物料CAP", "giveaway", "个", "", "", "0"),
    ]


def test_the_warehouses_of_a_supervisor(login: Login, world: World, session: Session) -> None:
    for code, region in (("E", "east"), ("W", "west")):
        body = {"code": code, "name": f"{code}仓", "region_id": world.regions[region]}
        assert login("office").post("/api/v1/warehouses", json=body).status_code == 201
    assert len(session.scalars(select(Warehouse)).all()) == 3
    told = [(row["code"], row["region"], row["active"]) for row in taken(login, "warehouses")]
    assert told == [("E", "east", "1"), ("MAIN", "", "1"), ("W", "west", "1")]
    assert [row["code"] for row in taken(login, "warehouses", "sup_east")] == ["E"]


def test_the_trial_balance_is_the_offices(login: Login, bag: str, rep: Hand, visit_id: str) -> None:
    give(rep, handout(rep, visit_id, bag, 3))
    [row] = taken(login, "trial")
    assert {name: row[name] for name in ("supplier", "warehouse", "rep", "store", "sum")} == {
        "supplier": "-100",
        "warehouse": "90",
        "rep": "7",
        "store": "3",
        "sum": "0",
    }
    assert [row["warehouse"] for row in taken(login, "trial", at="2026-11-22")] == ["0"]
    asked = {"table": "trial", "format": "csv"}
    refused: Any = login("sup_east").post("/api/v1/stock/export", json=asked)
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")


def test_a_handout_names_its_campaign(
    login: Login, rep: Hand, visit_id: str, store_id: str, bag: str, cap: str, make: Make
) -> None:
    make("P1", [store_id], {bag: 3})
    give(rep, handout(rep, visit_id, bag, 3), handout(rep, visit_id, cap, 1))
    told = {row["material code"]: row["campaign"] for row in taken(login, "handouts")}
    assert told == {"BAG": "P1 活动P1", "CAP": ""}
