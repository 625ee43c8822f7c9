"""The HTTP side of the kernel: the API object, one transaction a request, problems, revisions."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import flask
import flask_smorest
import orjson
from flask import Flask, Response, current_app, request
from flask.json.provider import JSONProvider
from marshmallow import Schema, ValidationError, fields
from sqlalchemy.orm import Session
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from server.kernel import problems, validation
from server.kernel.auth import Actor, current_actor
from server.kernel.clock import Clock
from server.kernel.db import READ_METHODS, db
from server.kernel.problems import Kind, Problem

log = logging.getLogger(__name__)

API_PREFIX = "/api/v1"
MAX_JSON_BYTES = 4 * 1024 * 1024
# Of lists and objects within each other in what a route takes; no body of ours comes near it.
MAX_LEVELS = 32
_FAILED = "storewalk.failed"


class OrjsonProvider(JSONProvider):
    """Flask's JSON by orjson."""

    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        """Write JSON text."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        """Read JSON text."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """A JSON answer."""
        return json_bytes(orjson.dumps(self._prepare_response_obj(args, kwargs)))


class Request(flask.Request):
    """Flask's request, without its gap: a body in chunks ends at the limit as if it were whole."""

    def get_data(self, *args: Any, **kwargs: Any) -> Any:
        """The body. Raises RequestEntityTooLarge also where its length was not announced."""
        data = super().get_data(*args, **kwargs)
        limit = self.max_content_length
        if self.content_length is None and limit is not None and len(data) >= limit:
            raise RequestEntityTooLarge
        return data


class ProblemSchema(Schema):
    """The body of every error (RFC 9457)."""

    type = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "Stable; see /docs."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What the caller can do."})
    field = fields.String(metadata={"description": "The field at fault, dotted."})
    errors = fields.List(fields.Dict(), metadata={"description": "One entry for each field."})
    params = fields.Dict(metadata={"description": "The numbers and names in the words."})


@dataclass(frozen=True, slots=True)
class Ctx:
    """What a route hands to a domain function."""

    session: Session
    actor: Actor
    clock: Clock
    language: str


def clock() -> Clock:
    """The clock of the current app."""
    found: Clock = current_app.extensions["storewalk.clock"]
    return found


def language() -> str:
    """The caller's language by Accept-Language: zh-CN, unless English is preferred."""
    best = request.accept_languages.best_match(["zh-CN", "zh", "en"], default="zh-CN")
    return "en" if best == "en" else "zh-CN"


def ctx() -> Ctx:
    """Session, actor, clock and language of this request. Raises the problem unauthenticated."""
    actor = current_actor()
    return Ctx(session=db.session(), actor=actor, clock=clock(), language=language())


def json_bytes(data: bytes, status: int = 200) -> Response:
    """An answer from ready-made JSON."""
    return Response(data, status=status, mimetype="application/json")


def problem_response(problem: Problem) -> Response:
    """The problem as an answer in the caller's language."""
    body = orjson.dumps(problem.as_dict(language()))
    response = Response(body, status=problem.kind.status, mimetype="application/problem+json")
    response.headers.extend(problem.headers)
    response.headers["Content-Language"] = language()
    return response


def check_revision(revision: int) -> None:
    """Hold If-Match against the record's revision.

    Raises the problems precondition_required (no header) and stale (another revision).
    """
    if not request.if_match:
        raise problems.PRECONDITION_REQUIRED.error(field="If-Match")
    if not request.if_match.contains_weak(str(revision)):
        raise problems.STALE.error(revision=revision)


def set_revision(response: Response, revision: int) -> Response:
    """Name the record's revision as the answer's ETag."""
    response.set_etag(str(revision))
    return response


def binary_answers(*types: str) -> dict[str, Any]:
    """For the API's document: 200 with bytes of one of these media types."""
    schema = {"type": "string", "format": "binary"}
    content = {one: {"schema": schema} for one in types}
    return {"200": {"description": "The bytes.", "content": content}}


def end_transaction() -> None:
    """Give the connection (and the write lock) back before something slow, such as a body."""
    db.session.rollback()


class _Parser(FlaskParser):
    """webargs, without NUL in any text, and without values that nothing of ours nests so deep.

    PostgreSQL cannot store a NUL, and nobody means it. JSON is read to a thousand levels, which is
    more than whatever walks through them can stand.
    """

    def pre_load(self, location_data: Any, **_kwargs: Any) -> Any:
        """Refuse both before the schema looks at the values."""
        _check_values(location_data, [], 0)
        return location_data


def _check_values(value: Any, path: list[str], level: int) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise _refused("NUL is not allowed.", path)
    elif isinstance(value, Mapping | list):
        if level == MAX_LEVELS:
            # The outermost name tells enough.
            raise _refused("Nested too deep.", path[:1])
        if isinstance(value, list):
            for item in value:
                _check_values(item, path, level + 1)
            return
        for key in value:
            inner = [*path, str(key)]
            _check_values(key, inner, level + 1)
            _check_values(value[key], inner, level + 1)


def _refused(message: str, path: list[str]) -> ValidationError:
    messages: Any = [message]
    for key in reversed(path):
        messages = {key: messages}
    return ValidationError(messages)


class Blueprint(flask_smorest.Blueprint):
    """A blueprint of the API."""

    ARGUMENTS_PARSER = _Parser()


def blueprint(name: str, url_prefix: str = "", description: str = "") -> Blueprint:
    """A blueprint below /api/v1; its name is the tag in the documentation."""
    return Blueprint(
        name, name, url_prefix=API_PREFIX + url_prefix, description=description or name
    )


