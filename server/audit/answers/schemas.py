"""What the route of answers takes and gives."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.photos.schemas import PhotoOut


class RepliesQuery(Schema):
    """Whose answers."""

    visit = fields.String(required=True, validate=validate.Length(max=36))


class ReplyOut(Schema):
    """What a rep answered; text is empty once erased_at is set, or where a photo says it all."""

    id = fields.String(required=True)
    visit_id = fields.String(required=True)
    at = fields.String(required=True)
    received_at = fields.String(required=True)
    text = fields.String(required=True)
    photo_id = fields.String(required=True, allow_none=True)
    erased_at = fields.String(required=True, allow_none=True)
    photo = fields.Nested(PhotoOut, required=True, allow_none=True)


class RepliesOut(Schema):
    """The answers to a visit, oldest first."""

    items = fields.List(fields.Nested(ReplyOut), required=True)
