"""The company of the stories: every id and time is fixed, so that the answers never change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from server.accounts import domain as accounts
from server.accounts.passwords import hash_password
from server.accounts.sessions import actor_of
from server.campaigns import domain as campaigns
from server.campaigns.models import State
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.materials import domain as materials
from server.materials.stock import movements, places
from server.office import domain as offices
from server.stores import domain as stores
from server.tasks import domain as tasks

NOW: Final = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday noon in Shanghai, 2026-W48
PASSWORD: Final = "a-test-password"
PIN: Final = (31.3, 120.6)


def fixed_id(group: str, number: int) -> str:
    """An id that says what it is: the same in each run. group: 1 to 4 hexadecimal digits."""
    return f"019ab000-{group:0>4}-7000-8000-{number:012x}"


REGIONS: Final = {"hq": fixed_id("a", 1), "park": fixed_id("a", 2)}
PEOPLE: Final = {
    "office": fixed_id("b", 1),
    "supervisor": fixed_id("b", 2),
    "rep": fixed_id("b", 3),
    "other": fixed_id("b", 4),
}
# The rep visits the first two, the other rep the third.
STORES: Final = {"lake": fixed_id("c", 1), "east": fixed_id("c", 2), "theirs": fixed_id("c", 3)}
MATERIAL: Final = fixed_id("d", 1)
OFFICE: Final = fixed_id("e", 1)
CAMPAIGN: Final = fixed_id("d3", 1)
_GIVINGS: Final = {
    name: fixed_id("d5", at) for at, name in enumerate(("open", "later", "off", "theirs"))
}
TASKS: Final = {
    name: str(uuid5(UUID(giving), PEOPLE["other" if name == "theirs" else "rep"]))
    for name, giving in _GIVINGS.items()
}
ISSUED: Final = fixed_id("d1", 1)
UNDER_WAY: Final = fixed_id("d1", 2)
THEIRS: Final = fixed_id("d1", 3)
_NAMES: Final = {
    "office": ("陈内勤", "office", "hq"),
    "supervisor": ("王主管", "supervisor", "park"),
    "rep": ("张小明", "rep", "park"),
    "other": ("赵丽", "rep", "park"),
}
_STORES: Final = {
    "lake": ("T001", "苏州园区星湖店", "星湖街 1 号", 31.3, 120.6, "rep"),
    "east": ("T002", "苏州园区湖东店", "现代大道 88 号", 31.302, 120.6, "rep"),
    "theirs": ("T003", "苏州园区独墅湖店", "独墅湖大道 9 号", 31.2865, 120.6, "other"),
}


def fill(session: Session, clock: Clock) -> None:
    """Write the company. Everybody's password is PASSWORD."""
    for code, name, parent in (("hq", "总部", None), ("park", "园区", REGIONS["hq"])):
        values = {"id": REGIONS[code], "code": code, "name": name, "parent_id": parent}
        accounts.create_region(session, None, clock, values)
    actors = _people(session, clock)
    for key, (code, name, address, lat, lon, rep) in _STORES.items():
        values = {"code": code, "name": name, "address": address, "lat": lat, "lon": lon}
        values |= {"id": STORES[key], "region_id": REGIONS["park"], "rep_ids": [PEOPLE[rep]]}
        stores.create_store(session, actors["office"], clock, values)
    values = {"id": MATERIAL, "code": "M1", "name": "试饮小杯", "kind": "giveaway", "unit": "个"}
    materials.create_material(session, actors["office"], clock, values)
    receive = {"kind": "receive", "material_id": MATERIAL, "quantity": 100}
    materials.move_stock(session, actors["office"], clock, receive)
    for movement_id, quantity, rep in (
        (ISSUED, 5, "rep"),
        (UNDER_WAY, 6, "rep"),
        (THEIRS, 5, "other"),
    ):
        issue = {"id": movement_id, "material_id": MATERIAL, "quantity": quantity}
        issue |= {"rep_id": PEOPLE[rep]}
        sent = movements.issue(session, actors["office"], clock, issue)
        if movement_id == ISSUED:
            # In the bag before the day begins: what is handed out in the visits comes out of it.
            early = clock.now() - timedelta(hours=4)
            movements.confirm(session, actors["rep"], clock, sent, quantity, at=early)
    main = places.find_warehouse(session, actors["office"], "main")
    places.change_warehouse(session, actors["office"], clock, main, {"name": "苏州总仓"})
    _plan(session, actors["office"], clock)
    values = {"id": OFFICE, "code": "O1", "name": "苏州办事处", "address": "苏州大道 1 号"}
    values |= {"region_id": REGIONS["park"], "lat": 31.301, "lon": 120.601}
    offices.create_office(session, actors["office"], clock, values)
    _give_tasks(session, actors["supervisor"], clock)
    session.commit()


def _give_tasks(session: Session, supervisor: Actor, clock: Clock) -> None:
    """Four tasks: one at a store, one without a day, one called off, and the other rep's."""
    for name, values in {
        "open": {"title": "更换冰柜价签", "details": "三号冰柜", "due_on": date(2026, 11, 27)},
        "later": {"title": "收集营业执照"},
        "off": {"title": "拆旧海报"},
        "theirs": {"title": "补货架照片"},
    }.items():
        rep = PEOPLE["other" if name == "theirs" else "rep"]
        wanted: dict[str, Any] = {"id": _GIVINGS[name], "rep_ids": [rep]} | values
        wanted |= {"store_id": STORES["lake"]} if name == "open" else {}
        [task] = tasks.give_tasks(session, supervisor, clock, wanted)
        if name == "off":
            tasks.cancel_task(session, supervisor, clock, task, "门店已拆")


def _plan(session: Session, office: Actor, clock: Clock) -> None:
    values: dict[str, Any] = {"id": CAMPAIGN, "code": "P11", "name": "冬季试饮"}
    values |= {"first_day": date(2026, 11, 16), "last_day": date(2026, 11, 29)}
    values |= {"photo_kinds": ["pile"], "materials": [{"material_id": MATERIAL, "per_store": 4}]}
    campaign = campaigns.create_campaign(session, office, clock, values)
    chosen = {"how": "add", "store_ids": [STORES["lake"], STORES["theirs"]]}
    campaigns.choose_stores(session, office, clock, campaign, chosen)
    campaigns.set_state(session, office, clock, campaign, State.RUNNING)


def _people(session: Session, clock: Clock) -> dict[str, Actor]:
    hashed, actors = hash_password(PASSWORD, "test"), {}
    for username, (name, role, region) in _NAMES.items():
        values: dict[str, Any] = {"id": PEOPLE[username], "username": username, "name": name}
        values |= {"role": role, "region_id": REGIONS[region]}
        user = accounts.create_person(session, None, clock, values, password_hash=hashed)
        actors[username] = actor_of(session, user)
    return actors
