"""The demo's campaigns: one that runs, with all that can be seen at a store, and one summed up."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from server.campaigns import domain, summaries
from server.campaigns.models import Campaign, State
from server.campaigns.numbers import numbers
from server.campaigns.seen.models import Seen
from server.demo.ids import demo_id
from server.demo.places import Shop
from server.demo.replay import Replay, Visited
from server.kernel.auth import Actor
from server.kernel.clock import FrozenClock, org_day
from server.materials import domain as materials
from server.materials.stock import movements


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign as the office plans it: days from today, units of goods (by index) for a store."""

    code: str
    name: str
    days: tuple[int, int]
    reps: tuple[int, ...]
    per_store: Mapping[int, int]
    photo_kinds: tuple[str, ...]
    note: str
    target: int | None = None


RUNNING: Final = Plan(
    code="HD-02",
    name="清野茶冬季陈列",
    days=(-13, 14),
    reps=(0, 1, 2, 6, 7),
    per_store={0: 4, 3: 1},
    photo_kinds=("shelf",),
    note="插卡放在试饮装旁边；围挡先摆收银台对面，再拍货架。",
)
ENDED: Final = Plan(
    code="HD-01",
    name="杏花露新品试饮",
    days=(-18, -1),
    reps=(0, 1, 2, 3, 4, 5),
    per_store={7: 3},
    photo_kinds=("shelf",),
    note="周末客流高峰时试饮，每店至少 3 瓶。",
    target=300,
)
_SAMPLES_NOTE: Final = "试饮装到货晚了两天，下次提前一周备货；周五下午试饮效果最好。"
# What a rep finds at one store after the other, over and over: by goods, with how many.
_LOOKS: Final[Sequence[tuple[Mapping[int, tuple[Seen, int | None]], tuple[str, ...], str]]] = (
    ({0: (Seen.MISSING, 2), 3: (Seen.PRESENT, None)}, (), "插卡被理货员收走了"),
    ({0: (Seen.PRESENT, 4), 3: (Seen.PRESENT, 1)}, (), ""),
    ({3: (Seen.MISSING, 1)}, ("shelf",), "店里在装修，围挡放不下，也不让拍照"),
)


class Campaigns:
    """Plans both before the first day, and does at the end what is not in the script."""

    def __init__(self, session: Session, seed: int, office: Actor, start: datetime) -> None:
        self.session = session
        self.office = office
        self.clock = FrozenClock(start)
        # Dice of its own: the days are the same with and without campaigns.
        self.rng = random.Random(seed + 1)
        self.made: dict[str, Campaign] = {}

    def plan(
        self, shops: Sequence[Shop], goods: Sequence[str], reps: Sequence[Actor], now: datetime
    ) -> None:
        """Both campaigns with their stores, running; the goods of the first go out to its reps."""
        for plan in (ENDED, RUNNING):
            first, last = (org_day(now) + timedelta(days=off) for off in plan.days)
            self._create(plan, first, last, shops, goods)
        for number in RUNNING.per_store:
            self._bring(goods[number], [reps[rep] for rep in RUNNING.reps])

    def _create(
        self, plan: Plan, first: date, last: date, shops: Sequence[Shop], goods: Sequence[str]
    ) -> None:
        values = {
            "id": self._id(),
            "code": plan.code,
            "name": plan.name,
            "first_day": first,
            "last_day": last,
            "photo_kinds": list(plan.photo_kinds),
            "note": plan.note,
            "materials": [
                {"material_id": goods[number], "per_store": units}
                for number, units in plan.per_store.items()
            ],
        }
        if plan.target is not None:
            values |= {"target_kind": "total", "target": plan.target}
        made = domain.create_campaign(self.session, self.office, self.clock, values)
        chosen = {"how": "add", "store_ids": [one.id for one in shops if one.rep in plan.reps]}
        domain.choose_stores(self.session, self.office, self.clock, made, chosen)
        domain.set_state(self.session, self.office, self.clock, made, State.RUNNING)
        self.made[plan.code] = made

    def _bring(self, material_id: str, reps: Sequence[Actor], each: int = 60) -> None:
        values: dict[str, Any] = {"material_id": material_id, "quantity": each * len(reps)}
        values |= {"id": self._id(), "kind": "receive"}
        materials.move_stock(self.session, self.office, self.clock, values)
        for rep in reps:
            sent = {"id": self._id(), "material_id": material_id, "quantity": each}
            sent |= {"rep_id": rep.user_id, "note": RUNNING.name}
            movement = movements.issue(self.session, self.office, self.clock, sent)
            movements.confirm(self.session, rep, self.clock, movement, each)

    def act(self, replay: Replay, goods: Sequence[str]) -> None:
        """At every second store that was visited all is handed out, signed; reps look at others."""
        running = self.made[RUNNING.code]
        first = running.first_day
        last = [one for one in replay.last_visits() if org_day(one.stop.in_at) >= first]
        visited = [one for one in last if one.rep in RUNNING.reps and not one.stop.cancelled]
        for number, one in enumerate(visited):
            if number % 2 == 0:
                self._hand_out(replay, one, goods)
            if number % 3 == 0:
                look = _LOOKS[number // 3 % len(_LOOKS)]
                self._look(replay, one, running.id, goods, *look)

    def _hand_out(self, replay: Replay, one: Visited, goods: Sequence[str]) -> None:
        for number, units in RUNNING.per_store.items():
            replay.hand_out(one, goods[number], units, after=timedelta(minutes=2))

    def _look(
        self,
        replay: Replay,
        one: Visited,
        campaign_id: str,
        goods: Sequence[str],
        found: Mapping[int, tuple[Seen, int | None]],
        photo_kinds: Collection[str],
        note: str,
    ) -> None:
        lines = [
            {"material_id": goods[number], "state": state.value, "quantity": quantity}
            for number, (state, quantity) in found.items()
        ]
        said = {"campaign_id": campaign_id, "materials": lines}
        said |= {"photo_kinds": list(photo_kinds), "note": note}
        replay.say(one, "campaign.seen", said, after=timedelta(minutes=4))

    def sum_up(self, supervisor: Actor, now: datetime) -> None:
        """The other one is ended, and its supervisor says what came of it."""
        clock = FrozenClock(now)
        ended = self.made[ENDED.code]
        domain.set_state(self.session, self.office, clock, ended, State.ENDED)
        found = numbers(self.session, supervisor, clock, ended)
        text = summaries.prefilled(ended, found, "zh-CN") + "\n" + _SAMPLES_NOTE
        values = {"text": text, "after": 0}
        summaries.write_summary(self.session, supervisor, clock, ended, values, "zh-CN")

    def _id(self) -> str:
        return demo_id(self.rng, self.clock.now())
