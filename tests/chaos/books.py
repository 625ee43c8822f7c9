"""Holding a server's own database against what the reps did: everything there, nothing twice."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from pysqlite3 import dbapi2 as sqlite

from tests.chaos.diary import Diary

# Which table an op's record stands in, and what the journal says of it.
RECORDS = {
    "visit.check_in": ("visit", {"visit.checked_in", "visit.received"}),
    "visit.note": ("visit_note", {"visit.noted"}),
    "photo.add": ("photo", {"photo.added"}),
    "handout.add": ("handout", {"handout.added"}),
}
CLOSINGS = {"visit.check_out": "visit.checked_out", "visit.cancel": "visit.cancelled"}
ISSUED = 100


class Books:
    """The tables of a stopped server."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """The rows of a query."""
        cursor = self._connection.execute(query, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def check_sound(self) -> None:
        """The file itself is whole."""
        assert self.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        assert self.rows("PRAGMA foreign_key_check") == []

    def check_acknowledged(self, diary: Diary, answers: dict[str, Any]) -> None:
        """Every op that was acknowledged has its receipt, with the answer that was given."""
        receipts = self._receipts(diary)
        missing = [op_id for op_id in answers if op_id not in receipts]
        assert not missing, f"{len(missing)} acknowledged ops are gone, such as {missing[:3]}"
        for op_id, answer in answers.items():
            assert orjson.loads(receipts[op_id]["result"]) == answer

    def _receipts(self, diary: Diary) -> dict[str, dict[str, Any]]:
        found = self.rows("SELECT * FROM op_receipt WHERE author_id = ?", diary.user_id)
        return {row["op_id"]: row for row in found}

    def check_rep(self, diary: Diary) -> None:
        """All that a rep did is there once, and nothing else under their name."""
        receipts = self._receipts(diary)
        said = {op_id: (op["kind"], op["record_id"]) for op_id, op in diary.ops.items()}
        assert {one: (row["kind"], row["record_id"]) for one, row in receipts.items()} == said
        self.check_acknowledged(diary, diary.answers)
        for kind, (table, _) in RECORDS.items():
            ids = [op["record_id"] for op in diary.of_kind(kind)]
            query = f"SELECT id FROM {table} WHERE author_id = ?"
            there = [row["id"] for row in self.rows(query, diary.user_id)]
            assert sorted(there) == sorted(ids), table
        self._check_contents(diary)
        self._check_stock(diary)
        self._check_journal(diary)
        self._check_feed(diary)
        self._check_uploads(diary)

    def _check_contents(self, diary: Diary) -> None:
        notes = self._by_id("visit_note", diary)
        photos, handouts = self._by_id("photo", diary), self._by_id("handout", diary)
        visits = self._by_id("visit", diary)
        for op in diary.ops.values():
            said, record_id = op["payload"], op["record_id"]
            match op["kind"]:
                case "visit.check_in":
                    assert visits[record_id]["store_id"] == said["store_id"]
                case "visit.check_out":
                    assert visits[record_id]["state"] == "completed"
                case "visit.cancel":
                    assert visits[record_id]["state"] == "cancelled"
                    assert visits[record_id]["cancel_reason"] == said["reason"]
                case "visit.note":
                    note = notes[record_id]
                    assert (note["visit_id"], note["text"]) == (said["visit_id"], said["text"])
                case "photo.add":
                    photo = photos[record_id]
                    assert (photo["visit_id"], photo["sha256"]) == (
                        said["visit_id"],
                        said["sha256"],
                    )
                    assert photo["state"] != "awaiting_bytes"
                case "handout.add":
                    names = ("visit_id", "material_id", "quantity", "signature_sha256")
                    there = handouts[record_id]
                    assert {name: there[name] for name in names} == {
                        name: said[name] for name in names
                    }

    def _by_id(self, table: str, diary: Diary) -> dict[str, dict[str, Any]]:
        found = self.rows(f"SELECT * FROM {table} WHERE author_id = ?", diary.user_id)
        return {row["id"]: row for row in found}

    def _check_stock(self, diary: Diary) -> None:
        """One ledger entry for each handout, and a balance that follows from them."""
        entries = self.rows(
            "SELECT * FROM ledger_entry WHERE author_id = ? AND kind = 'handout'", diary.user_id
        )
        handouts = {op["record_id"]: op["payload"] for op in diary.of_kind("handout.add")}
        moved = Counter(row["handout_id"] for row in entries)
        assert moved == Counter(handouts.keys())
        for row in entries:
            said = handouts[row["handout_id"]]
            assert (row["material_id"], row["quantity"]) == (said["material_id"], said["quantity"])
        for material_id in diary.materials:
            assert self.balance(diary, material_id) == expected_balance(diary, material_id)

    def balance(self, diary: Diary, material_id: str) -> int:
        """What the ledger says a rep holds."""
        [row] = self.rows(
            "SELECT SUM(CASE WHEN to_place = ?1 THEN quantity ELSE -quantity END) AS balance"
            " FROM ledger_entry WHERE material_id = ?2 AND ?1 IN (to_place, from_place)",
            f"rep:{diary.user_id}",
            material_id,
        )
        return int(row["balance"])

    def _check_journal(self, diary: Diary) -> None:
        """One entry for each thing done."""
        told = Counter(
            row["event"]
            for row in self.rows("SELECT event FROM journal WHERE actor_id = ?", diary.user_id)
        )
        done = Counter(op["kind"] for op in diary.ops.values())
        for kind, (_, events) in RECORDS.items():
            assert sum(told[event] for event in events) == done[kind], kind
        for kind, event in CLOSINGS.items():
            assert told[event] == done[kind], kind
        arrived = self.rows(
            "SELECT json_extract(data, '$.photo_id') AS id FROM journal"
            " WHERE event = 'photo.arrived' AND subject_id IN"
            " (SELECT id FROM visit WHERE author_id = ?)",
            diary.user_id,
        )
        ids = [row["id"] for row in arrived]
        assert len(ids) == len(set(ids)), "a photo arrived twice"

    def _check_feed(self, diary: Diary) -> None:
        """Each record has one place in the rep's feed, under a number of its own."""
        scope = f"user:{diary.user_id}"
        changes = self.rows("SELECT * FROM change WHERE scope = ?", scope)
        numbers = [row["seq"] for row in changes]
        assert len(numbers) == len(set(numbers)), "two changes under one number"
        [counter] = self.rows("SELECT seq FROM change_counter WHERE scope = ?", scope)
        assert max(numbers) <= counter["seq"]
        told = {(row["entity"], row["record_id"]) for row in changes if not row["deleted"]}
        entities = {"visit.check_in": "visit", "visit.note": "note"}
        entities |= {"photo.add": "photo", "handout.add": "handout"}
        for kind, entity in entities.items():
            made = {(entity, op["record_id"]) for op in diary.of_kind(kind)}
            assert {one for one in told if one[0] == entity} == made

    def _check_uploads(self, diary: Diary) -> None:
        rows = self.rows("SELECT sha256, bytes FROM upload WHERE user_id = ?", diary.user_id)
        assert {row["sha256"]: row["bytes"] for row in rows} == {
            sha256: len(data) for sha256, data in diary.files.items()
        }


def expected_balance(diary: Diary, material_id: str) -> int:
    """What a rep holds after all that they handed out."""
    given = [
        op["payload"]["quantity"]
        for op in diary.of_kind("handout.add")
        if op["payload"]["material_id"] == material_id
    ]
    return ISSUED - sum(given)


@contextlib.contextmanager
def opened(data: Path) -> Iterator[Books]:
    """The books as they lie on the disk: a copy, so that the server itself does its recovery."""
    with tempfile.TemporaryDirectory(prefix="storewalk-books-") as folder:
        for path in data.glob("storewalk.db*"):
            if not path.name.endswith("-shm"):
                shutil.copy(path, folder)
        connection = sqlite.connect(str(Path(folder, "storewalk.db")))
        try:
            yield Books(connection)
        finally:
            connection.close()
