"""Judging visits again: what would change is counted first, then it is written, or not.

After a changed pin it runs in the background: which stores are due stands in rejudge_due, so that
a lost job is found again. After changed rules `flask storewalk rejudge` goes through all visits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, delete, select, update
from sqlalchemy.orm import Session

from server.accounts.sessions import actor_by_id
from server.kernel import jobs, journal
from server.kernel.auth import Actor
from server.kernel.bulk import BulkInsert
from server.kernel.clock import Clock
from server.kernel.db import db
from server.kernel.http import clock as app_clock
from server.kernel.turns import take_turn, take_turns
from server.materials.queries import beyond_books
from server.stores.queries import StoreRef, chunks, store_refs
from server.visits import flags as all_flags
from server.visits.beside import weigh
from server.visits.domain import JUDGED, PIN_CHANGED, RULE_CHANGED, StoreJudge, write_judgements
from server.visits.fields import fix_of
from server.visits.flags import Flag, PhotoFinding
from server.visits.models import RejudgeDue, State, Visit
from server.visits.photo_findings import known_findings
from server.visits.verdict import RULE_VERSION

REJUDGE: Final = "visits.rejudge"
_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
_DUE: Table = RejudgeDue.__table__  # type: ignore[assignment]  # likewise
# Erased positions cannot be judged again: their judgement stays as it was.
_POSITIONS_THERE = _VISIT.c.erased_at.is_(None)
_ASK = BulkInsert(_DUE, keys=("store_id",), replaces=("asked_at", "actor_id"))
# What a judgement decides anew; the version alone is no change worth a history.
_DECIDED: Final = tuple(name for name in JUDGED if name != "rule_version")


@dataclass(slots=True)
class Summary:
    """What judging again changes: how many visits, from which verdict to which, which flags.

    reworded are those that keep verdict and flags, and only give other numbers for them.
    """

    visits: int = 0
    changed: int = 0
    reworded: int = 0
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    raised: Counter[str] = field(default_factory=Counter)
    cleared: Counter[str] = field(default_factory=Counter)

    def note(self, before: Mapping[Any, Any], after: Mapping[str, Any]) -> None:
        """Count one visit that changes."""
        verdict = after.get("verdict", before["verdict"])
        was, now = _codes(before["flags"]), _codes(after["flags"])
        if verdict == before["verdict"] and was == now:
            self.reworded += 1
            return
        self.changed += 1
        if verdict != before["verdict"]:
            self.verdicts[before["verdict"], verdict] += 1
        self.raised.update(now - was)
        self.cleared.update(was - now)

    def add(self, other: Summary) -> None:
        """Count what another summary counted."""
        self.visits += other.visits
        self.changed += other.changed
        self.reworded += other.reworded
        self.verdicts.update(other.verdicts)
        self.raised.update(other.raised)
        self.cleared.update(other.cleared)

    def as_dict(self) -> dict[str, Any]:
        """The summary as the API writes it, in a fixed order."""
        return {
            "visits": self.visits,
            "changed": self.changed,
            "reworded": self.reworded,
            "verdicts": [
                {"before": before, "after": after, "count": count}
                for (before, after), count in sorted(self.verdicts.items())
            ],
            "raised": dict(sorted(self.raised.items())),
            "cleared": dict(sorted(self.cleared.items())),
        }

    def lines(self) -> list[str]:
        """The summary to be read."""
        said = [f"Visits: {self.visits}, of which {self.changed} change."]
        said += [
            f"  {before} -> {after}: {count}"
            for (before, after), count in sorted(self.verdicts.items())
        ]
        for word, counts in (("raised", self.raised), ("cleared", self.cleared)):
            said += [f"  {code} {word}: {count}" for code, count in sorted(counts.items())]
        return said


def _codes(flags: Sequence[Flag]) -> set[str]:
    return {flag["code"] for flag in flags}


@dataclass(slots=True)
class Plan:
    """What judging again would write: columns by visit id, and its summary."""

    summary: Summary = field(default_factory=Summary)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    older: list[str] = field(default_factory=list)


def plan_visits(
    session: Session,
    rows: Sequence[Mapping[Any, Any]],
    judge: StoreJudge,
    stores: Mapping[str, StoreRef],
) -> Plan:
    """Judge these rows of the visit table again, with their neighbours. Writes nothing."""
    plan = Plan()
    ids = [row["id"] for row in rows]
    findings: dict[str, list[PhotoFinding]] = {}
    for part in chunks(ids):
        findings |= known_findings(session, part)
    short = beyond_books(session, ids)
    by_author: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        new = _judged(row, judge, stores[row["store_id"]])
        flags = all_flags.photo_flags(judge.rules, findings[row["id"]])
        flags += all_flags.handout_flags(short[row["id"]])
        group = all_flags.PHOTO | all_flags.HANDOUT
        new["flags"] = all_flags.replaced(new["flags"], group, flags)
        by_author.setdefault(row["author_id"], []).append(new)
    before = {row["id"]: row for row in rows}
    for author_id, fresh in sorted(by_author.items()):
        beside = weigh(session, judge.rules, author_id, fresh, dict(stores))
        for new in fresh:
            _note(plan, before[new["id"]], new)
        for old, flags in beside:
            plan.summary.note(old, {"flags": flags})
            plan.changes[old["id"]] = {"flags": flags, "rule_version": RULE_VERSION}
    plan.summary.visits = len(rows)
    return plan


def _judged(row: Mapping[Any, Any], judge: StoreJudge, store: StoreRef) -> dict[str, Any]:
    judgement = judge(fix_of(row, "in"), store)
    own = all_flags.own_flags(
        judge.rules,
        dwell_s=row["dwell_s"],
        completed=row["state"] == State.COMPLETED,
        photos=row["photos_said"],
    )
    group = all_flags.POSITION | all_flags.OWN
    return {
        **row,
        "verdict": judgement.verdict.value,
        "distance_m": judgement.distance_m,
        "explanation": judgement.explanation,
        "rule_version": judgement.rule_version,
        "flags": all_flags.replaced(row["flags"], group, [*judgement.flags, *own]),
    }


def _note(plan: Plan, old: Mapping[Any, Any], new: Mapping[str, Any]) -> None:
    if any(new[name] != old[name] for name in _DECIDED):
        plan.summary.note(old, new)
        plan.changes[old["id"]] = {name: new[name] for name in JUDGED}
    elif old["rule_version"] != RULE_VERSION:
        plan.older.append(old["id"])


def apply_plan(
    session: Session, actor: Actor | None, clock: Clock, plan: Plan, cause: str
) -> Summary:
    """Write what was planned in this transaction."""
    write_judgements(session, actor, clock, plan.changes, cause)
    for start in range(0, len(plan.older), 1_000):
        # The same result by newer rules: no new judgement, but known to be theirs.
        ids = plan.older[start : start + 1_000]
        by_new = update(_VISIT).where(_VISIT.c.id.in_(ids)).values(rule_version=RULE_VERSION)
        session.execute(by_new)
    return plan.summary


def plan_store(session: Session, store_id: str, pin: Mapping[str, Any] | None = None) -> Plan:
    """Judge a store's visits again: as the store is, or as if it had these lat, lon, pin_quality_m.

    radius_m may be among them. An unknown store has no visits.
    """
    session.flush()
    store = store_refs(session, [store_id]).get(store_id)
    if store is None:
        return Plan()
    store = replace(store, **(pin or {}))
    query = select(_VISIT).where(_VISIT.c.store_id == store_id, _POSITIONS_THERE)
    rows = session.execute(query).mappings().all()
    return plan_visits(session, rows, StoreJudge(session), {store_id: store})


def rejudge_store(
    session: Session, actor: Actor | None, clock: Clock, store_id: str, cause: str = PIN_CHANGED
) -> int:
    """Judge all visits of a store again, after its pin, pin quality or radius has changed.

    Flags of neighbouring visits follow; those that come from photos stay as they were found.
    Returns how many visits changed.
    """
    take_turns(session, select(_VISIT.c.author_id).where(_VISIT.c.store_id == store_id))
    plan = plan_store(session, store_id)
    apply_plan(session, actor, clock, plan, cause)
    return len(plan.changes)


def ask_rejudge(session: Session, actor: Actor | None, clock: Clock, store_id: str) -> None:
    """Have a store's visits judged again in the background, after this transaction."""
    row = {
        "store_id": store_id,
        "asked_at": clock.now(),
        "actor_id": actor.user_id if actor else None,
    }
    session.flush()
    _ASK(session, [row])
    jobs.enqueue(session, REJUDGE)


