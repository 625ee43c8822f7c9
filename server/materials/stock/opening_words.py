"""What the import of opening stock says about a row: every remark once, in both languages."""

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
            "words": words.say(language, self.params),
        }


# A row with one of these is refused.
ERRORS: Final[dict[str, Words]] = {
    "scientific": Words(
        "被表格软件改成了科学计数法：{value}，末尾数字已丢失",
        "A spreadsheet turned it into {value}; its last digits are lost",
    ),
    "excel_error": Words("表格公式出错：{value}", "A spreadsheet error stands here: {value}"),
    "barcode_invalid": Words(
        "条码含有不能用的字符：{value}", "The barcode holds other signs: {value}"
    ),
    "material_missing": Words(
        "没有物料编码或条码", "Neither the code nor the barcode of a material is there"
    ),
    "material_unknown": Words(
        "没有这个物料：{value}；新物料请同时填写编码、名称、类别和单位",
        "No such material: {value}; for a new one give code, name, kind and unit",
    ),
    "kind_unknown": Words(
        "类别应为 物料/赠品/样品：{value}", "The kind must be posm, giveaway or sample: {value}"
    ),
    "too_long": Words("超过 {limit} 个字", "Longer than {limit} characters"),
    "quantity": Words(
        "数量应为 1 到 {limit} 的整数：{value}",
        "The quantity must be a whole number from 1 to {limit}: {value}",
    ),
    "value": Words("单价不是金额：{value}", "The value is no amount of money: {value}"),
    "place_missing": Words("没有仓库或业务员", "Neither a warehouse nor a rep is named"),
    "place_unknown": Words("没有这个仓库或业务员：{value}", "No such warehouse or rep: {value}"),
    "expires": Words("效期应写成 2027-06-30：{value}", "Write the expiry as 2027-06-30: {value}"),
    "batch_missing": Words("有效期，但没有批号", "An expiry is there, but no batch"),
    "batch_contradicted": Words(
        "批次 {value} 已登记（或在前面的行中写明）为另一个效期",
        "Batch {value} is known, or named in an earlier row, with another expiry",
    ),
    "row_twice": Words(
        "与第 {first} 行是同一物料、地点和批次",
        "The same material, place and batch as row {first}",
    ),
}

# A row with one of these is booked and named.
DOUBTS: Final[dict[str, Words]] = {
    "check_digit": Words(
        "条码 {value} 的校验位不对，末位应为 {expected}",
        "The check digit of {value} is wrong; the last digit should be {expected}",
    ),
    "zero_lost": Words(
        "条码 {value} 在文件里是数字，开头的 0 可能已丢失",
        "The file holds barcode {value} as a number; leading zeros may be lost",
    ),
    "barcode_other": Words(
        "条码 {value} 与已登记的不同，保留已登记的",
        "Barcode {value} differs from the known one, which is kept",
    ),
    "stock_there": Words(
        "此处账面已有 {value}，期初数量会加上去",
        "The books say {value} there already; the opening stock is added",
    ),
}
