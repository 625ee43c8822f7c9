"""Stores: list, look at, add, change, import."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from server.accounts.problems import REGION_UNKNOWN
from server.kernel import problems
from server.kernel.auth import Role, needs
from server.kernel.crs import Crs
from server.kernel.http import blueprint, check_revision, ctx, set_revision
from server.kernel.problems import refuses
from server.stores import domain, proposals, queries, schemas
from server.stores import problems as own
from server.stores.csv_reading import MAX_BYTES
from server.stores.importer import import_stores

stores_bp = blueprint("stores", "/stores", "Stores")
blueprints = [stores_bp]

# What browsers call a .csv file, depending on what else is installed.
_CSV_TYPES = {
    "text/csv",
    "application/csv",
    "application/vnd.ms-excel",
    "application/octet-stream",
    "text/plain",
}
_CSV_BODY = {
    "required": True,
    "content": {
        "text/csv": {"schema": {"type": "string", "format": "binary"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
        },
    },
}


@stores_bp.route("", methods=["GET"])
@needs()
@stores_bp.arguments(schemas.StoresQuery(), location="query")
@stores_bp.response(200, schemas.StoresOut())
def list_stores(filters: dict[str, Any]) -> Response:
    """Stores in the caller's scope by name; a rep finds those assigned now."""
    at = ctx()
    filters["region_id"] = filters.pop("region", None)
    filters["rep_id"] = filters.pop("rep", None)
    return jsonify(queries.list_stores(at.session, at.actor, **filters))


@stores_bp.route("", methods=["POST"])
@needs(Role.OFFICE)
@stores_bp.arguments(schemas.StoreIn())
@stores_bp.response(201, schemas.StoreOut())
@refuses(own.STORE_CODE_TAKEN, own.PIN_INVALID, own.REP_UNKNOWN, REGION_UNKNOWN)
def add_store(values: dict[str, Any]) -> Response:
    """Add a store."""
    at = ctx()
    store = domain.create_store(at.session, at.actor, at.clock, values)
    body = jsonify(queries.store_page(at.session, at.actor, store.id))
    body.status_code = 201
    return set_revision(body, store.rev)


@stores_bp.route("/<store_id>", methods=["GET"])
@needs()
@stores_bp.response(200, schemas.StoreOut())
def show_store(store_id: str) -> Response:
    """One store; the ETag is what a change must name in If-Match."""
    at = ctx()
    page = queries.store_page(at.session, at.actor, store_id)
    return set_revision(jsonify(page), page["rev"])


@stores_bp.route("/<store_id>", methods=["PATCH"])
@needs(Role.OFFICE)
@stores_bp.arguments(schemas.StorePatch())
@stores_bp.response(200, schemas.StoreOut())
@refuses(*problems.REVISION, own.STORE_CODE_TAKEN, own.PIN_INVALID, own.REP_UNKNOWN, REGION_UNKNOWN)
def change_store(values: dict[str, Any], store_id: str) -> Response:
    """Change a store, move its pin (its visits are judged again) or say who visits it."""
    at = ctx()
    store = queries.find_store(at.session, at.actor, store_id, lock=True)
    check_revision(store.rev)
    domain.change_store(at.session, at.actor, at.clock, store, values)
    page = queries.store_page(at.session, at.actor, store_id)
    return set_revision(jsonify(page), page["rev"])


@stores_bp.route("/<store_id>/pins", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@stores_bp.response(200, schemas.PastPinsOut())
def list_past_pins(store_id: str) -> Response:
    """The pins the store had before, the newest first."""
    at = ctx()
    queries.find_store(at.session, at.actor, store_id)
    return jsonify({"items": proposals.past_pins(at.session, store_id)})


@stores_bp.route("/pin-proposals", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@stores_bp.arguments(schemas.ProposalsQuery(), location="query")
@stores_bp.response(200, schemas.ProposalsOut())
def list_proposals(query: dict[str, Any]) -> Response:
    """Pins that check-ins say are elsewhere, the farthest off first."""
    at = ctx()
    return jsonify(proposals.list_proposals(at.session, at.actor, **query))


@stores_bp.route("/pin-proposals/<proposal_id>", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@stores_bp.response(200, schemas.ProposalOut())
def show_proposal(proposal_id: str) -> Response:
    """One proposed pin, decided on or not; the ETag is what a decision must name in If-Match."""
    at = ctx()
    record = proposals.show_proposal(at.session, at.actor, proposal_id)
    return set_revision(jsonify(record), record["rev"])


@stores_bp.route("/pin-proposals/<proposal_id>", methods=["PATCH"])
@needs(Role.OFFICE)
@stores_bp.arguments(schemas.ProposalDecision())
@stores_bp.response(200, schemas.ProposalOut())
@refuses(*problems.REVISION, own.PROPOSAL_DECIDED)
def decide_proposal(values: dict[str, Any], proposal_id: str) -> Response:
    """Accept a proposed pin (the store's visits are judged again) or decline it."""
    at = ctx()
    found = proposals.find_proposal(at.session, at.actor, proposal_id)
    check_revision(found.rev)
    proposals.decide_proposal(at.session, at.actor, at.clock, found, **values)
    record = proposals.show_proposal(at.session, at.actor, proposal_id)
    return set_revision(jsonify(record), record["rev"])


@stores_bp.route("/import", methods=["POST"])
@needs(Role.OFFICE)
@stores_bp.doc(requestBody=_CSV_BODY)
@stores_bp.arguments(schemas.ImportQuery(), location="query")
@stores_bp.response(200, schemas.ImportOut())
@refuses(problems.NOT_JSON, REGION_UNKNOWN, *own.CSV_PROBLEMS)
def import_csv(query: dict[str, Any]) -> Response:
    """Import stores from a CSV file; with dry_run only say what would happen."""
    data = _csv_body()
    at = ctx()
    query["crs"] = Crs(query["crs"]) if query["crs"] else None
    report = import_stores(at.session, at.actor, at.clock, data, **query)
    return jsonify(report.as_dict(at.language))


def _csv_body() -> bytes:
    """The file, as the body itself or as the form's field "file"; read before any transaction."""
    request.max_content_length = MAX_BYTES
    if request.mimetype in _CSV_TYPES:
        return request.get_data()
    upload = request.files.get("file") if request.mimetype == "multipart/form-data" else None
    if upload is None:
        raise problems.NOT_JSON.error(field="file", accepted="text/csv, multipart/form-data")
    return bytes(upload.read())