@jobs.periodic(REJUDGE, seconds=60)
def rejudge_due() -> None:
    """Judge the visits of the stores that are due. Each store is a transaction of its own."""
    session, clock = db.session(), app_clock()
    while True:
        due = session.execute(select(_DUE).order_by(_DUE.c.asked_at, _DUE.c.store_id).limit(1))
        row = due.one_or_none()
        if row is None:
            break
        actor = actor_by_id(session, row.actor_id) if row.actor_id else None
        rejudge_store(session, actor, clock, row.store_id)
        # Only what was read: the pin may have moved again meanwhile, and then it is due again.
        session.execute(
            delete(_DUE).where(_DUE.c.store_id == row.store_id, _DUE.c.asked_at == row.asked_at)
        )
        session.commit()
    session.rollback()
    session.close()


def rejudge_all(
    session: Session,
    clock: Clock,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    write: bool,
) -> Summary:
    """Judge all visits between two times again, person by person; commits each where it writes."""
    total = Summary()
    judge = StoreJudge(session)
    where: list[ColumnElement[bool]] = [_POSITIONS_THERE]
    where += [_VISIT.c.checked_in_at >= since] if since else []
    where += [_VISIT.c.checked_in_at < until] if until else []
    authors = session.scalars(select(_VISIT.c.author_id).where(*where).distinct()).all()
    for author_id in sorted(authors):
        if write:
            take_turn(session, author_id)
        query = select(_VISIT).where(_VISIT.c.author_id == author_id, *where)
        rows = session.execute(query).mappings().all()
        stores = store_refs(session, {row["store_id"] for row in rows})
        plan = plan_visits(session, rows, judge, stores)
        total.add(plan.summary)
        if write:
            apply_plan(session, None, clock, plan, RULE_CHANGED)
            session.commit()
    if write and total.changed + total.reworded:
        event = journal.Event.VISITS_JUDGED_AGAIN
        journal.record(session, clock, None, event, "organisation", "visits", **total.as_dict())
        session.commit()
    return total
