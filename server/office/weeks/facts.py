"""Reading what the week rule needs: rule, calendar, each person's duty, leave and made-up weeks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.queries import created_at
from server.kernel.auth import Actor
from server.kernel.clock import org_day, wire_time
from server.kernel.ops import Reader
from server.office.models import (
    Office,
    OfficeCalendar,
    OfficeDuty,
    OfficeExemption,
    OfficeMakeUp,
    OfficeNotice,
    OfficeRule,
)
from server.office.weeks.calendars import read_days
from server.office.weeks.rule import Holidays, Person, Rule, rules_of

RULE_ID: Final = "rule"
# Beyond this, asking for some people costs more than reading everybody's.
FEW: Final = 300


class Decision(StrEnum):
    """Where a request stands."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"


def rule_record(row: OfficeRule | None) -> dict[str, Any]:
    """The rule as the API and the feed tell it; the usual one where none has been set."""
    return {
        "id": RULE_ID,
        "versions": row.versions if row else [Rule().as_dict()],
        "rev": row.rev if row else 0,
    }


def calendar_record(row: OfficeCalendar) -> dict[str, Any]:
    """A year; id is its number."""
    return {"id": str(row.year), "year": row.year, "days": row.days, "source": row.source}


def duty_record(person_id: str, row: OfficeDuty | None) -> dict[str, Any]:
    """What the office has set for a person."""
    since = row.since if row else None
    return {
        "id": person_id,
        "office_id": row.office_id if row else None,
        "since": since.isoformat() if since else None,
        "rev": row.rev if row else 0,
    }


def exemption_record(row: OfficeExemption) -> dict[str, Any]:
    """An exemption."""
    return {
        "id": row.id,
        "person_id": row.person_id,
        "kind": row.kind,
        "first_day": row.first_day.isoformat(),
        "last_day": row.last_day.isoformat(),
        "reason": row.reason,
        "state": row.state,
        "asked_at": wire_time(row.asked_at),
        "decided_at": wire_time(row.decided_at),
        "note": row.note,
    }


def make_up_record(row: OfficeMakeUp) -> dict[str, Any]:
    """A request that a week be counted."""
    return {
        "id": row.id,
        "person_id": row.person_id,
        "week": row.week,
        "reason": row.reason,
        "state": row.state,
        "asked_at": wire_time(row.asked_at),
        "decided_at": wire_time(row.decided_at),
        "note": row.note,
    }


def notice_record(row: OfficeNotice) -> dict[str, Any]:
    """A reminder."""
    return {"id": row.id, "week": row.week, "at": wire_time(row.at)}


def load_rules(session: Session) -> list[Rule]:
    """The rule's versions, oldest first."""
    row = session.get(OfficeRule, RULE_ID)
    return rules_of(row.versions) if row else [Rule()]


def load_holidays(session: Session) -> Holidays:
    """All years that have been announced."""
    rows = session.execute(select(OfficeCalendar.year, OfficeCalendar.days))
    return Holidays({year: read_days(days) for year, days in rows})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is on file about people, by their id."""

    duties: Mapping[str, tuple[str | None, date | None]]
    created: Mapping[str, datetime]
    away: Mapping[str, Sequence[tuple[date, date]]]
    made_up: Mapping[str, Collection[str]]

    def person(self, person_id: str) -> Person:
        """A rep as the rule sees them."""
        _, since = self.duties.get(person_id, (None, None))
        return Person(
            since or org_day(self.created[person_id]),
            self.away.get(person_id, ()),
            self.made_up.get(person_id, frozenset()),
        )


def load_facts(session: Session, ids: Sequence[str], first: date, week: str) -> Facts:
    """Duties, leave that ends on or after the first day, weeks made up from that week on."""
    few = len(ids) <= FEW
    duties = select(OfficeDuty.person_id, OfficeDuty.office_id, OfficeDuty.since)
    leave = select(OfficeExemption.person_id, OfficeExemption.first_day, OfficeExemption.last_day)
    leave = leave.where(
        OfficeExemption.state == Decision.APPROVED, OfficeExemption.last_day >= first
    )
    made = select(OfficeMakeUp.person_id, OfficeMakeUp.week)
    made = made.where(OfficeMakeUp.state == Decision.APPROVED, OfficeMakeUp.week >= week)
    if few:
        duties = duties.where(OfficeDuty.person_id.in_(ids))
        leave = leave.where(OfficeExemption.person_id.in_(ids))
        made = made.where(OfficeMakeUp.person_id.in_(ids))
    away: dict[str, list[tuple[date, date]]] = {}
    for person_id, first_day, last_day in session.execute(leave):
        away.setdefault(person_id, []).append((first_day, last_day))
    made_up: dict[str, set[str]] = {}
    for person_id, name in session.execute(made):
        made_up.setdefault(person_id, set()).add(name)
    found = {row[0]: (row[1], row[2]) for row in session.execute(duties)}
    return Facts(found, created_at(session, ids), away, made_up)


def bound_office(session: Session, person_id: str) -> str | None:
    """The office that a person is bound to, or None if any will do.

    One that is switched off binds nobody: the phone does not offer it either.
    """
    query = select(Office.id).join(OfficeDuty, OfficeDuty.office_id == Office.id)
    return session.scalar(query.where(OfficeDuty.person_id == person_id, Office.active))


def _read_rule(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    del actor
    return {RULE_ID: rule_record(session.get(OfficeRule, RULE_ID))} if RULE_ID in ids else {}


def _read_calendars(
    session: Session, actor: Actor, ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    del actor
    years = [int(one) for one in ids if one.isdigit()]
    rows = session.scalars(select(OfficeCalendar).where(OfficeCalendar.year.in_(years)))
    return {str(row.year): calendar_record(row) for row in rows}


def _read_duties(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    if actor.user_id not in ids:
        return {}
    return {actor.user_id: duty_record(actor.user_id, session.get(OfficeDuty, actor.user_id))}


def _read_exemptions(
    session: Session, actor: Actor, ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    own = OfficeExemption.person_id == actor.user_id
    rows = session.scalars(select(OfficeExemption).where(OfficeExemption.id.in_(ids), own))
    return {row.id: exemption_record(row) for row in rows}


def _read_make_ups(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    own = OfficeMakeUp.person_id == actor.user_id
    rows = session.scalars(select(OfficeMakeUp).where(OfficeMakeUp.id.in_(ids), own))
    return {row.id: make_up_record(row) for row in rows}


def _read_notices(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    own = OfficeNotice.person_id == actor.user_id
    rows = session.scalars(select(OfficeNotice).where(OfficeNotice.id.in_(ids), own))
    return {row.id: notice_record(row) for row in rows}


# What the change feed tells: rule and calendar to everybody, the rest to the person it is about.
READERS: dict[str, Reader] = {
    "office_rule": _read_rule,
    "office_calendar": _read_calendars,
    "office_duty": _read_duties,
    "office_exemption": _read_exemptions,
    "office_make_up": _read_make_ups,
    "office_notice": _read_notices,
}
