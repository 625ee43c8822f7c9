"""Run the benches, print their figures, write build/bench.json.

``python -m tests.bench`` runs all of tests/bench/bench_*.py; names given run only those.
A missed goal is shown, not an error; a bench that breaks is one.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.registry import BENCHES, Figure

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "build" / "bench.json"
COLUMNS = ("figure", "value", "unit", "goal", "floor", "ratio", "")


def discover() -> None:
    """Import every bench_*.py beside this file; importing registers its benches."""
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        importlib.import_module(f"tests.bench.{path.stem}")


def number(value: float | None) -> str:
    """Return a number as the table shows it: three figures that matter, no false precision."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def row(figure: Figure) -> tuple[str, ...]:
    """Return a figure's cells in the order of COLUMNS."""
    numbers = (figure.goal, figure.floor, figure.ratio)
    verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
    return (figure.name, number(figure.value), figure.unit, *map(number, numbers), verdict)


def table(figures: list[Figure]) -> str:
    """Return the figures as aligned text."""
    rows = [COLUMNS, *(row(figure) for figure in figures)]
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in {0, 2, 6} else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in rows
    )


def main(names: list[str]) -> int:
    """Run the benches called `names` (all when empty); return the process's exit code."""
    discover()
    unknown = sorted(set(names) - BENCHES.keys())
    if unknown:
        print(f"No bench named {', '.join(unknown)}. There are: {', '.join(sorted(BENCHES))}.")
        return 2
    figures: list[Figure] = []
    for name in names or sorted(BENCHES):
        print(f"{name} …", file=sys.stderr, flush=True)
        found = list(BENCHES[name]())
        # At once: a later bench that breaks takes nothing of this one with it.
        print(table(found), flush=True)
        figures.extend(found)
    RESULT.parent.mkdir(exist_ok=True)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.system(),
        },
        "figures": [asdict(f) | {"ratio": f.ratio, "met": f.met} for f in figures],
    }
    RESULT.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
