"""Materials, their stock, and the signatures of handouts."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from server.kernel import problems
from server.kernel.auth import Role, needs
from server.kernel.http import binary_answers, blueprint, check_revision, ctx, set_revision
from server.kernel.problems import refuses
from server.materials import domain, queries, schemas
from server.materials import problems as own
from server.materials.records import entry_record, material_record
from server.materials.signatures import signature_of
from server.stores.problems import REP_UNKNOWN

materials_bp = blueprint("materials", "/materials", "Promo material")
stock_bp = blueprint("stock", "/stock", "Who holds how much")
ledger_bp = blueprint("ledger", "/ledger", "Movements of stock")
handouts_bp = blueprint("handouts", "/handouts", "Material handed out during visits")
blueprints = [materials_bp, stock_bp, ledger_bp, handouts_bp]


@materials_bp.route("", methods=["GET"])
@needs()
@materials_bp.arguments(schemas.MaterialsQuery(), location="query")
@materials_bp.response(200, schemas.MaterialsOut())
def list_materials(filters: dict[str, Any]) -> dict[str, Any]:
    """Materials by code."""
    return queries.list_materials(ctx().session, **filters)


@materials_bp.route("", methods=["POST"])
@needs(Role.OFFICE)
@materials_bp.arguments(schemas.MaterialIn())
@materials_bp.response(201, schemas.MaterialOut())
@refuses(own.MATERIAL_CODE_TAKEN, *own.BARCODE_PROBLEMS)
def add_material(values: dict[str, Any]) -> dict[str, Any]:
    """Add a material."""
    at = ctx()
    return material_record(domain.create_material(at.session, at.actor, at.clock, values))


@materials_bp.route("/<material_id>", methods=["GET"])
@needs()
@materials_bp.response(200, schemas.MaterialOut())
def show_material(material_id: str) -> Response:
    """One material; the ETag is what a change must name in If-Match."""
    material = queries.find_material(ctx().session, material_id)
    return set_revision(jsonify(material_record(material)), material.rev)


@materials_bp.route("/<material_id>", methods=["PATCH"])
@needs(Role.OFFICE)
@materials_bp.arguments(schemas.MaterialPatch())
@materials_bp.response(200, schemas.MaterialOut())
@refuses(*problems.REVISION, own.MATERIAL_CODE_TAKEN, *own.BARCODE_PROBLEMS)
def change_material(values: dict[str, Any], material_id: str) -> Response:
    """Change a material or switch it off."""
    at = ctx()
    material = queries.find_material(at.session, material_id)
    check_revision(material.rev)
    domain.change_material(at.session, at.actor, at.clock, material, values)
    return set_revision(jsonify(material_record(material)), material.rev)


@stock_bp.route("", methods=["GET"])
@needs()
@stock_bp.arguments(schemas.StockQuery(), location="query")
@stock_bp.response(200, schemas.StockOut())
@refuses(problems.NOT_FOUND)
def list_stock(filters: dict[str, Any]) -> dict[str, Any]:
    """Balances in the caller's scope: a rep's own, a supervisor's reps, the office's all."""
    at = ctx()
    filters["rep_id"] = filters.pop("rep", None)
    return queries.list_stock(at.session, at.actor, **filters)


@ledger_bp.route("/entries", methods=["POST"])
@needs(Role.OFFICE)
@ledger_bp.arguments(schemas.EntryIn())
@ledger_bp.response(201, schemas.EntryOut())
@refuses(
    problems.MATERIAL_UNKNOWN,
    problems.QUANTITY_INVALID,
    problems.RECORD_EXISTS,
    REP_UNKNOWN,
    own.STOCK_SHORT,
)
def add_entry(values: dict[str, Any]) -> dict[str, Any]:
    """Book a movement: receive, issue to a rep, return by a rep, or adjust."""
    at = ctx()
    if "id" in values:
        values["id"] = str(values["id"])
    return entry_record(domain.move_stock(at.session, at.actor, at.clock, values))


@handouts_bp.route("/<handout_id>/signature", methods=["GET"])
@needs()
@handouts_bp.doc(responses=binary_answers("image/png", "image/jpeg", "application/octet-stream"))
@refuses(own.SIGNATURE_MISSING, own.SIGNATURE_NOT_ARRIVED)
def show_signature(handout_id: str) -> Response:
    """The signature of whoever was handed the material, as the rep's phone sent it."""
    at = ctx()
    handout = queries.find_handout(at.session, at.actor, handout_id)
    found = signature_of(at.session, handout)
    response = Response(found.data, mimetype=found.mime)
    response.set_etag(found.sha256)
    # Whatever the bytes really are, a browser opens them as nothing but a picture.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
