"""Hostile and odd pictures: each is shown upright or refused with a reason, within bounds."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from server.config import ROOT
from server.photos.images import SCREEN_SIDE, THUMB_SIDE, ImageRefusedError, prepare
from tests.server.photos.conftest import picture, real_files

LIMIT = 25_000_000

# What does not decode; everything else in the folder is a picture in spite of its looks.
REFUSED = {
    "bomb_900mpx_39kb.jpg": "photo_too_many_pixels",
    "pil_broken.png": "photo_unreadable",
    "pil_decompression_bomb.gif": "photo_format_refused",
    "pil_decompression_bomb_extents.gif": "photo_format_refused",
    "pil_png_decompression_dos.png": "photo_unreadable",
    "pil_truncated_end_chunk.png": "photo_truncated",
    "pil_truncated_image.png": "photo_truncated",
    "pil_truncated_jpeg.jpg": "photo_truncated",
    "its_00_c-d3ffec5786387c590721e674d705f16e.png": "photo_unreadable",
    "its_01_m1-a4842373fc20cc42b8e023a329761915.png": "photo_unreadable",
    "its_02_c-m3-b68163a6a8e2ccf3c8ad2c70a26c1150.png": "photo_unreadable",
    "its_05_fddcfc778ada60229380c2493fc4c243.jpg": "photo_unreadable",
    "its_07_c-m2-9a3e0c7b687b526987e2270541002d47.png": "photo_unreadable",
}


def refusal(data: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(ImageRefusedError) as refused:
        prepare(data, limit)
    return refused.value.kind.code


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_the_broken_files() -> None:
    files = real_files("broken")
    outcomes = {}
    for path in files:
        try:
            prepare(path.read_bytes(), LIMIT)
        except ImageRefusedError as refused:
            outcomes[path.name] = refused.kind.code
    assert outcomes == (REFUSED if files else {})


@pytest.mark.realdata
def test_a_png_named_jpg_is_told_apart() -> None:
    for path in real_files("broken"):
        if path.name == "png_named_jpg.jpg":
            found = prepare(path.read_bytes(), LIMIT)
            assert (found.mime, found.width, found.height) == ("image/png", 1200, 400)


@pytest.mark.realdata
def test_the_real_phones_pictures() -> None:
    for path in real_files("exif"):
        data = path.read_bytes()
        if path.suffix == ".heic":
            assert refusal(data) == "photo_heic_refused"
            continue
        found = prepare(data, LIMIT)
        for name, most in (("screen", SCREEN_SIDE), ("thumb", THUMB_SIDE)):
            small = opened(getattr(found, name))
            longest = max(found.width, found.height)
            assert small.format == "JPEG", path.name
            assert max(small.size) == min(longest, most), path.name
            if longest > 100:
                shape = found.width / found.height
                assert small.width / small.height == pytest.approx(shape, rel=0.02), path.name


def oriented(value: int) -> bytes:
    """A picture that, looked at as its orientation says, is red at the top left, 80 x 48."""
    image = Image.new("RGB", (80, 48), "blue")
    image.paste("red", (0, 0, 40, 24))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    if value in undo:
        image = image.transpose(undo[value])
    exif = Image.Exif()
    exif[0x0112] = value
    exif[0x010F] = "Secret Maker"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, quality=95, comment=b"secret comment")
    return out.getvalue()


@pytest.mark.parametrize("value", range(1, 9))
def test_all_orientations_end_upright(value: int) -> None:
    found = prepare(oriented(value), LIMIT)
    assert (found.orientation, found.width, found.height) == (value, 80, 48)
    screen = opened(found.screen).convert("RGB")
    assert screen.size == (80, 48)
    for spot, channel in (((10, 6), 0), ((70, 6), 2), ((10, 40), 2), ((70, 40), 2)):
        colour = screen.getpixel(spot)
        assert isinstance(colour, tuple)
        assert max(range(3), key=lambda index: colour[index]) == channel


@pytest.mark.parametrize("value", [0, 9, 77])
def test_an_orientation_that_does_not_exist_turns_nothing(value: int) -> None:
    assert prepare(oriented(value), LIMIT).orientation == 1


def test_nothing_of_the_metadata_is_shown() -> None:
    source = oriented(6)
    assert b"Secret Maker" in source
    assert b"secret comment" in source
    found = prepare(source, LIMIT)
    for data in (found.screen, found.thumb):
        assert b"ecret" not in data
        assert b"Exif" not in data
        assert "exif" not in opened(data).info


@pytest.mark.parametrize(
    ("form", "mime"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("AVIF", "image/avif")],
)
def test_the_four_formats(form: str, mime: str) -> None:
    found = prepare(picture(1, (400, 300), form), LIMIT)
    assert (found.mime, found.width, found.height) == (mime, 400, 300)
    assert opened(found.thumb).size == (320, 240)


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "PDF", "ICO"])
def test_other_formats_are_named_as_such(form: str) -> None:
    assert refusal(picture(1, (64, 64), form)) == "photo_format_refused"


# JPEG XL bare and in its container, JPEG 2000: Pillow has no decoder for the one, we want none of
# the other.
@pytest.mark.parametrize("start", [b"\xff\x0a", b"\0\0\0\x0cJXL ", b"\0\0\0\x0cjP  "])
def test_so_are_those_of_which_only_the_start_is_known(start: bytes) -> None:
    assert refusal(start + b"\r\n\x87\n" + b"\0" * 64) == "photo_format_refused"


def box(*brands: bytes) -> bytes:
    """The head of a file in the container that HEIC and AVIF share."""
    body = b"ftyp" + brands[0] + b"\0\0\0\0" + b"".join(brands)
    return struct.pack(">I", len(body) + 4) + body + b"\0" * 64


# Single pictures and sequences, of all profiles of the codec.
@pytest.mark.parametrize("brand", ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"])
def test_heic_of_every_brand_is_called_by_its_name(brand: str) -> None:
    assert refusal(box(brand.encode(), b"mif1")) == "photo_heic_refused"


def test_heic_is_refused_with_what_to_do_and_an_avif_in_the_same_container_is_not() -> None:
    assert refusal(box(b"heic", b"mif1")) == "photo_heic_refused"
    assert refusal(box(b"mif1", b"heic")) == "photo_heic_refused"
    # It is damaged, but it is not HEIC.
    assert refusal(box(b"mif1", b"avif")) == "photo_unreadable"
    data = bytearray(picture(1, (400, 300), "AVIF"))
    assert data[8:12] == b"avif"
    data[8:12] = b"mif1"
    assert prepare(bytes(data), LIMIT).mime == "image/avif"


@pytest.mark.parametrize("data", [b"", b"x", b"\xff\xd8", b"hello" * 1000, b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_at_all(data: bytes) -> None:
    assert refusal(data) == "photo_unreadable"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_cut_off_picture_is_never_shown(form: str, share: float) -> None:
    data = picture(2, (800, 600), form)
    assert refusal(data[: int(len(data) * share)]) in {"photo_truncated", "photo_unreadable"}


def test_a_cut_off_large_jpeg_is_found_while_scaling_down() -> None:
    data = picture(2, (4_000, 3_000))
    assert refusal(data[:-2]) == "photo_truncated"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_all_kinds_of_pixels(mode: str) -> None:
    out = io.BytesIO()
    source = Image.linear_gradient("L").resize((500, 400))
    if mode == "I;16":
        source.convert("I").point(lambda value: value * 257).convert("I;16").save(out, "PNG")
    else:
        source.convert(mode).save(out, "PNG")
    found = prepare(out.getvalue(), LIMIT)
    thumb = opened(found.thumb)
    assert (thumb.mode, thumb.size) == ("RGB", (320, 256))
    top, bottom = (
        thumb.convert("L").crop((0, 0, 320, 20)),
        thumb.convert("L").crop((0, 236, 320, 256)),
    )
    dark, light = (sum(part.histogram()[128:]) for part in (top, bottom))
    assert dark < light


def test_transparency_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (50, 50), (255, 0, 0, 0)).save(out, "PNG")
    assert opened(prepare(out.getvalue(), LIMIT).thumb).getpixel((25, 25)) == (255, 255, 255)


def test_a_cmyk_jpeg() -> None:
    out = io.BytesIO()
    Image.new("CMYK", (50, 50), (0, 255, 255, 0)).save(out, "JPEG")
    assert opened(prepare(out.getvalue(), LIMIT).thumb).mode == "RGB"


def test_a_jpeg_with_a_second_picture_behind_it() -> None:
    out = io.BytesIO()
    first, second = opened(picture(1)), opened(picture(2))
    first.save(out, "MPO", save_all=True, append_images=[second])
    assert prepare(out.getvalue(), LIMIT).mime == "image/jpeg"


def test_the_cap_is_exact() -> None:
    data = picture(1, (100, 50))
    assert prepare(data, 5_000).width == 100
    assert refusal(data, 4_999) == "photo_too_many_pixels"


def claimed_png(width: int, height: int, *extra: bytes) -> bytes:
    """A few hundred bytes that claim any size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(30_000, 30_000), (2**31 - 1, 2**31 - 1), (25_000_001, 1)])
