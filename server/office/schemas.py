"""Bodies of the office routes, and an office check-in."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate

from server.office.hours import is_hours

_name = validate.Length(min=1, max=120)
_radius = validate.Range(min=20, max=5_000)


def _hours(value: object) -> None:
    if not is_hours(value):
        raise ValidationError("Name day 1 to 7, opens and closes like 09:00, closes after opens.")


class SpanOut(Schema):
    """Open on a weekday (1 is Monday) from opens to closes, in the organisation's zone."""

    day = fields.Integer(required=True)
    opens = fields.String(required=True)
    closes = fields.String(required=True)


class SpanIn(Schema):
    """Hours of a weekday."""

    day = fields.Integer(required=True, strict=True, validate=validate.Range(1, 7))
    opens = fields.String(required=True, validate=validate.Length(5, 5))
    closes = fields.String(required=True, validate=validate.Length(5, 5))


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
    hours = fields.List(fields.Nested(SpanOut), required=True, allow_none=True)
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
    hours = fields.List(fields.Nested(SpanIn), load_default=None, allow_none=True, validate=_hours)


class OfficePatch(Schema):
    """Changes to an office; only what is named changes."""

    code = fields.String(validate=validate.Length(min=1, max=40))
    name = fields.String(validate=_name)
    address = fields.String(validate=validate.Length(max=300))
    region_id = fields.String()
    lat = fields.Float()
    lon = fields.Float()
    radius_m = fields.Float(validate=_radius)
    hours = fields.List(fields.Nested(SpanIn), allow_none=True, validate=_hours)
    active = fields.Boolean()


class CheckInFixOut(Schema):
    """The position of an office check-in."""

    lat = fields.Float(required=True)
    lon = fields.Float(required=True)
    accuracy_m = fields.Float(required=True, allow_none=True)
    age_s = fields.Float(required=True)
    source = fields.String(required=True)


class SummaryOut(Schema):
    """What the rep told of the week with the check-in."""

    visits = fields.Integer(required=True)
    successful = fields.Integer(required=True)
    handouts = fields.Integer(required=True)
    tasks_open = fields.Integer(metadata={"description": "Not told by phones without tasks."})
    tasks_done = fields.Integer()
    text = fields.String(required=True, allow_none=True)


class ReviewOut(Schema):
    """A supervisor's word on a check-in."""

    accepted = fields.Boolean(required=True)
    note = fields.String(required=True, allow_none=True)
    at = fields.String(required=True)


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
    summary = fields.Nested(SummaryOut, required=True, allow_none=True)
    review = fields.Nested(ReviewOut, required=True, allow_none=True)
