"""Judging visits: at a store, beside their neighbours, and writing down what has changed.

The ops of a visit are in ops.py, judging again in rejudge.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from server.accounts.organisation import Rules, rules
from server.kernel import changes, journal
from server.kernel.auth import Actor
from server.kernel.bulk import Lookup
from server.kernel.clock import Clock
from server.kernel.geo import Fix
from server.kernel.ids import new_id
from server.kernel.turns import take_turns
from server.stores.queries import StoreRef
from server.visits import flags as all_flags
from server.visits.counted_days import note_days
from server.visits.flag_bits import flag_columns
from server.visits.flags import Flag, PhotoFinding
from server.visits.models import State, Visit, VisitJudgement
from server.visits.verdict import RULE_VERSION, Judgement, Pin, Thresholds, Verdict, judge

_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is

# What led to a new judgement; kept with the one that it replaced.
PIN_CHANGED = "pin_changed"
RULE_CHANGED = "rule_changed"
NEIGHBOUR = "neighbour"
PHOTOS = "photos"
HANDOUTS = "handouts"

# The columns of a judgement, in the visit and in the history alike.
JUDGED = ("rule_version", "verdict", "distance_m", "explanation", "flags")
_FIND_JUDGED = Lookup(
    _VISIT.c.id,
    [_VISIT.c[name] for name in ("id", "author_id", "checked_in_at", *JUDGED)],
)
_FIND_PHOTO_FACTS = Lookup(
    _VISIT.c.id, [_VISIT.c[name] for name in ("id", "state", "dwell_s", "photos_said", "flags")]
)


class StoreJudge:
    """Judges fixes against stores by the organisation's rules, which are read once."""

    def __init__(self, session: Session, wanted: Rules | None = None) -> None:
        self.rules = rules(session) if wanted is None else wanted
        self._thresholds = thresholds(self.rules)
        self._pins: dict[str, Pin] = {}

    def __call__(self, fix: Fix | None, store: StoreRef) -> Judgement:
        """Judge a fix against a store's pin and radius."""
        pin = self._pins.get(store.id)
        if pin is None:
            self._pins[store.id] = pin = Pin(store.lat, store.lon, store.pin_quality_m)
        radius_m = self.rules.radius_m if store.radius_m is None else store.radius_m
        return judge(fix, pin, radius_m, self._thresholds)


def thresholds(wanted: Rules) -> Thresholds:
    """What a fix and a pin must be worth by the organisation's rules."""
    return Thresholds(wanted.max_accuracy_m, wanted.cached_fix_max_age_s, wanted.max_pin_quality_m)


def write_judgements(
    session: Session,
    actor: Actor | None,
    clock: Clock,
    judged: Mapping[str, Mapping[str, Any]],
    cause: str,
) -> int:
    """Put new judgements in the place of old ones: {visit id: the columns of JUDGED that change}.

    What they replace is kept in visit_judgement, journalled, and told to the authors' phones.
    Returns how many visits were written. Callers leave out what has not changed.
    """
    rows = _FIND_JUDGED(session, judged)
    if not rows:
        return 0
    now = clock.now()
    session.execute(
        insert(VisitJudgement),
        [
            {"id": new_id(), "visit_id": row["id"], "at": now, "cause": cause}
            | {name: row[name] for name in JUDGED}
            for row in rows
        ],
    )
    session.execute(
        update(_VISIT)
        .where(_VISIT.c.id == bindparam("visit_id"))
        .values(
            {name: bindparam(f"new_{name}") for name in (*JUDGED, "flag_bits")}
            | {"rev": _VISIT.c.rev + 1}
        ),
        [
            {"visit_id": row["id"]}
            | {f"new_{name}": value for name, value in _columns(row, judged[row["id"]]).items()}
            for row in rows
        ],
    )
    note_days(session, (row["checked_in_at"] for row in rows))
    journal.record_many(
        session, clock, actor, [_entry(row, judged[row["id"]], cause) for row in rows]
    )
    other = [
        row["id"] for row in rows if _is_doubtful(row) != _is_doubtful({**row, **judged[row["id"]]})
    ]
    for listener in _listeners if other else ():
        listener(session, actor, clock, other)
    by_author: dict[str, list[str]] = {}
    for row in rows:
        by_author.setdefault(row["author_id"], []).append(row["id"])
    for author_id, visit_ids in by_author.items():
        changes.touch(session, changes.user_scope(author_id), "visit", visit_ids)
    return len(rows)