class StorewalkApi(flask_smorest.Api):
    """flask-smorest, with our problems as its errors, and its document made when it is read.

    Describing every route costs a starting server a third of a second, and nobody may ever ask.
    """

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask) -> None:
        self._to_describe: list[Blueprint] = []
        self._describing = threading.Lock()
        super().__init__(app)

    def register_blueprint(self, blp: Blueprint, **options: Any) -> None:
        """Register a blueprint; its description waits for describe()."""
        app: Flask = self._app
        app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        app.register_blueprint(blp, **options)
        self._to_describe.append(blp)

    def describe(self) -> dict[str, Any]:
        """The OpenAPI document of all routes, as flask-smorest gathers it."""
        with self._describing:
            while self._to_describe:
                blp = self._to_describe.pop(0)
                blp.register_views_in_doc(
                    self, self._app, self.spec, name=blp.name, parameters=None
                )
                self.spec.tag({"name": blp.name, "description": blp.description})
        found: dict[str, Any] = self.spec.to_dict()
        return found

    def handle_http_exception(self, error: HTTPException) -> Any:
        """Turn whatever Flask, Werkzeug or webargs raise into a problem of our catalogue."""
        return problem_response(problem_of(error))


_BY_STATUS: dict[int, Kind] = {
    400: problems.HTTP_ERROR,
    401: problems.UNAUTHENTICATED,
    403: problems.FORBIDDEN,
    404: problems.NOT_FOUND,
    405: problems.METHOD_NOT_ALLOWED,
    409: problems.CONFLICT,
    412: problems.STALE,
    415: problems.NOT_JSON,
    416: problems.RANGE_INVALID,
    422: problems.VALIDATION_FAILED,
    428: problems.PRECONDITION_REQUIRED,
    429: problems.RATE_LIMITED,
    503: problems.UNAVAILABLE,
}


def problem_of(error: HTTPException) -> Problem:
    """The problem that a framework's exception stands for."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if isinstance(error, RequestEntityTooLarge):
        return problems.TOO_LARGE.error(limit=request.max_content_length or MAX_JSON_BYTES)
    if isinstance(error, MethodNotAllowed):
        headers = {"Allow": ", ".join(sorted(error.valid_methods or ()))}
        return Problem(problems.METHOD_NOT_ALLOWED, headers=headers)
    data: dict[str, Any] = getattr(error, "data", None) or {}
    if status in {400, 422} and data.get("messages"):
        messages = data["messages"]
        if _says_malformed(messages):
            return problems.MALFORMED_JSON.error()
        # webargs reads a body of another type as an empty one; name the real fault instead.
        if request.content_length and not request.is_json and "json" in messages:
            return problems.NOT_JSON.error(accepted="application/json")
        errors = list(_field_errors(messages))
        first = errors[0]["field"] if errors else None
        return Problem(problems.VALIDATION_FAILED, field=first, errors=errors)
    if status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        return problems.NOT_JSON.error(accepted="application/json")
    kind = _BY_STATUS.get(status)
    if kind is None:
        kind = problems.INTERNAL if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None
    headers = {}
    for name, value in error.get_headers():
        if name.lower() in {"retry-after", "content-range"}:
            headers[name] = value
    return Problem(kind or problems.HTTP_ERROR, headers=headers)


def _says_malformed(messages: Any) -> bool:
    return isinstance(messages, dict) and messages.get("json") == ["Invalid JSON body."]


def _field_errors(messages: Any, path: str = "") -> Any:
    if isinstance(messages, dict):
        for key, value in messages.items():
            outer = path == "" and key in {"json", "query", "headers", "files", "form"}
            inner = "" if outer else f"{path}.{key}".lstrip(".")
            yield from _field_errors(value, inner)
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield {"field": path, "message": validation.say(str(message), language())}


def install(app: Flask) -> None:
    """Wire transactions, errors and safety headers into an app."""
    app.json = OrjsonProvider(app)
    app.request_class = Request
    app.config["MAX_CONTENT_LENGTH"] = MAX_JSON_BYTES
    app.before_request(_refuse_nul_path)
    app.before_request(_refuse_other_sites)
    # Registered first, so it runs last: nothing may still touch the session after the commit.
    app.after_request(_finish_transaction)
    app.register_error_handler(Problem, _on_problem)
    app.register_error_handler(Exception, _on_exception)


def _refuse_nul_path() -> None:
    if "\0" in request.path:
        raise problems.NOT_FOUND.error()


def _refuse_other_sites() -> None:
    """Close cross-site request forgery: a browser names the origin of each request that writes.

    Bearer clients carry no cookie and need no check.
    """
    if request.method in READ_METHODS or request.headers.get("Authorization"):
        return
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    own = {request.host_url.rstrip("/"), current_app.config["SETTINGS"].origin.rstrip("/")}
    if origin is not None and origin not in own:
        raise problems.CSRF_REFUSED.error()
    if origin is None and site not in {None, "same-origin", "none"}:
        raise problems.CSRF_REFUSED.error()


def _finish_transaction(response: BaseResponse) -> BaseResponse:
    if response.status_code < HTTPStatus.BAD_REQUEST and _FAILED not in request.environ:
        db.session.commit()
    else:
        db.session.rollback()
    db.session.remove()
    return response


def _on_problem(problem: Problem) -> Response:
    request.environ[_FAILED] = True
    return problem_response(problem)


def _on_exception(error: Exception) -> Response:
    request.environ[_FAILED] = True
    if isinstance(error, HTTPException):
        return problem_response(problem_of(error))
    log.error("unhandled error in %s %s", request.method, request.path, exc_info=error)
    return problem_response(problems.INTERNAL.error())
