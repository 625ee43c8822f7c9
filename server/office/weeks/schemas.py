"""Bodies of the week routes: the board and its cells, requests and decisions, rule and calendar."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.kernel.sheets import MIME
from server.office.schemas import OfficeCheckInOut
from server.office.weeks.facts import Decision
from server.office.weeks.requests import KINDS
from server.office.weeks.rule import WeekState

_state = validate.OneOf([state.value for state in WeekState])
_decision = validate.OneOf([state.value for state in Decision])
_note = validate.Length(max=2_000)


class BoardQuery(Schema):
    """Filters of the board."""

    region = fields.String()
    state = fields.String(validate=_state)
    due = fields.Boolean(load_default=False)
    q = fields.String(validate=validate.Length(max=80))


class BoardWeekOut(Schema):
    """A column. holiday: no working day in it. calendar_missing: its year is not announced yet."""

    week = fields.String(required=True)
    holiday = fields.Boolean(required=True)
    calendar_missing = fields.Boolean(required=True)


class BoardRowOut(Schema):
    """A rep; states are those of the weeks, oldest first.

    streak: weeks kept in a row among them; streak_more: it may have begun before the first.
    """

    id = fields.String(required=True)
    name = fields.String(required=True)
    username = fields.String(required=True)
    region_name = fields.String(required=True)
    states = fields.List(fields.String(validate=_state), required=True)
    due = fields.Boolean(required=True)
    streak = fields.Integer(required=True)
    streak_more = fields.Boolean(required=True)


class BoardOut(Schema):
    """The board of a week and the twelve before it; end is exclusive.

    counts and due are of all reps in scope, whatever state, due and q leave of the rows.
    """

    week = fields.String(required=True)
    this_week = fields.String(required=True)
    start = fields.String(required=True)
    end = fields.String(required=True)
    weeks = fields.List(fields.Nested(BoardWeekOut), required=True)
    rows = fields.List(fields.Nested(BoardRowOut), required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    due = fields.Integer(required=True)


class ExportQuery(BoardQuery):
    """The board's filters, and the kind of file."""

    format = fields.String(load_default="csv", validate=validate.OneOf(sorted(MIME)))


class WeekPersonOut(Schema):
    """A rep."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    username = fields.String(required=True)
    region_name = fields.String(required=True)


class CountedCheckInOut(OfficeCheckInOut):
    """A check-in, and the week that it counts for."""

    counted_for = fields.String(required=True, allow_none=True)


class ExemptionOut(Schema):
    """Days on which a rep need not report."""

    id = fields.String(required=True)
    person_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    first_day = fields.String(required=True)
    last_day = fields.String(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True, validate=_decision)
    asked_at = fields.String(required=True)
    decided_at = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)


class MakeUpOut(Schema):
    """A request that a week be counted."""

    id = fields.String(required=True)
    person_id = fields.String(required=True)
    week = fields.String(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True, validate=_decision)
    asked_at = fields.String(required=True)
    decided_at = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)


class NoticeOut(Schema):
    """A reminder that was sent."""

    id = fields.String(required=True)
    week = fields.String(required=True)
    at = fields.String(required=True)


class PersonWeekOut(Schema):
    """What a rep's week rests on."""

    person = fields.Nested(WeekPersonOut, required=True)
    week = fields.String(required=True)
    state = fields.String(required=True, validate=_state)
    office_id = fields.String(required=True, allow_none=True)
    calendar_missing = fields.Boolean(required=True)
    check_ins = fields.List(fields.Nested(CountedCheckInOut), required=True)
    exemptions = fields.List(fields.Nested(ExemptionOut), required=True)
    make_ups = fields.List(fields.Nested(MakeUpOut), required=True)
    notices = fields.List(fields.Nested(NoticeOut), required=True)


class RequestsQuery(Schema):
    """Filters of the list of requests."""

    state = fields.String(validate=_decision)
    region = fields.String()


