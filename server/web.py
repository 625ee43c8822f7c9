"""The built PWA and the API's documentation page, from the same port as the API."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from flask import (
    Flask,
    Response,
    current_app,
    render_template_string,
    request,
    send_from_directory,
)
from werkzeug.security import safe_join

from server.config import ROOT
from server.kernel import problems
from server.kernel.auth import public
from server.kernel.problems import Kind

mimetypes.add_type("application/manifest+json", ".webmanifest")
mimetypes.add_type("text/javascript", ".js")

# Nothing comes from another host but map tiles; no script but our own files. Element Plus and
# Leaflet set style attributes, hence 'unsafe-inline' for styles alone.
_CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob: {tiles}; connect-src 'self' {tiles}; worker-src 'self' blob:; "
    "media-src 'self' blob:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; "
    "form-action 'self'"
)


def install(app: Flask) -> None:
    """Add the pages and the safety headers."""
    # A relative path is meant from the project, not from where the server was started.
    app.config["STOREWALK_DIST"] = ROOT / app.config["SETTINGS"].dist_dir
    app.add_url_rule("/", "web.index", index)
    app.add_url_rule("/console/", "web.console", console, defaults={"path": ""})
    app.add_url_rule("/console/<path:path>", "web.console", console)
    app.add_url_rule("/docs", "web.docs", docs)
    app.add_url_rule("/problems/<code>", "web.problem", problem_page)
    app.add_url_rule("/<path:path>", "web.file", file)
    rules = app.config["SETTINGS"]
    tiles = " ".join(_origin(url) for url in (rules.tiles_url, rules.pmtiles_url) if url)
    policy = _CSP.format(tiles=tiles)

    @app.after_request
    def safety_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(self), geolocation=(self)"
        if rules.production:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    return f"{scheme}://{host.replace('{s}', '*')}" if rest else ""


def _send(name: str) -> Response:
    """A file of the build, in its ready-made gzip form where the browser takes it."""
    dist: Path = current_app.config["STOREWALK_DIST"]
    packed = (dist / f"{name}.gz").is_file()
    if packed and request.accept_encodings["gzip"]:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        response = send_from_directory(dist, f"{name}.gz", mimetype=kind)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = send_from_directory(dist, name)
    if packed:
        response.vary.add("Accept-Encoding")
    return response


def _page(name: str) -> Response:
    if not (current_app.config["STOREWALK_DIST"] / name).is_file():
        raise problems.NOT_FOUND.error()
    response = _send(name)
    response.headers["Cache-Control"] = "no-cache"
    return response


@public
def index() -> Response:
    """The rep's app."""
    return _page("index.html")


@public
def console(path: str) -> Response:
    """The supervisor's and office's console; its router reads the path."""
    del path
    return _page("console.html")


@public
def file(path: str) -> Response:
    """A file of the build; a path without one is a screen of the rep's app."""
    dist: Path = current_app.config["STOREWALK_DIST"]
    found = safe_join(str(dist), path)
    if found is None or not Path(found).is_file():
        if "." in path.rpartition("/")[2] or path.startswith(("api/", "assets/")):
            raise problems.NOT_FOUND.error()
        return _page("index.html")
    response = _send(path)
    # Names below assets/ carry a hash of their content; all else may change with each build.
    immutable = path.startswith("assets/")
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if immutable else "no-cache"
    )
    return response


@public
def docs() -> str:
    """The API's documentation, drawn on the server from its own OpenAPI document."""
    from server.apidocs import render

    return render()


@public
def problem_page(code: str) -> str:
    """What a problem code means and what to do about it."""
    kind: Kind | None = problems.catalogue().get(code)
    if kind is None:
        raise problems.NOT_FOUND.error()
    values: dict[str, Any] = {"kind": kind}
    return render_template_string(_PROBLEM_PAGE, **values)


_PROBLEM_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{{ kind.code }}</title>
<main><h1><code>{{ kind.code }}</code> ({{ kind.status }})</h1>
<p lang="zh-CN">{{ kind.title.zh }} — {{ kind.remedy.zh }}</p>
<p>{{ kind.title.en }} — {{ kind.remedy.en }}</p></main></html>"""
