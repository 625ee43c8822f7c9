"""Devices written by the first release stand, and that release can go on writing them."""

from __future__ import annotations

from pathlib import Path

from flask_migrate import Migrate, upgrade
from sqlalchemy import select, text

from server.app import create_app
from server.config import ROOT, Settings
from server.kernel.db import db
from server.sync.models import Device

MIGRATIONS = str(ROOT / "server" / "migrations")
# As the first release knows the tables; the models have moved on.
REGION = (
    "INSERT INTO region (id, code, name, path, active, rev) VALUES ('r', 'r', 'r', '/r/', 1, 1)"
)
PERSON = (
    "INSERT INTO user_account (id, username, name, role, region_id, password_hash, phone, locale,"
    " active, rev, created_at) VALUES"
    " ('u', 'u', 'u', 'rep', 'r', '', '', 'en', 1, 1, '2026-11-01 00:00:00.000000')"
)
DEVICE = (
    "INSERT INTO device (id, user_id, app_version, schema, last_contact_at, unsent) "
    "VALUES ('{}', 'u', '0.1.0', 1, '2026-11-23 04:00:00.000000', 3)"
)


def test_rows_of_the_first_release(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path))
    if "migrate" not in app.extensions:
        Migrate(app, db, directory=MIGRATIONS)
    with app.app_context():
        for revision, written in (
            ("0001", [REGION, PERSON, DEVICE.format("before")]),
            ("0002_sync_health", [DEVICE.format("after")]),
        ):
            upgrade(directory=MIGRATIONS, revision=revision)
            for statement in written:
                db.session.execute(text(statement))
            db.session.commit()
        devices = db.session.scalars(select(Device).order_by(Device.id)).all()
        assert [device.id for device in devices] == ["after", "before"]
        for device in devices:
            assert (device.parked, device.storage, device.standalone) == ([], None, None)
            assert (device.unsent, device.reported_at) == (3, None)
        db.session.remove()
        db.engine.dispose()
