"""kill −9 at any moment under eight writers: what was acknowledged is there, and there once."""

from __future__ import annotations

import os
import random
import signal
import sys
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


class Axe:
    """Kills the server: at once, or the moment that somebody has heard an answer to a write."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._armed = threading.Lock()
        self._armed.acquire()
        self._fallen = threading.Event()

    def on_answer(self, method: str) -> None:
        """An answer is in. In the writer's own thread: waking another one would take too long."""
        if method in {"POST", "PATCH"} and self._armed.acquire(blocking=False):
            assert self._site.process is not None
            os.killpg(self._site.process.pid, signal.SIGKILL)
            self._fallen.set()

    def on_its_heels(self) -> None:
        """Kill with the next answer to a write: what it says was done must be on the disk."""
        usual = sys.getswitchinterval()
        # The thread that hears must not wait its turn: a commit that comes too late takes 1 ms.
        sys.setswitchinterval(1e-5)
        try:
            self._fallen.clear()
            self._armed.release()
            assert self._fallen.wait(AWAY_MAX_S), "no write is answered any more"
        finally:
            sys.setswitchinterval(usual)
        self.now()

    def now(self) -> None:
        """Kill whatever is going on."""
        self._site.kill()


def hire(site: Site, axe: Axe, stopping: threading.Event, seed: int) -> list[Writer]:
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
        writers.append(Writer(site.port, username, diary, stopping, axe.on_answer))
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
    axe = Axe(site)
    writers = hire(site, axe, stopping, seed)
    try:
        for writer in writers:
            writer.start()
        for number in range(ROUNDS):
            wait_for_work(writers, acknowledged(writers))
            time.sleep(moments.uniform(0, 0.7))
            if number % 2:
                axe.now()
            else:
                axe.on_its_heels()
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
        site.kill()


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
