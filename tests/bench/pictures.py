"""Photos of 300 kB as phones send them: real JPEGs of 1,600 x 1,200, no two the same."""

from __future__ import annotations

import io
import itertools
import struct

from PIL import Image

PHOTO_BYTES = 300_000
SIZE = (1600, 1200)
_COMMENT = b"\xff\xfe"
_LONGEST_COMMENT = 65_000


class Pictures:
    """Makes photos: a few real pictures, each time with another comment in the file."""

    def __init__(self, kinds: int = 4) -> None:
        self._bases = [_base(number) for number in range(kinds)]
        self._count = itertools.count()

    def next(self) -> bytes:
        """The next photo, of PHOTO_BYTES bytes exactly."""
        number = next(self._count)
        base = self._bases[number % len(self._bases)]
        missing = PHOTO_BYTES - len(base)
        parts = [base[:2]]
        while missing > 0:
            length = min(missing, _LONGEST_COMMENT)
            if 0 < missing - length < 32:
                length -= 32
            text = f"{number:020}".encode().ljust(length - 4, b".")
            parts.append(_COMMENT + struct.pack(">H", length - 2) + text)
            missing -= length
        return b"".join(parts) + base[2:]

    def take(self, number: int) -> list[bytes]:
        """So many photos."""
        return [self.next() for _ in range(number)]


def _base(number: int) -> bytes:
    """A JPEG of quality 80 somewhat smaller than PHOTO_BYTES: a gradient under sensor noise."""
    gradient = Image.linear_gradient("L").rotate(90 * number).resize(SIZE)
    for sigma in range(60, 0, -2):
        noise = Image.effect_noise(SIZE, sigma)
        grey = Image.blend(gradient, noise, 0.5)
        picture = Image.merge("RGB", (grey, gradient, grey.transpose(Image.Transpose.ROTATE_180)))
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=80)
        if out.tell() < PHOTO_BYTES - 100:
            return out.getvalue()
    raise AssertionError("no noise gives a picture of this size")
