"""Campaigns: planned by the office, watched and summed up by supervisors in their scope."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from server.accounts.problems import REGION_UNKNOWN
from server.campaigns import domain, numbers, problems, queries, schemas, sheets, summaries
from server.campaigns.models import State
from server.campaigns.seen.queries import seen_in_visit
from server.kernel import problems as common
from server.kernel.auth import Role, needs
from server.kernel.http import binary_answers, blueprint, check_revision, ctx, set_revision
from server.kernel.problems import refuses
from server.kernel.sheets import MAX_BYTES, MIME
from server.materials.problems import SHEET_TOO_LARGE, SHEET_UNREADABLE
from server.stores.choosing import chains

campaigns_bp = blueprint("campaigns", "/campaigns", "Promotions: plan, execution, summary")
blueprints = [campaigns_bp]

CONSOLE = (Role.SUPERVISOR, Role.OFFICE)
_WRITES = (
    problems.CAMPAIGN_CODE_TAKEN,
    problems.CAMPAIGN_PERIOD,
    problems.CAMPAIGN_TARGET,
    common.MATERIAL_UNKNOWN,
)
_CHOOSES = (problems.CAMPAIGN_CLOSED, problems.CAMPAIGN_FULL)
_FILE_BODY = {
    "required": True,
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MIME.values()},
}


@campaigns_bp.route("", methods=["GET"])
@needs(*CONSOLE)
@campaigns_bp.arguments(schemas.CampaignsQuery(), location="query")
@campaigns_bp.response(200, schemas.CampaignsOut())
def list_campaigns(query: dict[str, Any]) -> dict[str, Any]:
    """Campaigns: the office finds all, a supervisor those that have begun at stores of theirs."""
    at = ctx()
    return queries.list_campaigns(at.session, at.actor, at.clock, **query)


@campaigns_bp.route("", methods=["POST"])
@needs(Role.OFFICE)
@campaigns_bp.arguments(schemas.CampaignIn())
@campaigns_bp.response(201, schemas.CampaignPageOut())
@refuses(*_WRITES, common.RECORD_EXISTS)
def add_campaign(values: dict[str, Any]) -> dict[str, Any]:
    """Add a draft."""
    at = ctx()
    values = values | {"id": str(values["id"])} if "id" in values else values
    made = domain.create_campaign(at.session, at.actor, at.clock, values)
    return queries.campaign_page(at.session, at.actor, at.clock, made)


@campaigns_bp.route("/export", methods=["POST"])
@needs(*CONSOLE)
@campaigns_bp.arguments(schemas.CampaignsExportIn())
@campaigns_bp.doc(responses=binary_answers(*MIME.values()))
def export_list(values: dict[str, Any]) -> Response:
    """The list as a file, of what the caller sees of it. That it was asked for is kept."""
    at = ctx()
    kind = values.pop("format")
    data = sheets.export_list(at.session, at.actor, at.clock, kind, at.language, **values)
    return _file(data, kind, "campaigns")


@campaigns_bp.route("/chains", methods=["GET"])
@needs(Role.OFFICE)
@campaigns_bp.response(200, schemas.ChainsOut())
def list_chains() -> dict[str, Any]:
    """The chains whose stores can be chosen together."""
    return {"items": chains(ctx().session)}


@campaigns_bp.route("/seen", methods=["GET"])
@needs(*CONSOLE)
@campaigns_bp.arguments(schemas.SeenQuery(), location="query")
@campaigns_bp.response(200, schemas.AllSeenOut())
@refuses(common.NOT_FOUND)
def list_seen(query: dict[str, Any]) -> dict[str, Any]:
    """What the rep saw of campaigns in a visit."""
    at = ctx()
    return seen_in_visit(at.session, at.actor, query["visit"])


@campaigns_bp.route("/<campaign_id>", methods=["GET"])
@needs(*CONSOLE)
@campaigns_bp.response(200, schemas.CampaignPageOut())
def show_campaign(campaign_id: str) -> Response:
    """One campaign with its plan; the ETag is what a change must name in If-Match."""
    at = ctx()
    found = queries.find_campaign(at.session, at.actor, campaign_id)
    page = queries.campaign_page(at.session, at.actor, at.clock, found)
    return set_revision(jsonify(page), found.rev)


@campaigns_bp.route("/<campaign_id>", methods=["PATCH"])
@needs(Role.OFFICE)
@campaigns_bp.arguments(schemas.CampaignPatch())
@campaigns_bp.response(200, schemas.CampaignPageOut())
@refuses(*common.REVISION, *_WRITES, problems.CAMPAIGN_CLOSED)
def change_campaign(values: dict[str, Any], campaign_id: str) -> Response:
    """Change a campaign; materials replaces its plan."""
    at = ctx()
    found = queries.find_campaign(at.session, at.actor, campaign_id, lock=True)
    check_revision(found.rev)
    domain.change_campaign(at.session, at.actor, at.clock, found, values)
    page = queries.campaign_page(at.session, at.actor, at.clock, found)
    return set_revision(jsonify(page), found.rev)


@campaigns_bp.route("/<campaign_id>/state", methods=["POST"])
@needs(Role.OFFICE)
@campaigns_bp.arguments(schemas.CampaignStateIn())
@campaigns_bp.response(200, schemas.CampaignPageOut())
@refuses(problems.CAMPAIGN_STATE, problems.CAMPAIGN_EMPTY)
def set_state(values: dict[str, Any], campaign_id: str) -> dict[str, Any]:
    """Start, end or close a campaign."""
    at = ctx()
    found = queries.find_campaign(at.session, at.actor, campaign_id, lock=True)
    domain.set_state(at.session, at.actor, at.clock, found, State(values["state"]))
    return queries.campaign_page(at.session, at.actor, at.clock, found)


@campaigns_bp.route("/<campaign_id>/stores", methods=["POST"])
@needs(Role.OFFICE)
@campaigns_bp.arguments(schemas.ChooseStoresIn())
@campaigns_bp.response(200, schemas.ChosenStoresOut())
@refuses(*_CHOOSES, REGION_UNKNOWN)
def choose_stores(values: dict[str, Any], campaign_id: str) -> dict[str, Any]:
    """Add, remove or replace stores, by list, code, region or chain."""
    at = ctx()
    found = queries.find_campaign(at.session, at.actor, campaign_id, lock=True)
    return domain.choose_stores(at.session, at.actor, at.clock, found, values)


@campaigns_bp.route("/<campaign_id>/stores/import", methods=["POST"])
@needs(Role.OFFICE)
@campaigns_bp.doc(requestBody=_FILE_BODY)
@campaigns_bp.arguments(schemas.StoresFileQuery(), location="query")
@campaigns_bp.response(200, schemas.ChosenStoresOut())
@refuses(*_CHOOSES, common.NOT_JSON, SHEET_UNREADABLE, SHEET_TOO_LARGE)
def import_stores(query: dict[str, Any], campaign_id: str) -> dict[str, Any]:
    """Choose the stores whose codes stand in a CSV or XLSX file."""
    request.max_content_length = MAX_BYTES
    if request.mimetype not in MIME.values():
        raise common.NOT_JSON.error(field="file", accepted=", ".join(MIME.values()))
    # Read before any transaction: nobody may wait for our lock while a body arrives.
    values = query | {"codes": sheets.codes_in(request.get_data())}
    at = ctx()
    found = queries.find_campaign(at.session, at.actor, campaign_id, lock=True)
    return domain.choose_stores(at.session, at.actor, at.clock, found, values)


@campaigns_bp.route("/<campaign_id>/board", methods=["GET"])
@needs(*CONSOLE)
@campaigns_bp.arguments(schemas.BoardQuery(), location="query")
@campaigns_bp.response(200, schemas.CampaignBoardOut())
def show_board(query: dict[str, Any], campaign_id: str) -> dict[str, Any]:
    """The campaign's stores in the caller's scope, each held against the plan."""
    at = ctx()
    found = queries.find_campaign(at.session, at.actor, campaign_id)
    names = ("region", "rep", "state", "q")
    wanted = queries.BoardFilters(**{key: query.pop(key) for key in names if key in query})
    return queries.board(at.session, at.actor, at.clock, found, wanted, **query)


@campaigns_bp.route("/<campaign_id>/numbers", methods=["GET"])
@needs(*CONSOLE)
@campaigns_bp.response(200, schemas.NumbersOut())
def show_numbers(campaign_id: str) -> dict[str, Any]:
    """Execution and effective distribution in the caller's scope, with the definition."""
    at = ctx()
    found = queries.find_campaign(at.session, at.actor, campaign_id)
    return numbers.numbers(at.session, at.actor, at.clock, found)


