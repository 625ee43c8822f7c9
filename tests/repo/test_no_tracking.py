"""Nobody clocks in daily and nobody is tracked: the sources and the API are walked for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask import Flask

from server.kernel.db import Base
from server.openapi import document

ROOT = Path(__file__).resolve().parents[2]
PWA = ROOT / "pwa" / "src"
# Where a position may be asked for: the search that a check-in's button starts, and "locate".
ASKERS = {"features/visits/fix/useFix.ts", "app/here.ts"}
# What makes them ask. Each of these files calls it from a press, or from a sheet that one opened.
CALLERS = {
    "locate": {"features/visits/TodayView.vue"},
    "useFix": {
        "features/visits/fix/FixSheet.vue",
        "features/visits/CheckOutSheet.vue",
    },
}
WORKERS = ("sw.ts", "sw-push.ts", "features/photos/photo.worker.ts")
DAILY = re.compile(
    r"attendance|clock[_-]?(in|out)|punch|kaoqin|track(s|ing)?\b|trajector|breadcrumb|geofence"
    r"|background[_-]?location|daily[_-]?check",
    re.IGNORECASE,
)
# The phone's clock was moved: a flag, and none of the kind above.
HARMLESS = {"clock_moved", "clock_offset_ms"}


def sources() -> dict[str, str]:
    """The app's files by their path below src, tests and generated ones left out."""
    return {
        path.relative_to(PWA).as_posix(): path.read_text("utf-8")
        for path in sorted(PWA.rglob("*"))
        if path.suffix in {".ts", ".vue"} and ".test." not in path.name and ".gen." not in path.name
    }


def test_positions_are_asked_for_in_two_places_only() -> None:
    found = {
        name
        for name, text in sources().items()
        if re.search(r"getCurrentPosition|watchPosition|\.geolocation\b", text)
    }
    assert found == ASKERS
    # Only the search watches, and it stops by itself.
    watching = {name for name, text in sources().items() if "watchPosition" in text}
    assert watching == {"features/visits/fix/useFix.ts"}
    assert "clearWatch" in sources()["features/visits/fix/useFix.ts"]


def test_only_presses_lead_there() -> None:
    for word, allowed in CALLERS.items():
        users = {
            name
            for name, text in sources().items()
            if name not in ASKERS and re.search(rf"\b{word}\(", text)
        }
        assert users <= allowed, f"{word}() is called in {users - allowed}: only after a press"
        assert users, f"nobody calls {word}() any more: take it out of CALLERS"
    today = sources()["features/visits/TodayView.vue"]
    assert '@click="sortByDistance"' in today
    assert "onMounted" not in today


def test_sheets_that_look_for_a_position_are_opened_by_a_press() -> None:
    for name in ("visits/fix/FixSheet.vue", "visits/CheckOutSheet.vue"):
        text = sources()[f"features/{name}"]
        # The search begins with the sheet, which stands behind a v-model that a button sets.
        assert "defineModel<boolean>('show'" in text
        assert "search.stop()" in text or "stop()" in text


def test_no_worker_knows_of_positions() -> None:
    for name in WORKERS:
        text = sources()[name]
        assert "geolocation" not in text, name
        assert "periodicsync" not in text.lower(), name


def names(schema: Any) -> set[str]:
    """Every property's name in an OpenAPI document."""
    found: set[str] = set()
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties" and isinstance(value, dict):
                found |= set(value)
            found |= names(value)
    elif isinstance(schema, list):
        for value in schema:
            found |= names(value)
    return found


def test_the_api_has_no_place_for_it(app: Flask) -> None:
    described = document()
    words = set(described["paths"]) | names(described) - HARMLESS
    words |= {rule.rule for rule in app.url_map.iter_rules()}
    assert len(words) > 200
    assert [word for word in sorted(words) if DAILY.search(word)] == []


def test_no_table_has_a_place_for_it() -> None:
    tables = Base.metadata.tables
    words = {f"{name}.{column.name}" for name, table in tables.items() for column in table.columns}
    words = {word for word in words if word.partition(".")[2] not in HARMLESS}
    assert [word for word in sorted(words) if DAILY.search(word)] == []
    # A position stands only where somebody did something: visits, check-ins, places.
    placed = {name for name, table in tables.items() if "lat" in table.columns}
    places = {"office", "store", "store_pin", "pin_proposal"}
    assert placed == places | {"office_check_in"}


def test_the_op_kinds_are_actions() -> None:
    from server.sync.push import HANDLERS

    assert [kind for kind in HANDLERS if DAILY.search(kind)] == []
