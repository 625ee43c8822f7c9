"""Who sees what: every route × every person, with ids of their own, of others, and of nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.kernel.ids import new_id
from server.openapi import document
from tests.server.conftest import PASSWORD, Login
from tests.server.contract.day import CALLERS, PHOTOS, REGION_OF, REPS, Day, Side
from tests.server.contract.doors import (
    DOORS,
    HARMLESS_FILTERS,
    PRIVATE,
    PUBLIC,
    REGION_FILTER,
    SCOPED_FILTERS,
    Door,
)
from tests.server.sync.phone import AT, Phone

DOORS_FILE = "tests/server/contract/doors.py"


def operations(app: Flask) -> set[str]:
    """Every method and rule; HEAD beside a GET is Flask's own."""
    found = set()
    for rule in app.url_map.iter_rules():
        methods = (rule.methods or set()) - {"OPTIONS"}
        found |= {f"{m} {rule.rule}" for m in methods if m != "HEAD" or "GET" not in methods}
    return found


def test_every_route_is_walked(app: Flask) -> None:
    new = operations(app) - DOORS.keys() - PUBLIC.keys()
    assert not new, f"add to DOORS in {DOORS_FILE}, with who may call it and sees what: {new}"
    gone = (DOORS.keys() | PUBLIC.keys()) - operations(app)
    assert not gone, f"take out of {DOORS_FILE}, the app has them no more: {gone}"


def test_every_filter_is_walked(app: Flask) -> None:
    known = {REGION_FILTER} | SCOPED_FILTERS.keys() | HARMLESS_FILTERS
    for key, names in filters().items():
        new = names - known
        assert not new, (
            f"{key} has the new filters {new}: if one names a record that not everybody sees, add "
            f"it to SCOPED_FILTERS in {DOORS_FILE}, else to HARMLESS_FILTERS"
        )


def filters() -> dict[str, set[str]]:
    """The query parameters of each GET door, from the API's own document."""
    found = {}
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            if method in {"get", "post", "patch", "delete", "head"}:
                rule = path.replace("{", "<").replace("}", ">")
                parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
                names = {one["name"] for one in parameters if one.get("in") == "query"}
                found[f"{method.upper()} {rule}"] = names
    return found


def knocks(day: Day, door: Door) -> Iterator[tuple[str, Side | None, bool]]:
    """(path, whose record it names, does anybody have it) for each way to knock at a door."""
    park = {"park": day.world.regions["park"]}
    for template in door.paths:
        if "{" not in template:
            yield template, None, True
            continue
        # Ids of nobody come first: what is then answered is what a stranger must be answered.
        yield template.format(**_of_nobody(day)), None, False
        shared = not any("{" + kind + "}" in template for kind in day.sides[0].words)
        for side in day.sides[:1] if shared else day.sides:
            words = {**side.words, **day.common, **park}
            yield template.format(**words), None if shared else side, True


def _of_nobody(day: Day) -> dict[str, str]:
    kinds = {*day.sides[0].words, *day.common, "park"}
    return {kind: "0" * 64 if kind.endswith("sha256") else new_id() for kind in kinds}


def filled(day: Day, body: Any) -> Any:
    """A body with the ids of region and material put in."""
    ids = {"{region}": day.world.regions["park"], "{material}": day.common["material"]}
    ids["{person}"] = day.sides[0].words["person"]
    if isinstance(body, dict):
        return {
            key: ids.get(value, value) if isinstance(value, str) else value
            for key, value in body.items()
        }
    return body


def call(client: FlaskClient, method: str, path: str, day: Day, door: Door) -> Any:
    return client.open(
        path,
        method=method,
        json=filled(day, door.json),
        data=door.data,
        headers=dict(door.headers),
    )


def assert_hides(day: Day, caller: str, answer: Any, said: str) -> None:
    data = answer.data
    hidden = day.hidden_from(caller)
    if said.startswith("GET /api/v1/sync/pull"):
        # Reps give material to each other: a phone is told who works in the rep's own region.
        for side in day.sides:
            if caller in REPS and side.region == REGION_OF[caller]:
                hidden.pop(side.words["person"], None)
    leaks = [what for word, what in hidden.items() if word.encode() in data]
    assert not leaks, f"{said} tells {caller} {leaks}"


def in_order(doors: dict[str, Door]) -> list[tuple[str, str, Door]]:
    """Method, key and door; logging out comes last."""
    keys = sorted(doors, key=lambda key: key.startswith("DELETE /api/v1/session"))
    return [(key.split()[0], key, doors[key]) for key in keys]


