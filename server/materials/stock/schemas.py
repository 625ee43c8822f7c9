"""Bodies of the stock, ledger and movement routes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.kernel.paging import LIMIT_DEFAULT, LIMIT_MAX
from server.materials.ledger import EntryKind
from server.materials.stock.movements import MAX_QUANTITY, Settling, State
from server.photos.arrived import Standing
from server.visits.schemas import ReasonOut

_CURSOR = validate.Length(max=400)
_LIMIT = validate.Range(min=1, max=LIMIT_MAX)
_NOTE = validate.Length(max=200)
MOVING = (EntryKind.ISSUE.value, EntryKind.TRANSFER.value, EntryKind.RETURN.value)


def quantity(low: int = 1) -> fields.Integer:
    """A whole number of units."""
    return fields.Integer(
        required=True, strict=True, validate=validate.Range(min=low, max=MAX_QUANTITY)
    )


class StockFilters(Schema):
    """What of the stock is shown; at is the end of an organisation's day."""

    rep = fields.String()
    warehouse = fields.String()
    material = fields.String()
    at = fields.Date()


class StockQuery(StockFilters):
    """Filters and page of the stock list."""

    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=LIMIT_MAX, validate=_LIMIT)


class BatchStockOut(Schema):
    """How much of one batch is there."""

    code = fields.String(required=True)
    expires_on = fields.String(required=True, allow_none=True)
    balance = fields.Integer(required=True)


class StockItemOut(Schema):
    """The balance of one material at one place: of a rep, or else of a warehouse."""

    place = fields.String(required=True)
    holder_name = fields.String(required=True)
    rep_id = fields.String(required=True, allow_none=True)
    rep_name = fields.String(required=True, allow_none=True)
    warehouse_id = fields.String(required=True, allow_none=True)
    material_id = fields.String(required=True)
    material_code = fields.String(required=True)
    material_name = fields.String(required=True)
    unit = fields.String(required=True)
    value_cents = fields.Integer(required=True, allow_none=True)
    balance = fields.Integer(required=True)
    in_transit = fields.Integer(required=True)
    batches = fields.List(fields.Nested(BatchStockOut), required=True)


class StockOut(Schema):
    """A page of balances."""

    items = fields.List(fields.Nested(StockItemOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)


class TrialRowOut(Schema):
    """Units of one material by kind of place; together they make zero."""

    material_id = fields.String(required=True)
    material_code = fields.String(required=True)
    material_name = fields.String(required=True)
    unit = fields.String(required=True)
    supplier = fields.Integer(required=True)
    opening = fields.Integer(required=True)
    adjust = fields.Integer(required=True)
    warehouse = fields.Integer(required=True)
    transit = fields.Integer(required=True)
    rep = fields.Integer(required=True)
    store = fields.Integer(required=True)


class TrialQuery(Schema):
    """at is the end of an organisation's day; left out, now."""

    at = fields.Date()


class TrialOut(Schema):
    """The trial balance. out_of_balance is 0 unless the books are at fault."""

    at = fields.String(required=True)
    rows = fields.List(fields.Nested(TrialRowOut), required=True)
    out_of_balance = fields.Integer(required=True)


class LedgerFilters(Schema):
    """What of the ledger is shown; days are the organisation's, both inclusive."""

    rep = fields.String()
    warehouse = fields.String()
    store = fields.String()
    material = fields.String()
    kind = fields.String(validate=validate.OneOf([*EntryKind]))
    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")


class LedgerQuery(LedgerFilters):
    """Filters and page of the ledger."""

    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=_LIMIT)


