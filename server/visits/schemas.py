"""What the visit routes take and give."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.kernel.choices import Choices
from server.kernel.paging import LIMIT_DEFAULT, LIMIT_MAX
from server.photos.arrived import Standing
from server.photos.schemas import PhotoOut
from server.visits.flag_bits import CODES
from server.visits.models import State
from server.visits.records import ABANDONED
from server.visits.verdict import Verdict

STATES = (*State, ABANDONED)


class VisitsQuery(Schema):
    """Filters of the list of visits; days are the organisation's, both inclusive."""

    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")
    region = fields.String()
    rep = fields.String()
    store = fields.String()
    verdicts = Choices(fields.String(validate=validate.OneOf(list(Verdict))), data_key="verdict")
    flags = Choices(fields.String(validate=validate.OneOf(CODES)), data_key="flag")
    state = fields.String(validate=validate.OneOf(STATES))
    q = fields.String(validate=validate.Length(max=80))
    cursor = fields.String()
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))


class PinPreviewQuery(Schema):
    """A store, and what of its pin is to be thought of otherwise. Metres, WGS-84 degrees."""

    store = fields.String(required=True, validate=validate.Length(max=36))
    lat = fields.Float(validate=validate.Range(-90, 90))
    lon = fields.Float(validate=validate.Range(-180, 180))
    pin_quality_m = fields.Float(validate=validate.Range(0, 20_000))
    radius_m = fields.Float(validate=validate.Range(20, 5_000))


class VerdictChangeOut(Schema):
    """So many visits would go from one verdict to another."""

    before = fields.String(required=True)
    after = fields.String(required=True)
    count = fields.Integer(required=True)


class UsedFixOut(Schema):
    """A fix at the store that its pin may be learned from."""

    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    accuracy_m = fields.Float(required=True)


class PinPreviewOut(Schema):
    """What would change: visits looked at, those that change, verdicts and flags by code.

    reworded are visits that keep verdict and flags, and only give other numbers for them.
    """

    visits = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    reworded = fields.Integer(required=True)
    verdicts = fields.List(fields.Nested(VerdictChangeOut), required=True)
    raised = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    cleared = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    fixes = fields.List(fields.Nested(UsedFixOut), required=True)


class WordsOut(Schema):
    """A sentence in both languages."""

    zh = fields.String(data_key="zh-CN", attribute="zh-CN", required=True)
    en = fields.String(required=True)


class ReasonOut(Schema):
    """A flag or an explanation: its code, its words, and the numbers in them."""

    code = fields.String(required=True)
    words = fields.Nested(WordsOut, required=True)
    numbers = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    refs = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "Ids of what it is about: visit_id, photo_id, other_photo_id."},
    )


class FixOut(Schema):
    """A position reading: degrees WGS-84, metres, seconds."""

    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    accuracy_m = fields.Float(required=True, allow_none=True)
    age_s = fields.Float(required=True)
    source = fields.String(required=True)


class VisitOut(Schema):
    """A visit."""

    id = fields.String(required=True)
    store_id = fields.String(required=True)
    author_id = fields.String(required=True)
    region_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    planned = fields.Boolean(required=True)
    checked_in_at = fields.String(required=True)
    checked_out_at = fields.String(required=True, allow_none=True)
    dwell_s = fields.Integer(required=True, allow_none=True)
    fix = fields.Nested(FixOut, required=True, allow_none=True)
    out_fix = fields.Nested(FixOut, required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    cancel_reason = fields.String(required=True, allow_none=True)
    verdict = fields.String(required=True, validate=validate.OneOf(list(Verdict)))
    distance_m = fields.Float(required=True, allow_none=True)
    explanation = fields.Nested(ReasonOut, required=True)
    flags = fields.List(fields.Nested(ReasonOut), required=True)
    received_at = fields.String(required=True)
    device_at = fields.String(required=True)
    clock_offset_ms = fields.Integer(required=True, allow_none=True)
    time_error_s = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "How far checked_in_at may be off, seconds; null: unknown."},
    )
    photos_total = fields.Integer(required=True)
    photos_arrived = fields.Integer(required=True)
    rev = fields.Integer(required=True)


class VisitItemOut(VisitOut):
    """A visit as a row of a list: store, author and region are named."""

    store_name = fields.String(required=True)
    store_code = fields.String(required=True)
    store_lat = fields.Float(required=True, allow_none=True)
    store_lon = fields.Float(required=True, allow_none=True)
    author_name = fields.String(required=True)
    region_name = fields.String(required=True)
    thumb = fields.String(
        required=True, allow_none=True, metadata={"description": "Id of a photo to show."}
    )


class VisitsOut(Schema):
    """A page of visits, newest first."""

    items = fields.List(fields.Nested(VisitItemOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)


class NoteOut(Schema):
    """A note to a visit."""

    id = fields.String(required=True)
    visit_id = fields.String(required=True)
    at = fields.String(required=True)
    text = fields.String(required=True)


class JudgementOut(Schema):
    """A judgement that a newer one has replaced, and what led to the newer one."""

    at = fields.String(required=True)
    rule_version = fields.Integer(required=True)
    verdict = fields.String(required=True)
    distance_m = fields.Float(required=True, allow_none=True)
    explanation = fields.Nested(ReasonOut, required=True)
    flags = fields.List(fields.Nested(ReasonOut), required=True)
    cause = fields.String(required=True)


class JournalOut(Schema):
    """One thing that was done to the visit; actor null means the program itself."""

    at = fields.String(required=True)
    actor_id = fields.String(required=True, allow_none=True)
    actor_name = fields.String(required=True, allow_none=True)
    event = fields.String(required=True)
    data = fields.Dict(required=True)


class VisitStoreOut(Schema):
    """The store of a visit, with its pin as it is now."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    region_id = fields.String(required=True)
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    pin_quality_m = fields.Float(required=True)
    radius_m = fields.Float(required=True)


class VisitAuthorOut(Schema):
    """Who made a visit."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    username = fields.String(required=True)
    role = fields.String(required=True)
    region_id = fields.String(required=True)


class VisitHandoutOut(Schema):
    """What was handed out on a visit."""

    id = fields.String(required=True)
    visit_id = fields.String(required=True)
    store_id = fields.String(required=True)
    material_id = fields.String(required=True)
    material_name = fields.String(required=True)
    unit = fields.String(required=True)
    quantity = fields.Integer(required=True)
    recipient = fields.String(required=True)
    signature_sha256 = fields.String(required=True, allow_none=True)
    signature_url = fields.String(required=True, allow_none=True)
    batch_id = fields.String(required=True, allow_none=True)
    photo_id = fields.String(required=True, allow_none=True)
    photo_state = fields.String(
        required=True, allow_none=True, validate=validate.OneOf([*Standing])
    )
    campaign_id = fields.String(required=True, allow_none=True)
    reversed_at = fields.String(required=True, allow_none=True)
    at = fields.String(required=True)
    flags = fields.List(fields.Nested(ReasonOut), required=True)


class VisitPageOut(VisitItemOut):
    """A visit with everything about it."""

    store = fields.Nested(VisitStoreOut, required=True, allow_none=True)
    author = fields.Nested(VisitAuthorOut, required=True, allow_none=True)
    notes = fields.List(fields.Nested(NoteOut), required=True)
    photos = fields.List(fields.Nested(PhotoOut), required=True)
    handouts = fields.List(fields.Nested(VisitHandoutOut), required=True)
    judgements = fields.List(fields.Nested(JudgementOut), required=True)
    journal = fields.List(fields.Nested(JournalOut), required=True)
