"""The main job, end to end: a visit made without a signal reaches the supervisor's map."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser import rep
from tests.browser.api import Api
from tests.browser.conftest import Open, watch
from tests.browser.seed import PASSWORD
from tests.browser.site import Site
from tests.realdata import real_file

STORE = "苏州园区星湖店"


def shelf_photos(folder: Path) -> list[Path]:
    """The real photos of shelves and displays; drawn ones, loudly, where those are missing."""
    real = real_file("shelf")
    if real is not None:
        return sorted(path for path in real.iterdir() if path.suffix in {".jpg", ".png"})
    drawn = []
    for number in range(6):
        path = folder / f"shelf-{number}.jpg"
        Image.effect_mandelbrot((1800, 1200), (-2, -1, 1, 1), 20 + number).convert("RGB").save(path)
        drawn.append(path)
    return drawn


@pytest.mark.realdata
def test_a_visit_made_offline_reaches_the_map(
    open_phone: Open, open_desktop: Open, site: Site, rep_name: str, tmp_path: Path
) -> None:
    # The phone stands 33 m north of the pin.
    context = open_phone(31.3003, 120.6)
    page = context.new_page()
    errors = watch(page)
    user_id = site.company.people[rep_name]
    rep.log_in(page, rep_name)
    rep.ready_for_offline(page)

    context.set_offline(True)
    rep.check_in(page, STORE)
    files = shelf_photos(tmp_path)
    assert len(files) >= 5
    rep.choose_kind(page, "货架")
    rep.add_files(page, files, 0)
    rep.take_photo(page, len(files))
    rep.write_note(page, "冰柜旁缺货两种")
    # Memory is short and the system ends the tab; the rep opens the app again, still offline.
    page = rep.kill_tab(context, page)
    errors += watch(page)
    page.goto("/")
    page.get_by_role("link", name=re.compile("继续拜访|拜访中")).first.tap()
    expect(page.get_by_role("heading", name=f"照片 {len(files) + 1}")).to_be_visible()
    rep.hand_out(page, "货架插卡", more=2, recipient="刘店长")
    rep.check_out(page)
    photos = rep.local_rows(page, user_id, "photos")
    assert len(photos) == len(files) + 1
    assert len(rep.local_rows(page, user_id, "outbox")) == len(photos) + 4

    context.set_offline(False)
    rep.wait_until_sent(page, user_id)

    # What the server has is what the phone took, byte for byte, once.
    api = Api(site, "sup")
    visits = [row for row in api.get("/visits")["items"] if row["author_id"] == user_id]
    assert len(visits) == 1
    visit = api.get(f"/visits/{visits[0]['id']}")
    assert (visit["verdict"], visit["state"]) == ("on_site", "completed")
    assert visit["distance_m"] == pytest.approx(33, abs=2)
    assert {row["sha256"] for row in visit["photos"]} == {row["sha256"] for row in photos}
    for row in visit["photos"]:
        data = api.bytes(f"/photos/{row['id']}/original")
        assert hashlib.sha256(data).hexdigest() == row["sha256"]
    assert [(row["quantity"], row["recipient"]) for row in visit["handouts"]] == [(3, "刘店长")]
    signature = api.bytes(f"/handouts/{visit['handouts'][0]['id']}/signature")
    assert signature.startswith(b"\x89PNG")
    assert [row["text"] for row in visit["notes"]] == ["冰柜旁缺货两种"]

    _the_supervisor_looks(open_desktop(), visit, len(photos))
    expected = re.compile("net::ERR_INTERNET_DISCONNECTED|Failed to load resource")
    assert [text for text in errors if not expected.search(text)] == []


def _the_supervisor_looks(context: Any, visit: dict[str, Any], photos: int) -> None:
    page: Page = context.new_page()
    page.goto(f"/console/?rep={visit['author_id']}")
    page.get_by_label("用户名").fill("sup")
    page.get_by_label("密码").fill(PASSWORD)
    errors = watch(page)
    page.get_by_role("button", name="登录", exact=True).click()
    # The map shows the check-in; the panel names it and leads to its page.
    pin = page.locator(".leaflet-marker-icon").first
    expect(pin).to_be_visible(timeout=20_000)
    pin.click()
    panel = page.get_by_role("complementary").filter(has_text=STORE)
    expect(panel.first).to_be_visible(timeout=20_000)
    page.goto(f"/console/visits/{visit['id']}")
    expect(page.get_by_text(STORE).first).to_be_visible()
    expect(page.get_by_text("范围内").first).to_be_visible()
    expect(page.get_by_text("刘店长")).to_be_visible()
    # Of the visit itself: what was seen before is shown beside it once more.
    pictures = page.locator(".groups img[src*='/photos/']")
    expect(pictures).to_have_count(photos, timeout=20_000)
    page.wait_for_function(
        """() => [...document.querySelectorAll("img[src*='/photos/']")]
            .every((image) => image.complete && image.naturalWidth > 0)"""
    )
    assert errors == []
