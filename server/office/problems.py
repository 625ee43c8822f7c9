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
OFFICE_SWITCHED_OFF = register(
    Kind(
        "office_switched_off",
        422,
        Words("办公点已停用：{office}", "This office is switched off: {office}"),
        Words(
            "请选择一个启用的办公点，或不指定报到地点。",
            "Choose an office that is in use, or none: then any office counts.",
        ),
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
CALENDAR_UNREADABLE = register(
    Kind(
        "calendar_unreadable",
        422,
        Words("这个文件不是假日日历", "This file is no holiday calendar"),
        Words(
            "请上传 JSON（year 与 days）或含 name、date、isOffDay 三列的 CSV。",
            "Upload JSON with year and days, or a CSV with the columns name, date, isOffDay.",
        ),
    )
)
CALENDAR_NOT_ANNOUNCED = register(
    Kind(
        "calendar_not_announced",
        422,
        Words("{year} 年的放假安排还没有公布", "The holidays of {year} are not announced yet"),
        Words(
            "文件里没有任何日子，没有保存，这一年仍缺日历。公布后再上传。",
            "The file names no day, so nothing was saved and the calendar is still missing. "
            "Upload it once the holidays are announced.",
        ),
    )
)
CALENDAR_ROWS_BAD = register(
    Kind(
        "calendar_rows_bad",
        422,
        Words("日历中有 {count} 处错误，没有保存", "Nothing was saved: {count} faults in it"),
        Words("请改正列出的行后再上传。", "Correct the rows named and upload it again."),
    )
)
ALREADY_DECIDED = register(
    Kind(
        "already_decided",
        409,
        Words("这项申请已经有了结果", "This has already been decided"),
        Words("请刷新后查看结果。", "Reload to see what was decided."),
    )
)
DAYS_INVALID = register(
    Kind(
        "days_invalid",
        422,
        Words("起止日期不对", "The first and last day do not fit"),
        Words(
            "结束日期不早于开始日期，最长 366 天。",
            "The last day is not before the first, and at most 366 days are named.",
        ),
    )
)
PERSON_NO_REP = register(
    Kind(
        "person_no_rep",
        422,
        Words("只有业务员需要报到", "Only reps report to an office"),
        Words("请选择一位业务员。", "Choose a rep."),
    )
)
RULE_WEEK_PAST = register(
    Kind(
        "rule_week_past",
        422,
        Words("新规则不能从过去的周开始", "A new rule cannot begin in a week gone by"),
        Words("请选择本周或以后的周。", "Choose this week or a later one."),
    )
)
PUSH_ENDPOINT_REFUSED = register(
    Kind(
        "push_endpoint_refused",
        422,
        Words("不支持这个推送服务：{host}", "This push service is not known here: {host}"),
        Words(
            "管理员可在 STOREWALK_PUSH_HOSTS 中加入它；应用内的提醒不受影响。",
            "The operator can add it to STOREWALK_PUSH_HOSTS; reminders in the app come anyway.",
        ),
    )
)
