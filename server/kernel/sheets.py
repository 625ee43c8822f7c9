"""Tables in files: CSV and XLSX, read from strangers and written for anybody.

Reading trusts nothing: sizes are bounded before anything is unpacked. Writing lets no text of ours
become a formula in the reader's spreadsheet.
"""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any, Final

from server.kernel.csv_cells import BOM, lines

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 64
# What the parts of a workbook may unpack to: twenty thousand rows take a tenth of it.
_MAX_UNPACKED: Final = 48 * 1024 * 1024
_MAX_PARTS: Final = 200
# A workbook may name its rows as it likes; so many empty ones are no table.
_MAX_EMPTY: Final = 5_000
MIME: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_ENCODINGS = ("utf-8-sig", "gb18030")
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class UnreadableError(ValueError):
    """The file is no table that can be read."""


class TooLargeError(ValueError):
    """The file has too many rows, or unpacks to too much."""


class NumberText(str):
    """The text of a cell that the file keeps as a number: leading zeros may be lost."""

    __slots__ = ()


Row = tuple[int, list[str]]


def read_rows(data: bytes) -> list[Row]:
    """(number as a spreadsheet shows it, cells as text) of each row that is not empty.

    A workbook's first sheet is read, formulas as their last value. Raises UnreadableError and
    TooLargeError.
    """
    lines = _workbook(data) if data.startswith(b"PK\x03\x04") else _csv(data)
    rows: list[Row] = []
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) > MAX_ROWS:
            raise TooLargeError
        rows.append((number, cells))
    return rows


def _csv(data: bytes) -> Iterator[Row]:
    text = _decoded(data)
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for cells in reader:
            number += 1
            yield number, cells
    except csv.Error as error:
        raise UnreadableError from error


def _decoded(data: bytes) -> str:
    # GB 18030 gives a meaning to nearly every byte: it comes last, and never after a UTF-16 mark.
    if not data.startswith(_WIDE_MARKS) and b"\0" not in data:
        for encoding in _ENCODINGS:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise UnreadableError


def _workbook(data: bytes) -> Iterator[Row]:
    _bounded(data)
    from openpyxl import load_workbook

    # openpyxl raises whatever a broken part makes it stumble over.
    try:
        book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        lines = book.worksheets[0].iter_rows(max_col=MAX_COLUMNS, values_only=True)
        yield from _sheet(lines)
    except TooLargeError:
        raise
    except Exception as error:
        raise UnreadableError from error


def _sheet(lines: Iterable[Sequence[Any]]) -> Iterator[Row]:
    empty = 0
    for number, values in enumerate(lines, start=1):
        cells = [_text(value) for value in values]
        empty = 0 if any(cells) else empty + 1
        if empty > _MAX_EMPTY:
            raise TooLargeError
        yield number, cells


def _bounded(data: bytes) -> None:
    """Look at the archive's table of contents; zipfile holds every part to its size there."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > _MAX_PARTS or sum(one.file_size for one in parts) > _MAX_UNPACKED:
                raise TooLargeError
            for part in parts:
                # A workbook declares no entities; whoever does wants to see them multiply.
                with archive.open(part) as file:
                    if b"<!DOCTYPE" in file.read(2_048).upper():
                        raise UnreadableError
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise UnreadableError from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return NumberText(value)
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 2**53
        return NumberText(int(value) if whole else repr(value))
    if isinstance(value, datetime):
        return (
            value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat()
        )
    return value.isoformat() if isinstance(value, date) else str(value)


def write(kind: str, header: Sequence[str], rows: Iterable[Sequence[Any]], title: str) -> bytes:
    """A table as a csv or xlsx file. Numbers stay numbers; text is never taken for a formula."""
    return _write_xlsx(header, rows, title) if kind == "xlsx" else _write_csv(header, rows)


def _write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    plain = ([_printable(value) for value in row] for row in rows)
    return (BOM + lines([header]) + lines(plain)).encode()


def _printable(value: Any) -> Any:
    return _CONTROL.sub("", value) if isinstance(value, str) else value


def _write_xlsx(header: Sequence[str], rows: Iterable[Sequence[Any]], title: str) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"

    def cell(value: Any, *, bold: bool = False) -> Any:
        made = WriteOnlyCell(sheet, value=None)
        if isinstance(value, str):
            # As text, whatever it begins with.
            made.value = _printable(value)[:32_767]
            made.data_type = "s"
        else:
            made.value = value
        if bold:
            made.font = Font(bold=True)
        return made

    sheet.append([cell(value, bold=True) for value in header])
    for row in rows:
        sheet.append([cell(value) for value in row])
    out = BytesIO()
    book.save(out)
    return out.getvalue()
