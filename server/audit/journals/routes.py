"""The journal as a file, for the office."""

from __future__ import annotations

from typing import Any

from flask import Response, request, stream_with_context

from server.audit.journals import export, schemas
from server.kernel.auth import Role, needs
from server.kernel.db import db
from server.kernel.http import binary_answers, blueprint, ctx

journal_bp = blueprint("journal", "/journal", "Who did what, as a file")
blueprints = [journal_bp]

_TYPES = {export.Format.CSV: "text/csv", export.Format.JSONL: "application/x-ndjson"}


@journal_bp.route("/export", methods=["GET"])
@needs(Role.OFFICE)
@journal_bp.arguments(schemas.JournalQuery(), location="query")
@journal_bp.doc(responses=binary_answers(*_TYPES.values()))
def export_journal(query: dict[str, Any]) -> Response:
    """The journal of some days as CSV or JSON lines; that you took it is journalled too."""
    at, form = ctx(), query["form"]
    days = (query["first"], query["last"])
    if request.method == "GET":
        # HEAD takes no copy.
        export.note_export(at.session, at.actor, at.clock, *days, form)
    name = f"storewalk-journal-{days[0]}-{days[1]}.{form}"
    response = Response(_sent(*days, form), mimetype=_TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _sent(first: Any, last: Any, form: str) -> Any:
    """The pieces, read while they are sent: the request's own session is closed by then."""

    def read() -> Any:
        try:
            yield from export.pieces(db.session(), first, last, form)
        finally:
            db.session.remove()

    return stream_with_context(read())
