"""The demo's tasks: some open, some overdue, some done, one called off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from sqlalchemy.orm import Session

from server.demo import people
from server.demo.ids import demo_id
from server.demo.places import Shop
from server.kernel.auth import Actor
from server.kernel.clock import FrozenClock, org_day
from server.kernel.payload import digest
from server.tasks import domain as tasks

# The reps of the first supervisor's region come first.
_EAST: Final = 6


@dataclass(frozen=True, slots=True)
class Given:
    """A task of a rep. Days are counted from today: given before it, due from it on.

    shop: which of the rep's stores, None for no store. done: hours ago, and what the rep said.
    """

    rep: int
    title: str
    details: str
    given: int
    due: int | None
    shop: int | None
    done: tuple[int, str] | None = None
    cancelled: str | None = None


TASKS: Final = (
    Given(0, "更换冷柜价签", "新价 5.5 元，正面和侧面都换。", 4, -1, 0),
    Given(0, "补拍堆头照片", "上次的照片太暗，看不清数量。", 1, 2, 1),
    Given(0, "收集营业执照复印件", "年检要用，拍清楚即可。", 2, 9, 2),
    Given(0, "了解竞品试饮活动的时间", "", 1, None, None),
    Given(0, "送冬季海报", "门口和冷柜各一张。", 6, 0, 3, done=(20, "两张都贴好了，店长很配合。")),
    Given(1, "和店长确认排面", "争取多一个排面。", 5, -2, 0),
    Given(2, "检查临期品", "三个月内到期的拍照上报。", 3, 1, 0, done=(3, "有两箱临期，已拍照。")),
    Given(3, "拆掉旧海报", "", 7, -1, 1, cancelled="门店已自行拆除"),
    Given(7, "说明周二两次签到的距离", "请补充说明。", 2, 0, None),
    Given(8, "盘点促销杯", "月底前报数。", 3, 5, None),
)


def give(
    session: Session,
    rng: Random,
    now: datetime,
    actors: Mapping[str, Actor],
    shops: Sequence[Shop],
) -> int:
    """Give them as the supervisors do, and let the reps do theirs. Returns how many.

    actors by user name.
    """
    today = org_day(now)
    for one in TASKS:
        supervisor = actors[people.SUPERVISORS[0 if one.rep < _EAST else 1][0]]
        rep = actors[people.username(one.rep)]
        mine = [shop for shop in shops if shop.rep == one.rep]
        at = now - timedelta(days=one.given)
        values = {
            "id": demo_id(rng, at),
            "title": one.title,
            "details": one.details,
            "rep_ids": [rep.user_id],
            "due_on": None if one.due is None else today + timedelta(days=one.due),
            "store_id": None if one.shop is None else mine[one.shop].id,
        }
        [task] = tasks.give_tasks(session, supervisor, FrozenClock(at), values)
        if one.cancelled is not None:
            clock = FrozenClock(at + timedelta(hours=20))
            tasks.cancel_task(session, supervisor, clock, task, one.cancelled)
        if one.done is not None:
            hours, note = one.done
            done_at = now - timedelta(hours=hours)
            said = {"at": done_at, "received_at": done_at, "device_at": done_at, "note": note}
            said |= {"device_id": f"demo-{people.username(one.rep)}", "visit_id": None}
            said |= {"digest": digest({"note": note})}
            tasks.mark_done(session, rep, FrozenClock(done_at), task, said)
    return len(TASKS)
