"""What a judgement says to people, in both languages. No rule is decided here."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

Words = dict[str, str]


class Place(StrEnum):
    """What stands at the pin."""

    STORE = "store"
    OFFICE = "office"


_NAMES = {Place.STORE: ("门店", "the store"), Place.OFFICE: ("办公点", "the office")}

_SENTENCES: dict[str, tuple[str, str]] = {
    "on_site": (
        "离{place} {distance}，在 {radius}范围内（定位精度 ±{accuracy}）",
        "{distance} from {place}, within the radius of {radius} (accuracy ±{accuracy})",
    ),
    "off_site": (
        "离{place} {distance}，超出 {radius}范围（定位精度 ±{accuracy}）",
        "{distance} from {place}, outside the radius of {radius} (accuracy ±{accuracy})",
    ),
    "uncertain": (
        "离{place} {distance}，定位精度 ±{accuracy}，不能确定是否在 {radius}范围内",
        (
            "{distance} from {place} with an accuracy of ±{accuracy}: "
            "it cannot be told whether that is within the radius of {radius}"
        ),
    ),
    "no_fix": (
        "没有取得定位，无法核实",
        "There was no position, so it cannot be verified",
    ),
    "no_pin": (
        "{place}没有坐标，无法核实",
        "There are no coordinates of {place}, so it cannot be verified",
    ),
    "accuracy_unknown": (
        "定位没有给出精度，无法核实（读数离{place} {distance}）",
        (
            "The position came without its accuracy, so it cannot be verified "
            "(it reads {distance} from {place})"
        ),
    ),
    "low_accuracy": (
        "定位精度 ±{accuracy}，差于 {max_accuracy}，无法核实（读数离{place} {distance}）",
        (
            "The accuracy of ±{accuracy} is worse than {max_accuracy}, so it cannot be verified "
            "(the position reads {distance} from {place})"
        ),
    ),
    "pin_doubtful": (
        "{place}坐标误差 {quality}，不能用来判定，无法核实（读数离{place} {distance}）",
        (
            "The pin of {place} may be {quality} off and proves nothing, so it cannot be verified "
            "(the position reads {distance} from {place})"
        ),
    ),
    "stale_fix": (
        "定位是 {age}前取得的，超过 {max_age}，无法核实（读数离{place} {distance}）",
        (
            "The position was {age} old, more than {max_age}, so it cannot be verified "
            "(it reads {distance} from {place})"
        ),
    ),
}
_PIN_QUALITY = (
    "；已计入{place}坐标误差 {quality}",
    "; the uncertainty of its pin, {quality}, is allowed for",
)
# By what they say; two sentences may stand behind one code of a flag.
_FLAGS: dict[str, tuple[str, str]] = {
    "short_visit": (
        "在店 {dwell}，少于 {minimum}",
        "{dwell} in the store, less than {minimum}",
    ),
    "clock_back": (
        "手机时钟在两条记录之间被调回 {moved}",
        "The phone’s clock was set back by {moved} between two records",
    ),
    "clock_behind": (
        "手机时钟比它上次联系服务器后应有的时间慢 {moved}",
        "The phone’s clock is {moved} behind what it must be since it last met the server",
    ),
    "clock_ahead": (
        "手机时间比服务器收到时还晚 {moved}",
        "The phone’s time lies {moved} after the server received the record",
    ),
    "impossible_travel": (
        "距上次签到 {distance}，最多 {span}，车速需 {speed}，超过 {limit}",
        (
            "{distance} from the check-in before in at most {span}: "
            "that takes {speed}, more than {limit}"
        ),
    ),
    "identical_fix": (
        "与 {span}前另一门店的签到坐标完全相同，两店相距 {apart}",
        "The very same coordinates as at another store {span} before; the stores are {apart} apart",
    ),
    "no_photo": (
        "照片 {photos}，少于 {photos_min}",
        "{photos}, fewer than {photos_min}",
    ),
    "photo_same": (
        "{photos}照片与别处已有的完全相同",
        "{photos} seen before, byte by byte the same",
    ),
    "photo_alike": (
        "{photos}照片与别处已有的几乎相同",
        "{photos} seen before, nearly the same",
    ),
    "photo_same_or_alike": (
        "{photos}照片与别处已有的相同或几乎相同",
        "{photos} seen before, the same or nearly the same",
    ),
    "photo_old": (
        "{photos}照片的拍摄时间与上传的说法相差 {gap}，超过 {longest}",
        "{photos} with a camera time {gap} away from when it was said to be taken, over {longest}",
    ),
    "over_issued": (
        "{handouts}超出账面库存，共多发 {short}",
        "{handouts} beyond the books, {short} too many",
    ),
}
_LOW_ACCURACY_FLAG = (
    "定位精度 ±{accuracy}，差于 {max_accuracy}",
    "The accuracy of ±{accuracy} is worse than {max_accuracy}",
)


def metres(value: float, *, english: bool) -> str:
    """A distance to be read: 8.5 米, 340 米, 12.3 公里."""
    return _metres(value)[english]


@lru_cache(maxsize=4_096)
def _metres(value: float) -> tuple[str, str]:
    if value >= 10_000:
        number = f"{value / 1000:.1f}"
        return f"{number} 公里", f"{number} km"
    # Half a metre goes up, as browsers round: one distance must not be told in two ways.
    number = f"{value:.1f}" if value < 10 and round(value, 1) % 1 else str(math.floor(value + 0.5))
    return f"{number} 米", f"{number} m"


def duration(seconds: float, *, english: bool) -> str:
    """A time span to be read: 40 秒, 2 分 5 秒, 3 分钟, 1 小时 10 分, 3 天."""
    whole = round(seconds)
    if whole >= 2 * 86_400:
        days = whole // 86_400
        return f"{days} days" if english else f"{days} 天"
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        if english:
            return f"{hours} h {minutes} min" if minutes else f"{hours} h"
        return f"{hours} 小时 {minutes} 分" if minutes else f"{hours} 小时"
    if minutes:
        if english:
            return f"{minutes} min {rest} s" if rest else f"{minutes} min"
        return f"{minutes} 分 {rest} 秒" if rest else f"{minutes} 分钟"
    return f"{whole} s" if english else f"{whole} 秒"


_SHORT = {
    "distance_m": "distance",
    "accuracy_m": "accuracy",
    "radius_m": "radius",
    "pin_quality_m": "quality",
    "max_accuracy_m": "max_accuracy",
    "age_s": "age",
    "max_age_s": "max_age",
    "dwell_s": "dwell",
    "minimum_s": "minimum",
    "moved_s": "moved",
    "tolerance_s": "tolerance",
    "span_s": "span",
    "speed_kmh": "speed",
    "limit_kmh": "limit",
    "apart_m": "apart",
    "photos": "photos",
    "photos_min": "photos_min",
    "gap_s": "gap",
    "limit_s": "longest",
    "handouts": "handouts",
    "short": "short",
}


class _Sentence:
    """A sentence about one kind of place, taken to pieces once; only its numbers are put in."""

    def __init__(self, pair: tuple[str, str], place: Place, *, with_pin: bool = False) -> None:
        self.templates = []
        for index, text in enumerate(pair):
            whole = text + (_PIN_QUALITY[index] if with_pin else "")
            pieces = re.split(r"\{(\w+)\}", whole.replace("{place}", _NAMES[place][index]))
            self.templates.append(("%s".join(pieces[::2]), [_LONG[one] for one in pieces[1::2]]))

    def tell(self, numbers: Mapping[str, float]) -> Words:
        """The sentence in both languages."""
        (chinese, first), (english, second) = self.templates
        said = {name: _said(name, numbers[name]) for name in first}
        return {
            "zh-CN": chinese % tuple([said[name][0] for name in first]),
            "en": english % tuple([said[name][1] for name in second]),
        }


def _said(name: str, value: float) -> tuple[str, str]:
    unit = name[-2:]
    if unit == "_s":
        return duration(value, english=False), duration(value, english=True)
    if unit == "mh":
        return f"{value:.0f} 公里/小时", f"{value:.0f} km/h"
    if name.startswith("photos"):
        return f"{value:.0f} 张", f"{value:.0f} {'photo' if value == 1 else 'photos'}"
    if name == "handouts":
        return f"{value:.0f} 笔发放", f"{value:.0f} {'handout' if value == 1 else 'handouts'}"
    if name == "short":
        return f"{value:.0f}", f"{value:.0f}"
    return _metres(value)


_LONG = {short: name for name, short in _SHORT.items()}


def _sentences(place: Place) -> dict[str, tuple[_Sentence, _Sentence]]:
    """By code: the sentence as it is, and with the pin's uncertainty where it tells a radius."""
    return {
        code: (
            _Sentence(pair, place),
            _Sentence(pair, place, with_pin="{radius}" in pair[0]),
        )
        for code, pair in _SENTENCES.items()
    }


_AT_STORE, _AT_OFFICE = _sentences(Place.STORE), _sentences(Place.OFFICE)
_POOR = _Sentence(_LOW_ACCURACY_FLAG, Place.STORE)
_OF_FLAGS = {code: _Sentence(pair, Place.STORE) for code, pair in _FLAGS.items()}


def explain(code: str, place: Place, numbers: dict[str, float]) -> Words:
    """The sentence for an explanation code, with the numbers of the judgement put in."""
    plain, with_pin = (_AT_OFFICE if place is Place.OFFICE else _AT_STORE)[code]
    return (with_pin if numbers.get("pin_quality_m", 0) > 0 else plain).tell(numbers)


def low_accuracy(numbers: dict[str, float]) -> Words:
    """Why a fix is called inaccurate: {accuracy_m, max_accuracy_m}."""
    return _POOR.tell(numbers)


def flag(code: str, numbers: Mapping[str, float]) -> Words:
    """Why a flag was raised, with its numbers put in."""
    return _OF_FLAGS[code].tell(numbers)
