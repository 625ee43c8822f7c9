"""What reps answered. Answers are written by sync push alone."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from server.audit.answers import schemas
from server.audit.answers.queries import replies_page
from server.kernel import problems
from server.kernel.auth import needs
from server.kernel.http import blueprint, ctx, json_bytes
from server.kernel.problems import refuses

replies_bp = blueprint("replies", "/replies", "What reps answer to flags")
blueprints = [replies_bp]


@replies_bp.route("", methods=["GET"])
@needs()
@replies_bp.arguments(schemas.RepliesQuery(), location="query")
@replies_bp.response(200, schemas.RepliesOut())
@refuses(problems.NOT_FOUND)
def list_replies(query: dict[str, Any]) -> Response:
    """What the rep answered to the flags of a visit."""
    at = ctx()
    return json_bytes(orjson.dumps(replies_page(at.session, at.actor, query["visit"])))
