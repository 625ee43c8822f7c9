"""docs/settings.md names every setting, with its default and meaning."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from server.config import Settings, SettingsError, load_settings

DOC = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def rows() -> list[str]:
    """The table as the document should have it."""
    table = ["| variable | default | meaning |", "|---|---|---|"]
    for item in fields(Settings):
        default = "" if item.default == "" else f"`{item.default}`"
        doc = item.metadata["doc"].replace("|", "\\|")
        table.append(f"| `{item.metadata['env']}` | {default} | {doc} |")
    return table


def test_every_setting_is_documented() -> None:
    text = DOC.read_text("utf-8")
    missing = [row for row in rows() if row not in text]
    assert not missing, "docs/settings.md should have these rows:\n" + "\n".join(missing)


def test_bad_settings_are_named() -> None:
    with pytest.raises(SettingsError, match="STOREWALK_RADIUS_M"):
        load_settings({"STOREWALK_RADIUS_M": "wide"})
    with pytest.raises(SettingsError, match="STOREWALK_TIME_ZONE"):
        load_settings({"STOREWALK_TIME_ZONE": "Mars/Base"})
    with pytest.raises(SettingsError, match="STOREWALK_ORIGIN"):
        load_settings({"STOREWALK_PRODUCTION": "1"})


def test_postgres_addresses_are_translated() -> None:
    url = load_settings({"DATABASE_URL": "postgres://u@h/db"}).sqlalchemy_url
    assert url == "postgresql+psycopg://u@h/db"
