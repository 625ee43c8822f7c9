"""Bodies of the campaign routes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.campaigns.domain import MAX_STORES
from server.campaigns.execution import Done
from server.campaigns.models import State, TargetKind
from server.campaigns.seen.models import Seen
from server.campaigns.sheets import TABLES
from server.kernel.paging import LIMIT_DEFAULT, LIMIT_MAX
from server.photos.arrived import KINDS

_CURSOR = validate.Length(max=400)
_LIMIT = validate.Range(min=1, max=LIMIT_MAX)
_UNITS = validate.Range(min=1, max=10_000)
_HOW = ("add", "remove", "replace")


class PlanLineIn(Schema):
    """How many units of a material each store is to get."""

    material_id = fields.String(required=True, validate=validate.Length(1, 36))
    per_store = fields.Integer(required=True, strict=True, validate=_UNITS)


class CampaignPatch(Schema):
    """Changes to a campaign; only what is named changes."""

    code = fields.String(validate=validate.Length(1, 40))
    name = fields.String(validate=validate.Length(1, 120))
    first_day = fields.Date()
    last_day = fields.Date()
    photo_kinds = fields.List(
        fields.String(validate=validate.OneOf(KINDS)), validate=validate.Length(max=len(KINDS))
    )
    target_kind = fields.String(allow_none=True, validate=validate.OneOf([*TargetKind]))
    target = fields.Integer(
        allow_none=True, strict=True, validate=validate.Range(min=1, max=1_000_000_000)
    )
    note = fields.String(validate=validate.Length(max=500))
    materials = fields.List(fields.Nested(PlanLineIn()), validate=validate.Length(max=50))


class CampaignIn(CampaignPatch):
    """A new campaign, a draft."""

    id = fields.UUID(metadata={"description": "Made by the caller, so that a retry is safe."})
    code = fields.String(required=True, validate=validate.Length(1, 40))
    name = fields.String(required=True, validate=validate.Length(1, 120))
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)


class CampaignStateIn(Schema):
    """The state that the campaign is to have."""

    state = fields.String(
        required=True, validate=validate.OneOf([one for one in State if one != State.DRAFT])
    )


class ChooseStoresIn(Schema):
    """Which stores: by id, by code, in a region, of a chain; region and chain narrow each other."""

    how = fields.String(required=True, validate=validate.OneOf(_HOW))
    store_ids = fields.List(fields.String(), validate=validate.Length(max=MAX_STORES))
    codes = fields.List(fields.String(), validate=validate.Length(max=MAX_STORES))
    region_id = fields.String()
    chain = fields.String(validate=validate.Length(1, 120))


class StoresFileQuery(Schema):
    """What is done with the stores that the file names."""

    how = fields.String(load_default="add", validate=validate.OneOf(_HOW))


class ChosenStoresOut(Schema):
    """What choosing did; unmatched are the codes and ids that no store has."""

    added = fields.Integer(required=True)
    removed = fields.Integer(required=True)
    total = fields.Integer(required=True)
    unmatched = fields.List(fields.String(), required=True)


class ChainsOut(Schema):
    """Names of chains."""

    items = fields.List(fields.String(), required=True)


class CampaignOut(Schema):
    """A campaign. stores are those that the caller sees."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    first_day = fields.String(required=True)
    last_day = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf([*State]))
    photo_kinds = fields.List(fields.String(), required=True)
    target_kind = fields.String(required=True, allow_none=True)
    target = fields.Integer(required=True, allow_none=True)
    note = fields.String(required=True)
    rev = fields.Integer(required=True)
    stores = fields.Integer(required=True)


class PlanLineOut(Schema):
    """A line of the plan."""

    material_id = fields.String(required=True)
    material_code = fields.String(required=True)
    material_name = fields.String(required=True)
    unit = fields.String(required=True)
    per_store = fields.Integer(required=True)


class CampaignPageOut(CampaignOut):
    """A campaign with its plan."""

    materials = fields.List(fields.Nested(PlanLineOut), required=True)


class CampaignsOut(Schema):
    """A page of campaigns, those first that end last."""

    items = fields.List(fields.Nested(CampaignOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)


class CampaignsQuery(Schema):
    """Filters and page of the campaigns."""

    state = fields.String(validate=validate.OneOf([*State]))
    q = fields.String(validate=validate.Length(max=100))
    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=_LIMIT)


class BoardQuery(Schema):
    """Filters and page of a board."""

    region = fields.String()
    rep = fields.String()
    state = fields.String(validate=validate.OneOf([*Done]))
    q = fields.String(validate=validate.Length(max=100))
    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=_LIMIT)


class DoneLineOut(Schema):
    """Planned and handed out of a material at a store, and how it was last seen there."""

    material_id = fields.String(required=True)
    name = fields.String(required=True)
    unit = fields.String(required=True)
    planned = fields.Integer(required=True)
    handed = fields.Integer(required=True)
    seen = fields.String(required=True, allow_none=True, validate=validate.OneOf([*Seen]))
    seen_quantity = fields.Integer(required=True, allow_none=True)


class LookOut(Schema):
    """The newest look at a store; photo_kinds could not be taken."""

    at = fields.String(required=True)
    rep_name = fields.String(required=True)
    photo_kinds = fields.List(fields.String(), required=True)
    note = fields.String(required=True)


