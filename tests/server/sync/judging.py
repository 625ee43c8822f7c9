"""What the state machine knows of the right answers, and how it holds the server against them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.chaos import pages
from tests.server.sync.field import Feed, Field, Rep

ENTITIES = {
    "visit.check_in": "visit",
    "visit.note": "note",
    "photo.add": "photo",
    "handout.add": "handout",
    "office.check_in": "office_check_in",
}
DONE = {"applied", "replayed"}


def fragment(row: dict[str, Any], result: bytes) -> bytes:
    """An answer's own bytes, with the result as it is stored."""
    head = f'{{"op_id":"{row["op_id"]}","index":{row["index"]},"status":"{row["status"]}","result":'
    return head.encode() + result + b',"problem":null}'


def expected(rep: Rep, batch: Sequence[str]) -> list[str]:
    """The answer to each op of a batch of good ones, some of them stored before."""
    found: list[str] = []
    for index, op_id in enumerate(batch):
        parent = rep.parent(op_id)
        there = parent is None or parent in rep.stored or parent in batch
        if op_id in rep.stored:
            found.append("replayed")
        elif not there:
            found.append("deferred")
        else:
            found.append("replayed" if op_id in batch[:index] else "applied")
    return found


def check_race(
    first: Rep,
    second: Rep,
    batches: Sequence[Sequence[str]],
    before: Sequence[set[str]],
    answers: Sequence[Sequence[dict[str, Any]]],
) -> None:
    """Two batches that met: each op is applied by one of them at most, and put off for cause."""
    for rep, batch, stored, rows in zip((first, second), batches, before, answers, strict=True):
        for op_id, row in zip(batch, rows, strict=True):
            assert row["status"] in DONE | {"deferred"}, row
            parent = rep.parent(op_id)
            if op_id in stored:
                assert row["status"] == "replayed"
            elif parent is None or parent in stored or parent in batch:
                assert row["status"] in DONE
    told = [
        (rep.name, row["op_id"], row["status"])
        for rep, rows in zip((first, second), answers, strict=True)
        for row in rows
    ]
    applied = [one[:2] for one in told if one[2] == "applied"]
    assert len(applied) == len(set(applied)), "applied by both"
    replayed = {one[:2] for one in told if one[2] == "replayed"}
    known = {
        (rep.name, op_id) for rep, ids in zip((first, second), before, strict=True) for op_id in ids
    }
    assert replayed <= known | set(applied)


def send_piece(field: Field, rep: Rep, sha256: str, offset: int, piece: bytes) -> None:
    """Send bytes of a file from an offset, right or wrong; hold the answer against the truth."""
    whole = rep.diary.files[sha256]
    there = len(whole) if sha256 in rep.diary.stored else rep.received.get(sha256, 0)
    client, path = field.client(rep.name), f"/api/v1/uploads/{sha256}"
    headers = {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
        "Upload-Length": str(len(whole)),
    }
    answer = client.patch(path, data=piece, headers=headers)
    if sha256 in rep.diary.stored:
        assert (answer.status_code, answer.json["complete"]) == (201, True)
    elif offset != there:
        assert (answer.status_code, answer.json["code"]) == (409, "offset_mismatch")
        assert answer.headers["Upload-Offset"] == str(there)
    else:
        there = offset + len(piece)
        if piece != whole[offset:there]:
            rep.damaged.add(sha256)
        if there < len(whole):
            assert (answer.status_code, answer.json["received"]) == (200, there)
        elif sha256 in rep.damaged:
            assert (answer.status_code, answer.json["code"]) == (422, "hash_mismatch")
            rep.damaged.discard(sha256)
            there = 0
        else:
            assert (answer.status_code, answer.json["complete"]) == (201, True)
            rep.diary.stored.add(sha256)
        rep.received[sha256] = there
    told = client.head(path).headers
    assert int(told["Upload-Offset"]) == there
    assert told["Upload-Complete"] == ("?1" if sha256 in rep.diary.stored else "?0")


def check_feed(field: Field, rep: Rep, feed: Feed) -> None:
    """The feed tells what is stored and what is assigned; the pages say the same."""
    ops = [rep.diary.ops[op_id] for op_id in rep.stored]
    for kind, entity in ENTITIES.items():
        told = {key[1] for key, record in feed.items() if key[0] == entity and record is not None}
        assert told == {op["record_id"] for op in ops if op["kind"] == kind}, entity
    stores = {key[1]: record for key, record in feed.items() if key[0] == "store" and record}
    listed = {row["id"]: row for row in field.items(rep.name, "/stores")}
    assert stores.keys() == listed.keys()
    for store_id, record in stores.items():
        assert record.items() <= listed[store_id].items()
    visits = {key[1]: record for key, record in feed.items() if key[0] == "visit"}
    assert {row["id"] for row in field.items(rep.name, "/visits")} == visits.keys()
    for visit_id, visit in visits.items():
        page = field.get(rep.name, f"/visits/{visit_id}")
        assert visit.items() <= page.items()
        for entity, name in (("note", "notes"), ("photo", "photos"), ("handout", "handouts")):
            told = {
                key[1]: record
                for key, record in feed.items()
                if key[0] == entity and record["visit_id"] == visit_id
            }
            shown = {row["id"]: row for row in page[name]}
            assert shown.keys() == told.keys()
            assert len(page[name]) == len(shown)
            for record_id, record in told.items():
                assert record.items() <= shown[record_id].items()


class Reader:
    """The field as tests.chaos.pages reads a server."""

    def __init__(self, field: Field, rep: Rep) -> None:
        self._field = field
        self._name = rep.name

    def get(self, path: str) -> Any:
        """The JSON of a read."""
        return self._field.get(self._name, path)

    def call(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        answer = self._field.client(self._name).open(f"/api/v1{path}", method=method)
        return answer.status_code, dict(answer.headers), answer.data


def check_end(field: Field, rep: Rep) -> None:
    """All was sent: the feed, whoever followed it, the pages and the files tell all of it."""
    rep.cursor, rep.seen = field.follow(rep.name, rep.cursor, rep.seen, 500)
    reader: Any = Reader(field, rep)
    feed = pages.feed_from_zero(reader)
    check_feed(field, rep, feed)
    pages.check_feed(feed, rep.seen, rep.diary)
    pages.check_pages(reader, feed, rep.diary)
    pages.check_files(reader, rep.diary)
