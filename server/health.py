"""Liveness and readiness, for load balancers and process managers."""

from __future__ import annotations

from flask import Flask, Response, jsonify
from sqlalchemy import text

from server.kernel.auth import public
from server.kernel.db import db


def install(app: Flask) -> None:
    """Add /healthz (the process answers) and /readyz (it can also serve)."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


@public
def healthz() -> Response:
    """The process is alive."""
    return jsonify({"status": "ok"})


@public
def readyz() -> tuple[Response, int]:
    """The database answers and its tables are there."""
    try:
        db.session.execute(text("SELECT 1 FROM user_account LIMIT 1"))
    except Exception:  # noqa: BLE001 -- whatever is wrong with the database, we are not ready
        return jsonify({"status": "unavailable", "database": "not ready"}), 503
    return jsonify({"status": "ok", "database": "ok"}), 200
