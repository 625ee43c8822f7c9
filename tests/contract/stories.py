"""What is asked in each file: {file: {story: [(name, request), …]}}."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from server.sync.negotiation import NEWEST_SCHEMA
from tests.contract import refusals, stock, tasks, uploads
from tests.contract.company import CAMPAIGN, MATERIAL, OFFICE, PASSWORD, PEOPLE, STORES, fixed_id
from tests.contract.phone import (
    AT,
    FIX,
    LATER,
    NO_VISIT,
    THEIR_VISIT,
    VISIT,
    Json,
    check_in,
    handout,
    op,
    photo,
    push,
    request,
    their_visit,
)

Story = list[tuple[str, Json]]


CASES: Final = stock.CASES | tasks.CASES


def _statuses(
    kind: str,
    payload: Json,
    changed: Json,
    record_id: str,
    rejected: list[Json],
    deferred: list[Json],
) -> Story:
    """Every status for one kind, on what was set up before."""
    first = op(kind, 10, payload, record_id)
    malformed = op(kind, 20, payload | {_time_of(payload): "yesterday"}, fixed_id("f9", 20))
    waits = op(kind, 31, payload, fixed_id("f9", 31)) | {"depends_on": [malformed["op_id"]]}
    return [
        ("applied", push(first)),
        ("replayed", push(first)),
        ("conflict", push(first | {"payload": payload | changed})),
        ("rejected", push(malformed, *rejected)),
        ("deferred", push(malformed, waits, *deferred)),
    ]


def _time_of(payload: Json) -> str:
    return "taken_at" if "taken_at" in payload else "at"


def _with_visits(story: Story) -> Story:
    return [("their visit", their_visit()), ("parent", push(check_in(1))), *story]


def _check_in() -> Story:
    payload = check_in(10)["payload"]
    far = FIX | {"lat": 31.32, "accuracy_m": 20.0}
    edge = FIX | {"lat": 31.3019, "accuracy_m": 35.0}
    return [
        ("their visit", their_visit()),
        *_statuses(
            "visit.check_in",
            payload,
            {"reason": "changed"},
            VISIT,
            rejected=[
                check_in(21, fixed_id("f1", 21), "theirs"),
                check_in(22, VISIT, reason="another content"),
                check_in(23, THEIR_VISIT),
                check_in(24, fixed_id("f1", 24)) | {"author": PEOPLE["other"]},
            ],
            deferred=[],
        ),
        (
            "applied: every verdict",
            push(
                check_in(40, fixed_id("f1", 40), "east", fix=far),
                check_in(41, fixed_id("f1", 41), "lake", fix=edge),
                check_in(42, fixed_id("f1", 42), "lake", fix=None, reason="室内没有信号"),
            ),
        ),
        (
            "applied: a clock set back since its contact",
            push(
                check_in(43, fixed_id("f1", 43))
                | {"monotonic_ms": 600_000, "contact_at": "2026-11-23T03:40:00.000Z"}
            ),
        ),
    ]


def _check_out() -> Story:
    story = _statuses(
        "visit.check_out",
        {"at": LATER, "fix": FIX, "photos": 0},
        {"fix": None},
        VISIT,
        rejected=[
            op("visit.check_out", 21, {"at": LATER, "fix": None, "photos": 0}, VISIT),
            op("visit.check_out", 22, {"at": LATER, "fix": None, "photos": 0}, THEIR_VISIT),
        ],
        deferred=[op("visit.check_out", 32, {"at": LATER, "fix": None, "photos": 0}, NO_VISIT)],
    )
    return _with_visits(story)


def _cancel() -> Story:
    story = _statuses(
        "visit.cancel",
        {"at": LATER, "reason": "店门关着"},
        {"reason": "changed"},
        VISIT,
        rejected=[
            op("visit.cancel", 21, {"at": LATER, "reason": "again"}, VISIT),
            op("visit.cancel", 22, {"at": LATER, "reason": None}, THEIR_VISIT),
        ],
        deferred=[op("visit.cancel", 32, {"at": LATER, "reason": None}, NO_VISIT)],
    )
    return _with_visits(story)


def _child(
    kind: str, group: str, payload: Callable[[str], Json], changed: Json, *others: Json
) -> Story:
    """A record that belongs to a visit. others: payloads refused for reasons of their own."""
    record_id = fixed_id(group, 10)
    story = _statuses(
        kind,
        payload(VISIT),
        changed,
        record_id,
        rejected=[
            op(kind, 21, payload(THEIR_VISIT), fixed_id(group, 21)),
            op(kind, 22, payload(VISIT) | changed, record_id),
            *(op(kind, 23 + at, one, fixed_id(group, 23 + at)) for at, one in enumerate(others)),
        ],
        deferred=[op(kind, 32, payload(NO_VISIT), fixed_id(group, 32))],
    )
    return _with_visits(story)


def _note(visit_id: str) -> Json:
    return {"visit_id": visit_id, "at": LATER, "text": "缺货两种 🥤"}


def _seen(visit_id: str) -> Json:
    return {
        "campaign_id": CAMPAIGN,
        "visit_id": visit_id,
        "at": LATER,
        "materials": [{"material_id": MATERIAL, "state": "missing", "quantity": 2}],
        "photo_kinds": ["pile"],
        "note": "店里不让摆 🚫",
    }


_SUMMARY: Final[Json] = {"visits": 12, "successful": 9, "handouts": 30, "text": "竞品在做促销"}


def _reply(visit_id: str) -> Json:
    return {"visit_id": visit_id, "at": LATER, "text": "门店搬到对面了 🏪", "photo_id": None}


def _office() -> Story:
    payload = {"office_id": OFFICE, "at": AT, "fix": FIX, "reason": None, "summary": None}
    far = FIX | {"lat": 31.35}
    return [
        *_statuses(
            "office.check_in",
            payload,
            {"reason": "changed"},
            fixed_id("f5", 10),
            rejected=[
                op("office.check_in", 21, payload | {"office_id": NO_VISIT}, fixed_id("f5", 21)),
                op("office.check_in", 22, payload | {"reason": "x"}, fixed_id("f5", 10)),
            ],
            deferred=[],
        ),
        (
            "applied: with a summary of the week",
            push(
                op("office.check_in", 50, payload | {"summary": _SUMMARY}, fixed_id("f5", 50)),
            ),
        ),
        (
            "applied: far away and without a position",
            push(
                op("office.check_in", 40, payload | {"fix": far}, fixed_id("f5", 40)),
                op(
                    "office.check_in",
                    41,
                    {"office_id": None, "at": AT, "fix": None, "reason": "手机没有定位"},
                    fixed_id("f5", 41),
                ),
            ),
        ),
    ]


def _request(kind: str, group: str, payload: Json, changed: Json, bad: Json) -> Story:
    """Something a rep asks for: it belongs to nothing, so nothing but another op defers it."""
    return _statuses(
        kind,
        payload,
        changed,
        fixed_id(group, 10),
        rejected=[
            op(kind, 21, payload | bad, fixed_id(group, 21)),
            op(kind, 22, payload | changed, fixed_id(group, 10)),
        ],
        deferred=[],
    )


_LEAVE: Final[Json] = {
    "kind": "leave",
    "first_day": "2026-11-26",
    "last_day": "2026-11-27",
    "reason": "家里有事",
    "at": AT,
}
_MAKE_UP: Final[Json] = {"week": "2026-W47", "reason": "在外地送货", "at": AT}


def _unreadable() -> Story:
    """Ops that are none, beside one that is."""
    good = check_in(1)
    no_id = {key: value for key, value in check_in(2).items() if key != "op_id"}
    return [
        (
            "rejected",
            push(
                no_id,
                check_in(3) | {"op_id": "42"},
                op("visit.teleport", 4, {}, fixed_id("f1", 4)),
                check_in(5) | {"device_at": "yesterday"},
                good,
                good,
            ),
        )
    ]


def _pull() -> Story:
    """A first pull in pages, what a day adds, a store that is taken away, and then nothing."""
    day = push(
        check_in(1),
        op("visit.note", 2, _note(VISIT), fixed_id("f2", 1)),
        op("photo.add", 3, photo(VISIT), fixed_id("f3", 1)),
        op("handout.add", 4, handout(VISIT), fixed_id("f4", 1)),
        op("office.check_in", 5, {"office_id": None, "at": AT, "fix": FIX}, fixed_id("f5", 1)),
        op("stock.count", 7, stock.COUNTED, fixed_id("f8", 1)),
        op("visit.check_out", 6, {"at": LATER, "fix": FIX, "photos": 1}, VISIT),
        op("visit.reply", 10, _reply(VISIT), fixed_id("f9", 1)),
        op("campaign.seen", 11, _seen(VISIT), fixed_id("fa", 1)),
        op("task.done", 12, tasks.DONE | {"visit_id": VISIT}, tasks.TASKS["open"]),
    )
    requests = push(
        op("office.exemption_request", 8, _LEAVE, fixed_id("f6", 1)),
        op("office.make_up", 9, _MAKE_UP, fixed_id("f7", 1)),
    )
    duty = request(
        "PATCH",
        f"/office/duties/{PEOPLE['rep']}",
        "office",
        headers={"If-Match": '"0"'},
        json={"office_id": OFFICE, "since": "2026-09-01"},
    )
    remind = request(
        "POST", "/office/weeks/2026-W48/reminders", "supervisor", json={"person_id": PEOPLE["rep"]}
    )
    away = request(
        "PATCH",
        f"/stores/{STORES['east']}",
        "office",
        headers={"If-Match": '"1"'},
        json={"rep_ids": [PEOPLE["other"]]},
    )
    # The one answer of the rep has raised it.
    ask = {"id": fixed_id("f6", 1), "action": "ask", "text": "为什么没有货架照片？", "rev": 1}
    asked = request("POST", f"/reviews/{VISIT}/decisions", "supervisor", json=ask)
    return [
        ("first page", _pull_page("", 3)),
        ("last page", _pull_page("first page", 500)),
        ("a day", day),
        ("two requests", requests),
        ("the rep is bound to an office", duty),
        ("the supervisor reminds", remind),
        ("the supervisor asks", asked),
        ("what the day added", _pull_page("last page", 500)),
        ("the office gives a store to somebody else", away),
        ("tombstone", _pull_page("what the day added", 500)),
        ("nothing new", _pull_page("tombstone", 500)),
    ]


def _pull_page(after: str, limit: int) -> Json:
    """after: the exchange whose answer has the cursor; the recorder puts it in."""
    cursor = {"cursor": f"<cursor of {after}>"} if after else {}
    return request("GET", "/sync/pull", query=cursor | {"limit": limit, "schema": NEWEST_SCHEMA})


def _session() -> Story:
    body = {"username": "rep", "password": PASSWORD}
    return [
        ("log in", request("POST", "/session", None, json=body | {"client": "cookie"})),
        ("log in with a token", request("POST", "/session", None, json=body)),
        ("me", request("GET", "/me")),
        ("log out", request("DELETE", "/session")),
        ("after it", request("GET", "/me")),
    ]


FILES: Final[dict[str, dict[str, Any]]] = {
    "push_visit_check_in": {"visit.check_in": _check_in()},
    "push_visit_check_out": {"visit.check_out": _check_out()},
    "push_visit_cancel": {"visit.cancel": _cancel()},
    "push_visit_note": {"visit.note": _child("visit.note", "f2", _note, {"text": "changed"})},
    "push_visit_reply": {
        "visit.reply": _child(
            "visit.reply", "f6", _reply, {"text": "changed"}, _reply(VISIT) | {"text": "字" * 501}
        )
    },
    "push_campaign_seen": {
        "campaign.seen": _child(
            "campaign.seen",
            "fa",
            _seen,
            {"note": "changed"},
            _seen(VISIT) | {"campaign_id": NO_VISIT},
            _seen(VISIT) | {"materials": [], "photo_kinds": []},
        )
    },
    "push_photo_add": {
        "photo.add": _child(
            "photo.add", "f3", photo, {"kind": "pile"}, photo(VISIT, sha256="no hash")
        )
    },
    "push_handout_add": {
        "handout.add": [
            *_child(
                "handout.add",
                "f4",
                handout,
                {"quantity": 4},
                handout(VISIT, quantity=0),
                handout(VISIT, material_id=NO_VISIT),
            ),
            (
                "applied: more than the books hold",
                push(op("handout.add", 40, handout(VISIT, quantity=9), fixed_id("f4", 40))),
            ),
        ]
    },
    "push_office_check_in": {"office.check_in": _office()},
    "push_office_exemption_request": {
        "office.exemption_request": _request(
            "office.exemption_request", "f6", _LEAVE, {"reason": "changed"}, {"kind": "sleep"}
        )
    },
    "push_office_make_up": {
        "office.make_up": _request(
            "office.make_up", "f7", _MAKE_UP, {"reason": "changed"}, {"week": "2026-W49"}
        )
    },
    **{
        f"push_{kind.replace('.', '_')}": {
            kind: _statuses(kind, payload, changed, record_id, rejected, deferred)
        }
        for kind, (payload, changed, record_id, rejected, deferred) in CASES.items()
    },
    "push_unreadable": {"unreadable": _unreadable()},
    "pull": {"pull": _pull()},
    "session": {"session": _session()},
    "problems": {language: refusals.story(language) for language in ("zh-CN", "en")},
    "uploads": uploads.stories(),
}
