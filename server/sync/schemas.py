"""The documented shapes of sync. Those of push and pull are read and written by hand."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from server.accounts.schemas import SchemaRangeOut
from server.kernel.clock import parse_time, wire_time
from server.kernel.http import ProblemSchema
from server.kernel.paging import LIMIT_DEFAULT, LIMIT_MAX
from server.visits.schemas import WordsOut

PROBLEMS: Final = ("parked", "unsent_old", "silent")
MAX_PARKED: Final = 50
_STATUSES: Final = ["applied", "replayed", "conflict", "rejected", "deferred"]


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
    contact_at = fields.String(
        allow_none=True,
        metadata={"description": "The server's time at the contact that the offset comes from."},
    )


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
        validate=validate.OneOf(_STATUSES),
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


class WireTime(fields.String):
    """An ISO 8601 time that names its zone, read into an aware datetime."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return parse_time(text)
        except ValueError as error:
            raise ValidationError("Not a valid time with its zone.") from error


class WireTimeText(WireTime):
    """The same, kept as text in the form in which we write times."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return wire_time(super()._deserialize(value, attr, data, **kwargs))


_count = validate.Range(0, 10_000_000)
_bytes = validate.Range(0, 2**53)


class ParkedIn(Schema):
    """An op that the server does not take as it is; it waits on the phone for its author."""

    class Meta:
        unknown = EXCLUDE

    op_id = fields.String(required=True, validate=validate.Length(1, 36))
    kind = fields.String(required=True, validate=validate.Length(1, 40))
    record_id = fields.String(required=True, validate=validate.Length(1, 36))
    state = fields.String(required=True, validate=validate.OneOf(["rejected", "conflict"]))
    code = fields.String(required=True, validate=validate.Length(1, 60))
    field = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=120))
    made_at = WireTimeText(required=True)


class StorageIn(Schema):
    """What the browser says of its storage, in bytes; null where it does not say."""

    class Meta:
        unknown = EXCLUDE

    usage = fields.Integer(load_default=None, allow_none=True, validate=_bytes)
    quota = fields.Integer(load_default=None, allow_none=True, validate=_bytes)
    persisted = fields.Boolean(load_default=None, allow_none=True)


class DeviceReportIn(Schema):
    """All that a phone tells of itself. A newer app may tell more: that is left out."""

    class Meta:
        unknown = EXCLUDE

    id = fields.String(required=True, validate=validate.Length(1, 64))
    app_version = fields.String(required=True, validate=validate.Length(max=40))
    schema = fields.Integer(required=True, validate=validate.Range(1, 1_000))
    unsent = fields.Integer(required=True, validate=_count)
    oldest_unsent_at = WireTime(load_default=None, allow_none=True)
    parked = fields.List(
        fields.Nested(ParkedIn), load_default=list, validate=validate.Length(max=MAX_PARKED)
    )
    storage = fields.Nested(StorageIn, load_default=None, allow_none=True)
    standalone = fields.Boolean(load_default=None, allow_none=True)


class DeviceReportOut(Schema):
    """That it was noted, and which schemas the server speaks."""

    server_time = fields.String(required=True)
    schema = fields.Nested(SchemaRangeOut, required=True)


class HealthQuery(Schema):
    """Which devices to list."""

    region_id = fields.String(metadata={"description": "A region and all below it."})
    q = fields.String(
        validate=validate.Length(max=80), metadata={"description": "Part of a person's name."}
    )
    problem = fields.String(validate=validate.OneOf(PROBLEMS))
    cursor = fields.String(validate=validate.Length(max=400))
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))


class HealthPersonOut(Schema):
    """Whose device it is."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    region_id = fields.String(required=True)
    region_name = fields.String(required=True)


class ParkedOut(ParkedIn):
    """A parked op as the phone told it, with the problem's words where the server knows them."""

    words = fields.Nested(WordsOut, required=True, allow_none=True)
    remedy = fields.Nested(WordsOut, required=True, allow_none=True)


class HealthRowOut(Schema):
    """A device as it last told of itself; device_id is null for a rep who has none yet."""

    person = fields.Nested(HealthPersonOut, required=True)
    device_id = fields.String(required=True, allow_none=True)
    app_version = fields.String(required=True, allow_none=True)
    schema = fields.Integer(required=True, allow_none=True)
    too_old = fields.Boolean(required=True)
    last_contact_at = fields.String(required=True, allow_none=True)
    reported_at = fields.String(required=True, allow_none=True)
    unsent = fields.Integer(required=True)
    oldest_unsent_at = fields.String(required=True, allow_none=True)
    parked = fields.List(fields.Nested(ParkedOut), required=True)
    storage = fields.Nested(StorageIn, required=True, allow_none=True)
    standalone = fields.Boolean(required=True, allow_none=True)
    problems = fields.List(fields.String(validate=validate.OneOf(PROBLEMS)), required=True)


class HealthTotalsOut(Schema):
    """How many devices there are, and how many rows show each problem, whatever is filtered by."""

    devices = fields.Integer(required=True)
    parked = fields.Integer(required=True)
    unsent_old = fields.Integer(required=True)
    silent = fields.Integer(required=True)


class HealthOut(Schema):
    """A page of devices: those with parked ops first, then the oldest work, then the silent."""

    items = fields.List(fields.Nested(HealthRowOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)
    totals = fields.Nested(HealthTotalsOut, required=True)


class RescueQuery(Schema):
    """Whether to write, or only to say what writing would do."""

    dry_run = fields.Boolean(load_default=False)


class RescueAuthorOut(Schema):
    """Whose work the file holds."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    username = fields.String(required=True)


class RescueCountsOut(Schema):
    """How many ops ended how, and how many files are here."""

    applied = fields.Integer(required=True)
    replayed = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    conflict = fields.Integer(required=True)
    deferred = fields.Integer(required=True)
    files_stored = fields.Integer(required=True)
    files_known = fields.Integer(required=True)
    files_bad = fields.Integer(required=True)


class RescueOpOut(Schema):
    """What became of one op. Kind and record id are null where the file does not name them."""

    op_id = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, allow_none=True)
    record_id = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(_STATUSES))
    problem = fields.Nested(ProblemSchema, required=True, allow_none=True)


class RescueFileOut(Schema):
    """What became of one photo or signature; problem says why it is bad."""

    sha256 = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["stored", "known", "bad"]))
    problem = fields.Nested(ProblemSchema, required=True, allow_none=True)


class RescueOut(Schema):
    """What an import did, or with dry_run would do."""

    author = fields.Nested(RescueAuthorOut, required=True)
    made_at = fields.String(required=True, allow_none=True)
    device_id = fields.String(required=True)
    dry_run = fields.Boolean(required=True)
    counts = fields.Nested(RescueCountsOut, required=True)
    ops = fields.List(fields.Nested(RescueOpOut), required=True)
    files = fields.List(fields.Nested(RescueFileOut), required=True)
