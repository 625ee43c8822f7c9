"""The hash and the sample: what makes two pictures the same photo, on drawn and on real ones."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance

from server.demo.drawing import Request, draw
from server.photos.images import prepare
from server.photos.likeness import (
    NEAR_BITS,
    Print,
    bands,
    likeness,
    near,
    print_of,
    probes,
    signed,
    unsigned,
)
from tests.realdata import real_file

HASHES = st.integers(0, 2**64 - 1)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def shelf(seed: int = 7) -> Image.Image:
    return opened(draw(Request("shelf", seed, "店", "2026-11-23 10:00  店  人")).data)


def seen(picture: Image.Image) -> Print:
    found = print_of(picture)
    assert found is not None
    return found


def encoded(picture: Image.Image, form: str, quality: int) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, form, quality=quality)
    return opened(out.getvalue())


def cropped(picture: Image.Image, share: float) -> Image.Image:
    width, height = picture.size
    across, down = int(width * share), int(height * share)
    return picture.crop((across, down, width - across, height - down))


def marked(picture: Image.Image, text: str) -> Image.Image:
    """With the band of text that the app draws into the lower left."""
    copy = picture.convert("RGBA")
    band = Image.new("RGBA", copy.size)
    pen = ImageDraw.Draw(band)
    pen.rectangle((0, copy.height * 9 // 10, copy.width, copy.height), (0, 0, 0, 115))
    pen.text((8, copy.height * 9 // 10 + 4), text, "white", font_size=copy.height // 24)
    return Image.alpha_composite(copy, band).convert("RGB")


Change = Callable[[Image.Image], Image.Image]
SAME: dict[str, Change] = {
    "poor JPEG": lambda one: encoded(one, "JPEG", 15),
    "WebP": lambda one: encoded(one, "WEBP", 40),
    "AVIF": lambda one: encoded(one, "AVIF", 50),
    "a quarter of the size": lambda one: one.resize((one.width // 4, one.height // 4)),
    "stretched": lambda one: one.resize((one.width, one.height * 3 // 4)),
    "brighter": lambda one: ImageEnhance.Brightness(one).enhance(1.2),
    "more contrast": lambda one: ImageEnhance.Contrast(one).enhance(1.3),
    "black and white": lambda one: one.convert("L").convert("RGB"),
    "an edge cut off": lambda one: cropped(one, 0.01),
    "another watermark": lambda one: marked(one, "2026-11-02 09:41:33  另一家店  李娜"),
}
OTHER: dict[str, Change] = {
    "mirrored": lambda one: one.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "upside down": lambda one: one.transpose(Image.Transpose.ROTATE_180),
    "the middle only": lambda one: cropped(one, 0.2),
    "negative": lambda one: one.point(lambda value: 255 - value),
}


@pytest.mark.parametrize("how", sorted(SAME))
def test_the_same_photo_in_another_guise(how: str) -> None:
    picture = marked(shelf(), "2026-11-23 17:15:00  一家店  张伟")
    assert near(seen(picture), seen(SAME[how](picture)))


@pytest.mark.parametrize("how", sorted(OTHER))
def test_what_is_not_recognised(how: str) -> None:
    picture = shelf()
    assert not near(seen(picture), seen(OTHER[how](picture)))


def test_nothing_to_see_is_like_nothing() -> None:
    for picture in (
        Image.new("RGB", (1, 1), "red"),
        Image.new("RGB", (640, 480), "black"),
        Image.effect_noise((640, 480), 20).convert("RGB"),
    ):
        assert print_of(picture) is None


def test_orientation_makes_no_difference() -> None:
    upright = shelf()
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    turned.save(out, "JPEG", exif=exif)
    found = prepare(out.getvalue(), 25_000_000).seen
    assert found is not None
    assert near(found, seen(upright))


def test_likeness_is_a_correlation() -> None:
    rising, falling = bytes(range(256)), bytes(reversed(range(256)))
    assert likeness(rising, rising) == pytest.approx(1)
    assert likeness(rising, falling) == pytest.approx(-1)
    assert likeness(rising, bytes(value // 2 for value in rising)) == pytest.approx(1, abs=0.001)
    assert likeness(rising, bytes(256)) == 0


@given(HASHES)
def test_a_hash_survives_the_database(bits: int) -> None:
    assert -(2**63) <= signed(bits) < 2**63
    assert unsigned(signed(bits)) == bits
    first, second, third = bands(bits)
    assert first << 43 | second << 22 | third == bits


@given(HASHES, st.sets(st.integers(0, 63), max_size=NEAR_BITS))
def test_probing_misses_nothing_within_the_distance(bits: int, flipped: set[int]) -> None:
    other = bits ^ sum(1 << bit for bit in flipped)
    assert any(band in probed for band, probed in zip(bands(other), probes(bits), strict=True))


def test_probing_asks_for_each_value_once() -> None:
    asked = probes(random.Random(1).getrandbits(64))
    assert [len(band) for band in asked] == [232, 232, 254]
    assert all(len(set(band)) == len(band) for band in asked)


# Labels of pairs that show the same photo, or the same things from the same place.
ONE_PICTURE = {"near_duplicate", "same_photo_other_format", "same_after_exif_rotation"}


@pytest.mark.realdata
def test_the_pairs_that_people_have_looked_at() -> None:
    """All of them are told right; that is a dozen, and docs/evidence.md says what it is worth."""
    labelled = real_file("near_duplicates.csv")
    if labelled is None:
        return
    wrong = []
    with labelled.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            one, other = (_seen_in(labelled.parent / row[name]) for name in ("file_a", "file_b"))
            if near(one, other) is not (row["label_by_eye"] in ONE_PICTURE):
                wrong.append((row["file_a"], row["file_b"], one.distance(other)))
    assert wrong == []


def _seen_in(path: Path) -> Print:
    found = prepare(path.read_bytes(), 25_000_000).seen
    assert found is not None, path
    return found
