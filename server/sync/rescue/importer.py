"""Entering a rescue file under its author's name, by the same doors as a phone: push and uploads.

Every op keeps its id, so that what the phone sends later is a replay, and importing twice changes
nothing. Records come first and the bytes of their photos after them, each committed by itself:
what was entered before a power cut stays, and importing the file again does the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO, Final

import orjson
from sqlalchemy.orm import Session

from server.accounts.queries import people_by_ids
from server.accounts.sessions import actor_by_id
from server.config import settings
from server.kernel import jobs, journal
from server.kernel import problems as common
from server.kernel.auth import Actor
from server.kernel.blobs import blob_store
from server.kernel.clock import Clock
from server.kernel.db import read_only
from server.kernel.ids import new_id
from server.kernel.problems import Problem
from server.photos.domain import bytes_arrived
from server.photos.queries import uploaded
from server.photos.receiving import partials_root
from server.photos.uploads import PartialUpload
from server.sync import problems
from server.sync.devices import CarriedDevice
from server.sync.envelope import MAX_OPS as BATCH
from server.sync.envelope import op_id_of
from server.sync.push import push
from server.sync.rescue.archive import Archive, CheckedFile, Manifest

STATUSES: Final = ("applied", "replayed", "rejected", "conflict", "deferred")
FILE_STATUSES: Final = ("stored", "known", "bad")

Result = dict[str, Any]


class RescueEvent(StrEnum):
    """What an import writes into the journal, beside what each op writes by itself."""

    RESCUE_IMPORTED = "rescue.imported"


@dataclass(frozen=True, slots=True)
class Office:
    """Who imports, and in which language they are answered."""

    actor: Actor
    language: str


def import_rescue(
    session: Session, office: Office, clock: Clock, file: BinaryIO, sha256: str, *, dry_run: bool
) -> dict[str, Any]:
    """Enter what the file holds, or with dry_run only say what that would do.

    sha256: the file's own, for the journal. Returns {author, made_at, device_id, dry_run, counts,
    ops, files}. Commits as it goes on; with dry_run nothing stays. Raises rescue_unreadable and
    rescue_author_unknown, and then nothing was written.
    """
    archive = Archive(file)
    manifest = archive.manifest()
    author, record = _author(session, manifest)
    # Before any transaction: nobody waits for our lock while gigabytes are hashed.
    checked = _check(archive, manifest)
    if dry_run:
        with _trial(session) as trial:
            work = _Work(trial, author, clock, manifest, office.language, is_trial=True)
            ops, files = work.apply_ops(), work.judge_files(checked)
    else:
        work = _Work(session, author, clock, manifest, office.language, is_trial=False)
        ops, files = work.apply_ops(), work.store_files(archive, checked)
    counts = _counts(ops, files)
    if not dry_run:
        told = {"counts": counts, "sha256": sha256, "device_id": manifest.device_id}
        journal.record(
            session,
            clock,
            office.actor,
            RescueEvent.RESCUE_IMPORTED,  # type: ignore[arg-type]  # a word of sync's own
            "person",
            author.user_id,
            **told,
        )
    return {
        "author": record,
        "made_at": manifest.made_at,
        "device_id": manifest.device_id,
        "dry_run": dry_run,
        "counts": counts,
        "ops": ops,
        "files": files,
    }


def _author(session: Session, manifest: Manifest) -> tuple[Actor, dict[str, str]]:
    with read_only():
        author = actor_by_id(session, manifest.author_id)
        found = people_by_ids(session, [manifest.author_id])
        session.rollback()
    if author is None:
        raise problems.RESCUE_AUTHOR_UNKNOWN.error(field="author.id")
    return author, {key: found[author.user_id][key] for key in ("id", "name", "username")}


def _check(archive: Archive, manifest: Manifest) -> list[CheckedFile]:
    """Every listed file once, however often it is listed; all of them within the file's limit."""
    room = settings().max_rescue_bytes
    checked = []
    for listed in dict.fromkeys(manifest.files):
        one = archive.check(listed, min(settings().max_photo_bytes, max(room, 0)))
        room -= one.length
        checked.append(one)
    return checked


@contextmanager
def _trial(session: Session) -> Iterator[Session]:
    """A session inside the given one's transaction, whose commits are undone with it at the end."""
    trial = Session(bind=session.connection(), join_transaction_mode="create_savepoint")
    try:
        yield trial
    finally:
        trial.close()
        session.rollback()


