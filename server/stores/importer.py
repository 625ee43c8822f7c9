"""Importing stores from a CSV file: bad rows are refused by number, the others are taken.

A row updates the store that has its code and else makes a new one. An empty cell, or a column that
is not there, leaves what is stored. The same file twice changes nothing the second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from server.accounts.queries import people, regions
from server.kernel import journal
from server.kernel.auth import Actor, Role
from server.kernel.clock import Clock
from server.kernel.crs import Crs
from server.kernel.geo import great_circle_m
from server.kernel.ids import new_id
from server.stores import domain, problems
from server.stores.csv_reading import Table, read_table
from server.stores.import_doubts import find_doubts
from server.stores.import_rows import Candidate, Known, check_row
from server.stores.import_words import DOUBTS, Remark
from server.stores.models import PinSource, Store
from server.stores.queries import RECORD_FIELDS, chunks, current_reps

MAX_REMARKS = 1_000
# Conversion and rounding move a pin by less; a file that says the same is no correction.
_SAME_PLACE_M = 1.0
# Somebody has vouched for these; a file may not undo that.
_HAND_MADE = {PinSource.OFFICE.value, PinSource.SURVEY.value, PinSource.LEARNED.value}
_BATCH = 1_000


@dataclass(slots=True)
class Report:
    """What an import did, or with dry_run would do."""

    rows: int
    crs: Crs
    ignored_columns: list[str]
    dry_run: bool
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    errors: list[Remark] = field(default_factory=list)
    doubtful: list[Remark] = field(default_factory=list)

    def as_dict(self, language: str) -> dict[str, Any]:
        """The report as the API writes it; at most MAX_REMARKS of each kind are listed."""
        return {
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "errors": [one.as_dict(language) for one in self.errors[:MAX_REMARKS]],
            "doubtful": [one.as_dict(language) for one in self.doubtful[:MAX_REMARKS]],
            "truncated": max(len(self.errors), len(self.doubtful)) > MAX_REMARKS,
            "crs": self.crs.value,
            "ignored_columns": self.ignored_columns,
            "dry_run": self.dry_run,
        }


@dataclass(slots=True)
class _Plan:
    """The writes: full rows to insert, and by store id changed columns, old values and reps."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    reps: dict[str, set[str]] = field(default_factory=dict)


def import_stores(
    session: Session,
    actor: Actor,
    clock: Clock,
    data: bytes,
    *,
    crs: Crs | None = None,
    region_id: str | None = None,
    dry_run: bool = False,
) -> Report:
    """Import a CSV file.

    crs may be left out where the header names it (lat_wgs84, lng_bd09); region_id is for new
    stores whose row names no region. Raises the csv_… problems and region_unknown; then nothing
    was changed.
    """
    table = read_table(data)
    crs = _declared_crs(table, crs)
    known = _known(session, actor, table, region_id)
    candidates, errors = _check(table, crs, known)
    doubtful = find_doubts(candidates, crs)
    report = Report(len(table.rows), crs, table.ignored_columns, dry_run)
    plan = _plan(session, candidates, known, report, doubtful, errors)
    report.refused = len({error.row for error in errors})
    report.errors = sorted(errors, key=lambda one: one.row)
    grave = {code: rank for rank, code in enumerate(DOUBTS)}
    report.doubtful = sorted(doubtful, key=lambda one: (grave[one.code], one.row))
    if not dry_run:
        _write(session, actor, clock, plan, report)
    return report


def _declared_crs(table: Table, crs: Crs | None) -> Crs:
    if crs is None and table.crs is None:
        raise problems.CSV_CRS_MISSING.error(field="crs")
    if crs is not None and table.crs is not None and crs is not table.crs:
        raise problems.CSV_CRS_CONTRADICTED.error(
            field="crs", declared=crs.value, header=table.crs_header
        )
    found = crs or table.crs
    assert found is not None  # noqa: S101 -- ruled out above; tells the type checker
    return found


def _known(session: Session, actor: Actor, table: Table, region_id: str | None) -> Known:
    seen = regions(session, actor)
    times = Counter(region["name"] for region in seen)
    found = {one["name"]: one["id"] for one in seen if times[one["name"]] == 1}
    # Where a name equals another region's code, the code wins.
    for key in ("code", "id"):
        found |= {region[key]: region["id"] for region in seen}
    if region_id is not None:
        domain.region_there(session, region_id)
    elif "region" not in table.fields:
        raise problems.CSV_REGION_MISSING.error(field="region_id")
    reps = {}
    if "rep" in table.fields:
        reps = {
            person["username"]: person["id"] for person in people(session, actor, role=Role.REP)
        }
    return Known(found, reps, region_id)


def _check(table: Table, crs: Crs, known: Known) -> tuple[list[Candidate], list[Remark]]:
    candidates: list[Candidate] = []
    errors: list[Remark] = []
    first_row: dict[str, int] = {}
    for row in table.rows:
        candidate, found = check_row(row, crs, known)
        errors += found
        if candidate is None:
            continue
        first = first_row.setdefault(candidate.code, row.number)
        if first != row.number:
            params = {"first": first, "value": candidate.code}
            errors.append(Remark(row.number, "code", "code_twice", params))
            continue
        candidates.append(candidate)
    return candidates, errors


