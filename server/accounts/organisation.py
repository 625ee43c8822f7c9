"""The organisation's rules of judging: numbers that the office may set for all its stores.

A rule that nobody has set has the value of the server's settings, or the default below. They are
read once for each batch or page, and handed to the functions that judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from server.accounts.models import OrganisationRule
from server.config import Settings, settings
from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.bulk import BulkInsert
from server.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules; lengths in metres, times in seconds. docs/verdict.md says what each does."""

    radius_m: float = 200.0
    office_radius_m: float = 300.0
    max_accuracy_m: float = 150.0
    cached_fix_max_age_s: float = 120.0
    max_pin_quality_m: float = 1_000.0
    short_visit_s: float = 180.0
    photos_min: float = 1.0
    clock_tolerance_s: float = 120.0
    travel_kmh: float = 120.0
    travel_min_m: float = 500.0
    identical_apart_m: float = 100.0
    photo_old_s: float = 86_400.0
    pin_off_min_m: float = 60.0


# The least and the greatest value of each rule.
RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "radius_m": (20, 5_000),
    "office_radius_m": (20, 5_000),
    "max_accuracy_m": (10, 5_000),
    "cached_fix_max_age_s": (10, 86_400),
    "max_pin_quality_m": (50, 20_000),
    "short_visit_s": (0, 7_200),
    "photos_min": (0, 20),
    "clock_tolerance_s": (10, 86_400),
    "travel_kmh": (30, 1_200),
    "travel_min_m": (100, 50_000),
    "identical_apart_m": (20, 50_000),
    "photo_old_s": (600, 31_536_000),
    "pin_off_min_m": (20, 5_000),
}
NAMES: Final = tuple(item.name for item in fields(Rules))
_RULE: Table = OrganisationRule.__table__  # type: ignore[assignment]  # declared wider than it is
_WRITE = BulkInsert(_RULE, keys=("name",), replaces=("value", "rev"))
_OF_SETTINGS: Final = frozenset(NAMES) & {item.name for item in fields(Settings)}


def defaults() -> Rules:
    """The rules of an organisation that has set none."""
    found = settings()
    return Rules(**{name: getattr(found, name) for name in _OF_SETTINGS})


def rules(session: Session) -> Rules:
    """The rules that count now."""
    rows = session.connection().execute(select(_RULE.c.name, _RULE.c.value))
    # A newer release may have left a rule that this one does not know.
    return replace(defaults(), **{row.name: row.value for row in rows if row.name in NAMES})


def rules_page(session: Session) -> dict[str, Any]:
    """What the office edits: {rules, defaults, ranges, rev}; rev is 0 where nothing was set."""
    return {
        "rules": asdict(rules(session)),
        "defaults": asdict(defaults()),
        "ranges": {name: list(RANGES[name]) for name in NAMES},
        "rev": revision(session),
    }


def revision(session: Session) -> int:
    """Raised by each change of the rules."""
    return session.scalar(select(func.max(_RULE.c.rev)).where(_RULE.c.name.in_(NAMES))) or 0


def change_rules(
    session: Session, actor: Actor, clock: Clock, values: Mapping[str, float]
) -> dict[str, Any]:
    """Set the named rules and return the page. The caller has held the revision against If-Match.

    Visits judged before keep their verdict until they are judged again.
    """
    before = asdict(rules(session))
    changed = {name: float(value) for name, value in values.items() if before[name] != value}
    if changed:
        rev = revision(session) + 1
        _WRITE(session, [{"name": name, "value": changed[name], "rev": rev} for name in changed])
        journal.record(
            session,
            clock,
            actor,
            journal.Event.RULES_CHANGED,
            "organisation",
            "rules",
            before={name: before[name] for name in changed},
            after=changed,
        )
    return rules_page(session)