@pytest.mark.parametrize("caller", CALLERS)
def test_the_walk(day: Day, login: Login, caller: str) -> None:
    client, role = login(caller), day.world.actors[caller].role.value
    # First, since the office changes records on its walk.
    assert ask_with_filters(day, client, caller) > 15
    for method, key, door in in_order(DOORS):
        of_nobody = None
        for path, side, exists in knocks(day, door):
            said = f"{key} as {caller} at {path}" + (f" ({side.rep}'s)" if side else "")
            answer = call(client, method, path, day, door)
            seen = exists and (side is None or caller in side.seen_by)
            if role not in door.roles:
                wanted = 403
            elif door.personal:
                assert_personal(answer, caller, side, said)
                continue
            else:
                wanted = door.otherwise.get(role, door.status) if seen else 404
            told = f"{said}: {answer.status_code}, not {wanted}: {answer.data[:400]!r}"
            assert answer.status_code == wanted, told
            if wanted == 404:
                of_nobody = of_nobody or answer.data
                assert answer.data == of_nobody, f"{said} differs from an id that nobody has"
            if method == "GET":
                head = client.head(path)
                assert head.status_code == wanted, f"HEAD of {said}: {head.status_code}"
            assert_hides(day, caller, answer, said)
            if wanted < 300:
                assert_shows(day, door, caller, side, answer.data, said)


def ask_with_filters(day: Day, client: FlaskClient, caller: str) -> int:
    """Each list with each filter that names a record, of every side; how many were asked."""
    role, asked = day.world.actors[caller].role.value, 0
    for key, names in filters().items():
        door = DOORS.get(key)
        if door is None or role not in door.roles or not key.startswith("GET"):
            continue
        if not names:
            continue
        path = door.paths[0]
        for kind, word in day.common.items():
            path = path.replace("{" + kind + "}", word)
        path += "&" if "?" in path else "?"
        for side in day.sides:
            for name in names & SCOPED_FILTERS.keys():
                said = f"{key} of {side.rep} by {name} as {caller}"
                answer: Any = client.get(f"{path}{name}={side.words[SCOPED_FILTERS[name]]}")
                assert answer.status_code in {200, 404}, said
                assert_hides(day, caller, answer, said)
                asked += 1
            if REGION_FILTER in names:
                answer = client.get(f"{path}region={day.world.regions[side.region]}")
                # A rep's stores may lie anywhere, so there the region only narrows.
                open_to_all = role == "rep" and key == "GET /api/v1/stores"
                inside = open_to_all or day.sees_region(caller, side.region)
                assert answer.status_code == (200 if inside else 404), f"{key} as {caller}"
                assert_hides(day, caller, answer, key)
                asked += 1
    return asked


def assert_shows(
    day: Day, door: Door, caller: str, asked: Side | None, data: bytes, said: str
) -> None:
    for kind, roles in door.shows.items():
        for side in [asked] if asked else day.sides:
            if day.world.actors[caller].role in roles and caller in side.seen_by:
                assert side.words[kind].encode() in data, f"{said} lacks {side.rep}'s {kind}"


def assert_personal(answer: Any, caller: str, side: Side | None, said: str) -> None:
    """Everybody is told of the bytes that they have sent themselves, and of no others."""
    assert answer.status_code in {200, 201}, f"{said}: {answer.status_code}"
    own = side is not None and side.rep == caller
    assert answer.headers["Upload-Complete"] == ("?1" if own else "?0"), said
    assert (answer.headers["Upload-Offset"] != "0") == own, said


def test_nobody_comes_in(day: Day, client: FlaskClient) -> None:
    for method, key, door in in_order(DOORS):
        for path, _, _ in knocks(day, door):
            answer = call(client, method, path, day, door)
            assert answer.status_code == 401, f"{key}: {answer.status_code}"
            assert_hides(day, "nobody", answer, key)


def test_public_routes_tell_nothing(day: Day, app: Flask, tmp_path: Path) -> None:
    for name in ("index.html", "console.html"):
        (tmp_path / name).write_text("<!doctype html>", "utf-8")
    before = app.config["STOREWALK_DIST"]
    app.config["STOREWALK_DIST"] = tmp_path
    try:
        for key, path in PUBLIC.items():
            body = {"username": "rep_w", "password": PASSWORD} if key.startswith("POST") else None
            answer = app.test_client().open(path, method=key.split()[0], json=body)
            wanted = 404 if key in PRIVATE else 200
            assert answer.status_code == wanted, f"{key}: {answer.status_code}"
            if body is None:
                assert_hides(day, "nobody", answer, key)
    finally:
        app.config["STOREWALK_DIST"] = before


