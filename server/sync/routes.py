"""Push and pull."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, request

from server.kernel import problems
from server.kernel.auth import needs
from server.kernel.http import blueprint, ctx, json_bytes
from server.sync import schemas
from server.sync.envelope import read_batch
from server.sync.feed import pull
from server.sync.push import push

sync_bp = blueprint("sync", "/sync", "The phone's way in and out")
blueprints = [sync_bp]


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
def pull_changes(query: dict[str, Any]) -> Response:
    """What changed since the cursor, in commit order; without one, everything in scope."""
    at = ctx()
    return json_bytes(pull(at.session, at.actor, at.clock, query.get("cursor"), query["limit"]))