class CampaignBoardItemOut(Schema):
    """A store held against the plan."""

    store_id = fields.String(required=True)
    store_name = fields.String(required=True)
    store_code = fields.String(required=True)
    region_name = fields.String(required=True)
    reps = fields.List(fields.String(), required=True)
    state = fields.String(required=True, validate=validate.OneOf([*Done]))
    complete = fields.Boolean(required=True)
    materials = fields.List(fields.Nested(DoneLineOut), required=True)
    photos = fields.List(fields.String(), required=True)
    lacking_photos = fields.List(fields.String(), required=True)
    seen = fields.Nested(LookOut, required=True, allow_none=True)


class DoneCountsOut(Schema):
    """Stores by state, how many of them are complete, and all."""

    stores = fields.Integer(required=True)
    complete = fields.Integer(required=True)
    planned = fields.Integer(required=True)
    handed_out = fields.Integer(required=True)
    photographed = fields.Integer(required=True)
    missing = fields.Integer(required=True)


class CampaignBoardOut(Schema):
    """A page of a board. counts are of the filtered stores, whatever state is asked for."""

    items = fields.List(fields.Nested(CampaignBoardItemOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)
    counts = fields.Nested(DoneCountsOut, required=True)


class EffectOut(Schema):
    """How much of the giving out holds; see the definition that goes with it."""

    handouts = fields.Integer(required=True)
    effective = fields.Integer(required=True)
    share = fields.Float(required=True, allow_none=True)
    units = fields.Integer(required=True)
    effective_units = fields.Integer(required=True)
    unsigned = fields.Integer(required=True)
    no_photo = fields.Integer(required=True)
    not_on_site = fields.Integer(required=True)


class EffectGroupOut(EffectOut):
    """The same of one region, rep or material."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class MaterialDoneOut(Schema):
    """Planned and handed out of a material at all stores, and at how many it is missing."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    planned = fields.Integer(required=True)
    handed = fields.Integer(required=True)
    missing_stores = fields.Integer(required=True)


class TargetOut(Schema):
    """The target in units. number is null where the caller sees only a part of a total."""

    kind = fields.String(required=True, validate=validate.OneOf(["plan", *TargetKind]))
    number = fields.Integer(required=True, allow_none=True)
    reached = fields.Integer(required=True)
    share = fields.Float(required=True, allow_none=True)


class NumbersOut(Schema):
    """The numbers of a campaign in the caller's scope."""

    execution = fields.Nested(DoneCountsOut, required=True)
    effectiveness = fields.Nested(EffectOut, required=True)
    definition = fields.Dict(required=True)
    materials = fields.List(fields.Nested(MaterialDoneOut), required=True)
    target = fields.Nested(TargetOut, required=True)
    by_region = fields.List(fields.Nested(EffectGroupOut), required=True)
    by_rep = fields.List(fields.Nested(EffectGroupOut), required=True)
    by_material = fields.List(fields.Nested(EffectGroupOut), required=True)


class SummaryIn(Schema):
    """The next version of a summary; after is the version that its author has read."""

    text = fields.String(required=True, validate=validate.Length(1, 10_000))
    after = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=100_000))


class SummaryOut(Schema):
    """A version of a summary, and the effective share of its moment."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    region_id = fields.String(required=True)
    region_name = fields.String(required=True)
    text = fields.String(required=True)
    language = fields.String(required=True)
    author_name = fields.String(required=True)
    at = fields.String(required=True)
    share = fields.Float(required=True, allow_none=True)


class SummariesOut(Schema):
    """The versions, newest first; the caller's own newest; what the numbers say now."""

    items = fields.List(fields.Nested(SummaryOut), required=True)
    version = fields.Integer(required=True)
    draft = fields.String(required=True)


class CampaignsExportIn(Schema):
    """As which file, narrowed as the list is."""

    format = fields.String(required=True, validate=validate.OneOf(("csv", "xlsx")))
    state = fields.String(validate=validate.OneOf([*State]))
    q = fields.String(validate=validate.Length(max=100))


class CampaignExportIn(Schema):
    """Which table as which file."""

    table = fields.String(required=True, validate=validate.OneOf(TABLES))
    format = fields.String(required=True, validate=validate.OneOf(("csv", "xlsx")))


class SeenQuery(Schema):
    """Of which visit."""

    visit = fields.String(required=True, validate=validate.Length(max=36))


class SeenLineOut(Schema):
    """How a material was found: quantity units are there, or missing; null: not counted."""

    material_id = fields.String(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf([*Seen]))
    quantity = fields.Integer(required=True, allow_none=True)


class SeenOut(Schema):
    """What a rep saw of a campaign at a store."""

    id = fields.String(required=True)
    campaign_id = fields.String(required=True)
    campaign_name = fields.String(required=True)
    store_id = fields.String(required=True)
    visit_id = fields.String(required=True)
    at = fields.String(required=True)
    received_at = fields.String(required=True)
    materials = fields.List(fields.Nested(SeenLineOut), required=True)
    photo_kinds = fields.List(fields.String(), required=True)
    note = fields.String(required=True)


class AllSeenOut(Schema):
    """What was seen in a visit, oldest first."""

    items = fields.List(fields.Nested(SeenOut), required=True)
