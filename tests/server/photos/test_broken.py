"""The broken pictures in a process that may have little memory and time: it ends by itself."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from typing import Any

import pytest

from server.config import ROOT
from server.kernel.problems import catalogue
from tests.server.photos.conftest import real_files
from tests.server.photos.test_images import REFUSED

# Address space, not what is used: the decoders' libraries alone reserve a part of it.
MEMORY = 768 * 1024 * 1024
CPU_S = 60
USED_MB = 200

WALK = """
import json, sys
from pathlib import Path
import orjson
from server.photos.images import ImageRefusedError, prepare
told = {}
for name in sys.argv[1:]:
    try:
        found = prepare(Path(name).read_bytes(), 25_000_000)
    except ImageRefusedError as refused:
        told[Path(name).name] = refused.kind.code
        continue
    assert found.screen.startswith(b"\\xff\\xd8") and found.thumb.startswith(b"\\xff\\xd8")
    assert found.seen is None or len(found.seen.sample) == 256
    orjson.dumps(found.exif.as_dict() if found.exif else None)
    told[Path(name).name] = "ok"
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if "VmHWM" in line)
print(json.dumps({"told": told, "peak_mb": peak // 1024}))
"""


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))


def walked(names: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WALK, *names],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=_limited,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.realdata
def test_the_whole_folder_within_its_limits() -> None:
    files = real_files("broken")
    told = walked([str(path) for path in files])
    assert len(told["told"]) == len({path.name for path in files})
    refused = {name: code for name, code in told["told"].items() if code != "ok"}
    assert refused == (REFUSED if files else {})
    # Each is told to its author in words, with what to do.
    assert set(refused.values()) <= set(catalogue())
    assert told["peak_mb"] < USED_MB


def test_the_limits_are_real() -> None:
    """A process of the same limits that wants more memory does not get it."""
    done = subprocess.run(
        [sys.executable, "-c", f"bytearray({MEMORY})"],
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=_limited,
    )
    assert done.returncode != 0
    assert "MemoryError" in done.stderr
