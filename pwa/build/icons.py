"""Draw the app's icons as PNG: the storefront with a check mark of public/favicon.svg.

Run it after changing the drawing: ``python pwa/build/icons.py``. The files it writes are committed.
"""

from pathlib import Path

from PIL import Image, ImageDraw

BLUE = "#0b6bd3"
WHITE = "#ffffff"
ICONS = Path(__file__).parent.parent / "public" / "icons"
OVERSAMPLE = 4


def icon(size: int, *, scale: float, rounded: bool) -> Image.Image:
    """Return the icon, `size` pixels square; `scale` shrinks the drawing towards the middle."""
    side = size * OVERSAMPLE
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, side, side), radius=side * 14 / 64 if rounded else 0, fill=BLUE)

    def at(x: float, y: float) -> tuple[float, float]:
        return (((x - 32) * scale + 32) * side / 64, ((y - 32) * scale + 32) * side / 64)

    unit = scale * side / 64
    draw.rounded_rectangle((*at(17, 30), *at(47, 51)), radius=2 * unit, fill=WHITE)
    draw.polygon([at(16, 14), at(48, 14), at(53, 27), at(11, 27)], fill=WHITE)
    for left in (11, 21.5, 32, 42.5):
        draw.ellipse((*at(left, 21.5), *at(left + 10.5, 32.5)), fill=WHITE)
    for x_top, x_bottom in ((26.5, 21.5), (32, 32), (37.5, 42.5)):
        draw.line((*at(x_top, 16), *at(x_bottom, 29)), fill=BLUE, width=round(1.6 * unit))
    width = round(4.5 * unit)
    mark = [at(24.5, 41.5), at(30, 47), at(40, 36)]
    draw.line(mark, fill=BLUE, width=width, joint="curve")
    for x, y in (mark[0], mark[-1]):
        draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=BLUE)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def main() -> None:
    """Write every icon the manifest and the pages name."""
    ICONS.mkdir(parents=True, exist_ok=True)
    for size in (192, 512):
        icon(size, scale=1, rounded=True).save(ICONS / f"icon-{size}.png", optimize=True)
    # Launchers cut maskable icons to any shape; the middle 80 % is always kept.
    icon(512, scale=0.78, rounded=False).save(ICONS / "icon-maskable-512.png", optimize=True)
    icon(180, scale=0.9, rounded=False).convert("RGB").save(
        ICONS / "apple-touch-icon.png", optimize=True
    )


if __name__ == "__main__":
    main()
