"""Barcodes are text: leading zeros count, and what a spreadsheet rounded is no barcode any more."""

from __future__ import annotations

import re

from server.materials import problems

_ALLOWED = re.compile(r"[0-9A-Za-z./-]{1,48}")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]{1,3}")
_EAN13 = re.compile(r"[0-9]{13}")


def check_digit(first_twelve: str) -> str:
    """Last digit of an EAN-13: weights 1, 3, 1, 3, … (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(first_twelve))
    return str(-total % 10)


def clean_barcode(text: str | None) -> str | None:
    """The barcode to store, blanks at its ends removed; None for an empty one.

    Thirteen digits are taken for an EAN-13. Raises barcode_scientific, barcode_check_digit and
    barcode_invalid.
    """
    value = (text or "").strip()
    if not value:
        return None
    # 1E5 may be a code of the house; the point or the plus sign gives the spreadsheet away.
    if _SCIENTIFIC.fullmatch(value) and ("+" in value or "." in value or "," in value):
        raise problems.BARCODE_SCIENTIFIC.error(field="barcode", value=value[:48])
    if not _ALLOWED.fullmatch(value):
        raise problems.BARCODE_INVALID.error(field="barcode", value=value[:48])
    if _EAN13.fullmatch(value) and value[-1] != check_digit(value[:12]):
        raise problems.BARCODE_CHECK_DIGIT.error(
            field="barcode", value=value, expected=check_digit(value[:12])
        )
    return value
