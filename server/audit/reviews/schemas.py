"""What the review routes take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from server.audit.reviews.models import Action, ReviewState
from server.kernel.choices import Choices
from server.kernel.ids import is_id
from server.kernel.paging import LIMIT_DEFAULT, LIMIT_MAX
from server.visits.flag_bits import CODES
from server.visits.schemas import VisitItemOut, VisitPageOut
from server.visits.verdict import Verdict

TEXT_MAX = 500
SEED_MAX = 2**31 - 1
DECISIONS = (ReviewState.ACCEPTED.value, ReviewState.REJECTED.value)


def _uuid(value: str) -> None:
    if not is_id(value):
        raise ValidationError("Give a UUID in lower case.")


class FiltersIn(Schema):
    """Filters of the queue; days are the organisation's, both inclusive."""

    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")
    region = fields.String(validate=validate.Length(max=36))
    rep = fields.String(validate=validate.Length(max=36))
    store = fields.String(validate=validate.Length(max=36))
    verdicts = Choices(fields.String(validate=validate.OneOf(list(Verdict))), data_key="verdict")
    flags = Choices(fields.String(validate=validate.OneOf(CODES)), data_key="flag")


class QueueQuery(FiltersIn):
    """Filters of the queue, state of the review included."""

    states = Choices(fields.String(validate=validate.OneOf(list(ReviewState))), data_key="state")
    cursor = fields.String()
    limit = fields.Integer(load_default=LIMIT_DEFAULT, validate=validate.Range(1, LIMIT_MAX))


class ReviewQuery(Schema):
    """How a visit is asked for; ahead: nobody is looking yet."""

    ahead = fields.Boolean(load_default=False)


class RiskPartOut(Schema):
    """Points for a flag, for the distance (far) or for earlier rejections (repeat)."""

    code = fields.String(required=True)
    points = fields.Integer(required=True)


class RiskOut(Schema):
    """How much a visit is worth a look; docs/reviews.md says how it adds up."""

    points = fields.Integer(required=True)
    parts = fields.List(fields.Nested(RiskPartOut), required=True)


class ReviewOut(Schema):
    """Where a review stands. Blind: the caller is to re-audit it, and is told nothing else."""

    state = fields.String(
        required=True, allow_none=True, validate=validate.OneOf([*ReviewState, None])
    )
    question = fields.String(required=True, allow_none=True)
    at = fields.String(required=True, allow_none=True)
    entry_id = fields.String(
        required=True, allow_none=True, metadata={"description": "The decision that stands."}
    )
    mine = fields.Boolean(required=True)
    rev = fields.Integer(required=True)
    blind = fields.Boolean(required=True)


class QueueItemOut(VisitItemOut):
    """A doubtful visit as a row of the queue."""

    review = fields.Nested(ReviewOut, required=True)
    risk = fields.Nested(RiskOut, required=True)


class QueueOut(Schema):
    """A page of the queue, the riskiest first."""

    items = fields.List(fields.Nested(QueueItemOut), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)


class StopOut(Schema):
    """A visit of the day, and the way to it from the one before.

    speed_kmh is given only where a flag says that nobody can have gone so fast.
    """

    id = fields.String(required=True)
    store_name = fields.String(required=True)
    checked_in_at = fields.String(required=True)
    checked_out_at = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    verdict = fields.String(required=True)
    flags = fields.List(fields.String(), required=True)
    lat = fields.Float(required=True, allow_none=True)
    lon = fields.Float(required=True, allow_none=True)
    distance_m = fields.Float(required=True, allow_none=True)
    travel_s = fields.Float(required=True, allow_none=True)
    speed_kmh = fields.Float(required=True, allow_none=True)


class EarlierItemOut(Schema):
    """An earlier doubtful visit; state null: under re-audit."""

    id = fields.String(required=True)
    checked_in_at = fields.String(required=True)
    store_name = fields.String(required=True)
    author_name = fields.String(required=True)
    verdict = fields.String(required=True)
    flags = fields.List(fields.String(), required=True)
    state = fields.String(required=True, allow_none=True)


class EarlierOut(Schema):
    """Doubtful visits of the 90 days before, how many were rejected, and the last five."""

    doubtful = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    items = fields.List(fields.Nested(EarlierItemOut), required=True)


class EarlierBothOut(Schema):
    """Earlier findings at the same store, and of the same rep."""

    store = fields.Nested(EarlierOut, required=True)
    rep = fields.Nested(EarlierOut, required=True)


class ReplyOut(Schema):
    """What the rep answered."""

    id = fields.String(required=True)
    at = fields.String(required=True)
    text = fields.String(required=True)
    photo_id = fields.String(required=True, allow_none=True)


class DecisionEntryOut(Schema):
    """A decision, or the undoing of one."""

    id = fields.String(required=True)
    at = fields.String(required=True)
    actor_id = fields.String(required=True)
    actor_name = fields.String(required=True)
    action = fields.String(required=True, validate=validate.OneOf(list(Action)))
    text = fields.String(required=True, allow_none=True)
    undoes = fields.String(required=True, allow_none=True)
    bulk_id = fields.String(required=True, allow_none=True)


class ReviewedVisitOut(VisitPageOut):
    """A visit with everything about it but the journal."""

    class Meta:
        """marshmallow's way."""

        exclude = ("journal",)