class RequestOut(Schema):
    """A request: one of the two records is there, as what says."""

    what = fields.String(required=True, validate=validate.OneOf(["exemption", "make_up"]))
    person = fields.Nested(WeekPersonOut, required=True)
    exemption = fields.Nested(ExemptionOut, required=True, allow_none=True)
    make_up = fields.Nested(MakeUpOut, required=True, allow_none=True)


class RequestsOut(Schema):
    """Requests, newest first."""

    items = fields.List(fields.Nested(RequestOut), required=True)
    total = fields.Integer(required=True)


class ExemptionIn(Schema):
    """Days that a supervisor or the office frees a rep from reporting; approved at once."""

    person_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    reason = fields.String(load_default="", validate=_note)


class DecisionIn(Schema):
    """A decision, with words for the rep."""

    approve = fields.Boolean(required=True)
    note = fields.String(load_default="", validate=_note)


class RuleVersionOut(Schema):
    """The rule from a week on."""

    from_week = fields.String(required=True)
    need = fields.Integer(required=True)
    days = fields.List(fields.Integer(), required=True)
    grace_hours = fields.Integer(required=True)


class RuleOut(Schema):
    """The week rule; the last version whose week has begun holds."""

    id = fields.String(required=True)
    versions = fields.List(fields.Nested(RuleVersionOut), required=True)
    rev = fields.Integer(required=True)


class RuleChangeOut(Schema):
    """A change of the rule; by is null where the program did it."""

    at = fields.String(required=True)
    by = fields.String(required=True, allow_none=True)
    before = fields.Nested(RuleVersionOut, required=True)
    after = fields.Nested(RuleVersionOut, required=True)


class RuleHistoryOut(Schema):
    """Changes of the rule, newest first."""

    items = fields.List(fields.Nested(RuleChangeOut), required=True)
    total = fields.Integer(required=True)


class RuleIn(Schema):
    """The rule as it shall be from a week on; without one, from this week on."""

    from_week = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=8))
    need = fields.Integer(required=True, strict=True, validate=validate.Range(1, 7))
    days = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 7)),
        required=True,
        validate=validate.Length(1, 7),
    )
    grace_hours = fields.Integer(required=True, strict=True, validate=validate.Range(0, 24))


class CalendarDayOut(Schema):
    """A day that is not as its weekday says: off, or a weekend day worked."""

    date = fields.String(required=True)
    name = fields.String(required=True)
    off = fields.Boolean(required=True)


class CalendarOut(Schema):
    """A year. known false: nobody has announced it, and nobody is exempt for it."""

    year = fields.Integer(required=True)
    source = fields.String(required=True, allow_none=True)
    known = fields.Boolean(required=True)
    days = fields.List(fields.Nested(CalendarDayOut), required=True)


class CalendarsOut(Schema):
    """The years on file, and this one and the next."""

    items = fields.List(fields.Nested(CalendarOut), required=True)
    total = fields.Integer(required=True)


class UploadQuery(Schema):
    """A trial changes nothing."""

    dry_run = fields.Boolean(load_default=False)


class CalendarErrorOut(Schema):
    """What is wrong with a row; rows count from 1."""

    row = fields.Integer(required=True)
    field = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)


class CalendarReportOut(Schema):
    """What an uploaded calendar says; added and removed are days against the one on file."""

    year = fields.Integer(required=True)
    days = fields.List(fields.Nested(CalendarDayOut), required=True)
    errors = fields.List(fields.Nested(CalendarErrorOut), required=True)
    added = fields.Integer(required=True)
    removed = fields.Integer(required=True)
    saved = fields.Boolean(required=True)


class DutyOut(Schema):
    """What is set for a rep. office_id: the one they are bound to. since: weeks count from then."""

    id = fields.String(required=True)
    office_id = fields.String(required=True, allow_none=True)
    since = fields.String(required=True, allow_none=True)
    rev = fields.Integer(required=True)


class DutyIn(Schema):
    """What shall be set for a rep."""

    office_id = fields.String(load_default=None, allow_none=True)
    since = fields.Date(load_default=None, allow_none=True)
