"""Each released version left a phone full of unsent work, for all later ones to open."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASED = re.compile(r"^## (\d+\.\d+\.\d+) \(", re.MULTILINE)
LARGEST = 150_000


def test_each_release_has_its_phone() -> None:
    released = RELEASED.findall((ROOT / "CHANGELOG.md").read_text("utf-8"))
    assert released
    files = {path.name for path in (ROOT / "pwa/src/db/fixtures").glob("phone-*.json")}
    wanted = {f"phone-{version}.json" for version in released}
    assert files == wanted, "run python -m tests.phones.dump on the commit of the release"


def test_phones_are_small_and_say_whose_they_are() -> None:
    for path in (ROOT / "pwa/src/db/fixtures").glob("phone-*.json"):
        assert path.stat().st_size < LARGEST, path.name
        said = json.loads(path.read_text("utf-8"))
        assert path.name == f"phone-{said['release']}.json"
        assert said["database"]["name"] == f"storewalk-{said['user_id']}"
        assert said["database"]["tables"]["outbox"]["rows"]
