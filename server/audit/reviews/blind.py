"""The blind re-audit: a random share of decisions is judged again, the first word unseen.

Drawn from acceptances and rejections alike: with acceptances alone the second person would know
what the first one said, and Cohen's kappa would be zero whatever they answer.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, exists, func, select, true, update
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids, region_names, scope_regions
from server.audit.reviews import problems
from server.audit.reviews.clearing import cleared
from server.audit.reviews.kappa import Agreement
from server.audit.reviews.models import ReauditCase, ReauditSample, ReviewState, VisitReview
from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock, day_bounds, wire_time
from server.kernel.ids import new_id
from server.kernel.problems import NOT_FOUND
from server.visits.models import Visit
from server.visits.views import note_look_beside

_REVIEW: Table = VisitReview.__table__  # type: ignore[assignment]  # declared wider than it is
_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # likewise
_CASE: Table = ReauditCase.__table__  # type: ignore[assignment]  # likewise
MAX_DRAWN: Final = 500
RECENT: Final = 20
_DECIDED: Final = (ReviewState.ACCEPTED.value, ReviewState.REJECTED.value)


def draw(session: Session, actor: Actor, clock: Clock, values: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a sample: values {share, seed, first, last, region}; days are those of the decisions.

    Of acceptances and of rejections the same share, rounded up; a decision is drawn once only, and
    a rejection that is cleared not at all.
    Raises not_found for a region out of scope, reaudit_nothing where there is no decision.
    """
    start, end = day_bounds(values["first"], values["last"])
    drawn_before = exists().where(_CASE.c.first_entry_id == _REVIEW.c.entry_id)
    query = (
        select(_REVIEW)
        .join(_VISIT, _VISIT.c.id == _REVIEW.c.visit_id)
        .where(
            _REVIEW.c.state.in_(_DECIDED),
            ~cleared(),
            _REVIEW.c.decided_at >= start,
            _REVIEW.c.decided_at < end,
            ~drawn_before,
        )
        .order_by(_REVIEW.c.visit_id)
    )
    if values.get("region"):
        regions = scope_regions(session, actor, values["region"])
        query = query.where(_REVIEW.c.region_id.in_(regions))
    rows = session.execute(query).mappings().all()
    if not rows:
        raise problems.REAUDIT_NOTHING.error()
    chosen = choose(rows, values["share"], values["seed"])
    sample = ReauditSample(
        id=new_id(),
        actor_id=actor.user_id,
        at=clock.now(),
        share=values["share"],
        seed=values["seed"],
        region_id=values.get("region"),
        first=values["first"],
        last=values["last"],
        population=len(rows),
        drawn=len(chosen),
    )
    session.add(sample)
    session.flush()
    session.add_all(_case(sample, row) for row in chosen)
    journal.record(
        session,
        clock,
        actor,
        journal.Event.REAUDIT_DRAWN,
        "reaudit_sample",
        sample.id,
        share=sample.share,
        seed=sample.seed,
        population=sample.population,
        drawn=sample.drawn,
    )
    return _sample_record(sample)


def choose(rows: Collection[Mapping[Any, Any]], share: float, seed: int) -> list[Mapping[Any, Any]]:
    """The rows (with visit_id and state) that this seed draws, in any order of rows. Pure."""
    chance = random.Random(seed)  # noqa: S311 -- a sample, no secret
    chosen: list[Mapping[Any, Any]] = []
    for state in _DECIDED:
        some = sorted(
            (row for row in rows if row["state"] == state), key=lambda row: row["visit_id"]
        )
        chosen += chance.sample(some, math.ceil(round(share * len(some), 6)))
    # The order would tell the first decision, and so would a cut at the end.
    chance.shuffle(chosen)
    return chosen[:MAX_DRAWN]


def _case(sample: ReauditSample, row: Mapping[Any, Any]) -> ReauditCase:
    return ReauditCase(
        id=new_id(),
        sample_id=sample.id,
        visit_id=row["visit_id"],
        region_id=row["region_id"],
        author_id=row["author_id"],
        first_entry_id=row["entry_id"],
        first_actor_id=row["actor_id"],
        first_state=row["state"],
    )


def is_hidden(session: Session, actor: Actor, visit_id: str) -> bool:
    """True if the actor is to judge the visit without knowing the first decision."""
    query = select(_CASE.c.id).where(
        _CASE.c.visit_id == visit_id,
        _CASE.c.closed_at.is_(None),
        _CASE.c.first_actor_id != actor.user_id,
    )
    return session.scalar(query.limit(1)) is not None


def close_of(session: Session, visit_ids: Collection[str], at: datetime) -> None:
    """Close what waits for a second word on these visits: the first one no longer stands."""
    session.execute(
        update(_CASE)
        .where(_CASE.c.visit_id.in_(visit_ids), _CASE.c.closed_at.is_(None))
        .values(closed_at=at)
    )


