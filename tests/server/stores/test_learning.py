"""Learning where a store is: from many hands, not from one, and not from a few wild fixes."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.geo import great_circle_m
from server.stores.learning import Learned, PinFix, learn

DOOR = (31.3, 120.6)


def near(
    number: int,
    *,
    reps: int = 3,
    days: int = 4,
    off_m: float = 0.0,
    seed: int = 1,
    accuracy: float = 12.0,
    jitter_m: float = 10.0,
) -> list[PinFix]:
    """So many fixes around a point off_m north of the door, by turns of reps and days."""
    chance = random.Random(seed)
    found = []
    for n in range(number):
        north, east = chance.gauss(off_m, jitter_m), chance.gauss(0, jitter_m)
        found.append(
            PinFix(
                DOOR[0] + north / 111_195,
                DOOR[1] + east / (111_195 * math.cos(math.radians(DOOR[0]))),
                accuracy,
                f"rep {n % reps}",
                f"2026-11-{1 + n % days:02d}",
            )
        )
    return found


def off(found: Learned | None) -> float:
    assert found is not None
    return great_circle_m(found.lat, found.lon, *DOOR)


@pytest.mark.parametrize(
    ("fixes", "is_learned"),
    [
        (near(12), True),
        # two people on one day, one person on three days
        (near(6, reps=2, days=1), True),
        (near(6, reps=1, days=3), True),
        # one person, however often, on two days
        (near(40, reps=1, days=2), False),
        (near(4), False),
        ([], False),
        # half of them are somewhere else altogether
        (near(8) + near(8, off_m=5_000, seed=2), False),
        # they agree on nothing
        (
            [fix for n in range(12) for fix in near(1, off_m=1_500 * n, seed=n, jitter_m=200)],
            False,
        ),
    ],
)
def test_when_a_place_is_learned(fixes: Sequence[PinFix], is_learned: bool) -> None:
    assert (learn(fixes) is not None) == is_learned


def test_a_third_of_wild_fixes_moves_nothing() -> None:
    found = learn(near(20) + near(9, off_m=40_000, seed=3))
    assert off(found) < 12
    assert found is not None
    assert (found.fixes, found.left_out) == (20, 9)
    assert found.quality_m < 30


def test_one_person_pressing_often_outvotes_nobody() -> None:
    # Six check-ins in a row at the car park, 60 m away, against one each of five others.
    often = near(6, reps=1, days=1, off_m=60, seed=4, jitter_m=3)
    others = [
        PinFix(fix.lat, fix.lon, fix.accuracy_m, f"other {n}", fix.day)
        for n, fix in enumerate(near(5, seed=5, jitter_m=3))
    ]
    assert off(learn(often + others)) < 20


def test_good_fixes_weigh_more_than_coarse_ones() -> None:
    good = near(6, accuracy=8, seed=6, jitter_m=3)
    coarse = near(6, accuracy=120, off_m=60, seed=7, jitter_m=3)
    assert off(learn(good + coarse)) < 15


def test_what_was_learned_is_told() -> None:
    found = learn(near(12, off_m=340))
    assert found is not None
    assert off(found) == pytest.approx(340, abs=15)
    assert (found.fixes, found.left_out, found.reps, found.days) == (12, 0, 3, 4)
    assert 10 <= found.quality_m <= 20
    assert 5 <= found.spread_m <= 30


@given(st.randoms(use_true_random=False), st.integers(5, 25))
def test_the_order_does_not_matter(chance: random.Random, number: int) -> None:
    fixes = near(number, jitter_m=25) + near(number // 4, off_m=900, seed=9)
    mixed = list(fixes)
    chance.shuffle(mixed)
    assert learn(mixed) == learn(fixes)


@given(
    st.lists(
        st.tuples(st.floats(-85, 85), st.floats(-180, 180), st.floats(0, 150)),
        min_size=5,
        max_size=20,
    )
)
def test_any_fixes_are_borne(raw: list[tuple[float, float, float]]) -> None:
    fixes = [PinFix(lat, lon, acc, f"r{n}", f"d{n}") for n, (lat, lon, acc) in enumerate(raw)]
    found = learn(fixes)
    if found is not None:
        assert all(map(math.isfinite, (found.lat, found.lon, found.quality_m, found.spread_m)))
