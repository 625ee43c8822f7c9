"""The documented shapes of push and pull; the bodies themselves are read and written by hand."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.kernel.http import ProblemSchema
from server.kernel.paging import LIMIT_MAX


class DeviceIn(Schema):
    """What the phone says about itself."""

    id = fields.String(required=True)
    app_version = fields.String(required=True)
    unsent = fields.Integer(required=True)
    oldest_unsent_at = fields.String(allow_none=True)


class OpIn(Schema):
    """One op. Its id is made where the op is made, and never changes when it is sent again."""

    op_id = fields.String(required=True)
    kind = fields.String(required=True)
    record_id = fields.String(required=True)
    author = fields.String(required=True)
    depends_on = fields.List(fields.String())
    payload = fields.Dict(required=True)
    device_seq = fields.Integer(required=True)
    device_at = fields.String(required=True)
    clock_offset_ms = fields.Integer(allow_none=True)
    monotonic_ms = fields.Integer(allow_none=True)


class PushIn(Schema):
    """A batch of ops."""

    schema = fields.Integer(required=True)
    device = fields.Nested(DeviceIn, required=True)
    ops = fields.List(fields.Nested(OpIn), required=True)


class OpResult(Schema):
    """What became of one op."""

    op_id = fields.String(required=True, allow_none=True)
    index = fields.Integer(required=True)
    status = fields.String(
        required=True,
        validate=validate.OneOf(["applied", "replayed", "conflict", "rejected", "deferred"]),
    )
    result = fields.Dict(required=True, allow_none=True)
    problem = fields.Nested(ProblemSchema, required=True, allow_none=True)


class PushOut(Schema):
    """The answers, in the order of the ops."""

    server_time = fields.String(required=True)
    results = fields.List(fields.Nested(OpResult), required=True)


class PullQuery(Schema):
    """Where to go on."""

    cursor = fields.String(validate=validate.Length(max=400))
    limit = fields.Integer(load_default=LIMIT_MAX, validate=validate.Range(1, 2_000))
    schema = fields.Integer(load_default=1, validate=validate.Range(1, 1_000))


class ChangeOut(Schema):
    """One record, or null where it is gone from the person's scope."""

    entity = fields.String(required=True)
    id = fields.String(required=True)
    record = fields.Dict(required=True, allow_none=True)


class PullOut(Schema):
    """A page of changes."""

    cursor = fields.String(required=True)
    more = fields.Boolean(required=True)
    server_time = fields.String(required=True)
    changes = fields.List(fields.Nested(ChangeOut), required=True)
