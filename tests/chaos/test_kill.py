"""kill −9 at any moment under eight writers: what was acknowledged is there, and there once."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.browser.seed import PASSWORD
from tests.browser.site import Site, make_site
from tests.chaos import books, pages, report
from tests.chaos.diary import Diary
from tests.chaos.link import Link
from tests.chaos.writer import AWAY_MAX_S, Writer

WRITERS = 8
ROUNDS = report.wanted("STOREWALK_CHAOS_ROUNDS", 3)
# Fewer acknowledgements since the start than this, and the kill would not come in mid-work.
WARM = 5 * WRITERS


def hire(site: Site, stopping: threading.Event, seed: int) -> list[Writer]:
    """Eight reps who know their stores."""
    writers = []
    for number in range(WRITERS):
        username = site.company.spare.pop()
        diary = Diary(
            user_id=site.company.people[username],
            stores=list(site.company.stores.values()),
            materials=list(site.company.materials.values()),
            rng=random.Random(f"{seed}:{number}"),
        )
        writers.append(Writer(site.port, username, diary, stopping))
    return writers


def acknowledged(writers: list[Writer]) -> int:
    return sum(len(writer.diary.answers) for writer in writers)


def wait_for_work(writers: list[Writer], before: int) -> None:
    end = time.monotonic() + AWAY_MAX_S
    while acknowledged(writers) < before + WARM and not failed(writers):
        assert time.monotonic() < end, "nothing is acknowledged any more"
        time.sleep(0.01)


def failed(writers: list[Writer]) -> list[BaseException]:
    return [writer.error for writer in writers if writer.error is not None]


@pytest.mark.slow
@pytest.mark.timeout(180 + 40 * ROUNDS)
def test_what_was_acknowledged_outlives_kill_9(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    moments = random.Random(seed)
    site = make_site(tmp_path)
    stopping = threading.Event()
    writers = hire(site, stopping, seed)
    try:
        for writer in writers:
            writer.start()
        for _ in range(ROUNDS):
            wait_for_work(writers, acknowledged(writers))
            time.sleep(moments.uniform(0, 0.7))
            site.kill()
            # What they have heard by now, the dead server's disk must hold.
            heard = [dict(writer.diary.answers) for writer in writers]
            with books.opened(site.data) as found:
                found.check_sound()
                for writer, answers in zip(writers, heard, strict=True):
                    found.check_acknowledged(writer.diary, answers)
            site.start()
        wait_for_work(writers, acknowledged(writers))
        stopping.set()
        for writer in writers:
            writer.join(2 * AWAY_MAX_S)
        assert [writer.name for writer in writers if writer.is_alive()] == []
        for error in failed(writers):
            raise error
        site.stop()
        check_all(site, writers)
    finally:
        stopping.set()
        site.stop()


def check_all(site: Site, writers: list[Writer]) -> None:
    """The disk, then the answers of a server that was started on it anew."""
    pages.finish_photos(site.data)
    with books.opened(site.data) as found:
        found.check_sound()
        for writer in writers:
            found.check_rep(writer.diary)
    site.start()
    counts: Counter[str] = Counter({"kills": ROUNDS, "writers": len(writers)})
    for writer in writers:
        link = Link(site.port)
        link.log_in(writer.username, PASSWORD)
        # Its kept connection ended with the server before.
        writer.link.close()
        writer.pull()
        feed = pages.feed_from_zero(link)
        pages.check_feed(feed, writer.seen, writer.diary)
        pages.check_pages(link, feed, writer.diary)
        counts["files read back"] += pages.check_files(link, writer.diary)
        counts["ops acknowledged"] += len(writer.diary.answers)
        counts["visits"] += len(writer.diary.of_kind("visit.check_in"))
        counts["files"] += len(writer.diary.files)
        counts.update(writer.diary.counts)
        link.close()
    assert counts["requests unanswered"] > 0, "no request was ever cut off: the kill came idle"
    report.tell("kill", dict(counts))
