"""A rep's phone as a thread: makes work, sends it, and sends again whatever was not answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import orjson

from tests.browser.seed import PASSWORD
from tests.chaos.diary import Diary
from tests.chaos.link import Link, UnansweredError

BATCH_MAX = 40
# So long may a server be away before we say that it does not come back.
AWAY_MAX_S = 90


class Writer(threading.Thread):
    """Works until stopping is set, then sends what is left. What went wrong stands in `error`."""

    def __init__(
        self,
        port: int,
        username: str,
        diary: Diary,
        stopping: threading.Event,
        on_answer: Callable[[str], None],
    ) -> None:
        super().__init__(name=f"writer-{username}", daemon=True)
        self.link = Link(port, on_answer)
        self.username = username
        self.diary = diary
        self.stopping = stopping
        self.error: BaseException | None = None
        self.cursor: str | None = None
        # The records as this phone follows them through the feed.
        self.seen: dict[tuple[str, str], Any] = {}
        self._away_since = 0.0

    def run(self) -> None:
        """Work, then send the rest."""
        try:
            self._until_answered(lambda: self.link.log_in(self.username, PASSWORD))
            while not self.stopping.is_set():
                self._try(self._turn)
            self._drain()
        except BaseException as error:  # noqa: BLE001 -- it belongs to the test that waits for us
            self.error = error

    def _turn(self) -> None:
        rng = self.diary.rng
        choice = rng.random()
        if choice < 0.3 and len(self.diary.waiting()) < 200:
            self.diary.visit()
        elif choice < 0.7:
            self._push()
        elif choice < 0.95:
            self._upload()
        else:
            self.pull()

    def _drain(self) -> None:
        end = time.monotonic() + AWAY_MAX_S
        while self.diary.waiting() or self.diary.announced():
            assert time.monotonic() < end, f"{self.username}: does not come to an end"
            self._try(self._push)
            self._try(self._upload)
        self._until_answered(self.pull)

    def _try(self, work: Any) -> bool:
        try:
            work()
        except UnansweredError:
            self.diary.counts["requests unanswered"] += 1
            self._away_since = self._away_since or time.monotonic()
            assert time.monotonic() - self._away_since < AWAY_MAX_S, "the server stays away"
            time.sleep(0.03)
            return False
        self._away_since = 0.0
        return True

    def _until_answered(self, work: Any) -> None:
        while not self._try(work):
            pass

    def _push(self) -> None:
        """Some of what waits, in any order, with some of what is done already."""
        diary, rng = self.diary, self.diary.rng
        waiting = diary.waiting()
        batch = waiting[: rng.randint(1, BATCH_MAX)]
        if waiting and rng.random() < 0.3:
            batch = rng.sample(waiting, min(len(waiting), rng.randint(1, BATCH_MAX)))
        if diary.answers and rng.random() < 0.3:
            batch += rng.sample(list(diary.answers), min(len(diary.answers), 3))
        if rng.random() < 0.5:
            rng.shuffle(batch)
        if not batch:
            return
        first = {op_id for op_id in batch if op_id not in diary.sent}
        diary.sent |= first
        body = orjson.dumps(
            {
                "schema": 1,
                "device": {"id": f"phone-{self.username}", "app_version": "0.1.0", "unsent": 0},
                "ops": [diary.ops[op_id] for op_id in batch],
            }
        )
        status, _, answer = self.link.call("POST", "/sync/push", body)
        assert status == 200, answer
        results = orjson.loads(answer)["results"]
        assert [row["op_id"] for row in results] == batch
        diary.counts["batches answered"] += 1
        for op_id, row in zip(batch, results, strict=True):
            diary.took(op_id, row, first_try=op_id in first)

    def _upload(self) -> None:
        """A piece of a file that is not there yet, or all the rest of it."""
        diary, rng = self.diary, self.diary.rng
        open_files = diary.announced()
        if not open_files:
            return
        sha256 = rng.choice(open_files[:5])
        data = diary.files[sha256]
        offset = self._offset(sha256)
        if offset == len(data) and sha256 in diary.stored:
            return
        end = len(data) if rng.random() < 0.6 else rng.randint(offset, len(data))
        headers = {
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Length": str(len(data)),
        }
        status, _, answer = self.link.call("PATCH", f"/uploads/{sha256}", data[offset:end], headers)
        assert status in {200, 201}, answer
        said = orjson.loads(answer)
        assert said["received"] == end, said
        assert said["complete"] is (status == 201)
        diary.counts["pieces sent"] += 1
        if said["complete"]:
            diary.stored.add(sha256)

    def _offset(self, sha256: str) -> int:
        status, headers, _ = self.link.call("HEAD", f"/uploads/{sha256}")
        assert status == 200
        offset = int(headers["Upload-Offset"])
        if headers["Upload-Complete"] == "?1":
            # The answer that said so was lost.
            assert offset == len(self.diary.files[sha256])
            self.diary.stored.add(sha256)
        return offset

    def pull(self) -> None:
        """Follow the feed from where this phone is."""
        while True:
            query = f"?limit=200&cursor={self.cursor}" if self.cursor else "?limit=200"
            page = self.link.get(f"/sync/pull{query}")
            for change in page["changes"]:
                self.seen[change["entity"], change["id"]] = change["record"]
            self.cursor = page["cursor"]
            self.diary.counts["pages pulled"] += 1
            if not page["more"]:
                return
