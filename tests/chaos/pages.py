"""Holding what a server answers against what the reps did: the feed, the pages, the files."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

from server.app import create_app
from server.config import Settings
from server.kernel.clock import Clock, FrozenClock
from server.kernel.db import db
from server.photos import background, domain
from tests.chaos.books import expected_balance
from tests.chaos.diary import Diary
from tests.chaos.link import Link

# What the pages add to a record of the feed.
Feed = dict[tuple[str, str], Any]


def finish_photos(data: Path) -> None:
    """Let the sweep find the photos whose jobs died with the server. Nobody else uses the data."""
    # Later than any claim that a killed worker held.
    later = FrozenClock(Clock().now() + domain.CLAIM_LASTS + timedelta(minutes=1))
    app = create_app(Settings(data_dir=data, password_cost="test"), clock=later)
    with app.app_context():
        while domain.unprocessed(db.session(), later):
            db.session.close()
            background.sweep()
        db.session.close()
        db.engine.dispose()


def feed_from_zero(link: Link) -> Feed:
    """All that a phone is told which knows nothing yet; each record once."""
    feed: Feed = {}
    cursor = None
    while True:
        page = link.get("/sync/pull?limit=500" + (f"&cursor={cursor}" if cursor else ""))
        for change in page["changes"]:
            key = change["entity"], change["id"]
            assert key not in feed, f"told twice: {key}"
            feed[key] = change["record"]
        cursor = page["cursor"]
        if not page["more"]:
            return feed


def check_feed(feed: Feed, seen: Feed, diary: Diary) -> None:
    """The feed tells what was done; who followed it all along knows the same."""
    assert seen == feed, "a cursor has stepped over a change"
    kinds = {"visit.check_in": "visit", "visit.note": "note"}
    kinds |= {"photo.add": "photo", "handout.add": "handout"}
    for kind, entity in kinds.items():
        told = {key[1] for key in feed if key[0] == entity and feed[key] is not None}
        assert told == {op["record_id"] for op in diary.of_kind(kind)}, entity
    for material_id in diary.materials:
        assert feed["stock", material_id]["balance"] == expected_balance(diary, material_id)


def check_pages(link: Link, feed: Feed, diary: Diary) -> None:
    """The page of each visit says what the feed says, and shows each thing once."""
    for op in diary.of_kind("visit.check_in"):
        visit_id = op["record_id"]
        page = link.get(f"/visits/{visit_id}")
        visit = feed["visit", visit_id]
        assert visit.items() <= page.items()
        assert visit["photos_arrived"] == visit["photos_total"] == len(page["photos"])
        for entity, name in (("note", "notes"), ("photo", "photos"), ("handout", "handouts")):
            told = {
                key[1]: record
                for key, record in feed.items()
                if key[0] == entity and record["visit_id"] == visit_id
            }
            shown = {row["id"]: row for row in page[name]}
            assert len(shown) == len(page[name])
            assert shown.keys() == told.keys()
            for record_id, record in told.items():
                assert record.items() <= shown[record_id].items()


def check_files(link: Link, diary: Diary) -> int:
    """The bytes of each photo and signature are what the phone sent; how many were read."""
    photos = {op["record_id"]: op["payload"]["sha256"] for op in diary.of_kind("photo.add")}
    signatures = {
        op["record_id"]: op["payload"]["signature_sha256"]
        for op in diary.of_kind("handout.add")
        if op["payload"]["signature_sha256"]
    }
    paths = {f"/photos/{one}/original": sha256 for one, sha256 in photos.items()}
    paths |= {f"/handouts/{one}/signature": sha256 for one, sha256 in signatures.items()}
    for path, sha256 in paths.items():
        status, _, data = link.call("GET", path)
        assert status == 200, (path, data)
        assert hashlib.sha256(data).hexdigest() == sha256, path
    return len(paths)
