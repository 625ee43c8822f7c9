"""The field of the state machine: two reps' phones and an office around a server on a file.

Everything goes over the real routes of a real app on SQLite. What the server should have by now is
known exactly, so that each answer can be held against it.
"""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from flask import Flask
from flask.testing import FlaskClient
from pysqlite3 import dbapi2 as sqlite
from sqlalchemy import event

from server.accounts.models import User
from server.accounts.sessions import actor_of
from server.app import create_app
from server.config import Settings
from server.kernel.clock import Clock, FrozenClock
from server.kernel.db import db
from server.materials import domain as materials
from server.materials.stock import movements
from server.photos import background
from server.stores import domain as stores
from server.stores.queries import find_store
from tests.chaos.diary import Diary
from tests.server.conftest import log_in as log_in_as
from tests.server.conftest import make_world

REPS = ("rep_a", "rep_b")
ANSWERS = {"applied", "replayed", "deferred", "rejected", "conflict"}
ISSUED = 100
Feed = dict[tuple[str, str], Any]


class PowerCutError(Exception):
    """The machine stops while it commits."""


@dataclass
class Template:
    """A company in a folder, to be copied for each run; log-ins are part of it."""

    folder: Path
    people: dict[str, str]
    tokens: dict[str, str]
    stores: list[str]
    materials: list[str]


def make_template(folder: Path) -> Template:
    """Three stores: rep_a's, both reps', nobody's."""
    app = start(folder)
    clock = FrozenClock(Clock().now())
    with app.app_context():
        db.create_all()
        session = db.session()
        world = make_world(session, clock)
        office = world.actors["office"]
        reps = [world.people[name] for name in REPS]
        made = []
        for number, owners in enumerate(([reps[0]], reps, [])):
            values = {
                "code": f"S{number}",
                "name": f"园区{number}店",
                "address": "",
                "region_id": world.regions["park"],
                "lat": 31.3,
                "lon": 120.6,
                "rep_ids": owners,
            }
            made.append(stores.create_store(session, office, clock, values).id)
        values = {"code": "M1", "name": "货架插卡", "kind": "posm", "unit": "个"}
        material = materials.create_material(session, office, clock, values).id
        entry = {"material_id": material, "quantity": ISSUED * len(reps)}
        materials.move_stock(session, office, clock, entry | {"kind": "receive"})
        for rep_id in reps:
            said = {"material_id": material, "quantity": ISSUED, "rep_id": rep_id}
            sent = movements.issue(session, office, clock, said)
            movements.confirm(session, office, clock, sent, ISSUED)
        session.commit()
        db.session.remove()
    tokens = {
        name: log_in_as(app, name).environ_base["HTTP_AUTHORIZATION"] for name in (*REPS, "office")
    }
    stop(app)
    return Template(folder, world.people, tokens, made, [material])


def start(folder: Path) -> Flask:
    """A server process on the data in this folder."""
    settings = Settings(data_dir=folder, password_cost="test", login_rate="1000 per minute")
    return create_app(settings)


