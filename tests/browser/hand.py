"""A quick hand on a phone: the app's own actions, called in the page instead of tapped.

hand.ts is built from the app's sources and talks to the same IndexedDB. What it leaves there is
what the screens leave there; the app beside it in the page notices and sends it.
"""

from __future__ import annotations

import base64
import io
import json
import random
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page

SOURCE = Path(__file__).with_name("hand.ts")
BUILD = """import {{ build }} from 'vite'
await build({{
  configFile: false, logLevel: 'error', root: {root},
  resolve: {{ alias: {{ '@': {sources} }} }},
  define: {{ 'process.env.NODE_ENV': '"production"' }},
  build: {{
    outDir: {out}, minify: false, copyPublicDir: false,
    lib: {{ entry: {entry}, formats: ['iife'], name: 'made', fileName: () => 'hand.js' }},
  }},
}})"""


@cache
def script(tree: Path) -> str:
    """hand.ts built with the app's sources in this tree."""
    pwa = tree / "pwa"
    with tempfile.TemporaryDirectory() as out:
        named = {"root": pwa, "sources": pwa / "src", "out": out, "entry": SOURCE}
        code = BUILD.format(**{name: json.dumps(str(path)) for name, path in named.items()})
        node = tree / ".venv" / "bin" / "node"
        subprocess.run([node, "--input-type=module", "-e", code], cwd=pwa, check=True)
        return Path(out, "hand.js").read_text("utf-8")


def picture(rng: random.Random, side: int = 60) -> bytes:
    """A real JPEG, like no other."""
    # Noise on a plane: it keeps its size, and no two are alike.
    shade = tuple(rng.randrange(256) for _ in range(3))
    plane = Image.new("RGB", (side, side * 3 // 4), shade)
    noise = Image.frombytes("L", plane.size, rng.randbytes(plane.width * plane.height))
    plane.paste(Image.new("RGB", plane.size, "white"), mask=noise.point(lambda value: value // 3))
    out = io.BytesIO()
    plane.save(out, "JPEG", quality=60)
    return out.getvalue()


def thumb_of(image: bytes) -> bytes:
    """The small picture that the app keeps beside it."""
    found = Image.open(io.BytesIO(image))
    found.thumbnail((16, 16))
    out = io.BytesIO()
    found.save(out, "JPEG", quality=40)
    return out.getvalue()


def text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass
class Said:
    """A visit to make; photos and signatures as bytes."""

    store_id: str
    fix: dict[str, Any] | None = None
    reason: str | None = None
    notes: list[str] = field(default_factory=list)
    photos: list[bytes] = field(default_factory=list)
    handouts: list[dict[str, Any]] = field(default_factory=list)
    # out, cancel, or None for a visit that goes on.
    end: str | None = "out"

    def wire(self) -> dict[str, Any]:
        """As hand.ts reads it."""
        photos = []
        for number, image in enumerate(self.photos):
            width, height = Image.open(io.BytesIO(image)).size
            photos.append(
                {
                    "kind": ("shelf", "price_tag")[number % 2],
                    "image": text_of(image),
                    "thumb": text_of(thumb_of(image)),
                    "width": width,
                    "height": height,
                }
            )
        handouts = [
            one | {"signature": None if one["signature"] is None else text_of(one["signature"])}
            for one in self.handouts
        ]
        return vars(self) | {"photos": photos, "handouts": handouts}


class Hand:
    """The hand in one page of the app, for one person's phone."""

    def __init__(self, page: Page, user_id: str, tree: Path) -> None:
        self._page = page
        self.user_id = user_id
        self._script = script(tree)

    def visit(self, said: Said) -> str:
        """Make a visit; its id."""
        found: str = self._call("visit", said.wire())
        return found

    def office(self, office_id: str | None, fix: dict[str, Any] | None) -> str:
        """Check in at an office; the check-in's id."""
        found: str = self._call("office", office_id, fix)
        return found

    def exemption(self, day: str, reason: str) -> str:
        """Ask for a day off; the request's id."""
        found: str = self._call("exemption", day, reason)
        return found

    def bag(self, material_id: str, *, back: int, counted: int) -> str:
        """Send some of a material back to a warehouse and count the rest; the movement's id."""
        found: str = self._call("bag", material_id, back, counted)
        return found

    def dump(self) -> dict[str, Any]:
        """The person's whole database, as pwa/src/db/fixtures/phone.ts says."""
        self.ready()
        found: dict[str, Any] = self._page.evaluate(
            "name => window.hand.dumpDatabase(name)", f"storewalk-{self.user_id}"
        )
        return found

    def load(self, database: dict[str, Any]) -> None:
        """Make a database that was dumped. It must not be there yet."""
        self.ready()
        self._page.evaluate("file => window.hand.loadDatabase(file)", database)

    def ready(self) -> None:
        """Bring the hand into the page, where it is not."""
        if not self._page.evaluate("'hand' in window"):
            self._page.evaluate(f"() => {{ {self._script} }}")

    def _call(self, name: str, *values: Any) -> Any:
        self.ready()
        call = f"([user, ...values]) => window.hand.{name}(user, ...values)"
        return self._page.evaluate(call, [self.user_id, *values])
