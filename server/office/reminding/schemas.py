"""Bodies of reminders, push subscriptions and the calendar feed."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from server.office.reminding.domain import WHO


class ReminderIn(Schema):
    """Whom to remind: one person, or all who are due or open, in a region or everywhere."""

    person_id = fields.String()
    who = fields.String(validate=validate.OneOf(WHO))
    region = fields.String()

    @validates_schema
    def one_of_both(self, values: dict[str, Any], **_more: Any) -> None:
        """Either a person or a group."""
        if ("person_id" in values) == ("who" in values):
            raise ValidationError("Name person_id or who.", "who")


class RemindedOut(Schema):
    """How many were reminded, and how many had been today."""

    sent = fields.Integer(required=True)
    already = fields.Integer(required=True)


class KeyOut(Schema):
    """What a browser needs to subscribe, and which of the person's browsers have."""

    public_key = fields.String(required=True)
    subscriptions = fields.List(fields.String(), required=True)


class PushKeysIn(Schema):
    """The keys of a browser's subscription, base64url."""

    p256dh = fields.String(
        required=True, validate=[validate.Length(20, 120), validate.Regexp(r"^[\w=-]+$")]
    )
    auth = fields.String(
        required=True, validate=[validate.Length(8, 40), validate.Regexp(r"^[\w=-]+$")]
    )


class SubscriptionIn(Schema):
    """A browser's push subscription, as PushSubscription.toJSON() writes it."""

    endpoint = fields.String(required=True, validate=validate.Length(10, 2_000))
    keys = fields.Nested(PushKeysIn, required=True)


class SubscriptionOut(Schema):
    """Its id here."""

    id = fields.String(required=True)


class FeedOut(Schema):
    """open: an address works. path: the address, told only when it is made."""

    open = fields.Boolean(required=True)
    path = fields.String(required=True, allow_none=True)
