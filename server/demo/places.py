"""Where the demo company works: built-up spots of Suzhou's districts, roads, invented shops.

Positions are WGS-84, each spot the middle of a town or quarter with a radius that keeps clear of
the lakes. The shops' names are made up; the roads are plausible for their quarter.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Spot:
    """A built-up area: middle in degrees, radius in metres, its name and some of its roads."""

    name: str
    lat: float
    lon: float
    radius_m: float
    roads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class District:
    """A district with its spots; the first half of them is one rep's, the rest another's."""

    code: str
    name: str
    parent: str
    spots: tuple[Spot, ...]


REGIONS: Final = (("SZ-E", "苏州东区"), ("SZ-W", "苏州西区"))

DISTRICTS: Final = (
    District(
        "SIP",
        "工业园区",
        "SZ-E",
        (
            Spot("星海", 31.3185, 120.6660, 500, ("星海街", "苏华路", "苏惠路")),
            Spot("娄葑", 31.2960, 120.6580, 600, ("葑亭大道", "东环路", "金鸡湖大道")),
            Spot("斜塘", 31.2960, 120.7460, 700, ("松涛街", "淞江路", "敦煌路")),
            Spot("湖东", 31.3110, 120.7310, 800, ("方洲路", "南施街", "苏虹中路")),
            Spot("唯亭", 31.3570, 120.7600, 700, ("亭隆街", "青剑湖路", "葑亭大道")),
            Spot("胜浦", 31.3080, 120.8190, 800, ("吴浦路", "兴浦路", "金胜路")),
        ),
    ),
    District(
        "GS",
        "姑苏区",
        "SZ-E",
        (
            Spot("观前", 31.3110, 120.6220, 600, ("观前街", "临顿路", "人民路")),
            Spot("平江", 31.3165, 120.6310, 500, ("白塔东路", "东中市", "仓街")),
            Spot("南门", 31.2920, 120.6260, 600, ("南环东路", "竹辉路", "新市路")),
            Spot("石路", 31.3130, 120.5990, 500, ("石路", "金门路", "广济路")),
            Spot("虎丘路", 31.3270, 120.5930, 500, ("虎丘路", "留园路", "桐泾北路")),
            Spot("金阊", 31.3390, 120.6060, 700, ("金政街", "城北西路", "广济北路")),
        ),
    ),
    District(
        "XC",
        "相城区",
        "SZ-E",
        (
            Spot("元和", 31.3800, 120.6280, 800, ("阳澄湖西路", "嘉元路", "采莲路")),
            Spot("陆慕", 31.3600, 120.6190, 500, ("齐门北大街", "陆慕老街", "华元路")),
            Spot("黄桥", 31.3850, 120.5780, 600, ("黄桥大街", "永青路", "苏虞路")),
            Spot("黄埭", 31.4420, 120.5650, 700, ("黄埭大街", "春丰路", "康阳路")),
            Spot("渭塘", 31.4560, 120.6370, 700, ("渭塘大街", "玉盘路", "凤凰泾路")),
            Spot("北桥", 31.4960, 120.6000, 600, ("北桥大街", "灵峰路", "凤北路")),
        ),
    ),
    District(
        "SND",
        "高新区",
        "SZ-W",
        (
            Spot("狮山", 31.2990, 120.5640, 700, ("狮山路", "塔园路", "滨河路")),
            Spot("枫桥", 31.3130, 120.5430, 600, ("枫桥路", "华山路", "马涧路")),
            Spot("横塘", 31.2780, 120.5690, 400, ("晋源路", "横塘大街", "宝带西路")),
            Spot("浒墅关", 31.3790, 120.5080, 700, ("浒关大街", "城际路", "兴贤路")),
            Spot("通安", 31.3620, 120.4590, 500, ("华金路", "通安大街", "真北路")),
            Spot("科技城", 31.3420, 120.4290, 600, ("科普路", "锦峰路", "富春江路")),
        ),
    ),
    District(
        "WZ",
        "吴中区",
        "SZ-W",
        (
            Spot("木渎", 31.2600, 120.5170, 700, ("金山路", "中山西路", "花苑路")),
            Spot("胥口", 31.2330, 120.4840, 500, ("孙武路", "时进路", "胥江路")),
            Spot("越溪", 31.2180, 120.6050, 500, ("溪翔路", "苏街", "文溪路")),
            Spot("长桥", 31.2690, 120.6230, 600, ("宝带东路", "龙西路", "吴中西路")),
            Spot("城南", 31.2580, 120.6330, 600, ("东吴南路", "迎春南路", "兴南路")),
            Spot("甪直", 31.2720, 120.8570, 400, ("晓市路", "鸣市路", "达圣路")),
        ),
    ),
    District(
        "WJ",
        "吴江区",
        "SZ-W",
        (
            Spot("松陵", 31.1600, 120.6420, 700, ("中山南路", "鲈乡南路", "流虹路")),
            Spot("运东", 31.1690, 120.6690, 600, ("江兴东路", "云梨路", "庞金路")),
            Spot("同里", 31.1600, 120.7160, 300, ("中川路", "迎燕路", "东溪街")),
            Spot("盛泽", 30.9120, 120.6590, 700, ("舜湖中路", "西环路", "市场路")),
            Spot("平望", 30.9820, 120.6390, 400, ("通运路", "梅堰路", "中鲈大道")),
            Spot("震泽", 30.9170, 120.4940, 400, ("镇南路", "震庙路", "塔影路")),
        ),
    ),
)

CHAINS: Final = (
    "禾穗里便利",
    "满塘春生鲜超市",
    "青团子便利",
    "阿福邻里超市",
    "苏荷园食品",
    "小桥水果铺",
    "廿里铺超市",
    "晴耕便民店",
    "南园烟酒副食",
    "有余百货",
)

OFFICES: Final = (
    ("OF-HQ", "苏州总部", "HQ", "姑苏区人民路 1208 号 5 楼", 31.3062, 120.6213),
    ("OF-E", "东区办事处", "SZ-E", "工业园区苏华路 66 号 2 幢", 31.3172, 120.6655),
    ("OF-W", "西区办事处", "SZ-W", "高新区塔园路 199 号 1 楼", 31.2966, 120.5612),
)


def offset(lat: float, lon: float, east_m: float, north_m: float) -> tuple[float, float]:
    """The position so many metres east and north; exact enough for a few kilometres."""
    metres_per_degree = 111_320.0
    return (
        round(lat + north_m / metres_per_degree, 6),
        round(lon + east_m / (metres_per_degree * math.cos(math.radians(lat))), 6),
    )


def around(rng: random.Random, lat: float, lon: float, radius_m: float) -> tuple[float, float]:
    """A position spread evenly over the disc."""
    distance, bearing = radius_m * math.sqrt(rng.random()), rng.random() * math.tau
    return offset(lat, lon, distance * math.sin(bearing), distance * math.cos(bearing))


@dataclass(frozen=True, slots=True)
class Shop:
    """An invented store. door is where it really is; pin, where the files say it is."""

    id: str
    code: str
    name: str
    chain: str
    address: str
    district: str
    door: tuple[float, float]
    pin: tuple[float, float]
    pin_quality_m: float
    pin_source: str
    contact: str
    rep: int
    pin_is_wrong: bool


CONTACTS: Final = ("王店长", "李姐", "陈老板", "周经理", "吴阿姨", "赵师傅", "钱店长", "孙姐")
# Every so many stores the pin in the files is wrong, as it is in every company's files.
WRONG_PIN_EVERY: Final = 97
WRONG_PIN_FIRST: Final = 5


def shops(rng: random.Random, ids: list[str], per_rep: int) -> list[Shop]:
    """per_rep shops for each of the two reps of every district, names and codes all different."""
    found: list[Shop] = []
    for place, district in enumerate(DISTRICTS):
        half = len(district.spots) // 2
        for number, spots in enumerate((district.spots[:half], district.spots[half:])):
            names = [
                (chain, spot, road) for spot in spots for road in spot.roads for chain in CHAINS
            ]
            for chain, spot, road in rng.sample(names, per_rep):
                rep = place * 2 + number
                found.append(_shop(rng, ids, len(found), district, spot, road, chain, rep))
    return found


def _shop(
    rng: random.Random,
    ids: list[str],
    index: int,
    district: District,
    spot: Spot,
    road: str,
    chain: str,
    rep: int,
) -> Shop:
    door = around(rng, spot.lat, spot.lon, spot.radius_m)
    pin, quality, source = offset(*door, rng.gauss(0, 8), rng.gauss(0, 8)), 0.0, "survey"
    wrong = index % WRONG_PIN_EVERY == WRONG_PIN_FIRST
    if wrong:
        pin, source = offset(*door, 310.0, 280.0), "import"
    elif rng.random() < 0.3:
        pin, quality, source = around(rng, *door, 45.0), 50.0, "import"
    house = rng.randint(1, 398)
    return Shop(
        id=ids[index],
        code=f"SZ{index + 1:04d}",
        name=f"{chain}（{spot.name}{road}店）",
        chain=chain,
        address=f"苏州市{district.name}{spot.name}{road} {house} 号",
        district=district.code,
        door=door,
        pin=pin,
        pin_quality_m=quality,
        pin_source=source,
        contact=rng.choice(CONTACTS),
        rep=rep,
        pin_is_wrong=wrong,
    )
