"""Any order of sending, repeating, losing, cutting off and office work: hypothesis looks for one
after which the server has lost, doubled or mixed up something.

In `make test` a fixed set of short stories; STOREWALK_CHAOS_EXAMPLES asks for so many new ones.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from hypothesis.stateful import run_state_machine_as_test as run_machine

from tests.chaos import books, report
from tests.server.sync import judging
from tests.server.sync.bad_ops import AT, BAD
from tests.server.sync.field import REPS, Field, Rep, Template, make_template, stop

EXAMPLES = report.wanted("STOREWALK_CHAOS_EXAMPLES", 12)
LONG = "STOREWALK_CHAOS_EXAMPLES" in os.environ
BATCH_MAX = 12

names = st.sampled_from(REPS)
devices = st.sampled_from(["phone", "tablet"])
seeds = st.integers(0, 2**16)


class Sync(RuleBasedStateMachine):
    """Two reps, their phones and tablets, the office, and a server that dies now and then."""

    template: Template
    counts: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="storewalk-machine-"))
        self.field = Field(self.template, self.folder)
        self.moved = 0

    def teardown(self) -> None:
        try:
            # A story that has failed already is told as it is.
            if sys.exc_info()[0] is None:
                self.end()
        finally:
            stop(self.field.app)
            shutil.rmtree(self.folder)

    def rep(self, name: str) -> Rep:
        return self.field.reps[name]

    def other(self, name: str) -> Rep:
        return self.rep(next(one for one in REPS if one != name))

    # --- the reps' work ----------------------------------------------------

    @initialize(seed=seeds)
    def the_day_begins(self, seed: int) -> None:
        for name in REPS:
            self.makes_a_visit(name, seed)

    @rule(name=names, seed=seeds)
    def makes_a_visit(self, name: str, seed: int) -> None:
        rep = self.rep(name)
        rep.diary.rng.seed(seed)
        rep.diary.visit()

    @rule(name=names)
    def goes_to_the_office(self, name: str) -> None:
        said = {"office_id": None, "at": AT, "fix": None, "reason": "回司"}
        self.rep(name).diary._op("office.check_in", said)

    # --- sending -----------------------------------------------------------

    @rule(name=names, device=devices, heard=st.booleans(), data=st.data())
    def pushes(self, name: str, device: str, heard: bool, data: st.DataObject) -> None:
        rep = self.rep(name)
        batch = self.draw_batch(rep, data)
        wrong = data.draw(st.lists(st.sampled_from(sorted(BAD)), max_size=3), label="bad ops")
        ops: list[Any] = [rep.diary.ops[op_id] for op_id in batch]
        expected: list[tuple[str, str | None]] = [
            (status, None if status != "deferred" else "dependency_missing")
            for status in judging.expected(rep, batch)
        ]
        for kind in wrong:
            made = BAD[kind](rep, self.other(name))
            at = data.draw(st.integers(0, len(ops)), label="where")
            ops[at:at] = [op for op, _ in made]
            expected[at:at] = [answer for _, answer in made]
        before = self.field.counters()
        results, raw = self.field.push(name, ops, device)
        told = [(row["status"], row["problem"] and row["problem"]["code"]) for row in results]
        assert told == expected
        self.check_no_gap(before)
        self.take(rep, ops, results, raw, heard=heard)
        self.counts["bad ops"] += len(wrong)

    def draw_batch(self, rep: Rep, data: st.DataObject) -> list[str]:
        """Some ops in any order, also such as were sent before, also one of them twice."""
        known = list(rep.diary.ops)
        if not known:
            return []
        one = st.sampled_from(known)
        return data.draw(st.lists(one, max_size=BATCH_MAX), label="ops")

    def take(
        self, rep: Rep, ops: list[Any], results: list[Any], raw: bytes, *, heard: bool
    ) -> None:
        """Hold the answers against the first ones, byte for byte, and note them down."""
        receipts = self.field.receipts(rep)
        assert rep.stored.items() <= receipts.items(), "a stored answer is gone or another"
        for op, row in zip(ops, results, strict=True):
            op_id = row["op_id"]
            if row["status"] not in {"applied", "replayed"}:
                continue
            assert judging.fragment(row, receipts[op_id]) in raw
            if heard:
                rep.diary.took(op_id, row, first_try=op_id not in rep.stored)
            assert op == rep.diary.ops[op_id]
            self.counts["ops applied"] += row["status"] == "applied"
            self.counts["ops replayed"] += row["status"] == "replayed"
            rep.stored[op_id] = receipts[op_id]
        assert receipts == rep.stored, "something was stored that nobody was told of"

    @rule(name=names, same=st.booleans(), data=st.data())
    def two_devices_push_at_once(self, name: str, same: bool, data: st.DataObject) -> None:
        first, second = self.rep(name), self.rep(name) if same else self.other(name)
        batches = [self.draw_batch(rep, data) for rep in (first, second)]
        sent = [
            [rep.diary.ops[op_id] for op_id in batch]
            for rep, batch in zip((first, second), batches, strict=True)
        ]
        before = [set(first.stored), set(second.stored)]
        answers = self.field.at_once(
            (first.name, sent[0], "phone"), (second.name, sent[1], "tablet")
        )
        judging.check_race(first, second, batches, before, [rows for rows, _ in answers])
        if same:
            results = answers[0][0] + answers[1][0]
            self.take(first, sent[0] + sent[1], results, answers[0][1] + answers[1][1], heard=False)
        else:
            for rep, ops, (rows, raw) in zip((first, second), sent, answers, strict=True):
                self.take(rep, ops, rows, raw, heard=False)
        self.counts["races"] += 1

    # --- files -------------------------------------------------------------

    @rule(name=names, pieces=st.integers(1, 5), data=st.data())
    def sends_pieces(self, name: str, pieces: int, data: st.DataObject) -> None:
        rep = self.rep(name)
        for _ in range(pieces if rep.diary.files else 0):
            self.send_piece(rep, data)

    def send_piece(self, rep: Rep, data: st.DataObject) -> None:
        """Bytes of one of the files: often where it stands, now and then elsewhere or damaged."""
        sha256 = data.draw(st.sampled_from(sorted(rep.diary.files)), label="file")
        whole = rep.diary.files[sha256]
        there = rep.received.get(sha256, 0)
        offset = data.draw(st.one_of(st.just(there), st.integers(0, len(whole))), label="offset")
        end = data.draw(st.one_of(st.just(len(whole)), st.integers(offset, len(whole))))
        piece = bytearray(whole[offset:end])
        if piece and data.draw(st.sampled_from([False, False, False, True]), label="damaged"):
            piece[0] ^= 1
        before = self.field.counters()
        judging.send_piece(self.field, rep, sha256, offset, bytes(piece))
        self.check_no_gap(before)
        self.counts["pieces"] += 1

    # --- reading -----------------------------------------------------------

    @rule(name=names, limit=st.sampled_from([1, 3, 500]))
    def pulls(self, name: str, limit: int) -> None:
        rep = self.rep(name)
        rep.cursor, rep.seen = self.field.follow(name, rep.cursor, rep.seen, limit)
        rep.past.append((rep.cursor, rep.seen))
        _, feed = self.field.follow(name, None, {}, 500)
        assert rep.seen == feed, "a cursor has stepped over a change"
        assert self.field.page(name, rep.cursor, 500)["changes"] == []
        judging.check_feed(self.field, rep, feed)
        self.counts["pulls"] += 1

    @rule(name=names, data=st.data())
    def pulls_from_where_it_was_long_ago(self, name: str, data: st.DataObject) -> None:
        rep = self.rep(name)
        cursor, seen = data.draw(st.sampled_from(rep.past), label="cursor")
        _, now = self.field.follow(name, cursor, seen, 2)
        _, feed = self.field.follow(name, None, {}, 500)
        assert now == feed

    # --- the office, the machine -------------------------------------------

    @rule(store=st.integers(0, 2), owners=st.sets(names))
    def office_assigns(self, store: int, owners: set[str]) -> None:
        before = self.field.counters()
        self.field.assign(self.template.stores[store], sorted(owners))
        self.check_no_gap(before)

    @rule(store=st.integers(0, 2))
    def office_moves_a_pin(self, store: int) -> None:
        self.moved += 1
        before = self.field.counters()
        self.field.move_pin(self.template.stores[store], 31.3 + self.moved / 200)
        self.check_no_gap(before)

    @rule()
    def worker_comes_by(self) -> None:
        self.field.sweep()

    @rule(name=names, data=st.data())
    def power_is_cut_before_the_commit(self, name: str, data: st.DataObject) -> None:
        rep = self.rep(name)
        batch = self.draw_batch(rep, data)
        before = self.field.counters()
        self.field.push_into_power_cut(name, [rep.diary.ops[op_id] for op_id in batch])
        assert self.field.receipts(rep) == rep.stored
        assert self.field.counters() == before
        self.counts["power cuts"] += 1

    @precondition(lambda self: self.field.requests > 20)
    @rule()
    def the_server_starts_anew(self) -> None:
        self.field.restart()

    # --- what holds --------------------------------------------------------

    @invariant()
    def no_number_is_given_twice(self) -> None:
        counters = self.field.counters()
        for scope, used in self.field.numbers().items():
            assert len(used) == len(set(used))
            # Each change raises its record's number to the newest.
            assert used[-1] == counters[scope]

    def check_no_gap(self, before: Any) -> None:
        """What one transaction has changed stands under numbers that follow each other."""
        for scope, used in self.field.numbers().items():
            last = before.get(scope, 0)
            new = [seq for seq in used if seq > last]
            counter = self.field.counters()[scope]
            assert new == list(range(counter - len(new) + 1, counter + 1)), scope

    def end(self) -> None:
        """Everybody sends what is left; then all the books must agree."""
        for rep in self.field.reps.values():
            for waiting in iter(rep.diary.waiting, []):
                batch = waiting[:40][::-1]
                ops = [rep.diary.ops[op_id] for op_id in batch]
                results, raw = self.field.push(rep.name, ops, "phone")
                self.take(rep, ops, results, raw, heard=True)
            for sha256, whole in rep.diary.files.items():
                while sha256 not in rep.diary.stored:
                    there = rep.received.get(sha256, 0)
                    judging.send_piece(self.field, rep, sha256, there, whole[there:])
        self.field.sweep()
        for rep in self.field.reps.values():
            if rep.diary.ops:
                judging.check_end(self.field, rep)
            self.counts["ops"] += len(rep.diary.ops)
            self.counts["files"] += len(rep.diary.files)
        with books.opened(self.folder) as found:
            found.check_sound()
            for rep in self.field.reps.values():
                if rep.diary.ops:
                    found.check_rep(rep.diary)
        self.counts["stories"] += 1


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.mark.slow
@pytest.mark.timeout(300 + 10 * EXAMPLES)
def test_nothing_lost_nothing_twice_in_any_order(template: Template) -> None:
    Sync.template, Sync.counts = template, Counter()
    how = settings(
        max_examples=EXAMPLES,
        stateful_step_count=50 if LONG else 30,
        derandomize=not LONG,
        deadline=None,
        print_blob=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_machine(Sync, settings=how)
    assert Sync.counts["stories"] >= EXAMPLES
    report.tell("machine", dict(Sync.counts))
