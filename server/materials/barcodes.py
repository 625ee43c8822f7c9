"""Barcodes are text: leading zeros count, and what a spreadsheet rounded is no barcode any more."""

from __future__ import annotations

import re

from server.materials import problems

_ALLOWED = re.compile(r"[0-9A-Za-z./-]{1,48}")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]{1,3}")
_EAN13 = re.compile(r"[0-9]{13}")
# EAN-8, UPC-A, EAN-13, ITF-14: the lengths of GS1 that end in a check digit.
_GS1 = re.compile(r"[0-9]{8}|[0-9]{12,14}")


def check_digit(digits: str) -> str:
    """The last digit after these: weights 3, 1, 3, … from the right (GS1 Specifications, 7.9)."""
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(digits[::-1]))
    return str(-total % 10)


def expected_digit(text: str) -> str | None:
    """What the last digit should be, if text is as long as a code of GS1 and ends in another."""
    if not _GS1.fullmatch(text) or text[-1] == check_digit(text[:-1]):
        return None
    return check_digit(text[:-1])


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
