"""The board of weeks, what is decided on it, and what the office sets for it."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from server.kernel import problems
from server.kernel.auth import Role, needs
from server.kernel.http import (
    binary_answers,
    blueprint,
    check_revision,
    ctx,
    set_revision,
)
from server.kernel.problems import refuses
from server.kernel.sheets import MIME
from server.office import problems as own
from server.office.schemas import OfficeCheckInOut
from server.office.weeks import board, requests, schemas, settings
from server.office.weeks.export import export_board

weeks_bp = blueprint("office", "/office", "The weekly office check-in")
blueprints = [weeks_bp]
_DECIDERS = (Role.SUPERVISOR, Role.OFFICE)
_CALENDAR_TYPES = {"application/json", MIME["csv"], "application/vnd.ms-excel"}


@weeks_bp.route("/weeks/<week>", methods=["GET"])
@needs(*_DECIDERS)
@weeks_bp.arguments(schemas.BoardQuery(), location="query")
@weeks_bp.response(200, schemas.BoardOut())
@refuses(own.WEEK_INVALID)
def show_week(filters: dict[str, Any], week: str) -> Response:
    """The board of an ISO week such as 2026-W48: each rep in scope, thirteen weeks."""
    at = ctx()
    wanted = board.BoardFilters(**filters)
    found = board.make_board(at.session, at.actor, at.clock, week, wanted)
    return jsonify(board.board_record(at.session, found, at.clock.now()))


@weeks_bp.route("/weeks/<week>/people/<user_id>", methods=["GET"])
@needs(*_DECIDERS)
@weeks_bp.response(200, schemas.PersonWeekOut())
@refuses(own.WEEK_INVALID)
def show_person_week(week: str, user_id: str) -> dict[str, Any]:
    """What one cell of the board rests on."""
    at = ctx()
    return board.person_week(at.session, at.actor, at.clock, week, user_id)


@weeks_bp.route("/weeks/<week>/export", methods=["POST"])
@needs(*_DECIDERS)
@weeks_bp.arguments(schemas.ExportQuery(), location="query")
@weeks_bp.doc(responses=binary_answers(*MIME.values()))
@refuses(own.WEEK_INVALID)
def export_week(query: dict[str, Any], week: str) -> Response:
    """The board as a file for a spreadsheet. That it was taken stands in the journal."""
    at, kind = ctx(), query.pop("format")
    wanted = board.BoardFilters(**query)
    data = export_board(at.session, at.actor, at.clock, week, wanted, kind, at.language)
    response = Response(data, mimetype=MIME[kind])
    name = f"office-{week}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@weeks_bp.route("/requests", methods=["GET"])
@needs(*_DECIDERS)
@weeks_bp.arguments(schemas.RequestsQuery(), location="query")
@weeks_bp.response(200, schemas.RequestsOut())
def list_requests(filters: dict[str, Any]) -> dict[str, Any]:
    """Exemptions and make-ups of the reps in scope, newest first."""
    at = ctx()
    items = requests.list_requests(
        at.session, at.actor, state=filters.get("state"), region_id=filters.get("region")
    )
    return {"items": items, "total": len(items)}


@weeks_bp.route("/exemptions", methods=["POST"])
@needs(*_DECIDERS)
@weeks_bp.arguments(schemas.ExemptionIn())
@weeks_bp.response(201, schemas.ExemptionOut())
@refuses(problems.NOT_FOUND, own.PERSON_NO_REP, own.DAYS_INVALID)
def add_exemption(values: dict[str, Any]) -> dict[str, Any]:
    """Free a rep from reporting for some days."""
    at = ctx()
    return requests.enter_exemption(at.session, at.actor, at.clock, values)


@weeks_bp.route("/exemptions/<exemption_id>/decision", methods=["POST"])
@needs(*_DECIDERS)
@weeks_bp.arguments(schemas.DecisionIn())
@weeks_bp.response(200, schemas.ExemptionOut())
@refuses(own.ALREADY_DECIDED)
def decide_exemption(values: dict[str, Any], exemption_id: str) -> dict[str, Any]:
    """Approve or decline an exemption, or take back an approved one."""
    at = ctx()
    return requests.decide_exemption(at.session, at.actor, at.clock, exemption_id, **values)


@weeks_bp.route("/make-ups/<make_up_id>/decision", methods=["POST"])
@needs(*_DECIDERS)
@weeks_bp.arguments(schemas.DecisionIn())
@weeks_bp.response(200, schemas.MakeUpOut())
@refuses(own.ALREADY_DECIDED)
def decide_make_up(values: dict[str, Any], make_up_id: str) -> dict[str, Any]:
    """Approve or decline that a missed week be counted."""
    at = ctx()
    return requests.decide_make_up(at.session, at.actor, at.clock, make_up_id, **values)


@weeks_bp.route("/check-ins/<check_in_id>/decision", methods=["POST"])
@needs(*_DECIDERS)
@weeks_bp.arguments(schemas.DecisionIn())
@weeks_bp.response(200, OfficeCheckInOut())
def review_check_in(values: dict[str, Any], check_in_id: str) -> dict[str, Any]:
    """Let a check-in count, or not; its verdict stays as it is."""
    at = ctx()
    return requests.review_check_in(at.session, at.actor, at.clock, check_in_id, **values)


@weeks_bp.route("/rule", methods=["GET"])
@needs()
@weeks_bp.response(200, schemas.RuleOut())
def show_rule() -> Response:
    """The week rule; the ETag is what a change must name in If-Match."""
    found = settings.find_rule(ctx().session)
    return set_revision(jsonify(found), found["rev"])


@weeks_bp.route("/rule", methods=["PATCH"])
@needs(Role.OFFICE)
@weeks_bp.arguments(schemas.RuleIn())
@weeks_bp.response(200, schemas.RuleOut())
@refuses(*problems.REVISION, own.WEEK_INVALID, own.RULE_WEEK_PAST)
def change_rule(values: dict[str, Any]) -> Response:
    """Set the week rule from a week on; weeks gone by keep theirs."""
    at = ctx()
    check_revision(settings.find_rule(at.session)["rev"])
    found = settings.change_rule(at.session, at.actor, at.clock, values)
    return set_revision(jsonify(found), found["rev"])


@weeks_bp.route("/rule/history", methods=["GET"])
@needs(Role.OFFICE)
@weeks_bp.response(200, schemas.RuleHistoryOut())
def list_rule_changes() -> dict[str, Any]:
    """Who changed the week rule, newest first; read from the journal."""
    items = settings.rule_history(ctx().session)
    return {"items": items, "total": len(items)}


@weeks_bp.route("/calendars", methods=["GET"])
@needs()
@weeks_bp.response(200, schemas.CalendarsOut())
def list_calendars() -> dict[str, Any]:
    """Holidays and worked weekends by year; a year that nobody has announced says so."""
    at = ctx()
    items = settings.list_calendars(at.session, at.clock)
    return {"items": items, "total": len(items)}


@weeks_bp.route("/calendars", methods=["POST"])
@needs(Role.OFFICE)
@weeks_bp.arguments(schemas.UploadQuery(), location="query")
@weeks_bp.doc(
    requestBody={
        "required": True,
        "content": {
            one: {"schema": {"type": "string", "format": "binary"}}
            for one in sorted(_CALENDAR_TYPES)
        },
    }
)
@weeks_bp.response(200, schemas.CalendarReportOut())
@refuses(
    problems.NOT_JSON, own.CALENDAR_UNREADABLE, own.CALENDAR_NOT_ANNOUNCED, own.CALENDAR_ROWS_BAD
)
def upload_calendar(query: dict[str, Any]) -> Response:
    """Put a year's calendar in place, as JSON {year, days} or CSV; tried first with dry_run."""
    if request.mimetype not in _CALENDAR_TYPES:
        raise problems.NOT_JSON.error(accepted="application/json, text/csv")
    data, at = request.get_data(), ctx()
    report = settings.upload_calendar(
        at.session, at.actor, at.clock, data, at.language, dry_run=query["dry_run"]
    )
    return jsonify(report)


@weeks_bp.route("/duties/<user_id>", methods=["GET"])
@needs(Role.OFFICE)
@weeks_bp.response(200, schemas.DutyOut())
@refuses(own.PERSON_NO_REP)
def show_duty(user_id: str) -> Response:
    """The office that a rep is bound to, and since when weeks count for them."""
    found = settings.find_duty(ctx().session, user_id)
    return set_revision(jsonify(found), found["rev"])


@weeks_bp.route("/duties/<user_id>", methods=["PATCH"])
@needs(Role.OFFICE)
@weeks_bp.arguments(schemas.DutyIn())
@weeks_bp.response(200, schemas.DutyOut())
@refuses(*problems.REVISION, own.PERSON_NO_REP, own.OFFICE_UNKNOWN, own.OFFICE_SWITCHED_OFF)
def change_duty(values: dict[str, Any], user_id: str) -> Response:
    """Bind a rep to an office, or to none."""
    at = ctx()
    check_revision(settings.find_duty(at.session, user_id)["rev"])
    found = settings.change_duty(at.session, at.actor, at.clock, user_id, values)
    return set_revision(jsonify(found), found["rev"])
