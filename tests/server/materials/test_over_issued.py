"""A handout beyond the bag is flagged by what had happened until then, however it was told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.kernel.clock import FrozenClock
from server.materials import domain
from server.materials.models import Handout, LedgerEntry
from server.materials.stock import movements
from tests.server.conftest import Login, World
from tests.server.materials.conftest import move
from tests.server.sync.phone import Phone
from tests.server.visits.hand import Hand

Ops = list[dict[str, Any]]


@pytest.fixture
def phone(login: Login, world: World) -> Phone:
    return Phone(login("rep_a"), world.people["rep_a"])


def together(phone: Phone, ops: Ops) -> None:
    assert {row["status"] for row in phone.push(*ops)} == {"applied"}


def one_by_one(phone: Phone, ops: Ops) -> None:
    for op in ops:
        together(phone, [op])


def backwards(phone: Phone, ops: Ops) -> None:
    one_by_one(phone, ops[::-1])


SENDING = pytest.mark.parametrize("send", [together, one_by_one, backwards])
Send = Callable[[Phone, Ops], None]


def told(phone: Phone) -> dict[str, list[str]]:
    """The flags of each handout as the phone knows them in the end."""
    return {
        change["id"]: [flag["code"] for flag in change["record"]["flags"]]
        for change in phone.pull()
        if change["entity"] == "handout"
    }


@SENDING
def test_what_was_given_on_before_is_missing(
    phone: Phone, rep: Hand, visit_id: str, bag: str, world: World, send: Send
) -> None:
    given = {"to_id": world.people["rep_b"], "material_id": bag, "quantity": 10}
    transfer = phone.op("stock.transfer", given | {"at": rep.ago(400)})
    said = {"visit_id": visit_id, "material_id": bag, "quantity": 5}
    before = phone.op("handout.add", said | {"quantity": 1, "at": rep.ago(500)})
    after = phone.op("handout.add", said | {"at": rep.ago(300)})
    send(phone, [before, transfer, after])
    assert told(phone) == {before["record_id"]: [], after["record_id"]: ["over_issued"]}


@SENDING
def test_what_was_confirmed_afterwards_was_not_there_yet(
    phone: Phone,
    rep: Hand,
    visit_id: str,
    bag: str,
    session: Session,
    world: World,
    send: Send,
) -> None:
    sent = {"material_id": bag, "quantity": 7, "rep_id": world.people["rep_a"]}
    made = movements.issue(session, world.actors["office"], rep.clock, sent)
    session.commit()
    said = {"visit_id": visit_id, "material_id": bag}
    early = phone.op("handout.add", said | {"quantity": 12, "at": rep.ago(400)})
    confirmed = {"quantity": 7, "at": rep.ago(300)}
    confirm = phone.op("stock.confirm", confirmed, record_id=made.id)
    late = phone.op("handout.add", said | {"quantity": 5, "at": rep.ago(200)})
    send(phone, [early, confirm, late])
    assert told(phone) == {early["record_id"]: ["over_issued"], late["record_id"]: []}
    row = session.get_one(Handout, early["record_id"])
    assert row.flags[0]["numbers"]["balance_before"] == 10


def test_a_flag_goes_when_what_was_there_is_heard_of(
    phone: Phone, rep: Hand, visit_id: str, bag: str, session: Session, world: World
) -> None:
    sent = {"material_id": bag, "quantity": 7, "rep_id": world.people["rep_a"]}
    made = movements.issue(session, world.actors["office"], rep.clock, sent)
    session.commit()
    said = {"visit_id": visit_id, "material_id": bag, "quantity": 12, "at": rep.ago(200)}
    handout = phone.op("handout.add", said)
    result = phone.push(handout)[0]["result"]
    assert [flag["code"] for flag in result["flags"]] == ["over_issued"]
    confirmed = {"quantity": 7, "at": rep.ago(300)}
    together(phone, [phone.op("stock.confirm", confirmed, record_id=made.id)])
    assert told(phone) == {handout["record_id"]: []}


def test_a_reversal_counts_from_its_own_moment(
    phone: Phone, rep: Hand, visit_id: str, bag: str, session: Session, world: World
) -> None:
    clock = rep.clock
    said = {"visit_id": visit_id, "material_id": bag, "quantity": 10}
    first = phone.op("handout.add", said | {"at": rep.ago(300)})
    together(phone, [first])
    clock.advance(60)
    entry = session.query(LedgerEntry).filter_by(handout_id=first["record_id"]).one()
    domain.reverse(session, world.actors["office"], clock, entry, "记错")
    session.commit()
    clock.advance(60)
    second = phone.op("handout.add", said | {"at": rep.ago(0)})
    between = phone.op("handout.add", said | {"quantity": 1, "at": rep.ago(90)})
    together(phone, [second, between])
    assert told(phone) == {
        first["record_id"]: [],
        between["record_id"]: ["over_issued"],
        second["record_id"]: ["over_issued"],
    }


def test_a_correction_explains_what_follows(
    phone: Phone,
    rep: Hand,
    visit_id: str,
    bag: str,
    session: Session,
    world: World,
    clock: FrozenClock,
) -> None:
    rep_id = world.people["rep_a"]
    earlier = FrozenClock(clock.now())
    move(session, world, earlier, "adjust", material_id=bag, quantity=5, rep_id=rep_id)
    clock.advance(600)
    said = {"visit_id": visit_id, "material_id": bag, "quantity": 15, "at": rep.ago(60)}
    handout = phone.op("handout.add", said)
    together(phone, [handout])
    assert told(phone) == {handout["record_id"]: []}
