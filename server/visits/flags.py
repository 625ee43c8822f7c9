"""A visit's flags: their order, its own, those of its photos and of its handouts. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from server.accounts.organisation import Rules
from server.visits import words

Flag = dict[str, Any]

# As they are listed: where, when, how long, what was shown, what was given.
ORDER: Final = (
    "off_site",
    "uncertain",
    "unverifiable",
    "low_accuracy",
    "clock_moved",
    "impossible_travel",
    "identical_fix",
    "short_visit",
    "no_photo",
    "photo_reused",
    "photo_old",
    "over_issued",
)
_PLACE: Final = {code: place for place, code in enumerate(ORDER)}

# What each group of rules may say: a group judged again replaces its own flags and no other's.
POSITION: Final = frozenset({"off_site", "uncertain", "unverifiable", "low_accuracy"})
CLOCK: Final = frozenset({"clock_moved"})
TRAVEL: Final = frozenset({"impossible_travel", "identical_fix"})
OWN: Final = frozenset({"short_visit", "no_photo"})
PHOTO: Final = frozenset({"photo_reused", "photo_old"})
HANDOUT: Final = frozenset({"over_issued"})


class FindingKind(StrEnum):
    """What was found about a photo."""

    REUSED = "reused"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class PhotoFinding:
    """Something found about one photo of a visit, handed in by who looked at the photos.

    reused: the same picture stands in other_visit_id, distance bits apart (0: the same bytes).
    old: its EXIF time is exif_gap_s seconds from when it was taken by the phone's word; by doubt_s
    of them it may be wrong.
    """

    kind: FindingKind
    photo_id: str
    other_visit_id: str | None = None
    other_photo_id: str | None = None
    distance: int = 0
    exif_gap_s: float = 0.0
    doubt_s: float = 0.0


def replaced(flags: Iterable[Flag], group: Collection[str], new: Iterable[Flag]) -> list[Flag]:
    """The flags with those of a group taken out and new ones put in, in order."""
    kept = [flag for flag in flags if flag["code"] not in group]
    kept.extend(new)
    if len(kept) > 1:
        kept.sort(key=lambda flag: _PLACE.get(flag["code"], len(ORDER)))
    return kept


def own_flags(
    rules: Rules, *, dwell_s: float | None, completed: bool, photos: int | None
) -> list[Flag]:
    """Flags of a visit by itself: short_visit, no_photo.

    photos None means that the phone did not say how many there are: then none are missed.
    """
    if not completed:
        return []
    found = []
    if dwell_s is not None and dwell_s < rules.short_visit_s:
        found.append(_flag("short_visit", {"dwell_s": dwell_s, "minimum_s": rules.short_visit_s}))
    if photos is not None and photos < rules.photos_min:
        found.append(_flag("no_photo", {"photos": photos, "photos_min": rules.photos_min}))
    return found


def photo_flags(rules: Rules, findings: Sequence[PhotoFinding]) -> list[Flag]:
    """Flags of a visit by what was found about its photos; one of each kind, the worst."""
    reused = [one for one in findings if one.kind is FindingKind.REUSED]
    old = [
        one
        for one in findings
        if one.kind is FindingKind.OLD and abs(one.exif_gap_s) - one.doubt_s > rules.photo_old_s
    ]
    found = []
    if reused:
        worst = min(reused, key=lambda one: (one.distance, one.photo_id))
        same = {one.photo_id for one in reused if one.distance == 0}
        photos = {one.photo_id for one in reused}
        code = "photo_same_or_alike" if same and same != photos else None
        code = code or ("photo_same" if same else "photo_alike")
        alike = {"photos": len(photos), "distance": worst.distance}
        # Not the other photo or visit: its author reads this, and they may be somebody else's.
        found.append(_flag("photo_reused", alike, {"photo_id": worst.photo_id}, sentence=code))
    if old:
        worst = max(old, key=lambda one: (abs(one.exif_gap_s), one.photo_id))
        numbers = {
            "photos": len({one.photo_id for one in old}),
            "gap_s": round(abs(worst.exif_gap_s), 1),
            "limit_s": rules.photo_old_s,
        }
        found.append(_flag("photo_old", numbers, {"photo_id": worst.photo_id}))
    return found


def handout_flags(short: Sequence[int]) -> list[Flag]:
    """Flag of a visit by its handouts: of each that the books do not cover, the units lacking."""
    if not short:
        return []
    return [_flag("over_issued", {"handouts": len(short), "short": sum(short)})]


def _flag(
    code: str,
    numbers: Mapping[str, float],
    refs: Mapping[str, str] | None = None,
    *,
    sentence: str | None = None,
) -> Flag:
    flag: Flag = {
        "code": code,
        "words": words.flag(sentence or code, numbers),
        "numbers": dict(numbers),
    }
    if refs:
        flag["refs"] = dict(refs)
    return flag