def test_claims_of_size_are_refused_unseen(size: tuple[int, int]) -> None:
    assert refusal(claimed_png(*size)) == "photo_too_many_pixels"


def test_text_bombs_do_not_unfold() -> None:
    bomb = zlib.compress(b"\0" * 50_000_000, 9)
    body = b"Comment\0\0" + bomb
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body
    chunk += struct.pack(">I", zlib.crc32(b"zTXt" + body))
    assert refusal(claimed_png(10, 10, chunk)) == "photo_unreadable"


def test_a_jpeg_of_endless_passes_is_refused_unseen() -> None:
    out = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    start = data.index(b"\xff\xda")
    assert refusal(data[:start] + data[start:-2] * 200 + data[-2:]) == "photo_unreadable"


WORST = """
import sys, json
from pathlib import Path
from server.photos.images import ImageRefusedError, prepare
def peak_kb():
    # Not ru_maxrss: that one begins at what the parent used when it forked.
    return next(int(line.split()[1]) for line in open("/proc/self/status") if "VmHWM" in line)
before = peak_kb()
outcomes = {}
for name in sys.argv[1:]:
    try:
        prepare(Path(name).read_bytes(), 25_000_000)
        outcomes[Path(name).name] = "ok"
    except ImageRefusedError as refused:
        outcomes[Path(name).name] = refused.kind.code
print(json.dumps({"grown_kb": peak_kb() - before, "outcomes": outcomes}))
"""


@pytest.mark.slow
def test_memory_is_bounded(tmp_path: Path) -> None:
    """The largest pictures that pass the cap, and all the broken ones, in one fresh process."""
    largest = Image.radial_gradient("L").resize((5_000, 5_000))
    for form, mode in (("png", "RGBA"), ("jpg", "CMYK"), ("webp", "RGB")):
        path = tmp_path / f"{mode}.{form}"
        options = {
            "png": {"compress_level": 1},
            "jpg": {"progressive": True},
            "webp": {"method": 0},
        }
        largest.convert(mode).save(path, **options[form])
    largest.convert("I").point(lambda value: value * 257).convert("I;16").save(
        tmp_path / "16.png", compress_level=1
    )
    files = [*sorted(tmp_path.iterdir()), *real_files("broken")]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WORST, *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    told = json.loads(done.stdout)
    assert [told["outcomes"][path.name] for path in files[:4]] == ["ok"] * 4
    # Measured: 16 bytes a pixel, for WebP, whose decoder keeps three canvases.
    assert told["grown_kb"] < 25_000_000 * 20 // 1024
    print(f"grown by {told['grown_kb'] // 1024} MB")
