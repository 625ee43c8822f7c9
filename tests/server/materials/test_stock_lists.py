"""Batches, reversals, scopes, pages, past balances and the check of the books."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.materials import domain, ledger
from server.materials.ledger import WAREHOUSE
from server.materials.models import StockBalance, StockMovement
from server.materials.stock import places
from server.materials.stock.feed import read_stock
from tests.server.conftest import Login, World
from tests.server.materials.conftest import give, handout
from tests.server.materials.test_movements import run
from tests.server.visits.hand import Hand


def test_batches_are_kept_apart(
    rep: Hand, world: World, cap: str, session: Session, clock: FrozenClock, login: Login
) -> None:
    office = login("office")
    receive = {"kind": "receive", "material_id": cap, "quantity": 5, "batch_code": "L1"}
    first: Any = office.post("/api/v1/ledger/entries", json=receive | {"expires_on": "2027-06-30"})
    office.post("/api/v1/ledger/entries", json=receive | {"batch_code": "L2", "quantity": 3})
    wrong: Any = office.post("/api/v1/ledger/entries", json=receive | {"expires_on": "2028-01-01"})
    assert (wrong.status_code, wrong.json["code"]) == (409, "batch_contradicted")
    batch = first.json["batch_id"]
    body = {"material_id": cap, "rep_id": world.people["rep_a"], "batch_id": batch, "quantity": 6}
    short: Any = office.post("/api/v1/ledger/movements", json=body)
    assert short.json["code"] == "stock_short"
    made: Any = office.post("/api/v1/ledger/movements", json=body | {"quantity": 4})
    run(rep, rep.op("stock.confirm", {"quantity": 4, "at": rep.ago()}, made.json["id"]))
    held = read_stock(session, rep.actor, [cap])[cap]
    assert held["batches"] == [
        {"id": batch, "code": "L1", "expires_on": "2027-06-30", "balance": 4}
    ]
    rows: Any = office.get(f"/api/v1/stock?warehouse=main&material={cap}")
    assert [one["balance"] for one in rows.json["items"][0]["batches"]] == [1, 3]


def test_a_mistake_is_reversed_once(login: Login, bag: str, session: Session) -> None:
    office = login("office")
    body = {"kind": "receive", "material_id": bag, "quantity": 500}
    entry: Any = office.post("/api/v1/ledger/entries", json=body)
    path = f"/api/v1/ledger/entries/{entry.json['id']}/reverse"
    assert office.post(path, json={"note": ""}).status_code == 422
    made: Any = office.post(path, json={"note": "多打了一个零"})
    assert (made.status_code, made.json["reverses_id"]) == (201, entry.json["id"])
    assert office.post(path, json={"note": "再来"}).json == made.json
    assert ledger.balance(session, WAREHOUSE, bag) == 90
    twice: Any = office.post(
        f"/api/v1/ledger/entries/{made.json['id']}/reverse", json={"note": "x"}
    )
    assert twice.json["code"] == "entry_reversed"
    listed: Any = office.get("/api/v1/ledger/entries?kind=receive")
    by_id = {row["id"]: row for row in listed.json["items"]}
    assert by_id[entry.json["id"]]["reversed_by"] == made.json["id"]
    issued: Any = office.get("/api/v1/ledger/entries?kind=issue")
    bound: Any = office.post(
        f"/api/v1/ledger/entries/{issued.json['items'][0]['id']}/reverse", json={"note": "x"}
    )
    assert bound.json["code"] == "entry_bound"


def test_supervisors_see_their_regions_warehouses(
    login: Login, world: World, bag: str, session: Session, clock: FrozenClock
) -> None:
    office = login("office")
    for code_, region in (("E", "east"), ("W", "west")):
        body = {"code": code_, "name": f"{code_}仓", "region_id": world.regions[region]}
        made: Any = office.post("/api/v1/warehouses", json=body)
        move = {"kind": "transfer", "material_id": bag, "quantity": 5}
        move |= {"to_warehouse_id": made.json["id"]}
        assert office.post("/api/v1/ledger/entries", json=move).status_code == 201
    taken: Any = office.post("/api/v1/warehouses", json={"code": "E", "name": "x"})
    assert taken.json["code"] == "warehouse_code_taken"
    for who, names in (("sup_east", ["E仓"]), ("sup_west", ["W仓"])):
        client = login(who)
        shown: Any = client.get("/api/v1/warehouses")
        assert [row["name"] for row in shown.json["items"]] == names
        stock: Any = client.get("/api/v1/stock")
        assert [row["holder_name"] for row in stock.json["items"] if row["warehouse_id"]] == names
        entries: Any = client.get("/api/v1/ledger/entries?kind=transfer")
        assert [row["to_name"] for row in entries.json["items"]] == names
        assert client.get("/api/v1/stock?warehouse=main").status_code == 404
        body = {"kind": "count", "material_id": bag, "counted": 1, "warehouse_id": "main"}
        assert client.post("/api/v1/ledger/adjustments", json=body).status_code == 422


def test_the_ledger_is_paged_and_filtered(
    login: Login, world: World, rep: Hand, visit_id: str, bag: str, store_id: str
) -> None:
    for number in range(5):
        give(rep, handout(rep, visit_id, bag, 1, at=rep.ago(500 - number)))
    office = login("office")
    seen: list[str] = []
    cursor = ""
    while True:
        page: Any = office.get(f"/api/v1/ledger/entries?limit=3{cursor}")
        seen += [row["id"] for row in page.json["items"]]
        if page.json["next"] is None:
            break
        cursor = f"&cursor={page.json['next']}"
    assert len(seen) == len(set(seen)) == 8
    for query, wanted in (
        (f"store={store_id}", 5),
        ("kind=receive", 1),
        ("warehouse=main", 2),
        (f"rep={world.people['rep_a']}", 7),
        (f"rep={world.people['rep_b']}", 0),
        ("from=2026-11-24", 0),
        ("from=2026-11-23&to=2026-11-23", 8),
        (f"material={new_id()}", 0),
    ):
        found: Any = office.get(f"/api/v1/ledger/entries?{query}")
        assert len(found.json["items"]) == wanted, query
    crossed = office.get("/api/v1/ledger/entries?from=2026-11-24&to=2026-11-23")
    assert crossed.status_code == 422


def test_a_past_balance_is_a_query(
    world: World, cap: str, session: Session, clock: FrozenClock, login: Login
) -> None:
    office = world.actors["office"]
    for _ in range(3):
        values = {"kind": "receive", "material_id": cap, "quantity": 10}
        domain.move_stock(session, office, clock, values)
        session.commit()
        clock.advance(86_400)
    client = login("office")
    for day, amount in (("2026-11-22", 0), ("2026-11-23", 10), ("2026-11-24", 20)):
        found: Any = client.get(f"/api/v1/stock?material={cap}&at={day}")
        assert sum(row["balance"] for row in found.json["items"]) == amount, day
        trial: Any = client.get(f"/api/v1/stock/trial?at={day}")
        assert trial.json["out_of_balance"] == 0
        assert trial.json["rows"][0]["warehouse"] == amount


def test_the_check_finds_a_wrong_balance_and_mends_it(
    app: Flask, bag: str, session: Session
) -> None:
    run_cli = app.test_cli_runner().invoke
    good = run_cli(args=["storewalk", "ledger", "check"])
    assert (good.exit_code, "trial balance is zero" in good.output) == (0, True)
    wrong = update(StockBalance).where(StockBalance.place == WAREHOUSE)
    session.execute(wrong.values(quantity=StockBalance.quantity + 1))
    session.commit()
    bad = run_cli(args=["storewalk", "ledger", "check"])
    assert bad.exit_code == 1
    assert f"{WAREHOUSE} {bag}: running 91, entries say 90" in bad.output
    assert run_cli(args=["storewalk", "ledger", "check", "--mend"]).exit_code == 0
    assert run_cli(args=["storewalk", "ledger", "check"]).exit_code == 0


def test_colleagues_are_told_and_no_others(world: World, session: Session) -> None:
    from server.accounts.queries import read_people

    everybody = list(world.people.values())
    seen = read_people(session, world.actors["rep_a"], everybody)
    names = {row["username"] for row in seen.values()}
    assert names == {"rep_a", "rep_b", "sup_east"}


def test_places_of_nobody(session: Session, world: World) -> None:
    assert not places.sees_place(session, world.actors["sup_east"], "rep:nobody")
    assert not places.sees_place(session, world.actors["sup_east"], WAREHOUSE)
    assert session.get(StockMovement, "x") is None
