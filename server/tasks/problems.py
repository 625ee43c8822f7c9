"""Problems that only tasks have."""

from __future__ import annotations

from typing import Final

from server.kernel.problems import Kind, Words, register


def _kind(code: str, status: int, title: tuple[str, str], remedy: tuple[str, str]) -> Kind:
    return register(Kind(code, status, Words(*title), Words(*remedy)))


TASK_UNKNOWN: Final = _kind(
    "task_unknown",
    404,
    ("没有这项任务，或已不是您的", "No such task, or it is no longer yours"),
    ("任务可能已交给别人，请联系主管。", "It may have gone to somebody else: ask your supervisor."),
)
TASK_CANCELLED: Final = _kind(
    "task_cancelled",
    409,
    ("这项任务已被取消", "This task has been cancelled"),
    (
        "不需要再做。如已完成，请联系主管重新打开。",
        "It need not be done. If you have done it, ask your supervisor to reopen it.",
    ),
)
TASK_DONE: Final = _kind(
    "task_done",
    409,
    ("这项任务已经完成过了", "This task has been done already"),
    ("服务器保留了先到的说明。", "The server kept what was said first."),
)
TASK_CLOSED: Final = _kind(
    "task_closed",
    409,
    ("任务已完成或已取消，不能再改", "The task is done or cancelled and cannot be changed"),
    ("请先重新打开任务。", "Reopen it first."),
)
TASK_FOR_NOBODY: Final = _kind(
    "task_for_nobody",
    422,
    ("没有说明任务给谁", "Nobody is named whom the task is for"),
    (
        "请选择业务员，或选择一家有业务员的门店。",
        "Choose reps, or a store that has a rep.",
    ),
)
