"""Stock, its ledger and its movements, counts and corrections, warehouses, files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, jsonify, request

from server.accounts.problems import REGION_UNKNOWN
from server.kernel import problems
from server.kernel.auth import Role, needs
from server.kernel.clock import day_bounds
from server.kernel.http import binary_answers, blueprint, check_revision, ctx, set_revision
from server.kernel.problems import refuses
from server.kernel.sheets import MAX_BYTES, MIME
from server.materials import domain
from server.materials import problems as own
from server.materials.records import entry_record
from server.materials.stock import (
    adjustments,
    export,
    movements,
    opening,
    places,
    queries,
    schemas,
    trial,
)
from server.materials.stock import schemas_keeping as keeping
from server.materials.stock.movements import Settling
from server.materials.stock.queries import Filters
from server.materials.stock.records import adjustment_record, movement_record, row_of
from server.stores.problems import REP_UNKNOWN

stock_bp = blueprint("stock", "/stock", "Who holds how much")
ledger_bp = blueprint("ledger", "/ledger", "Movements of stock")
warehouses_bp = blueprint("warehouses", "/warehouses", "Where material lies")
blueprints = [stock_bp, ledger_bp, warehouses_bp]

CONSOLE = (Role.SUPERVISOR, Role.OFFICE)
_PLACES = (problems.MATERIAL_UNKNOWN, REP_UNKNOWN, own.WAREHOUSE_UNKNOWN, own.BATCH_UNKNOWN)
_BOOKING = (*_PLACES, problems.QUANTITY_INVALID, problems.RECORD_EXISTS)
_SHEET = (own.SHEET_UNREADABLE, own.SHEET_TOO_LARGE, own.SHEET_HEADER)
_FILE_BODY = {
    "required": True,
    "content": {
        MIME["csv"]: {"schema": {"type": "string", "format": "binary"}},
        MIME["xlsx"]: {"schema": {"type": "string", "format": "binary"}},
    },
}


def _taken(values: dict[str, Any]) -> tuple[Filters, dict[str, Any]]:
    """The filters among a query's values, and the rest."""
    names = {"rep": "rep_id", "warehouse": "warehouse_id", "store": "store_id"}
    names |= {"material": "material_id", "kind": "kind", "state": "state"}
    names |= {"first": "first", "last": "last"}
    found = {to: values.pop(name) for name, to in names.items() if name in values}
    return Filters(**found), values


def _moment(values: dict[str, Any]) -> datetime | None:
    day = values.pop("at", None)
    return None if day is None else day_bounds(day, day)[1]


def _text_id(values: dict[str, Any]) -> dict[str, Any]:
    return values | {"id": str(values["id"])} if "id" in values else values


@stock_bp.route("", methods=["GET"])
@needs()
@stock_bp.arguments(schemas.StockQuery(), location="query")
@stock_bp.response(200, schemas.StockOut())
@refuses(problems.NOT_FOUND)
def list_stock(query: dict[str, Any]) -> dict[str, Any]:
    """Balances in the caller's scope, of now or of the end of a day: a rep's own, a supervisor's
    reps and warehouses, the office's all.
    """
    at, moment = ctx(), _moment(query)
    filters, page = _taken(query)
    return queries.list_stock(at.session, at.actor, filters, at=moment, **page)


@stock_bp.route("/trial", methods=["GET"])
@needs(Role.OFFICE)
@stock_bp.arguments(schemas.TrialQuery(), location="query")
@stock_bp.response(200, schemas.TrialOut())
def show_trial_balance(query: dict[str, Any]) -> dict[str, Any]:
    """The trial balance of the whole house, of now or of the end of a day."""
    at = ctx()
    return trial.trial_balance(at.session, _moment(query), at.clock.now())