@dataclass(frozen=True, slots=True)
class _Work:
    """One import under way."""

    session: Session
    author: Actor
    clock: Clock
    manifest: Manifest
    language: str
    is_trial: bool

    def apply_ops(self) -> list[Result]:
        """Push all ops, as many times as some that waited for others can be applied."""
        ops = self.manifest.ops
        results: list[Result] = [{} for _ in ops]
        waiting, failed = list(range(len(ops))), set[str]()
        while waiting:
            for start in range(0, len(waiting), BATCH):
                self._push(waiting[start : start + BATCH], results, failed)
            again = [at for at in waiting if results[at]["status"] == "deferred"]
            if len(again) == len(waiting):
                break
            waiting = again
        return results

    def _push(self, batch: Sequence[int], results: list[Result], failed: set[str]) -> None:
        """Push the ops at these places, but those that depend on one that has failed for good."""
        ready = []
        for at in batch:
            raw = self.manifest.ops[at]
            if _depends_on(raw) & failed:
                # As in a push of all at once, whichever batch it stands in.
                problem = common.DEPENDENCY_MISSING.error().as_dict(self.language)
                results[at] = _told(raw, {"status": "deferred", "problem": problem})
                failed |= _id_of(raw)
            else:
                ready.append(at)
        for at, answer in zip(ready, self._send(ready) if ready else (), strict=True):
            results[at] = _told(self.manifest.ops[at], answer)
            if answer["status"] in {"rejected", "conflict"}:
                failed |= _id_of(self.manifest.ops[at])

    def _send(self, places: Sequence[int]) -> list[Result]:
        device = CarriedDevice(
            id=self.manifest.device_id,
            app_version=self.manifest.app_version,
            schema=self.manifest.schema,
            unsent=0,
            oldest_unsent_at=None,
        )
        ops = [self.manifest.ops[at] for at in places]
        answer = push(self.session, self.author, self.clock, device, ops, self.language)
        self._commit()
        results: list[Result] = orjson.loads(answer)["results"]
        return results

    def _commit(self) -> None:
        if self.is_trial:
            jobs.forget_pending(self.session)
        self.session.commit()

    def judge_files(self, checked: Sequence[CheckedFile]) -> list[Result]:
        """Say what storing would do."""
        known = self._known(checked)
        results = []
        for one in checked:
            sha256 = one.listed.sha256
            if sha256 in known or one.problem is None:
                results.append(_file(sha256, "known" if sha256 in known else "stored"))
                known.add(sha256)
            else:
                results.append(_file(sha256, "bad", one.problem.as_dict(self.language)))
        return results

    def store_files(self, archive: Archive, checked: Sequence[CheckedFile]) -> list[Result]:
        """Store the bytes as uploads of the author, each committed by itself."""
        judged = self.judge_files(checked)
        # Beside what the phone itself has sent of them so far, which may be going on right now.
        folder = new_id()
        for at, (one, result) in enumerate(zip(checked, judged, strict=True)):
            if result["status"] != "stored":
                continue
            partial = PartialUpload(partials_root(), folder, one.listed.sha256)
            try:
                with closing(archive.open(one)) as source:
                    partial.append(0, one.length, source)
                partial.finish(one.length, blob_store())
            except Problem as problem:
                judged[at] = _file(one.listed.sha256, "bad", problem.as_dict(self.language))
                partial.path.unlink(missing_ok=True)
                continue
            bytes_arrived(
                self.session, self.clock, self.author.user_id, one.listed.sha256, one.length
            )
            self._commit()
        with suppress(OSError):
            (partials_root() / folder).rmdir()
        return judged

    def _known(self, checked: Iterable[CheckedFile]) -> set[str]:
        hashes = sorted({one.listed.sha256 for one in checked})
        known: set[str] = set()
        for start in range(0, len(hashes), BATCH):
            known |= uploaded(
                self.session, self.author.user_id, hashes[start : start + BATCH]
            ).keys()
        self._commit()
        return known


def _depends_on(raw: Any) -> set[str]:
    found = raw.get("depends_on") if isinstance(raw, dict) else None
    return {one for one in found if isinstance(one, str)} if isinstance(found, list) else set()


def _id_of(raw: Any) -> set[str]:
    op_id = op_id_of(raw)
    return set() if op_id is None else {op_id}


def _told(raw: Any, answer: Result) -> Result:
    said = raw if isinstance(raw, dict) else {}
    kind, record_id = said.get("kind"), said.get("record_id")
    return {
        "op_id": op_id_of(raw),
        "kind": kind[:40] if isinstance(kind, str) else None,
        "record_id": record_id[:36] if isinstance(record_id, str) else None,
        "status": answer["status"],
        "problem": answer["problem"],
    }


def _file(sha256: str, status: str, problem: dict[str, Any] | None = None) -> Result:
    return {"sha256": sha256, "status": status, "problem": problem}


def _counts(ops: Sequence[Result], files: Sequence[Result]) -> dict[str, int]:
    of_ops = Counter(one["status"] for one in ops)
    of_files = Counter(one["status"] for one in files)
    return {name: of_ops[name] for name in STATUSES} | {
        f"files_{name}": of_files[name] for name in FILE_STATUSES
    }
