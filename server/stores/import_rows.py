"""One row of a store file: what it says in our terms, or why it cannot be taken."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.kernel.crs import Crs, is_shifted, to_wgs84
from server.kernel.geo import is_position
from server.stores.csv_reading import Row
from server.stores.import_words import Remark
from server.stores.schemas import LENGTHS, RADIUS_RANGE_M

# 1.23E+11 in a code or phone; a code such as 7E5 that was meant so cannot be told apart.
_EXCEL_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?E[+-]?\d+", re.IGNORECASE)
_EXCEL_ERROR = re.compile(r"#(NAME\?|REF!|VALUE!|N/A|DIV/0!|NUM!|NULL!|#+)")
_DAMAGED = re.compile("[\ufffd\x00-\x08\x0b\x0c\x0e-\x1f]")
_YES = {"1", "true", "yes", "y", "是", "启用", "营业", "营业中", "正常"}
_NO = {"0", "false", "no", "n", "否", "停用", "停业", "关闭", "关店"}
_CITY = re.compile(
    r"\s*(?:[\u4e00-\u9fff]{2,6}?(?:省|自治区))?([^\W\d_a-zA-Z路街道区县号村]{2,7}?市)(?![场医])"
)
_DISTRICT = re.compile(r"\s*([\u4e00-\u9fff]{1,6}?[区县旗])|\s*([\u4e00-\u9fff]{2,8})\s")
# Hundredths of a millimetre would only say what no receiver knows; 7 decimals are a centimetre.
_DECIMALS = 7


@dataclass(slots=True)
class Candidate:
    """A row that can be taken. values holds only what the row says; position is WGS-84."""

    row: int
    code: str
    values: dict[str, Any]
    lat: float
    lon: float
    raw_position: tuple[float, float]
    quality_m: float = 0.0
    rep_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Known:
    """What rows may refer to. regions: id by id, code or name; reps: id by user name."""

    regions: Mapping[str, str]
    reps: Mapping[str, str]
    default_region: str | None


def check_row(row: Row, crs: Crs, known: Known) -> tuple[Candidate | None, list[Remark]]:
    """The row as a candidate, or None with every reason against it."""
    cells = dict(row.cells)
    cells["name"] = cells.get("name") or cells.pop("name_en", "")
    errors: list[Remark] = []

    def refuse(field_name: str, code: str, **params: Any) -> None:
        errors.append(Remark(row.number, field_name, code, params))

    if row.extra_cells:
        refuse("", "cells_extra")
    _check_text(cells, refuse)
    position = _position(cells, refuse)
    values: dict[str, Any] = {
        key: cells[key] for key in LENGTHS if key != "code" and cells.get(key)
    }
    if cells.get("radius_m"):
        values["radius_m"] = _radius(cells["radius_m"], refuse)
    if cells.get("active"):
        values["active"] = _yes_or_no(cells["active"], refuse)
    region = _region(cells, known, refuse)
    if region:
        values["region_id"] = region
    rep_ids = _reps(cells.get("rep", ""), known, refuse)
    if errors or position is None:
        return None, errors
    if "city" not in values and (city := city_of(values.get("address", ""))):
        values["city"] = city
    lat, lon = to_wgs84(*position, crs)
    return Candidate(
        row=row.number,
        code=cells.get("code") or made_code(values["name"], values.get("address", ""), position),
        values=values,
        lat=round(lat, _DECIMALS),
        lon=round(lon, _DECIMALS),
        raw_position=position,
        rep_ids=rep_ids,
    ), []


def made_code(name: str, address: str, position: tuple[float, float]) -> str:
    """A code for a row that has none: the same row gets the same one in every file.

    Name and address identify a store; without an address the position has to stand in for it.
    """
    where = address or f"{position[0]:.6f},{position[1]:.6f}"
    digest = hashlib.sha256(f"{name}\n{where}".encode()).hexdigest()
    return f"G-{digest[:12]}"


def city_of(address: str) -> str:
    """The city that an address begins with, such as 沈阳市; empty if it names none."""
    found = _CITY.match(address)
    return found.group(1) if found else ""


def place_of(values: Mapping[str, Any]) -> str:
    """What a store's neighbours share: its city, else the district its address begins with."""
    if values.get("city"):
        return str(values["city"])
    found = _DISTRICT.match(str(values.get("address", "")))
    return (found.group(1) or found.group(2)) if found else ""


def _check_text(cells: Mapping[str, str], refuse: Any) -> None:
    for key, text in cells.items():
        if _EXCEL_ERROR.fullmatch(text):
            refuse(key, "excel_error", value=text)
        elif _DAMAGED.search(text):
            refuse(key, "text_damaged", value=_DAMAGED.sub("?", text)[:40])
        elif len(text) > LENGTHS.get(key, 200):
            refuse(key, "too_long", limit=LENGTHS.get(key, 200))
    for key in ("code", "phone"):
        if _EXCEL_NUMBER.fullmatch(cells.get(key, "")):
            refuse(key, "excel_number", value=cells[key])
    if not cells["name"]:
        refuse("name", "name_missing")


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _position(cells: Mapping[str, str], refuse: Any) -> tuple[float, float] | None:
    texts = {key: cells.get(key, "") for key in ("lat", "lon")}
    if not all(texts.values()):
        refuse("lat" if not texts["lat"] else "lon", "position_missing")
        return None
    numbers = {key: _number(text) for key, text in texts.items()}
    lat, lon = numbers["lat"], numbers["lon"]
    if lat is None or lon is None:
        bad = "lat" if lat is None else "lon"
        refuse(bad, "not_a_number", value=texts[bad][:40])
        return None
    if is_position(lon, lat) and is_shifted(lon, lat) and not is_shifted(lat, lon):
        refuse("lat", "position_swapped", lat=lat, lon=lon)
        return None
    if abs(lat) > 90 or abs(lon) > 180:
        bad = "lat" if abs(lat) > 90 else "lon"
        refuse(bad, "position_out_of_range", value=numbers[bad])
        return None
    if not is_position(lat, lon):
        refuse("lat", "position_zero")
        return None
    return lat, lon


def _radius(text: str, refuse: Any) -> float | None:
    number = _number(text)
    low, high = RADIUS_RANGE_M
    if number is None:
        refuse("radius_m", "not_a_number", value=text[:40])
    elif not low <= number <= high:
        refuse("radius_m", "radius_out_of_range", low=int(low), high=int(high), value=number)
    return number


def _yes_or_no(text: str, refuse: Any) -> bool:
    word = text.lower()
    if word not in _YES | _NO:
        refuse("active", "not_yes_or_no", value=text[:40])
    return word in _YES


def _region(cells: Mapping[str, str], known: Known, refuse: Any) -> str | None:
    text = cells.get("region", "")
    if not text:
        return None
    if text not in known.regions:
        refuse("region", "region_unknown", value=text[:40])
    return known.regions.get(text)


def _reps(text: str, known: Known, refuse: Any) -> list[str]:
    found = []
    for name in re.split(r"[;,；，、\s]+", text):
        if name and name.lower() not in known.reps:
            refuse("rep", "rep_unknown", value=name[:40])
        elif name:
            found.append(known.reps[name.lower()])
    return found