_listeners: list[Callable[[Session, Actor | None, Clock, Collection[str]], None]] = []


def when_doubt_changes(
    listener: Callable[[Session, Actor | None, Clock, Collection[str]], None],
) -> None:
    """Have a function called with the ids of visits of which nothing, or something, is doubted now.

    Called in the transaction of the new judgement, where a visit had a flag or a verdict other than
    on_site and has neither any more, or the other way round.
    """
    _listeners.append(listener)


def _is_doubtful(judged: Mapping[str, Any]) -> bool:
    return bool(judged["flags"]) or judged["verdict"] != Verdict.ON_SITE


def _columns(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: new.get(name, old[name]) for name in JUDGED}
    return values | flag_columns(values["flags"])


def _entry(old: Mapping[str, Any], new: Mapping[str, Any], cause: str) -> journal.Row:
    data: dict[str, Any] = {
        "before": old["verdict"],
        "after": new.get("verdict", old["verdict"]),
        "cause": cause,
    }
    was, now = _codes(old["flags"]), _codes(new.get("flags", old["flags"]))
    for key, codes in (("raised", now - was), ("cleared", was - now)):
        if codes:
            data[key] = sorted(codes)
    return journal.Event.VISIT_JUDGED, "visit", old["id"], data


def _codes(flags: Sequence[Flag]) -> set[str]:
    return {flag["code"] for flag in flags}


def change_flags(
    session: Session,
    actor: Actor | None,
    clock: Clock,
    flags: Mapping[str, list[Flag]],
    cause: str,
) -> int:
    """Write new flags of visits whose position is judged as before: {visit id: all flags}."""
    new = {
        visit_id: {"flags": now, "rule_version": RULE_VERSION} for visit_id, now in flags.items()
    }
    return write_judgements(session, actor, clock, new, cause)


def judge_photos(
    session: Session,
    actor: Actor | None,
    clock: Clock,
    findings: Mapping[str, Sequence[PhotoFinding]],
) -> int:
    """Set the flags that come from photos, by what was found about each visit's: {visit id: …}.

    findings are all that is known of a visit, so an empty list takes its flags away. Also asks
    again whether there are photos enough. Visits that are not here are left out. Returns how many
    visits changed; the same findings again change nothing.
    """
    take_turns(session, select(_VISIT.c.author_id).where(_VISIT.c.id.in_(list(findings))))
    wanted = rules(session)
    changed = {}
    for row in _FIND_PHOTO_FACTS(session, findings):
        own = all_flags.own_flags(
            wanted,
            dwell_s=row["dwell_s"],
            completed=row["state"] == State.COMPLETED,
            # What the phone said at the check-out: a photo that comes with an answer to the flag
            # stands beside it, and does not take it away.
            photos=row["photos_said"],
        )
        group = all_flags.PHOTO | all_flags.OWN
        new = [*own, *all_flags.photo_flags(wanted, findings[row["id"]])]
        flags = all_flags.replaced(row["flags"], group, new)
        if flags != row["flags"]:
            changed[row["id"]] = flags
    return change_flags(session, actor, clock, changed, PHOTOS)


def judge_handouts(
    session: Session, actor: Actor | None, clock: Clock, short: Mapping[str, Sequence[int]]
) -> int:
    """Set the flag that comes from handouts, by the units that each lacks on the books.

    short is {visit id: [units, …]}, all that is known of a visit: an empty list takes its flag
    away. Visits that are not here are left out. Returns how many visits changed.
    """
    if not short:
        return 0
    take_turns(session, select(_VISIT.c.author_id).where(_VISIT.c.id.in_(list(short))))
    changed = {}
    for row in _FIND_PHOTO_FACTS(session, short):
        new = all_flags.handout_flags(short[row["id"]])
        flags = all_flags.replaced(row["flags"], all_flags.HANDOUT, new)
        if flags != row["flags"]:
            changed[row["id"]] = flags
    return change_flags(session, actor, clock, changed, HANDOUTS)