@pytest.mark.parametrize("caller", ["sup_east", "sup_west"])
def test_totals_count_what_is_seen(day: Day, login: Login, caller: str) -> None:
    seen = sum(caller in side.seen_by for side in day.sides)
    answer: Any = login(caller).get("/api/v1/map/clusters?bbox=120,31,121,32&zoom=5")
    assert answer.json["total"] == seen
    assert sum(one["count"] for one in answer.json["clusters"]) == seen
    board: Any = login(caller).get("/api/v1/office/weeks/2026-W48")
    assert sum(board.json["counts"].values()) == seen
    for route, each in (("visits", 1), ("photos", PHOTOS), ("stores", 1)):
        listed: Any = login(caller).get(f"/api/v1/{route}")
        assert listed.json["total"] == len(listed.json["items"]) == seen * each


@pytest.mark.parametrize("caller", CALLERS)
def test_ops_about_what_is_not_ones_own(day: Day, login: Login, caller: str) -> None:
    """Whoever sends it: another person's visit is unknown, a store out of scope as well."""
    phone = Phone(login(caller), day.world.people[caller])
    for side in day.sides:
        if side.rep == caller:
            continue
        visit = {"visit_id": side.words["visit"], "at": AT}
        photo = {
            "office_check_in_id": side.words["office_check_in"],
            "kind": "shelf",
            "sha256": side.words["photo_sha256"],
            "bytes": 1,
            "width": 1,
            "height": 1,
            "mime": "image/jpeg",
            "taken_at": AT,
            "source": "file",
        }
        handout = visit | {"material_id": day.common["material"], "quantity": 1}
        lines = [{"material_id": day.common["material"], "state": "missing"}]
        seen = visit | {"campaign_id": side.words["campaign"], "materials": lines}
        foreign = [
            phone.op("visit.note", visit | {"text": "x"}),
            phone.op("campaign.seen", seen),
            phone.op("visit.reply", visit | {"text": "x"}),
            phone.op("photo.add", photo),
            phone.op("photo.add", photo | {"office_check_in_id": None} | visit),
            phone.op("handout.add", handout),
            phone.op("visit.check_out", {"at": AT}, side.words["visit"]),
            phone.op("visit.cancel", {"at": AT, "reason": "x"}, side.words["visit"]),
        ]
        results = phone.push(*foreign)
        assert [row["problem"]["code"] for row in results] == ["visit_unknown"] * len(foreign)
        # Under another person's record id nothing is told but that it is taken.
        taken = phone.push(
            phone.op("visit.note", visit | {"text": "x"}, side.words["note"]),
            phone.op("visit.reply", visit | {"text": "x"}, side.words["reply"]),
            phone.op("campaign.seen", seen, side.words["seen"]),
            phone.op("photo.add", photo, side.words["photo"]),
            phone.op("handout.add", handout, side.words["handout"]),
            phone.op("office.check_in", {"at": AT}, side.words["office_check_in"]),
        )
        assert {row["problem"]["code"] for row in taken} == {"record_exists"}
        assert {row["result"] for row in results + taken} == {None}
        [checked_in] = phone.push(phone.check_in(side.words["store"]))
        if caller in side.seen_by:
            assert checked_in["status"] == "applied"
        else:
            assert checked_in["problem"]["code"] == "store_unknown"


def test_somebody_elses_bytes_do_not_fill_a_photo(day: Day, login: Login) -> None:
    """Knowing the hash of a photo is not having it: the record waits for its author's own bytes."""
    phone = Phone(login("rep_w"), day.world.people["rep_w"])
    theirs, own = day.sides[0].words, day.sides[2].words
    op = phone.op(
        "photo.add",
        {
            "visit_id": own["visit"],
            "kind": "shelf",
            "sha256": theirs["photo_sha256"],
            "bytes": 1,
            "width": 1,
            "height": 1,
            "mime": "image/jpeg",
            "taken_at": AT,
            "source": "file",
        },
    )
    assert phone.push(op)[0]["result"]["state"] == "awaiting_bytes"
    for size in ("thumb", "screen", "original"):
        answer: Any = phone.client.get(f"/api/v1/photos/{op['record_id']}/{size}")
        assert (answer.status_code, answer.json["code"]) == (409, "photo_not_arrived")
    handout = phone.op(
        "handout.add",
        {
            "visit_id": own["visit"],
            "material_id": day.common["material"],
            "quantity": 1,
            "at": AT,
            "signature_sha256": theirs["signature_sha256"],
        },
    )
    assert phone.push(handout)[0]["status"] == "applied"
    answer = phone.client.get(f"/api/v1/handouts/{handout['record_id']}/signature")
    assert (answer.status_code, answer.json["code"]) == (409, "signature_not_arrived")
