"""Bytes of the rep's app and the time its build takes, beside a bare Vue page as the floor."""

from __future__ import annotations

import gzip
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.registry import Figure, bench

ROOT = Path(__file__).resolve().parents[2]
PWA = ROOT / "pwa"
KIB = 1024
STATIC_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*["'`](\.[^"'`]+\.js)["'`]""")
HTML_FILE = re.compile(r'(?:src|href)="/(assets/[^"]+\.(?:js|css))"')
ANY_ASSET = re.compile(r"[\w.-]+\.(?:js|css)\b")

BARE_PAGE = '<!doctype html><div id="app"></div><script type="module" src="/main.ts"></script>'
BARE_APP = (
    "import { createApp, h } from 'vue'\ncreateApp({ render: () => h('p', '1') }).mount('#app')"
)
BARE_CONFIG = """export default {
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false },
  build: { target: 'es2020', cssTarget: 'chrome80' },
}"""


def build(project: Path, out: Path, *options: str) -> float:
    """Build a Vite project into `out`; return the seconds it took."""
    command = [
        *(str(ROOT / ".venv" / "bin" / "node"), str(PWA / "node_modules/vite/bin/vite.js")),
        *("build", "--logLevel", "error", "--outDir", str(out), "--emptyOutDir", *options),
    ]
    started = time.perf_counter()
    subprocess.run(command, cwd=project, check=True)
    return time.perf_counter() - started


def build_bare(folder: Path) -> tuple[Path, float]:
    """Build a page with Vue and one paragraph; return its output folder and the seconds."""
    project = folder / "bare"
    project.mkdir()
    (project / "index.html").write_text(BARE_PAGE)
    (project / "main.ts").write_text(BARE_APP)
    (project / "vite.config.js").write_text(BARE_CONFIG)
    (project / "node_modules").symlink_to(PWA / "node_modules", target_is_directory=True)
    out = folder / "bare-dist"
    return out, build(project, out)


def first_load(dist: Path, entry: str = "index.html") -> set[Path]:
    """Return the scripts and styles a browser fetches before any lazy import is asked for."""
    return _closure(dist, entry, STATIC_IMPORT)


def whole_app(dist: Path, entry: str = "index.html") -> set[Path]:
    """Return every script and style the page can ever load, lazy screens and workers included."""
    return _closure(dist, entry, ANY_ASSET)


def _closure(dist: Path, entry: str, pattern: re.Pattern[str]) -> set[Path]:
    found = {dist / name for name in HTML_FILE.findall((dist / entry).read_text())}
    todo = list(found)
    while todo:
        file = todo.pop()
        for name in pattern.findall(file.read_text(encoding="utf-8")):
            other = dist / "assets" / Path(name).name
            if other not in found and other.is_file():
                found.add(other)
                todo.append(other)
    return found


def gz_kib(files: set[Path]) -> float:
    """Return the sum of the files as gzip sends them, KiB."""
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) / KIB


@bench
def pwa() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare, bare_seconds = build_bare(folder)
        dist = folder / "dist"
        seconds = build(PWA, dist)
        floor = gz_kib(whole_app(bare))
        yield Figure("rep first load, gz", gz_kib(first_load(dist)), "KiB", 160, floor)
        yield Figure("rep app whole, gz", gz_kib(whole_app(dist)), "KiB", None, floor)
        console = gz_kib(first_load(dist, "console.html"))
        yield Figure("console first load, gz", console, "KiB", None, floor)
        yield Figure("PWA build", seconds, "s", 30, bare_seconds)
