"""Barcodes are text; what a spreadsheet has spoilt is refused with a word about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.problems import Problem
from server.materials.barcodes import check_digit, clean_barcode, expected_digit


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        (" 4006381333931 ", "4006381333931"),  # a well-known example of an EAN-13
        ("0012345678905", "0012345678905"),  # leading zeros stay
        ("000123", "000123"),
        ("AB-12/3.4", "AB-12/3.4"),
        ("1E5", "1E5"),  # a code of the house, not a number
        ("96385074", "96385074"),
    ],
)
def test_taken(text: str | None, stored: str | None) -> None:
    assert clean_barcode(text) == stored


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("6.90123E+12", "barcode_scientific"),
        ("6,90123E+12", "barcode_scientific"),
        ("6.9e12", "barcode_scientific"),
        ("7E+12", "barcode_scientific"),
        ("4006381333932", "barcode_check_digit"),
        ("0000000000001", "barcode_check_digit"),
        ("条码 123", "barcode_invalid"),
        ("１２３４", "barcode_invalid"),
        ("12 34", "barcode_invalid"),
        ("=1+1", "barcode_invalid"),
        ("1" * 49, "barcode_invalid"),
    ],
)
def test_refused(text: str, code: str) -> None:
    with pytest.raises(Problem) as caught:
        clean_barcode(text)
    assert caught.value.kind.code == code
    assert caught.value.field == "barcode"


def test_the_right_digit_is_named() -> None:
    with pytest.raises(Problem) as caught:
        clean_barcode("4006381333932")
    assert caught.value.params["expected"] == "1"


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(first: str, place: int, by: int) -> None:
    right = first + check_digit(first)
    assert clean_barcode(right) == right
    wrong = right[:place] + str((int(right[place]) + by) % 10) + right[place + 1 :]
    with pytest.raises(Problem):
        clean_barcode(wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("96385074", None),  # EAN-8
        ("96385075", "4"),
        ("036000291452", None),  # UPC-A
        ("036000291453", "2"),
        ("4006381333931", None),  # EAN-13
        ("4006381333932", "1"),
        ("15400141288763", None),  # ITF-14
        ("15400141288764", "3"),
        ("1234567", None),  # codes of the house have lengths of their own
        ("123456789", None),
        ("ABCDEFGH", None),
    ],
)
def test_check_digits_of_every_length(text: str, expected: str | None) -> None:
    assert expected_digit(text) == expected
