"""Offices; the routes of weeks and reminders are gathered here."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from server.accounts.problems import REGION_UNKNOWN
from server.kernel import problems
from server.kernel.auth import Role, needs
from server.kernel.http import blueprint, check_revision, ctx, set_revision
from server.kernel.problems import refuses
from server.office import domain, queries, schemas
from server.office import problems as own
from server.office.records import office_record
from server.office.reminding.routes import blueprints as reminding_blueprints
from server.office.weeks.routes import blueprints as week_blueprints

offices_bp = blueprint("offices", "/offices", "Offices where reps report")
blueprints = [offices_bp, *week_blueprints, *reminding_blueprints]


@offices_bp.route("", methods=["GET"])
@needs()
@offices_bp.arguments(schemas.OfficesQuery(), location="query")
@offices_bp.response(200, schemas.OfficesOut())
def list_offices(filters: dict[str, Any]) -> dict[str, Any]:
    """All offices by code."""
    items = queries.list_offices(ctx().session, **filters)
    return {"items": items, "next": None, "total": len(items)}


@offices_bp.route("", methods=["POST"])
@needs(Role.OFFICE)
@offices_bp.arguments(schemas.OfficeIn())
@offices_bp.response(201, schemas.OfficeOut())
@refuses(own.OFFICE_CODE_TAKEN, own.OFFICE_PIN_INVALID, REGION_UNKNOWN)
def add_office(values: dict[str, Any]) -> dict[str, Any]:
    """Add an office."""
    at = ctx()
    return office_record(domain.create_office(at.session, at.actor, at.clock, values))


@offices_bp.route("/<office_id>", methods=["GET"])
@needs()
@offices_bp.response(200, schemas.OfficeOut())
def show_office(office_id: str) -> Response:
    """One office; the ETag is what a change must name in If-Match."""
    office = queries.find_office(ctx().session, office_id)
    return set_revision(jsonify(office_record(office)), office.rev)


@offices_bp.route("/<office_id>", methods=["PATCH"])
@needs(Role.OFFICE)
@offices_bp.arguments(schemas.OfficePatch())
@offices_bp.response(200, schemas.OfficeOut())
@refuses(*problems.REVISION, own.OFFICE_CODE_TAKEN, own.OFFICE_PIN_INVALID, REGION_UNKNOWN)
def change_office(values: dict[str, Any], office_id: str) -> Response:
    """Change an office or switch it off."""
    at = ctx()
    office = queries.find_office(at.session, office_id, lock=True)
    check_revision(office.rev)
    domain.change_office(at.session, at.actor, at.clock, office, values)
    return set_revision(jsonify(office_record(office)), office.rev)
