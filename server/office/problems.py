"""Problems that only offices and weeks have."""

from __future__ import annotations

from server.kernel.problems import Kind, Words, register

OFFICE_CODE_TAKEN = register(
    Kind(
        "office_code_taken",
        409,
        Words("办公点编码已存在：{code}", "This office code is taken: {code}"),
        Words("请换一个编码。", "Choose another code."),
    )
)
OFFICE_PIN_INVALID = register(
    Kind(
        "office_pin_invalid",
        422,
        Words("办公点坐标无效", "The office's position is not valid"),
        Words(
            "纬度在 -90 到 90 之间，经度在 -180 到 180 之间，且不能同为 0。",
            "Latitude lies between -90 and 90, longitude between -180 and 180, and not both are 0.",
        ),
    )
)
OFFICE_UNKNOWN = register(
    Kind(
        "office_unknown",
        404,
        Words("没有这个办公点", "No such office"),
        Words("请同步办公点列表，或不选办公点再报到。", "Sync the list, or name no office."),
    )
)
WEEK_INVALID = register(
    Kind(
        "week_invalid",
        422,
        Words("没有这一周：{week}", "There is no such week: {week}"),
        Words(
            "请写成 2026-W48 的形式；一年有 52 或 53 周。",
            "Write it like 2026-W48; a year has 52 or 53 weeks.",
        ),
    )
)
