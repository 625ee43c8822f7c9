"""Looking into picture bytes that may be hostile, and making the small pictures that are shown.

Only four decoders are reachable, the pixel count is capped before anything is decoded, and nothing
of the file but its pixels gets into what is made from it.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageFile, UnidentifiedImageError

from server.kernel.problems import Kind
from server.photos import problems
from server.photos.exif import Exif, read_exif, small_enough
from server.photos.likeness import Print, print_of

FORMATS: Final = ("JPEG", "PNG", "WEBP", "AVIF")
SCREEN_SIDE: Final = 1600
THUMB_SIDE: Final = 320

# A progressive JPEG may ask for thousands of passes over all its pixels in a few kilobytes.
_MAX_JPEG_SCANS: Final = 100
_START_OF_SCAN: Final = b"\xff\xda"
_ORIENTATION_TAG: Final = 0x0112
_SIDEWAYS: Final = frozenset({5, 6, 7, 8})
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Well-known formats that we do not take: saying so helps more than "damaged".
_REFUSED_STARTS: Final = (
    b"GIF8",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"%PDF",
    b"8BPS",
    b"\0\0\1\0",
    b"<svg",
    b"\xff\x0a",
    b"\0\0\0\x0cJXL ",
    b"\0\0\0\x0cjP  ",
)
_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})

# A cut-off picture must fail, not be filled up with grey.
ImageFile.LOAD_TRUNCATED_IMAGES = False
warnings.simplefilter("error", Image.DecompressionBombWarning)
# Broken metadata is no news: it says nothing, and the picture is shown all the same.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class ImageRefusedError(Exception):
    """The bytes are no picture that can be shown; kind says why."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind.code)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture that decoded in full: its true type and size, and what is shown of it.

    width and height are as it is looked at; orientation is the EXIF value 1 to 8 it came with.
    screen (longest side at most 1,600) and thumb (320) are upright JPEGs without metadata. seen is
    what the picture is recognised by, None where it shows next to nothing.
    """

    mime: str
    width: int
    height: int
    orientation: int
    screen: bytes
    thumb: bytes
    seen: Print | None
    exif: Exif | None


def prepare(data: bytes, max_pixels: int) -> Prepared:
    """Decode every pixel and make the small pictures. Raises ImageRefusedError.

    Memory: at most about 16 bytes for each of max_pixels, besides the data.
    """
    if _is_heif(data):
        raise ImageRefusedError(problems.PHOTO_HEIC_REFUSED)
    if data.startswith(_REFUSED_STARTS):
        raise ImageRefusedError(problems.PHOTO_FORMAT_REFUSED)
    if data.startswith(b"\xff\xd8") and data.count(_START_OF_SCAN) > _MAX_JPEG_SCANS:
        raise ImageRefusedError(problems.PHOTO_UNREADABLE)
    with _refusals(), Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        width, height = picture.size
        if width * height > max_pixels:
            raise ImageRefusedError(problems.PHOTO_TOO_MANY_PIXELS)
        # MPO is what Pillow calls a JPEG with a second picture behind it, as many phones make.
        mime = "image/jpeg" if picture.format == "MPO" else f"image/{str(picture.format).lower()}"
        # Has the JPEG decoder scale down while it reads: every byte is still decoded, but a large
        # photo takes a tenth of the time and memory.
        picture.draft("RGB", _fitting(picture.size, SCREEN_SIDE))
        picture.load()
        # Only now: to find it, Pillow may decode the picture itself, and the error would be lost.
        orientation, exif = _orientation(picture), read_exif(picture)
        upright = _upright(_rgb(_shrunk(picture, SCREEN_SIDE)), orientation)
    if orientation in _SIDEWAYS:
        width, height = height, width
    return Prepared(
        mime=mime,
        width=width,
        height=height,
        orientation=orientation,
        screen=_jpeg(upright, 80),
        thumb=_jpeg(_shrunk(upright, THUMB_SIDE), 75),
        seen=print_of(upright),
        exif=exif,
    )


@contextmanager
def _refusals() -> Iterator[None]:
    """Whatever a decoder stumbles over is the picture's fault: it reads from memory alone."""
    try:
        yield
    except ImageRefusedError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageRefusedError(problems.PHOTO_TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:
        raise ImageRefusedError(problems.PHOTO_UNREADABLE) from error
    except MemoryError:
        # Says more about the machine's state than about the picture: it is tried again.
        raise
    except Exception as error:
        cut_off = isinstance(error, OSError) and "truncated" in str(error).lower()
        kind = problems.PHOTO_TRUNCATED if cut_off else problems.PHOTO_UNREADABLE
        raise ImageRefusedError(kind) from error


def _is_heif(data: bytes) -> bool:
    if data[4:8] != b"ftyp" or data[8:12] not in _HEIF_BRANDS:
        return False
    # mif1 says "some picture in this container"; which codecs read it stands in the list behind.
    end = min(int.from_bytes(data[:4], "big"), 256)
    return not any(data[at : at + 4] in _AVIF_BRANDS for at in range(16, end, 4))


def _orientation(picture: Image.Image) -> int:
    if not small_enough(picture):
        return 1
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # noqa: BLE001 -- broken metadata does not spoil a picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _fitting(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size in which the longest side is `side`."""
    width, height = (max(1, round(length * side / max(size))) for length in size)
    return width, height


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    longest = max(picture.size)
    if longest <= side:
        return picture
    size = _fitting(picture.size, side)
    if picture.mode in {"1", "P", "PA"}:
        # A palette's indexes cannot be averaged.
        picture = picture.convert("RGBA")
    # As sharp as bicubic when making smaller, at two thirds of the time.
    return picture.resize(size, Image.Resampling.HAMMING, reducing_gap=2.0)


def _rgb(picture: Image.Image) -> Image.Image:
    """On white where it was transparent; sixteen bits become eight."""
    if picture.mode.startswith(("I", "F")):
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.mode in {"RGBA", "LA", "PA", "P"}:
        picture = picture.convert("RGBA")
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        return white
    return picture.convert("RGB")


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    turn = _UPRIGHT.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    # The comment of the original would be written again from here.
    picture.info = {}
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
