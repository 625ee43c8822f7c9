"""Importing opening stock from CSV or XLSX: bad rows are refused by number, the others booked.

A row books its quantity from the place "opening" to a warehouse or a rep; a material that is not
there yet is added. The same file twice books nothing the second time: an entry's id follows from
the file and the row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.queries import people
from server.kernel import changes, journal
from server.kernel.auth import Actor, Role
from server.kernel.clock import Clock
from server.kernel.ids import new_id
from server.kernel.sheets import MAX_ROWS, TooLargeError, UnreadableError, read_rows
from server.materials import domain, ledger, problems
from server.materials.ledger import OPENING, Entry, EntryKind
from server.materials.models import Batch, LedgerEntry, Material
from server.materials.stock import places
from server.materials.stock.movements import reps_at
from server.materials.stock.opening_rows import Candidate, by_field, read_row
from server.materials.stock.opening_words import Remark

MAX_REMARKS = 1_000
_SPACE = UUID("6a1f6f0e-3c53-5f0e-9a44-0d6f3a1b7c21")


@dataclass(slots=True)
class Report:
    """What an import did, or with dry_run would do."""

    rows: int
    ignored_columns: list[str]
    dry_run: bool
    booked: int = 0
    units: int = 0
    materials: int = 0
    unchanged: int = 0
    errors: list[Remark] = field(default_factory=list)
    doubtful: list[Remark] = field(default_factory=list)

    def as_dict(self, language: str) -> dict[str, Any]:
        """The report as the API writes it; at most MAX_REMARKS of each kind are listed."""
        return {
            "rows": self.rows,
            "booked": self.booked,
            "units": self.units,
            "materials": self.materials,
            "unchanged": self.unchanged,
            "refused": len({one.row for one in self.errors}),
            "errors": [one.as_dict(language) for one in self.errors[:MAX_REMARKS]],
            "doubtful": [one.as_dict(language) for one in self.doubtful[:MAX_REMARKS]],
            "truncated": max(len(self.errors), len(self.doubtful)) > MAX_REMARKS,
            "ignored_columns": self.ignored_columns,
            "dry_run": self.dry_run,
        }


def import_stock(
    session: Session,
    actor: Actor,
    clock: Clock,
    data: bytes,
    *,
    dry_run: bool = True,
    warehouse_id: str | None = None,
) -> Report:
    """Book the opening stock of a file. warehouse_id is for rows that name no place.

    Raises sheet_unreadable, sheet_too_large, sheet_header and warehouse_unknown; then nothing was
    changed.
    """
    try:
        table = by_field(read_rows(data))
    except UnreadableError as error:
        raise problems.SHEET_UNREADABLE.error() from error
    except TooLargeError as error:
        raise problems.SHEET_TOO_LARGE.error(limit=MAX_ROWS) from error
    known = _Known(session, actor, warehouse_id)
    report = Report(len(table.rows), table.ignored_columns, dry_run)
    file = hashlib.sha256(data).hexdigest()
    planned: list[tuple[Candidate, str, str]] = []
    for number, cells in table.rows:
        candidate, errors = read_row(number, cells)
        report.errors += errors
        place = known.place_of(candidate, report) if candidate else None
        if candidate and place and known.material_of(candidate, report):
            planned.append((candidate, place, str(uuid5(_SPACE, f"{file}:{number}"))))
    planned = _once(session, planned, report)
    report.doubtful += known.doubts(planned)
    report.booked = len(planned)
    report.units = sum(one.quantity for one, _, _ in planned)
    new = {one.code for one, _, _ in planned if one.code not in known.by_code}
    report.materials = len(new)
    if not dry_run and planned:
        _write(session, actor, clock, known, planned, report)
    report.errors.sort(key=lambda one: one.row)
    report.doubtful.sort(key=lambda one: one.row)
    return report


class _Known:
    """The materials and places that rows may name."""

    def __init__(self, session: Session, actor: Actor, warehouse_id: str | None) -> None:
        self._session = session
        rows = session.scalars(select(Material)).all()
        self.by_code = {row.code: row for row in rows}
        self._by_barcode = {row.barcode: row for row in rows if row.barcode}
        self._batches = {
            (row.material_id, row.code): row.expires_on for row in session.scalars(select(Batch))
        }
        self._fallback = (
            places.warehouse_there(session, actor, warehouse_id) if warehouse_id else None
        )
        self._places: dict[str, str] = {}
        for one in places.list_warehouses(session, actor):
            place = ledger.warehouse_place(one.id)
            self._places |= {one.code.lower(): place, one.name.lower(): place}
        for person in people(session, actor, role=Role.REP):
            self._places.setdefault(person["username"].lower(), ledger.rep_place(person["id"]))
        # New materials of this file, by code: the first row that names one describes it.
        self._new: dict[str, Candidate] = {}
        # What the books or the first row of this file say of a batch, by material and batch code.
        self._expiries: dict[tuple[str, str], date] = {}

    def place_of(self, one: Candidate, report: Report) -> str | None:
        """Where a row's stock lies, or None and an error."""
        if not one.place and self._fallback:
            return self._fallback
        found = self._places.get(one.place.lower())
        if found is None:
            code = "place_unknown" if one.place else "place_missing"
            report.errors.append(Remark(one.row, "place", code, {"value": one.place[:40]}))
        return found

    def material_of(self, one: Candidate, report: Report) -> bool:
        """Find a row's material, and write its code into the row; False and an error if none."""
        there = self.by_code.get(one.code) if one.code else self._by_barcode.get(one.barcode or "")
        if there is not None:
            one.code = there.code
            if not self._expiry_fits(one, self._batches.get((there.id, one.batch)), report):
                return False
            if one.barcode and there.barcode and one.barcode != there.barcode:
                params = {"value": one.barcode}
                one.doubts.append(Remark(one.row, "barcode", "barcode_other", params))
            return True
        if one.code in self._new:
            return self._expiry_fits(one, None, report)
        if one.code and one.name and one.kind and one.unit:
            self._new[one.code] = one
            return self._expiry_fits(one, None, report)
        params = {"value": one.code or one.barcode or ""}
        report.errors.append(Remark(one.row, "code", "material_unknown", params))
        return False

    def _expiry_fits(self, one: Candidate, known: date | None, report: Report) -> bool:
        """False and an error where the books, or an earlier row, say another expiry of a batch."""
        if not one.batch or not one.expires_on:
            return True
        first = self._expiries.setdefault((one.code, one.batch), known or one.expires_on)
        if first != one.expires_on:
            params = {"value": one.batch}
            report.errors.append(Remark(one.row, "expires", "batch_contradicted", params))
        return first == one.expires_on

    def doubts(self, planned: Sequence[tuple[Candidate, str, str]]) -> list[Remark]:
        """The rows' own, and those whose place has stock already."""
        found = ledger.balances(self._session, {place for _, place, _ in planned})
        remarks = []
        for one, place, _ in planned:
            remarks += one.doubts
            material = self.by_code.get(one.code)
            there = found.get((place, material.id), 0) if material else 0
            if there:
                remarks.append(Remark(one.row, "quantity", "stock_there", {"value": there}))
        return remarks


