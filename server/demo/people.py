"""Who works at the demo company, what they hand out, and what they write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.materials.barcodes import check_digit

# Shown with the log-ins and no secret: it opens nothing but made-up data.
PASSWORD: Final = "storewalk-demo"  # noqa: S105 -- see above

OFFICE: Final = ("office", "林秋月")
SUPERVISORS: Final = (("sup01", "苏文博", "SZ-E"), ("sup02", "许静", "SZ-W"))
REPS: Final = (
    "陆晓东",
    "沈佳怡",
    "顾明华",
    "徐丽萍",
    "朱志刚",
    "周雨婷",
    "吴建国",
    "钱思远",
    "孙海燕",
    "陈立新",
    "王春梅",
    "李俊杰",
)


@dataclass(frozen=True, slots=True)
class Goods:
    """A material: typical is how many are handed out at once, monthly what a rep is issued."""

    code: str
    name: str
    kind: str
    unit: str
    barcode: str | None
    typical: int
    monthly: int


def _ean13(number: int) -> str:
    # Numbers that begin with 2 are for use inside a company (GS1): no real product has them.
    first = f"29{number:010d}"
    return first + check_digit(first)


GOODS: Final = (
    Goods("POSM-01", "清野茶货架插卡", "posm", "张", None, 6, 90),
    Goods("POSM-02", "清野茶海报 A2", "posm", "张", None, 2, 30),
    Goods("POSM-03", "冰柜门贴", "posm", "张", None, 2, 30),
    Goods("POSM-04", "堆头围挡", "posm", "套", None, 1, 15),
    Goods("GIFT-01", "环保购物袋", "giveaway", "个", _ean13(1001), 5, 75),
    Goods("GIFT-02", "开瓶钥匙扣", "giveaway", "个", _ean13(1002), 4, 60),
    Goods("SAMP-01", "清野茶试饮装 250 ml", "sample", "瓶", _ean13(2001), 6, 90),
    Goods("SAMP-02", "杏花露新品试饮 100 ml", "sample", "瓶", _ean13(2002), 6, 90),
)

NOTES: Final = (
    "竞品在端架做第二件半价，到本周日。",
    "老板说周末客流好，建议周五前补货。",
    "清野茶 500 ml 缺货两天，已提醒补货。",
    "冰柜被竞品占了两层，已和店长谈，下周调整。",
    "价签与系统不符，已当场更换。",
    "新店员不认识我们的产品，做了简单介绍。",
    "堆头位置谈好，下周一进场。",
    "顾客反映瓶盖难拧，已记录批号。",
    "竞品新包装上架，零售价 4.5 元。",
    "店里在装修，货架临时缩小到两层。",
    "促销品已发完，店长希望再要一些购物袋。",
    "排面从 4 个增加到 6 个。",
)
RECIPIENTS: Final = ("店长 王女士", "店员 小李", "老板 陈先生", "理货员 张阿姨", "值班经理 周先生")
CANCEL_REASONS: Final = ("店主不在，约了明天", "门店盘点，暂不接待", "临时停业，门口有通知")
OFF_SITE_REASONS: Final = (
    "老板约在仓库见面",
    "在停车场签到，忘了到店再签",
    "门店搬到隔壁街，地址还没改",
)
NO_FIX_REASONS: Final = ("地下一层没有信号", "手机定位打不开", "商场里定位一直转圈")
POOR_FIX_REASONS: Final = ("店在地下，定位不准", "高楼之间，精度一直很差")
OFFICE_REASONS: Final = ("在楼下停车场报到", "办公室里没有信号", "去客户处开会，路过报到")


def username(rep: int) -> str:
    """Log-in name of the rep by index: 0 is rep01."""
    return f"rep{rep + 1:02d}"
