"""Percent and kappa by hand-made tables, and what must hold for any."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.reviews.kappa import Agreement

# both accepted, accepted then rejected, rejected then accepted, both rejected → percent, kappa
TABLES = [
    # The worked example of textbooks: 50 grants, 35 agreed on.
    ((20, 5, 10, 15), 70.0, 0.4),
    ((10, 0, 0, 10), 100.0, 1.0),
    ((0, 10, 10, 0), 0.0, -1.0),
    ((25, 25, 25, 25), 50.0, 0.0),
    # Both always said yes: they agree, and it says nothing beyond chance.
    ((9, 0, 0, 0), 100.0, None),
    ((0, 0, 0, 0), None, None),
]


@pytest.mark.parametrize(("table", "percent", "kappa"), TABLES)
def test_by_hand(table: tuple[int, ...], percent: float | None, kappa: float | None) -> None:
    found = Agreement(*table)
    assert (found.percent, found.kappa) == (percent, kappa)


@given(st.tuples(*[st.integers(0, 60)] * 4))
def test_it_does_not_matter_who_was_first(table: tuple[int, int, int, int]) -> None:
    a, b, c, d = table
    one, other = Agreement(a, b, c, d), Agreement(a, c, b, d)
    assert (one.percent, one.kappa) == (other.percent, other.kappa)
    # Nor which of both words is called yes.
    assert one.kappa == Agreement(d, c, b, a).kappa
    assert one.kappa is None or -1 <= one.kappa <= 1


def test_counting() -> None:
    found = Agreement()
    for first, second in ((True, True), (True, False), (False, True), (False, False)):
        found.add(first_accepted=first, second_accepted=second, times=2)
    assert found == Agreement(2, 2, 2, 2)
    assert (found.cases, found.agreed) == (8, 4)
