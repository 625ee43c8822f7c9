"""A small company for browser tests: two reps, a supervisor, the office; three stores in a park."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from server.accounts import domain as accounts
from server.accounts.passwords import hash_password
from server.accounts.sessions import actor_of
from server.kernel.clock import Clock
from server.materials import domain as materials
from server.materials.stock import movements
from server.office import domain as offices
from server.stores import domain as stores

PASSWORD = "a-test-password"
# Latitude, longitude: about 220 m and 1.5 km from the first.
STORES = {
    "苏州园区星湖店": (31.3000, 120.6000, "星湖街 1 号"),
    "苏州园区湖东店": (31.3020, 120.6000, "现代大道 88 号"),
    "苏州园区独墅湖店": (31.2865, 120.6000, "独墅湖大道 9 号"),
}


@dataclass
class Company:
    """Ids by name."""

    people: dict[str, str] = field(default_factory=dict)
    stores: dict[str, str] = field(default_factory=dict)
    materials: dict[str, str] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=dict)
    # Reps whom no test has used yet, by user name.
    spare: list[str] = field(default_factory=list)


def fill(session: Session, clock: Clock) -> Company:
    """Write the company. Everybody's password is PASSWORD."""
    company = Company()
    for code, name, parent in (
        ("hq", "总部", None),
        ("east", "东区", "hq"),
        ("park", "园区", "east"),
        ("west", "西区", "hq"),
    ):
        values = {"code": code, "name": name, "parent_id": company.regions.get(parent or "")}
        company.regions[code] = accounts.create_region(session, None, clock, values).id
    company.spare = [f"spare{number:02}" for number in range(1, 16)]
    spare = [(name, f"业务员{name[-2:]}", "rep", "park") for name in company.spare]
    hashed = hash_password(PASSWORD, "test")
    office = None
    for username, name, role, region in (
        ("office", "陈内勤", "office", "hq"),
        ("sup", "王主管", "supervisor", "east"),
        ("supwest", "李主管", "supervisor", "west"),
        ("rep1", "张小明", "rep", "park"),
        ("rep2", "赵丽", "rep", "park"),
        ("rep3", "孙强", "rep", "park"),
        *spare,
    ):
        values = {
            "username": username,
            "name": name,
            "role": role,
            "region_id": company.regions[region],
        }
        user = accounts.create_person(session, None, clock, values, password_hash=hashed)
        company.people[username] = user.id
        office = office or actor_of(session, user)
    if office is None:
        raise RuntimeError("the list of people begins with the office")
    reps = [company.people[name] for name in ("rep1", "rep2", "rep3", *company.spare)]
    for number, (name, (lat, lon, address)) in enumerate(STORES.items(), 1):
        values = {
            "code": f"T{number:03}",
            "name": name,
            "address": address,
            "region_id": company.regions["park"],
            "lat": lat,
            "lon": lon,
            "rep_ids": reps,
        }
        company.stores[name] = stores.create_store(session, office, clock, values).id
    for code, name, kind in (("M1", "货架插卡", "posm"), ("M2", "试饮小杯", "giveaway")):
        values = {"code": code, "name": name, "kind": kind, "unit": "个"}
        material_id = materials.create_material(session, office, clock, values).id
        company.materials[name] = material_id
        entry = {"material_id": material_id, "quantity": 100 * len(reps) + 700}
        materials.move_stock(session, office, clock, entry | {"kind": "receive"})
        for rep in reps:
            issue = entry | {"quantity": 100, "rep_id": rep}
            sent = movements.issue(session, office, clock, issue)
            movements.confirm(session, office, clock, sent, 100)
    values = {
        "code": "O1",
        "name": "苏州办事处",
        "address": "苏州大道 1 号",
        "region_id": company.regions["park"],
        "lat": 31.3010,
        "lon": 120.6010,
    }
    offices.create_office(session, office, clock, values)
    session.commit()
    return company
