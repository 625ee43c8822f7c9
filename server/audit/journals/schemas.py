"""What the route of the journal's export takes."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from server.audit.journals.export import Format


class JournalQuery(Schema):
    """The days, the organisation's and both inclusive, and how to write them."""

    first = fields.Date(data_key="from", required=True)
    last = fields.Date(data_key="to", required=True)
    form = fields.String(
        data_key="format", load_default=Format.CSV, validate=validate.OneOf(list(Format))
    )

    @validates_schema
    def check_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Refuse a period that ends before it begins."""
        if data["last"] < data["first"]:
            raise ValidationError("Ends before it begins.", "to")
