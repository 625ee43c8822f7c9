"""Typed settings, read once from the environment. docs/settings.md is checked against SETTINGS."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import current_app

_DATA = Path("data")
_DIST = Path("pwa/dist")
ROOT = Path(__file__).resolve().parent.parent


class SettingsError(RuntimeError):
    """A setting is missing or cannot be read; the message names it and says what to do."""


def _var(env: str, default: Any, doc: str) -> Any:
    return field(default=default, metadata={"env": env, "doc": doc})


@dataclass(frozen=True)
class Settings:
    """Every setting, with its environment variable and meaning in the field's metadata."""

    data_dir: Path = _var("STOREWALK_DATA", _DATA, "Folder of the database and the photos.")
    dist_dir: Path = _var("STOREWALK_DIST", _DIST, "Folder of the built web app.")
    database_url: str = _var(
        "DATABASE_URL",
        "",
        "SQLAlchemy or postgres:// address. Empty: SQLite in STOREWALK_DATA.",
    )
    blob_url: str = _var(
        "STOREWALK_BLOB_URL",
        "",
        "Bucket for photos, e.g. s3://bucket/prefix. Empty: a folder in STOREWALK_DATA.",
    )
    redis_url: str = _var(
        "STOREWALK_REDIS_URL",
        "",
        "Redis for background jobs and rate limits. Empty: both live in the web process.",
    )
    production: bool = _var(
        "STOREWALK_PRODUCTION",
        False,
        "1 in production: demands STOREWALK_ORIGIN and sends the cookie over HTTPS only.",
    )
    origin: str = _var(
        "STOREWALK_ORIGIN",
        "",
        "Public address of the site, e.g. https://walk.example.com. Checked against Origin.",
    )
    org_name: str = _var("STOREWALK_ORG_NAME", "巡店", "Name of the organisation on screen.")
    time_zone: str = _var(
        "STOREWALK_TIME_ZONE", "Asia/Shanghai", "Zone in which days and weeks are counted."
    )
    radius_m: float = _var("STOREWALK_RADIUS_M", 200.0, "Fence around a store pin, metres.")
    office_radius_m: float = _var(
        "STOREWALK_OFFICE_RADIUS_M", 300.0, "Fence around an office, metres."
    )
    max_accuracy_m: float = _var(
        "STOREWALK_MAX_ACCURACY_M", 150.0, "A fix less accurate than this proves nothing, metres."
    )
    cached_fix_max_age_s: float = _var(
        "STOREWALK_CACHED_FIX_MAX_AGE_S", 120.0, "An older cached fix proves nothing, seconds."
    )
    short_visit_s: float = _var(
        "STOREWALK_SHORT_VISIT_S", 180.0, "A visit shorter than this is flagged, seconds."
    )
    fix_countdown_s: int = _var(
        "STOREWALK_FIX_COUNTDOWN_S", 20, "How long the phone looks for its best fix, seconds."
    )
    max_photo_bytes: int = _var(
        "STOREWALK_MAX_PHOTO_BYTES", 25 * 1024 * 1024, "Largest photo accepted, bytes."
    )
    max_pixels: int = _var(
        "STOREWALK_MAX_PIXELS", 25_000_000, "Largest picture ever decoded, pixels."
    )
    max_rescue_bytes: int = _var(
        "STOREWALK_MAX_RESCUE_BYTES", 2 * 1024**3, "Largest rescue file imported, bytes."
    )
    push_hosts: str = _var(
        "STOREWALK_PUSH_HOSTS",
        "fcm.googleapis.com,updates.push.services.mozilla.com,.push.apple.com,.notify.windows.com",
        "Push services that reminders may be sent to; a leading dot means all below it.",
    )
    oldest_schema: int = _var(
        "STOREWALK_OLDEST_SCHEMA",
        1,
        "Phones that speak an older sync schema are asked to update; they may still send.",
    )
    tiles_url: str = _var(
        "STOREWALK_TILES_URL", "", "Map tiles, e.g. https://t.example/{z}/{x}/{y}.png."
    )
    pmtiles_url: str = _var("STOREWALK_PMTILES_URL", "", "A PMTiles file with raster tiles.")
    tiles_crs: str = _var("STOREWALK_TILES_CRS", "wgs84", "wgs84 or gcj02: what the tiles show.")
    tiles_attribution: str = _var("STOREWALK_TILES_ATTRIBUTION", "", "Words the tiles require.")
    tiles_max_zoom: int = _var("STOREWALK_TILES_MAX_ZOOM", 18, "Deepest zoom the tiles have.")
    session_days: int = _var("STOREWALK_SESSION_DAYS", 30, "A log-in lasts this many days.")
    login_rate: str = _var(
        "STOREWALK_LOGIN_RATE", "10 per minute;60 per hour", "Log-in tries per address and name."
    )
    password_cost: str = _var(
        "STOREWALK_PASSWORD_COST", "owasp", "owasp, or test: the cheapest argon2 profile."
    )
    embedded_jobs: bool = _var(
        "STOREWALK_EMBEDDED_JOBS", True, "Run background jobs in the web process (no Redis)."
    )

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def sqlalchemy_url(self) -> str:
        """The database address in SQLAlchemy's spelling."""
        if not self.database_url:
            return f"sqlite:///{(self.data_dir / 'storewalk.db').absolute()}"
        for prefix in ("postgres://", "postgresql://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url[len(prefix) :]
        return self.database_url

    @property
    def is_sqlite(self) -> bool:
        """True when the embedded database is used."""
        return self.sqlalchemy_url.startswith("sqlite")


def _convert(name: str, text: str, kind: str) -> Any:
    try:
        if kind == "bool":
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
                text.strip().lower()
            ]
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text)
    except (KeyError, ValueError) as error:
        raise SettingsError(f"{name}={text!r} is not a valid {kind}.") from error
    return Path(text) if kind == "Path" else text


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the settings.

    Raises SettingsError for a value that cannot be read, an unknown zone or tile system, and in
    production for a missing STOREWALK_ORIGIN.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for item in fields(Settings):
        env = item.metadata["env"]
        if source.get(env):
            values[item.name] = _convert(env, source[env], str(item.type))
    settings = Settings(**{**values, **overrides})
    try:
        ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(f"STOREWALK_TIME_ZONE={settings.time_zone!r} is unknown.") from error
    if settings.tiles_crs not in {"wgs84", "gcj02"}:
        raise SettingsError("STOREWALK_TILES_CRS must be wgs84 or gcj02.")
    if settings.production and not settings.origin:
        raise SettingsError(
            "STOREWALK_ORIGIN is required in production: set it to the public https:// address, "
            "so that requests from other sites can be refused."
        )
    return settings


def settings() -> Settings:
    """The settings of the current Flask app."""
    found: Settings = current_app.config["SETTINGS"]
    return found
