"""Holding a phone against its server after a quiet sync: both sides say the same, and all of it."""

from __future__ import annotations

import base64
import random
from pathlib import Path
from typing import Any

from tests.browser.hand import Hand
from tests.browser.seed import PASSWORD, Company
from tests.browser.site import ROOT, Site
from tests.chaos import pages
from tests.chaos.diary import Diary
from tests.chaos.handset import Handset
from tests.chaos.link import Link

# The phone's tables and what the feed calls their rows.
ENTITIES = {"visits": "visit", "notes": "note", "photos": "photo", "handouts": "handout"}
# What only the phone says of a row.
MARKS = ("sync", "upload")
WIRE = ("op_id", "kind", "record_id", "author", "depends_on", "payload", "device_at")


def what_was_done(phone: Handset, company: Company) -> Diary:
    """All that waits on a phone: its ops as they will be sent, and its files."""
    assert phone.page is not None
    tables = Hand(phone.page, phone.user_id, ROOT).dump()["tables"]
    blobs = {row["sha256"]: row["bytes"]["$bytes"] for row in tables["blobs"]["rows"]}
    return Diary(
        user_id=phone.user_id,
        stores=list(company.stores.values()),
        materials=list(company.materials.values()),
        rng=random.Random(),
        ops={op["op_id"]: {name: op[name] for name in WIRE} for op in tables["outbox"]["rows"]},
        files={sha256: base64.b64decode(text) for sha256, text in blobs.items()},
    )


def check_disk(data: Path, diary: Diary) -> None:
    """Each file lies in the store once, byte for byte, however often it was added."""
    there = [path for path in (data / "blobs" / "photos").rglob("*") if path.is_file()]
    assert sorted(path.name for path in there) == sorted(diary.files)
    for path in there:
        assert path.read_bytes() == diary.files[path.name]


def check_phone(phone: Handset, diary: Diary) -> None:
    """Everything is marked as sent; the bytes are gone, and the small pictures are not."""
    for table in ENTITIES:
        rows = phone.rows(table)
        assert rows
        assert {row["sync"] for row in rows} == {"sent"}, table
    assert {row["upload"] for row in phone.rows("photos")} == {"done"}
    assert {row["state"] for row in phone.rows("uploads")} == {"done"}
    assert phone.rows("blobs") == phone.rows("outbox") == []
    assert {row["sha256"] for row in phone.rows("thumbs")} == diary.files.keys()


def check_server(site: Site, username: str, phone: Handset, diary: Diary) -> int:
    """The phone says what the server says; how many files were read back."""
    link = Link(site.port)
    link.log_in(username, PASSWORD)
    feed = pages.feed_from_zero(link)
    for table, entity in ENTITIES.items():
        told = {key[1]: record for key, record in feed.items() if key[0] == entity}
        assert {row["id"]: without_marks(row) for row in phone.rows(table)} == told
    pages.check_feed(feed, feed, diary)
    pages.check_pages(link, feed, diary)
    found = pages.check_files(link, diary)
    link.close()
    return found


def without_marks(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in MARKS}
