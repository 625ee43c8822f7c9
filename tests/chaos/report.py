"""Counts of what a chaos run did, for the reader and for the table of `make chaos`."""

from __future__ import annotations

import json
import os
from pathlib import Path

# A folder that `make chaos` reads the counts from; unset in an ordinary test run.
FOLDER = "STOREWALK_CHAOS_REPORT"


def tell(part: str, counts: dict[str, int]) -> None:
    """Print the counts of one part, and leave them for the table."""
    print(f"{part}: " + ", ".join(f"{name} {count:,}" for name, count in counts.items()))
    folder = os.environ.get(FOLDER)
    if folder:
        Path(folder, f"{part}.json").write_text(json.dumps(counts), "utf-8")


def wanted(name: str, quick: int) -> int:
    """How much of a part to run: the environment's number, or the quick one of `make test`."""
    return int(os.environ.get(name) or quick)
