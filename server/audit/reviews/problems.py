"""Problems that only reviews have."""

from __future__ import annotations

from typing import Final

from server.kernel.problems import Kind, Words, register


def _kind(code: str, status: int, title: tuple[str, str], remedy: tuple[str, str]) -> Kind:
    return register(Kind(code, status, Words(*title), Words(*remedy)))


REVIEW_OWN: Final = _kind(
    "review_own",
    403,
    ("不能审核自己的拜访", "Nobody reviews a visit of their own"),
    ("请由另一位主管或内勤审核。", "Another supervisor or the office has to do it."),
)
REVIEW_MOVED_ON: Final = _kind(
    "review_moved_on",
    409,
    ("其他人已处理过这次拜访", "Somebody else has decided on this visit meanwhile"),
    ("请查看最新的审核结果后再决定。", "Look at what they decided, then decide again."),
)
REVIEW_ANSWERED: Final = _kind(
    "review_answered",
    409,
    ("业务员刚刚作了说明", "The rep has answered meanwhile"),
    ("请先看说明，再作决定。", "Read the answer, then decide."),
)
REVIEW_NOTHING_TO_UNDO: Final = _kind(
    "review_nothing_to_undo",
    409,
    ("这项决定不能撤销", "This decision cannot be undone"),
    (
        "它已被撤销或替换，或由他人作出；可以直接作新的决定。",
        "It was undone or replaced, or somebody else's; you may decide anew.",
    ),
)
REVIEW_UNDER_REAUDIT: Final = _kind(
    "review_under_reaudit",
    409,
    ("这次拜访正在盲审复核", "This visit is being re-audited blindly"),
    ("请先在复核页面给出您的判断。", "Give your judgement on the re-audit page first."),
)
BULK_CHANGED: Final = _kind(
    "bulk_changed",
    409,
    ("符合条件的拜访已有变化", "The visits that match have changed"),
    ("请重新预览后再确认。", "Look at the preview again, then confirm."),
)
BULK_TOO_MANY: Final = _kind(
    "bulk_too_many",
    422,
    ("一次最多通过 {limit} 次拜访", "No more than {limit} visits are accepted at once"),
    ("请缩小筛选范围。", "Narrow the filter."),
)
BULK_EMPTY: Final = _kind(
    "bulk_empty",
    422,
    ("没有符合条件的待审拜访", "No pending visit matches"),
    ("请调整筛选条件。", "Change the filter."),
)
REAUDIT_CLOSED: Final = _kind(
    "reaudit_closed",
    409,
    ("这次复核已结束", "This re-audit is closed"),
    ("请继续下一个。", "Go on to the next one."),
)
REAUDIT_NOTHING: Final = _kind(
    "reaudit_nothing",
    422,
    ("这个范围内没有可抽查的决定", "There is no decision to draw from"),
    ("请扩大日期范围，或等有新的审核决定。", "Widen the days, or wait for new decisions."),
)
