"""Handouts: stored and flagged, never refused for stock; each bad one answered by itself."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from server.kernel import journal
from server.kernel.blobs import blob_store, content_key
from server.kernel.changes import Change, user_scope
from server.kernel.clock import FrozenClock
from server.kernel.ids import new_id
from server.materials import ledger
from server.materials.models import Handout, LedgerEntry
from server.materials.queries import handouts_of_visit, read_handouts
from server.materials.stock.feed import read_stock
from server.photos.domain import bytes_arrived
from server.visits.flag_bits import flag_bits
from server.visits.models import Visit
from server.visits.rejudge import rejudge_store
from tests.server.conftest import Login, World
from tests.server.materials.conftest import give, handout
from tests.server.visits.hand import Hand, applied, code
from tests.server.written import as_written

PNG = b"\x89PNG\r\n\x1a\n" + b"a signature"


def count(session: Session, model: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_handout_moves_stock_and_tells_the_phone(
    rep: Hand, visit_id: str, store_id: str, bag: str, session: Session
) -> None:
    op = handout(rep, visit_id, bag, 4, recipient=" 王女士 ")
    record = applied(give(rep, op)[0])
    assert record["id"] == op.record_id
    assert record["store_id"] == store_id
    assert record["recipient"] == "王女士"
    assert record["at"] == rep.ago(300)
    assert record["flags"] == []
    place = ledger.rep_place(rep.actor.user_id)
    assert ledger.balance(session, place, bag) == 6
    assert ledger.balance(session, ledger.store_place(store_id), bag) == 4
    told = as_written(read_handouts(session, rep.actor, [op.record_id]))
    assert told == {op.record_id: record}
    assert read_stock(session, rep.actor, [bag])[bag]["balance"] == 6
    told = session.execute(
        select(Change.entity, Change.record_id).where(Change.scope == user_scope(rep.actor.user_id))
    ).all()
    assert {("handout", op.record_id), ("stock", bag)} <= {tuple(row) for row in told}
    events = [row["event"] for row in journal.for_subject(session, "visit", visit_id)]
    assert events == ["visit.received", "handout.added"]


def test_lack_of_stock_is_flagged_and_never_refused(
    rep: Hand, visit_id: str, bag: str, cap: str, session: Session
) -> None:
    # 10 bags in stock: the first two fit, the third does not, and the fourth even less.
    ops = [handout(rep, visit_id, bag, number) for number in (6, 4, 3, 2)]
    ops.append(handout(rep, visit_id, cap, 1))
    records = [applied(outcome) for outcome in give(rep, *ops)]
    flags = [[flag["code"] for flag in record["flags"]] for record in records]
    assert flags == [[], [], ["over_issued"], ["over_issued"], ["over_issued"]]
    assert records[3]["flags"][0]["numbers"] == {
        "quantity": 2,
        "balance_before": -3,
        "balance_after": -5,
    }
    place = ledger.rep_place(rep.actor.user_id)
    assert ledger.balance(session, place, bag) == -5
    assert ledger.balance(session, place, cap) == -1


def test_the_visit_is_flagged_with_its_handouts(
    rep: Hand, visit_id: str, store_id: str, bag: str, cap: str, session: Session
) -> None:
    def flags(of: str) -> list[dict[str, Any]]:
        visit = session.get_one(Visit, of, populate_existing=True)
        assert visit.flag_bits == flag_bits(visit.flags)
        return [flag for flag in visit.flags if flag["code"] == "over_issued"]

    # 10 bags in stock.
    give(rep, handout(rep, visit_id, bag, 10))
    assert flags(visit_id) == []
    give(rep, handout(rep, visit_id, bag, 3))
    (flag,) = flags(visit_id)
    assert flag["numbers"] == {"handouts": 1, "short": 3}
    assert flag["words"] == {
        "zh-CN": "1 笔发放超出账面库存，共多发 3",
        "en": "1 handout beyond the books, 3 too many",
    }
    rev = session.get_one(Visit, visit_id).rev
    # What lacked before is no more of this handout's than what it gave.
    give(rep, handout(rep, visit_id, bag, 2), handout(rep, visit_id, cap, 1))
    (flag,) = flags(visit_id)
    assert flag["numbers"] == {"handouts": 3, "short": 6}
    assert flag["words"]["en"] == "3 handouts beyond the books, 6 too many"
    assert session.get_one(Visit, visit_id).rev == rev + 1
    raised = [
        row["data"].get("raised")
        for row in journal.for_subject(session, "visit", visit_id)
        if row["event"] == "visit.judged"
    ]
    assert raised == [["over_issued"], None]
    told = session.execute(select(Change.record_id).where(Change.entity == "visit"))
    assert visit_id in set(told.scalars())
    # The check-out adds its own and takes none away; neither does judging again.
    rep.check_out(visit_id)
    assert [one["code"] for one in session.get_one(Visit, visit_id).flags][-1] == "over_issued"
    rejudge_store(session, None, rep.clock, store_id)
    assert flags(visit_id) == [flag]
    # Visits from before it was theirs too get it when they are judged again.
    session.execute(update(Visit).values(flags=[], flag_bits=0))
    rejudge_store(session, None, rep.clock, store_id)
    assert flags(visit_id) == [flag]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"quantity": 0}, "quantity_invalid"),
    ({"quantity": -3}, "quantity_invalid"),
    ({"quantity": 10_001}, "quantity_invalid"),
    ({"quantity": 2.5}, "quantity_invalid"),
    ({"quantity": "3"}, "quantity_invalid"),
    ({"quantity": True}, "quantity_invalid"),
    ({"quantity": None}, "quantity_invalid"),
    ({"quantity": 10**400}, "quantity_invalid"),
    ({"material_id": "BAG"}, "op_malformed"),
    ({"material_id": new_id()}, "material_unknown"),
    ({"visit_id": None}, "op_malformed"),
    ({"visit_id": new_id()}, "deferred dependency_missing"),
    ({"recipient": 7}, "op_malformed"),
    ({"recipient": "长" * 121}, "op_malformed"),
    ({"signature_sha256": "abc"}, "op_malformed"),
    ({"signature_sha256": "A" * 64}, "op_malformed"),
    ({"signature_sha256": 1}, "op_malformed"),
    ({"at": "yesterday"}, "op_malformed"),
    ({"at": "2026-11-23T09:15:00"}, "op_malformed"),
    ({"at": None}, "op_malformed"),
]


@pytest.mark.parametrize(("change", "expected"), BAD)
def test_a_bad_handout_is_refused_alone(
    rep: Hand, visit_id: str, bag: str, session: Session, change: dict[str, Any], expected: str
) -> None:
    values = {"visit_id": visit_id, "material_id": bag, "quantity": 1} | change
    bad = handout(rep, **values)
    outcomes = give(rep, handout(rep, visit_id, bag, 1), bad, handout(rep, visit_id, bag, 2))
    assert [code(outcome) for outcome in outcomes] == ["applied", expected, "applied"]
    assert count(session, Handout) == 2
    assert ledger.balance(session, ledger.rep_place(rep.actor.user_id), bag) == 7


def test_all_bad(rep: Hand, visit_id: str, bag: str, session: Session) -> None:
    outcomes = give(rep, handout(rep, visit_id, bag, 0), handout(rep, visit_id, bag, None))
    assert [code(outcome) for outcome in outcomes] == ["quantity_invalid"] * 2
    assert count(session, Handout) == 0


def test_somebody_elses_visit(other_rep: Hand, visit_id: str, bag: str) -> None:
    assert code(give(other_rep, handout(other_rep, visit_id, bag))[0]) == "visit_unknown"


def test_after_check_out_and_of_a_material_that_was_switched_off(
    rep: Hand, visit_id: str, bag: str, login: Login
) -> None:
    rep.check_out(visit_id)
    path = f"/api/v1/materials/{bag}"
    answer = login("office").patch(path, json={"active": False}, headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    # What was handed out before either happened may arrive after both.
    assert code(give(rep, handout(rep, visit_id, bag))[0]) == "applied"


def test_the_same_record_again(
    rep: Hand, other_rep: Hand, visit_id: str, bag: str, session: Session
) -> None:
    first = handout(rep, visit_id, bag, 4)
    again = handout(rep, visit_id, bag, 4, record_id=first.record_id)
    other = handout(rep, visit_id, bag, 5, record_id=first.record_id)
    outcomes = give(rep, first, again, other)
    assert [code(outcome) for outcome in outcomes] == ["applied", "applied", "record_exists"]
    assert applied(outcomes[0]) == applied(outcomes[1])
    later = give(rep, again, other)
    assert [code(outcome) for outcome in later] == ["applied", "record_exists"]
    stolen = handout(other_rep, visit_id, bag, 4, record_id=first.record_id)
    assert code(give(other_rep, stolen)[0]) == "record_exists"
    assert ledger.balance(session, ledger.rep_place(rep.actor.user_id), bag) == 6


def test_a_phone_with_a_fast_clock(rep: Hand, visit_id: str, bag: str) -> None:
    op = rep.op(
        "handout.add",
        {
            "visit_id": visit_id,
            "material_id": bag,
            "quantity": 1,
            "recipient": None,
            "signature_sha256": None,
            "at": rep.ago(-240),
        },
        offset_ms=-300_000,
    )
    assert applied(give(rep, op)[0])["at"] == rep.ago(60)


def test_a_long_batch_asks_no_more_than_a_short_one(
    rep: Hand, visit_id: str, bag: str, session: Session
) -> None:
    def statements(size: int) -> int:
        seen: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        ops = [handout(rep, visit_id, bag, 1) for _ in range(size)]
        bind = session.connection().engine
        event.listen(bind, "before_cursor_execute", note)
        try:
            give(rep, *ops)
        finally:
            event.remove(bind, "before_cursor_execute", note)
        return len(seen)

    # All go beyond the 10 in the bag, and the visit's flag changes with each batch.
    give(rep, handout(rep, visit_id, bag, 11))
    few = statements(2)
    assert few > 5
    assert statements(200) == few
    assert count(session, LedgerEntry) == 206


def test_a_visits_handouts_name_their_material(
    rep: Hand, visit_id: str, bag: str, session: Session
) -> None:
    sha256 = hashlib.sha256(PNG).hexdigest()
    signed = handout(rep, visit_id, bag, 1, signature_sha256=sha256, at=rep.ago(200))
    give(rep, signed, handout(rep, visit_id, bag, 2))
    rows = handouts_of_visit(session, visit_id)
    assert [(row["quantity"], row["material_name"], row["unit"]) for row in rows] == [
        (2, "物料BAG", "个"),
        (1, "物料BAG", "个"),
    ]
    assert rows[0]["signature_url"] is None
    assert rows[1]["signature_url"] == f"/api/v1/handouts/{signed.record_id}/signature"


def test_signature(
    rep: Hand,
    visit_id: str,
    bag: str,
    session: Session,
    clock: FrozenClock,
    login: Login,
    world: World,
) -> None:
    sha256 = hashlib.sha256(PNG).hexdigest()
    op, unsigned = (
        handout(rep, visit_id, bag, 1, signature_sha256=sha256),
        handout(rep, visit_id, bag),
    )
    give(rep, op, unsigned)
    path = f"/api/v1/handouts/{op.record_id}/signature"
    supervisor = login("sup_east")
    early: Any = supervisor.get(path)
    assert (early.status_code, early.json["code"]) == (409, "signature_not_arrived")
    # The same bytes sent by somebody else are not this rep's signature.
    blob_store().put_bytes(content_key(sha256), PNG)
    bytes_arrived(session, clock, world.people["rep_b"], sha256, len(PNG))
    session.commit()
    assert supervisor.get(path).status_code == 409
    bytes_arrived(session, clock, world.people["rep_a"], sha256, len(PNG))
    session.commit()
    answer = supervisor.get(path)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PNG, "image/png")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for who, status in (("rep_a", 200), ("office", 200), ("rep_b", 404), ("sup_west", 404)):
        assert login(who).get(path).status_code == status, who
    none: Any = supervisor.get(f"/api/v1/handouts/{unsigned.record_id}/signature")
    assert (none.status_code, none.json["code"]) == (404, "signature_missing")
    assert supervisor.get(f"/api/v1/handouts/{new_id()}/signature").status_code == 404


def test_a_signature_that_is_no_picture_is_not_served_as_one(
    rep: Hand, visit_id: str, bag: str, session: Session, clock: FrozenClock, login: Login
) -> None:
    page = b"<script>alert(1)</script>"
    sha256 = hashlib.sha256(page).hexdigest()
    op = handout(rep, visit_id, bag, 1, signature_sha256=sha256)
    give(rep, op)
    blob_store().put_bytes(content_key(sha256), page)
    bytes_arrived(session, clock, rep.actor.user_id, sha256, len(page))
    session.commit()
    answer = login("office").get(f"/api/v1/handouts/{op.record_id}/signature")
    assert answer.mimetype == "application/octet-stream"
