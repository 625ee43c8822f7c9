"""A phone whose stores take part in many campaigns asks the database no more than with one."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import event

from server.campaigns import queries
from server.photos import domain as photos
from tests.server.campaigns.conftest import Make
from tests.server.conftest import Login
from tests.server.materials.conftest import give, handout
from tests.server.photos.conftest import Put, picture, sha
from tests.server.visits.hand import Hand, applied

# Handouts and photos of NOW, the 23rd: days of a campaign, and whether they hold it.
PERIODS = [(16, 29, True), (16, 22, False), (23, 23, True), (24, 29, False), (1, 23, True)] * 2


def test_ten_campaigns_are_read_with_as_many_statements_as_one(
    rep: Hand,
    visit_id: str,
    store_id: str,
    other_store_id: str,
    bag: str,
    make: Make,
    login: Login,
    put: Put,
) -> None:
    session = rep.session

    def read(ids: list[str]) -> tuple[dict[str, Any], int]:
        seen: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        bind = session.connection().engine
        event.listen(bind, "before_cursor_execute", note)
        try:
            found = queries.read_campaigns(session, rep.actor, ids)
        finally:
            event.remove(bind, "before_cursor_execute", note)
        return found, len(seen)

    kinds = [["pile"], ["pile", "shelf"], ["shelf"], []]
    ids = [
        make(
            f"P{at}",
            [store_id, other_store_id],
            {bag: at + 1},
            photo_kinds=kinds[at % 4],
            first_day=date(2026, 11, first),
            last_day=date(2026, 11, last),
        )
        for at, (first, last, _) in enumerate(PERIODS)
    ]
    for at, (_, _, inside) in enumerate(PERIODS):
        if inside:
            said = handout(rep, visit_id, bag, at + 1, campaign_id=ids[at])
            assert applied(give(rep, said)[0])["campaign_id"] == ids[at]
    data = picture(4_711)
    assert put(login("rep_a"), data).status_code == 201
    photo = rep.photo_op(visit_id, sha(data), kind="pile")
    applied(rep.run(photo)[0])
    assert photos.process(session, rep.clock, photo.record_id)

    one, statements = read(ids[:1])
    many, more = read(ids)
    assert statements > 3
    assert more == statements
    assert many[ids[0]] == one[ids[0]]
    for at, (_, _, inside) in enumerate(PERIODS):
        record = many[ids[at]]
        assert record["materials"] == [{"material_id": bag, "per_store": at + 1}]
        handed = [{"material_id": bag, "quantity": at + 1}] if inside else []
        owed = ["pile"] if inside and "pile" in kinds[at % 4] else []
        assert record["stores"] == [{"store_id": store_id, "handed": handed, "photos": owed}]
