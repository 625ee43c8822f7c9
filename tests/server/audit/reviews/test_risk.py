"""The points of a visit: the same in Python and in SQL, never fewer for more doubts."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from server.audit.reviews.models import VisitReview
from server.audit.reviews.queue import ranked
from server.audit.reviews.risk import FAR, POINTS, REPEAT_MOST, risk_of
from server.kernel.clock import FrozenClock
from server.visits.flag_bits import CODES, bits_of
from server.visits.models import Visit
from server.visits.verdict import Verdict
from tests.server.audit.conftest import Seed
from tests.server.conftest import NOW, World

codes = st.sets(st.sampled_from(CODES))
verdicts = st.sampled_from([verdict.value for verdict in Verdict])
metres = st.one_of(st.none(), st.floats(0, 50_000), st.sampled_from([step for step, _ in FAR]))
rejections = st.integers(0, 9)


def test_every_flag_has_points() -> None:
    assert POINTS.keys() == set(CODES)
    assert min(POINTS.values()) > 0


@given(codes, verdicts, metres, rejections)
def test_the_parts_add_up(
    flags: set[str], verdict: str, distance: float | None, rejected: int
) -> None:
    risk = risk_of(flags, verdict, distance, rejected)
    points = [number for _, number in risk.parts]
    assert sum(points) == risk.points
    assert points == sorted(points, reverse=True)
    assert len({code for code, _ in risk.parts}) == len(points)


@given(codes, st.sampled_from(CODES), verdicts, metres, rejections)
def test_another_doubt_never_lowers_it(
    flags: set[str], more: str, verdict: str, distance: float | None, rejected: int
) -> None:
    before = risk_of(flags, verdict, distance, rejected).points
    assert risk_of(flags | {more}, verdict, distance, rejected).points >= before
    assert risk_of(flags, verdict, distance, rejected + 1).points >= before
    assert risk_of(flags, verdict, (distance or 0) + 5_000, rejected).points >= before


def test_a_repeat_weighs_no_more_than_the_gravest_flag() -> None:
    assert risk_of([], "on_site", None, 100).points == REPEAT_MOST < POINTS["off_site"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(codes, verdicts, metres, rejections), min_size=1, max_size=8))
def test_the_database_ranks_as_the_function(
    session: Session,
    world: World,
    clock: FrozenClock,
    seed: Seed,
    visits: list[tuple[set[str], str, float | None, int]],
) -> None:
    session.execute(delete(VisitReview))
    session.execute(delete(Visit))
    # Those of one person share their rejections: here the first one's count.
    rejected = visits[0][3]
    rows = seed([{"flags": sorted(flags), "verdict": verdict} for flags, verdict, _, _ in visits])
    past = seed([{"at": NOW - timedelta(days=9)} for _ in range(rejected)]) if rejected else []
    for row, (_, _, distance, _) in zip(rows, visits, strict=True):
        session.execute(update(Visit).where(Visit.id == row["id"]).values(distance_m=distance))
    session.add_all(
        VisitReview(
            visit_id=row["id"],
            author_id=row["author_id"],
            store_id=row["store_id"],
            region_id=row["region_id"],
            state="rejected",
            flag_bits=0,
            decided_at=NOW - timedelta(days=1),
            changed_at=NOW,
            rev=1,
        )
        for row in past
    )
    session.flush()
    query, points = ranked(clock)
    ids = [row["id"] for row in rows]
    found = session.execute(query.where(Visit.id.in_(ids))).all()
    expected = {
        row["id"]: risk_of(flags, verdict, distance, rejected).points
        for row, (flags, verdict, distance, _) in zip(rows, visits, strict=True)
    }
    assert {row.id: row.points for row in found} == expected
    assert [row.points for row in found] == sorted(expected.values(), reverse=True)
    assert session.scalars(select(Visit.flag_bits).where(Visit.id == ids[0])).one() == bits_of(
        visits[0][0]
    )
    del points
