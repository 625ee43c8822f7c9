"""The arithmetic of campaigns: what is done at a store, and how much of the giving out holds.

Pure: no tables here. A store is held against the plan; a handout is effective where it is signed,
a photo of its visit has arrived, and the visit was inside the fence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

# Shown wherever the share is shown: a number without its definition is a rumour.
DEFINITION: Final = {
    "zh-CN": "有效发放 = 有领取人签名、该次拜访有已上传的照片、且签到判定为“范围内”的发放笔数 "
    "÷ 活动期间计入本活动的全部发放笔数",
    "en": "Effective distribution = handouts with the recipient's signature, an uploaded photo of "
    "the visit and a check-in judged on site ÷ all handouts of the campaign in its period",
}


class Done(StrEnum):
    """How far a store is."""

    PLANNED = "planned"
    HANDED_OUT = "handed_out"
    PHOTOGRAPHED = "photographed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Plan:
    """What each store is to get (units by material id), and the photos that it owes."""

    materials: Mapping[str, int]
    photo_kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoreResult:
    """A store held against the plan. lacking is units by material id, lacking_photos kinds."""

    state: Done
    complete: bool
    handed: Mapping[str, int]
    lacking: Mapping[str, int]
    photos: tuple[str, ...]
    lacking_photos: tuple[str, ...]


def store_result(
    plan: Plan,
    handed: Mapping[str, int],
    kinds: Iterable[str],
    *,
    over: bool,
    said_missing: Collection[str] = (),
    not_taken: Collection[str] = (),
) -> StoreResult:
    """What is done at one store. over: the campaign's last day has passed.

    said_missing: materials of which the last word is that they are missing. not_taken: kinds of
    photos that a rep could not take. complete: nothing lacks, and nothing is said to be missing.
    Nothing done yet is planned; all material given out but a photo lacks is handed_out; begun with
    a part, or not complete when it is over, or when a rep said that something is missing, is
    missing.
    """
    there = set(kinds)
    lacking = {
        key: wanted - handed.get(key, 0)
        for key, wanted in plan.materials.items()
        if handed.get(key, 0) < wanted
    }
    photos = tuple(kind for kind in plan.photo_kinds if kind in there)
    lacking_photos = tuple(kind for kind in plan.photo_kinds if kind not in there)
    told = any(key in plan.materials for key in said_missing)
    complete = not lacking and not lacking_photos and not told
    told = told or any(kind in lacking_photos for kind in not_taken)
    begun = bool(photos) or any(quantity > 0 for quantity in handed.values())
    if complete:
        state = Done.PHOTOGRAPHED if plan.photo_kinds else Done.HANDED_OUT
    elif over or told:
        state = Done.MISSING
    elif not begun:
        state = Done.PLANNED
    elif plan.materials and not lacking:
        state = Done.HANDED_OUT
    else:
        state = Done.MISSING
    return StoreResult(state, complete, dict(handed), lacking, photos, lacking_photos)


@dataclass(frozen=True, slots=True)
class Given:
    """One handout of a campaign in its period, with what proves it."""

    store_id: str
    region_id: str
    rep_id: str
    material_id: str
    quantity: int
    signed: bool
    photographed: bool
    on_site: bool

    @property
    def effective(self) -> bool:
        """All three proofs are there."""
        return self.signed and self.photographed and self.on_site


def effectiveness(given: Iterable[Given]) -> dict[str, Any]:
    """{handouts, effective, share, units, effective_units, unsigned, no_photo, not_on_site}.

    share is between 0 and 1, None where nothing was handed out. A handout may lack several
    proofs: the last three do not add up to what is not effective.
    """
    rows = list(given)
    good = [one for one in rows if one.effective]
    return {
        "handouts": len(rows),
        "effective": len(good),
        "share": round(len(good) / len(rows), 4) if rows else None,
        "units": sum(one.quantity for one in rows),
        "effective_units": sum(one.quantity for one in good),
        "unsigned": sum(not one.signed for one in rows),
        "no_photo": sum(not one.photographed for one in rows),
        "not_on_site": sum(not one.on_site for one in rows),
    }


def effectiveness_by(
    given: Iterable[Given], key: Callable[[Given], Hashable]
) -> dict[Hashable, dict[str, Any]]:
    """effectiveness() of each group."""
    groups: dict[Hashable, list[Given]] = {}
    for one in given:
        groups.setdefault(key(one), []).append(one)
    return {name: effectiveness(rows) for name, rows in groups.items()}


def totals(results: Iterable[StoreResult]) -> dict[str, int]:
    """Stores by state, how many are complete, and all: {stores, complete, planned, …}."""
    found = dict.fromkeys(("stores", "complete", *(state.value for state in Done)), 0)
    for one in results:
        found["stores"] += 1
        found["complete"] += one.complete
        found[one.state.value] += 1
    return found
