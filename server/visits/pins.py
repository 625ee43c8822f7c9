"""Learning store pins from check-ins: which fixes may teach, and when it is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.orm import Session

from server.accounts.organisation import Rules, rules
from server.kernel import jobs, problems
from server.kernel.auth import Actor
from server.kernel.clock import Clock, org_day
from server.kernel.db import db, read_only
from server.kernel.geo import is_position
from server.kernel.http import clock as app_clock
from server.stores import proposals
from server.stores.learning import PinFix, learn
from server.stores.queries import store_page
from server.visits.flags import CLOCK, TRAVEL
from server.visits.models import State, Visit
from server.visits.rejudge import plan_store

LEARN: Final = "visits.learn_pins"
_VISIT: Table = Visit.__table__  # type: ignore[assignment]  # declared wider than it is
# A store may move; what was longer ago says little about where it is.
_MEMORY: Final = timedelta(days=180)
# Records come days late; the stores visited since then are looked at in each round.
_LATELY: Final = timedelta(days=8)
_STORES_AT_ONCE: Final = 200
_FIXES_A_STORE: Final = 300
_UNTRUSTED: Final = CLOCK | TRAVEL


_unfit: list[Callable[[], ColumnElement[bool]]] = []


def teaches_nothing(condition: Callable[[], ColumnElement[bool]]) -> None:
    """Name a condition on rows of the visit table whose fixes may teach no pin."""
    _unfit.append(condition)


def usable_fixes(
    session: Session, clock: Clock, wanted: Rules, store_ids: Collection[str]
) -> dict[str, list[PinFix]]:
    """The fixes that may teach a pin, by store; stores without any are there with none.

    Whatever their verdict: a wrong pin is just what makes honest ones off site. Left out are
    those too coarse or too old to judge by, those of cancelled visits, those of visits whose time
    or way is doubtful, and those that another feature holds unfit: of rejected visits.
    """
    names = ("store_id", "in_lat", "in_lon", "in_accuracy_m", "author_id", "checked_in_at", "flags")
    rows = session.execute(
        select(*(_VISIT.c[name] for name in names))
        .where(
            _VISIT.c.store_id.in_(list(store_ids)),
            _VISIT.c.checked_in_at >= clock.now() - _MEMORY,
            _VISIT.c.in_lat.is_not(None),
            _VISIT.c.in_accuracy_m <= wanted.max_accuracy_m,
            _VISIT.c.in_fix_age_s <= wanted.cached_fix_max_age_s,
            _VISIT.c.state != State.CANCELLED.value,
            *(~condition() for condition in _unfit),
        )
        .order_by(_VISIT.c.checked_in_at.desc(), _VISIT.c.id)
    )
    found: dict[str, list[PinFix]] = {store_id: [] for store_id in store_ids}
    for row in rows:
        fixes = found[row.store_id]
        if len(fixes) < _FIXES_A_STORE and not any(f["code"] in _UNTRUSTED for f in row.flags):
            day = org_day(row.checked_in_at).isoformat()
            fixes.append(PinFix(row.in_lat, row.in_lon, row.in_accuracy_m, row.author_id, day))
    return found


def learn_all(session: Session, clock: Clock, *, everything: bool = False) -> int:
    """Learn the pins of the stores visited lately (or in all of the memory), and propose them.

    Reads and learns without the write lock; each part's proposals are a transaction of their own.
    Returns how many proposals changed; asked again at once, none does.
    """
    since = clock.now() - (_MEMORY if everything else _LATELY)
    with read_only():
        store_ids = _visited_since(session, since)
        session.rollback()
    changed = 0
    for start in range(0, len(store_ids), _STORES_AT_ONCE):
        part = store_ids[start : start + _STORES_AT_ONCE]
        with read_only():
            wanted = rules(session)
            found = usable_fixes(session, clock, wanted, part)
            session.rollback()
        learned = {store_id: learn(fixes) for store_id, fixes in found.items()}
        changed += proposals.propose(session, clock, wanted, learned)
        session.commit()
    return changed


def _visited_since(session: Session, since: datetime) -> list[str]:
    query = select(_VISIT.c.store_id).where(_VISIT.c.checked_in_at >= since).distinct()
    return sorted(session.scalars(query))


@jobs.periodic(LEARN, seconds=6 * 3_600)
def learn_lately() -> None:
    """Learn from the check-ins of the last days."""
    session = db.session()
    learn_all(session, app_clock())
    session.close()


def preview(
    session: Session, actor: Actor, clock: Clock, store_id: str, pin: Mapping[str, float]
) -> dict[str, Any]:
    """What a store's visits would be judged with another lat, lon, pin_quality_m or radius_m.

    A summary of judging again, and the fixes there. Raises not_found for a store out of the
    actor's scope, validation_failed for a position that is none.
    """
    store = store_page(session, actor, store_id)
    if not is_position(pin.get("lat", store["lat"]), pin.get("lon", store["lon"])):
        raise problems.VALIDATION_FAILED.error(field="lat")
    fixes = usable_fixes(session, clock, rules(session), [store_id])[store_id]
    return plan_store(session, store_id, pin).summary.as_dict() | {
        "fixes": [{"lat": one.lat, "lon": one.lon, "accuracy_m": one.accuracy_m} for one in fixes],
    }
