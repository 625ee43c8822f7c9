"""Bodies of the task routes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.kernel.paging import LIMIT_DEFAULT, LIMIT_MAX
from server.kernel.sheets import MIME
from server.tasks.domain import DETAILS_MAX, NOTE_MAX, REPS_MAX, TITLE_MAX
from server.tasks.models import State

_STATE = validate.OneOf([one.value for one in State])
_ID = validate.Length(1, 36)
# At least one character that can be seen.
_TITLE = validate.And(validate.Length(1, TITLE_MAX), validate.Regexp(r"(?s).*\S"))
_DETAILS = validate.Length(max=DETAILS_MAX)


class TaskFiltersIn(Schema):
    """What tasks are listed or exported. visit: given from it, or done in it."""

    region = fields.String()
    rep = fields.String()
    store = fields.String()
    visit = fields.String()
    state = fields.String(validate=_STATE)
    overdue = fields.Boolean(load_default=False)
    q = fields.String(validate=validate.Length(max=80))


class TasksQuery(TaskFiltersIn):
    """A page of tasks."""

    cursor = fields.String(validate=validate.Length(max=400))
    limit = fields.Integer(
        load_default=LIMIT_DEFAULT, validate=validate.Range(min=1, max=LIMIT_MAX)
    )


class TaskExportQuery(TaskFiltersIn):
    """The filters of the list, and the kind of file."""

    format = fields.String(required=True, validate=validate.OneOf([*MIME]))


class TaskRecord(Schema):
    """A task as a rep's phone has it. Days are the organisation's."""

    id = fields.String(required=True)
    rep_id = fields.String(required=True)
    store_id = fields.String(required=True, allow_none=True)
    store_name = fields.String(required=True)
    from_visit_id = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    details = fields.String(required=True)
    due_on = fields.String(required=True, allow_none=True, metadata={"format": "date"})
    given_by = fields.String(required=True)
    given_by_name = fields.String(required=True)
    given_at = fields.String(required=True)
    state = fields.String(required=True, validate=_STATE)
    state_note = fields.String(
        required=True, metadata={"description": "Why it was called off or reopened."}
    )
    closed_at = fields.String(required=True, allow_none=True)
    done_at = fields.String(required=True, allow_none=True)
    done_note = fields.String(required=True)
    done_visit_id = fields.String(required=True, allow_none=True)
    rev = fields.Integer(required=True)


class TaskOut(TaskRecord):
    """A task as the console lists it."""

    rep_name = fields.String(required=True)
    region_name = fields.String(required=True)
    store_code = fields.String(required=True)
    closed_by_name = fields.String(required=True)
    overdue = fields.Boolean(required=True)


class TaskEventOut(Schema):
    """One thing that was done to a task."""

    at = fields.String(required=True)
    event = fields.String(required=True)
    by = fields.String(required=True)


class TaskPageOut(TaskOut):
    """A task with its history, oldest first."""

    history = fields.List(fields.Nested(TaskEventOut), required=True)


class TaskCountsOut(Schema):
    """How many of each; overdue ones are open ones as well."""

    open = fields.Integer(required=True)
    overdue = fields.Integer(required=True)
    done = fields.Integer(required=True)
    cancelled = fields.Integer(required=True)


class TasksOut(Schema):
    """A page of tasks; counts are of the other filters, whatever the state."""

    items = fields.List(fields.Nested(TaskOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)
    counts = fields.Nested(TaskCountsOut, required=True)


class GivenOut(Schema):
    """The tasks that were given, one for each rep."""

    items = fields.List(fields.Nested(TaskOut), required=True)


class TaskIn(Schema):
    """A task to be given: to these reps, or to those of the store."""

    id = fields.UUID(metadata={"description": "Made by the caller, so that a retry is safe."})
    title = fields.String(required=True, validate=_TITLE)
    details = fields.String(validate=_DETAILS)
    due_on = fields.Date(allow_none=True)
    rep_ids = fields.List(fields.String(validate=_ID), validate=validate.Length(max=REPS_MAX))
    store_id = fields.String(allow_none=True, validate=_ID)
    from_visit_id = fields.String(allow_none=True, validate=_ID)


class TaskPatch(Schema):
    """Changes to an open task; only what is named changes."""

    title = fields.String(validate=_TITLE)
    details = fields.String(validate=_DETAILS)
    due_on = fields.Date(allow_none=True)
    store_id = fields.String(allow_none=True, validate=_ID)
    rep_id = fields.String(validate=_ID)


class TaskStateIn(Schema):
    """Why a task is called off or opened again; the rep reads it."""

    note = fields.String(load_default="", validate=validate.Length(max=NOTE_MAX))
