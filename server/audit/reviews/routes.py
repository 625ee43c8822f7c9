"""The queue of doubtful visits, decisions on them, bulks, and the blind re-audit."""

from __future__ import annotations

import secrets
from typing import Any

import orjson
from flask import Response, make_response

from server.audit.reviews import blind, bulk, domain, page, problems, queue, schemas
from server.audit.reviews.queue import ReviewFilters
from server.kernel.auth import Role, needs
from server.kernel.http import blueprint, ctx, json_bytes
from server.kernel.problems import CONFLICT, NOT_FOUND, refuses
from server.visits.views import note_look

reviews_bp = blueprint("reviews", "/reviews", "Reviews of doubtful visits")
reaudit_bp = blueprint("reaudit", "/reaudit", "The blind re-audit of reviews")
blueprints = [reviews_bp, reaudit_bp]


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return json_bytes(orjson.dumps(body), status)


@reviews_bp.route("", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reviews_bp.arguments(schemas.QueueQuery(), location="query")
@reviews_bp.response(200, schemas.QueueOut())
def list_reviews(query: dict[str, Any]) -> Response:
    """The doubtful visits in your scope, the riskiest first. Your own are not among them."""
    at = ctx()
    cursor, limit = query.pop("cursor", None), query.pop("limit")
    wanted = ReviewFilters(**query)
    return _json(
        queue.list_queue(at.session, at.actor, at.clock, wanted, cursor=cursor, limit=limit)
    )


@reviews_bp.route("/<visit_id>", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reviews_bp.arguments(schemas.ReviewQuery(), location="query")
@reviews_bp.response(200, schemas.ReviewPageOut())
def show_review(query: dict[str, Any], visit_id: str) -> Response:
    """One visit with all that a decision needs; 404 where it is not in your scope.

    Noted for the rep to see, once a day, but for what is fetched ahead: that is told when shown.
    """
    at = ctx()
    found = page.review_page(at.session, at.actor, at.clock, visit_id)
    if not query["ahead"]:
        note_look(at.session, at.actor, at.clock, visit_id, found["visit"]["author_id"])
    return _json(found)


@reviews_bp.route("/<visit_id>/looks", methods=["POST"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reviews_bp.response(204)
@refuses(NOT_FOUND)
def look_at_review(visit_id: str) -> Response:
    """A visit that was fetched ahead is shown now: noted for the rep to see, once a day."""
    at = ctx()
    domain.look(at.session, at.actor, at.clock, visit_id)
    return make_response("", 204)


@reviews_bp.route("/<visit_id>/decisions", methods=["POST"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reviews_bp.arguments(schemas.DecisionIn())
@reviews_bp.response(200, schemas.DecisionOut())
@refuses(
    problems.REVIEW_OWN,
    problems.REVIEW_MOVED_ON,
    problems.REVIEW_ANSWERED,
    problems.REVIEW_NOTHING_TO_UNDO,
    problems.REVIEW_UNDER_REAUDIT,
    CONFLICT,
)
def decide_review(values: dict[str, Any], visit_id: str) -> Response:
    """Accept, reject, ask the rep, or undo. The same id sent again changes nothing."""
    at = ctx()
    domain.decide(at.session, at.actor, at.clock, visit_id, values)
    return _json(page.standing_of(at.session, at.actor, visit_id))


@reviews_bp.route("/bulk/preview", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reviews_bp.arguments(schemas.FiltersIn(), location="query")
@reviews_bp.response(200, schemas.BulkPreviewOut())
def preview_bulk(query: dict[str, Any]) -> Response:
    """What accepting all pending visits of a filter would accept."""
    at = ctx()
    return _json(bulk.preview(at.session, at.actor, at.clock, ReviewFilters(**query)))


@reviews_bp.route("/bulk", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reviews_bp.response(200, schemas.BulksOut())
def list_bulks() -> Response:
    """Your last bulks, for the office everybody's, so that one can be undone."""
    at = ctx()
    return _json(bulk.recent_bulks(at.session, at.actor))


@reviews_bp.route("/bulk", methods=["POST"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reviews_bp.arguments(schemas.BulkIn())
@reviews_bp.response(201, schemas.BulkOut())
@refuses(problems.BULK_CHANGED, problems.BULK_EMPTY, problems.BULK_TOO_MANY, CONFLICT, NOT_FOUND)
def accept_bulk(values: dict[str, Any]) -> Response:
    """Accept exactly what a preview has shown. The same id sent again changes nothing."""
    at = ctx()
    named = {key: values.pop(key) for key in ("id", "digest")}
    wanted = ReviewFilters(**values)
    return _json(bulk.accept_all(at.session, at.actor, at.clock, named, wanted), 201)


@reviews_bp.route("/bulk/<bulk_id>/undo", methods=["POST"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reviews_bp.response(200, schemas.BulkOut())
def undo_bulk(bulk_id: str) -> Response:
    """Take a whole bulk back; visits decided on anew since stay as they are."""
    at = ctx()
    return _json(bulk.undo_all(at.session, at.actor, at.clock, bulk_id))


@reaudit_bp.route("/samples", methods=["GET"])
@needs(Role.OFFICE)
@reaudit_bp.response(200, schemas.SamplesOut())
def list_samples() -> Response:
    """The samples drawn, the newest first."""
    return _json(blind.samples(ctx().session))


@reaudit_bp.route("/samples", methods=["POST"])
@needs(Role.OFFICE)
@reaudit_bp.arguments(schemas.SampleIn())
@reaudit_bp.response(201, schemas.SampleOut())
@refuses(problems.REAUDIT_NOTHING, NOT_FOUND)
def draw_sample(values: dict[str, Any]) -> Response:
    """Draw a random share of decisions, to be judged again by somebody else."""
    at = ctx()
    values.setdefault("seed", secrets.randbelow(schemas.SEED_MAX))
    return _json(blind.draw(at.session, at.actor, at.clock, values), 201)


@reaudit_bp.route("/cases", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reaudit_bp.response(200, schemas.CasesOut())
def list_cases() -> Response:
    """The visits that wait for your word: decided on by somebody else, you do not see how."""
    at = ctx()
    return _json(blind.open_cases(at.session, at.actor))


@reaudit_bp.route("/cases/<case_id>", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reaudit_bp.response(200, schemas.CasePageOut())
def show_case(case_id: str) -> Response:
    """The evidence of one of them, without the first decision."""
    at = ctx()
    found = page.case_page(at.session, at.actor, at.clock, case_id)
    visit = found["visit"]
    note_look(at.session, at.actor, at.clock, visit["id"], visit["author_id"])
    return _json(found)


@reaudit_bp.route("/cases/<case_id>", methods=["POST"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reaudit_bp.arguments(schemas.AnswerIn())
@reaudit_bp.response(200, schemas.AnswerOut())
@refuses(problems.REAUDIT_CLOSED)
def answer_case(values: dict[str, Any], case_id: str) -> Response:
    """Judge it; the answer says what the first person had decided."""
    at = ctx()
    return _json(blind.answer(at.session, at.actor, at.clock, case_id, values["state"]))


@reaudit_bp.route("/agreement", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reaudit_bp.response(200, schemas.AgreementsOut())
def show_agreement() -> Response:
    """Percent agreed and Cohen's kappa by region of your scope."""
    at = ctx()
    return _json(blind.agreement(at.session, at.actor))