def stop(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@dataclass
class Rep:
    """A rep with a phone, and what the server has of theirs."""

    name: str
    diary: Diary
    # The stored result of each op that the server has applied, heard of or not, byte for byte.
    stored: dict[str, bytes] = field(default_factory=dict)
    # Bytes here of each unfinished upload, and those that were damaged on the way.
    received: dict[str, int] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    cursor: str | None = None
    seen: Feed = field(default_factory=dict)
    # Where this phone, or a copy of it, has been before.
    past: list[tuple[str | None, Feed]] = field(default_factory=lambda: [(None, {})])

    def parent(self, op_id: str) -> str | None:
        """The check-in that an op belongs to, where it belongs to one."""
        depends_on = self.diary.ops[op_id]["depends_on"]
        return depends_on[0] if depends_on else None


class Field:
    """The server, its file and its people."""

    def __init__(self, template: Template, folder: Path) -> None:
        self.template = template
        self.folder = folder
        shutil.copytree(template.folder, folder, dirs_exist_ok=True)
        self.app = start(folder)
        # To this process; a new one costs as much as many of them.
        self.requests = 0
        self.clock = Clock()
        owned = {"rep_a": template.stores[:2], "rep_b": template.stores[1:2]}
        self.reps = {
            name: Rep(
                name,
                Diary(
                    template.people[name],
                    list(owned[name]),
                    list(template.materials),
                    random.Random(name),
                ),
            )
            for name in REPS
        }

    def restart(self) -> None:
        """The process ends, another one begins on the same file."""
        stop(self.app)
        self.app = start(self.folder)
        self.requests = 0

    def client(self, name: str) -> FlaskClient:
        self.requests += 1
        found = self.app.test_client()
        found.environ_base["HTTP_AUTHORIZATION"] = self.template.tokens[name]
        return found

    def get(self, name: str, path: str) -> Any:
        """The JSON of a read."""
        answer = self.client(name).get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return orjson.loads(answer.data)

    # --- sending -----------------------------------------------------------

    def push(
        self, name: str, ops: Sequence[Any], device: str
    ) -> tuple[list[dict[str, Any]], bytes]:
        """The answers to a batch, in its order, and their bytes."""
        body = {
            "schema": 1,
            "device": {"id": f"{name}-{device}", "app_version": "0.1.0", "unsent": len(ops)},
            "ops": list(ops),
        }
        answer = self.client(name).post("/api/v1/sync/push", json=body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        results: list[dict[str, Any]] = orjson.loads(answer.data)["results"]
        assert [row["index"] for row in results] == list(range(len(ops)))
        for row in results:
            assert row["status"] in ANSWERS
            good = row["status"] in {"applied", "replayed"}
            assert (row["result"] is not None) is good
            assert (row["problem"] is None) is good
        return results, answer.data

    def at_once(self, *pushes: tuple[str, Sequence[Any], str]) -> list[Any]:
        """Several pushes by several devices at the same moment."""
        together = threading.Barrier(len(pushes))
        answers: list[Any] = [None] * len(pushes)

        def work(index: int) -> None:
            together.wait()
            answers[index] = self.push(*pushes[index])

        threads = [threading.Thread(target=work, args=(index,)) for index in range(len(pushes))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(answer is not None for answer in answers)
        return answers

    def push_into_power_cut(self, name: str, ops: Sequence[Any]) -> None:
        """Push; the machine stops before the commit is on the disk, and is switched on again."""

        def cut(connection: Any) -> None:
            raise PowerCutError

        with self.app.app_context():
            engine = db.engine
        event.listen(engine, "commit", cut)
        # It says a lot about this, and nothing that is new to us.
        self.app.logger.disabled = True
        body = {"schema": 1, "device": {"id": name, "app_version": "0.1.0"}, "ops": list(ops)}
        answer = self.client(name).post("/api/v1/sync/push", json=body)
        self.app.logger.disabled = False
        event.remove(engine, "commit", cut)
        assert answer.status_code == 500
        self.restart()

    # --- reading -----------------------------------------------------------

    def page(self, name: str, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of the feed."""
        more = f"&cursor={cursor}" if cursor else ""
        found: dict[str, Any] = self.get(name, f"/sync/pull?limit={limit}{more}")
        return found

    def follow(self, name: str, cursor: str | None, seen: Feed, limit: int) -> tuple[str, Feed]:
        """Pull from a cursor to the end; the last cursor and what is known then."""
        seen = deepcopy(seen)
        while True:
            page = self.page(name, cursor, limit)
            for change in page["changes"]:
                seen[change["entity"], change["id"]] = change["record"]
            cursor = page["cursor"]
            if not page["more"]:
                return str(cursor), seen

    def items(self, name: str, path: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.get(name, f"{path}?limit=100{cursor}")
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    # --- the office --------------------------------------------------------

    def assign(self, store_id: str, names: Collection[str]) -> None:
        """Give a store to these reps and to no others."""
        ids = [self.template.people[name] for name in names]
        with self.app.app_context():
            session = db.session()
            actor = actor_of(session, session.get_one(User, self.template.people["office"]))
            stores.set_assignments(session, actor, self.clock, store_id, ids)
            session.commit()
            db.session.remove()
        for name in names:
            known = self.reps[name].diary.stores
            known += [store_id] if store_id not in known else []

    def move_pin(self, store_id: str, lat: float) -> None:
        """Correct a store's pin: all its visits are judged anew."""
        with self.app.app_context():
            session = db.session()
            actor = actor_of(session, session.get_one(User, self.template.people["office"]))
            store = find_store(session, actor, store_id)
            stores.change_store(session, actor, self.clock, store, {"lat": lat})
            session.commit()
            db.session.remove()

    def sweep(self) -> None:
        """The background work that is due."""
        with self.app.app_context():
            background.sweep()
            db.session.remove()

    # --- the file itself ---------------------------------------------------

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows as they lie in the file."""
        with closing(sqlite.connect(str(self.folder / "storewalk.db"))) as connection:
            found: list[tuple[Any, ...]] = connection.execute(query, values).fetchall()
        return found

    def receipts(self, rep: Rep) -> dict[str, bytes]:
        """The result of each op that the server has applied for this rep."""
        query = "SELECT op_id, result FROM op_receipt WHERE author_id = ?"
        return {row[0]: bytes(row[1]) for row in self.rows(query, rep.diary.user_id)}

    def counters(self) -> Mapping[str, int]:
        """The last number of each scope."""
        return dict(self.rows("SELECT scope, seq FROM change_counter"))

    def numbers(self) -> dict[str, list[int]]:
        """The numbers in use, by scope."""
        found: dict[str, list[int]] = {}
        for scope, seq in self.rows("SELECT scope, seq FROM change ORDER BY seq"):
            found.setdefault(scope, []).append(seq)
        return found
