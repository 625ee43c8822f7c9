"""What the office sets: the week rule, the calendar of holidays, and each rep's office."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids
from server.kernel import changes, journal
from server.kernel import problems as common
from server.kernel.auth import Actor, Role
from server.kernel.clock import Clock, iso_week, org_day
from server.kernel.db import db
from server.kernel.jobs import periodic
from server.kernel.problems import Problem
from server.office import problems
from server.office.calendar import parse_week
from server.office.models import Office, OfficeCalendar, OfficeDuty, OfficeRule
from server.office.weeks.calendars import builtin, read_upload
from server.office.weeks.facts import RULE_ID, duty_record, rule_record
from server.office.weeks.rule import FIRST_WEEK, Rule

_SET_UP_S = 6 * 3_600.0
BUILTIN = "builtin"
UPLOAD = "upload"


def set_up(session: Session, clock: Clock) -> list[int]:
    """Write the usual rule where there is none, and every announced year not yet on file.

    What the office has uploaded stays. Returns the years that were written. Run with the first
    office, after a migration, and now and then, since an update of the program may know more years.
    """
    if session.get(OfficeRule, RULE_ID) is None:
        session.add(OfficeRule(id=RULE_ID, versions=[Rule().as_dict()], rev=1))
        changes.touch(session, changes.ORG, "office_rule", [RULE_ID])
    today = org_day(clock.now())
    there = {row.year: row for row in session.scalars(select(OfficeCalendar))}
    written = []
    for year, days in builtin(today.year - 1, today.year + 2).items():
        row = there.get(year)
        # An upload without days says no more than a year that is not there.
        if row is not None and row.days and (row.source != BUILTIN or row.days == days):
            continue
        _write_calendar(session, clock, None, year, days, BUILTIN)
        written.append(year)
    session.flush()
    return written


@periodic("office.set_up", _SET_UP_S)
def set_up_job() -> None:
    """Write years that a newer program knows."""
    set_up(db.session(), Clock())
    db.session.commit()


def _write_calendar(
    session: Session,
    clock: Clock,
    actor: Actor | None,
    year: int,
    days: list[dict[str, Any]],
    source: str,
) -> OfficeCalendar:
    row = session.get(OfficeCalendar, year) or OfficeCalendar(year=year)
    row.days, row.source, row.at = days, source, clock.now()
    session.add(row)
    changes.touch(session, changes.ORG, "office_calendar", [str(year)])
    journal.record(
        session,
        clock,
        actor,
        journal.Event.OFFICE_CALENDAR_SET,
        "office_calendar",
        str(year),
        source=source,
        days=len(days),
    )
    return row


def upload_calendar(
    session: Session, actor: Actor, clock: Clock, data: bytes, language: str, *, dry_run: bool
) -> dict[str, Any]:
    """Read a calendar file, and unless it is a trial put it in place of that year's.

    {year, days, errors: [{row, field, code, message}], added, removed, saved}: added and removed
    are days against what is on file. Raises calendar_unreadable,
    calendar_not_announced, and calendar_rows_bad where rows are wrong and it is no trial.
    """
    upload = read_upload(data, language)
    row = session.get(OfficeCalendar, upload.year)
    before = {(one["date"], one["off"]) for one in row.days} if row else set()
    after = {(one["date"], one["off"]) for one in upload.days}
    if upload.errors and not dry_run:
        raise Problem(problems.CALENDAR_ROWS_BAD, errors=upload.errors, count=len(upload.errors))
    if not dry_run:
        _write_calendar(session, clock, actor, upload.year, upload.days, UPLOAD)
        session.flush()
    return {
        "year": upload.year,
        "days": upload.days,
        "errors": upload.errors,
        "added": len(after - before),
        "removed": len(before - after),
        "saved": not dry_run,
    }


def find_rule(session: Session) -> dict[str, Any]:
    """The rule."""
    return rule_record(session.get(OfficeRule, RULE_ID))


def rule_history(session: Session) -> list[dict[str, Any]]:
    """Who changed the rule, from what to what: {at, by, before, after}, newest first."""
    entries = journal.for_subject(session, "office_rule", RULE_ID)[::-1]
    names = people_by_ids(session, {one["actor_id"] for one in entries if one["actor_id"]})
    return [
        {
            "at": one["at"],
            "by": names.get(one["actor_id"], {}).get("name"),
            "before": one["data"]["before"],
            "after": one["data"]["after"],
        }
        for one in entries
    ]


def change_rule(
    session: Session, actor: Actor, clock: Clock, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Set the rule {need, days, grace_hours} from a week on (this one, if none is named).

    Weeks before keep theirs. Raises week_invalid, rule_week_past.
    """
    now = iso_week(clock.now())
    from_week = values.get("from_week") or now
    if parse_week(from_week).name < now:
        raise problems.RULE_WEEK_PAST.error(field="from_week")
    row = session.get(OfficeRule, RULE_ID)
    if row is None:
        row = OfficeRule(id=RULE_ID, versions=[Rule().as_dict()], rev=0)
        session.add(row)
    before = row.versions
    new = Rule(from_week, values["need"], tuple(sorted(set(values["days"]))), values["grace_hours"])
    # A change that had not begun yet is taken back by a later one.
    kept = [one for one in before if one["from_week"] < from_week]
    row.versions = [*(kept or [Rule(FIRST_WEEK).as_dict()]), new.as_dict()]
    row.rev += 1
    session.flush()
    changes.touch(session, changes.ORG, "office_rule", [RULE_ID])
    journal.record(
        session,
        clock,
        actor,
        journal.Event.OFFICE_RULE_CHANGED,
        "office_rule",
        RULE_ID,
        before=before[-1],
        after=new.as_dict(),
    )
    return rule_record(row)


