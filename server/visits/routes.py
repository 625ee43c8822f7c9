"""The console's list of visits and the page of one. Visits are written by sync push alone."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from server.kernel import problems
from server.kernel.auth import Role, needs
from server.kernel.http import blueprint, ctx, json_bytes
from server.kernel.problems import refuses
from server.visits import completion as _completion  # noqa: F401 -- registers its job
from server.visits import pins, queries, schemas
from server.visits.page import visit_page
from server.visits.queries import VisitFilters
from server.visits.views import note_look

visits_bp = blueprint("visits", "/visits", "Visits")
blueprints = [visits_bp]


@visits_bp.route("", methods=["GET"])
@needs()
@visits_bp.arguments(schemas.VisitsQuery(), location="query")
@visits_bp.response(200, schemas.VisitsOut())
def list_visits(query: dict[str, Any]) -> Response:
    """The visits in your scope, newest first. A rep sees their own."""
    at = ctx()
    cursor, limit = query.pop("cursor", None), query.pop("limit")
    page = queries.list_visits(
        at.session, at.actor, at.clock, VisitFilters(**query), cursor=cursor, limit=limit
    )
    return json_bytes(orjson.dumps(page))


@visits_bp.route("/pin-preview", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@visits_bp.arguments(schemas.PinPreviewQuery(), location="query")
@visits_bp.response(200, schemas.PinPreviewOut())
@refuses(problems.NOT_FOUND)
def preview_pin(query: dict[str, Any]) -> Response:
    """What another pin or radius of a store would change in how its visits are judged."""
    at = ctx()
    store_id = query.pop("store")
    page = pins.preview(at.session, at.actor, at.clock, store_id, query)
    return json_bytes(orjson.dumps(page))


@visits_bp.route("/<visit_id>", methods=["GET"])
@needs()
@visits_bp.response(200, schemas.VisitPageOut())
def show_visit(visit_id: str) -> Response:
    """One visit with everything about it; 404 where it is not in your scope.

    Whoever looks at another person's visit is noted, once a day, for that person to see.
    """
    at = ctx()
    page = visit_page(at.session, at.actor, at.clock, visit_id)
    note_look(at.session, at.actor, at.clock, visit_id, page["author_id"])
    return json_bytes(orjson.dumps(page))
