"""Bodies of the material, stock and handout routes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.kernel.paging import LIMIT_DEFAULT, LIMIT_MAX

KINDS = ("posm", "giveaway", "sample")
MAX_CENTS = 1_000_000_000


class MaterialOut(Schema):
    """A material."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    unit = fields.String(required=True)
    barcode = fields.String(required=True, allow_none=True)
    active = fields.Boolean(required=True)
    value_cents = fields.Integer(required=True, allow_none=True)
    tracks_batches = fields.Boolean(required=True)
    photo_url = fields.String(required=True, allow_none=True)
    rev = fields.Integer(required=True)


class MaterialsQuery(Schema):
    """Filters of the list of materials."""

    q = fields.String(validate=validate.Length(max=80))
    kind = fields.String(validate=validate.OneOf(KINDS))
    active = fields.Boolean()
    cursor = fields.String(validate=validate.Length(max=400))
    limit = fields.Integer(
        load_default=LIMIT_DEFAULT, validate=validate.Range(min=1, max=LIMIT_MAX)
    )


class MaterialsOut(Schema):
    """A page of materials."""

    items = fields.List(fields.Nested(MaterialOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)


class MaterialIn(Schema):
    """A new material. The barcode is text: a number would lose its leading zeros."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=40))
    name = fields.String(required=True, validate=validate.Length(min=1, max=120))
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    unit = fields.String(required=True, validate=validate.Length(min=1, max=16))
    barcode = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))
    value_cents = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(0, MAX_CENTS)
    )
    tracks_batches = fields.Boolean(load_default=False)


class MaterialPatch(Schema):
    """Changes to a material; only what is named changes."""

    code = fields.String(validate=validate.Length(min=1, max=40))
    name = fields.String(validate=validate.Length(min=1, max=120))
    kind = fields.String(validate=validate.OneOf(KINDS))
    unit = fields.String(validate=validate.Length(min=1, max=16))
    barcode = fields.String(allow_none=True, validate=validate.Length(max=64))
    active = fields.Boolean()
    value_cents = fields.Integer(
        allow_none=True, strict=True, validate=validate.Range(0, MAX_CENTS)
    )
    tracks_batches = fields.Boolean()
    photo_sha256 = fields.String(allow_none=True, validate=validate.Regexp(r"^[0-9a-f]{64}\Z"))
