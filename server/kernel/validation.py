"""The words for a field that does not fit, in both languages.

marshmallow speaks English only. Its sentences are recognised by their form, so that a schema needs
no messages of its own; what is not in the list (there is a test for what our schemas can say) stays
as it is.
"""

from __future__ import annotations

import re
from typing import Final

from server.kernel.problems import Words

# (how marshmallow or a schema says it, how we say it); {names} are taken over.
_SENTENCES: Final[tuple[tuple[str, str, str], ...]] = (
    ("Missing data for required field.", "必填。", "This is required."),
    ("Field may not be null.", "不能为空。", "This may not be empty."),
    ("Shorter than minimum length 1.", "必填。", "This is required."),
    ("Shorter than minimum length {min}.", "长度至少为 {min}。", "Give at least {min}."),
    ("Longer than maximum length {max}.", "长度不能超过 {max}。", "Give at most {max}."),
    (
        "Length must be between 1 and {max}.",
        "必填，长度不能超过 {max}。",
        "This is required, and at most {max} long.",
    ),
    (
        "Length must be between {min} and {max}.",
        "长度应为 {min} 至 {max}。",
        "The length must be {min} to {max}.",
    ),
    ("Length must be {equal}.", "长度应为 {equal}。", "The length must be {equal}."),
    (
        "Must be greater than or equal to {min} and less than or equal to {max}.",
        "应在 {min} 到 {max} 之间。",
        "Must be from {min} to {max}.",
    ),
    (
        "Must be greater than {min} and less than or equal to {max}.",
        "应大于 {min}，不超过 {max}。",
        "Must be more than {min}, and {max} at most.",
    ),
    ("Must be greater than or equal to {min}.", "不能小于 {min}。", "Must be at least {min}."),
    ("Must be less than or equal to {max}.", "不能大于 {max}。", "Must be at most {max}."),
    ("Must be one of: {choices}.", "只能是：{choices}。", "Must be one of: {choices}."),
    ("String does not match expected pattern.", "格式不正确。", "This is not written as expected."),
    ("Invalid value.", "内容无效。", "This is not valid."),
    ("Invalid type.", "内容类型不正确。", "This is of the wrong type."),
    ("Invalid input type.", "内容类型不正确。", "This is of the wrong type."),
    ("Unknown field.", "没有这个字段。", "There is no such field."),
    ("Not a valid string.", "应为文字。", "Must be a text."),
    ("Not a valid utf-8 string.", "应为 UTF-8 文字。", "Must be a text in UTF-8."),
    ("Not a valid boolean.", "只能是“是”或“否”。", "Must be true or false."),
    ("Not a valid number.", "应为数字。", "Must be a number."),
    ("Not a valid integer.", "应为整数。", "Must be a whole number."),
    ("Number too large.", "数字太大。", "The number is too large."),
    (
        "Special numeric values (nan or infinity) are not permitted.",
        "应为有限的数字。",
        "Must be a finite number.",
    ),
    ("Not a valid date.", "应为日期，例如 2026-11-23。", "Must be a date such as 2026-11-23."),
    ("Not a valid {awareness} {obj_type}.", "时间格式不正确。", "This is not a valid time."),
    ("Not a valid UUID.", "不是有效的编号。", "This is not a valid id."),
    ("Not a valid list.", "应为列表。", "Must be a list."),
    ("Not a valid mapping type.", "应为键值对。", "Must be an object."),
    (
        "Not a valid time with its zone.",
        "应为带时区的时间，例如 2026-11-23T09:15:00Z。",
        "Must be a time with its zone, such as 2026-11-23T09:15:00Z.",
    ),
    (
        "Give west,south,east,north in degrees.",
        "请按“西,南,东,北”填写经纬度。",
        "Give west,south,east,north in degrees.",
    ),
    (
        "west must not exceed east, nor south north.",
        "西不能大于东，南不能大于北。",
        "West must not exceed east, nor south north.",
    ),
    (
        "Use letters, digits and . _ - @ only.",
        "只能用字母、数字和 . _ - @。",
        "Use letters, digits and . _ - @ only.",
    ),
    (
        "Name day 1 to 7, opens and closes like 09:00, closes after opens.",
        "星期填 1–7，开门和关门时间如 09:00，关门须晚于开门。",
        "Name day 1 to 7, opens and closes like 09:00, closes after opens.",
    ),
    ("Give a UUID in lower case.", "应为小写的编号（UUID）。", "Give a UUID in lower case."),
    ("Nested too deep.", "嵌套层数过多。", "This is nested too deep."),
    ("NUL is not allowed.", "不能含有空字符（NUL）。", "NUL is not allowed."),
)


def _pattern(sentence: str) -> re.Pattern[str]:
    """A sentence's form; each {name} stands for a run of anything."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(sentence)), re.DOTALL)


_KNOWN: Final = tuple((_pattern(said), Words(zh, en)) for said, zh, en in _SENTENCES)
_EXACT: Final = {said: Words(zh, en) for said, zh, en in _SENTENCES}


def words_for(message: str) -> Words | None:
    """What we say instead of a sentence of the validation; None for one that we do not know."""
    exact = _EXACT.get(message)
    if exact:
        return exact
    for pattern, words in _KNOWN:
        found = pattern.fullmatch(message)
        if found:
            numbers = found.groupdict()
            return Words(words.say("zh-CN", numbers), words.say("en", numbers))
    return None


def say(message: str, language: str) -> str:
    """A sentence of the validation in the caller's language."""
    words = words_for(message)
    return words.say(language, {}) if words else message
