"""Log-in, the logged-in person, people and regions."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, jsonify, make_response, request
from sqlalchemy.orm import Session

from server.accounts import (
    domain,
    organisation,
    queries,
    retention,
    rule_schemas,
    schemas,
    sessions,
)
from server.accounts import problems as own
from server.accounts.limits import limit_logins
from server.accounts.models import Region, User
from server.config import settings
from server.kernel import problems
from server.kernel.auth import Actor, Role, needs, public
from server.kernel.clock import wire_time
from server.kernel.db import READ_METHODS, db, read_only
from server.kernel.http import blueprint, check_revision, clock, ctx, set_revision
from server.kernel.problems import refuses

COOKIE = "storewalk_session"

session_bp = blueprint("session", "/session", "Log in and out")
me_bp = blueprint("me", "/me", "The logged-in person")
people_bp = blueprint("people", "/people", "People")
regions_bp = blueprint("regions", "/regions", "The region tree")
rules_bp = blueprint("rules", "/organisation/rules", "The organisation's rules of judging")
retention_bp = blueprint("retention", "/organisation/retention", "How long what is kept")
blueprints = [session_bp, me_bp, people_bp, regions_bp, rules_bp, retention_bp]


def _token() -> str | None:
    # With an Authorization header the cookie counts for nothing: such a request is not checked
    # for its origin.
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None
    return request.cookies.get(COOKIE)


def authenticate() -> Actor | None:
    """The person behind this request's cookie or bearer token, or None."""
    token = _token()
    if not token:
        return None
    # Read without the write lock, and let the connection go: a body may take minutes to arrive.
    # A request that only reads has none, and goes on in the same transaction.
    with read_only():
        actor = sessions.find_actor(db.session(), clock(), token)
        if request.method not in READ_METHODS:
            db.session.rollback()
    return actor


@session_bp.route("", methods=["POST"])
@public
@limit_logins
@session_bp.arguments(schemas.LoginIn())
@session_bp.response(200, schemas.LoginOut())
@refuses(problems.WRONG_CREDENTIALS, problems.RATE_LIMITED)
def log_in(values: dict[str, Any]) -> Response:
    """Log in with user name and password; client says how the session travels."""
    opened = sessions.open_session(
        db.session(), clock(), settings(), agent=request.user_agent.string, **values
    )
    body = {
        "user": queries.own_record(db.session(), opened.user_id),
        "expires_at": wire_time(opened.expires_at),
    }
    if values["client"] == "bearer":
        return jsonify(body | {"token": opened.token})
    response = jsonify(body)
    response.set_cookie(
        COOKIE,
        opened.token,
        expires=opened.expires_at,
        path="/",
        secure=settings().production,
        httponly=True,
        samesite="Lax",
    )
    return response


@session_bp.route("", methods=["DELETE"])
@needs()
@session_bp.response(204)
def log_out() -> Response:
    """Revoke this session at once."""
    at = ctx()
    sessions.close_session(at.session, at.clock, at.actor, _token() or "")
    response = make_response("", 204)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax")
    return response


@me_bp.route("", methods=["GET"])
@needs()
@me_bp.response(200, schemas.MeOut())
def show_me() -> dict[str, Any]:
    """Who is logged in, the regions they see, and the organisation's rules."""
    at, rules = ctx(), settings()
    return {
        "user": queries.own_record(at.session, at.actor.user_id),
        "regions": queries.regions(at.session, at.actor),
        "organisation": _organisation(at.session),
        "map": {
            "tiles_url": rules.tiles_url or None,
            "pmtiles_url": rules.pmtiles_url or None,
            "crs": rules.tiles_crs,
            "attribution": rules.tiles_attribution,
            "max_zoom": rules.tiles_max_zoom,
        },
        "schema": current_app.extensions["storewalk.schema"],
        "server_time": wire_time(at.clock.now()),
    }


def _organisation(session: Session) -> dict[str, Any]:
    fixed, set_by_office = settings(), organisation.rules(session)
    names = schemas.OrganisationOut().fields.keys() - {"name"}
    said = {key: getattr(set_by_office, key, getattr(fixed, key)) for key in names}
    return said | {"name": fixed.org_name}


@me_bp.route("", methods=["PATCH"])
@needs()
@me_bp.arguments(schemas.MePatch())
@me_bp.response(204)
def change_me(values: dict[str, Any]) -> None:
    """Remember the language the person chose."""
    at = ctx()
    domain.set_locale(at.session, at.actor, values["locale"])


@people_bp.route("", methods=["GET"])
@needs()
@people_bp.arguments(schemas.PeopleQuery(), location="query")
@people_bp.response(200, schemas.PeopleOut())
def list_people(filters: dict[str, Any]) -> dict[str, Any]:
    """People in the caller's scope; a rep finds only themselves."""
    at = ctx()
    filters["region_id"] = filters.pop("region", None)
    items = queries.people(at.session, at.actor, **filters)
    return {"items": items, "total": len(items)}


