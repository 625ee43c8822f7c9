"""Bodies of the office routes and of the week's board."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.office.queries import WeekState

_name = validate.Length(min=1, max=120)
_radius = validate.Range(min=20, max=5_000)


class OfficeOut(Schema):
    """An office."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    region_id = fields.String(required=True)
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    radius_m = fields.Float(required=True)
    active = fields.Boolean(required=True)
    rev = fields.Integer(required=True)


class OfficesQuery(Schema):
    """Filters of the list of offices."""

    active = fields.Boolean()


class OfficesOut(Schema):
    """All offices; next is always null, since there are few."""

    items = fields.List(fields.Nested(OfficeOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)


class OfficeIn(Schema):
    """A new office; degrees are WGS-84."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=40))
    name = fields.String(required=True, validate=_name)
    address = fields.String(load_default="", validate=validate.Length(max=300))
    region_id = fields.String(required=True)
    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    radius_m = fields.Float(load_default=None, allow_none=True, validate=_radius)


class OfficePatch(Schema):
    """Changes to an office; only what is named changes."""

    code = fields.String(validate=validate.Length(min=1, max=40))
    name = fields.String(validate=_name)
    address = fields.String(validate=validate.Length(max=300))
    region_id = fields.String()
    lat = fields.Float()
    lon = fields.Float()
    radius_m = fields.Float(validate=_radius)
    active = fields.Boolean()


class CheckInFixOut(Schema):
    """The position of an office check-in."""

    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    accuracy_m = fields.Float(required=True, allow_none=True)
    age_s = fields.Float(required=True)
    source = fields.String(required=True)


class OfficeCheckInOut(Schema):
    """An office check-in."""

    id = fields.String(required=True)
    author_id = fields.String(required=True)
    office_id = fields.String(required=True, allow_none=True)
    week = fields.String(required=True)
    at = fields.String(required=True)
    fix = fields.Nested(CheckInFixOut, required=True, allow_none=True)
    verdict = fields.String(required=True)
    distance_m = fields.Float(required=True, allow_none=True)
    explanation = fields.Dict(required=True)
    flags = fields.List(fields.Dict(), required=True)
    accepted = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)


class BoardQuery(Schema):
    """Filters of the board."""

    region = fields.String()


class BoardPersonOut(Schema):
    """The rep of a row."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    region_name = fields.String(required=True)


_state = validate.OneOf([state.value for state in WeekState])


class BoardCellOut(Schema):
    """How a rep stands in one week."""

    week = fields.String(required=True)
    state = fields.String(required=True, validate=_state)
    check_in = fields.Nested(OfficeCheckInOut, required=True, allow_none=True)


class BoardRowOut(Schema):
    """A rep; state and check_in are those of the week asked for."""

    person = fields.Nested(BoardPersonOut, required=True)
    weeks = fields.List(fields.Nested(BoardCellOut), required=True)
    state = fields.String(required=True, validate=_state)
    check_in = fields.Nested(OfficeCheckInOut, required=True, allow_none=True)


class BoardCountsOut(Schema):
    """Reps by state in the week asked for."""

    done = fields.Integer(required=True)
    doubtful = fields.Integer(required=True)
    open = fields.Integer(required=True)
    missed = fields.Integer(required=True)


class BoardOut(Schema):
    """The board of a week and the five before it; end is exclusive."""

    week = fields.String(required=True)
    start = fields.String(required=True)
    end = fields.String(required=True)
    closed = fields.Boolean(required=True)
    offices = fields.List(fields.Nested(OfficeOut), required=True)
    rows = fields.List(fields.Nested(BoardRowOut), required=True)
    counts = fields.Nested(BoardCountsOut, required=True)
