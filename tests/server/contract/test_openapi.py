"""The server does what its OpenAPI document says, whatever it is sent: schemathesis makes it up.

Every operation, as the office, as a rep and as nobody, with fitting and with unfitting values. The
examples are the same in each run. Half of the ids are put in from a real day, so that an operation
is also found at work and not only at refusing.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import BaseSchema, Case, GenerationMode, SerializationContext
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)

from server.kernel.sheets import MIME
from server.openapi import document
from server.photos.routes import BYTES_TYPE
from server.sync.routes import ZIP_TYPE
from tests.server.conftest import log_in
from tests.server.contract.day import Day
from tests.server.contract.doors import DOORS

EXAMPLES = 8
CALLERS = ("office", "rep_a", "nobody")
LABELS = [key.replace("<", "{").replace(">", "}") for key in DOORS] + ["POST /api/v1/session"]
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def real_values(day: Day) -> dict[str, str]:
    """Values that mean something, by the names that parameters and fields have."""
    side = day.sides[0].words
    return {
        "visit_id": side["visit"],
        "photo_id": side["photo"],
        "case_id": side["case"],
        "bulk_id": side["bulk"],
        "handout_id": side["handout"],
        "store_id": side["store"],
        # Not the rep who calls: a changed password ends all log-ins.
        "user_id": day.sides[1].words["person"],
        "rep_id": side["person"],
        "material_id": day.common["material"],
        "office_id": day.common["office"],
        "exemption_id": side["exemption"],
        "make_up_id": side["make_up"],
        "check_in_id": side["office_check_in"],
        "person_id": side["person"],
        "region_id": day.world.regions["park"],
        "parent_id": day.world.regions["hq"],
        "movement_id": side["movement"],
        "adjustment_id": side["count"],
        "entry_id": day.common["entry"],
        "warehouse_id": day.common["warehouse"],
        "sha256": side["photo_sha256"],
        "size": "screen",
        "week": "2026-W48",
        "region": day.world.regions["park"],
        "problem": "silent",
        "rep": side["person"],
        "store": side["store"],
        "visit": side["visit"],
        "bbox": "120,31,121,32",
        "crs": "wgs84",
        "If-Match": "*",
        "Upload-Offset": "0",
        "author": side["person"],
    }


def cases(operation: APIOperation[Any, Any, Any, Any]) -> SearchStrategy[Case]:
    """Requests that fit the document, and such that do not."""
    fitting = operation.as_strategy(GenerationMode.POSITIVE)
    if not [*operation.iter_parameters()] and not operation.body:
        return fitting
    return st.one_of(fitting, operation.as_strategy(GenerationMode.NEGATIVE))


def put_in(values: dict[str, str], target: Any) -> None:
    """Replace what has a name of ours."""
    if isinstance(target, list):
        for item in target:
            put_in(values, item)
    elif hasattr(target, "keys"):
        for name in list(target.keys()):
            if name in values:
                target[name] = values[name]
            else:
                put_in(values, target[name])


@schemathesis.serializer(BYTES_TYPE, ZIP_TYPE, MIME["xlsx"])
def as_bytes(_context: SerializationContext, value: Any) -> bytes:
    """How made-up bytes travel."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def schema(shared_app: Flask) -> BaseSchema:
    """The document as the server gives it out; read once, since that takes a while."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", shared_app)


@pytest.mark.parametrize("label", LABELS)
def test_as_documented(app: Flask, day: Day, schema: BaseSchema, label: str) -> None:
    method, path = label.split(" ")
    operation = schema[path][method]
    declared = document()["paths"][path][method.lower()]["responses"]
    values = real_values(day)

    for caller in CALLERS:
        # Compressed answers are for browsers.
        token = {"Accept-Encoding": "identity"}
        if caller != "nobody":
            token["Authorization"] = log_in(app, caller).environ_base["HTTP_AUTHORIZATION"]
        try_out(operation, declared, values, token)


def try_out(
    operation: APIOperation[Any, Any, Any, Any],
    declared: dict[str, Any],
    values: dict[str, str],
    token: dict[str, str],
) -> None:
    """Send examples under one log-in and hold each answer against the document."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(operation), real=st.booleans())
    def speaks_as_documented(case: Case, real: bool) -> None:
        if real:
            for part in (case.path_parameters, case.query, case.headers, case.body):
                put_in(values, part)
        answer = case.call(headers=token)
        case.validate_response(answer, checks=CHECKS, headers=token)
        assert_declared(declared, answer)

    speaks_as_documented()


def assert_declared(declared: dict[str, Any], answer: Any) -> None:
    """The status stands in the document by itself, and so does the code of a problem."""
    said = declared.get(str(answer.status_code))
    assert said is not None, f"{answer.status_code} is not declared: {answer.text[:300]}"
    if answer.status_code >= 400 and answer.content:
        code = answer.json()["code"]
        assert code in said["x-problem-codes"], f"{code} is not declared for {answer.status_code}"
