"""Problems that only stores and their import have."""

from __future__ import annotations

from typing import Final

from server.kernel.problems import Kind, Words, register


def _kind(code: str, status: int, title: tuple[str, str], remedy: tuple[str, str]) -> Kind:
    return register(Kind(code, status, Words(*title), Words(*remedy)))


STORE_CODE_TAKEN = _kind(
    "store_code_taken",
    409,
    ("门店编码已存在：{code}", "This store code is taken: {code}"),
    ("请换一个编码，或修改原有门店。", "Choose another code, or change the store that has it."),
)
PIN_INVALID = _kind(
    "pin_invalid",
    422,
    ("门店坐标无效", "The store's position is not valid"),
    (
        "纬度在 -90 到 90 之间，经度在 -180 到 180 之间，且不能同为 0。",
        "Latitude lies between -90 and 90, longitude between -180 and 180, and not both are 0.",
    ),
)
REP_UNKNOWN = _kind(
    "rep_unknown",
    422,
    ("没有这位业务员", "No such rep"),
    ("请从业务员列表中选择。", "Choose from the list of reps."),
)
PROPOSAL_DECIDED = _kind(
    "proposal_decided",
    409,
    ("这条位置建议已处理过", "This proposal has been decided on already"),
    ("请刷新列表。", "Reload the list."),
)
CSV_ENCODING = _kind(
    "csv_encoding",
    422,
    ("无法读取文件的文字编码", "The text encoding of the file cannot be read"),
    (
        "请另存为“CSV UTF-8（逗号分隔）”后再导入。",
        "Save it as “CSV UTF-8 (comma delimited)” and import again.",
    ),
)
CSV_EMPTY = _kind(
    "csv_empty",
    422,
    ("文件里没有数据", "The file holds no data"),
    ("第一行应为表头，其后每行一家门店。", "Put headers in the first row, then one store a row."),
)
CSV_HEADER = _kind(
    "csv_header",
    422,
    ("缺少必要的列：{missing}", "Columns are missing: {missing}"),
    (
        "表头至少要有：名称、纬度、经度（如 name, lat, lng）。文件里有：{found}。",
        "The header needs at least name, latitude and longitude. The file has: {found}.",
    ),
)
CSV_HEADER_TWICE = _kind(
    "csv_header_twice",
    422,
    ("两列含义相同：{columns}", "Two columns mean the same: {columns}"),
    ("请删去其中一列后再导入。", "Delete one of them and import again."),
)
CSV_MALFORMED = _kind(
    "csv_malformed",
    422,
    ("文件不是有效的 CSV（第 {row} 行附近）", "The file is not valid CSV (near row {row})"),
    ("请检查引号和分隔符，或重新导出。", "Check quotes and separators, or export it again."),
)
CSV_TOO_MANY_ROWS = _kind(
    "csv_too_many_rows",
    413,
    ("行数太多", "There are too many rows"),
    ("每个文件最多 {limit} 行，请拆分后导入。", "A file may hold {limit} rows; split it."),
)
CSV_CRS_MISSING = _kind(
    "csv_crs_missing",
    422,
    ("没有说明坐标系", "The coordinate system is not declared"),
    (
        "请选择坐标系：wgs84（GPS）、gcj02（高德、腾讯）或 bd09（百度）。",
        "Choose one: wgs84 (GPS), gcj02 (AMap, Tencent) or bd09 (Baidu).",
    ),
)
CSV_CRS_CONTRADICTED = _kind(
    "csv_crs_contradicted",
    422,
    (
        "所选坐标系 {declared} 与表头 {header} 不符",
        "The chosen system {declared} contradicts the header {header}",
    ),
    (
        "请选择与表头一致的坐标系，或改正表头。",
        "Choose the system that the header names, or correct the header.",
    ),
)
CSV_REGION_MISSING = _kind(
    "csv_region_missing",
    422,
    ("没有说明门店属于哪个区域", "The stores' region is not given"),
    ("请选择区域，或在文件里加一列“区域”。", "Choose a region, or add a column “region”."),
)
# What a file to import may be refused with as a whole; its rows have remarks of their own.
CSV_PROBLEMS: Final = (
    CSV_ENCODING,
    CSV_EMPTY,
    CSV_HEADER,
    CSV_HEADER_TWICE,
    CSV_MALFORMED,
    CSV_TOO_MANY_ROWS,
    CSV_CRS_MISSING,
    CSV_CRS_CONTRADICTED,
    CSV_REGION_MISSING,
)
