"""The numbers of a campaign, gathered for those stores and regions that the actor sees."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids, region_names
from server.campaigns.domain import plan_of, store_ids
from server.campaigns.execution import (
    DEFINITION,
    Given,
    Plan,
    StoreResult,
    effectiveness,
    effectiveness_by,
    store_result,
    totals,
)
from server.campaigns.models import Campaign, State, TargetKind
from server.campaigns.seen.queries import AtStore, seen_at
from server.kernel.auth import Actor
from server.kernel.clock import Clock, day_bounds, org_day
from server.materials.proofs import handed_at, proved_handouts
from server.materials.stock.queries import materials_by_id
from server.photos.arrived import kinds_at
from server.stores.choosing import visible_refs
from server.stores.queries import StoreRef


def shown_state(campaign: Campaign, today: date) -> State:
    """The state to show: midnight changes no row."""
    if campaign.state == State.RUNNING and today > campaign.last_day:
        return State.ENDED
    return State(campaign.state)


def is_over(campaign: Campaign, clock: Clock) -> bool:
    """True once nothing more can be done for it."""
    return shown_state(campaign, org_day(clock.now())) in {State.ENDED, State.CLOSED}


def period(campaign: Campaign) -> tuple[datetime, datetime]:
    """Start and exclusive end of its days, UTC."""
    return day_bounds(campaign.first_day, campaign.last_day)


def plan(session: Session, campaign: Campaign) -> Plan:
    """What each store is to get and owes."""
    return Plan(plan_of(session, campaign.id), tuple(campaign.photo_kinds))


@dataclass(frozen=True, slots=True)
class Execution:
    """Each store that the actor sees, held against the plan."""

    plan: Plan
    stores: Mapping[str, StoreRef]
    results: Mapping[str, StoreResult]
    # What reps saw there; stores of which nobody said anything are left out.
    seen: Mapping[str, AtStore]
    # False: only a part of the campaign's stores is in the actor's scope.
    whole: bool


def execution(
    session: Session,
    actor: Actor,
    clock: Clock,
    campaign: Campaign,
    only: Collection[str] | None = None,
) -> Execution:
    """The execution at the campaign's stores in the actor's scope; only narrows them further."""
    taking_part = store_ids(session, campaign.id)
    asked = taking_part if only is None else taking_part & set(only)
    seen = visible_refs(session, actor, asked)
    start, end = period(campaign)
    planned, over = plan(session, campaign), is_over(campaign, clock)
    handed = handed_at(session, campaign.id, start, end, seen)
    kinds = kinds_at(session, seen, planned.photo_kinds, start, end)
    looks = seen_at(session, campaign.id, start, end, seen)
    nothing = AtStore()
    results = {
        key: store_result(
            planned,
            handed.get(key, {}),
            kinds.get(key, ()),
            over=over,
            said_missing=looks.get(key, nothing).missing,
            not_taken=looks.get(key, nothing).photo_kinds,
        )
        for key in seen
    }
    return Execution(planned, seen, results, looks, len(seen) == len(taking_part))


def given(session: Session, actor: Actor, campaign: Campaign) -> list[Given]:
    """The campaign's handouts in its period and the actor's regions."""
    regions = None if actor.is_office else actor.region_ids
    rows = proved_handouts(session, campaign.id, *period(campaign), regions)
    return [Given(**row) for row in rows]


def numbers(session: Session, actor: Actor, clock: Clock, campaign: Campaign) -> dict[str, Any]:
    """{execution, effectiveness, materials, target, by_region, by_rep, by_material, definition}."""
    done = execution(session, actor, clock, campaign)
    rows = given(session, actor, campaign)
    regions = region_names(session)
    reps = people_by_ids(session, {one.rep_id for one in rows})
    used = {one.material_id for one in rows} | done.plan.materials.keys()
    materials = {key: row.name for key, row in materials_by_id(session, used).items()}
    overall = effectiveness(rows)
    return {
        "execution": totals(done.results.values()),
        "effectiveness": overall,
        "definition": DEFINITION,
        "materials": _materials(done, rows, materials),
        "target": _target(campaign, done, overall["units"]),
        "by_region": _named(effectiveness_by(rows, lambda one: one.region_id), regions),
        "by_rep": _named(
            effectiveness_by(rows, lambda one: one.rep_id),
            {key: str(row["name"]) for key, row in reps.items()},
        ),
        "by_material": _named(effectiveness_by(rows, lambda one: one.material_id), materials),
    }


def _materials(
    done: Execution, rows: Collection[Given], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Planned and handed out of each material, and where it is missing, by name."""
    units = {
        key: sum(one.quantity for one in rows if one.material_id == key)
        for key in {one.material_id for one in rows}
    }
    items = [
        {
            "id": key,
            "name": names.get(key, ""),
            "planned": done.plan.materials.get(key, 0) * len(done.results),
            "handed": units.get(key, 0),
            "missing_stores": sum(key in one.missing for one in done.seen.values()),
        }
        for key in done.plan.materials.keys() | units.keys()
    ]
    return sorted(items, key=lambda one: (str(one["name"]), str(one["id"])))


def _target(campaign: Campaign, done: Execution, units: int) -> dict[str, Any]:
    """{kind, number, reached, share}: the target of the shown stores in units.

    A total is the whole campaign's, so who sees a part of it is told no number and no share.
    """
    kind = TargetKind(campaign.target_kind) if campaign.target_kind else None
    number: int | None = sum(done.plan.materials.values()) * len(done.results)
    if kind is TargetKind.PER_STORE:
        number = (campaign.target or 0) * len(done.results)
    elif kind is TargetKind.TOTAL:
        number = campaign.target if done.whole else None
    share = round(units / number, 4) if number else None
    return {
        "kind": kind.value if kind else "plan",
        "number": number,
        "reached": units,
        "share": share,
    }


def _named(groups: Mapping[Any, dict[str, Any]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Groups with their names, the largest first."""
    items = [{"id": key, "name": names.get(key, "")} | row for key, row in groups.items()]
    return sorted(items, key=lambda one: (-one["handouts"], one["name"], one["id"]))
