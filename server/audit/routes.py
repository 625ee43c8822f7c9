"""The map of check-ins."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from server.audit import jobs, schemas
from server.audit.answers.routes import blueprints as answers_blueprints
from server.audit.clusters import find_clusters
from server.audit.days import count_days
from server.audit.journals.routes import blueprints as journals_blueprints
from server.audit.mydata.routes import blueprints as mydata_blueprints
from server.audit.places import find_places, name_singles
from server.audit.reviews.routes import blueprints as review_blueprints
from server.kernel.auth import Role, needs
from server.kernel.http import blueprint, ctx, json_bytes
from server.visits.queries import VisitFilters

map_bp = blueprint("map", "/map", "The map of check-ins")
blueprints = [
    map_bp,
    *review_blueprints,
    *answers_blueprints,
    *mydata_blueprints,
    *journals_blueprints,
]
# Importing the jobs registers them, in the web process and in the worker alike.
background = (jobs.STATISTICS, jobs.SUMS)


@map_bp.route("/clusters", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@map_bp.arguments(schemas.ClustersQuery(), location="query")
@map_bp.response(200, schemas.ClustersOut())
def list_clusters(query: dict[str, Any]) -> Response:
    """The check-ins of a viewport in your scope, clustered for its zoom."""
    at = ctx()
    box, zoom, named = query.pop("box"), query.pop("zoom"), query.pop("named")
    found = find_clusters(at.session, at.actor, at.clock, box, zoom, VisitFilters(**query))
    if named:
        name_singles(at.session, found["clusters"])
    return json_bytes(orjson.dumps(found))


@map_bp.route("/days", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@map_bp.arguments(schemas.DaysQuery(), location="query")
@map_bp.response(200, schemas.DaysOut())
def list_days(query: dict[str, Any]) -> Response:
    """How many check-ins in your scope each day had on the map, by verdict."""
    at = ctx()
    days = count_days(at.session, at.actor, at.clock, VisitFilters(**query))
    return json_bytes(orjson.dumps({"days": days}))


@map_bp.route("/places", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@map_bp.arguments(schemas.PlacesQuery(), location="query")
@map_bp.response(200, schemas.PlacesOut())
def list_places(query: dict[str, Any]) -> Response:
    """Place names of a viewport, from the stores in your scope, for a map without tiles."""
    at = ctx()
    return json_bytes(orjson.dumps({"places": find_places(at.session, at.actor, query["box"])}))
