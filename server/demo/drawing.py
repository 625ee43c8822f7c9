"""The demo's photos, drawn with Pillow: a shelf, a pile, a storefront, a poster, a price tag.

A picture follows from its request alone. Text needs a font with Chinese; where none is installed
bars of the same size stand for it.
"""

from __future__ import annotations

import hashlib
import io
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from server.photos.images import Prepared, prepare

WIDTH, HEIGHT = 1000, 750
# File and, for a collection, the number of its Simplified Chinese face.
FONTS: Final = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0),
    ("/System/Library/Fonts/PingFang.ttc", 0),
    ("/System/Library/Fonts/STHeiti Light.ttc", 0),
)
PACKS: Final = (
    "#c8372d",
    "#e8a33d",
    "#2f7d4f",
    "#2b5fa8",
    "#7b4a9e",
    "#d9588a",
    "#3a9ea5",
    "#8a5a35",
)
THINGS: Final = ("#2f3338", "#565b60", "#7d6a55", "#9aa7ad", "#c7d3d9", "#eceae4", "#3d5a48")
BRANDS: Final = ("清野茶", "杏花露", "半日闲", "桂子汤", "山前水", "阿婆酿")

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Request:
    """What to draw: a photo kind, the seed of its details, the store's sign, the watermark."""

    kind: str
    seed: int
    sign: str
    stamp: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A JPEG as a phone would send it, and what the server makes of it."""

    data: bytes
    sha256: str
    prepared: Prepared


def draw(request: Request) -> Drawn:
    """Draw one photo and look into it as the server does with any photo."""
    rng = random.Random(request.seed)
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#b9b4ab")
    pen = ImageDraw.Draw(picture)
    if request.kind == "storefront":
        _storefront(pen, rng, request.sign)
    else:
        _SCENES[request.kind](pen, rng)
    picture = _framed(picture, rng)
    _light(picture, rng)
    _watermark(ImageDraw.Draw(picture), request.stamp)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    data = out.getvalue()
    return Drawn(data, hashlib.sha256(data).hexdigest(), prepare(data, WIDTH * HEIGHT))


def draw_signature(seed: int) -> bytes:
    """A finger's signature as PNG: a few swinging strokes."""
    rng = random.Random(seed)
    picture = Image.new("L", (480, 200), 255)
    pen = ImageDraw.Draw(picture)
    x = 50.0
    for _ in range(rng.randint(4, 7)):
        points = [(x, rng.uniform(50, 150))]
        for _ in range(rng.randint(4, 7)):
            x += rng.uniform(4, 16)
            points.append((x, rng.uniform(35, 165)))
        pen.line(_smooth(points), fill=30, width=4, joint="curve")
        x -= rng.uniform(5, 20)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _smooth(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Cut the corners twice (Chaikin's scheme), so that a polyline looks like handwriting."""
    for _ in range(2):
        cut = [points[0]]
        for (ax, ay), (bx, by) in pairwise(points):
            cut.append((ax * 0.75 + bx * 0.25, ay * 0.75 + by * 0.25))
            cut.append((ax * 0.25 + bx * 0.75, ay * 0.25 + by * 0.75))
        points = [*cut, points[-1]]
    return points


@lru_cache(maxsize=1)
def _font_file() -> tuple[str, int] | None:
    return next((font for font in FONTS if Path(font[0]).is_file()), None)


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | None:
    found = _font_file()
    return ImageFont.truetype(found[0], size, index=found[1]) if found else None


def _text(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, fill: str
) -> None:
    """Text centred at a point; a row of bars where no font can write it."""
    font = _font(size)
    if font is not None:
        pen.text(at, text, font=font, fill=fill, anchor="mm")
        return
    left = at[0] - len(text) * size / 2
    for index in range(len(text)):
        x = left + index * size
        box = (x + size * 0.1, at[1] - size * 0.4, x + size * 0.9, at[1] + size * 0.4)
        pen.rectangle(box, outline=fill, width=max(1, size // 8))


def _watermark(pen: ImageDraw.ImageDraw, stamp: str) -> None:
    pen.rectangle((0, HEIGHT - 44, WIDTH, HEIGHT), fill="#26282b")
    _text(pen, (WIDTH / 2, HEIGHT - 23), stamp, 22, "white")


def _framed(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Nobody stands at the same spot twice: nearer or farther, to one side, never quite level."""
    nearer, lean = rng.uniform(1.15, 1.6), math.radians(rng.uniform(-5, 5))
    across, up = math.cos(lean) / nearer, math.sin(lean) / nearer
    # What is left over on each side, of which the rotation needs a little.
    left = (1 - 1 / nearer) / 2
    middle_x = WIDTH * (0.5 + rng.uniform(-0.8, 0.8) * left)
    middle_y = HEIGHT * (0.5 + rng.uniform(-0.8, 0.8) * left)
    data = (
        across,
        up,
        middle_x - across * WIDTH / 2 - up * HEIGHT / 2,
        -up,
        across,
        middle_y + up * WIDTH / 2 - across * HEIGHT / 2,
    )
    return picture.transform(
        picture.size,
        Image.Transform.AFFINE,
        data,
        Image.Resampling.BILINEAR,
        fillcolor="#8f8a82",
    )


def _light(picture: Image.Image, rng: random.Random) -> None:
    """A slanting light over the scene, as no shop is lit evenly."""
    ramp = Image.linear_gradient("L").rotate(rng.choice((0, 90, 180, 270)))
    strength = rng.uniform(0.12, 0.3)
    mask = ramp.resize(picture.size).point(lambda value: int(value * strength))
    shade = rng.choice(("#000000", "#000000", "#fff2d0"))
    picture.paste(Image.new("RGB", picture.size, shade), mask=mask)


def _price(rng: random.Random) -> str:
    return f"{rng.randint(2, 29)}.{rng.choice(('00', '50', '80', '90'))}"


def _shelf(pen: ImageDraw.ImageDraw, rng: random.Random) -> None:
    rows = rng.randint(3, 5)
    step = (HEIGHT - 60) // rows
    for row in range(rows):
        top, board = 10 + row * step, 10 + (row + 1) * step - 34
        pen.rectangle((0, top, WIDTH, board), fill="#8f8a82")
        x = rng.randint(-30, 10)
        while x < WIDTH:
            colour, brand = rng.choice(PACKS), rng.choice(BRANDS)
            width, height = rng.randint(58, 96), int((board - top) * rng.uniform(0.62, 0.92))
            faces = rng.randint(1, 5)
            for face in range(faces):
                # A gap now and then: what is out of stock is what the photo is taken for.
                if rng.random() > 0.08:
                    _pack(pen, x + face * width, board, width, height, colour, brand)
            _tag(pen, x + faces * width / 2, board + 17, _price(rng))
            x += faces * width + rng.randint(2, 14)
        pen.rectangle((0, board, WIDTH, board + 4), fill="#5d5a55")


def _pack(
    pen: ImageDraw.ImageDraw,
    left: float,
    bottom: float,
    width: float,
    height: float,
    colour: str,
    brand: str,
) -> None:
    top = bottom - height
    pen.rounded_rectangle((left + 2, top, left + width - 2, bottom), radius=9, fill=colour)
    pen.rectangle((left + width * 0.3, top - 9, left + width * 0.7, top + 2), fill="#efefef")
    middle = top + height * 0.5
    pen.rectangle((left + 6, middle - 18, left + width - 6, middle + 18), fill="#fbf7ea")
    _text(pen, (left + width / 2, middle), brand, min(22, int(width / 3.6)), colour)


def _tag(pen: ImageDraw.ImageDraw, x: float, y: float, price: str) -> None:
    pen.rectangle((x - 36, y - 12, x + 36, y + 12), fill="#fff7c8", outline="#a08c30")
    _text(pen, (x, y), price, 17, "#b01818")


def _surroundings(pen: ImageDraw.ImageDraw, rng: random.Random, floor: int) -> None:
    """Doors, fridges, windows, pillars along a wall: no two places of a shop have the same."""
    x = rng.randint(-160, 0)
    while x < WIDTH:
        wide, tall = rng.randint(60, 260), rng.randint(120, 520)
        top = rng.choice((floor - tall, rng.randint(-60, max(-59, floor - tall))))
        pen.rectangle((x, top, x + wide, top + tall), fill=rng.choice(THINGS), outline="#444444")
        if rng.random() < 0.6:
            inside = (x + wide * 0.15, top + tall * 0.1, x + wide * 0.85, top + tall * 0.6)
            pen.rectangle(inside, fill=rng.choice(THINGS))
        x += wide + rng.randint(-20, 120)


def _pile(pen: ImageDraw.ImageDraw, rng: random.Random) -> None:
    floor = rng.randint(360, 560)
    pen.rectangle((0, 0, WIDTH, floor), fill=rng.choice(("#cfd6d8", "#b3aa9a", "#8e979c")))
    pen.rectangle((0, floor, WIDTH, HEIGHT), fill=rng.choice(("#a39a8c", "#6f6a63", "#c9c2b4")))
    _surroundings(pen, rng, floor)
    colour, brand = rng.choice(PACKS), rng.choice(BRANDS)
    size, layers = rng.randint(80, 130), rng.randint(2, 4)
    middle = WIDTH / 2 + rng.randint(-170, 170)
    for layer in range(layers):
        count = layers + rng.randint(1, 3) - layer
        left = middle - count * size / 2
        bottom = HEIGHT - 80 - layer * size * 0.8
        for box in range(count):
            x = left + box * size
            pen.rectangle(
                (x, bottom - size * 0.8, x + size - 3, bottom), fill=colour, outline="#333"
            )
            _text(pen, (x + size / 2, bottom - size * 0.4), brand, 26, "#ffffff")
    x, y = rng.randint(170, 430), rng.randint(40, 180)
    pen.rectangle((x, y, x + 400, y + 110), fill=rng.choice(("#d22626", "#1f5fb0", "#f2c230")))
    _text(pen, (x + 200, y + 55), f"特价 {_price(rng)} 元", 50, "#ffffff")


def _storefront(pen: ImageDraw.ImageDraw, rng: random.Random, sign: str) -> None:
    sky = rng.choice(("#bcd7ee", "#cdd3d8", "#e6e1d2"))
    pen.rectangle((0, 0, WIDTH, 260), fill=sky)
    pen.rectangle((0, 90, WIDTH, 620), fill=rng.choice(("#b8a58f", "#c9c3b8", "#a9b0b3")))
    pen.rectangle((0, 620, WIDTH, HEIGHT), fill="#77777a")
    for _ in range(2):
        # What stands in the street before and beside it.
        x, wide = rng.randint(-60, WIDTH - 60), rng.randint(40, 150)
        pen.rectangle((x, rng.randint(20, 90), x + wide, 640), fill=rng.choice(THINGS))
    board = rng.choice(PACKS)
    pen.rectangle((40, 140, WIDTH - 40, 270), fill=board, outline="#222", width=4)
    _text(pen, (WIDTH / 2, 205), sign, max(26, min(64, 860 // max(1, len(sign)))), "#ffffff")
    for left in (70, 690):
        pane = rng.choice(("#9fc0cc", "#5f7480", "#dfe9ec"))
        pen.rectangle((left, 310, left + 240, 610), fill=pane, outline="#444", width=6)
        for _ in range(7):
            x, y = left + rng.randint(10, 180), rng.randint(330, 540)
            pen.rectangle((x, y, x + 45, y + 60), fill=rng.choice(PACKS))
    pen.rectangle((380, 300, 620, 620), fill="#5b4a3c", outline="#2d241d", width=6)
    pen.rectangle((395, 320, 495, 610), fill="#aac9d3")
    pen.rectangle((505, 320, 605, 610), fill="#9ab9c4")
    if rng.random() < 0.5:
        x = rng.randint(120, 800)
        pen.ellipse((x, 590, x + 60, 650), outline="#111", width=6)
        pen.ellipse((x + 85, 590, x + 145, 650), outline="#111", width=6)
        pen.line((x + 30, 620, x + 70, 575, x + 115, 620), fill="#204a7a", width=6)


def _posm(pen: ImageDraw.ImageDraw, rng: random.Random) -> None:
    wall = rng.choice(("#ddd6c8", "#cfd8d2", "#d9cfcf"))
    pen.rectangle((0, 0, WIDTH, HEIGHT), fill=wall)
    for y in range(0, HEIGHT, 62):
        pen.line((0, y, WIDTH, y), fill="#c4bdb0", width=2)
    _surroundings(pen, rng, rng.randint(560, HEIGHT))
    colour, brand = rng.choice(PACKS), rng.choice(BRANDS)
    left, top = rng.randint(120, 540), rng.randint(30, 190)
    wide, tall = rng.randint(250, 400), rng.randint(380, 520)
    middle = left + wide / 2
    pen.rectangle((left + 10, top + 12, left + wide + 10, top + tall + 12), fill="#8b857a")
    pen.rectangle((left, top, left + wide, top + tall), fill=colour)
    edge = (left + 20, top + 20, left + wide - 20, top + tall - 20)
    pen.rectangle(edge, outline="#fff4d6", width=5)
    _text(pen, (middle, top + 80), brand, wide // 5, "#fff8e0")
    _pack(pen, middle - 55, top + tall - 110, 110, tall - 270, "#f5f0e2", brand)
    words = rng.choice(("新品上市", "买二赠一", "清爽一夏"))
    _text(pen, (middle, top + tall - 60), words, wide // 7, "#ffe24a")


def _price_tag(pen: ImageDraw.ImageDraw, rng: random.Random) -> None:
    pen.rectangle((0, 0, WIDTH, 420), fill="#9a948b")
    for left in range(-20, WIDTH, 170):
        _pack(pen, left, 415, 150, 380, rng.choice(PACKS), rng.choice(BRANDS))
    pen.rectangle((0, 415, WIDTH, 700), fill="#e8e6e1")
    for x in (rng.randint(-200, 60), rng.randint(700, 900)):
        pen.rectangle((x, 450, x + 190, 670), fill=rng.choice((*THINGS, *PACKS)))
    pen.rectangle((230, 440, 770, 680), fill="#fffbe0", outline="#b29a2a", width=5)
    _text(
        pen,
        (500, 480),
        f"{rng.choice(BRANDS)} {rng.choice(('500', '330', '250'))} ml",
        36,
        "#333333",
    )
    _text(pen, (500, 580), f"¥ {_price(rng)}", 96, "#c01818")
    for stripe in range(42):
        x = 300 + stripe * 10 + rng.randint(0, 3)
        pen.rectangle((x, 645, x + rng.randint(1, 5), 668), fill="#222")


_SCENES: Final[dict[str, Callable[[ImageDraw.ImageDraw, random.Random], None]]] = {
    "shelf": _shelf,
    "pile": _pile,
    "posm": _posm,
    "price_tag": _price_tag,
}
