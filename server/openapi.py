"""The OpenAPI document: what flask-smorest gathers from the routes, and what it cannot know.

That is who may call an operation, and with which problems it may answer. Problems that follow
from an operation's form (a log-in, an id in the path, a body) are declared here; those of its own
are named by its route with refuses().
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson
from flask import Flask, Response, current_app

from server.kernel import problems
from server.kernel.auth import Role, public
from server.kernel.http import json_bytes
from server.kernel.problems import Kind

METHODS: Final = ("get", "head", "post", "put", "patch", "delete")
PROBLEM_TYPE: Final = "application/problem+json"
_KEPT = "storewalk.openapi"
_READING = frozenset({"get", "head"})
_IF_MATCH: Final = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "description": "The revision that was edited, as the ETag named it.",
    "schema": {"type": "string"},
}
_ETAG: Final = {"description": "The record's revision.", "schema": {"type": "string"}}


def install(app: Flask) -> None:
    """Serve the whole document where flask-smorest serves its own."""
    app.view_functions["api-docs.openapi_json"] = serve


@public
def serve() -> Response:
    """The document as JSON."""
    return json_bytes(orjson.dumps(document()))


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of the current app. Not to be changed by who gets it."""
    found: dict[str, Any] | None = current_app.extensions.get(_KEPT)
    if found is None:
        found = current_app.extensions[_KEPT] = _complete(
            current_app.extensions["storewalk.api"].describe()
        )
    return found


def _complete(spec: dict[str, Any]) -> dict[str, Any]:
    views = dict(_views())
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                view = views.get((path, method))
                _say_who(item[method], getattr(view, "storewalk_roles", ()))
                own = getattr(view, "storewalk_problems", ())
                _say_problems(path, method, item, own)
    # Every error is a problem document; no operation refers to the shared 422 any more.
    responses = spec["components"]["responses"]
    responses.pop("UNPROCESSABLE_ENTITY", None)
    responses["DEFAULT_ERROR"] = _response("Any other problem.")
    return spec


def _views() -> Iterator[tuple[tuple[str, str], Any]]:
    for rule in current_app.url_map.iter_rules():
        path = rule.rule
        for argument in rule.arguments:
            for form in (f"<{argument}>", f"<string:{argument}>", f"<int:{argument}>"):
                path = path.replace(form, "{" + argument + "}")
        for method in rule.methods or ():
            yield (path, method.lower()), current_app.view_functions[rule.endpoint]


def _say_who(operation: dict[str, Any], roles: tuple[Role, ...]) -> None:
    operation["security"] = [{"bearer": []}, {"cookie": []}] if roles else []
    if roles and set(roles) != set(Role):
        said = operation.get("description", "")
        operation["description"] = f"{said}\n\nRoles: {', '.join(roles)}.".strip()


def _say_problems(path: str, method: str, item: dict[str, Any], own: tuple[Kind, ...]) -> None:
    operation = item[method]
    by_status: dict[int, list[Kind]] = {}
    for kind in dict.fromkeys([*_of_its_form(path, method, operation), *own]):
        by_status.setdefault(kind.status, []).append(kind)
    responses = operation["responses"]
    for status, kinds in sorted(by_status.items()):
        responses[str(status)] = _response(
            "; ".join(f"{kind.code}: {kind.title.en}" for kind in kinds),
            [kind.code for kind in kinds],
        )
    operation["responses"] = dict(sorted(responses.items()))
    if problems.STALE in own:
        operation.setdefault("parameters", []).append(_IF_MATCH)
        for reading_or_changing in (operation, item.get("get", {})):
            answer = reading_or_changing.get("responses", {}).get("200", {})
            answer.setdefault("headers", {})["ETag"] = _ETAG


def _of_its_form(path: str, method: str, operation: dict[str, Any]) -> Iterator[Kind]:
    if operation["security"]:
        yield problems.UNAUTHENTICATED
        yield problems.OTHER_PERSON
    if "Roles: " in operation.get("description", ""):
        yield problems.FORBIDDEN
    if method not in _READING:
        yield problems.CSRF_REFUSED
    queries = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
    if "{" in path or "region" in queries:
        yield problems.NOT_FOUND
    kinds_of_body = operation.get("requestBody", {}).get("content", {})
    if kinds_of_body:
        yield problems.TOO_LARGE
    if "application/json" in kinds_of_body:
        yield problems.MALFORMED_JSON
        yield problems.NOT_JSON
    if queries or "application/json" in kinds_of_body:
        yield problems.VALIDATION_FAILED


def _response(description: str, codes: Iterable[str] = ()) -> dict[str, Any]:
    found = {
        "description": description,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    return found | ({"x-problem-codes": list(codes)} if codes else {})
