"""Judging visits, now and again. The ops of a visit are in ops.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from server.config import settings
from server.kernel import changes, journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock
from server.kernel.geo import Fix
from server.kernel.ids import new_id
from server.stores.queries import StoreRef, stores_for_ops
from server.visits.counted_days import note_days
from server.visits.fields import fix_of
from server.visits.flag_bits import flag_bits
from server.visits.models import Visit, VisitJudgement
from server.visits.verdict import POSITION_FLAGS, Judgement, Pin, Thresholds, judge

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is

PIN_CHANGED = "pin_changed"


class StoreJudge:
    """Judges fixes against stores by the organisation's rules, which are read once."""

    def __init__(self) -> None:
        rules = settings()
        self._radius_m = rules.radius_m
        self._thresholds = Thresholds(rules.max_accuracy_m, rules.cached_fix_max_age_s)
        self._pins: dict[str, Pin] = {}

    def __call__(self, fix: Fix | None, store: StoreRef) -> Judgement:
        """Judge a fix against a store's pin and radius."""
        pin = self._pins.get(store.id)
        if pin is None:
            self._pins[store.id] = pin = Pin(store.lat, store.lon, store.pin_quality_m)
        radius_m = self._radius_m if store.radius_m is None else store.radius_m
        return judge(fix, pin, radius_m, self._thresholds)


def rejudge_store(
    session: Session, actor: Actor, clock: Clock, store_id: str, cause: str = PIN_CHANGED
) -> int:
    """Judge all visits of a store again, after its pin, pin quality or radius has changed.

    The judgements that change are kept as they were in visit_judgement, journalled, and told to
    the authors' phones. Flags that do not come from the position stay. Returns how many changed.
    """
    session.flush()
    store = stores_for_ops(session, actor, {store_id}).get(store_id)
    if store is None:
        return 0
    now, judge_one = clock.now(), StoreJudge()
    days: list[datetime] = []
    old: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    entries: list[journal.Row] = []
    authors: dict[str, list[str]] = {}
    rows = session.execute(select(_VISIT).where(_VISIT.c.store_id == store_id)).mappings()
    for row in rows:
        judgement = judge_one(fix_of(row, "in"), store)
        if judgement.explanation == row["explanation"]:
            continue
        kept = ("rule_version", "verdict", "distance_m", "explanation", "flags")
        old.append(
            {"id": new_id(), "visit_id": row["id"], "at": now, "cause": cause}
            | {name: row[name] for name in kept}
        )
        others = [flag for flag in row["flags"] if flag["code"] not in POSITION_FLAGS]
        new.append(
            {
                "visit_id": row["id"],
                "new_rule_version": judgement.rule_version,
                "new_verdict": judgement.verdict.value,
                "new_distance_m": judgement.distance_m,
                "new_explanation": judgement.explanation,
                "new_flags": judgement.flags + others,
                "new_bits": flag_bits(judgement.flags + others),
            }
        )
        change = {"before": row["verdict"], "after": judgement.verdict.value, "cause": cause}
        entries.append((journal.Event.VISIT_JUDGED, "visit", row["id"], change))
        authors.setdefault(row["author_id"], []).append(row["id"])
        days.append(row["checked_in_at"])
    if not new:
        return 0
    session.execute(insert(VisitJudgement), old)
    session.execute(
        update(_VISIT)
        .where(_VISIT.c.id == bindparam("visit_id"))
        .values(
            rule_version=bindparam("new_rule_version"),
            verdict=bindparam("new_verdict"),
            distance_m=bindparam("new_distance_m"),
            explanation=bindparam("new_explanation"),
            flags=bindparam("new_flags"),
            flag_bits=bindparam("new_bits"),
            rev=_VISIT.c.rev + 1,
        ),
        new,
    )
    note_days(session, days)
    journal.record_many(session, clock, actor, entries)
    for author_id, visit_ids in authors.items():
        changes.touch(session, changes.user_scope(author_id), "visit", visit_ids)
    return len(new)