@people_bp.route("", methods=["POST"])
@needs(Role.OFFICE)
@people_bp.arguments(schemas.PersonIn())
@people_bp.response(201, schemas.PersonOut())
@refuses(own.USERNAME_TAKEN, own.PASSWORD_WEAK, own.REGION_UNKNOWN)
def add_person(values: dict[str, Any]) -> dict[str, Any]:
    """Add a person."""
    at = ctx()
    cost = settings().password_cost
    user = domain.create_person(at.session, at.actor, at.clock, values, password_cost=cost)
    return queries.own_record(at.session, user.id)


def _person(user_id: str, *, lock: bool = False) -> User:
    # key_share: what the person sends is still stored meanwhile.
    how = {"key_share": True} if lock else None
    user = db.session.get(User, user_id, with_for_update=how)
    if user is None:
        raise problems.NOT_FOUND.error()
    return user


@people_bp.route("/<user_id>", methods=["GET"])
@needs(Role.OFFICE)
@people_bp.response(200, schemas.PersonOut())
def show_person(user_id: str) -> Response:
    """One person; the ETag is what a change must name in If-Match."""
    user = _person(user_id)
    return set_revision(jsonify(queries.own_record(ctx().session, user.id)), user.rev)


@people_bp.route("/<user_id>", methods=["PATCH"])
@needs(Role.OFFICE)
@people_bp.arguments(schemas.PersonPatch())
@people_bp.response(200, schemas.PersonOut())
@refuses(
    *problems.REVISION, own.USERNAME_TAKEN, own.PASSWORD_WEAK, own.REGION_UNKNOWN, own.OWN_ACCOUNT
)
def change_person(values: dict[str, Any], user_id: str) -> Response:
    """Change a person, reset their password or switch the account off."""
    at, user = ctx(), _person(user_id, lock=True)
    check_revision(user.rev)
    cost = settings().password_cost
    domain.change_person(at.session, at.actor, at.clock, user, values, password_cost=cost)
    return set_revision(jsonify(queries.own_record(at.session, user.id)), user.rev)


@regions_bp.route("", methods=["GET"])
@needs()
@regions_bp.response(200, schemas.RegionsOut())
def list_regions() -> dict[str, Any]:
    """The regions the caller sees, parents before children."""
    at = ctx()
    items = queries.regions(at.session, at.actor)
    return {"items": items, "total": len(items)}


@regions_bp.route("", methods=["POST"])
@needs(Role.OFFICE)
@regions_bp.arguments(schemas.RegionIn())
@regions_bp.response(201, schemas.RegionOut())
@refuses(own.REGION_CODE_TAKEN, own.REGION_UNKNOWN)
def add_region(values: dict[str, Any]) -> dict[str, Any]:
    """Add a region below another."""
    at = ctx()
    return queries.region_record(domain.create_region(at.session, at.actor, at.clock, values))


@regions_bp.route("/<region_id>", methods=["PATCH"])
@needs(Role.OFFICE)
@regions_bp.arguments(schemas.RegionPatch())
@regions_bp.response(200, schemas.RegionOut())
@refuses(*problems.REVISION, own.REGION_CODE_TAKEN, own.REGION_UNKNOWN, own.REGION_LOOP)
def change_region(values: dict[str, Any], region_id: str) -> Response:
    """Rename, move or switch off a region."""
    at = ctx()
    region = at.session.get(Region, region_id, with_for_update={"key_share": True})
    if region is None:
        raise problems.NOT_FOUND.error()
    check_revision(region.rev)
    domain.change_region(at.session, at.actor, at.clock, region, values)
    return set_revision(jsonify(queries.region_record(region)), region.rev)


@rules_bp.route("", methods=["GET"])
@needs(Role.SUPERVISOR, Role.OFFICE)
@rules_bp.response(200, rule_schemas.RulesPageOut())
def show_rules() -> Response:
    """The rules by which check-ins are judged."""
    page = organisation.rules_page(ctx().session)
    return set_revision(jsonify(page), page["rev"])


@rules_bp.route("", methods=["PATCH"])
@needs(Role.OFFICE)
@rules_bp.arguments(rule_schemas.RulesPatch())
@rules_bp.response(200, rule_schemas.RulesPageOut())
@refuses(*problems.REVISION)
def change_rules(values: dict[str, Any]) -> Response:
    """Set rules. Visits judged before keep their verdict until they are judged again."""
    at = ctx()
    check_revision(organisation.revision(at.session))
    page = organisation.change_rules(at.session, at.actor, at.clock, values)
    return set_revision(jsonify(page), page["rev"])


@retention_bp.route("", methods=["GET"])
@needs()
@retention_bp.response(200, rule_schemas.RetentionOut())
def show_retention() -> Response:
    """After how many days what is erased; everybody may know."""
    page = retention.page(ctx().session)
    return set_revision(jsonify(page), page["rev"])


@retention_bp.route("", methods=["PATCH"])
@needs(Role.OFFICE)
@retention_bp.arguments(rule_schemas.RetentionPatch())
@retention_bp.response(200, rule_schemas.RetentionOut())
@refuses(*problems.REVISION)
def change_retention(values: dict[str, Any]) -> Response:
    """Set after how many days the nightly purge erases what; 0 keeps it."""
    at = ctx()
    check_revision(retention.revision(at.session))
    page = retention.change(at.session, at.actor, at.clock, values)
    return set_revision(jsonify(page), page["rev"])