def _plan(
    session: Session,
    candidates: Sequence[Candidate],
    known: Known,
    report: Report,
    doubtful: list[Remark],
    errors: list[Remark],
) -> _Plan:
    stored = {
        row.code: dict(row._mapping)  # noqa: SLF001 -- the public name of a row's mapping
        for part in chunks(one.code for one in candidates)
        for row in session.execute(
            select(*(getattr(Store, name) for name in RECORD_FIELDS)).where(Store.code.in_(part))
        )
    }
    reps_now = current_reps(session, (row["id"] for row in stored.values()))
    plan = _Plan()
    for one in candidates:
        before = stored.get(one.code)
        if before is None:
            if "region_id" not in one.values and known.default_region is None:
                errors.append(Remark(one.row, "region", "region_missing", {}))
                continue
            store_id = new_id()
            plan.new.append(_new_row(store_id, one, known))
            report.created += 1
        else:
            store_id = before["id"]
            changed = _changes(one, before, doubtful)
            if changed:
                plan.changed[store_id] = changed
                plan.stored[store_id] = before
            other_reps = one.rep_ids and set(one.rep_ids) != reps_now.get(store_id, set())
            report.updated += bool(changed or other_reps)
            report.unchanged += not (changed or other_reps)
        if one.rep_ids:
            plan.reps[store_id] = set(one.rep_ids)
    return plan


def _new_row(store_id: str, one: Candidate, known: Known) -> dict[str, Any]:
    empty = {"address": "", "city": "", "chain": "", "contact": "", "phone": ""}
    return {
        **empty,
        "region_id": known.default_region,
        "radius_m": None,
        "active": True,
        **one.values,
        "id": store_id,
        "code": one.code,
        "lat": one.lat,
        "lon": one.lon,
        "pin_source": _source(one),
        "pin_quality_m": one.quality_m,
        "initials": domain.initials_of(one.values["name"]),
        "rev": 1,
    }


def _source(one: Candidate) -> str:
    return (PinSource.GEOCODED if one.quality_m else PinSource.IMPORT).value


def _changes(one: Candidate, before: Mapping[str, Any], doubtful: list[Remark]) -> dict[str, Any]:
    """The columns that the row changes. A pin corrected by hand outlives any file."""
    changed = {key: value for key, value in one.values.items() if before[key] != value}
    moved_m = great_circle_m(one.lat, one.lon, before["lat"], before["lon"])
    if before["pin_source"] in _HAND_MADE:
        if moved_m > _SAME_PLACE_M:
            doubtful.append(Remark(one.row, "lat", "pin_kept", {"metres": round(moved_m)}))
    elif moved_m > _SAME_PLACE_M:
        changed |= {"lat": one.lat, "lon": one.lon, "pin_quality_m": one.quality_m}
        if before["pin_source"] != _source(one):
            changed["pin_source"] = _source(one)
    elif one.quality_m > before["pin_quality_m"]:
        # A part of a file may not show that a position is shared: the doubt is kept, never lowered.
        changed |= {"pin_quality_m": one.quality_m, "pin_source": _source(one)}
    if "name" in changed:
        changed["initials"] = domain.initials_of(changed["name"])
    return changed


def _write(session: Session, actor: Actor, clock: Clock, plan: _Plan, report: Report) -> None:
    at = clock.now()
    for start in range(0, len(plan.new), _BATCH):
        rows = [row | {"created_at": at, "updated_at": at} for row in plan.new[start:][:_BATCH]]
        session.execute(insert(Store), rows)
    pins = [
        plan.stored[store_id]
        for store_id, changed in plan.changed.items()
        if domain.PIN_FIELDS & changed.keys()
    ]
    domain.keep_pins(session, actor, clock, pins)
    if plan.changed:
        session.execute(
            update(Store),
            [
                plan.stored[store_id]
                | changed
                | {"rev": plan.stored[store_id]["rev"] + 1, "updated_at": at}
                for store_id, changed in plan.changed.items()
            ],
        )
    domain.tell_phones(session, plan.changed.keys())
    domain.assign_many(session, actor, clock, plan.reps)
    journal.record_many(session, clock, actor, _entries(plan, report))
    moved = [
        store_id
        for store_id, changed in plan.changed.items()
        if domain.VERDICT_FIELDS & changed.keys()
    ]
    domain.pin_changed(session, actor, clock, moved)


def _entries(plan: _Plan, report: Report) -> list[journal.Row]:
    entries: list[journal.Row] = [
        (
            journal.Event.STORE_CREATED,
            "store",
            row["id"],
            {"code": row["code"], "name": row["name"], "cause": "import"},
        )
        for row in plan.new
    ]
    for store_id, changed in plan.changed.items():
        before = {key: plan.stored[store_id][key] for key in changed}
        data = {"before": before, "after": changed, "cause": "import"}
        entries.append((journal.Event.STORE_CHANGED, "store", store_id, data))
    counts = {
        "rows": report.rows,
        "created": report.created,
        "updated": report.updated,
        "refused": report.refused,
        "crs": report.crs.value,
    }
    entries.append((journal.Event.STORES_IMPORTED, "import", new_id(), counts))
    return entries
