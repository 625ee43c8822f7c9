"""From the rows of a sheet of opening stock to what is to be booked, or why not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from server.kernel.problems import Problem
from server.kernel.sheets import NumberText, Row
from server.materials import problems
from server.materials.barcodes import clean_barcode, expected_digit
from server.materials.stock.movements import MAX_QUANTITY
from server.materials.stock.opening_words import Remark

_SYNONYMS = {
    "code": "code materialcode 编码 编号 物料编码 物料编号 物料代码",
    "barcode": "barcode ean 条码 条形码 商品条码",
    "name": "name material materialname 名称 物料 物料名称",
    "kind": "kind type category 类别 类型 物料类别",
    "unit": "unit 单位",
    "value": "value price unitvalue 单价 价值",
    "quantity": "quantity qty stock balance count 数量 库存 期初 期初数量 结存",
    "place": "place warehouse warehousecode rep username 地点 仓库 仓库编码 业务员 存放地",
    "batch": "batch lot batchcode 批次 批号",
    "expires": "expires expiry expireson bestbefore 效期 有效期 到期日",
}
_FIELD_OF = {word: name for name, words in _SYNONYMS.items() for word in words.split()}
_PUNCTUATION = re.compile(r"[\s_\-./()\[\]【】（）:：]+")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]{1,3}")
_EXCEL_ERROR = re.compile(r"#(N/A|NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!)")
_KINDS = {
    **dict.fromkeys(("posm", "物料", "陈列物料"), "posm"),
    **dict.fromkeys(("giveaway", "gift", "赠品", "促销品"), "giveaway"),
    **dict.fromkeys(("sample", "样品", "试用装"), "sample"),
}
_LIMITS = {"code": 40, "name": 120, "unit": 16, "batch": 40}
_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")


@dataclass(slots=True)
class Table:
    """The rows of a sheet by our field names."""

    rows: list[tuple[int, dict[str, str]]]
    ignored_columns: list[str]


@dataclass(slots=True)
class Candidate:
    """One row that says what it should; text fields are empty where nothing is said."""

    row: int
    quantity: int
    code: str = ""
    barcode: str | None = None
    name: str = ""
    kind: str = ""
    unit: str = ""
    value_cents: int | None = None
    place: str = ""
    batch: str = ""
    expires_on: date | None = None
    doubts: list[Remark] = field(default_factory=list)


def by_field(rows: list[Row]) -> Table:
    """Name the columns. Raises sheet_header where quantity, or both code and barcode, lack."""
    header = rows[0][1] if rows else []
    columns: dict[int, str] = {}
    ignored: list[str] = []
    for at, title in enumerate(header):
        word = _PUNCTUATION.sub("", unicodedata.normalize("NFKC", title).strip().lower())
        name = _FIELD_OF.get(word)
        if name is not None and name not in columns.values():
            columns[at] = name
        elif title.strip():
            ignored.append(title.strip()[:80])
    there = set(columns.values())
    missing = [] if "quantity" in there else ["quantity"]
    if not there & {"code", "barcode"}:
        missing.insert(0, "code")
    if missing:
        raise problems.SHEET_HEADER.error(field=missing[0], missing=", ".join(missing))
    named = [
        (number, {name: cells[at] if at < len(cells) else "" for at, name in columns.items()})
        for number, cells in rows[1:]
    ]
    return Table(named, ignored)


Wrong = Callable[..., None]


def read_row(number: int, cells: dict[str, str]) -> tuple[Candidate | None, list[Remark]]:
    """What a row says, and what is wrong with it; no candidate where an error is among that."""
    errors: list[Remark] = []
    said = {name: _clean(text) for name, text in cells.items()}

    def wrong(name: str, code: str, **params: Any) -> None:
        errors.append(Remark(number, name, code, params))

    for name, text in said.items():
        _damaged(name, text, wrong)
    if errors:
        return None, errors
    made = Candidate(number, 0, said.get("code", ""), name=said.get("name", ""))
    made.unit, made.place, made.batch = (said.get(key, "") for key in ("unit", "place", "batch"))
    made.quantity = _whole(said.get("quantity", ""), wrong)
    _barcode(made, said.get("barcode", ""), cells.get("barcode", ""), wrong)
    if not made.code and not made.barcode:
        wrong("code", "material_missing")
    made.kind = _kind(said.get("kind", "").lower(), wrong)
    made.value_cents = _cents(said.get("value", ""), wrong)
    made.expires_on = _day(said.get("expires", ""), wrong)
    if made.expires_on is not None and not made.batch:
        wrong("batch", "batch_missing")
    return (None if errors else made), errors


def _damaged(name: str, text: str, wrong: Wrong) -> None:
    """What a spreadsheet has done to a cell."""
    if _EXCEL_ERROR.match(text):
        wrong(name, "excel_error", value=text[:20])
    elif name in {"code", "barcode", "batch"} and _scientific(text):
        wrong(name, "scientific", value=text[:40])
    elif len(text) > _LIMITS.get(name, 200):
        wrong(name, "too_long", limit=_LIMITS.get(name, 200))


def _kind(text: str, wrong: Wrong) -> str:
    found = _KINDS.get(text, "")
    if text and not found:
        wrong("kind", "kind_unknown", value=text[:40])
    return found


def _clean(text: str) -> str:
    # A leading apostrophe is how spreadsheets (and our own files) mark text.
    return text.replace("\0", "").strip().removeprefix("'")


def _scientific(text: str) -> bool:
    return bool(_SCIENTIFIC.fullmatch(text)) and any(sign in text for sign in "+.,")


def _whole(text: str, wrong: Wrong) -> int:
    digits = text.replace(",", "").replace("，", "").removesuffix(".0")
    if re.fullmatch(r"[0-9]{1,9}", digits) and 1 <= int(digits) <= MAX_QUANTITY:
        return int(digits)
    wrong("quantity", "quantity", value=text[:40], limit=MAX_QUANTITY)
    return 0


def _barcode(made: Candidate, text: str, raw: str, wrong: Wrong) -> None:
    if not text:
        return
    expected = expected_digit(text)
    if expected is not None:
        # A misprint on the pack is scanned like any other code: named, not refused.
        params = {"value": text, "expected": expected}
        made.doubts.append(Remark(made.row, "barcode", "check_digit", params))
        made.barcode = text
        return
    try:
        made.barcode = clean_barcode(text)
    except Problem:
        wrong("barcode", "barcode_invalid", value=text[:48])
        return
    if isinstance(raw, NumberText) and text.isdigit() and 8 < len(text) < 13:
        made.doubts.append(Remark(made.row, "barcode", "zero_lost", {"value": text}))


def _cents(text: str, wrong: Wrong) -> int | None:
    if not text:
        return None
    try:
        amount = Decimal(text.replace(",", "").lstrip("¥￥"))
        cents = int(amount * 100)
    except (InvalidOperation, ValueError, OverflowError):
        cents = -1
    if not 0 <= cents <= 1_000_000_000:
        wrong("value", "value", value=text[:40])
        return None
    return cents


def _day(text: str, wrong: Wrong) -> date | None:
    parts = _DAY.fullmatch(text)
    try:
        if parts is not None:
            year, month, day = (int(part) for part in parts.groups())
            return date(year, month, day)
    except ValueError:
        pass
    if text:
        wrong("expires", "expires", value=text[:40])
    return None
