"""Execution and effectiveness against a count by hand, for whatever happened."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.campaigns.execution import (
    Done,
    Given,
    Plan,
    effectiveness,
    effectiveness_by,
    store_result,
    totals,
)

MATERIALS = ("m1", "m2", "m3")
KINDS = ("pile", "endcap", "posm")
plans = st.builds(
    Plan,
    st.dictionaries(st.sampled_from(MATERIALS), st.integers(1, 5)),
    st.lists(st.sampled_from(KINDS), unique=True).map(tuple),
)
# One unit after the other, and one photo after the other, as they come in.
units = st.lists(st.sampled_from(MATERIALS), max_size=12)
photos = st.lists(st.sampled_from(KINDS), max_size=5)
facts = st.lists(
    st.builds(
        Given,
        store_id=st.sampled_from(("s1", "s2")),
        region_id=st.sampled_from(("r1", "r2")),
        rep_id=st.sampled_from(("a", "b")),
        material_id=st.sampled_from(MATERIALS),
        quantity=st.integers(1, 100),
        signed=st.booleans(),
        photographed=st.booleans(),
        on_site=st.booleans(),
    ),
    max_size=25,
)


def lacking_by_hand(plan: Plan, given_out: list[str], taken: list[str]) -> list[str]:
    """A list of every single thing that is owed, crossed off one by one."""
    owed = [key for key, wanted in plan.materials.items() for _ in range(wanted)]
    owed += list(plan.photo_kinds)
    for one in given_out:
        if one in owed:
            owed.remove(one)
    for kind in set(taken):
        if kind in owed:
            owed.remove(kind)
    return owed


@given(
    plans,
    units,
    photos,
    st.booleans(),
    st.sets(st.sampled_from((*MATERIALS, "of no plan"))),
    st.sets(st.sampled_from(KINDS)),
)
def test_what_a_rep_said_is_missing_is_missing(
    plan: Plan, out: list[str], taken: list[str], over: bool, said: set[str], not_taken: set[str]
) -> None:
    handed = {key: out.count(key) for key in set(out)}
    silent = store_result(plan, handed, taken, over=over)
    result = store_result(plan, handed, taken, over=over, said_missing=said, not_taken=not_taken)
    material = bool(said & plan.materials.keys())
    photo = bool(not_taken & set(silent.lacking_photos))
    if material or photo:
        assert result.state is Done.MISSING
    else:
        assert result.state is silent.state
    # A photo that is there after all lacks no more, whatever was said of it.
    assert result.complete == (silent.complete and not material)
    assert result.lacking == silent.lacking


@given(plans, units, photos, st.booleans())
def test_a_store_against_a_list_crossed_off(
    plan: Plan, given_out: list[str], taken: list[str], over: bool
) -> None:
    handed = {key: given_out.count(key) for key in set(given_out)}
    result = store_result(plan, handed, taken, over=over)
    owed = lacking_by_hand(plan, given_out, taken)
    said = [key for key, number in result.lacking.items() for _ in range(number)]
    assert sorted(said + list(result.lacking_photos)) == sorted(owed)
    assert result.complete == (owed == [])
    assert set(result.photos) == set(taken) & set(plan.photo_kinds)
    material_owed = any(one in MATERIALS for one in owed)
    if not owed:
        wanted = Done.PHOTOGRAPHED if plan.photo_kinds else Done.HANDED_OUT
    elif over:
        wanted = Done.MISSING
    elif not given_out and not result.photos:
        wanted = Done.PLANNED
    elif plan.materials and not material_owed:
        wanted = Done.HANDED_OUT
    else:
        wanted = Done.MISSING
    assert result.state is wanted


@given(st.lists(st.tuples(plans, units, photos), max_size=8), st.booleans())
def test_totals_count_each_store_once(rows: list[Any], over: bool) -> None:
    results = [
        store_result(plan, {key: out.count(key) for key in set(out)}, taken, over=over)
        for plan, out, taken in rows
    ]
    found = totals(results)
    assert found["stores"] == len(rows) == sum(found[state.value] for state in Done)
    assert found["complete"] == sum(one.complete for one in results)
    if over:
        assert found["missing"] == found["stores"] - found["complete"]


@given(facts)
def test_effectiveness_against_a_count(rows: list[Given]) -> None:
    found = effectiveness(rows)
    count = good = bag = good_bag = 0
    for one in rows:
        count += 1
        bag += one.quantity
        if one.signed and one.photographed and one.on_site:
            good += 1
            good_bag += one.quantity
    assert (found["handouts"], found["effective"]) == (count, good)
    assert (found["units"], found["effective_units"]) == (bag, good_bag)
    if count == 0:
        assert found["share"] is None
    else:
        assert abs(found["share"] - good / count) <= 0.00005
    lacks = ("unsigned", "no_photo", "not_on_site")
    assert max(found[key] for key in lacks) <= count - good <= sum(found[key] for key in lacks)


@given(facts, st.sampled_from(("store_id", "region_id", "rep_id", "material_id")))
def test_groups_are_the_whole_cut_into_pieces(rows: list[Given], name: str) -> None:
    groups = effectiveness_by(rows, lambda one: getattr(one, name))
    whole = effectiveness(rows)
    for key in whole.keys() - {"share"}:
        assert sum(group[key] for group in groups.values()) == whole[key]
    for value, group in groups.items():
        assert group == effectiveness([one for one in rows if getattr(one, name) == value])
