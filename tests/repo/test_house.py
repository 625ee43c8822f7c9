"""The rules of the house, held by tests: imports go one way, files stay short, words are ours."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "server"
FEATURES = {"accounts", "stores", "visits", "photos", "materials", "office", "audit", "sync"}
FEATURES |= {"campaigns", "tasks"}
# The audit's clusters are one SQL statement over check-ins, too hot for a detour.
MODELS_ALLOWED = {("audit", "visits")}


def imports(path: Path) -> Iterator[str]:
    """Every module named in an import of the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def server_files(folder: str) -> list[Path]:
    return sorted((SERVER / folder).rglob("*.py"))


def feature_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "server" and parts[1] in FEATURES else None


def test_kernel_knows_no_feature() -> None:
    found = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in server_files("kernel")
        for module in imports(path)
        if feature_of(module)
    ]
    assert not found, "move what the kernel needs into the kernel, or hand it in from app.py"


def test_nothing_imports_sync() -> None:
    found = [
        f"{path.relative_to(ROOT)} imports {module}"
        for feature in FEATURES - {"sync"}
        for path in server_files(feature)
        for module in imports(path)
        if feature_of(module) == "sync"
    ]
    assert not found, "sync may import features, never the other way round"


def test_features_do_not_read_each_others_tables() -> None:
    found = []
    for feature in FEATURES:
        for path in server_files(feature):
            for module in imports(path):
                other = feature_of(module)
                if (
                    other
                    and other != feature
                    and module.split(".")[2:3] == ["models"]
                    and (feature, other) not in MODELS_ALLOWED
                ):
                    found.append(f"{path.relative_to(ROOT)} imports {module}")
    assert not found, "call the other feature's domain or queries instead of its models"


def test_domain_knows_no_flask() -> None:
    found = []
    for feature in FEATURES:
        for path in server_files(feature):
            if path.stem in {"routes", "limits"}:
                continue
            found += [
                f"{path.relative_to(ROOT)} imports {module}"
                for module in imports(path)
                if module.split(".")[0] in {"flask", "flask_smorest"}
            ]
    assert not found, "what a domain function needs of the request is handed to it by its route"


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / line for line in listed.splitlines() if (ROOT / line).is_file()]


def test_files_stay_short() -> None:
    long = {}
    for path in tracked():
        if path.suffix in {".py", ".ts", ".vue", ".css"} and ".gen." not in path.name:
            if "migrations" in path.parts or path.name == "components.d.ts":
                continue
            lines = len(path.read_text("utf-8").splitlines())
            if lines > 400:
                long[str(path.relative_to(ROOT))] = lines
    assert not long, "split these by what they are about"


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_for_somebody(word: str) -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in {".py", ".ts", ".vue"}
        and path != Path(__file__)
        and word in path.read_text("utf-8")
    ]
    assert not found


def test_no_test_is_skipped() -> None:
    marks = (
        "mark." + "skip",
        "pytest." + "skip(",
        "mark." + "xfail",
        "it." + "skip",
        "test." + "skip",
    )
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in {".py", ".ts"} and any(m in path.read_text("utf-8") for m in marks)
    ]
    assert not found
