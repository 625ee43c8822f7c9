"""The server still says what tests/contract/*.json says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from server.sync.feed import READERS
from server.sync.push import HANDLERS
from tests.contract.recording import replay, with_cursor, written
from tests.contract.stories import FILES

WRITE = "if the change is meant: python -m tests.contract --write, and look at the difference"
STATUSES = {"applied", "replayed", "conflict", "rejected", "deferred"}
# Every problem that an op can end with.
CODES = {
    "author_mismatch",
    "batch_unknown",
    "campaign_unknown",
    "dependency_missing",
    "material_unknown",
    "movement_closed",
    "movement_unknown",
    "office_unknown",
    "op_conflict",
    "op_id_missing",
    "op_kind_unknown",
    "op_malformed",
    "quantity_invalid",
    "record_exists",
    "rep_unknown",
    "store_unknown",
    "task_cancelled",
    "task_done",
    "task_unknown",
    "visit_closed",
    "visit_unknown",
    "warehouse_unknown",
}


def told(name: str) -> dict[str, list[dict[str, Any]]]:
    stories: dict[str, list[dict[str, Any]]] = json.loads(written(name))
    return stories


def exchanges(name: str) -> Iterator[dict[str, Any]]:
    for story in told(name).values():
        yield from story


@pytest.mark.parametrize("name", FILES)
def test_the_answers_are_those_written_down(name: str) -> None:
    then = told(name)
    asked = {
        story: [(one["name"], one["request"]) for one in exchanges]
        for story, exchanges in then.items()
    }
    for story, now in replay(asked).items():
        for before, after in zip(then[story], now, strict=True):
            assert after == before, f"{name}.json, {story}, {before['name']}: {WRITE}"


@pytest.mark.parametrize("name", FILES)
def test_the_requests_are_those_of_the_stories(name: str) -> None:
    then = told(name)
    assert list(then) == list(FILES[name])
    for story, asked in FILES[name].items():
        now = [(one, with_cursor(request, then[story])) for one, request in asked]
        before = [(one["name"], one["request"]) for one in then[story]]
        assert now == before, f"{name}.json, {story}: {WRITE}"


def results() -> Iterator[tuple[str, dict[str, Any]]]:
    """(kind, what became of it) of every op in the files."""
    for name in FILES:
        for one in exchanges(name):
            became = one["answer"].get("json", {}).get("results", [])
            sent = one["request"]["json"]["ops"] if became else []
            yield from zip((op["kind"] for op in sent), became, strict=True)


def test_every_kind_has_every_status() -> None:
    seen = {(kind, result["status"]) for kind, result in results()}
    missing = {(kind, status) for kind in HANDLERS for status in STATUSES} - seen
    assert not missing, f"add exchanges to tests/contract/stories.py: {missing}"


def test_every_problem_of_an_op_is_there() -> None:
    seen = {result["problem"]["code"] for _, result in results() if result["problem"]}
    assert seen == CODES


def test_every_entity_is_pulled() -> None:
    changes = [
        c for one in exchanges("pull") for c in one["answer"].get("json", {}).get("changes", [])
    ]
    assert {change["entity"] for change in changes} == READERS.keys()
    assert any(change["record"] is None for change in changes)