@campaigns_bp.route("/<campaign_id>/summaries", methods=["GET"])
@needs(*CONSOLE)
@campaigns_bp.response(200, schemas.SummariesOut())
def list_summaries(campaign_id: str) -> dict[str, Any]:
    """The versions that the caller sees, and a text out of the numbers to begin with."""
    at = ctx()
    found = queries.find_campaign(at.session, at.actor, campaign_id)
    return summaries.summaries(at.session, at.actor, at.clock, found, at.language)


@campaigns_bp.route("/<campaign_id>/summaries", methods=["POST"])
@needs(*CONSOLE)
@campaigns_bp.arguments(schemas.SummaryIn())
@campaigns_bp.response(201, schemas.SummaryOut())
@refuses(problems.SUMMARY_CHANGED)
def write_summary(values: dict[str, Any], campaign_id: str) -> dict[str, Any]:
    """Write the next version of the summary of the caller's region."""
    at = ctx()
    found = queries.find_campaign(at.session, at.actor, campaign_id, lock=True)
    return summaries.write_summary(at.session, at.actor, at.clock, found, values, at.language)


@campaigns_bp.route("/<campaign_id>/export", methods=["POST"])
@needs(*CONSOLE)
@campaigns_bp.arguments(schemas.CampaignExportIn())
@campaigns_bp.doc(responses=binary_answers(*MIME.values()))
def export_table(values: dict[str, Any], campaign_id: str) -> Response:
    """A table of the campaign as a file, of what the caller sees. That it was asked for is kept."""
    at = ctx()
    kind, table = values["format"], values["table"]
    data = sheets.export(at.session, at.actor, at.clock, campaign_id, table, kind, at.language)
    return _file(data, kind, f"campaign-{table}")


def _file(data: bytes, kind: str, name: str) -> Response:
    response = Response(data, mimetype=MIME[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response
