"""What a pushed reminder says: which week is short, and until when it can be filled."""

from __future__ import annotations

from calendar import month_abbr
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session

from server.kernel.clock import org_day, org_zone
from server.kernel.problems import Words
from server.office.weeks.facts import Facts, load_facts
from server.office.weeks.rule import Person, Plan
from server.office.weeks.standings import week_plans

_TITLE: Final = Words("第 {n} 周回司报到", "Office check-in, week {n}")
_LAST_DAY: Final = Words(
    "第 {n} 周还没有回司报到，最晚 {month}月{day}日。",
    "Week {n}: you have not reported to an office yet. The last day is {day} {month_name}.",
)
_GRACE: Final = Words(
    "第 {n} 周还没有回司报到，{month}月{day}日 {time} 前报到仍算。",
    "Week {n}: you have not reported to an office yet. "
    "It still counts until {day} {month_name} {time}.",
)
_OVER: Final = Words("第 {n} 周还没有回司报到。", "Week {n}: you have not reported to an office.")


@dataclass(frozen=True, slots=True)
class Short:
    """Weeks that people are reminded of, and what decides until when each can fill them."""

    plans: Mapping[str, Plan]
    facts: Facts
    now: datetime

    def body(self, person_id: str, week: str, language: str) -> bytes:
        """What the service worker gets: {title, body, tag, url}."""
        number = {"n": int(week[6:])}
        said, params = _until(self.plans[week], self.facts.person(person_id), self.now)
        return orjson.dumps(
            {
                "title": _TITLE.say(language, number),
                "body": said.say(language, number | params),
                "tag": f"office-{week}",
                "url": "/office",
            }
        )


def load_short(
    session: Session, people: Iterable[str], weeks: Iterable[str], now: datetime
) -> Short:
    """Read what the letters to these people about these weeks need; at least one week."""
    plans = week_plans(session, sorted(set(weeks)))
    facts = load_facts(session, sorted(set(people)), plans[0].monday, plans[0].name)
    return Short({plan.name: plan for plan in plans}, facts, now)


def _until(plan: Plan, person: Person, now: datetime) -> tuple[Words, dict[str, Any]]:
    """The last day that is still to come, else the end of the grace, else nothing any more."""
    ahead = [day for day in person.expected(plan) if day >= org_day(now)]
    if ahead:
        return _LAST_DAY, _day(ahead[-1])
    if now >= plan.grace_end:
        return _OVER, {}
    end = plan.grace_end.astimezone(org_zone())
    return _GRACE, _day(end.date()) | {"time": f"{end:%H:%M}"}


def _day(day: date) -> dict[str, Any]:
    return {"day": day.day, "month": day.month, "month_name": month_abbr[day.month]}
