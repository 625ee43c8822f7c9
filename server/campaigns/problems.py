"""Problems that only campaigns have."""

from __future__ import annotations

from server.kernel.problems import Kind, Words, register

CAMPAIGN_CODE_TAKEN = register(
    Kind(
        "campaign_code_taken",
        409,
        Words("活动编码已存在：{code}", "This campaign code is taken: {code}"),
        Words("请换一个编码。", "Choose another code."),
    )
)
CAMPAIGN_PERIOD = register(
    Kind(
        "campaign_period",
        422,
        Words("活动的结束日早于开始日", "The campaign ends before it begins"),
        Words("请改正起止日期。", "Correct the first or the last day."),
    )
)
CAMPAIGN_TARGET = register(
    Kind(
        "campaign_target",
        422,
        Words("目标需要方式和数量", "A target needs its kind and its number"),
        Words("请两项都填写，或都留空。", "Fill in both, or leave both empty."),
    )
)
CAMPAIGN_STATE = register(
    Kind(
        "campaign_state",
        409,
        Words(
            "活动现在是“{state}”，不能改为“{to}”",
            "The campaign is {state} and cannot become {to}",
        ),
        Words("请刷新后再看。", "Refresh, and look at its state."),
    )
)
CAMPAIGN_EMPTY = register(
    Kind(
        "campaign_empty",
        409,
        Words("活动还没有门店或没有计划", "The campaign has no stores, or plans nothing"),
        Words(
            "请先选择门店，并填写物料或要拍的照片。",
            "Choose stores first, and materials or photos.",
        ),
    )
)
CAMPAIGN_FULL = register(
    Kind(
        "campaign_full",
        422,
        Words("一个活动最多 {limit} 家门店", "A campaign takes at most {limit} stores"),
        Words("请按区域拆成几个活动。", "Split it into several, by region."),
    )
)
CAMPAIGN_UNKNOWN = register(
    Kind(
        "campaign_unknown",
        422,
        Words("没有这个促销活动", "There is no such campaign"),
        Words("请同步后再试，或联系内勤。", "Sync and try again, or ask the office."),
    )
)
CAMPAIGN_CLOSED = register(
    Kind(
        "campaign_closed",
        409,
        Words("活动已关闭，不能再改", "The campaign is closed and can be changed no more"),
        Words("无需操作。", "Nothing to do."),
    )
)
SUMMARY_CHANGED = register(
    Kind(
        "summary_changed",
        409,
        Words("别人刚写了第 {version} 版小结", "Somebody has just written version {version}"),
        Words("请先看新的一版，再保存。", "Read the new version, then save yours again."),
    )
)
