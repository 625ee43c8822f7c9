"""Bodies of the store routes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.kernel.geo import Crs
from server.kernel.paging import LIMIT_DEFAULT, LIMIT_MAX
from server.stores.models import PinSource, ProposalState

CRS_VALUES = tuple(crs.value for crs in Crs)
PIN_SOURCES = tuple(source.value for source in PinSource)
PROPOSAL_STATES = tuple(state.value for state in ProposalState)
RADIUS_RANGE_M = (20.0, 5_000.0)
PIN_QUALITY_MAX_M = 20_000.0
LENGTHS = {
    "code": 64,
    "name": 120,
    "address": 300,
    "city": 60,
    "chain": 120,
    "contact": 120,
    "phone": 40,
}


def _words(field: str, minimum: int = 0) -> validate.Length:
    return validate.Length(min=minimum, max=LENGTHS[field])


class StoreRecord(Schema):
    """A store, as phones and lists get it. Positions are WGS-84 degrees."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    city = fields.String(required=True)
    chain = fields.String(required=True)
    region_id = fields.String(required=True)
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    pin_quality_m = fields.Float(
        required=True, metadata={"description": "How far off the pin may be, metres."}
    )
    pin_source = fields.String(required=True, validate=validate.OneOf(PIN_SOURCES))
    radius_m = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Fence, metres; null: the organisation's default."},
    )
    initials = fields.String(
        required=True, metadata={"description": "First letters of the name's pinyin."}
    )
    contact = fields.String(required=True)
    phone = fields.String(required=True)
    active = fields.Boolean(required=True)
    rev = fields.Integer(required=True)


class StoreRep(Schema):
    """A rep who visits the store."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class StoreOut(StoreRecord):
    """A store with its region and reps named."""

    region_name = fields.String(required=True)
    rep_ids = fields.List(fields.String(), required=True)
    reps = fields.List(fields.Nested(StoreRep), required=True)


class StoresQuery(Schema):
    """Filters of the list of stores."""

    q = fields.String(
        validate=validate.Length(max=80),
        metadata={"description": "Part of name, address or code, or pinyin initials."},
    )
    region = fields.String(metadata={"description": "A region and all below it."})
    rep = fields.String(metadata={"description": "Stores that this rep visits now."})
    active = fields.Boolean()
    cursor = fields.String(validate=validate.Length(max=600))
    limit = fields.Integer(
        load_default=LIMIT_DEFAULT, validate=validate.Range(min=1, max=LIMIT_MAX)
    )


class StoresOut(Schema):
    """A page of stores, by name."""

    items = fields.List(fields.Nested(StoreOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)


class StorePatch(Schema):
    """Changes to a store; only what is named changes. rep_ids replaces those who visit it."""

    code = fields.String(validate=_words("code", 1))
    name = fields.String(validate=_words("name", 1))
    address = fields.String(validate=_words("address"))
    city = fields.String(validate=_words("city"))
    chain = fields.String(validate=_words("chain"))
    region_id = fields.String(validate=validate.Length(max=36))
    lat = fields.Float(validate=validate.Range(min=-90, max=90))
    lon = fields.Float(validate=validate.Range(min=-180, max=180))
    pin_source = fields.String(validate=validate.OneOf(PIN_SOURCES))
    pin_quality_m = fields.Float(validate=validate.Range(min=0, max=PIN_QUALITY_MAX_M))
    radius_m = fields.Float(
        allow_none=True, validate=validate.Range(min=RADIUS_RANGE_M[0], max=RADIUS_RANGE_M[1])
    )
    contact = fields.String(validate=_words("contact"))
    phone = fields.String(validate=_words("phone"))
    active = fields.Boolean()
    rep_ids = fields.List(fields.String(), validate=validate.Length(max=50))


class StoreIn(StorePatch):
    """A new store."""

    code = fields.String(required=True, validate=_words("code", 1))
    name = fields.String(required=True, validate=_words("name", 1))
    region_id = fields.String(required=True, validate=validate.Length(max=36))
    lat = fields.Float(required=True, validate=validate.Range(min=-90, max=90))
    lon = fields.Float(required=True, validate=validate.Range(min=-180, max=180))


class ProposalsQuery(Schema):
    """Paging of the list of proposed pins."""

    cursor = fields.String(validate=validate.Length(max=600))
    limit = fields.Integer(
        load_default=LIMIT_DEFAULT, validate=validate.Range(min=1, max=LIMIT_MAX)
    )


class ProposalOut(Schema):
    """A pin learned from check-ins, beside the store's present one. Metres, WGS-84 degrees."""

    id = fields.String(required=True)
    store_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(PROPOSAL_STATES))
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    quality_m = fields.Float(
        required=True, metadata={"description": "How far off the learned place may be, metres."}
    )
    distance_m = fields.Float(
        required=True, metadata={"description": "From the pin to the learned place, metres."}
    )
    fixes = fields.Integer(required=True)
    left_out = fields.Integer(
        required=True, metadata={"description": "Fixes at the store that lie elsewhere."}
    )
    reps = fields.Integer(required=True)
    days = fields.Integer(required=True)
    made_at = fields.String(required=True)
    rev = fields.Integer(required=True)
    store_name = fields.String(required=True)
    store_code = fields.String(required=True)
    store_address = fields.String(required=True)
    region_id = fields.String(required=True)
    store_lat = fields.Float(required=True)
    store_lon = fields.Float(required=True)
    pin_quality_m = fields.Float(required=True)
    pin_source = fields.String(required=True, validate=validate.OneOf(PIN_SOURCES))
    radius_m = fields.Float(required=True, allow_none=True)


class ProposalsOut(Schema):
    """A page of proposed pins, the farthest off first."""

    items = fields.List(fields.Nested(ProposalOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)


class ProposalDecision(Schema):
    """What the office decides about a proposed pin."""

    accept = fields.Boolean(required=True)


class PastPinOut(Schema):
    """A pin that a newer one has replaced."""

    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    quality_m = fields.Float(required=True)
    source = fields.String(required=True)
    until = fields.String(required=True)
    actor_name = fields.String(required=True, allow_none=True)


class PastPinsOut(Schema):
    """The pins a store had, the newest first."""

    items = fields.List(fields.Nested(PastPinOut), required=True)


class ImportQuery(Schema):
    """How a CSV file is to be read."""

    crs = fields.String(
        load_default=None,
        validate=validate.OneOf(CRS_VALUES),
        metadata={"description": "The file's coordinate system, unless its header names it."},
    )
    region_id = fields.String(
        load_default=None,
        metadata={"description": "Region of new stores whose row names none."},
    )
    dry_run = fields.Boolean(
        load_default=False, metadata={"description": "Report only; change nothing."}
    )


class ImportRemark(Schema):
    """What was found in one row; the header is row 1."""

    row = fields.Integer(required=True)
    field = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)
    params = fields.Dict(required=True)


class ImportOut(Schema):
    """What an import did, or would do: errors were refused, doubtful ones imported all the same."""

    rows = fields.Integer(required=True)
    created = fields.Integer(required=True)
    updated = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    errors = fields.List(fields.Nested(ImportRemark), required=True)
    doubtful = fields.List(fields.Nested(ImportRemark), required=True)
    truncated = fields.Boolean(
        required=True, metadata={"description": "True if not every remark is listed."}
    )
    crs = fields.String(required=True)
    ignored_columns = fields.List(fields.String(), required=True)
    dry_run = fields.Boolean(required=True)
