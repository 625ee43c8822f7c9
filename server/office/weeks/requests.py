"""Exemptions, make-ups and doubtful check-ins: asked for by reps, decided by those above them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.queries import (
    RepRow,
    people_by_ids,
    region_names,
    rep_rows,
    scope_regions,
)
from server.kernel import changes, journal
from server.kernel import problems as common
from server.kernel.auth import Actor, Role
from server.kernel.clock import Clock
from server.kernel.ids import new_id
from server.office import problems
from server.office.models import OfficeCheckIn, OfficeExemption, OfficeMakeUp
from server.office.records import check_in_record
from server.office.weeks.facts import FEW, Decision, exemption_record, make_up_record

KINDS: Final = ("leave", "trip")
DAYS_MAX: Final = 366
REQUESTS_MAX: Final = 1_000


def check_days(first: date, last: date) -> None:
    """Raises days_invalid for a span that ends before it begins, or is longer than a year."""
    if not first <= last < first + timedelta(days=DAYS_MAX):
        raise problems.DAYS_INVALID.error(field="last_day")


def enter_exemption(
    session: Session, actor: Actor, clock: Clock, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Free a rep for some days: {person_id, kind, first_day, last_day, reason}; approved at once.

    Raises not_found for somebody out of the actor's scope, person_no_rep, days_invalid.
    """
    person = _seen(session, actor, values["person_id"])
    if person["role"] != Role.REP:
        raise problems.PERSON_NO_REP.error(field="person_id")
    check_days(values["first_day"], values["last_day"])
    row = OfficeExemption(
        id=new_id(),
        person_id=values["person_id"],
        kind=values["kind"],
        first_day=values["first_day"],
        last_day=values["last_day"],
        reason=values["reason"],
        state=Decision.APPROVED.value,
        asked_by=actor.user_id,
        asked_at=clock.now(),
        decided_by=actor.user_id,
        decided_at=clock.now(),
    )
    session.add(row)
    session.flush()
    _tell(session, row.person_id, "office_exemption", row.id)
    event = journal.Event.EXEMPTION_ENTERED
    _note(session, actor, clock, event, "office_exemption", row.id, exemption_record(row))
    return exemption_record(row)


def decide_exemption(
    session: Session, actor: Actor, clock: Clock, exemption_id: str, *, approve: bool, note: str
) -> dict[str, Any]:
    """Approve or decline a request, or take back what was approved (approve false).

    Raises not_found, and already_decided for another word about a declined one.
    """
    row = session.get(OfficeExemption, exemption_id)
    if row is None:
        raise common.NOT_FOUND.error()
    _seen(session, actor, row.person_id)
    # What was approved can be taken back: plans change, and leave is cancelled.
    if _decide(row, actor, clock, approve=approve, note=note, may_take_back=True):
        session.flush()
        _tell(session, row.person_id, "office_exemption", row.id)
        event = journal.Event.EXEMPTION_DECIDED
        _note(session, actor, clock, event, "office_exemption", row.id, exemption_record(row))
    return exemption_record(row)


def decide_make_up(
    session: Session, actor: Actor, clock: Clock, make_up_id: str, *, approve: bool, note: str
) -> dict[str, Any]:
    """Approve or decline that a week be counted. Raises not_found, already_decided."""
    row = session.get(OfficeMakeUp, make_up_id)
    if row is None:
        raise common.NOT_FOUND.error()
    _seen(session, actor, row.person_id)
    if _decide(row, actor, clock, approve=approve, note=note):
        session.flush()
        _tell(session, row.person_id, "office_make_up", row.id)
        event = journal.Event.MAKE_UP_DECIDED
        _note(session, actor, clock, event, "office_make_up", row.id, make_up_record(row))
    return make_up_record(row)


