"""Bodies of the session, people and region routes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.kernel.auth import Role
from server.kernel.problems import LANGUAGES

ROLES = tuple(role.value for role in Role)
_text = validate.Length(min=1, max=120)


class LoginIn(Schema):
    """A log-in."""

    username = fields.String(required=True, validate=validate.Length(min=1, max=64))
    password = fields.String(required=True, validate=validate.Length(min=1, max=200))
    client = fields.String(load_default="bearer", validate=validate.OneOf(["cookie", "bearer"]))
    device_id = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))


class PersonOut(Schema):
    """A person."""

    id = fields.String(required=True)
    username = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    region_id = fields.String(required=True)
    region_name = fields.String(required=True)
    phone = fields.String(required=True)
    locale = fields.String(required=True)
    active = fields.Boolean(required=True)
    rev = fields.Integer(required=True)


class LoginOut(Schema):
    """An open session. token is there for bearer clients only, and shown only now."""

    user = fields.Nested(PersonOut, required=True)
    expires_at = fields.String(required=True)
    token = fields.String()


class RegionOut(Schema):
    """A region."""

    id = fields.String(required=True)
    parent_id = fields.String(required=True, allow_none=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    active = fields.Boolean(required=True)
    rev = fields.Integer(required=True)


class OrganisationOut(Schema):
    """The rules of the organisation that the phone needs."""

    name = fields.String(required=True)
    time_zone = fields.String(required=True)
    radius_m = fields.Float(required=True)
    office_radius_m = fields.Float(required=True)
    max_accuracy_m = fields.Float(required=True)
    cached_fix_max_age_s = fields.Float(required=True)
    short_visit_s = fields.Float(required=True)
    fix_countdown_s = fields.Integer(required=True)


class MapOut(Schema):
    """Where map tiles come from; with neither address the map is drawn without tiles."""

    tiles_url = fields.String(required=True, allow_none=True)
    pmtiles_url = fields.String(required=True, allow_none=True)
    crs = fields.String(required=True)
    attribution = fields.String(required=True)
    max_zoom = fields.Integer(required=True)


class SchemaRangeOut(Schema):
    """The sync schemas that the server speaks. Below the oldest an app may send, but not pull."""

    oldest = fields.Integer(required=True)
    newest = fields.Integer(required=True)


class MeOut(Schema):
    """Who is logged in, and what the screens need to know."""

    user = fields.Nested(PersonOut, required=True)
    regions = fields.List(fields.Nested(RegionOut), required=True)
    organisation = fields.Nested(OrganisationOut, required=True)
    map = fields.Nested(MapOut, required=True)
    schema = fields.Nested(SchemaRangeOut, required=True)
    server_time = fields.String(required=True)


class MePatch(Schema):
    """What a person may change about themselves."""

    locale = fields.String(required=True, validate=validate.OneOf(LANGUAGES))


class PeopleQuery(Schema):
    """Filters of the list of people."""

    region = fields.String()
    role = fields.String(validate=validate.OneOf(ROLES))
    q = fields.String(validate=validate.Length(max=80))
    active = fields.Boolean()


class PeopleOut(Schema):
    """A list of people."""

    items = fields.List(fields.Nested(PersonOut), required=True)
    total = fields.Integer(required=True)


class PersonIn(Schema):
    """A new person."""

    username = fields.String(
        required=True,
        validate=[
            validate.Length(min=2, max=64),
            validate.Regexp(r"^[\w.@-]+$", error="Use letters, digits and . _ - @ only."),
        ],
    )
    name = fields.String(required=True, validate=_text)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    region_id = fields.String(required=True)
    password = fields.String(required=True, validate=validate.Length(max=200))
    phone = fields.String(validate=validate.Length(max=40))
    locale = fields.String(validate=validate.OneOf(LANGUAGES))


class PersonPatch(Schema):
    """Changes to a person; only what is named changes."""

    username = fields.String(
        validate=[
            validate.Length(min=2, max=64),
            validate.Regexp(r"^[\w.@-]+$", error="Use letters, digits and . _ - @ only."),
        ],
    )
    name = fields.String(validate=_text)
    role = fields.String(validate=validate.OneOf(ROLES))
    region_id = fields.String()
    password = fields.String(validate=validate.Length(max=200))
    phone = fields.String(validate=validate.Length(max=40))
    locale = fields.String(validate=validate.OneOf(LANGUAGES))
    active = fields.Boolean()


class RegionsOut(Schema):
    """A list of regions, parents before children."""

    items = fields.List(fields.Nested(RegionOut), required=True)
    total = fields.Integer(required=True)


class RegionIn(Schema):
    """A new region."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=40))
    name = fields.String(required=True, validate=_text)
    parent_id = fields.String(required=True)


class RegionPatch(Schema):
    """Changes to a region; only what is named changes."""

    code = fields.String(validate=validate.Length(min=1, max=40))
    name = fields.String(validate=_text)
    parent_id = fields.String()
    active = fields.Boolean()
