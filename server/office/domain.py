"""Changing offices, and judging a position against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.organisation import Rules, rules
from server.accounts.problems import REGION_UNKNOWN
from server.accounts.queries import region_names
from server.kernel import changes, journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.kernel.geo import Fix, great_circle_m, is_position
from server.kernel.ids import new_id
from server.office import problems
from server.office.models import Office
from server.office.weeks.settings import set_up
from server.visits.verdict import Judgement, Pin, Place, Thresholds, judge


def create_office(
    session: Session, actor: Actor | None, clock: Clock, values: Mapping[str, Any]
) -> Office:
    """Add an office: {code, name, region_id, lat, lon, address?, radius_m?, hours?}.

    Degrees are WGS-84; without a radius (metres) it gets the organisation's. The first office
    brings the week rule and the calendar along. Raises office_code_taken, office_pin_invalid,
    region_unknown.
    """
    set_up(session, clock)
    _valid(session, values, None)
    office = Office(
        id=values.get("id") or new_id(),
        code=values["code"],
        name=values["name"],
        address=values.get("address", ""),
        region_id=values["region_id"],
        lat=values["lat"],
        lon=values["lon"],
        radius_m=values.get("radius_m") or rules(session).office_radius_m,
        hours=values.get("hours"),
        active=True,
        rev=1,
    )
    session.add(office)
    session.flush()
    changes.touch(session, changes.ORG, "office", [office.id])
    journal.record(
        session,
        clock,
        actor,
        journal.Event.OFFICE_CREATED,
        "office",
        office.id,
        code=office.code,
        name=office.name,
    )
    return office


def change_office(
    session: Session, actor: Actor, clock: Clock, office: Office, values: Mapping[str, Any]
) -> Office:
    """Change what is named in values. Raises as create_office does.

    Check-ins made before keep the verdict they got.
    """
    _valid(session, {"lat": office.lat, "lon": office.lon} | dict(values), office.id)
    before = {key: getattr(office, key) for key in values}
    for key, value in values.items():
        setattr(office, key, value)
    office.rev += 1
    session.flush()
    changes.touch(session, changes.ORG, "office", [office.id])
    journal.record(
        session,
        clock,
        actor,
        journal.Event.OFFICE_CHANGED,
        "office",
        office.id,
        before=before,
        after=dict(values),
    )
    return office


def _valid(session: Session, values: Mapping[str, Any], own_id: str | None) -> None:
    if not is_position(values["lat"], values["lon"]):
        raise problems.OFFICE_PIN_INVALID.error(field="lat")
    if "region_id" in values and values["region_id"] not in region_names(session):
        raise REGION_UNKNOWN.error(field="region_id")
    if "code" in values:
        taken = session.scalar(select(Office.id).where(Office.code == values["code"]))
        if taken is not None and taken != own_id:
            raise problems.OFFICE_CODE_TAKEN.error(field="code", code=values["code"])


def nearest(fix: Fix, offices: Sequence[Office]) -> Office | None:
    """The active office nearest to a fix, or None if there is none at all."""
    active = [office for office in offices if office.active]
    return min(
        active,
        key=lambda office: great_circle_m(fix.lat, fix.lon, office.lat, office.lon),
        default=None,
    )


def judge_at_office(fix: Fix | None, office: Office | None, wanted: Rules) -> Judgement:
    """The verdict of a fix against an office's pin and radius; an office's pin is exact."""
    thresholds = Thresholds(wanted.max_accuracy_m, wanted.cached_fix_max_age_s)
    pin = Pin(office.lat, office.lon) if office else None
    radius = office.radius_m if office else wanted.office_radius_m
    return judge(fix, pin, radius, thresholds, Place.OFFICE)
