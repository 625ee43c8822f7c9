"""CSV that a spreadsheet opens as text: right letters, and nothing that it would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

# Spreadsheets read UTF-8 as such only with this in front.
BOM: Final = "\ufeff"
# What begins so is a formula to some spreadsheet; the wide forms count in East Asian ones.
_RUNS: Final = tuple("=+-@\t\r\n|%＝＋－＠")


def safe(value: Any) -> str:
    """A cell's text; what a spreadsheet would take for a formula gets an apostrophe in front.

    Numbers stay as they are, also negative ones: they are ours and nothing runs.
    """
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    text = str(value).replace("\0", "")
    return f"'{text}" if text.lstrip(" \u00a0\u3000").startswith(_RUNS) else text


def lines(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV, each ending with CR LF (RFC 4180)."""
    out = io.StringIO()
    csv.writer(out).writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue()
