"""Compare the files with what the server answers now, or write them anew."""

from __future__ import annotations

import argparse
import sys

from tests.contract.recording import FOLDER, record, written
from tests.contract.stories import FILES


def main() -> int:
    """Exit with 1 if a file differs and was not to be written."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the files anew")
    write = parser.parse_args().write
    different = 0
    for name in FILES:
        text = record(name)
        if text == written(name):
            continue
        different += 1
        print(f"{name}.json {'written' if write else 'differs'}")
        if write:
            (FOLDER / f"{name}.json").write_text(text, "utf-8")
    return 1 if different and not write else 0


if __name__ == "__main__":
    sys.exit(main())
