"""create_app(): the one place where everything is wired together."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flask import Flask
from flask_compress import Compress

from server import cli, health, openapi, web
from server.accounts import limits
from server.accounts.routes import authenticate
from server.config import Settings, load_settings
from server.kernel import blobs, http, jobs
from server.kernel.clock import Clock
from server.kernel.db import db, engine_options, prepare_sqlite

FEATURES = (
    "accounts",
    "stores",
    "visits",
    "photos",
    "materials",
    "campaigns",
    "tasks",
    "office",
    "audit",
    "sync",
)


def create_app(settings: Settings | None = None, *, clock: Clock | None = None) -> Flask:
    """Build the application. Raises SettingsError where the environment is not usable."""
    settings = settings or load_settings()
    app = Flask(__name__, static_folder=None)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app.config.update(
        SETTINGS=settings,
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings),
        # The files of the build are compressed once, when it is built.
        COMPRESS_MIMETYPES=["application/json", "application/problem+json", "text/html"],
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_LEVEL=5,
        COMPRESS_MIN_SIZE=1_000,
        COMPRESS_STREAMS=False,
        **_openapi_settings(),
    )
    app.extensions["storewalk.clock"] = clock or Clock()
    app.extensions["storewalk.authenticate"] = authenticate
    app.extensions["storewalk.blobs"] = blobs.make_store(settings)
    app.extensions["storewalk.jobs"] = jobs.make_runner(app, settings)
    db.init_app(app)
    if settings.is_sqlite:
        with app.app_context():
            prepare_sqlite(db.engine, settings.data_dir / "write.lock")
    http.install(app)
    jobs.install(app)
    Compress(app)
    limits.install(app, settings)
    api = http.StorewalkApi(app)
    app.extensions["storewalk.api"] = api
    for feature in FEATURES:
        for blueprint in import_module(f"server.{feature}.routes").blueprints:
            api.register_blueprint(blueprint)
        # Importing it lists what the feature holds about a person.
        import_module(f"server.{feature}.held")
    _connect_features(app)
    openapi.install(app)
    health.install(app)
    web.install(app)
    cli.install(app)
    return app


def _connect_features(app: Flask) -> None:
    """Let a feature hear of another where an import would go round in a circle."""
    from server.audit import replies
    from server.audit.answers import queries as answers
    from server.campaigns.choosing import assignments_changed
    from server.stores import domain as stores
    from server.sync.negotiation import schema_range
    from server.visits import rejudge

    if rejudge.ask_rejudge not in stores.on_pin_changed:
        stores.on_pin_changed.append(rejudge.ask_rejudge)
    if assignments_changed not in stores.on_assigned:
        stores.on_assigned.append(assignments_changed)
    replies.tell_of(answers)
    app.extensions["storewalk.schema"] = schema_range(app.config["SETTINGS"])


def _openapi_settings() -> dict[str, Any]:
    return {
        "API_TITLE": "Storewalk",
        "API_VERSION": "1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api/v1",
        "OPENAPI_JSON_PATH": "openapi.json",
        "API_SPEC_OPTIONS": {
            "info": {
                "description": "Field visits, evidence photos, promo material and their audit.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "components": {
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "cookie": {"type": "apiKey", "in": "cookie", "name": "storewalk_session"},
                }
            },
        },
    }