def review_check_in(
    session: Session, actor: Actor, clock: Clock, check_in_id: str, *, approve: bool, note: str
) -> dict[str, Any]:
    """Let a check-in count, or not, whatever its verdict says; the verdict itself stays.

    Raises not_found.
    """
    row = session.get(OfficeCheckIn, check_in_id)
    if row is None:
        raise common.NOT_FOUND.error()
    _seen(session, actor, row.author_id)
    row.accepted, row.declined = approve, not approve
    row.review_note, row.reviewed_by, row.reviewed_at = note or None, actor.user_id, clock.now()
    session.flush()
    _tell(session, row.author_id, "office_check_in", row.id)
    said = {"accepted": approve, "note": note, "week": row.week}
    event = journal.Event.OFFICE_CHECK_IN_REVIEWED
    _note(session, actor, clock, event, "office_check_in", row.id, said)
    columns = OfficeCheckIn.__table__.columns
    return check_in_record({column.name: getattr(row, column.name) for column in columns})


def _decide(
    row: OfficeExemption | OfficeMakeUp,
    actor: Actor,
    clock: Clock,
    *,
    approve: bool,
    note: str,
    may_take_back: bool = False,
) -> bool:
    """Write the decision; False where the very same one stands already."""
    wanted = Decision.APPROVED if approve else Decision.DECLINED
    if row.state == wanted:
        return False
    back = may_take_back and row.state == Decision.APPROVED
    if row.state != Decision.PENDING and not back:
        raise problems.ALREADY_DECIDED.error()
    row.state, row.note = wanted.value, note or None
    row.decided_by, row.decided_at = actor.user_id, clock.now()
    return True


def _seen(session: Session, actor: Actor, person_id: str) -> dict[str, Any]:
    person = people_by_ids(session, [person_id]).get(person_id)
    if person is None or not actor.sees_region(person["region_id"]):
        # Word for word what an id that nobody has gets.
        raise common.NOT_FOUND.error()
    return person


def _tell(session: Session, person_id: str, entity: str, record_id: str) -> None:
    changes.touch(session, changes.user_scope(person_id), entity, [record_id])


def _note(
    session: Session,
    actor: Actor,
    clock: Clock,
    event: journal.Event,
    kind: str,
    record_id: str,
    said: dict[str, Any],
) -> None:
    journal.record(session, clock, actor, event, kind, record_id, **said)


def list_requests(
    session: Session, actor: Actor, *, state: str | None = None, region_id: str | None = None
) -> list[dict[str, Any]]:
    """Exemptions and make-ups of the reps in scope, newest first, with who asks.

    [{what: exemption | make_up, person, exemption or null, make_up or null}], at most REQUESTS_MAX
    of each kind. Raises not_found for a region out of scope.
    """
    reps = {row.id: row for row in rep_rows(session, scope_regions(session, actor, region_id))}
    names = region_names(session)
    exemptions, make_ups = select(OfficeExemption), select(OfficeMakeUp)
    if state is not None:
        exemptions = exemptions.where(OfficeExemption.state == state)
        make_ups = make_ups.where(OfficeMakeUp.state == state)
    if len(reps) <= FEW:
        exemptions = exemptions.where(OfficeExemption.person_id.in_(reps))
        make_ups = make_ups.where(OfficeMakeUp.person_id.in_(reps))
    newest = (OfficeExemption.asked_at.desc(), OfficeExemption.id)
    leave = session.scalars(exemptions.order_by(*newest).limit(REQUESTS_MAX))
    asked = session.scalars(
        make_ups.order_by(OfficeMakeUp.asked_at.desc(), OfficeMakeUp.id).limit(REQUESTS_MAX)
    )
    said = [("exemption", exemption_record(row)) for row in leave]
    said += [("make_up", make_up_record(row)) for row in asked]
    said.sort(key=lambda one: str(one[1]["asked_at"]), reverse=True)
    return [
        {"what": what, "person": _named(reps[record["person_id"]], names)}
        | {"exemption": None, "make_up": None, what: record}
        for what, record in said
        if record["person_id"] in reps
    ]


def _named(rep: RepRow, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": rep.id,
        "name": rep.name,
        "username": rep.username,
        "region_name": names.get(rep.region_id, ""),
    }
