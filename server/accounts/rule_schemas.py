"""What the routes of the organisation's rules take and give: a field for each rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from server.accounts import organisation, retention


def _number(name: str, *, required: bool) -> fields.Float:
    low, high = organisation.RANGES[name]
    return fields.Float(required=required, validate=validate.Range(low, high))


# One field for each rule, so that a new rule needs no second list.
RulesPatch: type[Schema] = Schema.from_dict(
    {name: _number(name, required=False) for name in organisation.NAMES}, name="RulesPatch"
)
RulesOut: type[Schema] = Schema.from_dict(
    {name: _number(name, required=True) for name in organisation.NAMES}, name="RulesOut"
)
_range = fields.List(fields.Float(), required=True)
RangesOut: type[Schema] = Schema.from_dict(
    dict.fromkeys(organisation.NAMES, _range), name="RangesOut"
)


class RulesPageOut(Schema):
    """The rules that count, those of an organisation that sets none, and what may be set."""

    rules = fields.Nested(RulesOut, required=True)
    defaults = fields.Nested(RulesOut, required=True)
    ranges = fields.Nested(RangesOut, required=True)
    rev = fields.Integer(required=True)


def _long_enough(days: int) -> None:
    if not retention.is_allowed(days):
        raise ValidationError(f"0, or at least {retention.DAYS_MIN}.")


def _days(*, required: bool) -> fields.Integer:
    within: list[Callable[[int], Any]] = [validate.Range(0, retention.DAYS_MAX), _long_enough]
    about = "Days from the receipt on; 0 keeps it, the least is 30."
    return fields.Integer(required=required, validate=within, metadata={"description": about})


RetentionPatch: type[Schema] = Schema.from_dict(
    {name: _days(required=False) for name in retention.NAMES}, name="RetentionPatch"
)
RetentionDaysOut: type[Schema] = Schema.from_dict(
    {name: _days(required=True) for name in retention.NAMES}, name="RetentionDaysOut"
)


class RetentionOut(Schema):
    """After how many days what is erased."""

    days = fields.Nested(RetentionDaysOut, required=True)
    rev = fields.Integer(required=True)
