"""Counts of what a chaos run did, for the reader and for the table of `make chaos`.

``python -m tests.chaos.report`` prints the table.
"""

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


def table(folder: Path) -> str:
    """What the parts of a run have told, one count a line. A part that told nothing has failed."""
    rows = [
        (path.stem, name, f"{count:,}")
        for path in sorted(folder.glob("*.json"))
        for name, count in json.loads(path.read_text("utf-8")).items()
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return "\n".join(
        f"{part:<{widths[0]}}  {name:<{widths[1]}}  {count:>{widths[2]}}"
        for part, name, count in rows
    )


if __name__ == "__main__":
    print(table(Path(os.environ[FOLDER])))
