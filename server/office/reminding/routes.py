"""Reminders, opting in to them, and the private calendar feed."""

from __future__ import annotations

from typing import Any

from flask import Response

from server.config import settings
from server.kernel import problems
from server.kernel.auth import Role, needs, public
from server.kernel.db import db
from server.kernel.http import API_PREFIX, binary_answers, blueprint, clock, ctx
from server.kernel.problems import refuses
from server.office import problems as own
from server.office.reminding import domain, push, schemas
from server.office.reminding.ics import calendar_of
from server.office.reminding.keys import public_key

reminders_bp = blueprint("reminders", "/office", "Reminders of the weekly check-in")
blueprints = [reminders_bp]
ICS_TYPE = "text/calendar"


@reminders_bp.route("/weeks/<week>/reminders", methods=["POST"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@reminders_bp.arguments(schemas.ReminderIn())
@reminders_bp.response(200, schemas.RemindedOut())
@refuses(own.WEEK_INVALID, problems.NOT_FOUND)
def remind(values: dict[str, Any], week: str) -> dict[str, Any]:
    """Remind a rep, or all who are due; nobody more than once a day."""
    at = ctx()
    return domain.remind(
        at.session,
        at.actor,
        at.clock,
        week,
        person_id=values.get("person_id"),
        who=values.get("who"),
        region=values.get("region"),
    )


@reminders_bp.route("/push", methods=["GET"])
@needs()
@reminders_bp.response(200, schemas.KeyOut())
def show_push_key() -> dict[str, Any]:
    """The key with which a browser subscribes to this server's messages."""
    at = ctx()
    ids = [one["id"] for one in domain.subscription_of(at.session, at.actor)]
    return {"public_key": public_key(settings().data_dir), "subscriptions": ids}


@reminders_bp.route("/push/subscriptions", methods=["POST"])
@needs()
@reminders_bp.arguments(schemas.SubscriptionIn())
@reminders_bp.response(201, schemas.SubscriptionOut())
@refuses(own.PUSH_ENDPOINT_REFUSED)
def add_subscription(values: dict[str, Any]) -> dict[str, Any]:
    """Let this browser be notified."""
    at = ctx()
    hosts = push.hosts(settings())
    found = domain.subscribe(
        at.session, at.actor, at.clock, hosts, endpoint=values["endpoint"], **values["keys"]
    )
    return {"id": found}


@reminders_bp.route("/push/subscriptions/<subscription_id>", methods=["DELETE"])
@needs()
@reminders_bp.response(204)
def remove_subscription(subscription_id: str) -> None:
    """Stop notifying a browser of one's own."""
    at = ctx()
    domain.unsubscribe(at.session, at.actor, at.clock, subscription_id)


@reminders_bp.route("/feed", methods=["GET"])
@needs(Role.REP)
@reminders_bp.response(200, schemas.FeedOut())
def show_feed() -> dict[str, Any]:
    """Whether there is a private calendar address."""
    at = ctx()
    return {"open": domain.has_feed(at.session, at.actor), "path": None}


@reminders_bp.route("/feed", methods=["POST"])
@needs(Role.REP)
@reminders_bp.response(201, schemas.FeedOut())
def open_feed() -> dict[str, Any]:
    """Make a private calendar address; one made before is void."""
    at = ctx()
    token = domain.open_feed(at.session, at.actor, at.clock)
    return {"open": True, "path": f"{API_PREFIX}/office/calendar/{token}.ics"}


@reminders_bp.route("/feed", methods=["DELETE"])
@needs(Role.REP)
@reminders_bp.response(204)
def close_feed() -> None:
    """Make the private calendar address void."""
    at = ctx()
    domain.close_feed(at.session, at.actor, at.clock)


@reminders_bp.route("/calendar/<token>.ics", methods=["GET"])
@public
@reminders_bp.doc(responses=binary_answers(ICS_TYPE))
@refuses(problems.NOT_FOUND)
def show_calendar(token: str) -> Response:
    """The office days of whoever has this private address, for a calendar program."""
    session = db.session()
    text = calendar_of(session, clock(), domain.feed_owner(session, token))
    response = Response(text, mimetype=ICS_TYPE)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
