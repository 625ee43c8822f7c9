"""What the routes of My data take and give."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.accounts.rule_schemas import RetentionDaysOut
from server.kernel.paging import LIMIT_DEFAULT, LIMIT_MAX


class SectionOut(Schema):
    """One kind of record: how many there are, from when to when, and what a table shows of it."""

    name = fields.String(required=True)
    columns = fields.List(fields.String(), required=True)
    total = fields.Integer(required=True)
    oldest = fields.String(required=True, allow_none=True)
    newest = fields.String(required=True, allow_none=True)


class OverviewOut(Schema):
    """Everything held about the caller by kind, and after how many days what is erased."""

    sections = fields.List(fields.Nested(SectionOut), required=True)
    retention = fields.Nested(RetentionDaysOut, required=True)


class RecordsQuery(Schema):
    """Where to go on."""

    cursor = fields.String(validate=validate.Length(max=400))
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))


class RecordsOut(Schema):
    """Records of one kind as they are stored, newest first."""

    items = fields.List(fields.Dict(), required=True)
    next = fields.String(required=True, allow_none=True)
