"""Bringing the database's tables up to date.

Alembic is loaded here and only when it is asked for: it takes as long to import as all the rest of
the server, and a server that starts has no use for it.
"""

from __future__ import annotations

from flask import Flask, current_app

from server.config import ROOT
from server.kernel.db import db

_FOLDER = str(ROOT / "server" / "migrations")


def bring_up_to_date() -> None:
    """Run the migrations that the current app's database has not seen."""
    from flask_migrate import upgrade

    _prepare(current_app)
    upgrade(directory=_FOLDER)


def write_revision(message: str) -> None:
    """Write a new migration from the difference between the models and the database."""
    from flask_migrate import revision

    _prepare(current_app)
    revision(directory=_FOLDER, message=message, autogenerate=True)


def _prepare(app: Flask) -> None:
    from flask_migrate import Migrate

    if "migrate" not in app.extensions:
        Migrate(app, db, directory=_FOLDER, render_as_batch=True)