def _scope(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.is_office else _CASE.c.region_id.in_(actor.region_ids)


def open_cases(session: Session, actor: Actor) -> dict[str, Any]:
    """What waits for the actor's word: {items: [{id, visit_id}], total}, at most 50."""
    mine = [
        _scope(actor),
        _CASE.c.closed_at.is_(None),
        _CASE.c.first_actor_id != actor.user_id,
        _CASE.c.author_id != actor.user_id,
    ]
    total = session.scalar(select(func.count()).select_from(_CASE).where(*mine)) or 0
    # By their random ids: the order tells nothing.
    query = select(_CASE.c.id, _CASE.c.visit_id).where(*mine).order_by(_CASE.c.id).limit(50)
    return {"items": [dict(row) for row in session.execute(query).mappings()], "total": total}


def find_case(session: Session, actor: Actor, case_id: str) -> ReauditCase:
    """One case for the actor to judge, locked. Raises not_found, also for one's own decision."""
    query = select(ReauditCase).where(ReauditCase.id == case_id)
    found = session.scalars(query.with_for_update()).one_or_none()
    in_scope = found is not None and (actor.is_office or actor.sees_region(found.region_id))
    if found is None or not in_scope or actor.user_id in {found.first_actor_id, found.author_id}:
        raise NOT_FOUND.error(field="id")
    return found


def answer(
    session: Session, actor: Actor, clock: Clock, case_id: str, state: str
) -> dict[str, Any]:
    """Say accepted or rejected, and only then be told what the first one said: {agreed, first}.

    The first decision stays as it is. Raises not_found, reaudit_closed (saying the same again is
    fine).
    """
    case = find_case(session, actor, case_id)
    if case.closed_at is None:
        case.second_actor_id, case.second_state = actor.user_id, state
        case.closed_at = clock.now()
        agreed = case.first_state == state
        event = journal.Event.REAUDIT_ANSWERED
        journal.record(
            session, clock, actor, event, "review", case.visit_id, case_id=case.id, agreed=agreed
        )
        session.flush()
        note_look_beside(session, actor, clock, case.visit_id, case.author_id)
    elif (case.second_actor_id, case.second_state) != (actor.user_id, state):
        raise problems.REAUDIT_CLOSED.error()
    return {"agreed": case.first_state == case.second_state, "first": case.first_state}


def agreement(session: Session, actor: Actor) -> dict[str, Any]:
    """How far first and second decisions agree: {regions, all, open}, by name of region."""
    count = func.count()
    query = (
        select(_CASE.c.region_id, _CASE.c.first_state, _CASE.c.second_state, count)
        .where(_scope(actor), _CASE.c.second_state.is_not(None))
        .group_by(_CASE.c.region_id, _CASE.c.first_state, _CASE.c.second_state)
    )
    regions: dict[str, Agreement] = {}
    whole = Agreement()
    for region_id, first, second, number in session.execute(query):
        for one in (regions.setdefault(region_id, Agreement()), whole):
            one.add(
                first_accepted=first == ReviewState.ACCEPTED,
                second_accepted=second == ReviewState.ACCEPTED,
                times=number,
            )
    names = region_names(session)
    waiting = select(func.count()).select_from(_CASE).where(_scope(actor))
    rows = [
        {"region_id": region_id, "region_name": names.get(region_id, ""), **_told(one)}
        for region_id, one in regions.items()
    ]
    return {
        "regions": sorted(rows, key=lambda row: row["region_name"]),
        "all": _told(whole),
        "open": session.scalar(waiting.where(_CASE.c.closed_at.is_(None))) or 0,
    }


def _told(one: Agreement) -> dict[str, Any]:
    return {
        "cases": one.cases,
        "agreed": one.agreed,
        "percent": one.percent,
        "kappa": one.kappa,
        "accepted_rejected": one.accepted_rejected,
        "rejected_accepted": one.rejected_accepted,
    }


def samples(session: Session) -> dict[str, Any]:
    """The last samples, the newest first: {items}."""
    query = select(ReauditSample).order_by(ReauditSample.at.desc(), ReauditSample.id).limit(RECENT)
    found = [_sample_record(sample) for sample in session.scalars(query)]
    people = people_by_ids(session, {sample["actor_id"] for sample in found})
    for sample in found:
        sample["actor_name"] = people[sample["actor_id"]]["name"]
    return {"items": found}


def _sample_record(sample: ReauditSample) -> dict[str, Any]:
    return {
        "id": sample.id,
        "actor_id": sample.actor_id,
        "at": wire_time(sample.at),
        "share": sample.share,
        "seed": sample.seed,
        "region_id": sample.region_id,
        "from": sample.first.isoformat(),
        "to": sample.last.isoformat(),
        "population": sample.population,
        "drawn": sample.drawn,
    }
