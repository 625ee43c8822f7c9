"""What an import says about a row: every remark once, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from server.kernel.problems import Words


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding in one row (the header is row 1). code is a key of ERRORS or DOUBTS."""

    row: int
    field: str
    code: str
    params: dict[str, Any]

    def as_dict(self, language: str) -> dict[str, Any]:
        """The remark as the report writes it."""
        words = ERRORS.get(self.code) or DOUBTS[self.code]
        return {
            "row": self.row,
            "field": self.field,
            "code": self.code,
            "message": words.say(language, self.params),
            "params": self.params,
        }


# A row with one of these is refused.
ERRORS: Final[dict[str, Words]] = {
    "name_missing": Words("没有门店名称", "The name is missing"),
    "position_missing": Words("没有坐标", "The position is missing"),
    "not_a_number": Words("不是数字：{value}", "Not a number: {value}"),
    "position_out_of_range": Words(
        "坐标超出范围：{value}", "The position is out of range: {value}"
    ),
    "position_zero": Words("坐标为 0,0，不是门店位置", "0,0 is no position of a store"),
    "position_swapped": Words(
        "经纬度写反了：纬度 {lat}，经度 {lon}",
        "Latitude and longitude are swapped: latitude {lat}, longitude {lon}",
    ),
    "excel_number": Words(
        "被 Excel 改成了科学计数：{value}，原来的数字已丢失",
        "Excel has turned it into {value}; the digits are lost",
    ),
    "excel_error": Words("Excel 公式出错：{value}", "An Excel error stands here: {value}"),
    "text_damaged": Words("文字已损坏（乱码）：{value}", "The text is damaged: {value}"),
    "too_long": Words("超过 {limit} 个字", "Longer than {limit} characters"),
    "code_twice": Words("与第 {first} 行重复：{value}", "The same as row {first} again: {value}"),
    "region_unknown": Words("没有这个区域：{value}", "No such region: {value}"),
    "region_missing": Words("没有区域", "The region is missing"),
    "rep_unknown": Words("没有这位业务员：{value}", "No such rep: {value}"),
    "radius_out_of_range": Words(
        "半径应在 {low} 到 {high} 米之间：{value}",
        "The radius must lie between {low} and {high} metres: {value}",
    ),
    "not_yes_or_no": Words("应填“是”或“否”：{value}", "Say yes or no: {value}"),
    "cells_extra": Words(
        "比表头多出几格，可能有未加引号的逗号",
        "More cells than headers; a comma may lack its quotes",
    ),
}

# A row with one of these is imported and named; the gravest come first in the report.
DOUBTS: Final[dict[str, Words]] = {
    "position_shared": Words(
        "{count} 家门店共用坐标 {position}，多半是地址解析失败的默认点；定位精度按 {quality} 米计",
        "{count} stores share the position {position}, likely a geocoder's fallback; "
        "the pin counts as {quality} m uncertain",
    ),
    "position_far": Words(
        "离{place}其他门店 {km} 公里，坐标可能有误；定位精度按 {quality} 米计",
        "{km} km from the other stores of {place}, so the position may be wrong; "
        "the pin counts as {quality} m uncertain",
    ),
    "position_abroad": Words(
        "坐标不在中国境内，没有做 {crs} 纠偏",
        "The position lies outside China; no {crs} shift was taken off",
    ),
    "pin_kept": Words(
        "位置已由人工校正过，保留现有位置（与文件相差 {metres} 米）",
        "The pin was corrected by hand and is kept ({metres} m from the file's)",
    ),
    "name_twice": Words("同名门店：第 {rows} 行", "Another store has the same name: row {rows}"),
    "city_missing": Words("地址里没有城市", "The address names no city"),
}