def _once(
    session: Session, planned: Sequence[tuple[Candidate, str, str]], report: Report
) -> list[tuple[Candidate, str, str]]:
    """Without rows that repeat another, or that were booked from this very file before."""
    ids = [entry_id for _, _, entry_id in planned]
    there: set[str] = set()
    for start in range(0, len(ids), 500):
        query = select(LedgerEntry.id).where(LedgerEntry.id.in_(ids[start:][:500]))
        there |= set(session.scalars(query))
    first: dict[tuple[str, str, str], int] = {}
    kept = []
    for one, place, entry_id in planned:
        row = first.setdefault((one.code, place, one.batch), one.row)
        if row != one.row:
            report.errors.append(Remark(one.row, "code", "row_twice", {"first": row}))
        elif entry_id in there:
            report.unchanged += 1
        else:
            kept.append((one, place, entry_id))
    return kept


def _write(
    session: Session,
    actor: Actor,
    clock: Clock,
    known: _Known,
    planned: Sequence[tuple[Candidate, str, str]],
    report: Report,
) -> None:
    at = clock.now()
    entries = []
    for one, place, entry_id in planned:
        material = known.by_code.get(one.code)
        if material is None:
            material = known.by_code[one.code] = _add(session, actor, clock, one)
        batch_id = places.batch_of(session, material.id, one.batch, one.expires_on)
        if batch_id and not material.tracks_batches:
            material.tracks_batches = True
            material.rev += 1
            changes.touch(session, changes.ORG, "material", [material.id])
        entries.append(
            Entry(
                kind=EntryKind.RECEIVE,
                material_id=material.id,
                from_place=OPENING,
                to_place=place,
                quantity=one.quantity,
                at=at,
                author_id=actor.user_id,
                id=entry_id,
                batch_id=batch_id,
            )
        )
    ledger.append(session, entries, clock=clock)
    for entry in entries:
        for user_id in reps_at([entry.to_place]):
            changes.touch(session, changes.user_scope(user_id), "stock", [entry.material_id])
    counts = {"rows": report.rows, "booked": report.booked, "units": report.units}
    event = journal.Event.STOCK_IMPORTED
    journal.record(session, clock, actor, event, "import", new_id(), **counts)


def _add(session: Session, actor: Actor, clock: Clock, one: Candidate) -> Material:
    values = {"code": one.code, "name": one.name, "kind": one.kind, "unit": one.unit}
    material = domain.create_material(
        session, actor, clock, values | {"value_cents": one.value_cents}
    )
    # A wrong check digit was named in the report, and is kept as it stands on the pack.
    material.barcode = one.barcode
    session.flush()
    return material
