"""What a picture's EXIF block says, read as hostile text: each value is typed and bounded, or None.

Anybody can write an EXIF block, so all of this is a hint. Pillow takes the block to pieces: it
follows offsets only inside the block, and reads no more tag data than the block is long.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from server.kernel.clock import wire_time

# A JPEG segment holds 64 KiB; other formats know no limit.
_MAX_BLOCK: Final = 256 * 1024
_MAX_TEXT: Final = 64
_TIME: Final = re.compile(r"(\d{4})[:\-/](\d\d)[:\-/](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)")
_MAX_OFFSET_MIN: Final = 14 * 60
# What cameras show whose clock was never set begins in these years.
_LAST_UNSET_YEAR: Final = 2000
_ORIENTATIONS: Final = range(1, 9)


@dataclass(frozen=True, slots=True)
class Exif:
    """What the block says.

    taken_at: the camera's own clock, naive, with its fractions of a second; utc only where the
    block tells the offset (offset_min, minutes east). lat, lon in degrees WGS-84.
    """

    taken_at: datetime | None = None
    offset_min: int | None = None
    utc: datetime | None = None
    make: str | None = None
    model: str | None = None
    software: str | None = None
    lat: float | None = None
    lon: float | None = None
    orientation: int = 1

    def as_dict(self) -> dict[str, Any]:
        """As it is stored and as the API writes it."""
        return {
            "taken_at": self.taken_at.isoformat(timespec="milliseconds") if self.taken_at else None,
            "offset_min": self.offset_min,
            "utc": wire_time(self.utc),
            "make": self.make,
            "model": self.model,
            "software": self.software,
            "lat": self.lat,
            "lon": self.lon,
            "orientation": self.orientation,
        }

    def at(self, zone: tzinfo) -> datetime | None:
        """When it was taken, UTC; without an offset the camera's clock is read in that zone."""
        if self.utc is not None or self.taken_at is None:
            return self.utc
        return _in_utc(self.taken_at, zone)


def small_enough(picture: Image.Image) -> bool:
    """Whether a block is of a length that cameras write; others are not looked into."""
    block = picture.info.get("exif")
    return not isinstance(block, bytes) or len(block) <= _MAX_BLOCK


def read_exif(picture: Image.Image) -> Exif | None:
    """What an opened picture's block says; None where it says nothing. Never fails."""
    if not small_enough(picture):
        return None
    try:
        found = picture.getexif()
        main, detail = dict(found), _directory(found, IFD.Exif)
        place = _directory(found, IFD.GPSInfo)
    except Exception:  # noqa: BLE001 -- a block that cannot be read says nothing
        return None
    taken_at, offset_min = _time(detail)
    lat, lon = _position(place)
    told = Exif(
        taken_at=taken_at,
        offset_min=offset_min,
        utc=_utc(taken_at, offset_min),
        make=_text(main.get(Base.Make)),
        model=_text(main.get(Base.Model)),
        software=_text(main.get(Base.Software)),
        lat=lat,
        lon=lon,
        orientation=_orientation(main.get(Base.Orientation)),
    )
    return None if told == Exif() else told


def _directory(found: Image.Exif, which: IFD) -> Mapping[int, Any]:
    # A broken one of them does not spoil the others.
    try:
        return found.get_ifd(which)
    except Exception:  # noqa: BLE001 -- as in read_exif
        return {}


def _text(value: Any) -> str | None:
    """Printable text of a sensible length; phones fill the field up with NUL or blanks."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    line = "".join(one if one.isprintable() else " " for one in value.split("\0", 1)[0])
    return " ".join(line.split())[:_MAX_TEXT] or None


def _orientation(value: Any) -> int:
    return value if isinstance(value, int) and value in _ORIENTATIONS else 1


def _time(detail: Mapping[int, Any]) -> tuple[datetime | None, int | None]:
    """The camera's clock and its offset; of a scanned or saved copy the time of digitizing.

    Not the tag DateTime: that is when the file was last changed.
    """
    for when, part, offset in (
        (Base.DateTimeOriginal, Base.SubsecTimeOriginal, Base.OffsetTimeOriginal),
        (Base.DateTimeDigitized, Base.SubsecTimeDigitized, Base.OffsetTimeDigitized),
    ):
        at = _moment(_text(detail.get(when)), _text(detail.get(part)))
        if at is not None:
            told = _offset_min(_text(detail.get(offset)))
            return at, _offset_min(_text(detail.get(Base.OffsetTime))) if told is None else told
    return None, None


def _moment(text: str | None, fraction: str | None) -> datetime | None:
    match = _TIME.match(text or "")
    if match is None:
        return None
    digits = fraction if fraction and fraction.isascii() and fraction.isdigit() else "0"
    try:
        at = datetime.fromisoformat("{}-{}-{}T{}:{}:{}".format(*match.groups()))
        at = at.replace(microsecond=int(digits[:6].ljust(6, "0")))
    except ValueError:
        return None
    return at if at.year > _LAST_UNSET_YEAR else None


def _offset_min(text: str | None) -> int | None:
    match = _OFFSET.fullmatch(text or "")
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    if minutes > _MAX_OFFSET_MIN or int(match[3]) > 59:
        return None
    return -minutes if match[1] == "-" else minutes


def _utc(taken_at: datetime | None, offset_min: int | None) -> datetime | None:
    if taken_at is None or offset_min is None:
        return None
    return _in_utc(taken_at, timezone(timedelta(minutes=offset_min)))


def _in_utc(local: datetime, zone: tzinfo) -> datetime | None:
    try:
        return local.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        # In the last hours of the year 9999.
        return None


def _position(place: Mapping[int, Any]) -> tuple[float | None, float | None]:
    lat = _degrees(place.get(GPS.GPSLatitude), place.get(GPS.GPSLatitudeRef), "NS", 90.0)
    lon = _degrees(place.get(GPS.GPSLongitude), place.get(GPS.GPSLongitudeRef), "EW", 180.0)
    # 0, 0 is what a program writes that has no position.
    return (lat, lon) if lat is not None and lon is not None and (lat or lon) else (None, None)


def _degrees(value: Any, side: Any, sides: str, most: float) -> float | None:
    letter = (_text(side) or "").upper()
    if letter not in tuple(sides) or not isinstance(value, tuple) or len(value) < 3:
        return None
    try:
        degrees, minutes, seconds = (float(part) for part in value[:3])
        total = degrees + minutes / 60 + seconds / 3600
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if not math.isfinite(total) or min(degrees, minutes, seconds) < 0 or total > most:
        return None
    return round(-total if letter == sides[1] else total, 6)