class EntryOut(Schema):
    """A ledger entry as it was booked."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    material_id = fields.String(required=True)
    from_place = fields.String(required=True)
    to_place = fields.String(required=True)
    quantity = fields.Integer(required=True)
    at = fields.String(required=True)
    author_id = fields.String(required=True)
    note = fields.String(required=True)
    batch_id = fields.String(required=True, allow_none=True)
    movement_id = fields.String(required=True, allow_none=True)
    adjustment_id = fields.String(required=True, allow_none=True)
    reverses_id = fields.String(required=True, allow_none=True)
    handout_id = fields.String(required=True, allow_none=True)
    evidence_sha256 = fields.String(required=True, allow_none=True)
    booked_at = fields.String(required=True, allow_none=True)


class NamesOut(Schema):
    """The words beside the ids."""

    material_code = fields.String(required=True)
    material_name = fields.String(required=True)
    unit = fields.String(required=True)
    batch_code = fields.String(required=True, allow_none=True)
    expires_on = fields.String(required=True, allow_none=True)
    author_name = fields.String(required=True, allow_none=True)


class EntryItemOut(EntryOut, NamesOut):
    """A ledger entry in a list. A place outside of the house has no name."""

    from_name = fields.String(required=True, allow_none=True)
    to_name = fields.String(required=True, allow_none=True)
    reversed_by = fields.String(required=True, allow_none=True)
    visit_id = fields.String(required=True, allow_none=True)
    recipient = fields.String(required=True, allow_none=True)
    flags = fields.List(fields.Nested(ReasonOut), required=True)
    signature_url = fields.String(required=True, allow_none=True)
    photo_id = fields.String(required=True, allow_none=True)
    photo_state = fields.String(
        required=True, allow_none=True, validate=validate.OneOf([*Standing])
    )


class EntriesOut(Schema):
    """A page of the ledger, newest first."""

    items = fields.List(fields.Nested(EntryItemOut), required=True)
    next = fields.String(required=True, allow_none=True)


class EntryIn(Schema):
    """A movement that is complete at once. receive may name a batch by its code and expiry."""

    id = fields.UUID(metadata={"description": "Made by the caller, so that a retry is safe."})
    kind = fields.String(required=True, validate=validate.OneOf(["receive", "return", "transfer"]))
    material_id = fields.String(required=True)
    quantity = quantity()
    warehouse_id = fields.String(load_default=None, allow_none=True)
    to_warehouse_id = fields.String(load_default=None, allow_none=True)
    rep_id = fields.String(load_default=None, allow_none=True)
    batch_id = fields.String(load_default=None, allow_none=True)
    batch_code = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 40))
    expires_on = fields.Date(load_default=None, allow_none=True)
    note = fields.String(load_default="", validate=_NOTE)


class NoteIn(Schema):
    """Why."""

    note = fields.String(required=True, validate=validate.Length(1, 200))


class MovementOut(Schema):
    """An issue, transfer or return. difference: confirmed less sent, null until confirmed."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf([*State]))
    material_id = fields.String(required=True)
    batch_id = fields.String(required=True, allow_none=True)
    from_place = fields.String(required=True)
    to_place = fields.String(required=True)
    quantity = fields.Integer(required=True)
    confirmed = fields.Integer(required=True, allow_none=True)
    difference = fields.Integer(required=True, allow_none=True)
    author_id = fields.String(required=True)
    at = fields.String(required=True)
    note = fields.String(required=True)
    confirmed_by = fields.String(required=True, allow_none=True)
    confirmed_at = fields.String(required=True, allow_none=True)
    confirm_note = fields.String(required=True)
    settled_how = fields.String(required=True, allow_none=True)


class MovementItemOut(MovementOut, NamesOut):
    """A movement in a list."""

    from_name = fields.String(required=True, allow_none=True)
    to_name = fields.String(required=True, allow_none=True)
    confirmed_name = fields.String(required=True, allow_none=True)


class MovementsOut(Schema):
    """A page of movements, newest first."""

    items = fields.List(fields.Nested(MovementItemOut), required=True)
    next = fields.String(required=True, allow_none=True)


class MovementFilters(Schema):
    """What of the movements is shown; open: those that wait for somebody."""

    rep = fields.String()
    warehouse = fields.String()
    material = fields.String()
    kind = fields.String(validate=validate.OneOf(MOVING))
    state = fields.String(validate=validate.OneOf([*State, "open"]))
    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")


class MovementsQuery(MovementFilters):
    """Filters and page of the movements."""

    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=_LIMIT)


class IssueIn(Schema):
    """Material sent to a rep, who confirms it on the phone."""

    id = fields.UUID(metadata={"description": "Made by the caller, so that a retry is safe."})
    material_id = fields.String(required=True)
    quantity = quantity()
    rep_id = fields.String(required=True)
    warehouse_id = fields.String(load_default=None, allow_none=True)
    batch_id = fields.String(load_default=None, allow_none=True)
    note = fields.String(load_default="", validate=_NOTE)


class ConfirmIn(Schema):
    """How much has arrived."""

    quantity = quantity(0)
    note = fields.String(load_default="", validate=_NOTE)


class SettleIn(Schema):
    """What became of the difference: back with the sender, or lost."""

    how = fields.String(required=True, validate=validate.OneOf([*Settling]))
    note = fields.String(load_default="", validate=_NOTE)
