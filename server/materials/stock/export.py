"""Tables of stock as files. Who took which is kept in the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel import problems as common
from server.kernel.auth import Actor, Role
from server.kernel.clock import Clock, org_zone
from server.kernel.db import read_only
from server.kernel.ids import new_id
from server.kernel.sheets import write
from server.materials import problems
from server.materials.ledger import EntryKind, sort_of
from server.materials.stock import queries, registers
from server.materials.stock.queries import Filters
from server.materials.stock.trial import SORTS, trial_rows

# A file is made in one request; more than this is taken period by period.
MAX_ROWS: Final = 100_000
_PAGE: Final = 1_000

Item = dict[str, Any]
Cell = Callable[[Item, str], Any]
# Words of codes, as the file's reader knows them.
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "receive": ("入库", "receive"),
    "issue": ("发放到人", "issue"),
    "handout": ("门店发放", "handout"),
    "return": ("退回", "return"),
    "transfer": ("调拨", "transfer"),
    "adjust": ("调整", "adjust"),
    "count": ("盘点", "count"),
    "supplier": ("供应商", "supplier"),
    "opening": ("期初", "opening"),
    "in_transit": ("在途", "in transit"),
    "short": ("有差异", "with a difference"),
    "confirmed": ("已确认", "confirmed"),
    "cancelled": ("已撤回", "called off"),
    "pending": ("待审批", "pending"),
    "matched": ("相符", "matched"),
    "approved": ("已批准", "approved"),
    "rejected": ("已驳回", "rejected"),
    "damaged": ("破损", "damaged"),
    "lost": ("丢失", "lost"),
    "expired": ("过期", "expired"),
    "found": ("盘盈", "found"),
    "mistake": ("记错", "mistake"),
    "other": ("其他", "other"),
    "posm": ("陈列物料", "POSM"),
    "giveaway": ("促销品", "giveaway"),
    "sample": ("试用装", "sample"),
    "warehouse": ("仓库", "warehouse"),
    "transit": ("在途", "transit"),
    "rep": ("业务员", "rep"),
    "store": ("门店", "store"),
    "here": ("已上传", "here"),
    "awaited": ("未到", "not here yet"),
    "elsewhere": ("不是该次拜访的照片", "of another visit"),
    "unreadable": ("无法显示", "cannot be shown"),
}


def _is(key: str) -> Cell:
    return lambda item, _: item.get(key)


def _word(key: str) -> Cell:
    return lambda item, language: _said(item.get(key), language)


def _said(code: Any, language: str) -> Any:
    words = _WORDS.get(str(code))
    return (words[1] if language == "en" else words[0]) if words else code


def _time(key: str) -> Cell:
    def cell(item: Item, _: str) -> Any:
        text = item.get(key)
        if not text:
            return None
        return datetime.fromisoformat(text).astimezone(org_zone()).strftime("%Y-%m-%d %H:%M:%S")

    return cell


def _place(end: str) -> Cell:
    def cell(item: Item, language: str) -> Any:
        name = item.get(f"{end}_name") or _said(sort_of(item[f"{end}_place"]), language)
        if sort_of(item[f"{end}_place"]) == "transit":
            return f"{_said('in_transit', language)} · {name}"
        return name

    return cell


def _flags(item: Item, language: str) -> str:
    return "; ".join(flag["words"][language] for flag in item["flags"])


def _unit_value(item: Item, _: str) -> float | None:
    cents = item["value_cents"]
    return None if cents is None else cents / 100


def _value(item: Item, _: str) -> float | None:
    cents = item["value_cents"]
    return None if cents is None else cents * item["balance"] / 100


def _yes(key: str) -> Cell:
    return lambda item, _: int(item[key])


def _sum(item: Item, _: str) -> int:
    return sum(item[sort] for sort in SORTS)


Column = tuple[str, str, Cell]
_MATERIAL: Final[tuple[Column, ...]] = (
    ("物料编码", "material code", _is("material_code")),
    ("物料", "material", _is("material_name")),
    ("单位", "unit", _is("unit")),
)
_BATCH: Final[tuple[Column, ...]] = (
    ("批次", "batch", _is("batch_code")),
    ("效期", "expires", _is("expires_on")),
)
_ENTRY: Final[tuple[Column, ...]] = (
    ("时间", "time", _time("at")),
    ("类型", "kind", _word("kind")),
    *_MATERIAL,
    *_BATCH,
    ("数量", "quantity", _is("quantity")),
    ("从", "from", _place("from")),
    ("到", "to", _place("to")),
    ("经手人", "by", _is("author_name")),
)
_REVERSAL: Final[tuple[Column, ...]] = (
    ("编号", "id", _is("id")),
    ("冲销的记录", "reverses", _is("reverses_id")),
    ("被冲销于", "reversed by", _is("reversed_by")),
)
_UNIT_VALUE: Final[Column] = ("单价", "unit value", _unit_value)
COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "stock": (
        ("持有人", "holder", _is("holder_name")),
        *_MATERIAL,
        *_BATCH,
        ("结存", "balance", _is("balance")),
        ("在途", "in transit", _is("in_transit")),
        _UNIT_VALUE,
        ("金额", "value", _value),
    ),
    "ledger": (
        *_ENTRY,
        ("备注", "note", _is("note")),
        ("领取人", "recipient", _is("recipient")),
        ("签名哈希", "signature sha256", _is("evidence_sha256")),
        ("入账时间", "booked at", _time("booked_at")),
        *_REVERSAL,
    ),
    "handouts": (
        *_ENTRY,
        ("领取人", "recipient", _is("recipient")),
        ("签名哈希", "signature sha256", _is("evidence_sha256")),
        ("照片编号", "photo", _is("photo_id")),
        ("照片", "photo state", _word("photo_state")),
        ("异常", "flags", _flags),
        ("促销活动", "campaign", _is("campaign")),
        ("拜访编号", "visit", _is("visit_id")),
        *_REVERSAL,
    ),
    "movements": (
        *_ENTRY,
        ("状态", "state", _word("state")),
        ("确认数量", "confirmed", _is("confirmed")),
        ("差异", "difference", _is("difference")),
        ("确认人", "confirmed by", _is("confirmed_name")),
        ("确认时间", "confirmed at", _time("confirmed_at")),
        ("备注", "note", _is("note")),
    ),
    "counts": (
        ("时间", "time", _time("at")),
        ("类型", "kind", _word("kind")),
        ("地点", "place", _is("place_name")),
        *_MATERIAL,
        *_BATCH,
        ("账面", "expected", _is("expected")),
        ("实盘", "counted", _is("counted")),
        ("差异", "difference", _is("quantity")),
        ("原因", "reason", _word("reason")),
        ("状态", "state", _word("state")),
        ("提交人", "by", _is("author_name")),
        ("审批人", "decided by", _is("decided_name")),
        ("备注", "note", _is("note")),
    ),
    "materials": (
        *_MATERIAL,
        ("类别", "kind", _word("kind")),
        ("条码", "barcode", _is("barcode")),
        _UNIT_VALUE,
        ("按批次管理", "kept by batch", _yes("tracks_batches")),
        ("启用", "active", _yes("active")),
    ),
    "batches": (*_MATERIAL, *_BATCH, ("结存", "balance", _is("balance"))),
    "warehouses": (
        ("编码", "code", _is("code")),
        ("仓库", "warehouse", _is("name")),
        ("区域", "region", _is("region_name")),
        ("启用", "active", _yes("active")),
    ),
    "trial": (
        *_MATERIAL,
        *((_said(sort, "zh-CN"), _said(sort, "en"), _is(sort)) for sort in SORTS),
        ("合计", "sum", _sum),
    ),
}
_TITLES: Final = {
    "stock": ("库存", "Stock"),
    "ledger": ("台账", "Ledger"),
    "handouts": ("发放", "Handouts"),
    "movements": ("在途与收发", "Movements"),
    "counts": ("盘点与调整", "Counts"),
    "materials": ("物料", "Material"),
    "batches": ("批次", "Batches"),
    "warehouses": ("仓库", "Warehouses"),
    "trial": ("试算平衡", "Trial balance"),
}


def export(
    session: Session,
    actor: Actor,
    clock: Clock,
    table: str,
    kind: str,
    filters: Filters,
    at: datetime | None,
    *,
    language: str,
) -> bytes:
    """The bytes of a csv or xlsx file with what the actor sees of a table.

    Reads and writes it without the write lock, then begins the short transaction that the caller
    commits. Raises not_found for a place out of scope, sheet_too_large beyond MAX_ROWS rows,
    forbidden for the trial balance to anybody but the office.
    """
    english = language == "en"
    columns = COLUMNS[table]
    header = [column[1] if english else column[0] for column in columns]
    with read_only():
        items = _items(session, actor, table, filters, at)
        session.rollback()
    rows = [[cell(item, language) for _, _, cell in columns] for item in items]
    file = write(kind, header, rows, _TITLES[table][1 if english else 0])
    asked = {
        name: str(value)
        for name in ("rep_id", "warehouse_id", "store_id", "material_id", "kind", "state", "first")
        if (value := getattr(filters, name))
    }
    asked |= {"last": str(filters.last)} if filters.last else {}
    event = journal.Event.TABLE_EXPORTED
    data = {"table": f"stock.{table}", "format": kind, "rows": len(rows), "filters": asked}
    journal.record(session, clock, actor, event, "export", new_id(), **data)
    return file


def _items(
    session: Session, actor: Actor, table: str, filters: Filters, at: datetime | None
) -> Sequence[Item]:
    match table:
        case "stock":
            page = queries.list_stock(session, actor, filters, at=at, limit=None)
            return list(registers.by_batch(page["items"]))
        case "materials":
            return registers.material_items(session)
        case "batches":
            return registers.batch_items(session, actor)
        case "warehouses":
            return registers.warehouse_items(session, actor)
        case "trial":
            if not actor.is_office:
                raise common.FORBIDDEN.error(roles=Role.OFFICE.value)
            return trial_rows(session, at)
    found: list[Item] = []
    for item in _pages(session, actor, table, filters):
        if len(found) >= MAX_ROWS:
            raise problems.SHEET_TOO_LARGE.error(limit=MAX_ROWS)
        found.append(item)
    return found


def _pages(session: Session, actor: Actor, table: str, filters: Filters) -> Iterator[Item]:
    ask: Any = {"movements": queries.list_movements, "counts": queries.list_adjustments}.get(
        table, queries.list_entries
    )
    if table == "handouts":
        filters = Filters(
            rep_id=filters.rep_id,
            warehouse_id=filters.warehouse_id,
            store_id=filters.store_id,
            material_id=filters.material_id,
            kind=EntryKind.HANDOUT.value,
            first=filters.first,
            last=filters.last,
        )
    cursor: str | None = None
    while True:
        page = ask(session, actor, filters, cursor=cursor, limit=_PAGE)
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return
