"""Push and pull, what phones tell of themselves, and rescue files."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, request

from server.config import settings
from server.kernel import problems
from server.kernel.auth import Role, needs
from server.kernel.clock import wire_time
from server.kernel.http import blueprint, ctx, json_bytes
from server.kernel.problems import refuses
from server.photos.problems import STORAGE_FULL
from server.sync import devices, schemas
from server.sync import problems as own
from server.sync.envelope import read_batch
from server.sync.feed import pull
from server.sync.health import HealthFilters, sync_health
from server.sync.negotiation import schema_range, served_schema
from server.sync.push import push

sync_bp = blueprint("sync", "/sync", "The phone's way in and out")
rescue_bp = blueprint("rescue", "/rescue", "Unsent work that came as a file")
blueprints = [sync_bp, rescue_bp]

ZIP_TYPE = "application/zip"
# What browsers call a .zip file, depending on the system they run on.
_ZIP_TYPES = {ZIP_TYPE, "application/x-zip-compressed", "application/octet-stream"}


@sync_bp.route("/push", methods=["POST"])
@needs()
@sync_bp.doc(
    requestBody={
        "required": True,
        "content": {"application/json": {"schema": schemas.PushIn()}},
    }
)
@sync_bp.response(200, schemas.PushOut())
def push_ops() -> Response:
    """Send a batch of ops; each is answered by itself, and an ack means it is on the disk.

    Everything may be sent twice: a repeated op gets the first answer's bytes.
    """
    if not request.is_json:
        raise problems.NOT_JSON.error(accepted="application/json")
    try:
        body = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise problems.MALFORMED_JSON.error() from error
    device, ops = read_batch(body)
    at = ctx()
    return json_bytes(push(at.session, at.actor, at.clock, device, ops, at.language))


@sync_bp.route("/pull", methods=["GET"])
@needs()
@sync_bp.arguments(schemas.PullQuery(), location="query")
@sync_bp.response(200, schemas.PullOut())
@refuses(own.APP_TOO_OLD)
def pull_changes(query: dict[str, Any]) -> Response:
    """What changed since the cursor, in commit order; without one, everything in scope.

    An app whose schema is too old is told so. What it pushes is taken all the same.
    """
    at = ctx()
    served_schema(settings(), query["schema"])
    return json_bytes(pull(at.session, at.actor, at.clock, query.get("cursor"), query["limit"]))


@sync_bp.route("/device", methods=["PUT"])
@needs()
@sync_bp.arguments(schemas.DeviceReportIn())
@sync_bp.response(200, schemas.DeviceReportOut())
def report_device(report: dict[str, Any]) -> Response:
    """Tell how this phone is: what it has not sent, what waits for its owner, its storage."""
    at = ctx()
    devices.note_report(at.session, at.actor, at.clock, report)
    body = {"server_time": wire_time(at.clock.now()), "schema": schema_range(settings())}
    return json_bytes(orjson.dumps(body))


@sync_bp.route("/health", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@sync_bp.arguments(schemas.HealthQuery(), location="query")
@sync_bp.response(200, schemas.HealthOut())
@refuses(problems.NOT_FOUND)
def show_health(query: dict[str, Any]) -> Response:
    """The phones of your regions as they last told of themselves, those in trouble first."""
    at = ctx()
    cursor, limit = query.pop("cursor", None), query.pop("limit")
    wanted = HealthFilters(**query)
    page = sync_health(
        at.session, at.actor, at.clock, settings(), wanted, cursor=cursor, limit=limit
    )
    return json_bytes(orjson.dumps(page))


@rescue_bp.route("", methods=["POST"])
@needs(Role.OFFICE)
@rescue_bp.doc(
    requestBody={
        "required": True,
        "content": {ZIP_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
)
@rescue_bp.arguments(schemas.RescueQuery(), location="query")
@rescue_bp.response(200, schemas.RescueOut())
@refuses(
    problems.NOT_JSON,
    own.RESCUE_UNREADABLE,
    own.RESCUE_AUTHOR_UNKNOWN,
    own.RESCUE_TOO_LARGE,
    STORAGE_FULL,
)
def add_rescue(query: dict[str, Any]) -> Response:
    """Enter a phone's rescue file under its author's name; with dry_run only say what would happen.

    It may be entered twice, and the phone may send the same work later: nothing is doubled.
    """
    # Wanted once in a while: a server that starts need not load it.
    from server.sync.rescue.importer import Office, import_rescue
    from server.sync.rescue.spool import spooled

    if request.mimetype not in _ZIP_TYPES:
        raise problems.NOT_JSON.error(accepted=ZIP_TYPE)
    limit = settings().max_rescue_bytes
    if (request.content_length or 0) > limit:
        raise own.RESCUE_TOO_LARGE.error(limit=limit)
    # Not the limit of a JSON body; one more, so that a body in chunks is seen to be too large.
    request.max_content_length = limit + 1
    with spooled(request.stream, settings().data_dir, limit) as (file, sha256):
        at = ctx()
        office = Office(at.actor, at.language)
        told = import_rescue(at.session, office, at.clock, file, sha256, **query)
    return json_bytes(orjson.dumps(told))
