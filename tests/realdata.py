"""Real input files, which are not part of the repository: STOREWALK_REALDATA names their folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("STOREWALK_REALDATA", str(ROOT.parent / "shared" / "data")))


def real_file(name: str) -> Path | None:
    """The file below that folder; None where it is not there, and then said loudly.

    A test that gets None ends there: nothing was proved, as the line on stderr says.
    """
    path = FOLDER / name
    if path.exists():
        return path
    line = f"NOT TESTED ON REAL DATA: {path} is missing; set STOREWALK_REALDATA to its folder.\n"
    # Past pytest's capture: a line that only shows up in failures would be no warning.
    (sys.__stderr__ or sys.stderr).write(line)
    return None