@stock_bp.route("/export", methods=["POST"])
@needs(*CONSOLE)
@stock_bp.arguments(keeping.ExportIn())
@stock_bp.doc(responses=binary_answers(*MIME.values()))
@refuses(problems.NOT_FOUND, own.SHEET_TOO_LARGE)
def export_table(values: dict[str, Any]) -> Response:
    """A table as a file, of what the caller sees of it. That it was asked for is kept."""
    at = ctx()
    kind, table, moment = values.pop("format"), values.pop("table"), _moment(values)
    filters, _ = _taken(values)
    data = export.export(
        at.session, at.actor, at.clock, table, kind, filters, moment, language=at.language
    )
    response = Response(data, mimetype=MIME[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{table}.{kind}"'
    return response


@stock_bp.route("/import", methods=["POST"])
@needs(Role.OFFICE)
@stock_bp.doc(requestBody=_FILE_BODY)
@stock_bp.arguments(keeping.StockImportQuery(), location="query")
@stock_bp.response(200, keeping.StockImportOut())
@refuses(problems.NOT_JSON, own.WAREHOUSE_UNKNOWN, *_SHEET)
def import_stock(query: dict[str, Any]) -> Response:
    """Book opening stock from a CSV or XLSX file; unless dry_run is false, only say what would
    happen.
    """
    request.max_content_length = MAX_BYTES
    if request.mimetype not in MIME.values():
        raise problems.NOT_JSON.error(field="file", accepted=", ".join(MIME.values()))
    data = request.get_data()
    at = ctx()
    report = opening.import_stock(at.session, at.actor, at.clock, data, **query)
    return jsonify(report.as_dict(at.language))


@ledger_bp.route("/entries", methods=["GET"])
@needs()
@ledger_bp.arguments(schemas.LedgerQuery(), location="query")
@ledger_bp.response(200, schemas.EntriesOut())
@refuses(problems.NOT_FOUND)
def list_entries(query: dict[str, Any]) -> dict[str, Any]:
    """The ledger in the caller's scope, newest first."""
    at = ctx()
    filters, page = _taken(query)
    return queries.list_entries(at.session, at.actor, filters, **page)


@ledger_bp.route("/entries", methods=["POST"])
@needs(Role.OFFICE)
@ledger_bp.arguments(schemas.EntryIn())
@ledger_bp.response(201, schemas.EntryOut())
@refuses(*_BOOKING, own.STOCK_SHORT, own.BATCH_CONTRADICTED)
def add_entry(values: dict[str, Any]) -> dict[str, Any]:
    """Book what is complete at once: a delivery, a return at the counter, between warehouses."""
    at = ctx()
    return entry_record(domain.move_stock(at.session, at.actor, at.clock, _text_id(values)))


@ledger_bp.route("/entries/<entry_id>/reverse", methods=["POST"])
@needs(Role.OFFICE)
@ledger_bp.arguments(schemas.NoteIn())
@ledger_bp.response(201, schemas.EntryOut())
@refuses(own.ENTRY_BOUND, own.ENTRY_REVERSED)
def reverse_entry(values: dict[str, Any], entry_id: str) -> dict[str, Any]:
    """Correct a mistaken entry by its opposite; the entry itself stays."""
    at = ctx()
    entry = domain.find_entry(at.session, entry_id)
    return entry_record(domain.reverse(at.session, at.actor, at.clock, entry, **values))


@ledger_bp.route("/movements", methods=["GET"])
@needs()
@ledger_bp.arguments(schemas.MovementsQuery(), location="query")
@ledger_bp.response(200, schemas.MovementsOut())
@refuses(problems.NOT_FOUND)
def list_movements(query: dict[str, Any]) -> dict[str, Any]:
    """Issues, transfers and returns in the caller's scope, newest first."""
    at = ctx()
    filters, page = _taken(query)
    return queries.list_movements(at.session, at.actor, filters, **page)


@ledger_bp.route("/movements", methods=["POST"])
@needs(Role.OFFICE)
@ledger_bp.arguments(schemas.IssueIn())
@ledger_bp.response(201, schemas.MovementOut())
@refuses(*_BOOKING, own.STOCK_SHORT)
def issue(values: dict[str, Any]) -> dict[str, Any]:
    """Issue material to a rep: it is in transit until the rep has confirmed it."""
    at = ctx()
    made = movements.issue(at.session, at.actor, at.clock, _text_id(values))
    return movement_record(row_of(made))


@ledger_bp.route("/movements/<movement_id>/confirm", methods=["POST"])
@needs(Role.OFFICE)
@ledger_bp.arguments(schemas.ConfirmIn())
@ledger_bp.response(200, schemas.MovementOut())
@refuses(problems.QUANTITY_INVALID, own.MOVEMENT_CLOSED)
def confirm_movement(values: dict[str, Any], movement_id: str) -> dict[str, Any]:
    """Confirm what has arrived: a return, or on paper for a rep who has no phone."""
    at = ctx()
    found = movements.find_movement(at.session, at.actor, movement_id, lock=True)
    quantity, note = values["quantity"], values["note"]
    done = movements.confirm(at.session, at.actor, at.clock, found, quantity, note=note)
    return movement_record(row_of(done))


@ledger_bp.route("/movements/<movement_id>/settle", methods=["POST"])
@needs(Role.OFFICE)
@ledger_bp.arguments(schemas.SettleIn())
@ledger_bp.response(200, schemas.MovementOut())
@refuses(own.MOVEMENT_CLOSED)
def settle_movement(values: dict[str, Any], movement_id: str) -> dict[str, Any]:
    """Settle a difference: it is back with the sender, or lost."""
    at = ctx()
    found = movements.find_movement(at.session, at.actor, movement_id, lock=True)
    how, note = Settling(values["how"]), values["note"]
    done = movements.settle(at.session, at.actor, at.clock, found, how, note)
    return movement_record(row_of(done))


@ledger_bp.route("/movements/<movement_id>/cancel", methods=["POST"])
@needs(Role.OFFICE)
@ledger_bp.response(200, schemas.MovementOut())
@refuses(own.MOVEMENT_CLOSED)
def cancel_movement(movement_id: str) -> dict[str, Any]:
    """Call off what nobody has confirmed yet; it goes back to the sender."""
    at = ctx()
    found = movements.find_movement(at.session, at.actor, movement_id, lock=True)
    return movement_record(row_of(movements.cancel(at.session, at.actor, at.clock, found)))


@ledger_bp.route("/adjustments", methods=["GET"])
@needs(*CONSOLE)
@ledger_bp.arguments(keeping.AdjustmentsQuery(), location="query")
@ledger_bp.response(200, keeping.AdjustmentsOut())
@refuses(problems.NOT_FOUND)
def list_adjustments(query: dict[str, Any]) -> dict[str, Any]:
    """Counts and corrections in the caller's scope, newest first."""
    at = ctx()
    filters, page = _taken(query)
    return queries.list_adjustments(at.session, at.actor, filters, **page)


@ledger_bp.route("/adjustments", methods=["POST"])
@needs(*CONSOLE)
@ledger_bp.arguments(keeping.AdjustmentIn())
@ledger_bp.response(201, keeping.AdjustmentOut())
@refuses(*_BOOKING, own.BATCH_NEEDED)
def ask_adjustment(values: dict[str, Any]) -> dict[str, Any]:
    """Enter a count, or ask for a correction; somebody else decides."""
    at = ctx()
    made = adjustments.ask(at.session, at.actor, at.clock, _text_id(values))
    return adjustment_record(row_of(made))


@ledger_bp.route("/adjustments/<adjustment_id>/decision", methods=["POST"])
@needs(*CONSOLE)
@ledger_bp.arguments(keeping.DecisionIn())
@ledger_bp.response(200, keeping.AdjustmentOut())
@refuses(own.OWN_ADJUSTMENT, own.ADJUSTMENT_DECIDED)
def decide_adjustment(values: dict[str, Any], adjustment_id: str) -> dict[str, Any]:
    """Approve or reject what somebody else has asked for or counted."""
    at = ctx()
    found = adjustments.find_adjustment(at.session, at.actor, adjustment_id)
    done = adjustments.decide(at.session, at.actor, at.clock, found, **values)
    return adjustment_record(row_of(done))


@warehouses_bp.route("", methods=["GET"])
@needs()
@warehouses_bp.response(200, keeping.WarehousesOut())
def list_warehouses() -> dict[str, Any]:
    """Warehouses in the caller's scope by code; a rep finds all of them, to return material to."""
    at = ctx()
    rows = places.list_warehouses(at.session, at.actor)
    items = [places.warehouse_record(row) for row in rows]
    return {"items": items, "next": None, "total": len(items)}


@warehouses_bp.route("", methods=["POST"])
@needs(Role.OFFICE)
@warehouses_bp.arguments(keeping.WarehouseIn())
@warehouses_bp.response(201, keeping.WarehouseOut())
@refuses(own.WAREHOUSE_CODE_TAKEN, REGION_UNKNOWN)
def add_warehouse(values: dict[str, Any]) -> dict[str, Any]:
    """Add a warehouse."""
    at = ctx()
    return places.warehouse_record(places.create_warehouse(at.session, at.actor, at.clock, values))


@warehouses_bp.route("/<warehouse_id>", methods=["GET"])
@needs(Role.OFFICE)
@warehouses_bp.response(200, keeping.WarehouseOut())
def show_warehouse(warehouse_id: str) -> Response:
    """One warehouse; the ETag is what a change must name in If-Match."""
    at = ctx()
    found = places.find_warehouse(at.session, at.actor, warehouse_id)
    return set_revision(jsonify(places.warehouse_record(found)), found.rev)


@warehouses_bp.route("/<warehouse_id>", methods=["PATCH"])
@needs(Role.OFFICE)
@warehouses_bp.arguments(keeping.WarehousePatch())
@warehouses_bp.response(200, keeping.WarehouseOut())
@refuses(*problems.REVISION, own.WAREHOUSE_CODE_TAKEN, REGION_UNKNOWN)
def change_warehouse(values: dict[str, Any], warehouse_id: str) -> Response:
    """Change a warehouse or switch it off."""
    at = ctx()
    found = places.find_warehouse(at.session, at.actor, warehouse_id, lock=True)
    check_revision(found.rev)
    places.change_warehouse(at.session, at.actor, at.clock, found, values)
    return set_revision(jsonify(places.warehouse_record(found)), found.rev)
