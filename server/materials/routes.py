"""Materials and their pictures, and the signatures of handouts."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from server.kernel import problems
from server.kernel.auth import Role, needs
from server.kernel.http import binary_answers, blueprint, check_revision, ctx, set_revision
from server.kernel.problems import refuses
from server.materials import domain, queries, schemas
from server.materials import problems as own
from server.materials.records import material_record
from server.materials.signatures import Signature, photo_of, signature_of
from server.materials.stock import trial
from server.materials.stock.routes import blueprints as stock_blueprints
from server.materials.stock.schemas_keeping import BatchesOut

materials_bp = blueprint("materials", "/materials", "Promo material")
handouts_bp = blueprint("handouts", "/handouts", "Material handed out during visits")
blueprints = [materials_bp, handouts_bp, *stock_blueprints]

_PICTURE = binary_answers("image/png", "image/jpeg", "application/octet-stream")


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
@refuses(*problems.REVISION, own.MATERIAL_CODE_TAKEN, own.PHOTO_MISSING, *own.BARCODE_PROBLEMS)
def change_material(values: dict[str, Any], material_id: str) -> Response:
    """Change a material or switch it off."""
    at = ctx()
    material = queries.find_material(at.session, material_id, lock=True)
    check_revision(material.rev)
    domain.change_material(at.session, at.actor, at.clock, material, values)
    return set_revision(jsonify(material_record(material)), material.rev)


@materials_bp.route("/<material_id>/batches", methods=["GET"])
@needs()
@materials_bp.response(200, BatchesOut())
def list_batches(material_id: str) -> dict[str, Any]:
    """The batches of a material, those first that expire first."""
    session = ctx().session
    queries.find_material(session, material_id)
    return {"items": trial.list_batches(session, material_id)}


@materials_bp.route("/<material_id>/photo", methods=["GET"])
@needs()
@materials_bp.doc(responses=_PICTURE)
@refuses(own.PHOTO_MISSING)
def show_photo(material_id: str) -> Response:
    """The picture of a material."""
    session = ctx().session
    found = photo_of(session, queries.find_material(session, material_id))
    if found is None:
        raise own.PHOTO_MISSING.error()
    return _picture(found)


@handouts_bp.route("/<handout_id>/signature", methods=["GET"])
@needs()
@handouts_bp.doc(responses=_PICTURE)
@refuses(own.SIGNATURE_MISSING, own.SIGNATURE_NOT_ARRIVED)
def show_signature(handout_id: str) -> Response:
    """The signature of whoever was handed the material, as the rep's phone sent it."""
    at = ctx()
    handout = queries.find_handout(at.session, at.actor, handout_id)
    return _picture(signature_of(at.session, handout))


def _picture(found: Signature) -> Response:
    response = Response(found.data, mimetype=found.mime)
    response.set_etag(found.sha256)
    # Whatever the bytes really are, a browser opens them as nothing but a picture.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
