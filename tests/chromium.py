"""Where the Chromium of the browser tests comes from: found on the machine, or installed.

``python -m tests.chromium`` prints its path. A missing browser is an error, never a skipped test.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAYWRIGHT_PATTERNS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium",
    "chromium-*/chrome-win*/chrome.exe",
)
HELP = (
    "No Chromium found and none could be installed. Install one (Debian: apt-get install chromium; "
    "others: python -m playwright install chromium), or name it: CHROMIUM=/path/to/chromium."
)
LOCK = Path(tempfile.gettempdir()) / "storewalk-chromium.lock"


class ChromiumMissingError(RuntimeError):
    """No Chromium can be had on this machine; the message says what to do."""


def find() -> str | None:
    """Return the path of a Chromium that is already here, or None.

    Raises ChromiumMissingError when the environment names one that does not exist: a wrong
    setting should be mended, not worked around.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        path = shutil.which(named)
        if path is None:
            message = f"CHROMIUM={named} is not a program that can be run. {HELP}"
            raise ChromiumMissingError(message)
        return path
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    return _playwrights_own()


def find_or_install() -> str:
    """Return the path of a Chromium, installing one where the machine allows it.

    As root on Debian it comes from apt, with a Chinese font where there is none; elsewhere from
    Playwright. Raises ChromiumMissingError with instructions when both fail. Several test workers
    may ask at once: one installs, the others wait.
    """
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = find()
        if path is None:
            _install()
            path = find()
        if path is None:
            raise ChromiumMissingError(HELP)
        _ensure_chinese_font()
        return path


def _playwrights_own() -> str | None:
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    caches = [
        Path(folder) if folder else Path.home() / ".cache" / "ms-playwright",
        Path.home() / "Library" / "Caches" / "ms-playwright",
    ]
    for cache in caches:
        for pattern in PLAYWRIGHT_PATTERNS:
            found = sorted(cache.glob(pattern))
            if found:
                return str(found[-1])
    return None


def _has_apt() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install() -> None:
    if _has_apt() and _apt_install("chromium", "fonts-noto-cjk"):
        return
    _run(sys.executable, "-m", "playwright", "install", "chromium")


def _ensure_chinese_font() -> None:
    """Screenshots without a Chinese font show empty boxes; tests do not depend on it."""
    if not _has_apt():
        return
    listed = shutil.which("fc-list")
    if listed is not None:
        fonts = subprocess.run([listed, ":lang=zh"], capture_output=True, text=True, check=False)
        if fonts.stdout.strip():
            return
    _apt_install("fontconfig", "fonts-noto-cjk")


def _apt_install(*packages: str) -> bool:
    options = ("-y", "-qq", "--no-install-recommends")
    return _run("apt-get", "update", "-qq") and _run("apt-get", "install", *options, *packages)


def _run(*command: str) -> bool:
    """Run an installer with its output on stderr; return whether it succeeded."""
    print("+", *command, file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, stdout=sys.stderr.fileno(), env=environment, check=False)
    return done.returncode == 0


if __name__ == "__main__":
    try:
        print(find_or_install())
    except ChromiumMissingError as missing:
        sys.exit(str(missing))
