"""The migrations make exactly the tables that the models describe."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from server.app import create_app
from server.config import Settings
from server.kernel.db import Base, db
from server.tables import bring_up_to_date


def test_migrations_and_models_agree(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path))
    with app.app_context():
        bring_up_to_date()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
        db.engine.dispose()


def test_names_fit_every_database() -> None:
    # PostgreSQL cuts names at 63 characters, and then no longer finds them.
    names = [str(index.name) for table in Base.metadata.tables.values() for index in table.indexes]
    assert [name for name in names if len(name) > 60] == []
