"""Runs the migrations on the app's own engine. Every step must leave yesterday's code working."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from server.kernel.db import Base, db


def _render(kind: str, value: Any, _autogen: Any) -> str | Literal[False]:
    """Our column types are written as what they are in the database."""
    names = {"Utc": "sa.DateTime()", "Json": "sa.LargeBinary()"}
    found = names.get(type(value).__name__) if kind == "type" else None
    return found or False


def run() -> None:
    """Migrate inside one transaction."""
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=_render,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
