"""Tasks: given, changed and called off here; done by sync push alone."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from server.kernel import problems as common
from server.kernel.auth import Role, needs
from server.kernel.clock import org_day
from server.kernel.http import binary_answers, blueprint, check_revision, ctx, set_revision
from server.kernel.problems import refuses
from server.kernel.sheets import MIME
from server.materials.problems import SHEET_TOO_LARGE
from server.stores.problems import REP_UNKNOWN
from server.tasks import domain, problems, queries, schemas
from server.tasks.export import export_tasks
from server.tasks.records import console_records

tasks_bp = blueprint("tasks", "/tasks", "What reps are given to do")
blueprints = [tasks_bp]

_GIVERS = (Role.SUPERVISOR, Role.OFFICE)


@tasks_bp.route("", methods=["GET"])
@needs(*_GIVERS)
@tasks_bp.arguments(schemas.TasksQuery(), location="query")
@tasks_bp.response(200, schemas.TasksOut())
def list_tasks(query: dict[str, Any]) -> dict[str, Any]:
    """Tasks of the reps in scope: open ones by their day, others newest first."""
    at = ctx()
    page = {key: query.pop(key) for key in ("cursor", "limit") if key in query}
    wanted = queries.TaskFilters(**query)
    return queries.list_tasks(at.session, at.actor, at.clock, wanted, **page)


@tasks_bp.route("", methods=["POST"])
@needs(*_GIVERS)
@tasks_bp.arguments(schemas.TaskIn())
@tasks_bp.response(201, schemas.GivenOut())
@refuses(
    problems.TASK_FOR_NOBODY,
    REP_UNKNOWN,
    common.STORE_UNKNOWN,
    common.VISIT_UNKNOWN,
    common.RECORD_EXISTS,
)
def give_tasks(values: dict[str, Any]) -> dict[str, Any]:
    """Give a task to some reps, or to the reps of a store: each gets one of their own."""
    at = ctx()
    given = domain.give_tasks(at.session, at.actor, at.clock, values)
    return {"items": console_records(at.session, given, org_day(at.clock.now()))}


@tasks_bp.route("/export", methods=["POST"])
@needs(*_GIVERS)
@tasks_bp.arguments(schemas.TaskExportQuery(), location="query")
@tasks_bp.doc(responses=binary_answers(*MIME.values()))
@refuses(common.NOT_FOUND, SHEET_TOO_LARGE)
def export(query: dict[str, Any]) -> Response:
    """The list as a file. That it was taken stands in the journal."""
    at, kind = ctx(), query.pop("format")
    wanted = queries.TaskFilters(**query)
    data = export_tasks(at.session, at.actor, at.clock, wanted, kind, at.language)
    response = Response(data, mimetype=MIME[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="tasks.{kind}"'
    return response


@tasks_bp.route("/<task_id>", methods=["GET"])
@needs(*_GIVERS)
@tasks_bp.response(200, schemas.TaskPageOut())
def show_task(task_id: str) -> Response:
    """One task with its history; the ETag is what a change must name in If-Match."""
    at = ctx()
    found = queries.find_task(at.session, at.actor, task_id)
    return set_revision(jsonify(queries.task_page(at.session, at.clock, found)), found.rev)


@tasks_bp.route("/<task_id>", methods=["PATCH"])
@needs(*_GIVERS)
@tasks_bp.arguments(schemas.TaskPatch())
@tasks_bp.response(200, schemas.TaskPageOut())
@refuses(*common.REVISION, problems.TASK_CLOSED, REP_UNKNOWN, common.STORE_UNKNOWN)
def change_task(values: dict[str, Any], task_id: str) -> Response:
    """Change an open task, or give it to another rep."""
    at = ctx()
    found = queries.find_task(at.session, at.actor, task_id, lock=True)
    check_revision(found.rev)
    domain.change_task(at.session, at.actor, at.clock, found, values)
    return set_revision(jsonify(queries.task_page(at.session, at.clock, found)), found.rev)


@tasks_bp.route("/<task_id>/cancel", methods=["POST"])
@needs(*_GIVERS)
@tasks_bp.arguments(schemas.TaskStateIn())
@tasks_bp.response(200, schemas.TaskPageOut())
@refuses(problems.TASK_CLOSED)
def cancel_task(values: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Call an open task off."""
    at = ctx()
    found = queries.find_task(at.session, at.actor, task_id, lock=True)
    domain.cancel_task(at.session, at.actor, at.clock, found, values["note"])
    return queries.task_page(at.session, at.clock, found)


@tasks_bp.route("/<task_id>/reopen", methods=["POST"])
@needs(*_GIVERS)
@tasks_bp.arguments(schemas.TaskStateIn())
@tasks_bp.response(200, schemas.TaskPageOut())
def reopen_task(values: dict[str, Any], task_id: str) -> dict[str, Any]:
    """Open a task again that is done or called off."""
    at = ctx()
    found = queries.find_task(at.session, at.actor, task_id, lock=True)
    domain.reopen_task(at.session, at.actor, at.clock, found, values["note"])
    return queries.task_page(at.session, at.clock, found)
