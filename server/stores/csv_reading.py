"""From the bytes of a CSV file to rows of text under our own field names."""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

from server.kernel.geo import Crs
from server.stores import problems

MAX_BYTES = 8 * 1024 * 1024
# An import is one transaction, and others wait for it: this many rows take a few seconds.
MAX_ROWS = 20_000

_ENCODINGS = ("utf-8-sig", "gb18030")
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NEEDED = ("name", "lat", "lon")

# Headers as people write them; compared without case, blanks, underscores and brackets.
_SYNONYMS: dict[str, str] = {
    "code": "code storecode storeid storeno outletcode outletid osmid 编码 编号 代码 店号 门店编码 "
    "门店编号 门店代码 终端编码 终端编号 客户编码 客户编号",
    "name": "name storename store outletname 名称 店名 门店 门店名 门店名称 终端名称 客户名称",
    "name_en": "nameen englishname 英文名 英文名称",
    "address": "address addr storeaddress 地址 门店地址 详细地址 终端地址",
    "city": "city 城市 地市 所在城市",
    "chain": "chain chainname banner brand 连锁 系统 品牌 连锁系统 所属连锁 所属系统",
    "region": "region regioncode regionname 区域 片区 大区 区域编码 区域名称 所属区域 所属片区",
    "lat": "lat latitude y 纬度",
    "lon": "lon lng long longitude x 经度",
    "radius_m": "radius radiusm fence 半径 签到半径 签到范围 围栏半径",
    "contact": "contact contactname contactperson 联系人 店长",
    "phone": "phone tel telephone mobile contactphone 电话 手机 手机号 联系电话",
    "active": "active enabled 启用 是否启用 营业",
    "rep": "rep reps username 业务员 业务员账号 负责人账号",
}
_FIELD_OF = {word: field for field, words in _SYNONYMS.items() for word in words.split()}
_PUNCTUATION = re.compile(r"[\s_\-./()\[\]【】:]+")
_CRS_ENDING = re.compile(r"(wgs84|gcj02|bd09)(ll)?$")
_CRS_WORDS = {"百度": Crs.BD09, "高德": Crs.GCJ02, "腾讯": Crs.GCJ02, "gps": Crs.WGS84}


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its number as a spreadsheet shows it (header = 1), cells by our field names."""

    number: int
    cells: dict[str, str]
    extra_cells: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A file as read. crs is what its header declares, crs_header the header that does."""

    rows: list[Row]
    fields: frozenset[str]
    ignored_columns: list[str]
    crs: Crs | None
    crs_header: str


def read_table(data: bytes) -> Table:
    """Read a CSV file of stores.

    Raises csv_encoding, csv_empty, csv_header, csv_header_twice, csv_malformed,
    csv_too_many_rows.
    """
    lines = _records(_decode(data))
    _, header = next(lines, (0, []))
    if not any(cell.strip() for cell in header):
        raise problems.CSV_EMPTY.error()
    columns, ignored, declared = _columns(header)
    rows: list[Row] = []
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) >= MAX_ROWS:
            raise problems.CSV_TOO_MANY_ROWS.error(limit=MAX_ROWS)
        named = {
            field: cells[at].strip() if at < len(cells) else "" for at, field in columns.items()
        }
        extra = any(cell.strip() for cell in cells[len(header) :])
        rows.append(Row(number, named, extra))
    if not rows:
        raise problems.CSV_EMPTY.error()
    crs_header, crs = next(iter(declared.items()), ("", None))
    return Table(rows, frozenset(columns.values()), ignored, crs, crs_header)


def _decode(data: bytes) -> str:
    # GB 18030 gives a meaning to nearly every byte: it comes last, and never after a UTF-16 mark.
    if not data.startswith(_WIDE_MARKS) and b"\0" not in data:
        for encoding in _ENCODINGS:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise problems.CSV_ENCODING.error()


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each record; blank lines count, as they do in a spreadsheet."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for cells in reader:
            number += 1
            yield number, cells
    except csv.Error as error:
        raise problems.CSV_MALFORMED.error(row=number + 1) from error


def _columns(header: list[str]) -> tuple[dict[int, str], list[str], dict[str, Crs]]:
    """Field by column, headers we do not know, and the coordinate systems that headers declare."""
    columns: dict[int, str] = {}
    ignored: list[str] = []
    declared: dict[str, Crs] = {}
    for at, title in enumerate(header):
        word, crs = _normal(title)
        field = _FIELD_OF.get(word)
        if field is None:
            if title.strip():
                ignored.append(title.strip())
            continue
        if field in columns.values():
            first = next(header[other] for other, name in columns.items() if name == field)
            both = f"{first.strip()}, {title.strip()}"
            raise problems.CSV_HEADER_TWICE.error(field=field, columns=both)
        columns[at] = field
        if crs is not None and field in {"lat", "lon"}:
            declared[title.strip()] = crs
    missing = [field for field in _NEEDED if field not in columns.values()]
    if missing == ["name"] and "name_en" in columns.values():
        missing = []
    if missing:
        found = ", ".join(title.strip() for title in header if title.strip())[:300]
        raise problems.CSV_HEADER.error(
            field=missing[0], missing=", ".join(missing), found=found or "-"
        )
    if len(set(declared.values())) > 1:
        raise problems.CSV_HEADER_TWICE.error(field="lat", columns=", ".join(declared))
    return columns, ignored, declared


def _normal(title: str) -> tuple[str, Crs | None]:
    """The header without case, blanks and brackets, and the coordinate system it ends in."""
    word = unicodedata.normalize("NFKC", title).strip().lower()
    crs: Crs | None = None
    for name, meant in _CRS_WORDS.items():
        if name in word:
            word, crs = word.replace(name, ""), meant
    word = _PUNCTUATION.sub("", word)
    ending = _CRS_ENDING.search(word)
    if ending:
        return word[: ending.start()], Crs(ending.group(1))
    return word, crs
