"""Bodies of the count, correction, warehouse, export and import routes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.kernel.paging import LIMIT_DEFAULT, LIMIT_MAX
from server.materials.counts import AdjustmentKind, AdjustmentState
from server.materials.stock.adjustments import Reason
from server.materials.stock.movements import MAX_QUANTITY
from server.materials.stock.schemas import NamesOut

_CURSOR = validate.Length(max=400)
_LIMIT = validate.Range(min=1, max=LIMIT_MAX)
_NOTE = validate.Length(max=200)
TABLES = (
    "stock",
    "ledger",
    "movements",
    "handouts",
    "counts",
    "materials",
    "batches",
    "warehouses",
    "trial",
)
FORMATS = ("csv", "xlsx")


class AdjustmentOut(Schema):
    """A count or a wish to correct the books. quantity is what it adds, signed."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*AdjustmentKind]))
    state = fields.String(required=True, validate=validate.OneOf([*AdjustmentState]))
    place = fields.String(required=True)
    material_id = fields.String(required=True)
    batch_id = fields.String(required=True, allow_none=True)
    expected = fields.Integer(required=True, allow_none=True)
    counted = fields.Integer(required=True, allow_none=True)
    seen = fields.Integer(required=True, allow_none=True)
    quantity = fields.Integer(required=True)
    reason = fields.String(required=True)
    note = fields.String(required=True)
    author_id = fields.String(required=True)
    at = fields.String(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = fields.String(required=True, allow_none=True)
    decision_note = fields.String(required=True)


class AdjustmentItemOut(AdjustmentOut, NamesOut):
    """A count or correction in a list."""

    place_name = fields.String(required=True, allow_none=True)
    decided_name = fields.String(required=True, allow_none=True)


class AdjustmentsOut(Schema):
    """A page of counts and corrections, newest first."""

    items = fields.List(fields.Nested(AdjustmentItemOut), required=True)
    next = fields.String(required=True, allow_none=True)


class AdjustmentFilters(Schema):
    """What of the counts and corrections is shown."""

    rep = fields.String()
    warehouse = fields.String()
    material = fields.String()
    kind = fields.String(validate=validate.OneOf([*AdjustmentKind]))
    state = fields.String(validate=validate.OneOf([*AdjustmentState]))
    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")


class AdjustmentsQuery(AdjustmentFilters):
    """Filters and page of the counts and corrections."""

    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=_LIMIT)


class AdjustmentIn(Schema):
    """A correction (quantity, signed, and reason) or a count (counted) of a rep or a warehouse."""

    id = fields.UUID(metadata={"description": "Made by the caller, so that a retry is safe."})
    kind = fields.String(required=True, validate=validate.OneOf([*AdjustmentKind]))
    material_id = fields.String(required=True)
    rep_id = fields.String(load_default=None, allow_none=True)
    warehouse_id = fields.String(load_default=None, allow_none=True)
    batch_id = fields.String(load_default=None, allow_none=True)
    quantity = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(-MAX_QUANTITY, MAX_QUANTITY),
    )
    counted = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(0, MAX_QUANTITY)
    )
    reason = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*Reason]))
    note = fields.String(load_default="", validate=_NOTE)


class DecisionIn(Schema):
    """Approve or reject."""

    approve = fields.Boolean(required=True)
    note = fields.String(load_default="", validate=_NOTE)


class WarehouseOut(Schema):
    """A warehouse; without a region it is the whole company's."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    region_id = fields.String(required=True, allow_none=True)
    active = fields.Boolean(required=True)
    rev = fields.Integer(required=True)


class WarehousesOut(Schema):
    """All warehouses in scope."""

    items = fields.List(fields.Nested(WarehouseOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)


class WarehouseIn(Schema):
    """A new warehouse."""

    code = fields.String(required=True, validate=validate.Length(1, 40))
    name = fields.String(required=True, validate=validate.Length(1, 120))
    region_id = fields.String(load_default=None, allow_none=True)


class WarehousePatch(Schema):
    """Changes to a warehouse; only what is named changes."""

    code = fields.String(validate=validate.Length(1, 40))
    name = fields.String(validate=validate.Length(1, 120))
    region_id = fields.String(allow_none=True)
    active = fields.Boolean()


class BatchOut(Schema):
    """A batch of a material."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    expires_on = fields.String(required=True, allow_none=True)


class BatchesOut(Schema):
    """The batches of a material, those first that expire first."""

    items = fields.List(fields.Nested(BatchOut), required=True)


class ExportIn(Schema):
    """Which table as which file, narrowed as its list is."""

    table = fields.String(required=True, validate=validate.OneOf(TABLES))
    format = fields.String(required=True, validate=validate.OneOf(FORMATS))
    rep = fields.String()
    warehouse = fields.String()
    store = fields.String()
    material = fields.String()
    kind = fields.String(validate=validate.Length(max=16))
    state = fields.String(validate=validate.Length(max=16))
    at = fields.Date()
    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")


class StockImportQuery(Schema):
    """dry_run only says what would happen; warehouse_id is for rows that name no place."""

    dry_run = fields.Boolean(load_default=True)
    warehouse_id = fields.String(load_default=None)


class StockRemarkOut(Schema):
    """What is to be said about one row."""

    row = fields.Integer(required=True)
    field = fields.String(required=True)
    code = fields.String(required=True)
    words = fields.String(required=True)


class StockImportOut(Schema):
    """What an import did, or with dry_run would do."""

    rows = fields.Integer(required=True)
    booked = fields.Integer(required=True)
    units = fields.Integer(required=True)
    materials = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    errors = fields.List(fields.Nested(StockRemarkOut), required=True)
    doubtful = fields.List(fields.Nested(StockRemarkOut), required=True)
    truncated = fields.Boolean(required=True)
    ignored_columns = fields.List(fields.String(), required=True)
    dry_run = fields.Boolean(required=True)
