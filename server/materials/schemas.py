"""Bodies of the material, stock and handout routes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.kernel.paging import LIMIT_DEFAULT, LIMIT_MAX

KINDS = ("posm", "giveaway", "sample")
MAX_MOVE = 1_000_000


class MaterialOut(Schema):
    """A material."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    unit = fields.String(required=True)
    barcode = fields.String(required=True, allow_none=True)
    active = fields.Boolean(required=True)
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


class MaterialPatch(Schema):
    """Changes to a material; only what is named changes."""

    code = fields.String(validate=validate.Length(min=1, max=40))
    name = fields.String(validate=validate.Length(min=1, max=120))
    kind = fields.String(validate=validate.OneOf(KINDS))
    unit = fields.String(validate=validate.Length(min=1, max=16))
    barcode = fields.String(allow_none=True, validate=validate.Length(max=64))
    active = fields.Boolean()


class StockQuery(Schema):
    """Filters of the stock list."""

    rep = fields.String()
    cursor = fields.String(validate=validate.Length(max=400))
    limit = fields.Integer(load_default=LIMIT_MAX, validate=validate.Range(min=1, max=LIMIT_MAX))


class StockItemOut(Schema):
    """The balance of one material at one place. rep_id is null for the warehouse."""

    place = fields.String(required=True)
    rep_id = fields.String(required=True, allow_none=True)
    rep_name = fields.String(required=True, allow_none=True)
    material_id = fields.String(required=True)
    material_code = fields.String(required=True)
    material_name = fields.String(required=True)
    unit = fields.String(required=True)
    balance = fields.Integer(required=True)


class StockOut(Schema):
    """A page of balances."""

    items = fields.List(fields.Nested(StockItemOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)


class EntryIn(Schema):
    """A movement of stock. adjust takes a signed quantity, the others one above zero."""

    id = fields.UUID(metadata={"description": "Made by the caller, so that a retry is safe."})
    kind = fields.String(
        required=True, validate=validate.OneOf(["receive", "issue", "return", "adjust"])
    )
    material_id = fields.String(required=True)
    quantity = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=-MAX_MOVE, max=MAX_MOVE)
    )
    rep_id = fields.String(load_default=None, allow_none=True)
    note = fields.String(load_default="", validate=validate.Length(max=200))


class EntryOut(Schema):
    """A ledger entry."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    material_id = fields.String(required=True)
    from_place = fields.String(required=True)
    to_place = fields.String(required=True)
    quantity = fields.Integer(required=True)
    at = fields.String(required=True)
    author_id = fields.String(required=True)
    note = fields.String(required=True)
