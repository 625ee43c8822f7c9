"""A visit of rep_a to hang photos on, pictures, and an upload by HTTP."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session

from server.demo.drawing import Request, draw
from server.kernel.blobs import blob_store, content_key
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.photos import domain
from tests.realdata import real_file
from tests.server.conftest import Login, World
from tests.server.photos.evidence import Add
from tests.server.visits.conftest import add_store
from tests.server.visits.hand import Hand, applied


def real_files(folder: str) -> list[Path]:
    """The real files of a folder; none, said loudly, where the data is not there."""
    root = real_file(folder)
    return sorted(path for path in root.rglob("*") if path.is_file()) if root else []


def picture(seed: int = 0, size: tuple[int, int] = (64, 48), form: str = "JPEG") -> bytes:
    """A small picture of its own: the seed's bits stand in it as black and white fields."""
    image = Image.effect_mandelbrot(size, (-2, -1.2, 1, 1.2), 40).convert("RGB")
    wide, high = max(1, size[0] // 8), max(1, size[1] // 6)
    for bit in range(24):
        left, top = bit % 8 * wide, bit // 8 * high
        colour = "white" if seed >> bit & 1 else "black"
        image.paste(colour, (left, top, left + wide, top + high))
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def rep(session: Session, world: World, clock: FrozenClock) -> Hand:
    return Hand(session, world.actors["rep_a"], clock)


@pytest.fixture
def other_rep(session: Session, world: World, clock: FrozenClock) -> Hand:
    return Hand(session, world.actors["rep_b"], clock)


@pytest.fixture
def store_id(session: Session, world: World, clock: FrozenClock) -> str:
    return add_store(session, world, clock, "A1", "rep_a")


@pytest.fixture
def other_store_id(session: Session, world: World, clock: FrozenClock) -> str:
    return add_store(session, world, clock, "B1", "rep_b")


@pytest.fixture
def visit_id(rep: Hand, store_id: str) -> str:
    return rep.check_in(store_id)


@pytest.fixture
def fresh(app: Flask) -> bytes:
    """A picture that no other test of this process has stored."""
    return picture(int(new_id().replace("-", ""), 16) % 1_000_003)


@pytest.fixture
def sent_jobs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[Any]]]:
    """The jobs that were sent, instead of running."""
    jobs: list[tuple[str, list[Any]]] = []
    runner = app.extensions["storewalk.jobs"]
    monkeypatch.setattr(runner, "send", lambda name, args: jobs.append((name, args)))
    return jobs


Put = Callable[..., Any]


@pytest.fixture
def put() -> Put:
    """put(client, data) uploads bytes; offset, length and sha256 may be told otherwise."""

    def upload(
        client: FlaskClient,
        data: bytes,
        *,
        sha256: str | None = None,
        offset: int | str = 0,
        length: int | str | None = None,
    ) -> Any:
        return client.patch(
            f"/api/v1/uploads/{sha256 or sha(data)}",
            data=data,
            headers={
                "Upload-Offset": str(offset),
                "Upload-Length": str(len(data) if length is None else length),
                "Content-Type": "application/offset+octet-stream",
            },
        )

    return upload


@pytest.fixture
def stored(
    rep: Hand,
    visit_id: str,
    login: Login,
    put: Put,
    fresh: bytes,
    sent_jobs: list[tuple[str, list[Any]]],
) -> str:
    """A photo of rep_a whose bytes (fresh) are here and not looked into; its id."""
    assert put(login("rep_a"), fresh).status_code == 201
    op = rep.photo_op(visit_id, sha(fresh))
    assert applied(rep.run(op)[0])["state"] == "stored"
    return op.record_id


@pytest.fixture
def shown(stored: str, session: Session, clock: FrozenClock) -> str:
    """The same photo, processed."""
    assert domain.process(session, clock, stored) is True
    return stored


@pytest.fixture
def shelf() -> bytes:
    """A shelf that no other test of this process has photographed."""
    seed = int(new_id().replace("-", ""), 16) % 1_000_003
    return draw(Request("shelf", seed, "店", "2026-11-23 10:00  店  人")).data


@pytest.fixture
def add(session: Session, clock: FrozenClock) -> Add:
    """add(hand, visit, bytes) brings a photo in and looks into it; its id.

    ago: seconds since it was added on the phone. at: when it arrives, where that is not now.
    contact_ago: seconds since the phone met the server, where it says so.
    """

    def bring(
        hand: Hand,
        visit: Any,
        data: bytes,
        ago: float = 0,
        contact_ago: float | None = None,
        **more: Any,
    ) -> str:
        op = hand.photo_op(visit, sha(data), **{"bytes": len(data)} | more)
        made = op.evidence.received_at - timedelta(seconds=ago)
        contact = None
        if contact_ago is not None:
            contact = op.evidence.received_at - timedelta(seconds=contact_ago)
        op = replace(op, evidence=replace(op.evidence, device_at=made, contact_at=contact))
        applied(hand.run(op)[0])
        blob_store().put_bytes(content_key(sha(data)), data)
        domain.bytes_arrived(session, clock, hand.actor.user_id, sha(data), len(data))
        session.commit()
        assert domain.process(session, clock, op.record_id) is True
        return op.record_id

    return bring


@pytest.fixture
def far_rep(session: Session, world: World, clock: FrozenClock) -> Hand:
    return Hand(session, world.actors["rep_w"], clock)


@pytest.fixture
def far_visit(session: Session, world: World, clock: FrozenClock, far_rep: Hand) -> str:
    store = add_store(
        session, world, clock, "W1", "rep_w", region_id=world.regions["west"], name="西店"
    )
    return far_rep.check_in(store)
