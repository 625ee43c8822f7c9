"""Campaigns in files: the stores of one read from a list of codes, its tables taken away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from server.campaigns import numbers, queries, summaries
from server.campaigns.domain import plans_of
from server.campaigns.execution import DEFINITION
from server.campaigns.models import Campaign, TargetKind
from server.kernel import journal
from server.kernel.auth import Actor
from server.kernel.clock import Clock, org_zone
from server.kernel.db import read_only
from server.kernel.ids import new_id
from server.kernel.sheets import TooLargeError, UnreadableError, read_rows, write
from server.materials import problems as sheets
from server.materials.stock.queries import materials_by_id

TABLES: Final = ("board", "effect", "summaries")
_HEADS: Final = frozenset({"门店编码", "编码", "code", "store code", "store_code", "storecode"})
_ROWS: Final = 20_000
_PAGE: Final = 500
_STATES: Final = {
    "planned": ("未开始", "not begun"),
    "handed_out": ("已发放", "handed out"),
    "photographed": ("已拍照", "photographed"),
    "missing": ("有缺项", "missing"),
}
_KINDS: Final = {
    "storefront": "门头",
    "shelf": "货架",
    "pile": "堆头",
    "endcap": "端架",
    "checkout": "收银台",
    "posm": "物料",
    "price_tag": "价签",
    "outdoor": "户外",
    "competitor": "竞品",
    "licence": "证照",
    "other": "其他",
}
_SHOWN_AS: Final = {
    "draft": ("草稿", "draft"),
    "running": ("进行中", "running"),
    "ended": ("已结束", "ended"),
    "closed": ("已关闭", "closed"),
}
_TITLES: Final = {
    "campaigns": ("促销活动", "Campaigns"),
    "board": ("活动执行", "Execution"),
    "effect": ("有效发放", "Effective distribution"),
    "summaries": ("活动小结", "Summaries"),
}
Table = tuple[list[str], list[list[Any]]]


def codes_in(data: bytes) -> list[str]:
    """The store codes of a csv or xlsx file: of the column with that name, else of the first.

    Raises sheet_unreadable, sheet_too_large.
    """
    try:
        rows = read_rows(data)
    except TooLargeError as error:
        raise sheets.SHEET_TOO_LARGE.error(field="file", limit=_ROWS) from error
    except UnreadableError as error:
        raise sheets.SHEET_UNREADABLE.error(field="file") from error
    if not rows:
        raise sheets.SHEET_UNREADABLE.error(field="file")
    heads = [cell.strip().lower() for cell in rows[0][1]]
    column = next((at for at, head in enumerate(heads) if head in _HEADS), None)
    body = rows if column is None else rows[1:]
    at = column or 0
    codes = [cells[at].strip() for _, cells in body if len(cells) > at]
    return [str(code)[:64] for code in dict.fromkeys(codes) if code]


def export(
    session: Session,
    actor: Actor,
    clock: Clock,
    campaign_id: str,
    table: str,
    kind: str,
    language: str,
) -> bytes:
    """The bytes of a csv or xlsx file with what the actor sees of a campaign's table.

    Reads and writes it without the write lock, then begins the short transaction that the caller
    commits. Raises not_found for a campaign out of scope.
    """
    english = language == "en"
    with read_only():
        campaign = queries.find_campaign(session, actor, campaign_id)
        header, rows = _table(session, actor, clock, campaign, table, english=english)
        session.rollback()
    file = write(kind, header, rows, _TITLES[table][english])
    data = {"table": f"campaign.{table}", "format": kind, "rows": len(rows)}
    data |= {"campaign_id": campaign_id}
    event = journal.Event.TABLE_EXPORTED
    journal.record(session, clock, actor, event, "export", new_id(), **data)
    return file


def _table(
    session: Session, actor: Actor, clock: Clock, campaign: Campaign, table: str, *, english: bool
) -> Table:
    make: dict[str, Callable[[], Table]] = {
        "board": lambda: _board(session, actor, clock, campaign, english=english),
        "effect": lambda: _effect(session, actor, clock, campaign, english=english),
        "summaries": lambda: _summaries(session, actor, campaign, english=english),
    }
    return make[table]()


def export_list(
    session: Session,
    actor: Actor,
    clock: Clock,
    kind: str,
    language: str,
    *,
    state: str | None = None,
    q: str | None = None,
) -> bytes:
    """The bytes of a csv or xlsx file with the campaigns that the actor's list shows.

    Reads and writes it without the write lock, then begins the short transaction that the caller
    commits.
    """
    english = language == "en"
    with read_only():
        header, rows = _campaigns(session, actor, clock, {"state": state, "q": q}, english=english)
        session.rollback()
    file = write(kind, header, rows, _TITLES["campaigns"][english])
    asked = {key: value for key, value in (("state", state), ("q", q)) if value}
    data = {"table": "campaigns", "format": kind, "rows": len(rows), "filters": asked}
    event = journal.Event.TABLE_EXPORTED
    journal.record(session, clock, actor, event, "export", new_id(), **data)
    return file


def _campaigns(
    session: Session,
    actor: Actor,
    clock: Clock,
    narrowed: dict[str, str | None],
    *,
    english: bool,
) -> Table:
    header = (
        ["code", "campaign", "first day", "last day", "state", "stores", "for each store"]
        if english
        else ["活动编码", "活动", "开始日期", "结束日期", "状态", "门店数", "每店计划"]
    )
    header += ["photos", "target", "note"] if english else ["应拍照片", "目标", "备注"]
    rows: list[list[Any]] = []
    cursor: str | None = None
    while True:
        page = queries.list_campaigns(
            session,
            actor,
            clock,
            state=narrowed["state"],
            q=narrowed["q"],
            cursor=cursor,
            limit=_PAGE,
        )
        plans = plans_of(session, [item["id"] for item in page["items"]])
        materials = materials_by_id(session, {key for plan in plans.values() for key in plan})
        for item in page["items"]:
            planned = [
                f"{materials[key].name} × {number}"
                for key, number in sorted(
                    plans[item["id"]].items(), key=lambda line: materials[line[0]].code
                )
            ]
            kinds = item["photo_kinds"]
            row = [item["code"], item["name"], item["first_day"], item["last_day"]]
            row += [_SHOWN_AS[item["state"]][english], item["stores"], "; ".join(planned)]
            row += [", ".join(kinds if english else [_KINDS[one] for one in kinds])]
            rows.append([*row, _target(item, english=english), item["note"]])
        cursor = page["next"]
        if cursor is None:
            return header, rows


def _target(item: dict[str, Any], *, english: bool) -> str:
    match item["target_kind"]:
        case TargetKind.PER_STORE:
            return f"{item['target']} a store" if english else f"每店 {item['target']}"
        case TargetKind.TOTAL:
            return f"{item['target']} in all" if english else f"共 {item['target']}"
        case _:
            return "the plan" if english else "按计划"


def _board(
    session: Session, actor: Actor, clock: Clock, campaign: Campaign, *, english: bool
) -> Table:
    page = queries.board(session, actor, clock, campaign, queries.BoardFilters(), limit=None)
    planned = queries.campaign_page(session, actor, clock, campaign)["materials"]
    header = (
        ["store code", "store", "region", "reps", "state", "complete"]
        if english
        else ["门店编码", "门店", "区域", "业务员", "状态", "完成"]
    )
    for line in planned:
        name = line["material_name"]
        header += (
            [f"{name} planned", f"{name} handed out"]
            if english
            else [f"{name} 计划", f"{name} 已发放"]
        )
    header += (
        ["photos missing", "seen missing", "seen at", "why"]
        if english
        else ["缺少的照片", "现场缺少", "查看时间", "原因"]
    )
    rows = []
    for item in page["items"]:
        by_id = {one["material_id"]: one for one in item["materials"]}
        row: list[Any] = [item["store_code"], item["store_name"], item["region_name"]]
        row += [", ".join(item["reps"]), _STATES[item["state"]][english], int(item["complete"])]
        for line in planned:
            one = by_id[line["material_id"]]
            row += [one["planned"], one["handed"]]
        kinds = item["lacking_photos"]
        row.append(", ".join(kinds if english else [_KINDS[kind] for kind in kinds]))
        row.append(", ".join(one["name"] for one in item["materials"] if one["seen"] == "missing"))
        look = item["seen"]
        row += [_local(look["at"]), look["note"]] if look else ["", ""]
        rows.append(row)
    return header, rows


def _effect(
    session: Session, actor: Actor, clock: Clock, campaign: Campaign, *, english: bool
) -> Table:
    found = numbers.numbers(session, actor, clock, campaign)
    header = (
        ["by", "name", "handouts", "effective", "share", "units", "unsigned", "no photo"]
        if english
        else ["分组", "名称", "发放笔数", "有效笔数", "有效率", "发放数量", "缺签名", "缺照片"]
    )
    header.append("not on site" if english else "不在范围内")
    groups: list[tuple[str, list[dict[str, Any]]]] = [
        ("all" if english else "全部", [found["effectiveness"] | {"name": ""}]),
        ("region" if english else "区域", found["by_region"]),
        ("rep" if english else "业务员", found["by_rep"]),
        ("material" if english else "物料", found["by_material"]),
    ]
    keys = ("name", "handouts", "effective", "share", "units", "unsigned", "no_photo")
    rows: list[list[Any]] = [
        [words, *(one[key] for key in (*keys, "not_on_site"))]
        for words, group in groups
        for one in group
    ]
    # The definition goes with the number, also when it leaves the house.
    rows.append([DEFINITION["en" if english else "zh-CN"]])
    return header, rows


def _summaries(session: Session, actor: Actor, campaign: Campaign, *, english: bool) -> Table:
    header = (
        ["campaign", "region", "version", "written at", "by", "text"]
        if english
        else ["活动", "区域", "版本", "时间", "撰写人", "小结"]
    )
    rows = [
        [
            campaign.name,
            one["region_name"],
            one["version"],
            _local(one["at"]),
            one["author_name"],
            one["text"],
        ]
        for one in summaries.visible_items(session, actor, campaign.id)
    ]
    return header, rows


def _local(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(org_zone()).strftime("%Y-%m-%d %H:%M:%S")
