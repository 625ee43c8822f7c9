"""EXIF blocks, honest, broken and made up: typed values or none, never an error."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base

from server.photos.exif import Exif, read_exif
from server.photos.images import prepare
from tests.realdata import real_file
from tests.server.photos.conftest import real_files

SHANGHAI = ZoneInfo("Asia/Shanghai")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def read(data: bytes) -> Exif | None:
    with Image.open(io.BytesIO(data)) as picture:
        return read_exif(picture)


def photo(
    detail: dict[int, Any] | None = None,
    main: dict[int, Any] | None = None,
    place: dict[int, Any] | None = None,
    form: str = "JPEG",
) -> bytes:
    """A picture of 8 x 8 pixels with these tags."""
    exif = Image.Exif()
    exif.update(main or {})
    if detail:
        exif.get_ifd(IFD.Exif).update(detail)
    if place:
        exif.get_ifd(IFD.GPSInfo).update(place)
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, form, exif=exif)
    return out.getvalue()


def taken(text: Any, **more: Any) -> Exif:
    tags = {
        "original": Base.DateTimeOriginal,
        "digitized": Base.DateTimeDigitized,
        "offset": Base.OffsetTimeOriginal,
        "common_offset": Base.OffsetTime,
        "fraction": Base.SubsecTimeOriginal,
    }
    detail = {tags["original"]: text} | {tags[name]: value for name, value in more.items()}
    # The make keeps the block from being empty where the time says nothing.
    found = read(photo({key: value for key, value in detail.items() if value}, {Base.Make: "M"}))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "more", "local", "utc"),
    [
        # plain: no offset, so no UTC
        ("2026:11:20 10:30:15", {}, "2026-11-20T10:30:15", None),
        # a fraction of any length
        ("2026:11:20 10:30:15", {"fraction": "5"}, "2026-11-20T10:30:15.500000", None),
        ("2026:11:20 10:30:15", {"fraction": "123456789"}, "2026-11-20T10:30:15.123456", None),
        ("2026:11:20 10:30:15", {"fraction": "a"}, "2026-11-20T10:30:15", None),
        # offsets, odd and impossible ones
        ("2026:11:20 10:30:15", {"offset": "+08:00"}, "2026-11-20T10:30:15", "2026-11-20T02:30:15"),
        ("2026:11:20 10:30:15", {"offset": "-04:00"}, "2026-11-20T10:30:15", "2026-11-20T14:30:15"),
        ("2026:11:20 10:30:15", {"offset": "+05:45"}, "2026-11-20T10:30:15", "2026-11-20T04:45:15"),
        (
            "2026:11:20 10:30:15",
            {"common_offset": "+08:00"},
            "2026-11-20T10:30:15",
            "2026-11-20T02:30:15",
        ),
        ("2026:11:20 10:30:15", {"offset": "xx"}, "2026-11-20T10:30:15", None),
        ("2026:11:20 10:30:15", {"offset": "+25:00"}, "2026-11-20T10:30:15", None),
        ("2026:11:20 10:30:15", {"offset": "+08:99"}, "2026-11-20T10:30:15", None),
        # clocks that were never set, and times that are none
        ("0000:00:00 00:00:00", {}, None, None),
        ("2000:01:01 00:00:00", {}, None, None),
        ("1970:01:01 08:00:00", {"offset": "+08:00"}, None, None),
        ("2026:13:45 10:30:15", {}, None, None),
        ("2026:11:20 25:30:15", {}, None, None),
        ("    :  :     :  :  ", {}, None, None),
        ("yesterday", {}, None, None),
        # the original's time says nothing, the digitizing's does
        ("0000:00:00 00:00:00", {"digitized": "2026:11:19 09:00:00"}, "2026-11-19T09:00:00", None),
        # other ways of writing it
        ("2026-11-20 10:30:15", {}, "2026-11-20T10:30:15", None),
    ],
)
def test_times(text: str, more: dict[str, str], local: str | None, utc: str | None) -> None:
    found = taken(text, **more)
    assert found.taken_at == (datetime.fromisoformat(local) if local else None)
    assert found.utc == (datetime.fromisoformat(utc).replace(tzinfo=UTC) if utc else None)


def test_without_an_offset_the_zone_handed_in_counts() -> None:
    assert taken("2026:11:20 10:30:15").at(SHANGHAI) == datetime(
        2026, 11, 20, 2, 30, 15, tzinfo=UTC
    )
    told = taken("2026:11:20 10:30:15", offset="-04:00")
    assert told.at(SHANGHAI) == datetime(2026, 11, 20, 14, 30, 15, tzinfo=UTC)
    assert taken("0000:00:00 00:00:00").at(SHANGHAI) is None


def test_texts_are_cut_and_cleaned() -> None:
    found = read(photo(main={Base.Make: "  A\x07B \n C\0hidden", Base.Software: "s" * 5_000}))
    assert found is not None
    assert found.make == "A B C"
    assert found.software == "s" * 64
    assert found.model is None


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        (("N", (31.0, 18.0, 0.0)), ("E", (120.0, 36.0, 0.0)), (31.3, 120.6)),
        (("S", (31.0, 18.0, 0.0)), ("W", (120.0, 36.0, 0.0)), (-31.3, -120.6)),
        (("N", (0.0, 0.0, 0.0)), ("E", (0.0, 0.0, 0.0)), None),
        (("N", (91.0, 0.0, 0.0)), ("E", (120.0, 0.0, 0.0)), None),
        (("X", (31.0, 0.0, 0.0)), ("E", (120.0, 0.0, 0.0)), None),
        (("", (31.0, 0.0, 0.0)), ("E", (120.0, 0.0, 0.0)), None),
        (("N", (31.0, 18.0)), ("E", (120.0, 36.0, 0.0)), None),
    ],
)
def test_positions(lat: Any, lon: Any, expected: tuple[float, float] | None) -> None:
    place = {1: lat[0], 2: lat[1], 3: lon[0], 4: lon[1]}
    found = read(photo(main={Base.Make: "M"}, place=place))
    assert found is not None
    assert (found.lat, found.lon) == (expected or (None, None))


def raw(entries: list[tuple[int, int, int, bytes]], tail: bytes = b"", first: int = 8) -> bytes:
    """A JPEG whose EXIF block has exactly these entries: tag, type, count, four bytes."""
    tiff = b"II*\0" + struct.pack("<I", first) + struct.pack("<H", len(entries))
    for tag, kind, count, value in entries:
        tiff += struct.pack("<HHI", tag, kind, count) + value
    block = b"Exif\0\0" + tiff + b"\0\0\0\0" + tail
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    data = out.getvalue()
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]


def at(offset: int) -> bytes:
    return struct.pack("<I", offset)


@pytest.mark.parametrize(
    "data",
    [
        raw([(0x010F, 2, 4_000_000_000, at(38))]),  # a make of four gigabytes
        raw([(0x010F, 2, 9, at(4_000_000_000))]),  # far outside the block
        raw([(0x8769, 4, 1, at(8))]),  # a directory that contains itself
        raw([(0x8769, 4, 1, at(9))], b"\xff" * 40),  # at an odd offset, of 65,535 entries
        raw([(0x8825, 2, 3, b"abc\0")]),  # a directory that is a text
        raw([(0x0112, 3, 1, b"\x4d\0\0\0")]),  # an orientation of 77
        raw([(0x9999, 99, 1, at(0))]),  # a type that does not exist
        raw([], first=4_000_000_000),
        raw([(0x8825, 4, 1, at(26))], struct.pack("<HHHII", 1, 2, 5, 3, 44) + b"\0" * 28),  # 0/0
    ],
)
def test_made_up_blocks_say_nothing_and_hurt_nobody(data: bytes) -> None:
    found = read(data)
    assert found is None or (found.make, found.taken_at, found.lat) == (None, None, None)
    shown = prepare(data, 1_000)
    assert (shown.width, shown.orientation) == (8, 1)


def test_a_block_longer_than_cameras_write_is_not_looked_into() -> None:
    main = {Base.Make: "Maker", Base.Orientation: 6}
    assert read(photo(main=main | {Base.ImageDescription: "x" * 200_000}, form="PNG")) is not None
    data = photo(main=main | {Base.ImageDescription: "x" * 300_000}, form="PNG")
    assert read(data) is None
    assert prepare(data, 1_000).orientation == 1


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_all_formats_carry_it(form: str) -> None:
    found = read(photo({Base.DateTimeOriginal: "2026:11:20 10:30:15"}, {Base.Make: "M"}, form=form))
    assert found is not None
    assert found.taken_at == datetime(2026, 11, 20, 10, 30, 15)  # noqa: DTZ001 -- a camera's clock


def test_as_it_is_stored() -> None:
    found = taken("2026:11:20 10:30:15", offset="+08:00", fraction="25")
    assert found.as_dict() == {
        "taken_at": "2026-11-20T10:30:15.250",
        "offset_min": 480,
        "utc": "2026-11-20T02:30:15.250Z",
        "make": "M",
        "model": None,
        "software": None,
        "lat": None,
        "lon": None,
        "orientation": 1,
    }


# What the real files say: the camera's clock, make and model, position.
Told = tuple[str | None, str | None, str | None, tuple[float, float] | None]
OLYMPUS, POWERSHOT = "OLYMPUS OPTICAL CO.,LTD", "Canon PowerShot S40"
REAL: dict[str, Told] = {
    "exif/google_pixel_gps.jpg": ("2018-07-25T16:34:23", "Google", "Pixel", (50.2996, 14.8203)),
    "exif/datetime_0000.jpg": (None, OLYMPUS, "C750UZ", None),
    "exif/zero_date_olympus.jpg": (None, OLYMPUS, "C2000Z", None),
    "exif/fake_make_456_gps00.jpg": ("2017-11-27T01:01:01", "456", "123", None),
    "exif/forged_1px_iphone_gps.jpg": (
        "2020-09-02T18:52:42",
        "Apple",
        "iPhone XR",
        (43.8595, 15.5033),
    ),
    "exif/moto_gps_nan.jpg": ("2025-06-01T16:59:26", "motorola", "moto g(9) plus", None),
    "exif/huawei_offset_garbage.jpg": ("2024-01-25T05:51:34", None, "TNY-AL00", None),
    "exif/htc_desire_gps.webp": ("2011-05-06T09:59:48", "HTC", "HTC Desire", (45.5007, 9.1103)),
    "exif/png_exif_gps_1px.png": ("2003-12-14T12:01:44", "Canon", POWERSHOT, (50.2996, 14.8203)),
    "broken/exifr_gps_nan_canon.jpg": ("2007-08-15T10:13:13", "Canon", "Canon EOS 30D", None),
}


@pytest.mark.realdata
@pytest.mark.parametrize("name", sorted(REAL))
def test_the_real_files(name: str) -> None:
    path = real_file(name)
    if path is None:
        return
    local, make, model, place = REAL[name]
    found = read(path.read_bytes())
    assert found is not None
    clock = found.taken_at.replace(microsecond=0).isoformat() if found.taken_at else None
    assert (clock, found.make, found.model) == (local, make, model)
    # Not one of them tells an offset that is one.
    assert found.utc is None
    where = None if found.lat is None else (found.lat, found.lon)
    assert where == (pytest.approx(place, abs=1e-3) if place else None)


@pytest.mark.realdata
def test_whatever_opens_can_be_stored() -> None:
    for path in real_files("exif") + real_files("broken"):
        try:
            found = read(path.read_bytes())
        except Exception:  # noqa: BLE001 -- no picture; test_images.py says which
            continue
        told = found.as_dict() if found else {}
        assert all(value is None or isinstance(value, str | int | float) for value in told.values())


def test_an_offset_at_the_edge_of_time() -> None:
    found = taken("9999:12:31 23:59:59", offset="-12:00")
    assert found.utc is None
    assert taken("9999:12:31 23:59:59").at(ZoneInfo("America/New_York")) is None
