"""What axe says of a page: barriers for people who see, hear or move otherwise."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from server.config import ROOT

_AXE = ROOT / "pwa" / "node_modules" / "axe-core" / "axe.min.js"
# Halfway through a fade words are pale, and a sheet on its way up covers others.
_AT_REST = """() => document.getAnimations().every(
    (one) => one.playState !== 'running'
        || one.effect.getComputedTiming().iterations === Infinity)"""


def axe(page: Page) -> list[str]:
    """What axe finds on the page once nothing moves any more, in short."""
    page.wait_for_function(_AT_REST)
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"
    )
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
