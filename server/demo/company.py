"""The demo company: a believable one around Suzhou, with six weeks of work behind it.

Everything is written by the same functions as real data. A seed always gives the same people,
stores, visits and ids; only where "today" lies depends on the clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing import get_context
from typing import Final

from sqlalchemy.orm import Session

from server.accounts import domain as accounts
from server.accounts.passwords import hash_password
from server.accounts.queries import region_names
from server.accounts.sessions import actor_of
from server.config import settings
from server.demo import people, tasks
from server.demo.campaigns import Campaigns
from server.demo.drawing import Drawn, Request, draw, draw_signature
from server.demo.ids import ROOT_REGION, demo_id
from server.demo.places import DISTRICTS, OFFICES, REGIONS, Shop, shops
from server.demo.replay import Phone, Replay, request_of
from server.demo.script import RepDay, Report, Size, rep_days, reports
from server.kernel.auth import Actor
from server.kernel.clock import Clock, FrozenClock, day_bounds, iso_week, org_day
from server.materials import domain as materials
from server.materials import ledger
from server.materials.stock import adjustments, movements
from server.materials.stock.places import change_warehouse, find_warehouse
from server.office import domain as offices
from server.stores import domain as stores
from server.stores.queries import find_store

SEED: Final = 20261123


def logins() -> list[str]:
    """The log-ins, as lines to print."""
    last = people.username(len(people.REPS) - 1)
    return [
        f"  rep         {people.username(0)} … {last}   (phone: /)",
        f"  supervisor  {', '.join(row[0] for row in people.SUPERVISORS)}   (desktop: /console/)",
        f"  office      {people.OFFICE[0]}   (desktop: /console/)",
        f"  password    {people.PASSWORD}   (the same for all)",
    ]


@dataclass(frozen=True, slots=True)
class Summary:
    """What was loaded: records by kind (empty if the database held people already), and log-ins."""

    counts: dict[str, int]
    logins: list[str] = field(default_factory=logins)


def is_demo(session: Session) -> bool:
    """True if this database holds the demo company."""
    return ROOT_REGION in region_names(session)


def load(session: Session, clock: Clock, *, seed: int = SEED, size: Size | None = None) -> Summary:
    """Load the demo company into an empty database; with people in it, do nothing.

    The caller commits, so the company is there as a whole or not at all.
    """
    if region_names(session):
        return Summary({})
    size, now, rng = size or Size(), clock.now(), random.Random(seed)
    shop_ids = [demo_id(rng, now) for _ in range(size.shops_per_rep * len(people.REPS))]
    places = shops(rng, shop_ids, size.shops_per_rep)
    days = list(rep_days(rng, places, now, size))
    with _studio(size.workers) as commission:
        # Drawing starts before anything is written, and goes on beside it.
        drawn = _commission(days, commission)
        start = day_bounds(org_day(now) - timedelta(days=size.days + 1), org_day(now))[0]
        founding = _Founding(session, rng, start)
        founding.build(places)
        campaigns = Campaigns(session, seed, founding.office, start)
        reps = [phone.actor for phone in founding.phones]
        campaigns.plan(places, founding.goods, reps, now)
        with ThreadPoolExecutor(4) as writers:
            replay = Replay(session, rng, founding.phones, writers)
            _live(replay, founding, days, drawn, now, size)
            campaigns.act(replay, founding.goods)
            campaigns.sum_up(founding.people[people.SUPERVISORS[0][0]], now)
            replay.wait_for_bytes()
    given = tasks.give(session, rng, now, founding.people, places)
    session.flush()
    counts = {"store": len(places), "person": len(founding.people), "task": given}
    return Summary(dict(replay.counts) | counts)


def _live(
    replay: Replay,
    founding: _Founding,
    days: Sequence[RepDay],
    drawn: dict[int, Future[Drawn]],
    now: datetime,
    size: Size,
) -> None:
    """Six weeks pass: material is issued each month, visits are made, offices visited."""
    issued_on: set[int] = set()
    for day in days:
        month = (day.lots[0][0] - founding.start).days // 28
        if month not in issued_on:
            issued_on.add(month)
            founding.issue(FrozenClock(founding.start + timedelta(days=28 * month, hours=9)))
        replay.play_day(day, founding.goods, drawn)
    made = reports(replay.rng, now, size)
    for report in made:
        replay.report(report, founding.offices)
    _ask(replay, made, now)
    founding.leave_open(FrozenClock(now))
    founding.correct_a_pin(FrozenClock(now))


def _ask(replay: Replay, made: Sequence[Report], now: datetime) -> None:
    """What waits for a supervisor: a missed week to be counted, and days off to come."""
    there = {(iso_week(report.at), report.rep) for report in made}
    weeks = [iso_week(now - timedelta(days=7 * back)) for back in (1, 2, 3, 4)]
    everybody = range(len(people.REPS))
    missed = [(week, rep) for week in weeks for rep in everybody if (week, rep) not in there]
    for week, rep in missed[:1]:
        said = {"week": week, "reason": "那周在无锡送货，没能回来"}
        replay.ask(rep, "office.make_up", now, said)
    monday = org_day(now) + timedelta(days=8 - org_day(now).isoweekday())
    leave = {"kind": "leave", "first_day": monday.isoformat(), "reason": "家里有事"}
    leave["last_day"] = (monday + timedelta(days=4)).isoformat()
    replay.ask(3, "office.exemption_request", now, leave)


def _commission(
    days: Sequence[RepDay], commission: Callable[[Request], Future[Drawn]]
) -> dict[int, Future[Drawn]]:
    return {
        shot.seed: commission(request_of(people.REPS[day.rep], stop, shot))
        for day in days
        for _, stops in day.lots
        for stop in stops
        for shot in stop.shots
    }


@contextmanager
def _studio(workers: int) -> Iterator[Callable[[Request], Future[Drawn]]]:
    """Where photos are drawn: in other processes, or with no workers in this one."""
    if workers == 0:
        yield _draw_here
        return
    # Spawned, not forked: a fork would share our database connection and its lock.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield lambda request: pool.submit(draw, request)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _draw_here(request: Request) -> Future[Drawn]:
    done: Future[Drawn] = Future()
    done.set_result(draw(request))
    return done


class _Founding:
    """The company's people, places and goods, as the office enters them before the first day."""

    def __init__(self, session: Session, rng: random.Random, start: datetime) -> None:
        self.session = session
        self.rng = rng
        self.start = start
        self.clock = FrozenClock(start)
        self.regions: dict[str, str] = {}
        self.people: dict[str, Actor] = {}
        self.phones: list[Phone] = []
        self.offices: list[str] = []
        self.goods: list[str] = []
        self.wrong_pin: Shop | None = None

    @property
    def office(self) -> Actor:
        """The person of the office, who enters everything."""
        return self.people[people.OFFICE[0]]

    def build(self, places: Sequence[Shop]) -> None:
        """Enter regions, people, offices, goods and stores."""
        self._regions()
        self._people()
        for code, name, region, address, lat, lon in OFFICES:
            values = {
                "id": self._id(),
                "code": code,
                "name": name,
                "region_id": self.regions[region],
                "address": address,
                "lat": lat,
                "lon": lon,
            }
            office = offices.create_office(self.session, self.office, self.clock, values)
            self.offices.append(office.id)
        self._goods()
        self._stores(places)

    def _id(self) -> str:
        return demo_id(self.rng, self.start)

    def _region(self, code: str, name: str, parent: str | None) -> None:
        values = {
            "id": self._id() if parent else ROOT_REGION,
            "code": code,
            "name": name,
            "parent_id": self.regions[parent] if parent else None,
        }
        region = accounts.create_region(self.session, None, self.clock, values)
        self.regions[code] = region.id

    def _regions(self) -> None:
        self._region("HQ", "总部", None)
        for code, name in REGIONS:
            self._region(code, name, "HQ")
        for district in DISTRICTS:
            self._region(district.code, district.name, district.parent)

    def _people(self) -> None:
        # Hashing is slow on purpose; all have the same password, so once is enough.
        password_hash = hash_password(people.PASSWORD, settings().password_cost)
        rows = [(*people.OFFICE, "office", "HQ")]
        rows += [(who, name, "supervisor", region) for who, name, region in people.SUPERVISORS]
        for rep, name in enumerate(people.REPS):
            rows.append((people.username(rep), name, "rep", DISTRICTS[rep // 2].code))
        for number, (who, name, role, region) in enumerate(rows):
            values = {
                "id": self._id(),
                "username": who,
                "name": name,
                "role": role,
                "region_id": self.regions[region],
                "phone": f"1380000{number:04d}",
            }
            user = accounts.create_person(
                self.session, None, self.clock, values, password_hash=password_hash
            )
            self.people[who] = actor_of(self.session, user)
        for rep in range(len(people.REPS)):
            self.phones.append(self._phone(rep))

    def _phone(self, rep: int) -> Phone:
        return Phone(
            actor=self.people[people.username(rep)],
            device_id=f"demo-{people.username(rep)}",
            # Most phones are right to the second; one goes four minutes fast.
            offset_ms=-240_000 if rep == 4 else self.rng.randint(-1500, 1500),
            signatures=[draw_signature(rep * 10 + number) for number in range(4)],
        )

    def _goods(self) -> None:
        for item in people.GOODS:
            values = {
                "id": self._id(),
                "code": item.code,
                "name": item.name,
                "kind": item.kind,
                "unit": item.unit,
                "barcode": item.barcode,
            }
            material = materials.create_material(self.session, self.office, self.clock, values)
            self.goods.append(material.id)

    def _stores(self, places: Sequence[Shop]) -> None:
        for shop in places:
            values = {
                "id": shop.id,
                "code": shop.code,
                "name": shop.name,
                "chain": shop.chain,
                "address": shop.address,
                "city": "苏州市",
                "region_id": self.regions[shop.district],
                "lat": shop.pin[0],
                "lon": shop.pin[1],
                "pin_quality_m": shop.pin_quality_m,
                "pin_source": shop.pin_source,
                "contact": shop.contact,
            }
            stores.create_store(self.session, self.office, self.clock, values)
            if shop.pin_is_wrong and self.wrong_pin is None:
                self.wrong_pin = shop
        reps = {shop.id: {self.phones[shop.rep].actor.user_id} for shop in places}
        stores.assign_many(self.session, self.office, self.clock, reps)

    def issue(self, clock: FrozenClock) -> None:
        """A month's goods arrive and go to the reps; one rep gets too little of one of them."""
        for number, item in enumerate(people.GOODS):
            self._receive(clock, number, item.monthly * len(self.phones) * 11 // 10)
            for rep, phone in enumerate(self.phones):
                short = (rep, number) in {(2, 6), (8, 2)}
                quantity = item.monthly // 3 if short else item.monthly
                self._issue(clock, number, quantity, phone.actor)

    def _receive(self, clock: FrozenClock, number: int, quantity: int) -> None:
        values = {"id": self._id(), "material_id": self.goods[number], "quantity": quantity}
        materials.move_stock(self.session, self.office, clock, values | {"kind": "receive"})

    def _issue(self, clock: FrozenClock, number: int, quantity: int, rep: Actor) -> None:
        values = {"id": self._id(), "material_id": self.goods[number], "quantity": quantity}
        values |= {"rep_id": rep.user_id}
        sent = movements.issue(self.session, self.office, clock, values)
        movements.confirm(self.session, rep, clock, sent, quantity)

    def leave_open(self, clock: FrozenClock) -> None:
        """What waits for somebody: two issues to confirm, one that came short, a count."""
        main = find_warehouse(self.session, self.office, "main")
        change_warehouse(self.session, self.office, clock, main, {"name": "苏州总仓"})
        for number, (rep, quantity) in enumerate(((0, 20), (2, 30), (2, 12))):
            actor = self.phones[rep].actor
            values = {"id": self._id(), "material_id": self.goods[number], "quantity": quantity}
            values |= {"rep_id": actor.user_id, "note": "月底补货"}
            sent = movements.issue(self.session, self.office, clock, values)
            if number == 2:
                note = "箱子里少两件"
                movements.confirm(self.session, actor, clock, sent, quantity - 2, note=note)
        counter = self.phones[0].actor
        place = ledger.rep_place(counter.user_id)
        held = ledger.balance(self.session, place, self.goods[1])
        values = {"id": self._id(), "kind": "count", "material_id": self.goods[1]}
        values |= {"rep_id": counter.user_id, "counted": max(0, held - 3), "note": "月底盘点"}
        adjustments.ask(self.session, counter, clock, values)

    def correct_a_pin(self, clock: FrozenClock) -> None:
        """The office mends one wrong pin, so that its visits show two judgements."""
        if self.wrong_pin is None:
            return
        store = find_store(self.session, self.office, self.wrong_pin.id)
        values = {"lat": self.wrong_pin.door[0], "lon": self.wrong_pin.door[1]}
        stores.change_store(self.session, self.office, clock, store, values)