class EvidenceOut(Schema):
    """What a decision rests on."""

    visit = fields.Nested(ReviewedVisitOut, required=True)
    day = fields.List(fields.Nested(StopOut), required=True)
    earlier = fields.Nested(EarlierBothOut, required=True)
    replies = fields.List(fields.Nested(ReplyOut), required=True)


class ReviewPageOut(EvidenceOut):
    """A visit under review."""

    review = fields.Nested(ReviewOut, required=True)
    risk = fields.Nested(RiskOut, required=True)
    history = fields.List(fields.Nested(DecisionEntryOut), required=True)


class CasePageOut(EvidenceOut):
    """A visit to be judged without knowing the first decision."""

    case_id = fields.String(required=True)


class DecisionIn(Schema):
    """A decision. text is the question of ask; undoes the entry that undo takes back."""

    id = fields.String(required=True, validate=_uuid)
    action = fields.String(required=True, validate=validate.OneOf(list(Action)))
    text = fields.String(allow_none=True, validate=validate.Length(max=TEXT_MAX))
    undoes = fields.String(allow_none=True, validate=validate.Length(max=36))
    rev = fields.Integer(required=True, strict=True, validate=validate.Range(0, SEED_MAX))

    @validates_schema
    def check(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """A question has words."""
        if data["action"] == Action.ASK and not (data.get("text") or "").strip():
            raise ValidationError("Write a question.", "text")


class DecisionOut(Schema):
    """Where the review stands now."""

    review = fields.Nested(ReviewOut, required=True)
    history = fields.List(fields.Nested(DecisionEntryOut), required=True)


class BulkPreviewOut(Schema):
    """What a bulk of this filter would accept; digest null: it cannot be done."""

    total = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    by_flag = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    by_verdict = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    oldest = fields.String(required=True, allow_none=True)
    newest = fields.String(required=True, allow_none=True)
    sample = fields.List(fields.Nested(QueueItemOut), required=True)
    digest = fields.String(required=True, allow_none=True)


class BulkIn(FiltersIn):
    """The filter of a preview, and its digest."""

    id = fields.String(required=True, validate=_uuid)
    digest = fields.String(required=True, validate=validate.Length(max=64))


class BulkOut(Schema):
    """Visits accepted at once; kept: those that an undo left as they were decided since."""

    id = fields.String(required=True)
    actor_id = fields.String(required=True)
    at = fields.String(required=True)
    visits = fields.Integer(required=True)
    by_flag = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    undone_at = fields.String(required=True, allow_none=True)
    kept = fields.Integer(required=True, allow_none=True)


class BulksOut(Schema):
    """The last bulks, the newest first."""

    items = fields.List(fields.Nested(BulkOut), required=True)


class SampleIn(Schema):
    """What to draw: a share of the decisions of these days. Without a seed one is made up."""

    share = fields.Float(
        required=True, validate=validate.Range(0, 1, min_inclusive=False), allow_nan=False
    )
    seed = fields.Integer(strict=True, validate=validate.Range(0, SEED_MAX))
    first = fields.Date(required=True, data_key="from")
    last = fields.Date(required=True, data_key="to")
    region = fields.String(allow_none=True, validate=validate.Length(max=36))


class SampleOut(Schema):
    """A sample that was drawn; the same seed draws the same decisions again."""

    id = fields.String(required=True)
    actor_id = fields.String(required=True)
    actor_name = fields.String()
    at = fields.String(required=True)
    share = fields.Float(required=True)
    seed = fields.Integer(required=True)
    region_id = fields.String(required=True, allow_none=True)
    first = fields.String(required=True, data_key="from", attribute="first")
    last = fields.String(required=True, data_key="to", attribute="last")
    population = fields.Integer(required=True)
    drawn = fields.Integer(required=True)


class SamplesOut(Schema):
    """The last samples, the newest first."""

    items = fields.List(fields.Nested(SampleOut), required=True)


class CaseOut(Schema):
    """A visit that waits for a second word."""

    id = fields.String(required=True)
    visit_id = fields.String(required=True)


class CasesOut(Schema):
    """What waits for the caller's word."""

    items = fields.List(fields.Nested(CaseOut), required=True)
    total = fields.Integer(required=True)


class AnswerIn(Schema):
    """The second person's decision."""

    state = fields.String(required=True, validate=validate.OneOf(DECISIONS))


class AnswerOut(Schema):
    """What the first person said, told only now."""

    agreed = fields.Boolean(required=True)
    first = fields.String(required=True)


class AgreementOut(Schema):
    """How far two decisions agree; percent and kappa are null where they say nothing."""

    cases = fields.Integer(required=True)
    agreed = fields.Integer(required=True)
    percent = fields.Float(required=True, allow_none=True)
    kappa = fields.Float(required=True, allow_none=True)
    accepted_rejected = fields.Integer(required=True)
    rejected_accepted = fields.Integer(required=True)


class RegionAgreementOut(AgreementOut):
    """The agreement in one region."""

    region_id = fields.String(required=True)
    region_name = fields.String(required=True)


class AgreementsOut(Schema):
    """The agreement by region, of all together, and how many wait for a second word."""

    regions = fields.List(fields.Nested(RegionAgreementOut), required=True)
    all = fields.Nested(AgreementOut, required=True)
    open = fields.Integer(required=True)
