"""My data: whoever is logged in sees everything held about them, and takes a copy along."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, send_file

from server.audit.mydata import export, pages, schemas
from server.kernel import problems
from server.kernel.auth import needs
from server.kernel.http import binary_answers, blueprint, ctx, json_bytes
from server.kernel.problems import refuses

mydata_bp = blueprint("mydata", "/me/data", "What is held about the caller")
blueprints = [mydata_bp]


@mydata_bp.route("", methods=["GET"])
@needs()
@mydata_bp.response(200, schemas.OverviewOut())
def show_overview() -> Response:
    """How much is held about you, by kind."""
    at = ctx()
    return json_bytes(orjson.dumps(pages.overview(at.session, at.actor)))


@mydata_bp.route("/<section>", methods=["GET"])
@needs()
@mydata_bp.arguments(schemas.RecordsQuery(), location="query")
@mydata_bp.response(200, schemas.RecordsOut())
@refuses(problems.NOT_FOUND)
def list_records(query: dict[str, Any], section: str) -> Response:
    """The records of one kind that are held about you."""
    at = ctx()
    found = pages.find_section(section)
    page = found.page(at.session, at.actor.user_id, query.get("cursor"), query["limit"])
    return json_bytes(orjson.dumps(page))


@mydata_bp.route("/export", methods=["POST"])
@needs()
@mydata_bp.doc(responses=binary_answers("application/zip"))
def export_data() -> Response:
    """Everything held about you as one ZIP: records, the list of photos, and pages to read.

    The journal says that you took it.
    """
    at = ctx()
    made = export.make_archive(at.session, at.actor, at.clock, at.language)
    response = send_file(
        made.file, mimetype="application/zip", as_attachment=True, download_name=made.name
    )
    response.headers["Cache-Control"] = "no-store"
    return response