def find_duty(session: Session, person_id: str) -> dict[str, Any]:
    """What is set for a rep. Raises not_found, person_no_rep."""
    _rep(session, person_id)
    return duty_record(person_id, session.get(OfficeDuty, person_id))


def change_duty(
    session: Session, actor: Actor, clock: Clock, person_id: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Bind a rep to an office (null: any will do), and say since when weeks count for them.

    Raises not_found, person_no_rep, office_unknown, office_switched_off.
    """
    _rep(session, person_id)
    office_id = values.get("office_id")
    if office_id is not None:
        _bindable(session, office_id)
    row = session.get(OfficeDuty, person_id)
    before = duty_record(person_id, row)
    if row is None:
        row = OfficeDuty(person_id=person_id, rev=0)
        session.add(row)
    row.office_id, row.since = office_id, values.get("since")
    row.rev += 1
    session.flush()
    changes.touch(session, changes.user_scope(person_id), "office_duty", [person_id])
    after = duty_record(person_id, row)
    journal.record(
        session,
        clock,
        actor,
        journal.Event.OFFICE_DUTY_CHANGED,
        "person",
        person_id,
        before=before,
        after=after,
    )
    return after


def _bindable(session: Session, office_id: str) -> None:
    office = session.get(Office, office_id)
    if office is None:
        raise problems.OFFICE_UNKNOWN.error(field="office_id")
    if not office.active:
        raise problems.OFFICE_SWITCHED_OFF.error(field="office_id", office=office.name)


def _rep(session: Session, person_id: str) -> None:
    person = people_by_ids(session, [person_id]).get(person_id)
    if person is None:
        raise common.NOT_FOUND.error(field="user_id")
    if person["role"] != Role.REP:
        raise problems.PERSON_NO_REP.error(field="user_id")


def list_calendars(session: Session, clock: Clock) -> list[dict[str, Any]]:
    """The years on file, and this and the next where they are missing: {year, source, days}."""
    rows = {row.year: row for row in session.scalars(select(OfficeCalendar))}
    this = org_day(clock.now()).year
    found = []
    for year in sorted({*rows, this, this + 1}):
        row = rows.get(year)
        days = row.days if row else []
        found.append(
            {"year": year, "source": row.source if row else None, "days": days, "known": bool(days)}
        )
    return found
